"""Asks the units of one line, one request at a time: alarms every second, the rest in between.

    what is due           goes when
    a fast block          first of all, the longest overdue first, which is fair among units
    a slow block          no fast block is due, or four of them have gone before it
    a search of a map     likewise
    a unit that failed    likewise, and where its time-out fits in before the next fast block

So a slow block delays an alarm by itself alone, and a line too slow for its fast blocks still reads
everything. Whatever goes wrong is a reading without a value and with a reason, on the points of
that unit only.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from itertools import chain

from modbus_connection import ModbusUnit

from ..point import Lane, Point, Quality, Value
from .decode import Judge, Raw, places, value_of
from .line import Line, NoData
from .plan import Block, Reach, plan
from .unit import EVERY, Job, PolledUnit
from .write import write

_LOGGER = logging.getLogger(__name__)

# Among so many fast blocks one of the others goes, however late the fast ones are.
_FAST_PER_OTHER = 4
# After a probe in vain the next waits so long, in seconds: dead units cost half of a line at most.
_PROBE_EVERY = 1.0
# So many units that find no connection one after the other, or say nothing, and it is the line. A
# single unit whose gateway hangs up on it says nothing of the others.
_LINE_IS_DOWN = 3
_LINE_IS_SILENT = 5
# The longest sleep: within it a unit that was added is asked for the first time.
_LOOK_AGAIN = 0.25


class Poller:
    """Runs over all units of one line; units come and go while it runs."""

    def __init__(
        self,
        line: Line | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Start without units."""
        self.line = line or Line()
        self._clock = clock
        self._sleep = sleep
        self._units: dict[int, PolledUnit] = {}
        self._fast_running = 0
        self._probe_at = 0.0
        self._unconnected: set[int] = set()
        self._unheard: set[int] = set()
        self._down: Quality | None = None

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

        Raises KeyError if there is no unit of this address.
        """
        unit = self._units[address]
        if unit.why is not None and self.line.baudrate:
            # What it may still say to an earlier read would pass for what is read back.
            await self._probe(address)
            if unit.why is not None:
                raise NoData(unit.why, "it was asked for a sign of life first, and gave none")
        try:
            await write(self.line, unit.unit, point, value)
        finally:
            unit.read_soon(point)

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            now = self._clock()
            if (request := self._next(now)) is None:
                await self._sleep(self._idle_for(now))
                continue
            try:
                await request
            except Exception:
                # A mistake of ours costs one request. If it ended the asking, the last values of
                # every detector would stand for ever.
                _LOGGER.exception("A Modbus request could not be dealt with")
                await self._sleep(_LOOK_AGAIN)

    def _next(self, now: float) -> Awaitable[None] | None:
        """Choose what to ask next; None if nothing is due."""
        fast: list[tuple[float, int, Job]] = []
        others: list[tuple[float, int, Job | None]] = []
        probes: list[tuple[float, int]] = []
        next_fast = now + EVERY[Lane.FAST]
        for address, unit in self._units.items():
            if not unit.jobs:
                continue
            if unit.rest:
                if unit.due <= now:
                    probes.append((unit.due, address))
                continue
            searched = unit.search[0] if unit.search is not None else None
            if searched is not None:
                others.append((now, address, None))
            for job in unit.jobs:
                if job is searched:
                    continue
                if job.lane is Lane.FAST:
                    next_fast = min(next_fast, job.due)
                if job.due <= now:
                    (fast if job.lane is Lane.FAST else others).append((job.due, address, job))
        if fast and (self._fast_running < _FAST_PER_OTHER or not (others or probes)):
            self._fast_running += 1
            _, address, job = min(fast, key=_due)
            return self._read(address, job)
        self._fast_running = 0
        if probes and now >= self._probe_at:
            due, address = min(probes)
            if next_fast - now >= self.line.cap(0) or now - due >= EVERY[Lane.FAST]:
                return self._probe(address)
        if others:
            _, address, other = min(others, key=_due)
            return self._search(address) if other is None else self._read(address, other)
        return self._read(*min(fast, key=_due)[1:]) if fast else None

    def _idle_for(self, now: float) -> float:
        probes = (max(one.due, self._probe_at) for one in self._units.values() if one.rest)
        jobs = (job.due for one in self._units.values() if not one.rest for job in one.jobs)
        # A probe that is due and does not fit in waits for what comes next.
        coming = (due for due in chain(probes, jobs) if due > now)
        return min(min(coming, default=now + _LOOK_AGAIN) - now, _LOOK_AGAIN)

    async def _read(self, address: int, job: Job) -> None:
        unit = self._units[address]
        started = self._clock()
        # From the beginning: counted from the end, what answers slowly would be asked less often.
        job.due = started + EVERY[job.lane]
        try:
            raw = await self.line.read(unit.unit, job.block)
        except NoData as lack:
            if self._units.get(address) is not unit:
                return
            if lack.quality is Quality.REFUSED:
                self._lives(address, unit)
                unit.refused(job, lack, started)
            else:
                self._failed(address, unit, lack)
        else:
            if self._units.get(address) is unit:
                self._lives(address, unit)
                unit.take(job, raw, started)

    async def _probe(self, address: int) -> None:
        """Ask a unit that failed for one block: a dead one costs one time-out.

        In RTU framing nothing but its length tells an answer from one that was asked for earlier: a
        serial server may keep that for minutes, and hand it to the next connection. So less is
        asked for than ever before, and nothing of it is believed.
        """
        unit = self._units[address]
        job = min(unit.jobs, key=lambda one: (one.lane is not Lane.FAST, one.block.count))
        if not self.line.baudrate:
            await self._read(address, job)
            return
        try:
            await self.line.read(unit.unit, job.block.shorter(unit.failures))
        except NoData as lack:
            if self._units.get(address) is not unit:
                return
            if lack.quality is not Quality.REFUSED:
                self._failed(address, unit, lack)
                return
        if self._units.get(address) is unit:
            self._lives(address, unit)

    async def _search(self, address: int) -> None:
        """Ask what the search of a unit's map wants to know."""
        unit = self._units[address]
        block = unit.search[1].ask if unit.search is not None else None
        if block is None:
            return
        started = self._clock()
        raw: Raw | None = None
        try:
            raw = await self.line.read(unit.unit, block)
        except NoData as lack:
            if lack.quality is not Quality.REFUSED:
                if self._units.get(address) is unit:
                    self._failed(address, unit, lack)
                return
            if not lack.illegal:
                unit.search = None  # it refuses for a reason that says nothing of its map
                return
        unit.searched(block, raw, started)

    def _failed(self, address: int, unit: PolledUnit, lack: NoData) -> None:
        if unit.rest:
            self._probe_at = self._clock() + _PROBE_EVERY
        else:
            _LOGGER.warning("Modbus unit %s: %s", address, lack.reason)
        unit.failed(lack, self._clock())
        connected = lack.quality is not Quality.DISCONNECTED
        heard = lack.quality not in {Quality.DISCONNECTED, Quality.NO_ANSWER}
        if heard or (connected and self._down is Quality.DISCONNECTED):
            rested = unit.due
            self._up()
            unit.due = rested
        if connected:
            self._unconnected.clear()
        else:
            self._unconnected.add(address)
        if not heard:
            self._unheard.add(address)
            self._sweep(lack)

    def _sweep(self, lack: NoData) -> None:
        """Give all units up if it is the line that fails.

        Asked one after the other, the last would show old values for half a minute.
        """
        units = len(self._units)
        silent = len(self._unheard) >= min(_LINE_IS_SILENT, units)
        if self._down or not (silent or len(self._unconnected) >= min(_LINE_IS_DOWN, units)):
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
        self._unconnected.clear()
        self._unheard.clear()
        if self._down is None:
            return
        self._down = None
        for one in self._units.values():
            one.due = min(one.due, self._clock())


def _due(one: tuple[float, int, Job | None]) -> float:
    return one[0]


async def read_once(
    line: Line, unit: ModbusUnit, points: Iterable[Point], reach: Reach | None = None
) -> dict[str, Value | None]:
    """Read points once, for a test before they are saved. Raises NoData.

    Returns what can be believed of each point by its key, None for what cannot.
    """
    values: dict[str, Value | None] = {}
    points = tuple(points)
    for block in plan(points, reach or Reach()):
        raw = await line.read(unit, block)
        for point in points:
            if block.holds(point):
                values[point.key] = _value(point, block, raw)
    return values


def _value(point: Point, block: Block, raw: Raw) -> Value | None:
    start = point.address - block.address
    own = raw[start : start + point.type.words]
    value = value_of(point, own, places(point))
    quality, _ = Judge(point=point).judge(own, value, 0.0)
    return value if quality is Quality.GOOD else None
