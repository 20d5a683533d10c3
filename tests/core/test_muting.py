"""A sleeping loop: what clears, clears; what raises waits for the waking."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core.detection import Signal, Watch, elapsed, observe
from custom_components.smart_community.core.model import Verdict
from custom_components.smart_community.core.muting import mute, wake
from custom_components.smart_community.core.noise import noise

from .people import after
from .test_detection import presses, says, watch

OPENS = after(hours=8)
MUTED = Verdict.MUTED_BY_PLAN


def asleep(seen: Watch, *signals: Signal) -> Watch:
    for signal in signals:
        finding = mute(seen, [signal], until=lambda: OPENS, verdict=MUTED)
        assert finding.believed == ()
        seen = finding.watch
    return seen


def test_what_is_raised_while_the_loop_sleeps_is_believed_when_it_wakes() -> None:
    seen = asleep(watch(), says("a"))
    assert seen.due == OPENS
    woken = wake(seen, OPENS, active=False)
    assert (woken.believed, woken.watch.due) == (("a",), None)
    assert woken.watch.episodes["a"].raised_at == OPENS


def test_what_cleared_again_while_the_loop_slept_is_nothing() -> None:
    seen = asleep(watch(), says("a"), says("a", raised=False, at=after(hours=1)))
    assert wake(seen, OPENS, active=False).believed == ()


def test_a_press_outside_hours_is_over_when_the_loop_wakes() -> None:
    seen = watch()
    assert asleep(seen, presses("button")) is seen


def test_a_time_that_it_must_last_begins_with_the_waking() -> None:
    seen = asleep(watch(dwell=timedelta(minutes=10)), says("a"))
    woken = wake(seen, OPENS, active=False)
    assert (woken.believed, woken.watch.due) == ((), OPENS + timedelta(minutes=10))
    assert elapsed(woken.watch, OPENS + timedelta(minutes=10)).believed == ("a",)


def test_a_time_that_runs_when_the_loop_falls_asleep_begins_anew() -> None:
    seen = observe(watch(dwell=timedelta(minutes=10)), [says("a")], active=False).watch
    woken = wake(asleep(seen, says("b", at=after(minutes=5))), OPENS, active=False)
    assert woken.watch.due == OPENS + timedelta(minutes=10)
    assert set(elapsed(woken.watch, woken.watch.due).believed) == {"a", "b"}


def test_two_that_stand_since_the_night_are_two_when_the_loop_wakes() -> None:
    rule = watch(count=2, within=timedelta(seconds=60))
    seen = asleep(rule, says("a"), says("b", at=after(hours=3)))
    assert set(wake(seen, OPENS, active=False).believed) == {"a", "b"}


def test_an_incident_from_before_clears_while_the_loop_sleeps() -> None:
    seen = observe(watch(), [says("a")], active=False).watch
    cleared = mute(seen, [says("a", raised=False)], until=lambda: OPENS, verdict=MUTED)
    assert (cleared.verdict, cleared.cleared) == (Verdict.CLEARED, ("a",))


def test_a_sleeping_meter_is_not_written_down() -> None:
    seen = watch(noise=noise(timedelta(minutes=3), "1"))
    assert asleep(seen, says("meter", value="90")) is seen


def test_a_meter_that_falls_quiet_beside_another_ends_its_alarm_while_the_loop_sleeps() -> None:
    seen = watch(noise=noise(timedelta(minutes=1), "1"))
    for second in range(0, 71, 10):
        loud = [says(one, value="80", at=after(seconds=second)) for one in "ab"]
        seen = observe(seen, loud[:1] if second > 30 else loud, active=False).watch
    assert (seen.raised("a"), seen.raised("b")) == (True, False)
    cleared: tuple[str, ...] = ()
    for second in range(80, 151, 10):
        both = [says(one, value="20", at=after(seconds=second)) for one in "ab"]
        finding = mute(seen, both, until=lambda: OPENS, verdict=MUTED)
        seen, cleared = finding.watch, cleared + finding.cleared
    assert cleared == ("a",)


def test_an_elder_who_shows_life_while_the_loop_is_off_is_known_to_be_alive() -> None:
    seen = observe(watch(silence=timedelta(hours=24)), [says("door")], active=False).watch
    seen = asleep(seen, says("door", at=after(hours=20)))
    assert wake(seen, after(hours=30), active=False).believed == ()
    assert wake(seen, after(hours=44), active=False).believed == ("door",)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12),
    st.integers(0, 12),
)
def test_sleeping_or_not_the_same_sources_are_in_alarm_in_the_end(
    rows: list[tuple[str, bool]], asleep_from: int
) -> None:
    seen = watch()
    believed: set[str] = set()
    for number, (key, raised) in enumerate(rows):
        signal = says(key, raised=raised, at=after(seconds=number))
        if number < asleep_from:
            finding = mute(seen, [signal], until=lambda: OPENS, verdict=MUTED)
        else:
            if seen.asleep_until is not None:
                woken = wake(seen, after(seconds=number), active=False)
                seen, believed = woken.watch, believed | set(woken.believed)
            finding = observe(seen, [signal], active=False)
        seen = finding.watch
        believed = (believed | set(finding.believed)) - set(finding.cleared)
    if seen.asleep_until is not None:
        woken = wake(seen, OPENS, active=False)
        seen, believed = woken.watch, believed | set(woken.believed)
    in_alarm = {key for key, raised in dict(rows).items() if raised}
    assert {key for key in "abc" if seen.raised(key)} == in_alarm
    assert believed == in_alarm
