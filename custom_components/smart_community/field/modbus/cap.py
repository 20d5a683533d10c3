"""The time that a request has: from its connection on, and not spent by this machine itself.

A request that merely had a time-out would lose it twice to what is none of the unit's doing: to the
network while the library connects within the request, and to whatever kept this process from
looking at an answer that had long come, as the start of Home Assistant does for seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from modbus_connection import ModbusUnit

# A connection over a mobile network, with the name looked up.
CONNECT_WITHIN: Final = 3.0
# How often it is looked whether there is a connection, while there is none: the library has no
# event for it. A busy unit that is the first to be asked would otherwise hold the line for all the
# time that the network may take.
_LOOKS: Final = 0.01
# A timer that is so late says that nothing else was looked at either, in seconds.
_LATE: Final = 0.1


async def within[T](unit: ModbusUnit, cap: float, request: Callable[[], Awaitable[T]]) -> T:
    """Make a request. Raises TimeoutError after `cap` seconds with a connection.

    Where this machine stood still when the time was up, the request has it once more.
    """
    async with asyncio.timeout(None) as limit:
        end = _End(limit, unit, cap)
        try:
            return await request()
        finally:
            end.stop()


class _End:
    """Ends one request in time."""

    def __init__(self, limit: asyncio.Timeout, unit: ModbusUnit, cap: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit, self._unit, self._cap = limit, unit, cap
        self._connected = unit.connected
        self._again = True
        self._at = self._loop.time() + cap + (0.0 if self._connected else CONNECT_WITHIN)
        self._wait(self._loop.time())

    def stop(self) -> None:
        self._handle.cancel()

    def _wait(self, now: float) -> None:
        self._due = self._at if self._connected else min(self._at, now + _LOOKS)
        self._handle = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if not self._connected and self._unit.connected:
            self._connected, self._at = True, now + self._cap
        if now >= self._at and self._again and now - self._due > _LATE:
            self._again, self._at = False, now + self._cap
        if now < self._at:
            self._wait(now)
        else:
            # Not at once: an answer that came with the timer is taken first.
            self._limit.reschedule(now)
