"""Choices of a Zigbee network's devices: warning modes, sensitivities and other settings."""

from typing import override

from homeassistant.components.select import SelectEntity

from .zigbee_entity import ZigbeeEntity


class Choice(ZigbeeEntity, SelectEntity):
    """One of several options."""

    @override
    def _describe(self) -> None:
        self._attr_options = list(self._zha.options)

    @property
    @override
    def current_option(self) -> str | None:
        option: str | None = self._zha.current_option
        return option

    @override
    async def async_select_option(self, option: str) -> None:
        """Choose. Raises HomeAssistantError."""
        await self._tell(lambda source: source.async_select_option(option=option))
