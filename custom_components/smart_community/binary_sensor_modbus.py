"""A unit's bits as binary sensors: on, off, or no data with its reason."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass

from .entity_modbus import PointEntity, class_of
from .field.point import Point
from .modbus_bus import BusUnit, ModbusBusData


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
