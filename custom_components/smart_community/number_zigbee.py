"""Numbers of a Zigbee network's devices: sensitivities, delays and other settings."""

from typing import override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode

from .zigbee_entity import ZigbeeEntity


class Setting(ZigbeeEntity, NumberEntity):
    """One number to be set."""

    @override
    def _describe(self) -> None:
        state = self._zha
        if state.device_class is not None:
            self._attr_device_class = NumberDeviceClass(state.device_class)
        self._attr_mode = NumberMode(state.mode)
        self._attr_native_min_value = state.native_min_value
        self._attr_native_max_value = state.native_max_value
        self._attr_native_step = state.native_step
        self._attr_native_unit_of_measurement = state.native_unit_of_measurement

    @property
    @override
    def native_value(self) -> float | None:
        value: float | None = self._zha.native_value
        return value

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set it. Raises HomeAssistantError."""
        await self._tell(lambda source: source.async_set_native_value(value=value))
