"""When tests and drills are due: by the month, on working days, and made up for when missed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core.plan import Day, plain_calendar
from custom_components.smart_community.core.rehearsal import Rhythm, made_up, next_due

ZONE = ZoneInfo("Asia/Shanghai")
TEN = time(10)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def calendar(day: date) -> frozenset[Day]:
    """The week, with the first seven days of October off, as in China."""
    if (day.month, day.day) <= (10, 7) and day.month == 10:
        return frozenset({Day.RESTDAY, Day.HOLIDAY})
    return plain_calendar(day)


@pytest.mark.parametrize(
    ("rhythm", "after", "due"),
    [
        (Rhythm(day=2, at=TEN), "2026-11-01 12:00", "2026-11-02 10:00"),
        (Rhythm(day=2, at=TEN), "2026-11-02 09:59", "2026-11-02 10:00"),
        (Rhythm(day=2, at=TEN), "2026-11-02 10:00", "2026-12-02 10:00"),
        (Rhythm(day=1, at=TEN), "2026-10-20 10:00", "2026-11-02 10:00"),  # a Sunday
        (Rhythm(day=1, at=TEN), "2026-09-20 10:00", "2026-10-08 10:00"),  # the holidays
        (Rhythm(day=28, at=TEN), "2026-02-28 11:00", "2026-03-02 10:00"),  # over the month's end
        (Rhythm(day=28, at=TEN), "2026-03-02 10:00", "2026-03-30 10:00"),
        (Rhythm(day=15, at=TEN, every=3), "2026-11-01 12:00", "2027-01-15 10:00"),
        (Rhythm(day=15, at=TEN, every=12), "2026-01-16 12:00", "2027-01-15 10:00"),
    ],
)
def test_a_rehearsal_comes_on_its_day_or_the_next_workday(
    rhythm: Rhythm, after: str, due: str
) -> None:
    assert next_due(rhythm, local(after), zone=ZONE, calendar=calendar) == local(due)


@pytest.mark.parametrize(
    ("now", "again"),
    [
        ("2026-11-23 09:00", "2026-11-23 10:00"),
        ("2026-11-23 10:00", "2026-11-24 10:00"),
        ("2026-11-27 03:00", "2026-11-27 10:00"),
        ("2026-11-27 10:01", "2026-11-30 10:00"),
        ("2026-10-01 03:00", "2026-10-08 10:00"),
    ],
)
def test_what_was_missed_wakes_nobody_at_night(now: str, again: str) -> None:
    rhythm = Rhythm(day=2, at=TEN)
    assert made_up(rhythm, local(now), zone=ZONE, calendar=calendar) == local(again)


@given(
    day=st.integers(1, 28),
    every=st.sampled_from((1, 2, 3, 6, 12)),
    start=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001  # naive bounds only
)
def test_it_comes_as_often_as_it_should_and_never_twice(
    day: int, every: int, start: datetime
) -> None:
    rhythm, moment = Rhythm(day=day, at=TEN, every=every), start.replace(tzinfo=UTC)
    moments = []
    for _ in range(24 // every):
        moment = next_due(rhythm, moment, zone=ZONE, calendar=calendar)
        moments.append(moment)
    assert moments == sorted(set(moments))
    assert timedelta(days=0) <= moments[-1] - start.replace(tzinfo=UTC) <= timedelta(days=760)
    assert all(Day.WORKDAY in calendar(one.astimezone(ZONE).date()) for one in moments)
