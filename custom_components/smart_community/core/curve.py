"""A measured curve as evidence: what one meter said, in a ring of fixed size, and its levels.

A reading holds until the next one, as a meter's display does; what is weighed is time, not the
number of readings. So a meter that speaks on change is judged as one that speaks each second.

    LAeq   the level of a steady sound of the same energy (IEC 61672-1; GB 3096-2008, 3.2)
    LN     the level that was exceeded in N % of the time (GB 3096-2008, 3.6; ISO 1996-1)
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, isfinite, nan
from typing import Final

from .noise import mean

# Two hours of one reading a second: 112 KiB a meter.
RING_SIZE: Final = 7200
# A meter that fell silent has not gone on measuring. A quiet night may leave one that speaks on
# change at the same tenth of a decibel for minutes, but not for so many.
HOLD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a meter said at a moment; None is "no data", which ends what it said before."""

    at: datetime
    level: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """The levels of a period in dB; `heard` is how much of it the meter spoke for."""

    laeq: float
    lmax: float
    l10: float
    l50: float
    l90: float
    heard: timedelta


class Ring:
    """The last samples of one meter, without a list that grows: 16 bytes each."""

    def __init__(self, size: int = RING_SIZE) -> None:
        """Make room for `size` samples."""
        self._at = array("d", bytes(8 * size))
        self._level = array("d", bytes(8 * size))
        self._first = 0
        self._count = 0

    def __len__(self) -> int:
        """How many samples there are."""
        return self._count

    def add(self, at: datetime, level: float | None) -> None:
        """Note a sample; None, and what is no number, is "no data".

        A clock that was set back takes with it what it had put into the future: it cannot be told
        which of the two times was the right one, and a curve that runs backwards proves nothing.
        """
        stamp = at.timestamp()
        while self._count and self._at[self._place(self._count - 1)] >= stamp:
            self._count -= 1
        size = len(self._at)
        if self._count == size:
            self._first = (self._first + 1) % size
            self._count -= 1
        place = self._place(self._count)
        self._at[place] = stamp
        self._level[place] = level if level is not None and isfinite(level) else nan
        self._count += 1

    def between(self, start: datetime, end: datetime) -> list[Sample]:
        """Return the samples after `start` up to `end`, led by what still held at `start`."""
        low, high = start.timestamp(), end.timestamp()
        stamps = [self._at[self._place(index)] for index in range(self._count)]
        first, last = bisect_right(stamps, low), bisect_right(stamps, high)
        samples = [self._sample(index, stamps[index]) for index in range(first, last)]
        if first and low - stamps[first - 1] < HOLD.total_seconds():
            held = self._sample(first - 1, low)
            samples.insert(0, Sample(start, held.level))
        return samples

    def _place(self, index: int) -> int:
        return (self._first + index) % len(self._at)

    def _sample(self, index: int, stamp: float) -> Sample:
        level = self._level[self._place(index)]
        return Sample(datetime.fromtimestamp(stamp, UTC), level if isfinite(level) else None)


def levels(samples: Sequence[Sample], end: datetime) -> Levels | None:
    """Return the levels of samples up to `end`; None if the meter spoke for none of it."""
    parts = [(level, share) for level, share in _shares(samples, end) if share > 0]
    laeq = mean(parts)
    if laeq is None:
        return None
    heard = sum(share for _, share in parts)
    ranked = sorted(parts, reverse=True)
    l10, l50, l90 = (_exceeded(ranked, heard * part) for part in (0.1, 0.5, 0.9))
    return Levels(
        laeq=laeq,
        lmax=max(level for level, _ in parts),
        l10=l10,
        l50=l50,
        l90=l90,
        heard=timedelta(seconds=heard),
    )


def _shares(samples: Sequence[Sample], end: datetime) -> Iterator[tuple[float, float]]:
    """Yield each level with the seconds for which it held."""
    for sample, following in pairwise((*samples, Sample(end, None))):
        if sample.level is not None:
            held = min(following.at - sample.at, HOLD)
            yield sample.level, held.total_seconds()


def _exceeded(ranked: Iterable[tuple[float, float]], seconds: float) -> float:
    """Return the level that the loudest `seconds` reach or exceed."""
    passed, level = 0.0, -inf
    for level, share in ranked:  # noqa: B007 - the level at which the time is used up
        passed += share
        if passed >= seconds:
            break
    return level


def csv(samples: Iterable[Sample]) -> str:
    """Return the curve as CSV: the moment in UTC to the millisecond, and the level or nothing."""
    lines = (
        f"{sample.at.isoformat(timespec='milliseconds')},"
        f"{'' if sample.level is None else f'{sample.level:g}'}\n"
        for sample in samples
    )
    return "at,level\n" + "".join(lines)
