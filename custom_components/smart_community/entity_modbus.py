"""What the entities of a Modbus unit have in common, and how they follow their unit's changes."""

import asyncio
from collections.abc import Callable, Collection
from enum import StrEnum
from itertools import batched
from typing import Any, Final, Protocol, override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .field.point import UNREAD, DataType, Point, Quality, Reading
from .modbus_bus import BusUnit, ModbusBusData
from .points_registry import async_place

# Adding so many entities takes Home Assistant a tenth of a second, in which nothing else happens.
# After each such lot whatever came meanwhile has its turn: a table of ten thousand points would
# otherwise keep every alarm of the house waiting for ten seconds. It takes five seconds longer.
_AT_ONCE: Final = 100
_BREATH: Final = 0.05


class UnitEntity(Entity):
    """An entity of a unit's device. Looks its unit up: the unit is swapped when it is changed."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, bus: ModbusBusData, unit: BusUnit, key: str, listens_to: str) -> None:
        """Take the unit; `key` is the entity's own, `listens_to` what it is written after."""
        self._bus = bus
        self._subentry_id = unit.subentry_id
        self._listens_to = listens_to
        self._attr_unique_id = f"{unit.subentry_id}_{key}"
        self._attr_device_info = _device_info(unit)

    @property
    def unit(self) -> BusUnit | None:
        """Return the unit as it is now; None once it is removed."""
        return self._bus.units.get(self._subentry_id)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to this point alone: with thousands of them nothing may be asked in vain."""
        if (unit := self.unit) is None:
            return
        unit.listeners[self._listens_to] = self.async_write_ha_state

        @callback
        def forget() -> None:
            unit.listeners.pop(self._listens_to, None)

        self.async_on_remove(forget)


class PointEntity(UnitEntity):
    """An entity that shows one point."""

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> None:
        """Take the point; its name is the contractor's if there is one."""
        super().__init__(bus, unit, point.key, point.key)
        self.point = point
        if point.name is not None:
            self._attr_name = point.name
        elif point.number is not None:
            self._attr_translation_key = point.key.removesuffix(f"_{point.number}")
            self._attr_translation_placeholders = {"number": str(point.number)}
        else:
            self._attr_translation_key = point.key
        if point.diagnostic:
            self._attr_entity_category = EntityCategory.DIAGNOSTIC

    @override
    async def async_added_to_hass(self) -> None:
        """Put it where the point table says, and listen."""
        async_place(self.hass, self.entity_id, self.point)
        await super().async_added_to_hass()

    @property
    def reading(self) -> Reading:
        """Return what is known of the point, with the time at which that was news."""
        unit = self.unit
        return unit.polled.readings.get(self.point.key, UNREAD) if unit is not None else UNREAD

    @property
    @override
    def available(self) -> bool:
        """Always, as far as Home Assistant may act on it.

        It leaves out the attributes of what is not available, so nobody would see why; and it
        passes over a command to it without a word, so nobody would hear that nothing moved.
        """
        return True

    @override
    def _stringify_state(self, available: bool) -> str:
        """No data is unavailable from the first missed answer on: an old value would be a lie.

        The price is that a single lost frame shows; a missed round that were tolerated would make
        a cut cable show a second later, and nobody would know which second.
        """
        there = self.reading.quality in {Quality.GOOD, Quality.NOT_READ}
        return super()._stringify_state(available and there)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"quality": self.reading.quality.value}


class Maker(Protocol):
    """A platform's class of point entities."""

    def __call__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> PointEntity:
        """Make the entity of a point."""
        ...


def platform_of(point: Point) -> Platform:
    """Return the platform that shows a point."""
    if point.type is DataType.BOOL:
        return Platform.SWITCH if point.writable else Platform.BINARY_SENSOR
    return Platform.NUMBER if point.writable else Platform.SENSOR


async def async_setup_points(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    async_add_entities: AddConfigEntryEntitiesCallback,
    *,
    platform: Platform,
    make: Maker,
    whole: Callable[[ModbusBusData, BusUnit], UnitEntity] | None = None,
) -> None:
    """Add a platform's entities of every unit, also of those that are added or changed later.

    `whole` makes an entity that stands for a unit as such.
    """
    bus: ModbusBusData = entry.runtime_data
    shown: dict[str, dict[str, PointEntity]] = {}
    stands: set[str] = set()

    async def show(unit: BusUnit) -> None:
        """Bring a unit's entities in line with it; those that stay the same are not touched."""
        points = {one.key: one for one in unit.polled.points if platform_of(one) is platform}
        _update_registries(hass, entry, unit, platform, points.keys())
        kept: dict[str, PointEntity] = {}
        for key, one in shown.get(unit.subentry_id, {}).items():
            if points.get(key) == one.point:
                kept[key] = one
            elif key in points:
                # Its name and class are taken from an entity only when it is added.
                await one.async_remove(force_remove=True)
        new = {key: make(bus, unit, one) for key, one in points.items() if key not in kept}
        shown[unit.subentry_id] = kept | new
        for key in kept:
            if (listener := unit.listeners.get(key)) is not None:
                listener()  # at another address is another unit: nothing is known of it yet
        added: list[Entity] = list(new.values())
        if whole is not None and unit.subentry_id not in stands:
            stands.add(unit.subentry_id)
            added.append(whole(bus, unit))
        for number, some in enumerate(batched(added, _AT_ONCE, strict=False)):
            # Between the lots alone: a breath after the last would only hold up the next unit.
            if number:
                await asyncio.sleep(_BREATH if hass.is_running else 0)
            # Removed meanwhile: Home Assistant knows no subentry, or no platform, for these.
            if unit.subentry_id not in entry.subentries or not _at_work(entry, bus):
                return
            async_add_entities(some, config_subentry_id=unit.subentry_id)

    bus.show.append(show)
    async with bus.showing:
        for unit in list(bus.units.values()):
            await show(unit)


def _at_work(entry: ConfigEntry[Any], bus: ModbusBusData) -> bool:
    loaded = {ConfigEntryState.SETUP_IN_PROGRESS, ConfigEntryState.LOADED}
    # An unloaded entry has none, one that was loaded again has another.
    return getattr(entry, "runtime_data", None) is bus and entry.state in loaded


def class_of[E: StrEnum](classes: type[E], word: str | None) -> E | None:
    """Return Home Assistant's device class; None for a word that this platform has not."""
    return classes(word) if word in set(classes) else None


def _device_info(unit: BusUnit) -> DeviceInfo:
    family = str(unit.data["family"]).replace("_", " ").capitalize()
    return DeviceInfo(
        identifiers={(DOMAIN, unit.subentry_id)},
        manufacturer="Modbus",
        model=f"{family}, unit {unit.address}",
        name=unit.title,
    )


def _update_registries(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    unit: BusUnit,
    platform: Platform,
    keys: Collection[str],
) -> None:
    """Rename the device, and forget points that are wired no more: nothing will read them."""
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        config_subentry_id=unit.subentry_id,
        **_device_info(unit),
    )
    registry = er.async_get(hass)
    wanted = {f"{unit.subentry_id}_{key}" for key in (*keys, "unit_quality")}
    for found in er.async_entries_for_device(registry, device.id, include_disabled_entities=True):
        ours = found.config_subentry_id == unit.subentry_id and found.domain == platform
        if ours and found.unique_id not in wanted:
            registry.async_remove(found.entity_id)
