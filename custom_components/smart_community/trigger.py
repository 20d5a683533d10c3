"""Triggers: an alarm of any source, and what happens to incidents."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, override

import probatio
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .automation_failures import async_tell_failure
from .core.model import Severity, Tier
from .data import SIGNAL_INCIDENT, Announcement
from .trigger_alarm import AlarmTrigger
from .trigger_lock import LockEventTrigger
from .trigger_report import ReportTrigger

_WORDS = probatio.All(cv.ensure_list, [cv.string])
_FILTERS = {
    probatio.Optional("loop"): _WORDS,
    probatio.Optional("zone"): _WORDS,
    probatio.Optional("severity"): probatio.All(cv.ensure_list, [probatio.Coerce(Severity)]),
}
_SCHEMA = probatio.Schema({probatio.Optional("options", default={}): _FILTERS})
_SCHEMA_TIER = probatio.Schema(
    {
        probatio.Optional("options", default={}): {
            **_FILTERS,
            probatio.Optional("tier"): probatio.All(cv.ensure_list, [probatio.Coerce(Tier)]),
        }
    }
)


class IncidentTrigger(Trigger):
    """Fires when something happens to an incident of the chosen loops, zones and severities."""

    what: ClassVar[str]
    schema: ClassVar[probatio.Schema] = _SCHEMA

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the filters."""
        checked: ConfigType = cls.schema(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Keep the filters."""
        super().__init__(hass, config)
        self._filters: dict[str, Any] = dict(config.options or {})

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Listen to all communities."""

        @callback
        def heard(said: Announcement) -> None:
            # A drill rings phones; it opens no gate and starts no fan.
            if said.incident.drill:
                return
            if said.what == self.what and self._wanted(said):
                incident = said.incident
                context = Context()
                run = run_action(_payload(said), f"incident {incident.number} {self.what}", context)
                run.add_done_callback(partial(async_tell_failure, self._hass, said, context))

        unsubscribe: Callable[[], None] = async_dispatcher_connect(
            self._hass, SIGNAL_INCIDENT, heard
        )
        return unsubscribe

    def _wanted(self, said: Announcement) -> bool:
        incident = said.incident
        facts = {
            "loop": (incident.loop,),
            "zone": (incident.zone, incident.zone.partition(":")[2], incident.zone_name),
            "severity": (incident.policy.severity,),
            "tier": (said.tier,),
        }
        return all(
            not wanted or any(fact in wanted for fact in facts[key])
            for key, wanted in self._filters.items()
        )


class OpenedTrigger(IncidentTrigger):
    """An incident was opened."""

    what = "opened"


class EscalatedTrigger(IncidentTrigger):
    """An incident reached a tier."""

    what = "escalated"
    schema = _SCHEMA_TIER


class AcknowledgedTrigger(IncidentTrigger):
    """Somebody has taken an incident on."""

    what = "acknowledged"


class HandledTrigger(IncidentTrigger):
    """Somebody reports an incident handled."""

    what = "handled"


class ClosedTrigger(IncidentTrigger):
    """An incident was closed."""

    what = "closed"


def _payload(said: Announcement) -> dict[str, Any]:
    """Return the trigger's variables. Plain words only: no names, phones or photos."""
    incident = said.incident
    return {
        "incident": incident.id,
        "number": incident.number,
        "loop": incident.loop,
        "zone": incident.zone,
        "zone_name": incident.zone_name,
        "severity": incident.policy.severity.value,
        "status": incident.status.value,
        "tier": said.tier,
        "sources": list(incident.sources),
        "disposition": incident.disposition.value if incident.disposition else None,
        "drill": incident.drill,
    }


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by name."""
    return {
        "alarm": AlarmTrigger,
        "lock_event": LockEventTrigger,
        "person_reported": ReportTrigger,
        "incident_opened": OpenedTrigger,
        "incident_escalated": EscalatedTrigger,
        "incident_acknowledged": AcknowledgedTrigger,
        "incident_handled": HandledTrigger,
        "incident_closed": ClosedTrigger,
    }
