"""What a loop needs before it believes: pure, durable, owned by the engine.

A watch is kept per loop and zone. It remembers each source's episode, so that an alarm found again
after a restart is the same one, never a second incident, also when a person closed it as false
while the detector still sounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

from .model import Policy, Verdict
from .noise import Noise, Sample, heard, laeq, level
from .plan import Active
from .rule import Detect, Distinct


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One source says raised or cleared, or reports a value, at a time.

    `edge`: the change itself was seen. Without it the state was merely found, and may be the
    episode that is already known. `momentary`: a press or an unlocking, which has no end that
    anybody will report. `peak`: the loudest moment of what `value` is the average of; alone where a
    meter tells of that only.
    """

    source: str
    name: str
    raised: bool
    at: datetime
    value: str | None = None
    edge: bool = True
    momentary: bool = False
    peak: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """One source, since when it is in alarm (None: it is not), and whether that was believed.

    `value`: what was measured when it was raised (LAeq, or of a burst LAmax, in dB(A)).
    """

    name: str
    last_at: datetime
    raised_at: datetime | None = None
    believed: bool = False
    momentary: bool = False
    value: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One raise within the window of a count."""

    key: str
    source: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """The detection of one loop in one zone, with what to open once it is met.

    `samples`: what each meter heard, by its source. `active`: the hours that its blueprint names.
    `asleep_until`: when it has to look again at what was raised outside them.
    """

    loop: str
    zone: str
    zone_name: str
    detect: Detect
    policy: Policy
    episodes: Mapping[str, Episode] = field(default_factory=dict)
    hits: tuple[Hit, ...] = ()
    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    armed_at: datetime | None = None
    active: Active | None = None
    asleep_until: datetime | None = None

    @property
    def due(self) -> datetime | None:
        """When a dwell or a silence will be met if nothing else happens, or a sleep ends."""
        if self.asleep_until is not None:
            return self.asleep_until
        if self.detect.silence is not None:
            return None if self.armed_at is None else self.armed_at + self.detect.silence
        if self.detect.dwell is None:
            return None
        pending = [
            episode.raised_at
            for episode in self.episodes.values()
            if episode.raised_at is not None and not episode.believed
        ]
        return min(pending) + self.detect.dwell if pending else None

    def raised(self, source: str) -> bool:
        """Whether this source is in alarm as far as anybody has said."""
        episode = self.episodes.get(source)
        return episode is not None and episode.raised_at is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a signal or the passing of time meant: the sources now believed, and those cleared."""

    watch: Watch
    verdict: Verdict
    believed: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()


def observe(
    watch: Watch, signals: Sequence[Signal], *, active: bool, zone: tzinfo = UTC
) -> Finding:
    """Take signals in that came in the same instant, all raised or all cleared.

    `active`: an incident of this loop and zone is running, so each further detector is news by
    itself and need not be counted. `zone`: the community's, whose hours set the limits of noise.
    """
    if watch.detect.silence is not None:
        return _activity(watch, signals)
    if (noise := watch.detect.noise) is not None:
        return _all_measured(watch, signals, noise, zone)
    signals = worded(watch.detect, signals)
    if not signals:
        return Finding(watch=watch, verdict=Verdict.NO_DATA)
    return alarmed(watch, signals, active=active)


def alarmed(watch: Watch, signals: Sequence[Signal], *, active: bool) -> Finding:
    """Take in what is known to be an alarm, or to be none, whatever its values are."""
    episodes = dict(watch.episodes)
    if not signals[0].raised:
        return _cleared(watch, episodes, signals)
    new = []
    for signal in signals:
        known = episodes.get(signal.source)
        if known is not None and known.raised_at is not None and not signal.edge:
            continue
        if watch.detect.allowed and known is not None and known.raised_at is not None:
            continue  # still a wrong one: its time goes on
        new.append(signal)
        episodes[signal.source] = Episode(
            name=signal.name,
            last_at=signal.at,
            raised_at=None if signal.momentary else signal.at,
            momentary=signal.momentary,
        )
    if not new:
        return Finding(watch=watch, verdict=Verdict.KNOWN)
    watch = replace(watch, episodes=episodes)
    # A press cannot last: a time set for the loop's other sources would silence it for good.
    if watch.detect.dwell is not None and not all(signal.momentary for signal in new):
        return Finding(watch=watch, verdict=Verdict.PENDING)
    believed = tuple(signal.source for signal in new)
    if watch.detect.count is not None and not active:
        watch, believed = _counted(watch, new)
        if not believed:
            return Finding(watch=watch, verdict=Verdict.PENDING)
    return _believe(watch, believed)


def worded(detect: Detect, signals: Sequence[Signal]) -> Sequence[Signal]:
    """Say of values whether they are an alarm, where a rule names those that are none.

    A source that names no value has told nothing about it, unless that all is over.
    """
    if not detect.allowed:
        return signals
    return [
        replace(signal, raised=signal.raised and signal.value not in detect.allowed)
        for signal in signals
        if signal.value or not signal.raised
    ]


def elapsed(watch: Watch, now: datetime) -> Finding:
    """See whether a dwell or a silence has been met by `now`."""
    due = watch.due
    if due is None or due > now:
        return Finding(watch=watch, verdict=Verdict.PENDING)
    if watch.detect.silence is not None:
        silent = {
            source: replace(episode, raised_at=now) for source, episode in watch.episodes.items()
        }
        return _believe(replace(watch, armed_at=None, episodes=silent), tuple(silent))
    dwell = watch.detect.dwell or timedelta(0)
    met = tuple(
        source
        for source, episode in watch.episodes.items()
        if episode.raised_at is not None
        and not episode.believed
        and episode.raised_at + dwell <= now
    )
    return _believe(watch, met)


def shifted(watch: Watch, delta: timedelta) -> Watch:
    """Move what is running along with a clock that was set."""
    return replace(
        watch,
        armed_at=None if watch.armed_at is None else watch.armed_at + delta,
        episodes={
            source: replace(
                episode,
                raised_at=None if episode.raised_at is None else episode.raised_at + delta,
            )
            for source, episode in watch.episodes.items()
        },
        hits=tuple(replace(hit, at=hit.at + delta) for hit in watch.hits),
        samples={
            source: tuple(
                replace(sample, since=sample.since + delta, at=sample.at + delta)
                for sample in samples
            )
            for source, samples in watch.samples.items()
        },
    )


def _activity(watch: Watch, signals: Sequence[Signal]) -> Finding:
    """Any sign of life re-arms a silence, and ends the alarm of one that was met.

    A state that is merely found (after a restart) is no sign of life; it only begins the watch.
    """
    if watch.episodes and not any(signal.edge for signal in signals):
        return Finding(watch=watch, verdict=Verdict.KNOWN)
    silent = tuple(source for source, episode in watch.episodes.items() if episode.believed)
    calm = {
        source: replace(episode, raised_at=None, believed=False)
        for source, episode in watch.episodes.items()
    }
    for signal in signals:
        calm[signal.source] = Episode(name=signal.name, last_at=signal.at)
    latest = max(signal.at for signal in signals)
    return Finding(
        watch=replace(watch, episodes=calm, armed_at=max(latest, watch.armed_at or latest)),
        verdict=Verdict.REARMED,
        cleared=silent,
    )


def _all_measured(watch: Watch, signals: Sequence[Signal], noise: Noise, zone: tzinfo) -> Finding:
    """Take in what several meters read in the same instant; the one that decides speaks for all."""
    found = []
    for signal in signals:
        found.append(_measured(watch, signal, noise, zone))
        watch = found[-1].watch
    deciding = next((one for one in found if one.believed or one.cleared), found[-1])
    return Finding(
        watch=watch,
        verdict=deciding.verdict,
        believed=tuple(source for one in found for source in one.believed),
        cleared=tuple(source for one in found for source in one.cleared),
    )


def _measured(watch: Watch, signal: Signal, noise: Noise, zone: tzinfo) -> Finding:
    """Take a reading in: the average over the period decides, by night also a single burst."""
    measured, peak = level(signal.value), level(signal.peak)
    if measured is None and peak is None:
        return Finding(watch=watch, verdict=Verdict.NO_DATA)
    key, at, average = signal.source, signal.at, None
    if measured is not None:
        samples = heard(watch.samples.get(key, ()), at, measured, noise.period)
        watch = replace(watch, samples={**watch.samples, key: samples})
        average = laeq(samples, at, noise.period)
    limit = noise.limit(at, zone)
    burst = noise.bursts(peak, at, zone)
    loud = average is not None and average > limit
    if (loud or burst) and not watch.raised(key):
        shown = average if loud else peak
        value = None if shown is None else round(shown, 1)
        episode = Episode(name=signal.name, last_at=at, raised_at=at, value=value)
        watch = replace(watch, episodes={**watch.episodes, key: episode})
        return _believe(watch, (key,))
    # A meter of peaks alone is quiet when the next of them is allowed.
    calm = measured is None if average is None else average <= limit - noise.hysteresis
    if calm and not burst and watch.raised(key):
        return _cleared(watch, dict(watch.episodes), [signal])
    return Finding(watch=watch, verdict=Verdict.KNOWN if watch.raised(key) else Verdict.PENDING)


def _cleared(watch: Watch, episodes: dict[str, Episode], signals: Sequence[Signal]) -> Finding:
    cleared = []
    counted = {hit.source for hit in watch.hits}
    for signal in signals:
        known = episodes.get(signal.source)
        if known is not None and known.raised_at is not None:
            cleared.append(signal.source)
            if signal.source in counted:
                episodes[signal.source] = Episode(name=signal.name, last_at=signal.at)
            else:
                # A quiet source is nothing to remember: kept, the record of a floor that once had
                # a thousand alarms would be written with each alarm that follows.
                del episodes[signal.source]
    if not cleared:
        return Finding(watch=watch, verdict=Verdict.NOTHING_TO_CLEAR)
    return Finding(
        watch=replace(watch, episodes=episodes),
        verdict=Verdict.CLEARED,
        cleared=tuple(cleared),
    )


def _counted(watch: Watch, signals: Sequence[Signal]) -> tuple[Watch, tuple[str, ...]]:
    """Count distinct keys in the window that ends with the newest; one that arrives late counts."""
    hits = {(hit.key, hit.source): hit for hit in watch.hits}
    for signal in signals:
        key = _key(signal, watch.detect.distinct)
        hits[key, signal.source] = Hit(key=key, source=signal.source, at=signal.at)
    newest = max(hit.at for hit in hits.values())
    within = watch.detect.within or timedelta(0)
    kept = tuple(hit for hit in hits.values() if newest - hit.at <= within)
    counted = {hit.source for hit in kept}
    watch = replace(
        watch,
        episodes={
            source: episode
            for source, episode in watch.episodes.items()
            if episode.raised_at is not None or source in counted
        },
    )
    if len({hit.key for hit in kept}) >= (watch.detect.count or 1):
        # Told is told: without this the next of a group's keys would open another incident as
        # soon as the first is closed, and so on for the whole week of its window.
        return replace(watch, hits=()), tuple(dict.fromkeys(hit.source for hit in kept))
    return replace(watch, hits=kept), ()


def _key(signal: Signal, distinct: Distinct) -> str:
    match distinct:
        case Distinct.SOURCE:
            return signal.source
        case Distinct.VALUE:
            return signal.value or ""
        case Distinct.EVENT:
            return f"{signal.source} {signal.at.isoformat()}"


def _believe(watch: Watch, sources: tuple[str, ...]) -> Finding:
    episodes = dict(watch.episodes)
    for source in sources:
        episodes[source] = replace(episodes[source], believed=True)
    return Finding(
        watch=replace(watch, episodes=episodes), verdict=Verdict.OPENED, believed=sources
    )
