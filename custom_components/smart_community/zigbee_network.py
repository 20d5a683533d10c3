"""A Zigbee network as an entry: its supervisor, its hub device, and what is kept of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.importlib import async_import_module
from homeassistant.helpers.storage import Store
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .field.zigbee.liveness import Register
from .field.zigbee.model import NEEDS_A_PERSON, Coordinator, Identity, Trouble

if TYPE_CHECKING:
    # zha and its quirks take seconds to import: only where a network is set up, in the executor.
    from zha.zigbee.device import Device

    from .field.zigbee.network import Network

_STORE_VERSION: Final = 1
_LOOK_EVERY: Final = timedelta(minutes=1)
# A scan takes the radio off its channel for a moment: often enough to see a new neighbour's router.
_SURVEY_EVERY: Final = timedelta(hours=1)
# What was learned of a device changes with each of its messages; a kill loses a quarter of an hour
# of it, which is less than any silence that counts.
_SAVE_EVERY: Final = timedelta(minutes=15)
# A coordinator that restarts is back within seconds; a person is asked when it is not.
_DOWN_FOR: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Joining:
    """Where devices that join now belong, if it was said."""

    since: float
    until: float
    area_id: str | None


@dataclass(kw_only=True, slots=True, eq=False)
class ZigbeeData:
    """One network at work."""

    hass: HomeAssistant
    entry: ConfigEntry[Any]
    network: Network
    hub_id: str
    # The names of Home Assistant's own ZHA, in the user's language, for the hundreds of settings
    # that quirks know and nobody here has translated. By the keys of its translations.
    words: Mapping[str, str]
    joining: Joining | None = None

    @property
    def energy_here(self) -> int | None:
        """What else is on the network's own channel, in percent; None before the first survey."""
        return self.network.energy.get(self.network.channel or 0)

    def identifier(self, ieee: str) -> tuple[str, str]:
        """Name a device in the registry: the same detector in two networks is two devices."""
        return DOMAIN, f"{self.entry.entry_id}:{ieee}"

    def device(self, ieee: str) -> dr.DeviceEntry | None:
        """Return a device as the registry has it."""
        return dr.async_get(self.hass).async_get_device_by_identifier(
            self.identifier(ieee), self.entry.entry_id
        )

    async def remove(self, ieee: str) -> None:
        """Let a device leave its network; the registry follows when it is gone."""
        found = self.network.device(ieee)
        if found is not None and self.network.gateway is not None:
            await self.network.gateway.async_remove_device(found.ieee)

    def name_of(self, ieee: str) -> str:
        """Return what people call a device; its address if it has no name yet."""
        found = self.device(ieee)
        return (found.name_by_user or found.name or ieee) if found is not None else ieee


def database(hass: HomeAssistant, entry_id: str) -> Path:
    """Return the file of one network: its devices, their last values, backups of its settings."""
    return Path(hass.config.path(".storage", f"{DOMAIN}_zigbee_{entry_id}.db"))


def backups(hass: HomeAssistant) -> Path:
    """Return the folder for networks that were overwritten on a coordinator."""
    return Path(hass.config.path(".storage", f"{DOMAIN}_zigbee_backups"))


async def async_setup_network(hass: HomeAssistant, entry: ConfigEntry[Any]) -> ZigbeeData:
    """Start a network.

    A coordinator that is away is no reason to fail: Home Assistant would try again after minutes,
    while the supervisor is back within seconds of its return. Nothing here waits for the radio, so
    that ten networks, or a dead one, do not hold up a start.
    """
    module = await async_import_module(hass, f"{__package__}.field.zigbee.network")
    store: Store[dict[str, Any]] = Store(hass, _STORE_VERSION, _store_key(entry.entry_id))
    register = Register(await store.async_load())
    network: Network = module.Network(
        module.Settings(
            coordinator=Coordinator.of(entry.data),
            identity=Identity.of(entry.data),
            database=database(hass, entry.entry_id),
            time_zone=hass.config.time_zone,
            country=hass.config.country,
        ),
        register,
        lambda: dt_util.utcnow().timestamp(),
    )
    hub = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        manufacturer="Zigbee",
        model=f"Coordinator ({entry.data['radio_type']})",
        name=entry.title,
    )
    words = await async_get_translations(hass, hass.config.language, "entity", {"zha"})
    data = ZigbeeData(hass=hass, entry=entry, network=network, hub_id=hub.id, words=words)
    _follow(hass, entry, data)

    @callback
    def look(_now: object) -> None:
        network.look_for_silence()

    async def save(_now: object = None) -> None:
        await store.async_save(register.as_dict(dt_util.utcnow().timestamp()))

    entry.async_on_unload(async_track_time_interval(hass, look, _LOOK_EVERY))
    entry.async_on_unload(async_track_time_interval(hass, save, _SAVE_EVERY))

    async def survey(_now: object) -> None:
        await network.survey()

    entry.async_on_unload(async_track_time_interval(hass, survey, _SURVEY_EVERY))

    async def keep() -> None:
        # Home Assistant cancels it when the entry is unloaded and when it stops itself.
        try:
            await network.run()
        finally:
            await save()

    keeping = entry.async_create_background_task(hass, keep(), f"Zigbee network {entry.title}")

    async def ended(_event: Event) -> None:
        # Home Assistant waits for none of what it cancels when it stops: a device that was paired
        # just now would still be on its way to the database.
        await asyncio.wait([keeping])

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, ended))
    return data


async def async_remove_network(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Forget a network that was removed. The coordinator keeps it, and the backups stay."""
    await Store(hass, _STORE_VERSION, _store_key(entry.entry_id)).async_remove()
    path = database(hass, entry.entry_id)

    def unlink() -> None:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    await hass.async_add_executor_job(unlink)


async def async_remove_zigbee_device(data: ZigbeeData, device: dr.DeviceEntry) -> bool:
    """Let a device leave its network, as its page's delete button asks. False for the hub."""
    ieee = ieee_of(data, device)
    if ieee is None:
        return False
    await data.remove(ieee)
    return True


def ieee_of(data: ZigbeeData, device: dr.DeviceEntry) -> str | None:
    """Return the IEEE address of a device of this network, None for another one or the hub."""
    prefix = f"{data.entry.entry_id}:"
    for domain, identifier in device.identifiers:
        if domain == DOMAIN and identifier.startswith(prefix):
            return identifier.removeprefix(prefix)
    return None


def _follow(hass: HomeAssistant, entry: ConfigEntry[Any], data: ZigbeeData) -> None:
    """Keep registry and repairs in line with the network."""
    network = data.network
    listeners = network.listeners
    down = _Down(hass, entry, data)

    @callback
    def removed(ieee: str) -> None:
        if (found := data.device(ieee)) is not None:
            dr.async_get(hass).async_remove_device(found.id)

    @callback
    def shown(devices: Sequence[Device]) -> None:
        for device in devices:
            _place(hass, data, device)

    @callback
    def forget() -> None:
        # Its supervisor ends after this, and what it says then would arm the timer for good.
        listeners.changed.remove(down.look)
        down.forget()

    listeners.removed.append(removed)
    listeners.devices.append(shown)
    listeners.changed.append(down.look)
    entry.async_on_unload(forget)


def _place(hass: HomeAssistant, data: ZigbeeData, device: Device) -> None:
    """Have a device in the registry, and one that joined just now where its installer stands.

    Once for all its entities, which are shown after this: each would look it up to the last field.
    """
    registry = dr.async_get(hass)
    ieee = str(device.ieee)
    found = registry.async_get_or_create(
        config_entry_id=data.entry.entry_id,
        identifiers={data.identifier(ieee)},
        manufacturer=device.manufacturer,
        model=device.model,
        serial_number=ieee,
        name=f"{device.manufacturer} {device.model}",
        via_device_id=data.hub_id,
    )
    firmware = device.firmware_version
    if firmware is not None and found.sw_version != firmware:
        registry.async_update_device(found.id, sw_version=firmware)
    joining = data.joining
    if joining is None or joining.area_id is None or found.area_id is not None:
        return
    if joining.since <= found.created_at.timestamp() <= joining.until:
        registry.async_update_device(found.id, area_id=joining.area_id)


class _Down:
    """Says in the repairs what a person should know of a network: down for long, or not the one."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any], data: ZigbeeData) -> None:
        self._hass = hass
        self._entry = entry
        self._data = data
        self._timer: asyncio.TimerHandle | None = None
        self._said: Trouble | None = None
        self._unenrolled: frozenset[str] = frozenset()
        self._arm()

    @callback
    def look(self) -> None:
        """Look at the network after a change."""
        trouble = self._data.network.trouble
        if trouble is None:
            self._disarm()
            self._clear()
        elif trouble in NEEDS_A_PERSON:
            self._say(trouble)
        elif self._said in NEEDS_A_PERSON:
            self._clear()
            self._arm()
        else:
            self._arm()
        self._look_at_enrolment()

    @callback
    def forget(self) -> None:
        """Take everything back: the entry goes."""
        self._disarm()
        self._clear()
        for ieee in self._unenrolled:
            ir.async_delete_issue(self._hass, DOMAIN, self._enrolment_issue(ieee))

    def _arm(self) -> None:
        if self._timer is None and self._said is None:
            self._timer = self._hass.loop.call_later(_DOWN_FOR.total_seconds(), self._long)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @callback
    def _long(self) -> None:
        self._timer = None
        if (trouble := self._data.network.trouble) is not None:
            self._say(trouble)

    def _clear(self) -> None:
        if self._said is not None:
            ir.async_delete_issue(self._hass, DOMAIN, self._issue)
            self._said = None

    def _say(self, trouble: Trouble) -> None:
        if self._said is trouble:
            return
        self._said = trouble
        key = trouble.value if trouble in NEEDS_A_PERSON else "down"
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue,
            is_fixable=False,
            severity=ir.IssueSeverity.CRITICAL,
            translation_key=f"zigbee_{key}",
            translation_placeholders={
                "network": self._entry.title,
                "path": self._entry.data["path"],
                "database": str(self._data.network.settings.database),
                "problem": self._data.network.detail or trouble.value,
            },
        )

    @property
    def _issue(self) -> str:
        return f"{self._entry.entry_id}_zigbee"

    def _enrolment_issue(self, ieee: str) -> str:
        return f"{self._entry.entry_id}_zigbee_enrolment_{ieee}"

    def _look_at_enrolment(self) -> None:
        now = frozenset(self._data.network.prover.not_enrolled)
        for ieee in self._unenrolled - now:
            ir.async_delete_issue(self._hass, DOMAIN, self._enrolment_issue(ieee))
        for ieee in now - self._unenrolled:
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                self._enrolment_issue(ieee),
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key="zigbee_not_enrolled",
                translation_placeholders={
                    "network": self._entry.title,
                    "device": self._data.name_of(ieee),
                },
            )
        self._unenrolled = now


def _store_key(entry_id: str) -> str:
    return f"{DOMAIN}.zigbee_{entry_id}"


def networks(hass: HomeAssistant) -> list[ZigbeeData]:
    """Return the networks that are loaded."""
    return [
        entry.runtime_data
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        if isinstance(entry.runtime_data, ZigbeeData)
    ]
