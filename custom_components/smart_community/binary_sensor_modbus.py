"""A bus's inputs as binary sensors: alarm, no alarm, or no data with its reason."""

from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .field.point import UNREAD, Point, Quality, Reading
from .modbus_bus import BusUnit, ModbusBusData


async def async_setup_modbus_entities(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the inputs of every unit, also of those that are added or changed later."""
    bus: ModbusBusData = entry.runtime_data
    shown: dict[str, dict[str, Input]] = {}

    async def show(unit: BusUnit) -> None:
        """Bring a unit's entities in line with it; those that stay the same are not touched."""
        _update_registries(hass, entry, unit)
        names = {point.key: _name(unit, point) for point in unit.polled.points}
        before = shown.get(unit.subentry_id, {})
        kept: dict[str, Input] = {}
        for key, one in before.items():
            if key in names and names[key] == one.wired_as:
                kept[key] = one
            elif key in names:
                # A name is taken from an entity only when it is added.
                await one.async_remove(force_remove=True)
        new = {
            point.key: Input(bus, unit, point, names[point.key])
            for point in unit.polled.points
            if point.key not in kept
        }
        shown[unit.subentry_id] = kept | new
        for listener in list(unit.listeners.values()):
            listener()  # at another address is another panel: nothing is known of it yet
        # Removed while an entity went: Home Assistant knows no subentry for these any more.
        if unit.subentry_id in entry.subentries:
            async_add_entities(new.values(), config_subentry_id=unit.subentry_id)

    bus.show.append(show)
    async with bus.showing:
        for unit in list(bus.units.values()):
            await show(unit)


def _name(unit: BusUnit, point: Point) -> str | None:
    """Return the contractor's name of an input, None if it has only its number."""
    if point.name is not None:
        return point.name
    names = unit.data.get("names", ())
    if point.number is None or point.number > len(names):
        return None
    return str(names[point.number - 1])


def _device_info(unit: BusUnit) -> DeviceInfo:
    return DeviceInfo(
        identifiers={(DOMAIN, unit.subentry_id)},
        manufacturer="Modbus",
        model=f"Fire input panel, unit {unit.data['unit']}",
        name=unit.title,
    )


def _update_registries(hass: HomeAssistant, entry: ConfigEntry[Any], unit: BusUnit) -> None:
    """Rename the device, and forget inputs that are wired no more: nothing will read them."""
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        config_subentry_id=unit.subentry_id,
        **_device_info(unit),
    )
    registry = er.async_get(hass)
    wanted = {f"{unit.subentry_id}_{point.key}" for point in unit.polled.points}
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        if found.config_subentry_id == unit.subentry_id and found.unique_id not in wanted:
            registry.async_remove(found.entity_id)


class Input(BinarySensorEntity):
    """One discrete input of a unit."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point, name: str | None) -> None:
        """Take the point; its name is the contractor's if there is one."""
        self.wired_as = name
        self._bus = bus
        self._subentry_id = unit.subentry_id
        self._point = point
        self._attr_unique_id = f"{unit.subentry_id}_{point.key}"
        if point.device_class is not None:
            self._attr_device_class = BinarySensorDeviceClass(point.device_class)
        if name is not None:
            self._attr_name = name
        elif point.number is not None:
            self._attr_translation_key = "detector_input"
            self._attr_translation_placeholders = {"number": str(point.number)}
        else:
            self._attr_translation_key = point.key
        if point.diagnostic:
            self._attr_entity_category = EntityCategory.DIAGNOSTIC
        self._attr_device_info = _device_info(unit)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to this point alone."""
        unit = self._bus.units.get(self._subentry_id)
        if unit is None:
            return
        unit.listeners[self._point.key] = self.async_write_ha_state

        @callback
        def forget() -> None:
            unit.listeners.pop(self._point.key, None)

        self.async_on_remove(forget)

    @property
    def _reading(self) -> Reading:
        unit = self._bus.units.get(self._subentry_id)
        return unit.polled.reading(self._point.key) if unit is not None else UNREAD

    @property
    @override
    def available(self) -> bool:
        """No data is unavailable from the first missed answer on: an old "off" would be a lie.

        The price is that a single lost frame shows; a missed round that were tolerated would make
        a cut cable show a second later, and nobody would know which second.
        """
        return self._reading.quality in {Quality.GOOD, Quality.NOT_READ}

    @property
    @override
    def is_on(self) -> bool | None:
        value = self._reading.value
        return None if value is None else bool(value)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"quality": self._reading.quality.value}
