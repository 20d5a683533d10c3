"""A Modbus bus at work: Home Assistant's shared connection, the poller, and units as subentries."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.components.modbus.connection import async_get_temporary_unit, async_get_unit
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from modbus_connection import ModbusTcpParams

from .const import DOMAIN, SUBENTRY_UNIT
from .field.modbus import fire_panel
from .field.modbus.families import points_of
from .field.modbus.poller import PolledUnit, Poller, read_once


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BusUnit:
    """A unit of the bus as its subentry describes it, and who wants to hear of its points."""

    subentry_id: str
    title: str
    data: Mapping[str, Any]
    polled: PolledUnit
    listeners: dict[str, Callable[[], None]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ModbusBusData:
    """One bus at work. `show` brings a unit's entities in line with it, new or changed."""

    poller: Poller
    data: Mapping[str, Any]
    units: dict[str, BusUnit] = field(default_factory=dict)
    show: list[Callable[[BusUnit], Awaitable[None]]] = field(default_factory=list)
    showing: asyncio.Lock = field(default_factory=asyncio.Lock)


def params(data: Mapping[str, Any]) -> ModbusTcpParams:
    """Return the link's parameters as the shared connection wants them."""
    return ModbusTcpParams(host=data[CONF_HOST], port=int(data[CONF_PORT]))


async def async_setup_bus(hass: HomeAssistant, entry: ConfigEntry[Any]) -> ModbusBusData:
    """Start asking the bus.

    A gateway that is away at start is no reason to fail: the entry would be tried again after
    minutes, while the poller hears its detectors within seconds of its return. Raises
    ConfigEntryNotReady only if the line is held by somebody with other settings.
    """
    bus = ModbusBusData(poller=Poller(), data=entry.data)
    try:
        _apply(hass, entry, bus)
    except HomeAssistantError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="line_in_use",
            translation_placeholders={"problem": str(err)},
        ) from err
    # Home Assistant cancels it when the entry is unloaded and when it stops itself.
    entry.async_create_background_task(hass, bus.poller.run(), f"Modbus bus {entry.title}")

    async def changed(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        await async_apply_subentries(hass, entry, bus)

    entry.async_on_unload(entry.add_update_listener(changed))
    return bus


async def async_apply_subentries(
    hass: HomeAssistant, entry: ConfigEntry[Any], bus: ModbusBusData
) -> None:
    """Apply what was changed: to the units by difference, to the gateway by a reload."""
    if entry.data != bus.data:
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    # Units are swapped before anything is awaited: the next change may come meanwhile.
    touched = _apply(hass, entry, bus)
    async with bus.showing:
        for unit in touched:
            for show in bus.show:
                # Unless it was changed again, or removed, while others were shown.
                if bus.units.get(unit.subentry_id) is unit:
                    await show(unit)


async def async_read_unit(
    hass: HomeAssistant, entry: ConfigEntry[Any], address: int, inputs: int
) -> dict[str, bool]:
    """Read a unit that is yet to be saved; a bus at work goes on meanwhile.

    Raises HomeAssistantError if the line is held with other settings, else as `read_once`.
    """
    points = fire_panel.points(inputs)
    async with async_get_temporary_unit(hass, params(entry.data), address) as unit:
        if entry.state is ConfigEntryState.LOADED:
            bus: ModbusBusData = entry.runtime_data
            return await bus.poller.read(unit, points)
        return await read_once(unit, points)


def _apply(hass: HomeAssistant, entry: ConfigEntry[Any], bus: ModbusBusData) -> list[BusUnit]:
    """Bring the units in line with the subentries; returns those that are new or changed."""
    wanted = {
        key: subentry
        for key, subentry in entry.subentries.items()
        if subentry.subentry_type == SUBENTRY_UNIT
    }
    for key, unit in list(bus.units.items()):
        if key not in wanted:
            bus.poller.remove(int(unit.data["unit"]))
            del bus.units[key]
    touched: list[BusUnit] = []
    for key, subentry in wanted.items():
        old = bus.units.get(key)
        if old is not None and (old.title, old.data) == (subentry.title, subentry.data):
            continue
        listeners = old.listeners if old is not None else {}
        unit = BusUnit(
            subentry_id=key,
            title=subentry.title,
            data=subentry.data,
            polled=_polled(hass, entry, subentry.data, listeners, old),
            listeners=listeners,
        )
        if old is not None:
            bus.poller.remove(int(old.data["unit"]))
        bus.poller.add(int(subentry.data["unit"]), unit.polled)
        bus.units[key] = unit
        touched.append(unit)
    return touched


def _polled(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    data: Mapping[str, Any],
    listeners: Mapping[str, Callable[[], None]],
    old: BusUnit | None,
) -> PolledUnit:
    """Return the unit to be polled; what is known of the same panel stays known."""
    address = int(data["unit"])
    same_panel = old is not None and int(old.data["unit"]) == address
    points = points_of(data)
    if old is not None and same_panel and old.polled.points == points:
        return old.polled

    def tell(point: str) -> None:
        if (listener := listeners.get(point)) is not None:
            listener()

    kept = {point.key for point in points}
    return PolledUnit(
        unit=async_get_unit(hass, entry, params(entry.data), address),
        points=points,
        changed=tell,
        readings={key: one for key, one in old.polled.readings.items() if key in kept}
        if old is not None and same_panel
        else {},
    )
