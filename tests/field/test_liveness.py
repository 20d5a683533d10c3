"""How long a device may be silent, learned from it: examples, and properties of any life."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.field.zigbee.liveness import (
    CEILING,
    FLOOR,
    HOUR,
    UNLEARNED,
    Liveness,
    Register,
)

START = 1_800_000_000.0
GAPS = st.lists(st.floats(min_value=1, max_value=30 * 24 * HOUR), max_size=40)


def lived(gaps: list[float], since: float = 0) -> tuple[Liveness, float]:
    one, at = Liveness(heard_at=START, since=START), START
    for gap in gaps:
        at += gap
        one = one.heard(at, since)
    return one, at


@given(GAPS)
def test_what_is_allowed_never_leaves_its_bounds(gaps: list[float]) -> None:
    assert FLOOR <= lived(gaps)[0].allowed <= CEILING


@given(GAPS)
def test_whoever_says_nothing_past_the_ceiling_is_silent(gaps: list[float]) -> None:
    one, at = lived(gaps)
    assert not one.silent(at, 0)
    assert one.silent(at + CEILING + 1, 0)


@given(st.floats(min_value=1, max_value=CEILING / 2.6), st.integers(min_value=2, max_value=60))
def test_a_regular_device_is_never_called_silent(rhythm: float, words: int) -> None:
    one, at = Liveness(heard_at=START, since=START), START
    for _ in range(words):
        assert not one.silent(at + rhythm, 0)
        at += rhythm
        one = one.heard(at, 0)
    assert not one.silent(at + 2 * rhythm, 0)  # one word lost


@given(GAPS)
def test_what_was_learned_survives_a_restart(gaps: list[float]) -> None:
    one, _ = lived(gaps)
    assert Liveness.from_dict(one.as_dict()) == one


@given(GAPS, st.floats(min_value=-1e6, max_value=0))
def test_a_clock_that_is_set_back_teaches_nothing(gaps: list[float], back: float) -> None:
    one, at = lived(gaps)
    assert one.heard(at + back, 0).allowed == one.allowed


def test_a_chatty_device_is_missed_after_an_hour_and_a_quiet_one_after_days() -> None:
    chatty, at = lived([60.0] * 200)
    assert not chatty.silent(at + 0.9 * FLOOR, 0)
    assert chatty.silent(at + 1.1 * FLOOR, 0)
    quiet, at = lived([12 * HOUR] * 6)
    assert quiet.allowed == 30 * HOUR


def test_a_silence_that_nobody_listened_to_neither_counts_nor_teaches() -> None:
    chatty, at = lived([60.0] * 200)
    back = at + 40 * HOUR
    assert not chatty.silent(back + 60, back)
    assert chatty.heard(back + 60, back).allowed == chatty.allowed


def test_three_dead_days_do_not_become_normal() -> None:
    daily, at = lived([6 * HOUR] * 10)
    assert daily.heard(at + 72 * HOUR, 0).allowed <= 2 * daily.allowed


def test_a_rhythm_that_changed_is_learned_within_a_few_rounds() -> None:
    one, at = lived([10 * 60.0] * 300)
    silent = 0
    for _ in range(12):
        silent += one.silent(at + 6 * HOUR, 0)
        at += 6 * HOUR
        one = one.heard(at, 0)
    assert silent <= 5
    assert not one.silent(at + 6 * HOUR, 0)


def test_a_quiet_winter_is_forgotten_after_two_weeks() -> None:
    one, _ = lived([18 * HOUR] * 10)
    before = one.allowed
    one, _ = lived([18 * HOUR] * 10 + [600.0] * (3 * 7 * 24 * 6))
    assert one.allowed < before


def test_a_new_device_is_given_a_day() -> None:
    one = Liveness(heard_at=START, since=START)
    assert one.allowed == UNLEARNED


FOREVER = {**Liveness(heard_at=START).as_dict(), "heard_at": "inf"}


@pytest.mark.parametrize("record", [None, {}, {"heard_at": "x"}, [1], {"heard_at": 1.0}, FOREVER])
def test_a_damaged_record_is_learned_anew(record: object) -> None:
    devices = {"00:01": record, "00:02": Liveness(heard_at=START).as_dict()}
    register = Register({"since": "x", "devices": devices})
    assert set(register.as_dict(START)["devices"]) == {"00:02"}
    assert Register(record).as_dict(START)["devices"] == {}


@pytest.mark.parametrize("heard_at", [None, START - 9 * HOUR, START + 999 * HOUR])
def test_a_device_without_a_record_is_silent_a_day_after_somebody_listens(
    heard_at: float | None,
) -> None:
    register = Register()
    register.listen(START)
    register.expect("00:01", heard_at, START)
    assert register.silent(START + UNLEARNED - 1) == frozenset()
    assert register.silent(START + UNLEARNED + 1) == {"00:01"}


def test_what_was_learned_of_a_device_is_kept_and_a_clock_that_was_ahead_excuses_nothing() -> None:
    register = Register()
    register.listen(START)
    for at in (START, START + HOUR, START + 99 * HOUR):  # the last with the clock far ahead
        register.heard("00:01", at)
    known = register.of("00:01")
    assert known is not None
    at = START + 2 * HOUR
    register.expect("00:01", None, at)
    assert register.silent(at + known.allowed - 1) == frozenset()
    assert register.silent(at + known.allowed + 1) == {"00:01"}


def test_nobody_is_silent_while_nobody_listens() -> None:
    register = Register()
    register.listen(START)
    register.heard("00:01", START)
    assert register.silent(START + CEILING + 1) == {"00:01"}
    register.deaf(START + HOUR)
    assert register.silent(START + CEILING + 1) == frozenset()
    register.forget("00:01")
    register.listen(START + HOUR)
    assert register.silent(START + CEILING + 1) == frozenset()


@pytest.mark.parametrize(("pause", "silent"), [(60.0, {"00:01"}), (2 * HOUR, set[str]())])
def test_a_restart_gives_a_dead_device_no_other_day_but_a_long_absence_does(
    pause: float, silent: set[str]
) -> None:
    register = Register()
    register.listen(START)
    register.heard("00:01", START)
    stopped = START + UNLEARNED - HOUR
    again = Register(register.as_dict(stopped))
    again.listen(stopped + pause)
    assert again.silent(START + UNLEARNED + HOUR) == silent
