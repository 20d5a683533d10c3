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
    source = signals[-1].source
    if watch.detect.silence is not None or (
        watch.detect.noise is not None and watch.raised(source)
    ):
        finding = observe(watch, signals, active=True, zone=zone)
        if not finding.believed:
            kept = finding.verdict if finding.cleared else verdict
            return replace(finding, verdict=kept)
        return Finding(watch=watch, verdict=verdict)
    if watch.detect.noise is not None:
        return Finding(watch=watch, verdict=verdict)
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
