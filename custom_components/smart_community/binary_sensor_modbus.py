"""A unit's bits as binary sensors: on, off, or no data with its reason."""

from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity_modbus import PointEntity, async_setup_points, class_of
from .field.point import Point
from .modbus_bus import BusUnit, ModbusBusData


async def async_setup_modbus_binary_sensors(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the bits of every unit."""
    await async_setup_points(
        hass, entry, async_add_entities, platform=Platform.BINARY_SENSOR, make=Input
    )


class Input(PointEntity, BinarySensorEntity):
    """One bit of a unit that is only read."""

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> None:
        """Take the point's class."""
        super().__init__(bus, unit, point)
        self._attr_device_class = class_of(BinarySensorDeviceClass, point.device_class)

    @property
    @override
    def is_on(self) -> bool | None:
        value = self.reading.value
        return None if value is None else bool(value)
