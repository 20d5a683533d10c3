"""A bus's inputs as binary sensors: alarm, no alarm, or no data with its reason."""

from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
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
    """Add the inputs of every unit, also of those that are added later."""
    bus: ModbusBusData = entry.runtime_data

    @callback
    def add(unit: BusUnit) -> None:
        async_add_entities(
            [Input(bus, unit, point) for point in unit.polled.points],
            config_subentry_id=unit.subentry_id,
        )

    bus.added.append(add)
    for unit in bus.units.values():
        add(unit)


class Input(BinarySensorEntity):
    """One discrete input of a unit."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> None:
        """Take the point; its name is the contractor's if there is one."""
        self._bus = bus
        self._subentry_id = unit.subentry_id
        self._point = point
        key = f"{unit.subentry_id}_{point.key}"
        self._attr_unique_id = key
        self._attr_device_class = BinarySensorDeviceClass(point.device_class)
        names = unit.data.get("names", [])
        if point.number is not None and point.number <= len(names):
            self._attr_name = names[point.number - 1]
        elif point.number is not None:
            self._attr_translation_key = "detector_input"
            self._attr_translation_placeholders = {"number": str(point.number)}
        else:
            self._attr_translation_key = point.key
        if point.diagnostic:
            self._attr_entity_category = EntityCategory.DIAGNOSTIC
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, unit.subentry_id)},
            manufacturer="Modbus",
            model=f"Fire input panel, unit {unit.data['unit']}",
            name=unit.title,
        )

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
        """No data is unavailable from the first missed answer on: an old "off" would be a lie."""
        return self._reading.quality in {Quality.GOOD, Quality.NOT_READ}

    @property
    @override
    def is_on(self) -> bool | None:
        return self._reading.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"quality": self._reading.quality.value}
