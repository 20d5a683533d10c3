"""Conditions: whether a loop is at work, for gating what costs."""

from typing import Any, Unpack, override

import probatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.typing import ConfigType

from .loop_hours import loop_at_work
from .loops import LOOPS
from .plan_words import active_of
from .services_detect import ACTIVE, sensible
from .zones import zone_named

_SCHEMA = probatio.Schema(
    {
        probatio.Required("options"): {
            probatio.Required("loop"): probatio.In(sorted(LOOPS)),
            probatio.Optional("zone"): cv.string,
            probatio.Optional("active"): probatio.All(ACTIVE, sensible),
        }
    }
)


class LoopActive(Condition):
    """True while a loop is switched on and in its hours.

    A camera's analysis that runs only then leaves its computer to others for the rest of the day.
    """

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options."""
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Keep the options."""
        super().__init__(hass, config)
        options: dict[str, Any] = config.options or {}
        self._loop: str = options["loop"]
        self._zone: str | None = options.get("zone")
        self._active = active_of(options["active"]) if "active" in options else None

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        """Ask the communities that are loaded."""
        zone = zone_named(self._hass, self._zone)[0] if self._zone else ""
        return loop_at_work(self._hass, self._loop, zone, self._active)


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by name."""
    return {"loop_active": LoopActive}
