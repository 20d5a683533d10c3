"""Curves: what a ring keeps, and levels that can be recomputed by hand."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core.curve import HOLD, Ring, Sample, csv, levels

START = datetime(2026, 7, 1, 20, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_the_energy_average_of_two_equal_times_is_the_textbooks() -> None:
    # 60 dB and 70 dB for as long each: 10 lg((10^6 + 10^7) / 2) = 67.4 dB, not 65.
    found = levels([Sample(at(0), 60.0), Sample(at(30), 70.0)], at(60))
    assert found is not None
    assert found.laeq == pytest.approx(67.404, abs=0.001)
    assert (found.lmax, found.heard) == (70.0, timedelta(minutes=1))


def test_percentiles_are_of_time_not_of_readings() -> None:
    # 90 s of quiet in two readings, then ten loud readings of a second each.
    samples = [Sample(at(0), 45.0), Sample(at(45), 45.0)]
    samples += [Sample(at(90 + n), 80.0 + n) for n in range(10)]
    found = levels(samples, at(100))
    assert found is not None
    assert (found.l10, found.l50, found.l90) == (80.0, 45.0, 45.0)


def test_what_a_meter_did_not_say_is_not_guessed() -> None:
    silent = [Sample(at(0), 50.0), Sample(at(10), None), Sample(at(40), 50.0)]
    found = levels(silent, at(50))
    assert found is not None
    assert found.heard == timedelta(seconds=20)
    hung = levels([Sample(at(0), 50.0)], at(3600))
    assert hung is not None
    assert hung.heard == HOLD
    assert levels([], at(10)) is None
    assert levels([Sample(at(0), None)], at(10)) is None
    assert levels([Sample(at(10), 50.0)], at(10)) is None


def test_a_ring_keeps_the_last_and_forgets_the_first() -> None:
    ring = Ring(size=3)
    for second in range(5):
        ring.add(at(second), 50.0 + second)
    assert len(ring) == 3
    assert ring.between(at(-10), at(10)) == [Sample(at(n), 50.0 + n) for n in (2, 3, 4)]
    assert ring.between(at(2.5), at(3)) == [Sample(at(2.5), 52.0), Sample(at(3), 53.0)]
    assert ring.between(at(4), at(9)) == [Sample(at(4), 54.0)]
    assert ring.between(at(4) + HOLD, at(900)) == []


def test_no_data_is_kept_as_no_data() -> None:
    ring = Ring()
    for second, level in enumerate((50.0, None, math.nan, math.inf)):
        ring.add(at(second), level)
    kept = [sample.level for sample in ring.between(at(-1), at(9))]
    assert kept == [50.0, None, None, None]


def test_a_clock_that_is_set_back_takes_back_what_it_put_into_the_future() -> None:
    ring = Ring(size=4)
    for second in (0, 10, 3600, 3610):
        ring.add(at(second), float(second))
    ring.add(at(20), 20.0)
    assert [sample.at for sample in ring.between(at(-1), at(9999))] == [at(0), at(10), at(20)]
    ring.add(at(20), 21.0)
    assert ring.between(at(19), at(21))[-1] == Sample(at(20), 21.0)


def test_a_curve_is_a_table_that_anybody_can_open() -> None:
    assert csv([Sample(at(0.5), 57.25), Sample(at(1), None)]) == (
        "at,level\n2026-07-01T20:00:00.500+00:00,57.25\n2026-07-01T20:00:01.000+00:00,\n"
    )


LEVELS = st.lists(st.none() | st.floats(20, 140), min_size=1, max_size=50)


@given(LEVELS, st.integers(1, 20))
def test_a_ring_is_the_end_of_what_was_said(said: list[float | None], size: int) -> None:
    ring = Ring(size)
    for second, level in enumerate(said):
        ring.add(at(second), level)
    kept = ring.between(at(-1), at(len(said)))
    assert [sample.level for sample in kept] == said[-size:]


@given(st.lists(st.floats(20, 140), min_size=1, max_size=50))
def test_levels_stand_in_their_order(said: list[float]) -> None:
    found = levels([Sample(at(n), level) for n, level in enumerate(said)], at(len(said)))
    assert found is not None
    assert min(said) <= found.l90 <= found.l50 <= found.l10 <= found.lmax == max(said)
    assert min(said) - 1e-6 <= found.laeq <= found.lmax + 1e-6
    assert found.heard == timedelta(seconds=len(said))
