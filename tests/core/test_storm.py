"""What is a storm, and what is merely a bad minute."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core.model import Source
from custom_components.smart_community.core.storm import COUNT, WITHIN, placed, surge

from .people import T0, after

GAPS = st.lists(st.sampled_from([0, 0, 0, 1, 5, 6, 7, 60, 3600]), max_size=80)


def _apart(gaps: list[int]) -> tuple[list[datetime], list[datetime]]:
    """Return when alarms came, and which of them were incidents of their own."""
    kept: tuple[datetime, ...] = ()
    came: list[datetime] = []
    apart: list[datetime] = []
    for gap in gaps:
        came.append(came[-1] + timedelta(seconds=gap) if came else T0)
        storms, kept = surge(kept, came[-1])
        assert len(kept) <= COUNT
        if not storms:
            apart.append(came[-1])
    return came, apart


@given(GAPS)
def test_in_no_minute_more_than_ten_are_incidents_of_their_own(gaps: list[int]) -> None:
    _, apart = _apart(gaps)
    for first, later in zip(apart, apart[COUNT:], strict=False):
        assert later - first >= WITHIN


@given(GAPS)
def test_what_has_fewer_than_ten_before_it_in_a_minute_is_an_incident_of_its_own(
    gaps: list[int],
) -> None:
    came, apart = _apart(gaps)
    for number, at in enumerate(came):
        before = [one for one in came[:number] if at - one < WITHIN]
        assert len(before) >= COUNT or at in apart


def test_openings_that_are_yet_to_come_prove_no_storm() -> None:
    tomorrow = tuple(after(days=1, seconds=number) for number in range(COUNT))
    assert surge(tomorrow, T0) == (False, (T0,))


def test_in_a_storm_a_source_is_named_with_its_place() -> None:
    source = Source(name="Smoke", first_at=T0, last_at=T0)
    assert placed(source, "Floor 2") == "Floor 2 · Smoke"
    assert placed(source, "Smoke") == "Smoke"
