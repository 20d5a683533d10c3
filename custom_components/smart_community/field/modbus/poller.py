"""Asks the units of one bus, each once a second, one request at a time.

Whatever goes wrong is a reading without a value and with a reason, on the points of that unit only.
A unit that does not answer is left alone for a while, longer each time: without that, each of its
time-outs is a time in which no other detector of the bus is heard.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from modbus_connection import ModbusError, ModbusUnit
from modbus_connection.exceptions import (
    GatewayPathUnavailableError,
    GatewayTargetError,
    ModbusConnectionError,
    ModbusExceptionError,
    ModbusTimeoutError,
)
from modbus_connection.model import ManualComponent, discrete_input

from ..point import UNREAD, Point, Quality, Reading

_LOGGER = logging.getLogger(__name__)

# Every unit is asked this often, in seconds, so that an alarm is in its state, and on a phone,
# within one second: the rest is for the request and the way.
EVERY = 0.8
# The cap on one request, in seconds: the library retries a busy unit for a minute, holding the bus.
ANSWER_WITHIN = 0.5
# A unit that failed rests, then twice as long: after an RTU time-out a late answer would be taken
# for the next one. A single lost frame costs its points these two seconds.
FIRST_REST = 2.0
# Detectors hang on it, so a unit that comes back is heard again within this.
LONGEST_REST = 10.0
# The most discrete inputs in one request (Modbus Application Protocol V1.1b3, 6.2).
MOST_BITS = 2000

type Listener = Callable[[str], None]


@dataclass(kw_only=True, slots=True, eq=False)
class PolledUnit:
    """One unit on the bus with its points, and what was last read of them."""

    unit: ModbusUnit
    points: tuple[Point, ...]
    changed: Listener
    readings: dict[str, Reading] = field(default_factory=dict)
    rest: float = 0.0
    due: float = 0.0
    parts: dict[str, ManualComponent] = field(init=False)

    def __post_init__(self) -> None:
        """Put the points of each part into one request as far as it goes."""
        self.unit.require_timeout(ANSWER_WITHIN)
        self.parts = _parts(self.unit, self.points)

    def reading(self, key: str) -> Reading:
        """Return what is known of a point."""
        return self.readings.get(key, UNREAD)

    def take(self, part: str, values: Mapping[str, bool]) -> None:
        """Note what a request brought, and tell of the points that changed."""
        now = datetime.now(UTC)
        for point in self._of(part):
            self._note(point, Reading(value=bool(values[point.key]), quality=Quality.GOOD, at=now))

    def lack(self, part: str, lack: Reading) -> None:
        """Note why there is no data, and tell of the points that had some."""
        for point in self._of(part):
            self._note(point, lack)

    def _of(self, part: str) -> Iterator[Point]:
        return (point for point in self.points if _part(point) == part)

    def _note(self, point: Point, reading: Reading) -> None:
        before = self.reading(point.key)
        self.readings[point.key] = reading
        if (before.value, before.quality) == (reading.value, reading.quality):
            return
        try:
            self.changed(point.key)
        except Exception:
            # The reading is noted; one listener must not cost the other points theirs.
            _LOGGER.exception("Telling of %s failed", point.key)


class Poller:
    """Runs over all units of one bus; units come and go while it runs."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Start without units."""
        self._clock = clock
        self._sleep = sleep
        self._units: dict[int, PolledUnit] = {}
        # A request that waited for the line in the library would spend its cap waiting, and a
        # unit in good health would be taken for a silent one.
        self._line = asyncio.Lock()

    @property
    def units(self) -> Mapping[int, PolledUnit]:
        """The units by address."""
        return self._units

    def add(self, address: int, unit: PolledUnit) -> None:
        """Ask this unit from the next round on."""
        self._units[address] = unit

    def remove(self, address: int) -> None:
        """Ask this unit no more; a request that is under way ends by itself."""
        self._units.pop(address, None)

    async def read(self, unit: ModbusUnit, points: Iterable[Point]) -> dict[str, bool]:
        """Read points once, between the requests of the rounds. Raises as `read_once`."""
        return await read_once(unit, points, self._line)

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            started = self._clock()
            await self._round(started)
            await self._sleep(max(EVERY - (self._clock() - started), 0))

    async def _round(self, started: float) -> None:
        due = [(address, unit) for address, unit in self._units.items() if unit.due <= started]
        for address, unit in due:
            if not unit.rest:
                await self._ask(address, unit, started)
        # After those that answer, so that several dead panels delay them by one time-out a round
        # and not by one each. The price: the more are dead, the later the last is found again.
        resting = [one for one in due if one[1].rest and one[1].due <= started]
        for address, unit in sorted(resting, key=lambda one: one[1].due):
            await self._ask(address, unit, started)
            if self._clock() - started > EVERY - ANSWER_WITHIN:
                return

    async def _ask(self, address: int, unit: PolledUnit, started: float) -> None:
        """Ask a unit for all its parts; `started` is when the round began."""
        if self._units.get(address) is not unit:
            return
        dead: Reading | None = None
        for part, component in unit.parts.items():
            if dead is None:
                dead = await self._ask_part(unit, part, component)
            else:
                # One time-out a round is what a dead unit may cost the others.
                unit.lack(part, dead)
        before = unit.rest
        unit.rest = min(before * 2 or FIRST_REST, LONGEST_REST) if dead else 0.0
        # From the round's start: counted from the time-out's end it would miss its round.
        unit.due = started + unit.rest
        if dead and not before:
            _LOGGER.warning("Modbus unit %s: %s", address, dead.reason)
        elif before and not dead:
            _LOGGER.info("Modbus unit %s answers again", address)

    async def _ask_part(
        self, unit: PolledUnit, part: str, component: ManualComponent
    ) -> Reading | None:
        """Read one part; returns why the unit is taken for dead, None if it lives."""
        try:
            async with self._line:
                values = await _read(unit.unit, component, ANSWER_WITHIN)
            unit.take(part, values)
        except (TimeoutError, ModbusError, OSError) as err:
            lack = Reading(
                value=None, quality=_quality(err), reason=str(err) or "no answer in time"
            )
        except Exception as err:
            # Nothing that one unit's answer sets off may end the asking of the others: their last
            # values would stand for ever.
            _LOGGER.exception("Reading Modbus inputs failed")
            lack = Reading(value=None, quality=Quality.GARBLED, reason=repr(err))
        else:
            return None
        unit.lack(part, lack)
        # An exception is an answer: the unit lives, and its other parts can be asked.
        return None if lack.quality is Quality.REFUSED else lack


def _quality(err: BaseException) -> Quality:
    match err:
        case ModbusTimeoutError() | TimeoutError():
            return Quality.NO_ANSWER
        case GatewayTargetError() | GatewayPathUnavailableError():
            # The gateway says that the unit behind it was silent, after waiting for it itself.
            return Quality.NO_ANSWER
        case ModbusExceptionError():
            return Quality.REFUSED
        case ModbusConnectionError() | OSError():
            return Quality.DISCONNECTED
        case _:
            return Quality.GARBLED


async def read_once(
    unit: ModbusUnit,
    points: Iterable[Point],
    line: asyncio.Lock | None = None,
    within: float = ANSWER_WITHIN,
) -> dict[str, bool]:
    """Read points once, for a test before they are saved; `within` seconds for each request.

    Raises ModbusConnectionError if there is no connection, TimeoutError if nobody answers, another
    ModbusError if the answer is an exception or nonsense.
    """
    line = line or asyncio.Lock()
    values: dict[str, bool] = {}
    for component in _parts(unit, points).values():
        async with line:
            values |= await _read(unit, component, within)
    return values


def _part(point: Point) -> str:
    """Name what is read in one go: a panel's inputs and its faults lie a thousand apart."""
    return f"{point.kind}_{point.address // 1000}"


def _parts(unit: ModbusUnit, points: Iterable[Point]) -> dict[str, ManualComponent]:
    parts: dict[str, ManualComponent] = {}
    for point in points:
        part = parts.get(_part(point))
        if part is None:
            part = parts[_part(point)] = ManualComponent(unit, max_span=MOST_BITS)
        part.add(point.key, discrete_input(point.address))
    return parts


async def _read(unit: ModbusUnit, component: ManualComponent, within: float) -> dict[str, bool]:
    """Make one request, and leave a line on which the next can be made."""
    try:
        async with asyncio.timeout(within):
            values = await component.async_update()
    except TimeoutError as err:
        connected = unit.connected
        # What still comes on this line would be taken for the next answer.
        with suppress(ModbusError, OSError, TimeoutError):
            async with asyncio.timeout(within):
                await unit.disconnect()
        if not connected:
            raise ModbusConnectionError(str(err) or "no connection in time") from err
        raise
    return {key: bool(value) for key, value in values.items()}
