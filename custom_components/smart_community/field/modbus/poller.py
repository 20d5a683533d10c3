"""Asks the units of one line, one request at a time: alarms every second, the rest in between.

    what is due           goes when
    a fast block          first of all, the longest overdue first, which is fair among units
    a slow block          no fast block is due, or fifteen of them have gone before it
    a search of a map     likewise
    a unit that failed    likewise, and where its time-out fits in before the next fast block

So a slow block delays an alarm by itself alone. What that means on a line which is too slow for its
fast blocks, F of them and S slow ones at t seconds each: any detector is heard after at most
F * t * 16 / 15 and two requests more, any measurement after S * t * 16, and units that fail take a
tenth of the line beyond that. Whatever goes wrong is a reading without a value and with a reason,
on the points of that unit only.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import partial
from itertools import chain
from math import inf
from typing import Any

from ..point import Lane, Point, Quality, Value
from .decode import Raw
from .line import LINE_TAKEN, Line, NoData
from .plan import probing
from .probes import Probes
from .turns import Due, others_due, soonest_fast
from .unit import EVERY, Job, PolledUnit
from .write import write

_LOGGER = logging.getLogger(__name__)

# Behind so many fast blocks one of the others goes, however late the fast ones are. A line of fifty
# units at 25 ms a request hears its detectors within 1.4 s so, and its measurements each minute.
_FAST_PER_OTHER = 15
# So many units that find no connection one after the other, or say nothing, and it may be the line.
# It is, if the one that answered last does not answer either: as many neighbours may have lost the
# supply that they share. A single unit whose gateway hangs up on it says nothing of the others.
_UNCONNECTED = 2
_SILENT = 5
# The longest sleep: within it a unit that was added is asked for the first time.
_LOOK_AGAIN = 0.25
# Of how long a unit once took, what is left after each answer: half is forgotten after seven.
_FORGETS = 0.9

# What is left to be done with an answer, while the line carries the next request.
type Answer = Callable[[], None]


class Poller:
    """Runs over all units of one line; units come and go while it runs."""

    def __init__(
        self, line: Line | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start without units."""
        self.line = line or Line()
        self._clock = clock
        self._units: dict[int, PolledUnit] = {}
        self._fast_running = 0
        self._probes = Probes(self.line)
        self._unconnected: set[int] = set()
        self._unheard: set[int] = set()
        # Writes that are not yet through, also those that nobody waits for any more.
        self.writing: set[asyncio.Task[None]] = set()
        self._down: Quality | None = None
        self._line_taken = False
        # The unit whose silence is the line's; it is asked out of turn.
        self._witness: int | None = None

    @property
    def units(self) -> Mapping[int, PolledUnit]:
        """The units by address."""
        return self._units

    def add(self, address: int, unit: PolledUnit) -> None:
        """Ask this unit from now on."""
        self.line.use(unit.unit)
        self._units[address] = unit

    def remove(self, address: int) -> None:
        """Ask this unit no more; a request that is under way ends by itself."""
        self._units.pop(address, None)
        self._unconnected.discard(address)
        self._unheard.discard(address)

    def set_idle(self, address: int, keys: Collection[str]) -> None:
        """Read these points of a unit in the slow lane, because nothing needs them at present."""
        if (unit := self._units.get(address)) is not None:
            unit.set_idle(keys, self._clock())

    async def write(self, address: int, point: Point, value: Value) -> None:
        """Write a point, as soon as the request under way is through. Raises as `write`.

        Raises KeyError if there is no unit of this address. Whoever is cancelled while it waits,
        as an automation that is started anew, ends the waiting alone: what was sent is read back,
        or its late answer would pass for that to the next read. Where the write itself is cancelled
        because its bus is unloaded, whoever waits is not, and hears that there was no answer.
        """
        writing = asyncio.create_task(self._write(address, self._units[address], point, value))
        self.writing.add(writing)
        writing.add_done_callback(self.writing.discard)
        try:
            await asyncio.wait([writing])
        except asyncio.CancelledError:
            writing.add_done_callback(_note_unheard)
            raise
        if writing.cancelled():
            raise NoData(Quality.NO_ANSWER, "its bus was unloaded meanwhile")
        writing.result()

    async def _write(self, address: int, unit: PolledUnit, point: Point, value: Value) -> None:
        failures = unit.failures
        async with unit.writing:
            if unit.why is not None and unit.failures > failures:
                # A dozen outputs of a dead unit are not waited for one after the other.
                why = "it failed while others of its outputs were written"
                raise NoData(unit.why, why, sent=False)
            if unit.why is not None and self.line.baudrate:
                # What it may still say to an earlier read would pass for what is read back.
                await self._probe(address)
                if unit.why is not None:
                    why = "it was asked for a sign of life first, and gave none"
                    raise NoData(unit.why, why, sent=False)
            try:
                await write(self.line, unit.unit, point, value)
            except NoData as lack:
                if lack.quality is not Quality.REFUSED and self._units.get(address) is unit:
                    # What is read back too late would pass for an answer to the next read. The
                    # probes are not made to pay for it.
                    self._failed(address, unit, lack, self._clock())
                raise
            finally:
                unit.read_soon(point)

    async def run(self) -> None:
        """Poll until cancelled."""
        loop = asyncio.get_running_loop()
        answer: Answer | None = None
        while True:
            now = self._clock()
            request = self._out_of_turn() or self._next(now)
            last, answer = answer, None
            if request is None:
                if last is not None:
                    _deal_with(last)
                else:
                    await asyncio.sleep(self._idle_for(now))
                continue
            if last is not None:
                # Once the request is on the wire: a hundred values that changed cost Home Assistant
                # milliseconds, in which the line would carry nothing. A task for the request would
                # do the same for a tenth more of all that the asking costs.
                loop.call_soon(_deal_with, last)
            try:
                answer = await request
            except Exception:
                # A mistake of ours costs one request. If it ended the asking, the last values of
                # every detector would stand for ever.
                _LOGGER.exception("A Modbus request could not be dealt with")
                await asyncio.sleep(_LOOK_AGAIN)

    def _next(self, now: float) -> Coroutine[Any, Any, Answer | None] | None:
        """Choose what to ask next; None if nothing is due."""
        fast = soonest_fast(self._units)
        next_fast = min(now + EVERY[Lane.FAST], fast[0]) if fast else now + EVERY[Lane.FAST]
        if next_fast > now:
            fast = None
        elif fast is not None and self._fast_running < _FAST_PER_OTHER:
            self._fast_running += 1
            return self._asks(fast)
        other, probe = others_due(self._units, now)
        if fast is not None and not (other or probe):
            self._fast_running += 1
            return self._asks(fast)
        self._fast_running = 0
        if probe is not None:
            due, address = probe
            within = self._patience(self._units[address], now)
            late = now - other[0] if other is not None else 0.0
            late = late if self._down is None else inf
            lasts = self.line.cap(0, within)
            if self._probes.may_go(now, due, next_fast - now, lasts, late):
                return self._probe(address, within)
        chosen = other or fast
        return self._asks(chosen) if chosen is not None else None

    def _out_of_turn(self) -> Coroutine[Any, Any, Answer | None] | None:
        """Ask the unit that answered last, of those not given up, where it may be the line."""
        if not self._suspected:
            return None
        healthy = [
            (unit.heard, address)
            for address, unit in self._units.items()
            if unit.jobs and not unit.rest and not unit.writing.locked()
        ]
        if not healthy:
            return None
        heard, self._witness = max(healthy)
        unit = self._units[self._witness]
        return self._asks((heard, self._witness, None if unit.search else unit.cheapest_first[0]))

    def _asks(self, chosen: Due) -> Coroutine[Any, Any, Answer | None]:
        _, address, job = chosen
        return self._search(address) if job is None else self._read(address, job)

    def _patience(self, unit: PolledUnit, now: float) -> float:
        if self._down is not None:
            return self.line.within
        return self._probes.patience(unit, self._units.values(), now)

    def _idle_for(self, now: float) -> float:
        probes = (one.due for one in self._units.values() if one.rest)
        jobs = (job.due for one in self._units.values() if not one.rest for job in one.jobs)
        # A probe that is due and does not fit in waits for what comes next.
        coming = (due for due in chain(probes, jobs) if due > now)
        return min(min(coming, default=now + _LOOK_AGAIN) - now, _LOOK_AGAIN)

    async def _read(self, address: int, job: Job, within: float | None = None) -> Answer | None:
        """Make a request; returns what is left to be done with its answer."""
        unit = self._units[address]
        started = self._clock()
        # From the beginning: counted from the end, what answers slowly would be asked less often.
        job.due = started + EVERY[job.lane]
        try:
            raw = await self.line.read(unit.unit, job.block, within, self._held)
        except NoData as lack:
            if self._units.get(address) is not unit:
                return None
            if lack.quality is Quality.REFUSED:
                self._lives(address, unit)
                unit.refused(job, lack, started)
            else:
                self._failed(address, unit, lack, started)
            return None
        if self._units.get(address) is not unit:
            return None
        self._probes.answered(self.line.took, unit.took, self._clock())
        unit.took = max(self.line.took, unit.took * _FORGETS)
        self._lives(address, unit)
        return partial(unit.take, job, raw, started)

    async def _probe(self, address: int, within: float | None = None) -> Answer | None:
        """Ask a unit that failed for one block: a dead one costs one time-out, of `within`.

        In RTU framing nothing but its length tells an answer from one that was asked for earlier: a
        serial server may keep that for minutes, and hand it to the next connection. So what is
        asked for has a length that nothing else has, and nothing of it is believed.
        """
        unit = self._units[address]
        self._probes.begins(unit, within, self._clock())
        jobs = unit.cheapest_first
        if not self.line.baudrate:
            return await self._read(address, jobs[0], within)
        started = self._clock()
        block = probing([one.block for one in jobs], unit.failures)
        try:
            # Whoever writes does not wait for as long as another integration may hold the line.
            await self.line.read(unit.unit, block, within, self._held if within else None)
        except NoData as lack:
            if self._units.get(address) is not unit:
                return None
            if lack.quality is not Quality.REFUSED:
                self._failed(address, unit, lack, started)
                return None
        if self._units.get(address) is unit:
            self._lives(address, unit)
        return None

    async def _search(self, address: int) -> None:
        """Ask what the search of a unit's map wants to know."""
        unit = self._units[address]
        block = unit.search[1].ask if unit.search is not None else None
        if block is None:
            return
        started = self._clock()
        raw: Raw | None = None
        try:
            raw = await self.line.read(unit.unit, block, held=self._held)
        except NoData as lack:
            if self._units.get(address) is not unit:
                return
            if lack.quality is not Quality.REFUSED:
                self._failed(address, unit, lack, started)
                return
            if not lack.illegal:
                unit.search = None  # it refuses for a reason that says nothing of its map
        if self._units.get(address) is unit:
            self._lives(address, unit)
            unit.searched(block, raw, started)

    def _failed(self, address: int, unit: PolledUnit, lack: NoData, started: float) -> None:
        if lack.quality is Quality.LINE_TAKEN:
            return
        now = self._clock()
        if unit.rest:
            took = min(now - started, self.line.took)
            self._probes.in_vain(took, now, down=self._down is not None)
        else:
            self._probes.missed()
            _LOGGER.warning("Modbus unit %s: %s", address, lack.reason)
        unit.failed(lack, now)
        connected = lack.quality is not Quality.DISCONNECTED
        heard = lack.quality is Quality.BUSY
        if heard or (connected and self._down is Quality.DISCONNECTED):
            rested = unit.due
            self._up()
            unit.due = rested
        if connected:
            self._unconnected.clear()
        else:
            self._unconnected.add(address)
        # What else came was no answer, and no silence: noise, of which a tenth of a second spoils
        # several units' answers.
        if lack.quality in {Quality.NO_ANSWER, Quality.DISCONNECTED}:
            self._unheard.add(address)
            self._sweep(address, lack)

    def _held(self) -> None:
        """Say of every point that nobody can be asked: another integration holds the line."""
        if not self._line_taken:
            self._line_taken = True
            _LOGGER.warning("Modbus line: %s", LINE_TAKEN)
        lack = NoData(Quality.LINE_TAKEN, LINE_TAKEN)
        for unit in self._units.values():
            if not unit.rest:
                unit.unheard(lack, self._clock())

    @property
    def _suspected(self) -> bool:
        """Whether the line may be down, and nobody knows yet."""
        units = len(self._units)
        silent = len(self._unheard) >= min(_SILENT, units)
        unconnected = len(self._unconnected) >= min(_UNCONNECTED, units)
        return self._down is None and units > 0 and (silent or unconnected)

    def _sweep(self, address: int, lack: NoData) -> None:
        """Give all units up if it is the line that fails.

        Asked one after the other, the last would show old values for half a minute.
        """
        others = any(one.jobs and not one.rest for one in self._units.values())
        unsure = not self._suspected or (others and address != self._witness)
        if self._down is not None or (unsure and not lack.line):
            return
        self._down = lack.quality
        for one in self._units.values():
            if not one.rest:
                one.failed(lack, self._clock())

    def _lives(self, address: int, unit: PolledUnit) -> None:
        if unit.answers(self._clock()):
            _LOGGER.info("Modbus unit %s answers again", address)
        self._up()

    def _up(self) -> None:
        """Note that the line is there: what was out of reach with it is asked without delay."""
        self._line_taken = False
        self._unconnected.clear()
        self._unheard.clear()
        self._witness = None
        if self._down is None:
            return
        self._down = None
        self._probes.forgive(self._clock())
        for one in self._units.values():
            one.due = min(one.due, self._clock())


def _note_unheard(writing: asyncio.Task[None]) -> None:
    """Log why a write failed that nobody waits for; the next reading shows what it came to."""
    if not writing.cancelled() and (err := writing.exception()) is not None:
        _LOGGER.warning("Modbus write that nobody waits for any more: %r", err)


def _deal_with(answer: Answer) -> None:
    """Take an answer's values; whatever that sets off ends no asking."""
    try:
        answer()
    except Exception:
        _LOGGER.exception("A Modbus answer could not be dealt with")
