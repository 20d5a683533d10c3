"""A Modbus bus at work: Home Assistant's shared connection, the poller, and units as subentries."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.components.modbus.connection import async_get_temporary_unit, async_get_unit
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError

from .const import DOMAIN, SUBENTRY_UNIT
from .field.modbus.families import points_of
from .field.modbus.line import Line
from .field.modbus.once import read_once
from .field.modbus.poller import Poller
from .field.modbus.unit import PolledUnit
from .field.point import Point, Value
from .modbus_link import line_of, params, reach_of
from .modbus_maps import LearnedMaps

# Beside the points' own keys, which never begin so: who listens to a unit as a whole.
WHOLE_UNIT: Final = "*"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BusUnit:
    """A unit of the bus as its subentry describes it, and who wants to hear of its points."""

    subentry_id: str
    title: str
    data: Mapping[str, Any]
    polled: PolledUnit
    listeners: dict[str, Callable[[], None]]

    @property
    def address(self) -> int:
        """The unit's address on the line."""
        return int(self.data["unit"])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ModbusBusData:
    """One bus at work. `show` brings a unit's entities in line with it, new or changed."""

    poller: Poller
    data: Mapping[str, Any]
    maps: LearnedMaps
    units: dict[str, BusUnit] = field(default_factory=dict)
    show: list[Callable[[BusUnit], Awaitable[None]]] = field(default_factory=list)
    ailing: set[str] = field(default_factory=set)
    running: list[asyncio.Task[None]] = field(default_factory=list)
    showing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def stop(self) -> None:
        """End the asking, and with it the request under way, before the line is given back."""
        for task in (*self.running, *self.poller.writing):
            task.cancel()
            await asyncio.wait([task])


async def async_setup_bus(hass: HomeAssistant, entry: ConfigEntry[Any]) -> ModbusBusData:
    """Start asking the bus.

    A gateway that is away at start is no reason to fail: the entry would be tried again after
    minutes, while the poller hears its detectors within seconds of its return. Raises
    ConfigEntryNotReady only if the line is held by somebody with other settings.
    """
    maps = await LearnedMaps.load(hass, entry)
    bus = ModbusBusData(poller=Poller(line_of(entry.data)), data=entry.data, maps=maps)
    try:
        _apply(hass, entry, bus)
    except HomeAssistantError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="line_in_use",
            translation_placeholders={"problem": str(err)},
        ) from err
    bus.running.append(
        # Home Assistant cancels it when it stops itself.
        entry.async_create_background_task(hass, bus.poller.run(), f"Modbus bus {entry.title}")
    )

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
    hass: HomeAssistant, entry: ConfigEntry[Any], address: int, points: Iterable[Point]
) -> dict[str, Value | None]:
    """Read a unit that is yet to be saved; a bus at work goes on meanwhile.

    Raises HomeAssistantError if the line is held with other settings, else as `read_once`.
    """
    line: Line = line_of(entry.data)
    if entry.state is ConfigEntryState.LOADED:
        line = entry.runtime_data.poller.line
    async with async_get_temporary_unit(hass, params(entry.data), address) as unit:
        line.use(unit)
        return await read_once(line, unit, points, reach_of(entry.data))


def _apply(hass: HomeAssistant, entry: ConfigEntry[Any], bus: ModbusBusData) -> list[BusUnit]:
    """Bring the units in line with the subentries; returns those that are new or changed."""
    wanted = {
        key: subentry
        for key, subentry in entry.subentries.items()
        if subentry.subentry_type == SUBENTRY_UNIT
    }
    for key, unit in list(bus.units.items()):
        if key not in wanted:
            _retire(bus, unit)
            bus.maps.forget(key)
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
            polled=_polled(hass, entry, bus, subentry, old),
            listeners=listeners,
        )
        touched.append(unit)
        if old is not None and old.polled is unit.polled:
            bus.units[key] = unit
            continue
        if old is not None:
            _retire(bus, old)
        bus.poller.add(unit.address, unit.polled)
        bus.units[key] = unit
    return touched


def _retire(bus: ModbusBusData, unit: BusUnit) -> None:
    """Poll a unit no more, unless another one has its address by now: two may have swapped."""
    if bus.poller.units.get(unit.address) is unit.polled:
        bus.poller.remove(unit.address)


def _polled(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    bus: ModbusBusData,
    subentry: ConfigSubentry,
    old: BusUnit | None,
) -> PolledUnit:
    """Return the unit to be polled; what is known of the same unit stays known."""
    key, address = subentry.subentry_id, int(subentry.data["unit"])
    same_unit = old is not None and old.address == address
    points = points_of(subentry.data)
    if old is not None and same_unit and old.polled.points == points:
        return old.polled
    if old is not None and not same_unit:
        bus.maps.forget(key)

    def tell(point: str) -> None:
        unit = bus.units.get(key)
        if unit is not None and (listener := unit.listeners.get(point)) is not None:
            listener()

    def ailing() -> None:
        # A unit that fails loses all its points at once; it is shown once.
        if key not in bus.ailing:
            bus.ailing.add(key)
            hass.loop.call_soon(show_ailing)

    def show_ailing() -> None:
        bus.ailing.discard(key)
        tell(WHOLE_UNIT)

    barriers = bus.maps.of(key)
    polled = PolledUnit(
        unit=async_get_unit(hass, entry, params(entry.data), address),
        points=points,
        changed=tell,
        barriers=barriers,
        learned=lambda: bus.maps.keep(key, barriers),
        ailing=ailing,
        reach=reach_of(entry.data),
    )
    # The library keeps what was asked for beyond the entry's life.
    entry.async_on_unload(lambda: polled.unit.require_timeout(None))
    if old is not None and same_unit:
        polled.keep(old.polled)
    return polled
