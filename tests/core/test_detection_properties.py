"""Every detection, against one sentence each, whatever comes in; and no restart changes any.

at once         a source is in alarm exactly if the last that was said of it was "raised"
dwell           believed exactly if it lasted that long without an end
wrong kind      as a dwell, of being none of the allowed
count           met exactly when enough distinct keys lie within the window (test_detection.py)
silence         met exactly that long after the last sign of life of any (test_detection.py)
noise           believed only above the limit of the hour, ended only by what is below it
outside hours   exactly when the hours are not (and what stands there is believed when they open)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.smart_community.core import codec
from custom_components.smart_community.core.detection import (
    Finding,
    Signal,
    Watch,
    elapsed,
    observe,
)
from custom_components.smart_community.core.model import Verdict
from custom_components.smart_community.core.muting import mute, wake
from custom_components.smart_community.core.noise import noise
from custom_components.smart_community.core.plan import Active, plain_calendar
from custom_components.smart_community.core.rule import Detect, Distinct

from .people import T0, after
from .test_detection import presses, says, watch
from .test_plan import MOMENTS, ROWS, ZONES

DWELL = timedelta(seconds=60)
WINDOW = timedelta(seconds=120)
SHANGHAI = ZoneInfo("Asia/Shanghai")
# Of noise a minute is judged: what a meter says each ten seconds.
LOUD = noise(timedelta(minutes=1), day=60, night=60, hysteresis=3)


@dataclass
class Run:
    """One watch living through a time: what it believed and what it cleared, when."""

    watch: Watch
    told: list[tuple[str, float, tuple[str, ...]]] = field(default_factory=list)
    now: datetime = T0
    standing: dict[str, Signal] = field(default_factory=dict)

    def take(self, finding: Finding) -> None:
        self.watch = finding.watch
        seconds = (self.now - after()).total_seconds()
        if finding.believed:
            self.told.append(("believed", seconds, tuple(sorted(finding.believed))))
        if finding.cleared:
            self.told.append(("cleared", seconds, tuple(sorted(finding.cleared))))

    def until(self, seconds: float) -> None:
        """Let time pass; the engine looks at a watch when it is due, and wakes what sleeps."""
        while (due := self.watch.due) is not None and due <= after(seconds=seconds):
            self.now = max(due, self.now)
            asleep = self.watch.asleep_until is not None
            self.take(
                wake(self.watch, self.now, active=False) if asleep else elapsed(self.watch, due)
            )
        self.now = after(seconds=seconds)

    def say(self, signal: Signal, *, asleep: bool = False) -> None:
        if not signal.momentary:
            self.standing[signal.source] = signal
        if asleep:
            opens = self.now + timedelta(seconds=45)
            self.take(
                mute(self.watch, [signal], until=lambda: opens, verdict=Verdict.MUTED_BY_PLAN)
            )
        else:
            self.take(observe(self.watch, [signal], active=False))

    def restart(self) -> None:
        """Keep what was written down; what stands there is found again and told once more."""
        self.watch = codec.load(Watch, codec.dump(self.watch))
        if self.watch.detect.noise is None and self.watch.asleep_until is None:
            for signal in list(self.standing.values()):
                found = says(
                    signal.source,
                    raised=signal.raised,
                    value=signal.value or "",
                    at=self.now,
                    edge=False,
                )
                self.take(observe(self.watch, [found], active=False))


def _toggles(source: str, number: int, at: datetime) -> Signal:
    return says(source, raised=number % 2 == 0, at=at)


def _kinds(source: str, number: int, at: datetime) -> Signal:
    return says(source, value=("petrol", "lorry", "ev", "empty")[number % 4], at=at)


def _keys(source: str, number: int, at: datetime) -> Signal:
    return presses(source, at, "key" + str(number % 3))


def _life(source: str, _number: int, at: datetime) -> Signal:
    return says(source, at=at)


def _sound(source: str, number: int, at: datetime) -> Signal:
    return says(source, value=str((50, 75, 58.5)[number % 3]), at=at)


RULES: dict[str, tuple[Detect, Callable[[str, int, datetime], Signal]]] = {
    "at once": (Detect(), _toggles),
    "dwell": (Detect(dwell=DWELL), _toggles),
    "wrong kind": (Detect(allowed=("ev", "empty")), _kinds),
    "wrong kind for a time": (Detect(allowed=("ev", "empty"), dwell=DWELL), _kinds),
    "count of sources": (Detect(count=2, within=WINDOW), _toggles),
    "count of values": (Detect(count=3, within=WINDOW, distinct=Distinct.VALUE), _keys),
    "count of events": (Detect(count=4, within=WINDOW, distinct=Distinct.EVENT), _keys),
    "silence": (Detect(silence=timedelta(seconds=90)), _life),
    "noise": (Detect(noise=LOUD), _sound),
}
# Which source speaks, which of its words it says, and how long after the one before.
ROWS_OF_SIGNALS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 11), st.sampled_from([10, 15, 25, 40, 100])),
    min_size=1,
    max_size=14,
)


def _lived(
    rule: str,
    rows: Sequence[tuple[str, int, int]],
    restarts: Iterable[int] = (),
    asleep: frozenset[int] = frozenset(),
) -> Run:
    detect, says_of = RULES[rule]
    run = Run(watch(**{name: getattr(detect, name) for name in detect.__slots__}))
    seconds = 0.0
    for number, (source, word, wait) in enumerate(rows):
        seconds += wait
        run.until(seconds)
        if number in restarts:
            run.restart()
        # A source that is told of in the same state again says nothing new: no edge.
        signal = says_of(source, word, run.now)
        before = run.standing.get(source)
        if rule != "silence" and before is not None and before.raised == signal.raised:
            signal = says(
                source, raised=signal.raised, value=signal.value or "", at=run.now, edge=False
            )
        run.say(signal, asleep=number in asleep)
    run.until(seconds + 1000)
    return run


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=60)
@given(rows=ROWS_OF_SIGNALS, restarts=st.sets(st.integers(0, 13)))
def test_a_restart_at_any_step_changes_no_verdict(
    rule: str, rows: list[tuple[str, int, int]], restarts: set[int]
) -> None:
    plain, restarted = _lived(rule, rows), _lived(rule, rows, restarts)
    assert restarted.told == plain.told
    assert restarted.watch == plain.watch


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=60)
@given(
    rows=ROWS_OF_SIGNALS,
    restarts=st.sets(st.integers(0, 13)),
    asleep=st.frozensets(st.integers(0, 13)),
)
def test_a_restart_while_the_loop_sleeps_changes_no_verdict(
    rule: str, rows: list[tuple[str, int, int]], restarts: set[int], asleep: frozenset[int]
) -> None:
    """Also one that spans the opening: what is due then is due at the start."""
    plain = _lived(rule, rows, asleep=asleep)
    assert _lived(rule, rows, restarts & asleep, asleep).told == plain.told


def _spans(
    rows: Sequence[tuple[str, int, int]], alarming: Callable[[int], bool]
) -> list[tuple[str, float, float]]:
    """Return from when to when each source is in alarm without an end."""
    spans, since, seconds = [], dict[str, float](), 0.0
    for source, word, wait in rows:
        seconds += wait
        if alarming(word):
            since.setdefault(source, seconds)
        elif source in since:
            spans.append((source, since.pop(source), seconds))
    return spans + [(source, begin, seconds + 1000) for source, begin in since.items()]


@pytest.mark.parametrize(
    ("rule", "alarming", "dwell"),
    [
        ("at once", lambda word: word % 2 == 0, 0),
        ("dwell", lambda word: word % 2 == 0, 60),
        ("wrong kind", lambda word: word % 4 < 2, 0),
        ("wrong kind for a time", lambda word: word % 4 < 2, 60),
    ],
)
@given(rows=ROWS_OF_SIGNALS)
def test_believed_is_exactly_what_lasts_for_its_time_without_an_end(
    rule: str,
    alarming: Callable[[int], bool],
    dwell: int,
    rows: list[tuple[str, int, int]],
) -> None:
    """Repeated, in any order, by whichever source: a time runs for each source by itself."""
    told = _lived(rule, rows).told
    believed = {(key, at) for what, at, keys in told if what == "believed" for key in keys}
    truth = {
        (source, begin + dwell)
        for source, begin, end in _spans(rows, alarming)
        if end - begin >= dwell
    }
    assert believed == truth


def test_a_kind_that_nobody_could_read_is_none() -> None:
    """A recognition box that sees no plate says nothing about who stands in the bay."""
    seen = watch(allowed=("ev",))
    nothing = Signal(source="bay", name="bay", raised=True, at=after())
    assert observe(seen, [nothing], active=False) == Finding(watch=seen, verdict=Verdict.NO_DATA)
    wrong = observe(seen, [says("bay", value="petrol")], active=False).watch
    assert observe(wrong, [nothing], active=True).watch == wrong
    muted = mute(wrong, [nothing], until=after, verdict=Verdict.MUTED_BY_PLAN)
    assert (muted.watch, muted.verdict) == (wrong, Verdict.MUTED_BY_PLAN)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(40, 90), st.integers(5, 30)), max_size=60)
)
def test_noise_is_believed_only_above_its_limit_and_ends_only_below_it(
    rows: list[tuple[str, int, int]],
) -> None:
    """Readings of one meter, and words that are no level, change nothing for another."""
    both, alone = Run(watch(noise=LOUD)), {key: Run(watch(noise=LOUD)) for key in "ab"}
    seconds, levels = 0, dict[str, list[int]]()
    for source, level, wait in rows:
        seconds += wait
        levels.setdefault(source, []).append(level)
        for run in (both, alone[source]):
            run.now = after(seconds=seconds)
            run.say(says(source, value=str(level), at=run.now))
            run.say(says(source, value="unavailable", at=run.now))
        if both.watch.raised(source):
            assert max(levels[source]) > 60
        raised = alone[source].watch.raised(source)
        assert both.watch.raised(source) == raised
    apart = [row for run in alone.values() for row in run.told]
    assert sorted(both.told) == sorted(apart)


@given(st.lists(ROWS, min_size=1, max_size=3), MOMENTS, ZONES)
def test_outside_hours_is_exactly_when_the_hours_are_not(
    rows: list[object], moment: datetime, zone: ZoneInfo
) -> None:
    local = moment.astimezone(zone)
    inside = Active(hours=tuple(rows))  # type: ignore[arg-type]  # ROWS builds hours
    outside = Active(hours=inside.hours, outside=True)
    assert inside.covers(local, plain_calendar) is not outside.covers(local, plain_calendar)
