"""Loops, figures and agreements of the communities that a user may look at, for the dashboard."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from homeassistant.auth.models import User
from homeassistant.components.switch.const import DOMAIN as SWITCH_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .core.codec import plain
from .core.permits import Deed, Permit, Standing, best, concerned, may_read
from .core.report import worded_reason
from .core.statistics import Case, by_day, figures
from .data import CommunityEntry, communities
from .loops import LOOPS
from .period import async_period
from .shipped import loop_is_on
from .views import texts

_LISTED: Final = 100


async def async_overview(
    hass: HomeAssistant, user: User, days: int, language: str
) -> list[dict[str, Any]]:
    """Return each community's loops, its agreements, and the figures of the last days.

    A department gets its own loops; somebody without a part in a community nothing of it.
    """
    now = dt_util.utcnow()
    zone = await dt_util.async_get_time_zone(hass.config.time_zone) or dt_util.UTC
    words = texts(hass, language)
    found = []
    for entry in communities(hass):
        standings = entry.runtime_data.people.standings(user)
        if not may_read(standings):
            continue
        period = await async_period(entry, standings, now - timedelta(days=days))
        cases = list(period.cases.values())
        found.append(
            {
                "id": entry.entry_id,
                "name": entry.title,
                "may": [
                    deed
                    for deed in (Deed.REPORT, Deed.DRILL, Deed.SWITCH_LOOP, Deed.TEST)
                    if best(standings, deed)[1] is not Permit.DENIED
                ],
                "all": plain(figures(cases)),
                "loops": _loops(hass, entry, standings, cases),
                "drills": [
                    {
                        "id": key,
                        "loop": case.loop,
                        "status": case.status,
                        "opened_at": plain(case.opened_at),
                    }
                    for key, case in period.cases.items()
                    if case.drill
                ],
                "withheld": _newest(period.withheld, words),
                "tests": _newest(
                    [{"at": test["at"], **row} for test in period.tests for row in test["rows"]],
                    words,
                ),
                "agreements": [
                    {**plain(one), "hold": held}
                    for one, held in entry.runtime_data.engine.agreements
                    if concerned(standings, one.loop)
                ],
                "days": [
                    {"day": day.isoformat(), "incidents": count, "false_alarms": wrong}
                    for day, count, wrong in by_day(cases, until=now, days=days, zone=zone)
                ],
            }
        )
    return found


def _newest(rows: Sequence[Mapping[str, Any]], words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return as many rows as a screen is read for, the newest first; the action has them all."""
    return [
        {**row, "reason": worded_reason(row["reason"], words)} for row in reversed(rows[-_LISTED:])
    ]


def _loops(
    hass: HomeAssistant,
    entry: CommunityEntry,
    standings: Collection[Standing],
    cases: Sequence[Case],
) -> list[dict[str, Any]]:
    registry = er.async_get(hass)
    by_loop: Mapping[str, list[Case]] = {
        loop: [case for case in cases if case.loop == loop]
        # Loops of somebody's own have no switch of ours, but their incidents count.
        for loop in dict.fromkeys([*LOOPS, *(case.loop for case in cases)])
    }
    return [
        {
            "loop": loop,
            "element": LOOPS[loop].element if loop in LOOPS else None,
            "life_safety": loop in LOOPS and LOOPS[loop].life_safety,
            "on": loop_is_on(hass, entry.runtime_data.engine, loop) if loop in LOOPS else None,
            "switch": registry.async_get_entity_id(
                SWITCH_DOMAIN, DOMAIN, f"{entry.entry_id}_loop_{loop}"
            ),
            **plain(figures(own)),
        }
        for loop, own in by_loop.items()
        if concerned(standings, loop)
    ]
