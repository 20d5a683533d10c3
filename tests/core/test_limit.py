"""A limit with hysteresis: what a value means, and that neither order nor restart changes it."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core import codec
from custom_components.smart_community.core.detection import Watch, observe
from custom_components.smart_community.core.edge import Level, Memory, Reason, advance
from custom_components.smart_community.core.limit import Limit
from custom_components.smart_community.core.plan import Season
from custom_components.smart_community.core.rule import Detect

from .people import SINGLE, after
from .test_detection import says

VALUES = st.integers(-50, 150).map(float)
LIMITS = st.builds(
    lambda limit, width, **more: Limit(limit=limit, upper=width and limit + width, **more),
    above=st.booleans(),
    limit=st.integers(0, 100).map(float),
    hysteresis=st.integers(0, 20).map(float),
    width=st.none() | st.integers(1, 30),
).map(lambda limit: limit if limit.upper is None else replace(limit, above=False))
READINGS = st.lists(VALUES | st.none(), max_size=30)
DAY = date(2026, 11, 24)


class Source:
    """A source that is read, and its episode on record: what a restart leaves."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.memory = Memory.NEW
        self.record = Watch(loop="loop", zone="z", zone_name="Z", detect=Detect(), policy=SINGLE)
        self.told: list[bool] = []
        self.number = 0

    @property
    def raised(self) -> bool:
        return self.record.raised("d")

    def read(self, value: float | None) -> None:
        self.number += 1
        self.memory, said = advance(
            self.memory, self.limit.judge(value), Reason.FOUND_AT_START, lambda: self.raised
        )
        if said is None:
            return
        raised, reason = said
        signal = says("d", raised=raised, at=after(seconds=self.number), edge=reason is Reason.EDGE)
        finding = observe(self.record, [signal], active=self.raised)
        self.record = finding.watch
        self.told += [True] * len(finding.believed) + [False] * len(finding.cleared)

    def restart(self) -> None:
        """Forget everything but what was written down."""
        self.memory = Memory.NEW
        self.record = codec.load(Watch, codec.dump(self.record))


@given(LIMITS, VALUES)
def test_past_the_limit_is_an_alarm_and_inside_the_hysteresis_is_none(
    limit: Limit, value: float
) -> None:
    past = value > limit.limit if limit.above else value < limit.limit
    past = past or (limit.upper is not None and value > limit.upper)
    level = limit.judge(value)
    assert (level is Level.RAISED) == past
    if level is Level.CLEAR and limit.upper is None:
        assert abs(value - limit.limit) >= limit.hysteresis


@given(LIMITS)
def test_whatever_the_hysteresis_some_value_clears(limit: Limit) -> None:
    """A range may be narrower than its hysteresis: an alarm there must still be able to end."""
    middle = limit.limit - 1000 if limit.above else limit.limit + 1000
    if limit.upper is not None:
        middle = (limit.limit + limit.upper) / 2
    assert limit.judge(middle) is Level.CLEAR


@given(LIMITS, READINGS, READINGS)
def test_no_value_inside_the_band_changes_what_was_said(
    limit: Limit, before: list[float | None], more: list[float | None]
) -> None:
    source = Source(limit)
    for value in before:
        source.read(value)
    said, told = source.raised, list(source.told)
    for value in more:
        if limit.judge(value) is Level.BETWEEN:
            source.read(value)
    assert (source.raised, source.told) == (said, told)


@given(LIMITS, READINGS)
def test_after_any_order_and_repetition_the_last_reading_that_says_something_holds(
    limit: Limit, values: list[float | None]
) -> None:
    source = Source(limit)
    for value in values:
        source.read(value)
        source.read(value)
    spoken = [level for value in values if (level := limit.judge(value)) is not Level.BETWEEN]
    last = [level for level in spoken if level is not Level.NONE]
    assert source.raised == (bool(last) and last[-1] is Level.RAISED)
    # Raised and cleared take turns: nothing is told twice.
    assert all(one != other for one, other in zip(source.told, source.told[1:], strict=False))


@given(LIMITS, READINGS, st.sampled_from([None, float("nan"), float("inf"), float("-inf")]))
def test_a_reading_that_is_none_changes_nothing(
    limit: Limit, values: list[float | None], nothing: float | None
) -> None:
    plain, disturbed = Source(limit), Source(limit)
    for value in values:
        plain.read(value)
        disturbed.read(value)
        disturbed.read(nothing)
        assert (disturbed.raised, disturbed.told) == (plain.raised, plain.told)


@given(LIMITS, READINGS, st.sets(st.integers(0, 30)))
def test_a_restart_at_any_point_gives_the_same_verdicts_as_none(
    limit: Limit, values: list[float | None], restarts: set[int]
) -> None:
    plain, restarted = Source(limit), Source(limit)
    for number, value in enumerate(values):
        if number in restarts:
            restarted.restart()
            # What stands there is read anew, as at each start.
            restarted.read(values[number - 1] if number else None)
        plain.read(value)
        restarted.read(value)
        assert (restarted.raised, restarted.told) == (plain.raised, plain.told)


@given(LIMITS, VALUES, VALUES)
def test_a_tighter_limit_never_clears_what_a_wider_one_raises(
    limit: Limit, value: float, other: float
) -> None:
    tighter = min(limit.limit, other) if limit.above else max(limit.limit, other)
    if limit.judge(value) is Level.RAISED:
        assert replace(limit, limit=tighter).judge(value) is Level.RAISED


@pytest.mark.parametrize(
    ("agreed", "season", "holds"),
    [
        (None, None, 20),
        (None, ("06-01", "09-30"), 20),
        (None, ("11-01", "11-30"), 10),
        (30.0, None, 30),
        (30.0, ("11-01", "11-30"), 30),
    ],
)
def test_what_is_agreed_goes_before_the_season_and_the_season_before_the_rest(
    agreed: float | None, season: tuple[str, str] | None, holds: float
) -> None:
    limit = Limit(
        above=True,
        limit=20,
        season=season and Season(begins=season[0], ends=season[1]),
        season_limit=10,
    )
    assert limit.holding(DAY, agreed, None).limit == holds


def test_of_a_range_each_end_is_agreed_apart() -> None:
    limit = Limit(above=False, limit=1, upper=3)
    held = limit.holding(DAY, None, 5.0)
    assert (held.limit, held.upper) == (1, 5)
    assert Limit(above=True, limit=1).holding(DAY, None, 5.0).upper is None
