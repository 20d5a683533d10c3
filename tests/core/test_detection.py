"""When a loop believes: at once, after a time, by count, by silence; and what is known already."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core import codec
from custom_components.smart_community.core.detection import (
    Signal,
    Watch,
    elapsed,
    observe,
    shifted,
)
from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.model import Verdict
from custom_components.smart_community.core.rule import Detect, Distinct

from .people import SINGLE, T0, after


def watch(**rule: object) -> Watch:
    return Watch(loop="loop", zone="z", zone_name="Z", detect=Detect(**rule), policy=SINGLE)


def says(
    source: str, *, raised: bool = True, at: datetime = T0, edge: bool = True, value: str = ""
) -> Signal:
    return Signal(source=source, name=source, raised=raised, at=at, edge=edge, value=value)


def test_at_once_is_believed_at_once_and_known_when_found_again() -> None:
    first = observe(watch(), [says("a")], active=False)
    assert (first.verdict, first.believed) == (Verdict.OPENED, ("a",))
    assert observe(first.watch, [says("a", edge=False)], active=True).verdict is Verdict.KNOWN
    assert observe(first.watch, [says("a")], active=False).believed == ("a",)


def test_clearing_what_was_never_raised_is_nothing() -> None:
    assert observe(watch(), [says("a", raised=False)], active=False).verdict is (
        Verdict.NOTHING_TO_CLEAR
    )


def test_a_dwell_is_met_only_by_an_alarm_that_lasts() -> None:
    wet = observe(watch(dwell=timedelta(seconds=60)), [says("a")], active=False)
    assert (wet.verdict, wet.watch.due) == (Verdict.PENDING, after(seconds=60))
    assert elapsed(wet.watch, after(seconds=59)).believed == ()
    assert elapsed(wet.watch, after(seconds=60)).believed == ("a",)
    dry = observe(wet.watch, [says("a", raised=False, at=after(seconds=30))], active=False)
    assert dry.watch.due is None


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 200)), min_size=1, max_size=8
    ).filter(lambda rows: len({at for _, at in rows}) == len(rows))
)
def test_a_count_is_met_exactly_when_enough_raise_within_the_window(
    rows: list[tuple[str, int]],
) -> None:
    seen = watch(count=2, within=timedelta(seconds=60))
    met = False
    for key, at in sorted(rows, key=lambda row: row[1]):
        finding = observe(seen, [says(key, at=after(seconds=at))], active=False)
        seen, met = finding.watch, met or bool(finding.believed)
    truth = any(one != other and abs(at - then) <= 60 for one, at in rows for other, then in rows)
    assert met == truth


def test_a_count_does_not_depend_on_the_order_of_arrival() -> None:
    signals = [says(key, at=after(seconds=at)) for key, at in (("a", 0), ("b", 40), ("c", 55))]
    for order in permutations(signals):
        seen = watch(count=3, within=timedelta(seconds=60))
        believed: tuple[str, ...] = ()
        for signal in order:
            finding = observe(seen, [signal], active=False)
            seen, believed = finding.watch, finding.believed or believed
        assert set(believed) == {"a", "b", "c"}


def test_a_stuck_detector_does_not_confirm_a_new_one_days_later() -> None:
    stuck = observe(watch(count=2, within=timedelta(seconds=60)), [says("a")], active=False)
    assert observe(stuck.watch, [says("b", at=after(days=3))], active=False).believed == ()


def test_values_are_counted_by_value_and_repeats_do_not_count() -> None:
    seen = watch(count=3, within=timedelta(days=7), distinct=Distinct.VALUE)
    for number, code in enumerate(["1", "1", "2", "2", "1"]):
        finding = observe(seen, [says("door", at=after(days=number), value=code)], active=False)
        assert finding.believed == ()
        seen = finding.watch
    finding = observe(seen, [says("door", at=after(days=5), value="3")], active=False)
    assert finding.believed == ("door",)


def test_each_event_counts_where_events_are_counted_also_of_one_source() -> None:
    seen = watch(count=3, within=timedelta(minutes=5), distinct=Distinct.EVENT)
    for minute in (0, 4):
        finding = observe(seen, [says("lock", at=after(minutes=minute))], active=False)
        assert finding.believed == ()
        seen = finding.watch
    late = observe(seen, [says("lock", at=after(minutes=6))], active=False)
    assert late.believed == ()
    third = observe(late.watch, [says("lock", at=after(minutes=7))], active=False)
    assert third.believed == ("lock",)


def test_a_source_that_is_quiet_again_is_forgotten_unless_it_still_counts() -> None:
    once = observe(watch(), [says("a")], active=False).watch
    assert not observe(once, [says("a", raised=False)], active=True).watch.episodes
    two = watch(count=2, within=timedelta(seconds=60))
    two = observe(two, [says("a")], active=False).watch
    two = observe(two, [says("a", raised=False, at=after(seconds=5))], active=False).watch
    met = observe(two, [says("b", at=after(seconds=30))], active=False)
    assert met.believed == ("a", "b")
    two = observe(two, [says("b", at=after(seconds=90))], active=False).watch
    assert set(two.episodes) == {"b"}


def test_while_the_incident_runs_each_further_detector_is_news() -> None:
    seen = watch(count=2, within=timedelta(seconds=60))
    assert observe(seen, [says("c", at=after(hours=1))], active=True).believed == ("c",)


def test_silence_of_all_is_an_alarm_and_any_sign_of_life_ends_it() -> None:
    seen = watch(silence=timedelta(hours=24))
    seen = observe(seen, [says("door")], active=False).watch
    seen = observe(seen, [says("motion", at=after(hours=5))], active=False).watch
    assert seen.due == after(hours=29)
    silent = elapsed(seen, after(hours=29))
    assert set(silent.believed) == {"door", "motion"}
    alive = observe(silent.watch, [says("door", at=after(hours=30))], active=True)
    assert set(alive.cleared) == {"door", "motion"}
    assert alive.watch.due == after(hours=54)


def test_a_found_state_begins_a_silence_but_is_no_sign_of_life() -> None:
    found = observe(watch(silence=timedelta(hours=24)), [says("door", edge=False)], active=False)
    assert found.watch.due == after(hours=24)
    again = observe(found.watch, [says("door", at=after(hours=9), edge=False)], active=False)
    assert (again.verdict, again.watch.due) == (Verdict.KNOWN, after(hours=24))


def test_a_state_that_is_found_after_a_restart_does_not_end_a_silence_that_was_met() -> None:
    """Nobody has moved: the doors of the flat are merely there again."""
    seen = observe(watch(silence=timedelta(hours=24)), [says("door")], active=False).watch
    silent = elapsed(seen, after(hours=24)).watch
    found = observe(silent, [says("door", at=after(hours=25), edge=False)], active=True)
    assert (found.cleared, found.watch) == ((), silent)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 100)), min_size=1, max_size=20))
def test_silence_is_met_exactly_that_long_after_the_last_sign_of_life(
    rows: list[tuple[str, int]],
) -> None:
    seen = watch(silence=timedelta(hours=24))
    for key, at in rows:
        seen = observe(seen, [says(key, at=after(hours=at))], active=False).watch
    assert seen.due == after(hours=max(at for _, at in rows) + 24)
    due = seen.due
    assert elapsed(seen, due - timedelta(seconds=1)).believed == ()
    assert set(elapsed(seen, due).believed) == {key for key, _ in rows}


def presses(source: str, at: datetime = T0, value: str = "") -> Signal:
    return replace(says(source, at=at, value=value), momentary=True)


def test_each_press_is_an_alarm_and_none_is_left_sounding() -> None:
    first = observe(watch(), [presses("button")], active=False)
    assert (first.verdict, first.believed) == (Verdict.OPENED, ("button",))
    assert not first.watch.raised("button")
    again = observe(first.watch, [presses("button", after(seconds=1))], active=True)
    assert again.believed == ("button",)


def test_a_press_does_not_wait_for_a_time_that_it_cannot_last() -> None:
    seen = observe(watch(dwell=timedelta(minutes=5)), [presses("button")], active=False)
    assert (seen.believed, seen.watch.due) == (("button",), None)


def test_a_group_that_was_told_of_is_not_told_again_with_each_of_its_keys() -> None:
    seen = watch(count=3, within=timedelta(days=7), distinct=Distinct.VALUE)
    opened = []
    for hour, key in enumerate("abcabcabc"):
        finding = observe(seen, [presses("door", after(hours=hour), key)], active=False)
        seen = finding.watch
        opened.append(bool(finding.believed))
    assert [hour for hour, met in enumerate(opened) if met] == [2, 5, 8]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 400)), min_size=1, max_size=12
    ).filter(lambda rows: len({at for _, at in rows}) == len(rows))
)
def test_distinct_keys_of_a_week_are_counted_by_value(rows: list[tuple[str, int]]) -> None:
    seen = watch(count=3, within=timedelta(hours=168), distinct=Distinct.VALUE)
    rows = sorted(rows, key=lambda row: row[1])
    met = False
    for key, at in rows:
        finding = observe(seen, [presses("door", after(hours=at), key)], active=False)
        seen, met = finding.watch, met or bool(finding.believed)
    truth = any(len({key for key, at in rows if end - 168 <= at <= end}) >= 3 for _, end in rows)
    assert met == truth


def test_a_wrong_kind_in_a_bay_is_an_alarm_until_a_right_one_stands_there() -> None:
    seen = watch(allowed=("ev", "empty"))
    assert observe(seen, [says("bay", value="ev")], active=False).verdict is (
        Verdict.NOTHING_TO_CLEAR
    )
    wrong = observe(seen, [says("bay", value="petrol")], active=False)
    assert wrong.believed == ("bay",)
    assert observe(wrong.watch, [says("bay", value="lorry")], active=True).verdict is Verdict.KNOWN
    assert observe(wrong.watch, [says("bay", value="empty")], active=True).cleared == ("bay",)


def test_a_wrong_kind_must_stay_for_its_time_whatever_wrong_kind_follows() -> None:
    seen = watch(allowed=("ev",), dwell=timedelta(minutes=10))
    first = observe(seen, [says("bay", value="petrol")], active=False)
    other = observe(first.watch, [says("bay", value="lorry", at=after(minutes=5))], active=False)
    assert other.watch.due == after(minutes=10)


def test_a_clock_that_was_set_moves_a_dwell_along() -> None:
    seen = observe(watch(dwell=timedelta(seconds=60)), [says("a")], active=False).watch
    assert shifted(seen, timedelta(days=1)).due == after(days=1, seconds=60)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 500)), max_size=12))
def test_a_watch_is_stored_as_it_is(rows: list[tuple[str, bool, int]]) -> None:
    for rule in ({}, {"dwell": timedelta(seconds=9)}, {"count": 2, "within": timedelta(1)}):
        seen = watch(**rule)
        for key, raised, at in rows:
            signal = says(key, raised=raised, at=after(seconds=at))
            seen = observe(seen, [signal], active=False).watch
        assert codec.load(Watch, codec.dump(seen)) == seen


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"count": 2}, "detect_count_within"),
        ({"within": timedelta(1)}, "detect_count_within"),
        ({"count": 0, "within": timedelta(1)}, "detect_count"),
        ({"dwell": timedelta(0)}, "detect_duration"),
        ({"dwell": timedelta(1), "silence": timedelta(1)}, "detect_one_rule"),
        ({"allowed": ("ev",), "silence": timedelta(1)}, "detect_one_rule"),
    ],
)
def test_a_rule_that_could_never_be_met_is_refused(rule: dict[str, object], key: str) -> None:
    with pytest.raises(DomainError) as refused:
        Detect(**rule)
    assert refused.value.key == key


def test_a_stored_document_that_is_newer_or_broken_is_refused() -> None:
    document = codec.dump(watch())
    for wrong, key in (
        ({**document, "version": 99}, "document_newer"),
        ({"value": {}}, "document_broken"),
        ({**document, "value": {"loop": 1}}, "document_broken"),
        ({**document, "value": None}, "document_broken"),
    ):
        with pytest.raises(DomainError) as refused:
            codec.load(Watch, wrong)
        assert refused.value.key == key
