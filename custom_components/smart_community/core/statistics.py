"""Figures about a period's incidents: what a community and a township look at once a month.

Exercises are left out. A share is of the closed ones: what is still open is not yet known to be
anything. Medians and not means: one incident that was forgotten over a holiday would speak for all.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from statistics import median

from .model import Disposition, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """As much of an incident as is counted."""

    loop: str
    status: Status
    opened_at: datetime
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    disposition: Disposition | None = None
    drill: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """One loop's, or all loops' together. Durations are None where there is nothing to measure.

    `guided`: what a loudspeaker's words ended before anybody was called.
    """

    incidents: int
    active: int
    closed: int
    false_alarms: int
    guided: int
    to_acknowledge: timedelta | None
    to_close: timedelta | None


def figures(cases: Iterable[Case]) -> Figures:
    """Count and measure. What a greater event took over is counted there alone."""
    counted = [one for one in cases if not one.drill and one.status is not Status.SUPERSEDED]
    closed = [one for one in counted if one.status is Status.CLOSED]
    return Figures(
        incidents=len(counted),
        active=sum(one.status.active for one in counted),
        closed=len(closed),
        false_alarms=sum(one.disposition is Disposition.FALSE_ALARM for one in closed),
        guided=sum(one.disposition is Disposition.GUIDED for one in closed),
        to_acknowledge=_median(
            one.acknowledged_at - one.opened_at
            for one in counted
            if one.acknowledged_at is not None
        ),
        to_close=_median(
            one.closed_at - one.opened_at for one in closed if one.closed_at is not None
        ),
    )


def by_day(
    cases: Iterable[Case], *, until: datetime, days: int, zone: tzinfo
) -> list[tuple[date, int, int]]:
    """Return for each day: how many opened, and how many of them were false alarms."""
    opened: Counter[date] = Counter()
    wrong: Counter[date] = Counter()
    for one in cases:
        if one.drill or one.status is Status.SUPERSEDED:
            continue
        day = one.opened_at.astimezone(zone).date()
        opened[day] += 1
        wrong[day] += one.disposition is Disposition.FALSE_ALARM
    last = until.astimezone(zone).date()
    period = [last - timedelta(days=back) for back in reversed(range(days))]
    return [(day, opened[day], wrong[day]) for day in period]


def _median(spans: Iterable[timedelta]) -> timedelta | None:
    seconds = [span.total_seconds() for span in spans]
    return timedelta(seconds=median(seconds)) if seconds else None
