"""Noise by the rule: an energy average over a period, against the limit of the hour."""

import math
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core import codec
from custom_components.smart_community.core.detection import (
    Finding,
    Signal,
    Watch,
    observe,
    shifted,
)
from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.model import Verdict
from custom_components.smart_community.core.noise import LIMITS, Sample, heard, laeq, mean, noise
from custom_components.smart_community.core.rule import Detect

from .people import SINGLE, T0, after

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTES = timedelta(minutes=3)
# T0 is 02:00 UTC, 10:00 in Shanghai.
SQUARE = Detect(noise=noise(MINUTES, "1"))
LEVELS = st.floats(20, 120)


def square(detect: Detect = SQUARE) -> Watch:
    return Watch(loop="square_dance_noise", zone="z", zone_name="Z", detect=detect, policy=SINGLE)


def reads(watch: Watch, level: float | str, seconds: float, start: float = 0) -> Finding:
    """The meter shows one level for so many seconds, reported each ten."""
    finding = Finding(watch=watch, verdict=Verdict.PENDING)
    believed: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    at = start
    while at <= start + seconds:
        signal = Signal(
            source="meter", name="Meter", raised=True, at=after(seconds=at), value=str(level)
        )
        finding = observe(finding.watch, [signal], active=False, zone=SHANGHAI)
        believed, cleared = believed + finding.believed, cleared + finding.cleared
        at += 10
    return Finding(watch=finding.watch, verdict=finding.verdict, believed=believed, cleared=cleared)


def test_noise_above_the_limit_of_the_zone_for_the_whole_period_is_believed_once() -> None:
    loud = reads(square(), 58, 600)
    assert loud.believed == ("meter",)
    assert loud.watch.episodes["meter"].value == 58
    assert reads(square(), 54, 600).believed == ()


def test_a_single_loud_reading_is_no_evidence() -> None:
    assert reads(square(), 100, 0).verdict is Verdict.PENDING
    quiet = reads(square(), 45, 300).watch
    # One burst of ten seconds lifts three minutes by as much as its energy, no more.
    burst = observe(
        quiet,
        [Signal(source="meter", name="M", raised=True, at=after(seconds=310), value="65")],
        active=False,
        zone=SHANGHAI,
    )
    assert burst.believed == ()


def test_noise_that_falls_below_the_limit_clears() -> None:
    loud = reads(square(), 60, 300).watch
    assert reads(loud, 40, 300, start=310).cleared == ("meter",)


def test_meters_that_read_in_the_same_instant_are_each_believed() -> None:
    watch = square()
    believed: set[str] = set()
    for second in range(0, 200, 10):
        at = after(seconds=second)
        both = [
            Signal(source=one, name=one, raised=True, at=at, value="70") for one in ("east", "west")
        ]
        finding = observe(watch, both, active=bool(believed), zone=SHANGHAI)
        watch = finding.watch
        believed |= set(finding.believed)
    assert believed == {"east", "west"}


def test_hysteresis_keeps_an_average_near_the_limit_from_clearing() -> None:
    rule = Detect(noise=noise(MINUTES, "1", hysteresis=3))
    loud = reads(square(rule), 60, 300).watch
    near = reads(loud, 53, 600, start=310)
    assert near.cleared == ()
    assert reads(near.watch, 50, 600, start=920).cleared == ("meter",)


def test_the_night_has_a_limit_of_its_own_by_local_time() -> None:
    rule = noise(MINUTES, "1")
    at = T0.astimezone(SHANGHAI).replace
    assert rule.limit(at(hour=21, minute=59), SHANGHAI) == 55
    assert rule.limit(at(hour=22, minute=0), SHANGHAI) == 45
    assert rule.limit(at(hour=5, minute=59), SHANGHAI) == 45
    assert rule.limit(at(hour=6, minute=0), SHANGHAI) == 55
    # 23:00 in Shanghai.
    assert reads(square(), 50, 300, start=13 * 3600).believed == ("meter",)


NIGHT = 13 * 3600  # 23:00 in Shanghai
BURSTS = Detect(noise=noise(MINUTES, "1", burst=15))


def bang(watch: Watch, peak: float, seconds: float, value: str = "40") -> Finding:
    """One reading whose loudest moment was `peak`."""
    signal = Signal(
        source="meter",
        name="M",
        raised=True,
        at=after(seconds=seconds),
        value=value,
        peak=str(peak),
    )
    return observe(watch, [signal], active=False, zone=SHANGHAI)


def test_by_night_a_single_sound_may_pass_the_limit_by_fifteen_decibels_and_no_more() -> None:
    """GB 3096-2008, 5.4: LAmax of sudden noise at night against the night's limit."""
    quiet = reads(square(BURSTS), 40, 300, start=NIGHT).watch
    assert bang(quiet, 60, NIGHT + 310).believed == ()
    loud = bang(quiet, 60.1, NIGHT + 310)
    assert loud.believed == ("meter",)
    assert loud.watch.episodes["meter"].value == 60.1
    # It is over with the next reading that is quiet in both ways; by day it is none.
    assert bang(loud.watch, 70, NIGHT + 320).cleared == ()
    assert bang(loud.watch, 45, NIGHT + 320).cleared == ("meter",)
    day = reads(square(BURSTS), 40, 300).watch
    assert bang(day, 90, 310).believed == ()
    # A loop that was not asked to judge them does not.
    assert bang(reads(square(), 40, 300, start=NIGHT).watch, 90, NIGHT + 310).believed == ()


def test_a_meter_of_peaks_alone_is_never_averaged() -> None:
    loud = bang(square(BURSTS), 75, NIGHT, value="")
    assert loud.believed == ("meter",)
    assert loud.watch.samples == {}
    assert bang(loud.watch, 59, NIGHT + 10, value="").cleared == ("meter",)


def test_what_the_manager_has_set_goes_before_the_class() -> None:
    own = noise(MINUTES, "2", day=65)
    assert (own.day, own.night) == (65, 50)
    assert noise(MINUTES, day=70, night=55) == noise(MINUTES, "4a")


def test_a_meter_that_falls_silent_proves_nothing() -> None:
    loud = reads(square(), 70, 60).watch
    later = observe(
        loud,
        [Signal(source="meter", name="M", raised=True, at=after(minutes=20), value="70")],
        active=False,
        zone=SHANGHAI,
    )
    assert (later.believed, later.verdict) == ((), Verdict.PENDING)


@pytest.mark.parametrize("garbage", ["", "unknown", "nan", "inf", "-5", "9999", "六十"])
def test_what_no_meter_says_is_no_data(garbage: str) -> None:
    finding = reads(square(), garbage, 0)
    assert finding.verdict is Verdict.NO_DATA
    assert finding.watch == square()


@given(st.lists(st.tuples(LEVELS, st.floats(0.1, 60)), min_size=1, max_size=40))
def test_an_energy_average_lies_between_the_quietest_and_the_loudest(
    parts: list[tuple[float, float]],
) -> None:
    average = mean(parts)
    assert average is not None
    levels = [level for level, _ in parts]
    assert min(levels) - 1e-6 <= average <= max(levels) + 1e-6
    # Energy, not decibels: never below the mean of the numbers.
    weight = sum(share for _, share in parts)
    assert average >= sum(level * share for level, share in parts) / weight - 1e-6


@given(
    st.lists(
        st.tuples(st.sampled_from(["east", "west", "gate"]), LEVELS, st.floats(0.2, 30)),
        min_size=1,
        max_size=120,
    )
)
def test_each_meter_averages_by_the_plain_formula_whoever_reads_between(
    rows: list[tuple[str, float, float]],
) -> None:
    """LAeq,T = 10 lg (1/T x sum of dt x 10^(LA/10)): GB 3096-2008, 3.2; ISO 1996-1.

    Readings are kept in pieces; what these average to is what the readings do.
    """
    period = timedelta(hours=1)  # nothing is too old, and a piece is a minute
    kept: dict[str, tuple[Sample, ...]] = {}
    energy: dict[str, float] = {}
    spoke: dict[str, float] = {}
    last: dict[str, float] = {}
    now = 0.0
    for meter, one, step in rows:
        now = round(now + step, 3)
        kept[meter] = heard(kept.get(meter, ()), after(seconds=now), one, period)
        held = min(now - last.get(meter, now), 60)
        energy[meter] = energy.get(meter, 0) + held * 10 ** (one / 10)
        spoke[meter] = spoke.get(meter, 0) + held
        last[meter] = now
    for meter, samples in kept.items():
        average = mean((sample.level, _seconds(sample)) for sample in samples)
        if spoke[meter] == 0:
            assert average is None
        else:
            truth = 10 * math.log10(energy[meter] / spoke[meter])
            assert average == pytest.approx(truth, abs=1e-6)


def _seconds(sample: Sample) -> float:
    return (sample.at - sample.since).total_seconds()


@given(st.lists(LEVELS, min_size=2, max_size=200), st.sampled_from([1, 5, 10]))
def test_merged_readings_average_as_the_readings_do(levels: list[float], step: int) -> None:
    """An hour's period keeps a reading a minute; what they average to stays the same."""
    period = timedelta(seconds=step * (len(levels) - 1))
    samples: tuple[Sample, ...] = ()
    for number, one in enumerate(levels):
        at = after(seconds=number * step)
        # As long a period as there is: each merge is at most a sixtieth of it.
        samples = heard(samples, at, one, max(period, timedelta(minutes=10)))
    average = laeq(samples, samples[-1].at, period)
    truth = 10 * math.log10(sum(10 ** (one / 10) for one in levels[1:]) / (len(levels) - 1))
    assert average == pytest.approx(truth, abs=0.01)


def test_a_reading_touches_its_own_meter_alone() -> None:
    """A thousand meters of a zone are a thousand short lists, not a long one for each reading."""
    watch = square()
    for one in ("east", "west"):
        signal = Signal(source=one, name=one, raised=True, at=T0, value="50")
        watch = observe(watch, [signal], active=False).watch
    signal = Signal(source="east", name="east", raised=True, at=after(seconds=10), value="60")
    later = observe(watch, [signal], active=False).watch
    assert later.samples["west"] is watch.samples["west"]
    assert len(later.samples["east"]) == 2


@given(st.lists(LEVELS, min_size=1, max_size=300), st.sampled_from([1, 7, 30]))
def test_what_is_kept_of_a_meter_does_not_grow(levels: list[float], step: int) -> None:
    samples: tuple[Sample, ...] = ()
    for number, one in enumerate(levels):
        samples = heard(samples, after(seconds=number * step), one, timedelta(minutes=5))
    assert len(samples) <= 125
    assert all(one.at <= other.since for one, other in pairwise(samples))


def test_readings_that_are_told_twice_or_late_change_nothing() -> None:
    samples = heard((), after(seconds=10), 60, MINUTES)
    assert heard(samples, after(seconds=10), 90, MINUTES) == samples
    assert heard(samples, after(seconds=5), 90, MINUTES) == samples


def test_a_measuring_watch_is_stored_and_moved_with_the_clock() -> None:
    loud = reads(square(), 60, 300).watch
    assert codec.load(Watch, codec.dump(loud)) == loud
    moved = shifted(loud, timedelta(hours=1))
    end = after(hours=1, seconds=300)
    assert laeq(moved.samples["meter"], end, MINUTES) == pytest.approx(60)


def test_what_an_older_version_kept_of_the_meters_is_read() -> None:
    loud = reads(square(), 60, 300).watch
    document = codec.dump(loud)
    document["version"] = 1
    document["value"]["samples"] = [
        {**sample, "source": meter}
        for meter, samples in document["value"]["samples"].items()
        for sample in samples
    ]
    assert codec.load(Watch, document) == loud


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"zone_class": "5"}, "noise_class"),
        ({}, "noise_class"),
        ({"day": 60}, "noise_class"),
        ({"day": 600, "night": 50}, "noise_limit"),
        ({"zone_class": "1", "hysteresis": -1}, "noise_limit"),
        ({"zone_class": "1", "burst": -1}, "noise_limit"),
    ],
)
def test_limits_that_nothing_could_be_measured_against_are_refused(
    rule: dict[str, float | str], key: str
) -> None:
    with pytest.raises(DomainError) as refused:
        noise(MINUTES, **rule)  # type: ignore[arg-type]  # as a form gives it
    assert refused.value.key == key
    with pytest.raises(DomainError):
        noise(timedelta(0), "1")


def test_a_period_has_the_limits_of_the_hours_that_it_touches() -> None:
    rule = noise(MINUTES, "1")
    evening = after(hours=11, minutes=50)  # 21:50 in Shanghai
    night, morning = after(hours=12), after(hours=20)
    assert rule.limits(T0, evening, SHANGHAI) == ((T0, 55),)
    assert rule.limits(evening, night, SHANGHAI) == ((evening, 55),)
    assert rule.limits(evening, after(hours=13), SHANGHAI) == ((evening, 55), (night, 45))
    assert rule.limits(evening, after(days=1), SHANGHAI) == (
        (evening, 55),
        (night, 45),
        (morning, 55),
    )
    alike = noise(MINUTES, day=50, night=50)
    assert alike.limits(evening, after(days=1), SHANGHAI) == ((evening, 50),)


def test_every_class_is_quieter_at_night() -> None:
    assert all(night < day for day, night in LIMITS.values())
