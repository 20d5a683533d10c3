"""When channels are tested and drills are held by themselves: on working days, by the clock.

Nobody is rung up by a test on a holiday or in the night after a restart: what falls on a day off
moves to the next working day, and what was missed is made up for at the same hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from .plan import Calendar, Day

# What was due so long ago ran late because the house was busy; past it nobody expects it any more.
GRACE: Final = timedelta(minutes=15)
# Every month has it.
LAST_DAY: Final = 28
_DAY: Final = timedelta(days=1)
# The longest row of days off is the Spring Festival's nine.
_LOOK_AHEAD: Final = 31


@dataclass(frozen=True, kw_only=True, slots=True)
class Rhythm:
    """On a day of the month (1 to 28) at a local time, every so many months of the year.

    `every` 3 is January, April, July, October.
    """

    day: int
    at: time
    every: int = 1

    def __post_init__(self) -> None:
        """Refuse what would not come every so many months; ValueError, since the form cannot."""
        if not 1 <= self.day <= LAST_DAY or self.every not in {1, 2, 3, 6, 12}:
            message = f"day {self.day}, every {self.every} months"
            raise ValueError(message)


def next_due(rhythm: Rhythm, after: datetime, *, zone: tzinfo, calendar: Calendar) -> datetime:
    """Return the first moment past `after`; what falls on a day off moves to the next workday."""
    # A day off at the end of last month may have moved it into this one.
    first = after.astimezone(zone).date().replace(day=1) - _DAY
    months = (day for day in _months(first) if (day.month - 1) % rhythm.every == 0)
    moments = (
        _moment(_workday(day.replace(day=rhythm.day), calendar), rhythm.at, zone) for day in months
    )
    return next(moment for moment in moments if moment > after)


def made_up(rhythm: Rhythm, now: datetime, *, zone: tzinfo, calendar: Calendar) -> datetime:
    """Return when what was missed is made up for: the next workday's same hour."""
    today = now.astimezone(zone).date()
    moment = _moment(_workday(today, calendar), rhythm.at, zone)
    if moment > now:
        return moment
    return _moment(_workday(today + _DAY, calendar), rhythm.at, zone)


def _months(day: date) -> Iterator[date]:
    """Yield the first of each month, from the day's own on."""
    first = day.replace(day=1)
    while True:
        yield first
        first = (first + _LOOK_AHEAD * _DAY).replace(day=1)


def _workday(day: date, calendar: Calendar) -> date:
    days = (day + ahead * _DAY for ahead in range(_LOOK_AHEAD))
    return next((one for one in days if Day.WORKDAY in calendar(one)), day)


def _moment(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
