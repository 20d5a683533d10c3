"""Agreed thresholds: the latest in force, the zone's before the community's, never another rule."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core import codec
from custom_components.smart_community.core.agreement import (
    Agreement,
    Hold,
    Threshold,
    agreed,
    hold,
    in_force,
    ruled,
    unit_of,
    with_units,
)
from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.noise import noise
from custom_components.smart_community.core.rule import Detect

from .people import T0, after

HERE = frozenset({"area:square", "floor:ground"})


def said(value: float | None, threshold: Threshold = Threshold.DAY, **more: object) -> Agreement:
    facts = {"id": "01", "loop": "noise", "agreed_by": "meeting", "valid_from": T0}
    return Agreement(threshold=threshold, value=value, recorded_at=T0, **{**facts, **more})


def holds(*agreements: Agreement, at: object = T0) -> dict[Threshold, float | None]:
    held = in_force(agreements, "noise", HERE, at)
    return {threshold: one.value for (threshold, _unit), one in held.items()}


def test_an_agreement_holds_from_its_day_on_and_the_latest_one_holds() -> None:
    old, new = said(60), said(55, valid_from=after(days=10))
    assert holds(new, old, at=after(seconds=-1)) == {}
    assert holds(new, old) == {Threshold.DAY: 60}
    assert holds(new, old, at=after(days=10)) == {Threshold.DAY: 55}


def test_the_zones_own_goes_before_the_communitys_whichever_is_newer() -> None:
    own, all_, other = (
        said(50, zone="floor:ground"),
        said(65, valid_from=after(days=1)),
        said(40, zone="area:garden"),
    )
    assert holds(all_, own, other, at=after(days=2)) == {Threshold.DAY: 50}


def test_one_without_a_value_gives_the_word_back() -> None:
    ended = said(None, valid_from=after(days=1), zone="area:square")
    assert holds(said(60), ended) == {Threshold.DAY: 60}
    assert holds(said(60), ended, at=after(days=1)) == {}


def test_each_says_whether_it_holds_in_its_own_place() -> None:
    first, ending = said(60, id="01"), said(None, id="02", valid_from=after(days=1))
    own = said(50, id="03", zone="area:square", valid_from=after(days=2))
    made = (first, ending, own)

    def states(at: object) -> list[Hold]:
        return [hold(one, made, HERE if one.zone else frozenset({""}), at) for one in made]

    assert states(T0) == [Hold.IN_FORCE, Hold.UPCOMING, Hold.UPCOMING]
    assert states(after(days=1)) == [Hold.SUPERSEDED, Hold.IN_FORCE, Hold.UPCOMING]
    # What a zone has of its own leaves the rest of the community as it is.
    assert states(after(days=2)) == [Hold.SUPERSEDED, Hold.IN_FORCE, Hold.IN_FORCE]


def test_a_limit_in_one_unit_says_nothing_of_a_limit_in_another() -> None:
    current = said(400, Threshold.LIMIT, unit="mA")
    cable = said(80, Threshold.LIMIT, unit="°C", valid_from=after(days=1))
    held = in_force((current, cable), "noise", HERE, after(days=2))
    assert {term: one.value for term, one in held.items()} == {
        (Threshold.LIMIT, "mA"): 400,
        (Threshold.LIMIT, "°C"): 80,
    }
    everywhere = frozenset({""})
    assert hold(current, (current, cable), everywhere, after(days=2)) is Hold.IN_FORCE


TWO = {(Threshold.LIMIT, "mA"), (Threshold.LIMIT, "°C")}


def test_the_only_limit_of_a_loop_needs_no_unit() -> None:
    assert unit_of("noise", Threshold.LIMIT, None, {(Threshold.LIMIT, "m")}) == "m"
    assert unit_of("noise", Threshold.LIMIT, "mA", TWO) == "mA"
    assert unit_of("noise", Threshold.DAY, None, ()) == ""


@pytest.mark.parametrize(
    ("threshold", "unit", "key"),
    [
        (Threshold.LIMIT, None, "agreement_ambiguous"),
        (Threshold.LIMIT, "m", "agreement_unit"),
        (Threshold.UPPER_LIMIT, "mA", "agreement_no_limit"),
    ],
)
def test_a_limit_that_nobody_could_tell_is_refused(
    threshold: Threshold, unit: str | None, key: str
) -> None:
    with pytest.raises(DomainError) as refused:
        unit_of("noise", threshold, unit, TWO)
    assert refused.value.key == key
    with pytest.raises(DomainError):
        said(60, Threshold.DAY, unit="dB")


def test_a_limit_from_before_it_had_a_unit_is_in_the_only_one_that_its_loop_compares_in() -> None:
    old, new = said(30, Threshold.LIMIT), said(20, Threshold.LIMIT, id="02", unit="mm")
    one_unit = {(Threshold.LIMIT, "mm"), (Threshold.UPPER_LIMIT, "m")}
    (lifted,) = with_units([old], lambda _loop: one_unit)
    assert lifted.unit == "mm"
    assert in_force([lifted], "noise", HERE, T0)[Threshold.LIMIT, "mm"].value == 30
    # Others are left alone, and nobody is asked what they compare with.
    assert with_units([new, said(60)], lambda _loop: pytest.fail("asked")) == [new, said(60)]
    # A later one about the same limit takes its place, as any later one does.
    newer = said(20, Threshold.LIMIT, id="02", unit="mm", valid_from=after(days=1))
    both = with_units([old, newer], lambda _loop: one_unit)
    assert hold(both[0], both, HERE, after(days=1), one_unit) is Hold.SUPERSEDED


def test_what_is_on_record_and_not_in_force_says_why() -> None:
    def why(one: Agreement, terms: object) -> Hold:
        (one,) = with_units([one], lambda _loop: terms)
        return hold(one, [one], HERE, T0, terms)

    limit = said(30, Threshold.LIMIT)
    assert why(limit, {(Threshold.LIMIT, "mm")}) is Hold.IN_FORCE
    assert why(limit, TWO) is Hold.AMBIGUOUS
    assert why(limit, frozenset()) is Hold.UNUSED
    assert why(said(30, Threshold.LIMIT, unit="cm"), TWO) is Hold.UNUSED
    dwell = said(600, Threshold.FOR)
    assert why(dwell, ruled(Detect(dwell=timedelta(minutes=1)))) is Hold.IN_FORCE
    assert why(dwell, ruled(Detect(count=2, within=timedelta(minutes=1)))) is Hold.UNUSED
    assert why(dwell, None) is Hold.IN_FORCE
    # What ends an earlier one is used by being there.
    assert why(said(None, Threshold.FOR), frozenset()) is Hold.IN_FORCE


RULES = (
    Detect(),
    Detect(dwell=timedelta(minutes=5)),
    Detect(count=3, within=timedelta(minutes=1)),
    Detect(silence=timedelta(hours=24)),
    Detect(noise=noise(timedelta(minutes=3), "1")),
)
VALUES = st.fixed_dictionaries(
    {},
    optional={one: st.integers(1, 120) for one in Threshold},
)


@given(st.sampled_from(RULES), VALUES)
def test_a_rule_keeps_its_kind_whatever_is_agreed(
    rule: Detect, values: dict[Threshold, int]
) -> None:
    held = {(threshold, ""): said(value, threshold) for threshold, value in values.items()}
    got = agreed(rule, held)
    for name in ("dwell", "count", "within", "silence", "noise"):
        assert (getattr(got, name) is None) == (getattr(rule, name) is None)
    if rule.dwell is not None and Threshold.FOR in values:
        assert got.dwell == timedelta(seconds=values[Threshold.FOR])
    if rule.noise is not None and got.noise is not None:
        assert got.noise.day == values.get(Threshold.DAY, 55)
        assert got.noise.night == values.get(Threshold.NIGHT, 45)
    if rule.count is not None:
        assert got.count == values.get(Threshold.COUNT, 3)


@given(st.sampled_from(RULES), st.sampled_from(sorted(Threshold)))
def test_a_rule_says_of_exactly_the_thresholds_that_change_it_that_it_has_them(
    rule: Detect, threshold: Threshold
) -> None:
    changed = agreed(rule, {(threshold, ""): said(97, threshold)}) != rule
    assert changed == ((threshold, "") in ruled(rule))


@pytest.mark.parametrize(
    ("value", "threshold", "key"),
    [
        (0, Threshold.FOR, "agreement_value"),
        (-5, Threshold.DAY, "agreement_value"),
        (140, Threshold.NIGHT, "agreement_value"),
        (2.5, Threshold.COUNT, "agreement_value"),
    ],
)
def test_what_nobody_could_agree_on_is_refused(
    value: float, threshold: Threshold, key: str
) -> None:
    with pytest.raises(DomainError) as refused:
        said(value, threshold)
    assert refused.value.key == key
    with pytest.raises(DomainError):
        said(60, agreed_by=" ")


def test_an_agreement_is_stored_as_it_is() -> None:
    for one in (said(60), said(None, zone="area:a", zone_name="A")):
        assert codec.load(Agreement, codec.dump(one)) == one
