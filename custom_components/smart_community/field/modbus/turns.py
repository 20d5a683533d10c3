"""Whose turn it is on a line. Pure.

Looked through before each request, where a line is late a thousand times a minute: so no lists are
made, and the slow blocks are not looked at while it is a fast one's turn.
"""

from collections.abc import Mapping

from ..point import Lane
from .unit import EVERY, Job, PolledUnit

# What is due: since when, of which unit, and what; no job is a question of the unit's search.
type Due = tuple[float, int, Job | None]


def soonest_fast(units: Mapping[int, PolledUnit]) -> Due | None:
    """Return the fast block that is due before all others, now or later."""
    soonest: Due | None = None
    for address, unit in units.items():
        if unit.rest or unit.writing.locked():
            continue  # nothing waits for the line that a failed write makes doubtful
        searched = unit.search and unit.search[0]
        for job in unit.fast:
            if (soonest is None or job.due < soonest[0]) and job is not searched:
                soonest = job.due, address, job
    return soonest


def others_due(
    units: Mapping[int, PolledUnit], now: float
) -> tuple[Due | None, tuple[float, int] | None]:
    """Return what else has been due the longest: a slow block or search, and a unit to probe."""
    other: Due | None = None
    probe: tuple[float, int] | None = None
    for address, unit in units.items():
        if unit.writing.locked():
            continue
        if unit.rest:
            if unit.due <= now and unit.jobs and (probe is None or unit.due < probe[0]):
                probe = unit.due, address
            continue
        searched = unit.search and unit.search[0]
        if unit.search is not None:
            # As a slow block that is due: where those are always late it has its turn as well.
            due = unit.searched_at - EVERY[Lane.SLOW]
            if other is None or due < other[0]:
                other = due, address, None
        for job in unit.slow:
            due = job.due
            if due <= now and (other is None or due < other[0]) and job is not searched:
                other = due, address, job
    return other, probe
