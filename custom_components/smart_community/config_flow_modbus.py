"""Setting up a Modbus bus and its units: each is asked before it is saved."""

from collections.abc import Mapping
from typing import Any, cast

import probatio
from homeassistant.components.modbus.connection import (
    async_get_connection_info,
    async_get_temporary_unit,
)
from homeassistant.config_entries import (
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from .const import CONF_KIND, DOMAIN, KIND_MODBUS_BUS
from .field.modbus import fire_panel
from .field.modbus.line import Line, NoData
from .field.modbus.poller import read_once
from .field.point import Quality, Value
from .modbus_bus import async_read_unit
from .modbus_link import params

# A gateway is asked once by hand: a name to look up and a cold address table may take this long.
_GATEWAY_WITHIN = 2.0

_PORT = NumberSelector(NumberSelectorConfig(min=1, max=65535, mode=NumberSelectorMode.BOX))
_BUS = probatio.Schema(
    {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required(CONF_HOST): TextSelector(),
        probatio.Required(CONF_PORT, default=502): _PORT,
    }
)
_UNIT = probatio.Schema(
    {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required("unit", default=1): NumberSelector(
            NumberSelectorConfig(min=1, max=247, mode=NumberSelectorMode.BOX)
        ),
        probatio.Required("inputs", default=16): NumberSelector(
            NumberSelectorConfig(min=1, max=fire_panel.MOST_INPUTS, mode=NumberSelectorMode.BOX)
        ),
        probatio.Optional("names"): TextSelector(TextSelectorConfig(multiline=True)),
    }
)


class ModbusBusFlow(ConfigFlow):
    """The steps of a bus in the entry's flow."""

    async def async_step_modbus_bus(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the gateway, and see whether anything answers there."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = _bus_data(user_input)
            self._abort_if_same_line(data)
            if (error := await _unreachable(self.hass, data)) is None:
                return self.async_create_entry(title=user_input[CONF_NAME], data=data)
            errors["base"] = error
        return self._bus_form("modbus_bus", user_input, errors)

    async def async_step_reconfigure_modbus_bus(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Move the bus to another gateway; its units stay."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data = _bus_data(user_input)
            self._abort_if_same_line(data, entry.entry_id)
            if (error := await _unreachable(self.hass, data)) is None:
                return self.async_update_and_abort(entry, title=user_input[CONF_NAME], data=data)
            errors["base"] = error
        shown = user_input or {CONF_NAME: entry.title, **entry.data}
        return self._bus_form("reconfigure_modbus_bus", shown, errors)

    def _bus_form(
        self, step: str, shown: Mapping[str, Any] | None, errors: dict[str, str]
    ) -> ConfigFlowResult:
        schema = self.add_suggested_values_to_schema(_BUS, shown)
        return self.async_show_form(step_id=step, data_schema=schema, errors=errors)

    def _abort_if_same_line(self, data: Mapping[str, Any], but: str | None = None) -> None:
        """Two masters on one line garble each other: one entry per gateway."""
        for entry in self.hass.config_entries.async_entries(DOMAIN):
            if entry.entry_id != but and entry.data.get(CONF_KIND) == KIND_MODBUS_BUS:
                same = all(entry.data[key] == data[key] for key in (CONF_HOST, CONF_PORT))
                if same:
                    raise AbortFlow("already_configured")


class UnitSubentryFlow(ConfigSubentryFlow):
    """Adds or changes a unit: first its table, then what it answers, then it is saved."""

    _data: dict[str, Any]
    _title: str
    _answer: dict[str, Value | None]

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new unit."""
        return await self._form("user", user_input, {})

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the changed unit."""
        subentry = self._get_reconfigure_subentry()
        shown = {
            CONF_NAME: subentry.title,
            **subentry.data,
            "names": "\n".join(subentry.data["names"]),
        }
        return await self._form("reconfigure", user_input, shown)

    async def _form(
        self, step: str, user_input: dict[str, Any] | None, shown: dict[str, Any]
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            self._title, self._data = user_input[CONF_NAME], _unit_data(user_input)
            if self._address_taken():
                errors["unit"] = "unit_taken"
            elif len(self._data["names"]) > self._data["inputs"]:
                errors["names"] = "more_names_than_inputs"
            else:
                error, placeholders = await self._test()
                if error is None:
                    return await self.async_step_confirm()
                errors["base"] = error
        schema = self.add_suggested_values_to_schema(_UNIT, user_input or shown)
        return self.async_show_form(
            step_id=step,
            data_schema=schema,
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show what the unit answered, then save."""
        if user_input is None:
            alarms = [
                self._label(point.number)
                for point in fire_panel.points({"inputs": self._data["inputs"]})
                if point.number is not None and self._answer[point.key]
            ]
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders={
                    "inputs": str(self._data["inputs"]),
                    "alarms": ", ".join(alarms) or "-",
                },
            )
        unique_id = f"unit:{self._data['unit']}"
        if self.source == "user":
            return self.async_create_entry(title=self._title, data=self._data, unique_id=unique_id)
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=self._title,
            data=self._data,
            unique_id=unique_id,
        )

    def _label(self, number: int) -> str:
        names = self._data["names"]
        return str(names[number - 1]) if number <= len(names) else str(number)

    def _address_taken(self) -> bool:
        own = self._reconfigure_subentry_id if self.source == "reconfigure" else None
        return any(
            subentry.data["unit"] == self._data["unit"]
            for key, subentry in self._get_entry().subentries.items()
            if key != own
        )

    async def _test(self) -> tuple[str | None, dict[str, str]]:
        entry, data = self._get_entry(), self._data
        points = fire_panel.points({"inputs": data["inputs"]})
        try:
            self._answer = await async_read_unit(self.hass, entry, data["unit"], points)
        except NoData as lack:
            return _ERRORS.get(lack.quality, "unit_silent"), {"problem": lack.reason}
        except HomeAssistantError as err:
            return "line_in_use", {"problem": str(err)}
        return None, {}


_ERRORS = {
    Quality.REFUSED: "unit_refused",
    Quality.GARBLED: "no_modbus_answer",
    Quality.DISCONNECTED: "cannot_connect",
}


def _bus_data(user_input: Mapping[str, Any]) -> dict[str, Any]:
    return {
        CONF_KIND: KIND_MODBUS_BUS,
        "transport": "tcp",
        CONF_HOST: user_input[CONF_HOST].strip(),
        CONF_PORT: int(user_input[CONF_PORT]),
    }


def _unit_data(user_input: Mapping[str, Any]) -> dict[str, Any]:
    names = cast("str", user_input.get("names") or "").splitlines()
    return {
        "unit": int(user_input["unit"]),
        "family": fire_panel.FAMILY.key,
        "inputs": int(user_input["inputs"]),
        "names": [name.strip() for name in names if name.strip()],
    }


async def _unreachable(hass: HomeAssistant, data: Mapping[str, Any]) -> str | None:
    """See whether a Modbus server listens there; which units it has is asked later."""
    link = params(data)
    shared = any(one.endpoint == link.endpoint for one in async_get_connection_info(hass))
    try:
        async with async_get_temporary_unit(hass, link, 1) as unit:
            line = Line(within=_GATEWAY_WITHIN)
            # On a shared line it would overwrite what another integration asked for this unit.
            if not shared:
                line.use(unit)
            await read_once(line, unit, fire_panel.points({"inputs": 1})[:1])
    except NoData as lack:
        # A gateway that has no unit 1 refuses, or waits for it in vain.
        error = _ERRORS.get(lack.quality)
        return None if error == "unit_refused" else error
    except HomeAssistantError:
        return "line_in_use"
    return None
