"""A loop that sleeps by its plan or its switch: nothing opens, nothing is forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from .detection import Episode, Finding, Signal, Watch, alarmed, elapsed, observe, worded
from .model import Verdict


def mute(
    watch: Watch,
    signals: Sequence[Signal],
    *,
    until: Callable[[], datetime],
    verdict: Verdict,
    zone: tzinfo = UTC,
) -> Finding:
    """Take signals in while the loop sleeps `until` a moment, asked for only where it matters.

    What clears, clears, since an incident from before may be running. What raises is remembered
    for the moment of waking; a press is over by then. What measures is let be, so that a sleeping
    loop costs next to nothing.
    """
    if watch.detect.silence is not None:
        finding = observe(watch, signals, active=True)
        return finding if finding.cleared else replace(finding, verdict=verdict)
    if watch.detect.noise is not None:
        return _calmed(watch, signals, verdict, zone)
    signals = worded(watch.detect, signals)
    if not signals:
        return Finding(watch=watch, verdict=verdict)
    if not signals[0].raised:
        finding = observe(watch, signals, active=True)
        return finding if finding.cleared else Finding(watch=watch, verdict=verdict)
    episodes = dict(watch.episodes)
    for signal in signals:
        if not signal.momentary and not watch.raised(signal.source):
            episodes[signal.source] = Episode(
                name=signal.name, last_at=signal.at, raised_at=signal.at
            )
    if episodes == watch.episodes:
        return Finding(watch=watch, verdict=verdict)
    return Finding(
        watch=replace(watch, episodes=episodes, asleep_until=watch.asleep_until or until()),
        verdict=verdict,
    )


def _calmed(watch: Watch, signals: Sequence[Signal], verdict: Verdict, zone: tzinfo) -> Finding:
    """Listen to those meters alone that are still in alarm: only they can fall quiet."""
    cleared: list[str] = []
    for signal in signals:
        if watch.raised(signal.source):
            finding = observe(watch, [signal], active=True, zone=zone)
            watch = finding.watch
            cleared += finding.cleared
    return Finding(
        watch=watch,
        verdict=Verdict.CLEARED if cleared else verdict,
        cleared=tuple(cleared),
    )


def wake(watch: Watch, now: datetime, *, active: bool) -> Finding:
    """Look at what was raised while the loop slept, as if it were raised now.

    A time that it must last begins now as well: what was allowed until a minute ago has not gone on
    for long. `active`: as in `observe`.
    """
    watch = replace(watch, asleep_until=None)
    if watch.detect.silence is not None:
        return elapsed(watch, now)
    waiting = {
        source: episode
        for source, episode in watch.episodes.items()
        if episode.raised_at is not None and not episode.believed
    }
    if not waiting:
        return Finding(watch=watch, verdict=Verdict.PENDING)
    rest = {source: one for source, one in watch.episodes.items() if source not in waiting}
    signals = [
        Signal(source=source, name=episode.name, raised=True, at=now)
        for source, episode in waiting.items()
    ]
    return alarmed(replace(watch, episodes=rest), signals, active=active)
