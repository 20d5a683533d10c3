"""The action that runs a drill: the ladder that is in force, to the people who stand on it."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import probatio
from homeassistant.components.automation import DATA_COMPONENT, AutomationEntity
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import TemplateError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import template

from .const import DOMAIN
from .core.drill import drill_zone, exercise
from .core.errors import DomainError
from .core.model import Tier
from .core.permits import Deed
from .data import community
from .engine.requests import OpenRequest
from .errors import refusal, translated
from .services import POLICY, STEP, policy_of
from .zones import zone_named

_DRILL: Final = probatio.Schema(
    {
        probatio.Required("loop"): cv.string,
        probatio.Required("zone"): cv.string,
        probatio.Required("up_to"): probatio.Coerce(Tier),
        probatio.Optional("ladder"): probatio.All(cv.ensure_list, [STEP]),
        probatio.Optional("community"): cv.string,
    }
)
_SIGNAL_ACTION: Final = f"{DOMAIN}.signal"


def async_register_drill_services(hass: HomeAssistant) -> None:
    """Register the action; scheduled drills are automations that call it."""
    hass.services.async_register(
        DOMAIN,
        "drill",
        partial(_drill, hass),
        schema=_DRILL,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _drill(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    data = entry.runtime_data
    await data.deeds.check(Deed.DRILL, call.context)
    loop = call.data["loop"]
    said = {"ladder": call.data["ladder"]} if "ladder" in call.data else _in_force(hass, loop)
    if said is None:
        raise refusal("drill_no_ladder", loop=loop)
    try:
        cut = exercise(policy_of(said, loop), call.data["up_to"], data.people.responders)
    except DomainError as err:
        raise translated(err) from err
    zone, zone_name = zone_named(hass, call.data["zone"])
    result = await data.engine.open(
        OpenRequest(loop=loop, zone=drill_zone(zone), zone_name=zone_name, policy=cut, drill=True)
    )
    incident = result.incident
    return {
        "verdict": result.verdict.value,
        "incident": incident.id if incident is not None else None,
        "number": incident.number if incident is not None else None,
    }


def _in_force(hass: HomeAssistant, loop: str) -> Mapping[str, Any] | None:
    """Return what the loop's automation says about its ladder; None if no automation does.

    Read from the automation itself, with its user's times in it: a drill of the shipped defaults
    would train another emergency than the one that comes.
    """
    component = hass.data.get(DATA_COMPONENT)
    for automation in component.entities if component is not None else ():
        if not isinstance(automation, AutomationEntity):
            continue
        for data in _signals(automation.action_script.sequence):
            if data.get("loop") != loop or "ladder" not in data:
                continue
            wanted = {str(key): data[str(key)] for key in POLICY if str(key) in data}
            try:
                said: Mapping[str, Any] = _SCHEMA(template.render_complex(wanted, {}))
            except probatio.Invalid, TemplateError:
                continue
            return said
    return None


_SCHEMA: Final = probatio.Schema(
    {probatio.Optional(str(key)): value for key, value in POLICY.items()}
)


def _signals(step: Any) -> Iterator[Mapping[str, Any]]:
    """Find each call of our signal action in a script, however deep it stands."""
    if isinstance(step, Mapping):
        if step.get("action") == _SIGNAL_ACTION and isinstance(step.get("data"), Mapping):
            yield step["data"]
        for value in step.values():
            yield from _signals(value)
    elif isinstance(step, (list, tuple)):
        for one in step:
            yield from _signals(one)
