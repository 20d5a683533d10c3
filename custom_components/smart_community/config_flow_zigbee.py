"""Setting up a Zigbee network: its coordinator is asked first, and changed only on a word."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import probatio
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import AbortFlow, section
from homeassistant.helpers.importlib import async_import_module
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SerialPortSelector,
    TextSelector,
)
from homeassistant.helpers.service_info.usb import UsbServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .const import CONF_KIND, DOMAIN, KIND_ZIGBEE_NETWORK
from .field.zigbee.model import Coordinator, Identity, NetworkError, Trouble
from .places import places
from .zigbee_network import backups, database

# The few that announce themselves without saying what they speak.
_RADIO_OF_SERVICE: Final = {"_zigate-zigbee-gateway": "zigate", "_zigstar_gw": "znp"}
# By words of a stick's name; what is not here is mostly EZSP. Only a suggestion: a person says.
_RADIO_OF_STICK: Final = {"conbee": "deconz", "zigate": "zigate", "2652": "znp", "zigstar": "znp"}
# Sonoff's "Dongle Plus" is one name for two radios; the second has another USB bridge.
_SONOFF_EZSP: Final = "55D4"
_PORT_UNTOLD: Final = 6638
_ERRORS: Final = {
    Trouble.CANNOT_CONNECT: "zigbee_cannot_connect",
    Trouble.NO_RADIO: "zigbee_no_radio",
    Trouble.CANNOT_RESTORE: "zigbee_cannot_restore",
    Trouble.OTHER_NETWORK: "zigbee_changed_meanwhile",
}


class ZigbeeNetworkFlow(ConfigFlow):
    """The steps of a Zigbee network in the entry's flow."""

    _name: str
    _coordinator: Coordinator
    _found: Identity | None
    _channel: int
    _changed: bool
    _suggested: Mapping[str, Any] | None = None

    async def async_step_zigbee_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the coordinator, and look which network it has."""
        return await self._ask("zigbee_network", user_input, self._suggested)

    async def async_step_reconfigure_zigbee_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the coordinator's new address, or for the one that takes its place."""
        entry = self._get_reconfigure_entry()
        shown = {
            CONF_NAME: entry.title,
            "path": entry.data["path"],
            "radio_type": entry.data["radio_type"],
            "line": {key: entry.data[key] for key in ("baudrate", "flow_control")},
        }
        return await self._ask("reconfigure_zigbee_network", user_input, shown)

    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Take a network coordinator that announced itself."""
        service = discovery_info.type.partition(".")[0]
        radio = discovery_info.properties.get("radio_type") or _RADIO_OF_SERVICE.get(service)
        title = discovery_info.name.partition("._")[0]
        host, port = discovery_info.host, discovery_info.port or _PORT_UNTOLD
        if service == "_esphomelib":  # its own port is ESPHome's, not the radio's
            port = _PORT_UNTOLD
        return await self._discovered(title, f"socket://{host}:{port}", str(radio or "ezsp"))

    async def async_step_usb(self, discovery_info: UsbServiceInfo) -> ConfigFlowResult:
        """Take a stick that was plugged in."""
        title = discovery_info.description or discovery_info.manufacturer or "Zigbee"
        return await self._discovered(title, discovery_info.device, _radio_of(discovery_info))

    async def _discovered(self, title: str, path: str, radio: str) -> ConfigFlowResult:
        await self.async_set_unique_id(f"zigbee:{path}")
        if await self._in_use(path) is not None:
            raise AbortFlow("already_configured")
        self.context["title_placeholders"] = {CONF_NAME: title}
        self._suggested = {CONF_NAME: title, "path": path, "radio_type": radio}
        return await self.async_step_zigbee_network()

    async def async_step_zigbee_choice(
        self,
        _user_input: dict[str, Any] | None = None,
    ) -> ConfigFlowResult:
        """Let a person say what becomes of the coordinator's network."""
        options = ["zigbee_take_over"] if self._found is not None else []
        if self.source == SOURCE_RECONFIGURE:
            known = self._get_reconfigure_entry().data["extended_pan_id"]
            same = self._found is not None and self._found.extended_pan_id == known
            options = ["zigbee_adopt"] if same else []
            options.append("zigbee_restore")
        else:
            options.append("zigbee_form")
        return self.async_show_menu(
            step_id="zigbee_choice", menu_options=options, description_placeholders=self._told()
        )

    async def async_step_zigbee_take_over(
        self,
        _user_input: dict[str, Any] | None = None,
    ) -> ConfigFlowResult:
        """Work with the network that is there, as it is."""
        if self._found is None:  # only offered where there is one
            return await self.async_step_zigbee_choice()
        return await self._created(self._found)

    async def async_step_zigbee_form(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Form a new network once confirmed; what was there is written down first."""
        if user_input is None:
            return self._confirm("zigbee_form")
        probe = await self._probe_module()
        try:
            identity = await probe.form(self._coordinator, backups(self.hass), self._found)
        except NetworkError as err:
            return self._confirm("zigbee_form", err)
        return await self._created(identity)

    async def async_step_zigbee_restore(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Write the entry's network onto the coordinator once confirmed."""
        if user_input is None:
            return self._confirm("zigbee_restore")
        probe = await self._probe_module()
        try:
            async with self._let_go():
                kept = await probe.last_backup(self._coordinator, self._database)
                if kept is None:
                    raise AbortFlow("zigbee_no_backup")
                identity = await probe.restore(
                    self._coordinator, kept, backups(self.hass), self._found
                )
        except NetworkError as err:
            return self._confirm("zigbee_restore", err)
        return self._moved(identity)

    async def async_step_zigbee_adopt(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the present settings of the same network as the right ones once confirmed."""
        if user_input is None or self._found is None:  # only offered where there is one
            return self._confirm("zigbee_adopt")
        probe = await self._probe_module()
        try:
            async with self._let_go():
                identity = await probe.adopt(self._coordinator, self._database, self._found)
        except NetworkError as err:
            return self._confirm("zigbee_adopt", err)
        return self._moved(identity)

    # What the steps share

    async def _ask(
        self, step: str, user_input: dict[str, Any] | None, shown: Mapping[str, Any] | None
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        placeholders = {"problem": ""}
        if user_input is not None:
            error = await self._look(user_input, placeholders)
            if error is None:
                return await self._go_on()
            errors["base"] = error
        probe = await self._probe_module()
        schema = self.add_suggested_values_to_schema(_schema(probe), user_input or shown)
        return self.async_show_form(
            step_id=step,
            data_schema=schema,
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _look(self, user_input: dict[str, Any], told: dict[str, str]) -> str | None:
        """Look at a coordinator; says what is wrong, None if it has been seen."""
        line = user_input["line"]
        self._name = user_input[CONF_NAME].strip()
        self._coordinator = Coordinator(
            path=user_input["path"].strip(),
            radio_type=user_input["radio_type"],
            baudrate=int(line["baudrate"]),
            flow_control=None if line["flow_control"] == "none" else line["flow_control"],
        )
        if not self._name:
            return "name_missing"
        try:
            _ = self._coordinator.address
        except ValueError:
            return "zigbee_path_invalid"
        if (used_by := await self._in_use(self._coordinator.path)) is not None:
            return used_by
        probe = await self._probe_module()
        known = self._database if self.source == SOURCE_RECONFIGURE else None
        try:
            async with self._let_go():
                found = await probe.probe(self._coordinator, known)
        except NetworkError as err:
            told["problem"] = err.detail
            return _ERRORS.get(err.trouble, "zigbee_no_radio")
        self._found, self._channel, self._changed = found.identity, found.channel, found.changed
        return self._owned()

    async def _go_on(self) -> ConfigFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            if self._found == Identity.of(entry.data) and not self._changed:
                return self._moved(self._found)
        elif self._found is not None:
            await self.async_set_unique_id(f"zigbee:{self._found.extended_pan_id}")
            self._abort_if_unique_id_configured()
        return await self.async_step_zigbee_choice()

    async def _created(self, identity: Identity) -> ConfigFlowResult:
        await self.async_set_unique_id(f"zigbee:{identity.extended_pan_id}")
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title=self._name, data=self._data(identity))

    def _moved(self, identity: Identity) -> ConfigFlowResult:
        return self.async_update_reload_and_abort(
            self._get_reconfigure_entry(), title=self._name, data=self._data(identity)
        )

    def _data(self, identity: Identity) -> dict[str, Any]:
        coordinator = self._coordinator
        return {
            CONF_KIND: KIND_ZIGBEE_NETWORK,
            "path": coordinator.path,
            "radio_type": coordinator.radio_type,
            "baudrate": coordinator.baudrate,
            "flow_control": coordinator.flow_control,
            "extended_pan_id": identity.extended_pan_id,
            "ieee": identity.ieee,
        }

    def _confirm(self, step: str, err: NetworkError | None = None) -> ConfigFlowResult:
        errors = {} if err is None else {"base": _ERRORS.get(err.trouble, "zigbee_no_radio")}
        told = {**self._told(), "problem": "" if err is None else err.detail}
        return self.async_show_form(
            step_id=step,
            data_schema=probatio.Schema({}),
            errors=errors,
            description_placeholders=told,
        )

    def _told(self) -> dict[str, str]:
        found = self._found
        return {
            "network": found.extended_pan_id if found is not None else "-",
            "channel": str(self._channel or "-"),
            "folder": str(backups(self.hass)),
        }

    async def _in_use(self, path: str) -> str | None:
        """Say who else has this coordinator: two clients on one take its frames from each other."""
        users = [(entry.data["path"], "zigbee_in_use") for entry in self._other_networks()]
        for entry in self._zha():
            users.append((entry.data.get("device", {}).get("path", ""), "zigbee_belongs_to_zha"))

        def first() -> str | None:
            here = places(path)
            return next((said for other, said in users if here & places(other)), None)

        return await self.hass.async_add_executor_job(first) if users else None

    def _owned(self) -> str | None:
        """Say who else has the network that was found: an address tells only so much.

        ZHA may reach the same coordinator another way. Of our own, a new entry breaks off later,
        while this one must not be offered to overwrite it: cables were mixed up.
        """
        if self._found is None:
            return None
        found = self._found.extended_pan_id
        # As ZHA names its entry once it has been at work (get_config_entry_unique_id).
        if any(entry.unique_id == f"epid={found}".lower() for entry in self._zha()):
            return "zigbee_belongs_to_zha"
        others = (entry.data["extended_pan_id"] for entry in self._other_networks())
        if self.source == SOURCE_RECONFIGURE and found in others:
            return "zigbee_of_another_entry"
        return None

    def _other_networks(self) -> list[ConfigEntry[Any]]:
        own = self._get_reconfigure_entry().entry_id if self.source == SOURCE_RECONFIGURE else None
        return [
            entry
            for entry in self.hass.config_entries.async_entries(DOMAIN)
            if entry.data.get(CONF_KIND) == KIND_ZIGBEE_NETWORK and entry.entry_id != own
        ]

    def _zha(self) -> list[ConfigEntry[Any]]:
        # What was discovered and ignored is nobody's.
        return self.hass.config_entries.async_entries("zha", include_ignore=False)

    @asynccontextmanager
    async def _let_go(self) -> AsyncIterator[None]:
        """Have a network that is set up let go of its coordinator and database for a question.

        A coordinator serves one client. The network is back whatever becomes of the question: a
        form that somebody leaves open must not keep its detectors unheard.
        """
        entry = self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            yield
            return
        await self.hass.config_entries.async_unload(entry.entry_id)
        try:
            yield
        finally:
            await self.hass.config_entries.async_setup(entry.entry_id)

    @property
    def _database(self) -> Path:
        return database(self.hass, self._get_reconfigure_entry().entry_id)

    async def _probe_module(self) -> ModuleType:
        """Import the radio libraries: seconds, so in the executor and only when they are needed."""
        return await async_import_module(self.hass, f"{__package__}.field.zigbee.probe")


def _radio_of(stick: UsbServiceInfo) -> str:
    name = (stick.description or "").lower()
    if "sonoff" in name and "plus" in name:
        return "ezsp" if stick.pid == _SONOFF_EZSP else "znp"
    return next((radio for word, radio in _RADIO_OF_STICK.items() if word in name), "ezsp")


def _schema(probe: ModuleType) -> probatio.Schema:
    radios = [radio.name for radio in probe.RadioType]
    return probatio.Schema(
        {
            probatio.Required(CONF_NAME): TextSelector(),
            probatio.Required("path"): SerialPortSelector(),
            probatio.Required("radio_type", default="ezsp"): SelectSelector(
                SelectSelectorConfig(options=radios, translation_key="zigbee_radio")
            ),
            probatio.Required("line"): section(
                probatio.Schema(
                    {
                        probatio.Required("baudrate", default=115200): NumberSelector(
                            NumberSelectorConfig(min=1200, max=4000000, mode=NumberSelectorMode.BOX)
                        ),
                        probatio.Required("flow_control", default="none"): SelectSelector(
                            SelectSelectorConfig(
                                options=["none", "hardware", "software"],
                                translation_key="zigbee_flow_control",
                            )
                        ),
                    }
                ),
                {"collapsed": True},
            ),
        }
    )
