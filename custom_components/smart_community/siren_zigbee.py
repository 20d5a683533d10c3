"""Sirens of a Zigbee network: warning devices with their modes."""

from typing import Any, override

from homeassistant.components.siren import SirenEntity
from homeassistant.components.siren.const import (
    ATTR_DURATION,
    ATTR_TONE,
    ATTR_VOLUME_LEVEL,
    SirenEntityFeature,
)

from .zigbee_entity import ZigbeeEntity

# IAS WD warning modes (ZCL 07-5123, table 8-21).
_TONES: dict[int, str] = {
    1: "burglar",
    2: "fire",
    3: "emergency",
    4: "police_panic",
    5: "fire_panic",
    6: "emergency_panic",
}


class Siren(ZigbeeEntity, SirenEntity):
    """One warning device."""

    @override
    def _describe(self) -> None:
        # zha's flags have the names of Home Assistant's, not their values by any promise.
        features = SirenEntityFeature(0)
        for feature in self._zha.supported_features:
            features |= SirenEntityFeature[feature.name]
        self._attr_supported_features = features
        if SirenEntityFeature.TONES in features:
            self._attr_available_tones = dict(_TONES)

    @property
    @override
    def is_on(self) -> bool:
        return bool(self._zha.is_on)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Sound. Raises HomeAssistantError."""
        await self._tell(
            lambda source: source.async_turn_on(
                duration=kwargs.get(ATTR_DURATION),
                tone=kwargs.get(ATTR_TONE),
                volume_level=kwargs.get(ATTR_VOLUME_LEVEL),
            )
        )

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Be quiet. Raises HomeAssistantError."""
        await self._tell(lambda source: source.async_turn_off())
