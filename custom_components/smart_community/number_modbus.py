"""A unit's registers that are set: a fan's speed, a limit, a set point."""

from typing import override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode

from .entity_modbus import class_of
from .field.modbus.decode import holds, resolves
from .field.point import Point
from .modbus_bus import BusUnit, ModbusBusData
from .output_modbus import OutputEntity


class SetPoint(OutputEntity, NumberEntity):
    """One register, or two, that are set within the bounds of the point table."""

    _attr_mode = NumberMode.BOX

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> None:
        """Take the point's class and unit; its bounds are also the registers' own."""
        super().__init__(bus, unit, point)
        self._attr_device_class = class_of(NumberDeviceClass, point.device_class)
        self._attr_native_unit_of_measurement = point.unit_of_measurement
        self._attr_native_step = resolves(point)
        low, high = holds(point)
        self._attr_native_min_value = low if point.minimum is None else max(low, point.minimum)
        self._attr_native_max_value = high if point.maximum is None else min(high, point.maximum)

    @property
    @override
    def native_value(self) -> float | None:
        return self.reading.value

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set it."""
        await self.write(value)
