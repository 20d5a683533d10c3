"""Holding a drill: the ladder that is in force, to the people who stand on it."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import TemplateError
from homeassistant.helpers import template

from .core.drill import drill_zone, exercise
from .core.errors import DomainError
from .core.model import Tier
from .data import CommunityEntry
from .engine.requests import OpenRequest, Result
from .errors import refusal, translated
from .loop_defaults import defaults_of
from .loop_signals import signals_of
from .services import POLICY, policy_of
from .zones import zone_named


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
    policy = said if said is not None else _in_force(hass, entry, loop)
    if policy is None:
        raise refusal("drill_no_ladder", loop=loop)
    try:
        cut = exercise(policy_of(policy, loop, defaults_of(entry)), up_to, data.people.responders)
    except DomainError as err:
        raise translated(err) from err
    key, name = zone_named(hass, zone)
    return await data.engine.open(
        OpenRequest(loop=loop, zone=drill_zone(key), zone_name=name, policy=cut, drill=True)
    )


def _in_force(hass: HomeAssistant, entry: CommunityEntry, loop: str) -> Mapping[str, Any] | None:
    """Return what the community's automation of a loop says about its ladder; None if none does.

    Read from the automation itself, with its user's times in it: a drill of the shipped defaults
    would train another emergency than the one that comes.
    """
    for data in signals_of(hass, loop, entry.entry_id):
        if "ladder" not in data:
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
