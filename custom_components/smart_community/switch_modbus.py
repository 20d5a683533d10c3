"""A unit's outputs as switches."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.components.switch.const import SwitchDeviceClass

from .entity_modbus import class_of
from .field.point import Point
from .modbus_bus import BusUnit, ModbusBusData
from .output_modbus import OutputEntity


class Output(OutputEntity, SwitchEntity):
    """One coil, or one register, that is on or off."""

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> None:
        """Take the point's class."""
        super().__init__(bus, unit, point)
        self._attr_device_class = class_of(SwitchDeviceClass, point.device_class)

    @property
    @override
    def is_on(self) -> bool | None:
        value = self.reading.value
        return None if value is None else bool(value)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on."""
        await self.write(value=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off."""
        await self.write(value=False)
