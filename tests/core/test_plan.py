"""When a loop is at work: hours, days, seasons, maintenance, midnight and summer time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core import codec
from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.plan import (
    Active,
    Day,
    Hours,
    Pause,
    Plan,
    Schedule,
    Season,
    plain_calendar,
    schedule,
)

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/New_York"), UTC])


def hours(begins: str, ends: str, *days: Day) -> Hours:
    return Hours(
        begins=time.fromisoformat(begins), ends=time.fromisoformat(ends), days=frozenset(days)
    )


def at(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def plan(*rows: Hours, zone: ZoneInfo = SHANGHAI, **more: object) -> Schedule:
    return Schedule(active=(Active(hours=rows, **more),), zone=zone)


def test_hours_begin_at_their_first_minute_and_end_before_their_last() -> None:
    evening = plan(hours("18:00", "22:00"))
    open_at = [evening.open(at(f"2026-11-24 {one}")) for one in ("17:59", "18:00", "21:59")]
    assert open_at == [False, True, True]
    assert not evening.open(at("2026-11-24 22:00"))
    assert evening.opens_after(at("2026-11-24 22:00")) == at("2026-11-25 18:00")


def test_hours_that_cross_midnight_belong_to_the_day_on_which_they_begin() -> None:
    night = plan(hours("23:00", "05:00", Day.FRI))
    assert night.open(at("2026-11-27 23:30"))
    assert night.open(at("2026-11-28 04:59"))
    assert not night.open(at("2026-11-27 04:59"))
    assert not night.open(at("2026-11-28 23:30"))
    assert night.opens_after(at("2026-11-28 05:00")) == at("2026-12-04 23:00")


def test_equal_hours_are_the_whole_day_and_none_are_always() -> None:
    sunday = plan(hours("00:00", "00:00", Day.SUN))
    assert sunday.open(at("2026-11-29 00:00"))
    assert sunday.open(at("2026-11-29 23:59"))
    assert not sunday.open(at("2026-11-30 00:00"))
    assert plan().open(at("2026-11-30 00:00"))


def test_outside_hours_is_everything_else() -> None:
    off_hours = plan(hours("07:00", "09:00"), hours("18:00", "20:00"), outside=True)
    assert not off_hours.open(at("2026-11-24 08:00"))
    assert off_hours.open(at("2026-11-24 09:00"))
    assert off_hours.opens_after(at("2026-11-24 18:30")) == at("2026-11-24 20:00")


def test_a_flood_season_sleeps_through_the_rest_of_the_year() -> None:
    flood = plan(season=Season(begins="06-01", ends="09-30"))
    assert flood.open(at("2026-09-30 23:59"))
    assert not flood.open(at("2026-10-01 00:00"))
    assert flood.opens_after(at("2026-10-01 00:00")) == at("2027-06-01 00:00")


def test_a_season_may_cross_new_year() -> None:
    winter = Season(begins="11-15", ends="02-29")
    inside = [winter.holds(date.fromisoformat(d)) for d in ("2026-11-15", "2027-01-01")]
    assert inside == [True, True]
    assert winter.holds(date(2027, 2, 28))
    assert not winter.holds(date(2027, 3, 1))


def test_a_shifted_working_day_is_a_working_day() -> None:
    def calendar(day: date) -> frozenset[Day]:
        marks = plain_calendar(day)
        if day == date(2026, 2, 14):  # a Saturday on which China works
            return marks - {Day.RESTDAY} | {Day.WORKDAY}
        return marks

    work = Active(hours=(hours("08:00", "18:00", Day.WORKDAY),))
    here = Schedule(active=(work,), zone=SHANGHAI, calendar=calendar)
    assert here.open(at("2026-02-14 09:00"))
    assert not here.open(at("2026-02-15 09:00"))
    assert here.opens_after(at("2026-02-13 18:00")) == at("2026-02-14 08:00")


def test_in_spring_what_opens_in_the_skipped_hour_opens_at_the_skip() -> None:
    early = plan(hours("02:30", "05:00"), zone=BERLIN)
    # 2026-03-29: from 02:00 straight to 03:00.
    assert not early.open(at("2026-03-29 01:59", BERLIN))
    assert early.open(at("2026-03-29 03:00", BERLIN))
    opens = early.opens_after(at("2026-03-29 01:00", BERLIN))
    assert opens == at("2026-03-29 03:00", BERLIN)


def test_in_autumn_the_hour_that_comes_twice_is_in_hours_twice() -> None:
    early = plan(hours("02:30", "02:45"), zone=BERLIN)
    # 2026-10-25: 02:00 to 03:00 comes twice.
    for fold in (0, 1):
        assert early.open(at("2026-10-25 02:40", BERLIN, fold))
        assert not early.open(at("2026-10-25 02:10", BERLIN, fold))
    between = at("2026-10-25 02:50", BERLIN, 0)
    assert early.opens_after(between) == at("2026-10-25 02:30", BERLIN, 1).astimezone(UTC)


def test_maintenance_mutes_until_its_end_whatever_the_hours_say() -> None:
    window = Pause(begins=at("2026-11-24 09:00"), ends=at("2026-11-24 11:30"))
    here = Schedule(pauses=(window,), zone=SHANGHAI)
    assert here.open(at("2026-11-24 08:59"))
    assert not here.open(at("2026-11-24 09:00"))
    assert here.opens_after(at("2026-11-24 10:00")) == at("2026-11-24 11:30")
    weekly = Pause(active=Active(hours=(hours("02:00", "04:00", Day.WED),)))
    here = Schedule(pauses=(weekly,), zone=SHANGHAI)
    assert here.opens_after(at("2026-11-25 03:00")) == at("2026-11-25 04:00")


def test_what_never_opens_within_a_year_says_so() -> None:
    never = plan(hours("08:00", "09:00", Day.LANTERN_FESTIVAL))
    assert never.opens_after(at("2026-11-24 10:00")) is None
    closed = Schedule(pauses=(Pause(begins=at("2026-01-01 00:00")),), zone=SHANGHAI)
    assert closed.opens_after(at("2026-11-24 10:00")) is None


EVENING = Active(hours=(hours("18:00", "22:00"),))
MORNING = Active(hours=(hours("06:00", "09:00"),))


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        ((), (EVENING,)),
        ((Plan(name="all", active=MORNING),), (MORNING,)),
        ((Plan(name="a", active=MORNING), Plan(name="l", loops={"noise"}, active=EVENING)), None),
        ((Plan(name="other", loops={"other"}, active=MORNING),), (EVENING,)),
        ((Plan(name="there", zones={"area:b"}, active=MORNING),), (EVENING,)),
        ((Plan(name="here", zones={"area:a"}, active=MORNING),), (MORNING,)),
    ],
)
def test_the_community_goes_before_the_blueprint_and_the_closest_plan_before_the_rest(
    plans: tuple[Plan, ...], expected: tuple[Active, ...] | None
) -> None:
    found = schedule(
        plans,
        "noise",
        frozenset({"area:a", "floor:1"}),
        EVENING,
        zone=SHANGHAI,
        calendar=plain_calendar,
    )
    assert found.active == (expected or (EVENING,))


def test_two_plans_as_close_are_both_at_work_and_every_pause_counts() -> None:
    window = Pause(ends=at("2026-12-01 00:00"))
    plans = (
        Plan(name="a", loops=frozenset({"noise"}), active=MORNING),
        Plan(name="b", loops=frozenset({"noise"}), active=EVENING),
        Plan(name="c", pause=window),
    )
    found = schedule(plans, "noise", frozenset(), None, zone=SHANGHAI, calendar=plain_calendar)
    assert (found.active, found.pauses) == ((MORNING, EVENING), (window,))


TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
ROWS = st.builds(
    Hours,
    begins=TIMES,
    ends=TIMES,
    days=st.sets(st.sampled_from([*list(Day)[:7], Day.WORKDAY, Day.RESTDAY])).map(frozenset),
)
SEASONS = st.none() | st.builds(
    Season,
    begins=st.sampled_from(["01-01", "03-29", "10-25", "12-31"]),
    ends=st.sampled_from(["01-01", "03-30", "10-26", "12-31"]),
)
RULES = st.builds(
    Active,
    hours=st.lists(ROWS, max_size=3).map(tuple),
    outside=st.booleans(),
    season=SEASONS,
)
# Around the days on which the clocks change, and around New Year.
MOMENTS = st.sampled_from(["2026-03-28", "2026-03-08", "2026-10-24", "2026-12-31"]).flatmap(
    lambda day: st.integers(0, 3 * 86_400).map(
        lambda s: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(seconds=s)
    )
)


@given(RULES, MOMENTS, ZONES)
def test_it_opens_at_the_first_moment_at_which_it_is_open(
    rule: Active, moment: datetime, zone: ZoneInfo
) -> None:
    here = Schedule(active=(rule,), zone=zone)
    if here.open(moment):
        return
    opens = here.opens_after(moment)
    end = opens or moment + timedelta(days=8)
    if opens is not None:
        assert opens > moment
        assert here.open(opens)
        assert not here.open(opens - timedelta(seconds=1)) or opens - moment <= timedelta(seconds=1)
    span = min(end - moment, timedelta(days=8))
    for number in range(100):
        probe = moment + span * number / 100
        assert probe >= end or not here.open(probe)


@given(RULES)
def test_hours_are_stored_as_they_are(rule: Active) -> None:
    assert codec.load(Active, codec.dump(rule)) == rule


def test_windows_and_seasons_that_make_no_sense_are_refused() -> None:
    for wrong in ({}, {"begins": at("2026-11-24 10:00"), "ends": at("2026-11-24 10:00")}):
        with pytest.raises(DomainError):
            Pause(**wrong)
    for day in ("02-30", "13-01", "06/01", ""):
        with pytest.raises(DomainError) as refused:
            Season(begins=day, ends="09-30")
        assert refused.value.key == "plan_season"
