"""The time that a request has: from when the line is its own, and not spent by this machine itself.

A request that merely had a time-out would lose it to what is none of the unit's doing: to the
network while the library connects within the request, to another integration's request to a silent
unit on the shared connection, and to whatever kept this process from looking at an answer that had
long come, as the start of Home Assistant does for seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, override

from modbus_connection import ModbusUnit
from modbus_connection.tmodbus import TmodbusUnit

# Until the line is ours: a connection over a mobile network, with the name looked up.
TURN_WITHIN: Final = 3.0
# A timer that is so late says that nothing else was looked at either, in seconds.
_LATE: Final = 0.1


class Attempt:
    """One request. `ours_at`: when the line became its own, None as long as it has to wait.

    Waits for a connection at most `turn_within` seconds, and has `cap` seconds from there on, once
    more where this machine stood still when they were up. Behind another integration it waits as
    long as it takes, and calls `held` after `turn_within`; without `held` its time is up then.
    """

    def __init__(
        self,
        unit: ModbusUnit,
        cap: float,
        turn_within: float,
        held: Callable[[], None] | None = None,
    ) -> None:
        """Begin to wait."""
        self._loop = asyncio.get_running_loop()
        self._unit, self._cap, self._span, self._held = unit, cap, turn_within, held
        now = self._loop.time()
        self.ours_at: float | None = None
        self._limit = asyncio.timeout(None)
        self._connected = unit.connected
        self._again = True
        self._at = now + turn_within
        # A line that is free is ours at once, and the first look is the last.
        self._wait(now + cap)

    @property
    def took(self) -> float:
        """How long the line has been its own."""
        return self._loop.time() - self.ours_at if self.ours_at is not None else 0.0

    async def make[T](self, request: Callable[[ModbusUnit], Awaitable[T]]) -> T:
        """Make the request of the unit that it is given. Raises TimeoutError."""
        try:
            async with self._limit:
                return await request(self._in_turn())
        finally:
            self._handle.cancel()

    def _in_turn(self) -> ModbusUnit:
        if isinstance(self._unit, TmodbusUnit):
            return _InTurn(self._unit, self._ours)
        self._ours()  # one that has no line to wait for
        return self._unit

    def _ours(self) -> None:
        self.ours_at, self._span = self._loop.time(), self._cap
        self._at = self.ours_at + self._cap
        if self._at < self._due:
            self._handle.cancel()
            self._wait(self._at)

    def _wait(self, until: float) -> None:
        self._due = until
        self._handle = self._loop.call_at(until, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if now >= self._at and self._may_go_on(now):
            self._at = now + self._span
        if now < self._at:
            self._wait(self._at)
        else:
            # Not at once: an answer that came with the timer is taken first.
            self._limit.reschedule(now)

    def _may_go_on(self, now: float) -> bool:
        if self._again and now - self._due > _LATE:
            self._again = False
            return True
        if self.ours_at is not None:
            return False
        before, self._connected = self._connected, self._unit.connected
        if not self._connected:
            return before  # the other's request broke the connection: ours is yet to make one
        if self._held is None:
            return False
        self._held()
        return True


class _InTurn(TmodbusUnit):
    """A unit that tells when the line is its own.

    The library has no event for it (modbus_connection 4.12.4). It looks up the unit's client when a
    request has waited for those before it, and has its connection; where that changes, the time-out
    of the library itself is what is left.
    """

    def __init__(self, unit: TmodbusUnit, told: Callable[[], None]) -> None:
        super().__init__(unit._conn, unit._unit_id)  # noqa: SLF001 # there is no other way to it
        self._told = told

    @property
    @override
    def _client(self) -> Any:
        self._told()
        return super()._client
