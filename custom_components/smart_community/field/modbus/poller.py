"""Asks the units of one bus, each once a second, one request at a time.

Whatever goes wrong is a reading without a value and with a reason, on the points of that unit only.
A unit that does not answer is left alone for a while, longer each time: without that, each of its
time-outs is a time in which no other detector of the bus is heard.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from modbus_connection import ModbusError, ModbusUnit
from modbus_connection.exceptions import (
    ModbusConnectionError,
    ModbusExceptionError,
    ModbusTimeoutError,
)
from modbus_connection.model import ManualComponent, discrete_input

from ..point import UNREAD, Point, Quality, Reading

_LOGGER = logging.getLogger(__name__)

# Every unit is asked this often: a detector is heard within it.
EVERY = 1.0
# The cap on one request, in seconds: the library retries a busy unit for a minute, holding the bus.
ANSWER_WITHIN = 0.5
# A unit that failed rests: after an RTU time-out a late answer would be taken for the next one.
FIRST_REST = 1.0
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
        self.parts = {}
        for point in self.points:
            part = self.parts.get(point.part)
            if part is None:
                part = self.parts[point.part] = ManualComponent(self.unit, max_span=MOST_BITS)
            part.add(point.key, discrete_input(point.address))

    def reading(self, key: str) -> Reading:
        """Return what is known of a point."""
        return self.readings.get(key, UNREAD)

    def take(self, part: str, values: Mapping[str, bool] | None, lack: Reading) -> None:
        """Note what a request brought, and tell of the points that changed."""
        now = datetime.now(UTC)
        for point in self.points:
            if point.part != part:
                continue
            reading = lack
            if values is not None:
                reading = Reading(value=bool(values[point.key]), quality=Quality.GOOD, at=now)
            before = self.reading(point.key)
            self.readings[point.key] = reading
            if (before.value, before.quality) != (reading.value, reading.quality):
                self.changed(point.key)


class Poller:
    """Runs over all units of one bus; units come and go while it runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without units."""
        self._clock = clock
        self._units: dict[int, PolledUnit] = {}

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

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            started = self._clock()
            for address, unit in list(self._units.items()):
                if self._units.get(address) is unit and unit.due <= self._clock():
                    await self._ask(address, unit)
            await asyncio.sleep(max(EVERY - (self._clock() - started), 0))

    async def _ask(self, address: int, unit: PolledUnit) -> None:
        dead: Reading | None = None
        for part, component in unit.parts.items():
            if dead is not None:
                # One time-out a round is what a dead unit may cost the others.
                unit.take(part, None, dead)
                continue
            lack = await self._ask_part(unit, part, component)
            # An exception is an answer: the unit lives, and its other parts can be asked.
            if lack is not None and lack.quality is not Quality.REFUSED:
                dead = lack
        before = unit.rest
        unit.rest = min(max(unit.rest * 2, FIRST_REST), LONGEST_REST) if dead else 0.0
        unit.due = self._clock() + unit.rest
        if dead and not before:
            _LOGGER.warning("Modbus unit %s: %s", address, dead.reason)
        elif before and not dead:
            _LOGGER.info("Modbus unit %s answers again", address)

    async def _ask_part(
        self, unit: PolledUnit, part: str, component: ManualComponent
    ) -> Reading | None:
        """Read one part; returns why there is no data, None if there is."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                values = await component.async_update()
        except (TimeoutError, ModbusError, OSError) as err:
            lack = Reading(
                value=None, quality=_quality(err), reason=str(err) or "no answer in time"
            )
            unit.take(part, None, lack)
            if lack.quality is Quality.NO_ANSWER:
                # What still comes on this line would be taken for the next answer.
                with suppress(ModbusError, OSError, TimeoutError):
                    async with asyncio.timeout(ANSWER_WITHIN):
                        await unit.unit.disconnect()
            return lack
        unit.take(part, values, UNREAD)
        return None


def _quality(err: BaseException) -> Quality:
    match err:
        case ModbusTimeoutError() | TimeoutError():
            return Quality.NO_ANSWER
        case ModbusExceptionError():
            return Quality.REFUSED
        case ModbusConnectionError() | OSError():
            return Quality.DISCONNECTED
        case _:
            return Quality.GARBLED


async def read_once(unit: ModbusUnit, points: Iterable[Point]) -> dict[str, bool]:
    """Read points once, for a test before they are saved. Raises ModbusError or TimeoutError."""
    unit.require_timeout(ANSWER_WITHIN)
    component = ManualComponent(unit, max_span=MOST_BITS)
    for point in points:
        component.add(point.key, discrete_input(point.address))
    try:
        async with asyncio.timeout(ANSWER_WITHIN * 4):
            values = await component.async_update()
    finally:
        unit.require_timeout(None)
    return {key: bool(value) for key, value in values.items()}
