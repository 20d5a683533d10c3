"""When units that failed are asked for a sign of life, and what that may cost their line.

    nothing is late                  a probe goes wherever it fits in before the next fast block
    slow blocks are late as well     each is paid for: probes in vain take a tenth of the line
    its turn never comes             paid for, it goes a fast block's time late

A unit with detectors is due 7 s after its last probe, and back within 10 s of its repair, as long
as n probes of T seconds fit into the share s of the line that nothing else needs: n * T / s <= 7.
T is a tenth of a second or four times what the slowest unit takes, and each eleventh or so takes
as long as any unit may think. Twelve dead of twenty units at 25 ms a request take a quarter of the
line, of which half is free. Where it never is, s is a tenth: five units, and n * T / s beyond.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from ..point import Lane
from .line import Line
from .unit import EVERY, PolledUnit

# A probe is given so many times what the slowest unit on the line takes to answer, in seconds at
# least so much. After so many of those a unit is given as long as any may think: one that has
# become slower than it was would never be heard again.
_PATIENCE: Final = 4
_LEAST: Final = 0.1
_SHORT: Final = 11
# Each probe in vain is paid for with so many times what it took: failed units cost a tenth of a
# line. So much, in seconds, may be owed: five units that failed together are asked when they are
# due all the same.
_REST: Final = 9
_CREDIT: Final = 5.0
# While nobody answers, nobody waits for the probes: the next comes after so many seconds.
_EVERY_WHEN_DOWN: Final = 1.0
# A measurement that is due each half minute is late after so many seconds.
_SLOW_IS_LATE: Final = 5.0


class Probes:
    """The account of one line's probes."""

    def __init__(self, line: Line) -> None:
        """Begin without debts."""
        self._line = line
        # The moment at which the probes so far will have been a tenth of the line.
        self._paid = 0.0
        self._patient_at = 0.0
        self._free = False
        # When the last request was a probe in vain, and whether the gateway, whose patience is its
        # own, kept the next one waiting for it: until that is known it is taken to do so.
        self._in_vain: float | None = None
        self._gateway_waits = True

    def patience(self, unit: PolledUnit, units: Iterable[PolledUnit], now: float) -> float:
        """Return how long a probe of a unit may take, besides its bytes' own time."""
        healthy = (one.took for one in units if not one.rest)
        slowest = max(chain(healthy, [unit.took]))
        short = max(_PATIENCE * slowest, _LEAST)
        if not slowest or short >= self._line.within:
            return self._line.within
        # Each in its turn, or units that failed together would cost their time-outs together; and
        # where so many have failed that its turn never falls on one, it is late and not never.
        turn = _SHORT if now >= self._patient_at else 3 * _SHORT
        return self._line.within if unit.short_probes >= turn else short

    def may_go(self, now: float, due: float, free: float, lasts: float, late: float) -> bool:
        """Whether a probe may go now that is due since `due` and may last so long.

        `free`: for how long no fast block is due; `late`: for how long others have been, in
        seconds, infinite where nothing on the line answers.
        """
        fits = free >= lasts
        self._free = fits and late < _SLOW_IS_LATE and not self._gateway_waits
        paid = self._paid - now <= _CREDIT
        if self._gateway_waits and self._in_vain is not None:
            # The time that the next unit has would go to the gateway's waiting for both.
            paid = paid and now - self._in_vain >= self._line.within
        return self._free or (paid and (fits or now - due >= EVERY[Lane.FAST]))

    def begins(self, unit: PolledUnit, within: float | None, now: float) -> None:
        """Count a probe that is made with this patience; None: all that any unit has."""
        full = within is None or within >= self._line.within
        unit.short_probes = 0 if full else unit.short_probes + 1
        if full:
            self._patient_at = now + (1 + _REST) * self._line.within

    def missed(self) -> None:
        """Note that a unit had no data that may have waited for its turn in the gateway."""
        self._gateway_waits |= self._in_vain is not None

    def in_vain(self, took: float, now: float, *, down: bool) -> None:
        """Pay for a probe that was not answered."""
        self._in_vain = now
        if down:
            self._paid = now + _CREDIT + _EVERY_WHEN_DOWN
        elif not self._free:
            self._pay(took, now)

    def answered(self, took: float, usual: float, now: float) -> None:
        """Pay for what the gateway made the next request wait, which usually takes less."""
        if self._in_vain is not None:
            self._in_vain = None
            waited = took - usual
            self._gateway_waits = waited > _LEAST
            if self._gateway_waits:
                self._pay(waited, now)

    def forgive(self, now: float) -> None:
        """Owe nothing: whoever was out of reach with the line is asked without delay."""
        self._paid = now

    def _pay(self, took: float, now: float) -> None:
        self._paid = max(self._paid, now) + took * _REST
