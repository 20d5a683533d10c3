"""The trigger `smart_community.person_reported`: somebody has seen something and says so."""

from functools import partial
from typing import Any, override

import probatio
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .loops import LOOPS
from .report_desk import Report
from .reports import DATA_EARS

_SCHEMA = probatio.Schema(
    {
        probatio.Optional("options", default={}): {
            probatio.Optional("loop"): probatio.All(cv.ensure_list, [probatio.In(sorted(LOOPS))]),
            probatio.Optional("community"): cv.string,
        }
    }
)


class ReportTrigger(Trigger):
    """Fires when a person reports something to one of the chosen loops."""

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the filters."""
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Keep the filters; an input that was left empty filters nothing."""
        super().__init__(hass, config)
        options = config.options or {}
        self._loops: list[str] = options.get("loop", [])
        self._community: str = options.get("community", "")

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Listen to all communities."""

        @callback
        def heard(report: Report) -> bool:
            loops, here = self._loops, self._community
            if (loops and report.loop not in loops) or (here and report.community != here):
                return False
            run_action(_payload(report), f"report of {report.loop} in {report.zone_name}", None)
            return True

        ears = self._hass.data.setdefault(DATA_EARS, [])
        ears.append(heard)
        return partial(ears.remove, heard)


def _payload(report: Report) -> dict[str, Any]:
    """Return the trigger's variables. Who reported stays out: traces show them to everybody."""
    return {
        "report": report.id,
        "community": report.community,
        "loop": report.loop,
        "zone": report.zone,
        "zone_name": report.zone_name,
        "text": report.text,
        "has_photo": bool(report.photo),
        "sources": list(report.sources),
    }
