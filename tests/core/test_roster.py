"""Who is on duty when: shifts over midnight, holidays, swaps, deputies, gaps, quiet hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.events import Acknowledge, ClockJumped, Delivered
from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.model import (
    DeliveryState,
    Responder,
    Severity,
    Tier,
)
from custom_components.smart_community.core.plan import Day, plain_calendar
from custom_components.smart_community.core.roster import Gap, Swap, at, gaps, parse_duty, there

from .people import (
    DIGEST,
    GUARD,
    MULTIPLE,
    PUSH,
    SMS,
    T0,
    VOICE,
    Story,
    actor,
    after,
    minutes,
    responder,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, tzinfo=SHANGHAI)
MINOR = policy([{"tier": "property", "after": minutes(0)}], severity=Severity.MINOR)


def on(duty: str, moment: datetime, **more: object) -> bool:
    one = responder("a", Tier.PROPERTY, duty=parse_duty(duty))
    found = at([one], moment, zone=SHANGHAI, calendar=plain_calendar, **more)
    return found["a"].on_duty


@pytest.mark.parametrize(
    ("duty", "day", "hour", "there"),
    [
        ("", 0, 3, True),
        ("mon-fri 08:00-20:00", 0, 8, True),
        ("mon-fri 08:00-20:00", 0, 20, False),
        ("mon-fri 08:00-20:00", 5, 12, False),
        ("sat,sun 20:00-08:00", 5, 21, True),
        ("sat,sun 20:00-08:00", 0, 7, True),  # Sunday's shift goes on into Monday
        ("sat,sun 20:00-08:00", 0, 21, False),
        ("daily 00:00-24:00", 3, 12, True),
        ("fri-mon 08:00-09:00", 6, 8, True),
        ("fri-mon 08:00-09:00", 2, 8, False),
        ("周一-周五 8:00-20:00", 2, 9, True),
        ("工作日 08:00-20:00\n休息日 10:00-12:00", 6, 11, True),
        ("每天 22:00-06:00", 3, 23, True),
    ],
)
def test_a_shift_is_read_as_it_is_written(duty: str, day: int, hour: int, there: bool) -> None:
    assert on(duty, MONDAY + timedelta(days=day, hours=hour)) is there


def test_a_holiday_is_worked_by_those_who_work_holidays() -> None:
    def calendar(_day: object) -> frozenset[Day]:
        return frozenset({Day.MON, Day.RESTDAY, Day.HOLIDAY})

    rows = {"工作日 00:00-24:00": False, "holiday 00:00-24:00": True}
    for duty, on_duty in rows.items():
        one = responder("a", Tier.PROPERTY, duty=parse_duty(duty))
        assert at([one], MONDAY, zone=SHANGHAI, calendar=calendar)["a"].on_duty is on_duty


@pytest.mark.parametrize(
    "line",
    ["monday 8-20", "mon-fry 08:00-20:00", "mon 25:00-26:00", "08:00-20:00", "mon 08:61-09:00"],
)
def test_a_line_that_is_not_understood_is_named(line: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_duty(f"mon 08:00-09:00\n{line}")
    assert (refused.value.key, refused.value.values) == ("duty_line", {"line": line})


def test_who_stands_in_covers_what_the_other_covers_also_from_another_tier() -> None:
    away, other = responder("a", Tier.PROPERTY), responder("b", Tier.COMMITTEE)
    swap = Swap(away="a", instead="b", begins=MONDAY, ends=MONDAY + timedelta(days=1))
    for moment, told in ((MONDAY, ["b"]), (MONDAY + timedelta(days=1), ["a"])):
        now = at([away, other], moment, zone=SHANGHAI, calendar=plain_calendar, swaps=[swap])
        assert [one.key for one in there([now["a"]], now)] == told


def test_whoever_stands_in_for_a_stand_in_covers_both_and_a_circle_has_an_end() -> None:
    people = [responder(key, Tier.PROPERTY, duty=parse_duty("sun 00:00-24:00")) for key in "abc"]
    day = {"begins": MONDAY, "ends": MONDAY + timedelta(days=1)}

    def told(*swaps: tuple[str, str]) -> list[str]:
        made = [Swap(away=away, instead=instead, **day) for away, instead in swaps]
        now = at(people, MONDAY, zone=SHANGHAI, calendar=plain_calendar, swaps=made)
        return [one.key for one in there([now["a"]], now)]

    assert told(("a", "b"), ("b", "c")) == ["c"]
    assert told(("a", "b"), ("b", "c"), ("c", "a")) == []


def test_a_swap_takes_one_off_duty_and_puts_the_other_on() -> None:
    people = [
        responder("a", Tier.PROPERTY, duty=parse_duty("mon-fri 00:00-24:00")),
        responder("b", Tier.PROPERTY, duty=parse_duty("sat,sun 00:00-24:00")),
    ]
    swap = Swap(away="a", instead="b", begins=MONDAY, ends=MONDAY + timedelta(days=1))
    for moment, expected in ((MONDAY, ["b"]), (MONDAY + timedelta(days=1), ["a"])):
        found = at(people, moment, zone=SHANGHAI, calendar=plain_calendar, swaps=[swap])
        assert [one.key for one in found.values() if one.on_duty] == expected
    with pytest.raises(DomainError, match="swap_order"):
        Swap(away="a", instead="b", begins=MONDAY, ends=MONDAY)
    with pytest.raises(DomainError, match="swap_self"):
        Swap(away="a", instead="a", begins=MONDAY, ends=MONDAY + timedelta(days=1))


def test_gaps_are_known_before_they_happen() -> None:
    people = [
        responder("a", Tier.PROPERTY, duty=parse_duty("mon-fri 08:00-20:00")),
        responder("b", Tier.PROPERTY, duty=parse_duty("daily 20:00-08:00")),
        responder("c", Tier.COMMITTEE),
    ]
    week = MONDAY.astimezone(UTC), (MONDAY + timedelta(days=7)).astimezone(UTC)
    found = gaps(people, *week, zone=SHANGHAI, calendar=plain_calendar)
    saturday = MONDAY + timedelta(days=5, hours=8)
    assert found == [
        Gap(tier=Tier.PROPERTY, responders=("a", "b"), begins=day, ends=day + timedelta(hours=12))
        for day in (saturday, saturday + timedelta(days=1))
    ]


DAY = (MONDAY.astimezone(UTC), (MONDAY + timedelta(days=1)).astimezone(UTC))


@pytest.mark.parametrize(
    ("field", "mine", "other"),
    [
        ("loops", "smoke_single", "waterlogging"),
        ("zones", "floor:1", "floor:2"),
    ],
)
def test_whoever_sees_something_else_fills_no_gap_and_a_deputy_does(
    field: str, mine: str, other: str
) -> None:
    off = parse_duty("tue 00:00-24:00")
    water = responder("water", Tier.DEPARTMENT, **{field: frozenset({other})})

    def found(*more: Responder, deputies: tuple[str, ...] = ()) -> list[Gap]:
        sees = {field: frozenset({mine})}
        fire = responder("fire", Tier.DEPARTMENT, duty=off, deputies=deputies, **sees)
        return gaps([fire, water, *more], *DAY, zone=SHANGHAI, calendar=plain_calendar)

    gap = Gap(tier=Tier.DEPARTMENT, responders=("fire",), begins=DAY[0], ends=DAY[1])
    assert found() == [gap]
    assert found(deputies=("water",)) == []
    assert found(responder("chief", Tier.DEPARTMENT)) == []  # sees all
    asleep = responder("asleep", Tier.PROPERTY, duty=off)
    assert gap in found(asleep, deputies=("asleep",))


SHIFTS = st.lists(
    st.builds(
        lambda days, begins, ends: f"{','.join(sorted(days))} {begins:02}:00-{ends:02}:00",
        st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1),
        st.integers(0, 23),
        st.integers(0, 23),
    ),
    min_size=1,
    max_size=4,
)


@given(st.lists(SHIFTS, min_size=1, max_size=3), st.integers(0, 7 * 24 * 4 - 1))
def test_a_moment_lies_in_a_gap_exactly_if_nobody_is_on_duty(
    tables: list[list[str]], quarter: int
) -> None:
    people = [
        responder(str(number), Tier.PROPERTY, duty=parse_duty("\n".join(table)))
        for number, table in enumerate(tables)
    ]
    moment = (MONDAY + timedelta(minutes=15 * quarter)).astimezone(UTC)
    week = MONDAY.astimezone(UTC), (MONDAY + timedelta(days=7)).astimezone(UTC)
    found = gaps(people, *week, zone=SHANGHAI, calendar=plain_calendar)
    there = at(people, moment, zone=SHANGHAI, calendar=plain_calendar).values()
    inside = any(gap.begins <= moment < gap.ends for gap in found)
    assert inside is not any(one.on_duty for one in there)


def test_those_on_duty_are_told_and_the_deputies_of_those_who_are_not() -> None:
    away = responder("away", Tier.PROPERTY, on_duty=False, deputies=("deputy", "gone"))
    there = responder("there", Tier.PROPERTY)
    deputy = responder("deputy", Tier.COMMITTEE)
    story = Story(MINOR, people=(away, there, deputy))
    assert sorted(who for _, who, _ in story.told()) == ["deputy", "there"]


def test_a_gap_in_the_roster_silences_no_alarm() -> None:
    story = Story(MINOR, people=(responder("a", Tier.PROPERTY, on_duty=False),))
    assert [who for _, who, _ in story.told()] == ["a"]


def test_whoever_cannot_be_reached_is_stood_in_for() -> None:
    desk = responder("desk", Tier.PROPERTY, PUSH, deputies=("deputy",))
    deputy = responder("deputy", Tier.COMMITTEE, SMS)
    story = Story(MULTIPLE, people=(desk, deputy))
    story.happens(
        Delivered(step=0, responder="desk", channel=PUSH, state=DeliveryState.FAILED, reason="x")
    )
    assert story.told()[-1] == (0, "deputy", SMS)
    assert "deputy_told" in story.kinds()


def test_an_emergency_takes_its_own_channels() -> None:
    desk = responder("desk", Tier.PROPERTY, PUSH, urgent_channels=(VOICE, SMS))
    assert Story(MULTIPLE, people=(desk,)).told()[0][2] == VOICE
    assert Story(MINOR, people=(desk,)).told()[0][2] == PUSH


NIGHT = datetime(2026, 11, 23, 23, tzinfo=SHANGHAI)


def asleep(**more: object) -> Responder:
    one = responder("guard", Tier.PROPERTY, PUSH, quiet=(time(22), time(7)), **more)
    return at([one], NIGHT, zone=SHANGHAI, calendar=plain_calendar)["guard"]


def test_at_night_other_channels_are_used_and_quiet_ends_in_the_morning() -> None:
    one = asleep(night_channels=(SMS,))
    assert one.channels == (SMS,)
    assert one.resting_until == datetime(2026, 11, 24, 7, tzinfo=SHANGHAI)
    awake = at([one], NIGHT + timedelta(hours=8), zone=SHANGHAI, calendar=plain_calendar)
    assert awake["guard"].resting_until is None


def test_what_is_not_urgent_waits_for_the_morning_and_then_is_told() -> None:
    rest = after(hours=8)
    story = Story(MINOR, people=(responder("guard", Tier.PROPERTY, resting_until=rest),))
    assert story.told() == []
    assert story.entries[-1].kind == "withheld"
    story.people = (responder("guard", Tier.PROPERTY),)
    story.until(hours=8)
    assert [(at, who) for at, who, _ in story.told()] == [(8 * 3600, "guard")]


def two_tiers(**secretary: object) -> tuple[Responder, ...]:
    guard = responder("guard", Tier.PROPERTY, resting_until=after(hours=8))
    return (guard, responder("secretary", Tier.COMMITTEE, **secretary))


@pytest.mark.parametrize("secretary", [{}, {"resting_until": after(hours=8)}])
def test_the_order_of_the_ladder_outlives_quiet_hours(secretary: dict[str, object]) -> None:
    story = Story(DIGEST, people=two_tiers(**secretary))
    assert [entry.kind for entry in story.entries][-1] == "steps_wait"
    story.until(hours=7)
    assert story.told() == []  # nobody's superior is called because they sleep
    story.people = (responder("guard", Tier.PROPERTY), responder("secretary", Tier.COMMITTEE))
    story.until(hours=8)
    assert [who for _, who, _ in story.told()] == ["guard"]
    story.until(hours=10)
    assert [(at, who) for at, who, _ in story.told()][-1] == (10 * 3600, "secretary")


def test_a_tier_of_which_one_is_awake_is_told_and_the_next_comes_at_its_time() -> None:
    people = (*two_tiers(), responder("porter", Tier.PROPERTY))
    story = Story(DIGEST, people=people)
    story.until(hours=2)
    assert [who for _, who, _ in story.told()] == ["porter", "secretary"]


def test_a_critical_step_waits_for_nobody_to_wake_up() -> None:
    ladder = [
        {"tier": "property", "after": timedelta(0)},
        {"tier": "committee", "after": timedelta(minutes=5), "critical": True},
    ]
    story = Story(policy(ladder, severity=Severity.MINOR), people=two_tiers())
    story.until(minutes=5)
    assert [who for _, who, _ in story.told()] == ["secretary"]


def test_what_was_dealt_with_in_the_night_wakes_nobody() -> None:
    story = Story(MINOR, people=(responder("guard", Tier.PROPERTY, resting_until=after(hours=8)),))
    story.happens(ClockJumped(by=timedelta(hours=1)))
    assert story.incident.notices[0].wake_at == after(hours=9)
    story.happens(Acknowledge(actor=actor(GUARD)))
    assert story.told() == []


def test_an_emergency_wakes_everybody() -> None:
    resting = responder("guard", Tier.PROPERTY, resting_until=T0 + timedelta(hours=8))
    assert [who for _, who, _ in Story(MULTIPLE, people=(resting,)).told()] == ["guard"]
