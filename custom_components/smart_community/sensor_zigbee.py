"""Sensors of a Zigbee network's devices: battery, temperature, humidity, link quality."""

from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.helpers.typing import StateType

from .zigbee_entity import ZigbeeEntity


class Measurement(ZigbeeEntity, SensorEntity):
    """One measured value."""

    @override
    def _describe(self) -> None:
        state = self._zha
        if state.device_class is not None:
            self._attr_device_class = SensorDeviceClass(state.device_class)
        if state.state_class is not None:
            self._attr_state_class = SensorStateClass(state.state_class)
        self._attr_native_unit_of_measurement = getattr(state, "unit", None)
        self._attr_suggested_display_precision = state.suggested_display_precision
        if (options := getattr(state, "options", None)) is not None:
            self._attr_options = list(options)

    @property
    @override
    def native_value(self) -> StateType:
        value: StateType = self._zha.native_value
        return value
