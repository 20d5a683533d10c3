"""Noise as the rules measure it: an energy average over a time, against the limit of the hour.

A single reading proves nothing: GB 3096-2008 judges by LAeq, the level of a steady sound that
carries as much energy as what was heard. Its clause 5.1 sets the limits by the class of the zone;
day is 06:00 to 22:00. Its clause 5.4 is about single sounds: by night the loudest moment of one
(LAmax) may be above the limit by no more than 15 dB(A).

    LAeq,T = 10 lg (1/T x sum of dt x 10^(LA/10))      GB 3096-2008, 3.2; ISO 1996-1
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from .errors import DomainError

# dB(A) by day and by night (GB 3096-2008, table 1).
LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "0": (50.0, 40.0),
    "1": (55.0, 45.0),
    "2": (60.0, 50.0),
    "3": (65.0, 55.0),
    "4a": (70.0, 55.0),
    "4b": (70.0, 60.0),
}
_DAY: Final = (time(6), time(22))
# A meter that fell silent has not gone on being loud: a reading speaks for this long before it.
_HOLD: Final = timedelta(minutes=1)
# A period is judged once this much of it was heard; less would be a single reading again.
_HEARD: Final = 0.8
# Readings are kept in so many pieces of the period: an hour of them is no longer than a minute's.
_PIECES: Final = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """LAeq over `period` above the limit of the hour, in dB(A); cleared `hysteresis` below it.

    `burst`: by how much a single moment by night may be above the limit; None: it is not judged.
    """

    period: timedelta
    day: float
    night: float
    hysteresis: float = 0.0
    burst: float | None = None

    def __post_init__(self) -> None:
        """Refuse a period or limits that nothing could be measured against."""
        if self.period <= timedelta(0):
            raise DomainError("detect_duration")
        if not all(0 < limit < 140 for limit in (self.day, self.night)) or self.hysteresis < 0:  # noqa: PLR2004  # dB(A) that can be heard
            raise DomainError("noise_limit")
        if self.burst is not None and self.burst < 0:
            raise DomainError("noise_limit")

    def limit(self, moment: datetime, zone: tzinfo) -> float:
        """Return the limit that holds at a moment of the community's local time."""
        return self.day if _by_day(moment, zone) else self.night

    def bursts(self, peak: float | None, moment: datetime, zone: tzinfo) -> bool:
        """Whether the loudest moment of a sound is one too many for the night."""
        if peak is None or self.burst is None or _by_day(moment, zone):
            return False
        return peak > self.night + self.burst

    def limits(
        self, start: datetime, end: datetime, zone: tzinfo
    ) -> tuple[tuple[datetime, float], ...]:
        """Return each limit of a period with when it began to hold, the first at `start`."""
        first, last = (moment.astimezone(zone).date() for moment in (start, end))
        dates = (first + timedelta(days=number) for number in range((last - first).days + 1))
        edges = (
            datetime.combine(date, edge, zone).astimezone(UTC) for date in dates for edge in _DAY
        )
        moments = (start, *(edge for edge in edges if start < edge < end))
        held = [(moment, self.limit(moment, zone)) for moment in moments]
        # Where day and night are alike, nothing changes at the edge between them.
        return (held[0], *(new for old, new in pairwise(held) if new[1] != old[1]))


def _by_day(moment: datetime, zone: tzinfo) -> bool:
    return _DAY[0] <= moment.astimezone(zone).time() < _DAY[1]


def noise(
    period: timedelta,
    zone_class: str | None = None,
    *,
    day: float | None = None,
    night: float | None = None,
    hysteresis: float = 0.0,
    burst: float | None = None,
) -> Noise:
    """Make a rule from the zone's class; what its manager has set (`day`, `night`) goes before it.

    Raises DomainError `noise_class` for an unknown class and for none where a limit is missing.
    """
    if zone_class is not None and zone_class not in LIMITS:
        raise DomainError("noise_class", zone_class=zone_class, known=", ".join(LIMITS))
    if zone_class is None and (day is None or night is None):
        raise DomainError("noise_class", zone_class="-", known=", ".join(LIMITS))
    by_class = LIMITS.get(zone_class or "", (0.0, 0.0))
    return Noise(
        period=period,
        day=by_class[0] if day is None else day,
        night=by_class[1] if night is None else night,
        hysteresis=hysteresis,
        burst=burst,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What a meter heard from `since` to `at`, as an energy average in dB(A)."""

    since: datetime
    at: datetime
    level: float


def level(value: str | None) -> float | None:
    """Read a level; None for anything that no meter says."""
    try:
        read = float(value or "")
    except ValueError:
        return None
    return read if 0 <= read <= 200 else None  # noqa: PLR2004  # a jet engine has 140


def mean(parts: Iterable[tuple[float, float]]) -> float | None:
    """Return the energy average of levels, each with its weight; None of nothing."""
    energy = weight = 0.0
    for one, share in parts:
        energy += share * 10 ** (one / 10)
        weight += share
    return 10 * math.log10(energy / weight) if weight > 0 else None


def heard(
    samples: tuple[Sample, ...], at: datetime, heard_level: float, period: timedelta
) -> tuple[Sample, ...]:
    """Add a meter's reading, which speaks for the time since its last, and drop what is too old."""
    last = samples[-1] if samples else None
    if last is None:
        return (Sample(since=at, at=at, level=heard_level),)
    if at <= last.at:
        return samples  # a clock that was set back, or a reading told twice
    new = Sample(since=max(last.at, at - _HOLD), at=at, level=heard_level)
    if new.since == last.at and at - last.since <= period / _PIECES:
        both = ((last.level, _seconds(last)), (new.level, _seconds(new)))
        new = Sample(since=last.since, at=at, level=mean(both) or new.level)
        samples = samples[:-1]
    return (*(sample for sample in samples if sample.at > at - period), new)


def laeq(samples: Iterable[Sample], end: datetime, period: timedelta) -> float | None:
    """LAeq of a meter over the `period` before `end`; None if too little of it was heard."""
    start = end - period
    parts = [
        (sample.level, (min(sample.at, end) - max(sample.since, start)).total_seconds())
        for sample in samples
        if sample.at > start and sample.since < end
    ]
    if sum(share for _, share in parts) < _HEARD * period.total_seconds():
        return None
    return mean(parts)


def _seconds(sample: Sample) -> float:
    return (sample.at - sample.since).total_seconds()
