"""How long a device may be silent: learned from its own longest healthy silence.

A fixed time-out is wrong for both ends: a thermometer that reports every minute would be missed
for hours, a detector that says a word a day would be called dead each night.

What counts as healthy: two messages of a device, the network listening all the time between them.
A silence longer than was allowed teaches at most twice what was known, so that a device that was
dead for three days does not make three days normal, while one whose rhythm really changed is
learned within a few rounds. The longest is kept for one to two weeks, so that what a device did
in its first winter does not excuse its silence for ever.

Pure: time is an argument, in seconds since the epoch. A clock that is set back teaches nothing.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Final, Self

HOUR: Final = 3600.0
# An hour, whatever was learned: a radio's bad quarter of an hour is no fault of its devices.
FLOOR: Final = HOUR
# Two words of a device that speaks once a day, and an hour: what never speaks is dead after that.
CEILING: Final = 49 * HOUR
# Nothing is known yet of a new device; most speak at least once a day.
UNLEARNED: Final = 25 * HOUR
# Two words missed and half of a third: one lost message is no fault.
_FACTOR: Final = 2.5
_GENERATION: Final = 7 * 24 * HOUR
_PAUSE: Final = HOUR / 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Liveness:
    """What is known of one device. `longest`: of this week and the one before, 0 if unlearned."""

    heard_at: float
    longest: float = 0.0
    longest_before: float = 0.0
    since: float = 0.0

    @property
    def allowed(self) -> float:
        """The longest silence that is no fault, in seconds."""
        learned = max(self.longest, self.longest_before)
        if not learned:
            return UNLEARNED
        return min(max(learned * _FACTOR, FLOOR), CEILING)

    def heard(self, at: float, listening_since: float) -> Self:
        """Learn from a message. A silence that nobody listened to teaches nothing."""
        gap = at - self.heard_at
        if gap <= 0 or self.heard_at < listening_since:
            return replace(self, heard_at=at)
        turned = self._turned(at)
        known = max(turned.longest, turned.longest_before)
        learned = gap if gap <= self.allowed or not known else min(gap, 2 * known)
        return replace(turned, heard_at=at, longest=max(turned.longest, learned))

    def silent(self, at: float, listening_since: float) -> bool:
        """Say whether the device has been silent for longer than it is allowed."""
        return at - max(self.heard_at, listening_since) > self.allowed

    def _turned(self, at: float) -> Self:
        """Begin a new week if the old one is over."""
        if 0 <= at - self.since < _GENERATION:
            return self
        return replace(self, since=at, longest=0.0, longest_before=self.longest)

    def as_dict(self) -> dict[str, float]:
        """Return it to be stored."""
        return {
            "heard_at": self.heard_at,
            "longest": self.longest,
            "longest_before": self.longest_before,
            "since": self.since,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        read = {name: float(stored[name]) for name in cls.__dataclass_fields__}
        if not all(map(isfinite, read.values())):  # heard for ever, and never silent
            raise ValueError(stored)
        return cls(**read)


class Register:
    """The liveness of a network's devices, by IEEE address, and since when anybody listens."""

    def __init__(self, stored: object = None) -> None:
        """Take what was stored; a record that is damaged is learned anew."""
        self._devices: dict[str, Liveness] = {}
        self._since, self._until = 0.0, float("-inf")
        self.listening_since = float("inf")
        if not isinstance(stored, Mapping):
            return
        with suppress(KeyError, TypeError, ValueError):
            self._since, self._until = float(stored["since"]), float(stored["until"])
        devices = stored.get("devices")
        for ieee, record in devices.items() if isinstance(devices, Mapping) else ():
            with suppress(KeyError, TypeError, ValueError):
                self._devices[ieee] = Liveness.from_dict(record)

    def listen(self, at: float) -> None:
        """Begin to listen. A pause as short as a restart's is none.

        Otherwise a machine that restarts each night would give a dead detector another day, every
        day.
        """
        if not 0 <= at - self._until < _PAUSE:
            self._since = at
        self.listening_since = self._since

    def deaf(self, at: float) -> None:
        """Listen no more."""
        self._until, self.listening_since = at, float("inf")

    def heard(self, ieee: str, at: float) -> None:
        """Note a message of a device."""
        known = self._devices.get(ieee)
        self._devices[ieee] = (
            known.heard(at, self.listening_since)
            if known is not None
            else Liveness(heard_at=at, since=at)
        )

    def expect(self, ieee: str, heard_at: float | None, at: float) -> None:
        """Watch over a device of the network from now on, also if it never says a word.

        `heard_at`: when it was heard last, None if nobody knows. What is kept here is older than
        the network's own list of devices after a kill, or damaged: a detector that is missing from
        it could die unnoticed. Never later than now: a clock that was ahead would excuse it.
        """
        known = self._devices.get(ieee)
        if known is None:
            said = at if heard_at is None else min(heard_at, at)
            self._devices[ieee] = Liveness(heard_at=said, since=at)
        elif known.heard_at > at:
            self._devices[ieee] = replace(known, heard_at=at)

    def of(self, ieee: str) -> Liveness | None:
        """Return what is known of a device."""
        return self._devices.get(ieee)

    def forget(self, ieee: str) -> None:
        """Forget a device that was removed."""
        self._devices.pop(ieee, None)

    def silent(self, at: float) -> frozenset[str]:
        """Return the devices that are silent for too long."""
        since = self.listening_since
        return frozenset(ieee for ieee, one in self._devices.items() if one.silent(at, since))

    def as_dict(self, at: float) -> dict[str, Any]:
        """Return it to be stored."""
        listening = self.listening_since != float("inf")
        return {
            "since": self._since,
            "until": at if listening else max(self._until, 0.0),
            "devices": {ieee: one.as_dict() for ieee, one in self._devices.items()},
        }
