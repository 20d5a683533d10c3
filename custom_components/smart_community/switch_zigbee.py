"""Switches of a Zigbee network's devices: plugs, valves that are switched, settings."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity

from .errors import failure
from .zigbee_entity import ZigbeeStateEntity


class Outlet(ZigbeeStateEntity, SwitchEntity):
    """One thing to be switched."""

    @property
    @override
    def is_on(self) -> bool | None:
        return None if self._unheard else bool(self._zha.is_on)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on. Raises HomeAssistantError."""
        await self._tell(lambda source: source.async_turn_on())
        self._check(on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off. Raises HomeAssistantError."""
        await self._tell(lambda source: source.async_turn_off())
        self._check(on=False)

    def _check(self, *, on: bool) -> None:
        """Say so if the device refused, which zha only logs: a gas valve must not seem closed."""
        if bool(self._zha.is_on) is not on:
            raise failure("zigbee_refused", device=self._data.name_of(self._ieee))
