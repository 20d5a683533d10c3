"""Holding a drill: the ladder that is in force, to the people who stand on it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import probatio
from homeassistant.components.automation import DATA_COMPONENT, AutomationEntity
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import TemplateError
from homeassistant.helpers import template

from .const import DOMAIN
from .core.drill import drill_zone, exercise
from .core.errors import DomainError
from .core.model import Tier
from .data import CommunityEntry
from .engine.requests import OpenRequest, Result
from .errors import refusal, translated
from .services import POLICY, policy_of
from .zones import zone_named

_SIGNAL_ACTION: Final = f"{DOMAIN}.signal"


async def async_exercise(
    hass: HomeAssistant,
    entry: CommunityEntry,
    loop: str,
    zone: str,
    up_to: Tier,
    *,
    said: Mapping[str, Any] | None = None,
) -> Result:
    """Open a drill of a loop in a zone, up to a tier. `said`: another ladder than the one in force.

    Raises the translated refusals `drill_no_ladder` and `drill_empty`.
    """
    data = entry.runtime_data
    policy = said if said is not None else _in_force(hass, loop)
    if policy is None:
        raise refusal("drill_no_ladder", loop=loop)
    try:
        cut = exercise(policy_of(policy, loop), up_to, data.people.responders)
    except DomainError as err:
        raise translated(err) from err
    key, name = zone_named(hass, zone)
    return await data.engine.open(
        OpenRequest(loop=loop, zone=drill_zone(key), zone_name=name, policy=cut, drill=True)
    )


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
