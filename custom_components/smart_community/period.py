"""What is told of a period: its incidents as they are counted, what was withheld, the tests."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .channel_tests import async_tests_since
from .core.codec import plain
from .core.events import Entry
from .core.permits import Standing, concerned
from .core.statistics import Case
from .data import CommunityEntry
from .deeds import COMMUNITY_LOG, PERMITTED, REFUSED
from .engine.engine import Engine
from .loops import LOOPS


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """As much of a period as somebody may see; each list has its oldest first.

    `withheld`: {incident, at, step, responder, channel, reason, until?}. `tests`: {at, due, rows}.
    """

    cases: Mapping[str, Case]
    withheld: list[dict[str, Any]]
    tests: list[dict[str, Any]]


async def async_period(
    entry: CommunityEntry, standings: Collection[Standing], since: datetime
) -> Period:
    """Return what somebody in these standings may see of the time since a moment."""
    engine = entry.runtime_data.engine
    counted = await engine.cases(since)
    # Of what opened earlier the loop is not at hand: only whoever has all loops is shown it.
    whole = _whole(standings)

    def shown(incident: str) -> bool:
        case = counted.get(incident)
        return whole if case is None else not case.drill and concerned(standings, case.loop)

    return Period(
        cases={key: case for key, case in counted.items() if concerned(standings, case.loop)},
        withheld=[
            {"incident": incident, "at": plain(one.at), **plain(one.data)}
            for incident, one in await engine.noted("withheld", since)
            if shown(incident)
        ],
        tests=await async_tests_since(engine, since) if whole else [],
    )


async def async_record(
    engine: Engine, standings: Collection[Standing], since: datetime
) -> list[Entry]:
    """Return what was refused and permitted that is about no incident, the oldest first.

    For whoever has all loops: a department has no part in the rest of a community.
    """
    if not _whole(standings):
        return []
    found = [
        entry
        for kind in (REFUSED, PERMITTED)
        for _, entry in await engine.noted(kind, since, COMMUNITY_LOG)
    ]
    return sorted(found, key=lambda entry: entry.at)


def _whole(standings: Collection[Standing]) -> bool:
    return all(concerned(standings, loop) for loop in LOOPS)
