"""One wake-up for everything that is due, and a check on the clock it is due by.

Due times are absolute wall-clock times. A system without a battery-backed clock starts years ago
and jumps when it hears the network's time; nothing may fire early for that, nor wait for years. The
monotonic clock, which never jumps, tells how far the wall clock moved by being set.
"""

import time
from datetime import datetime, timedelta
from typing import Protocol

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

# A slow host and summer time in a naive log are no jumps; a clock that was set is further off.
JUMP = timedelta(seconds=10)
# A timer runs on the monotonic clock: look at the wall clock at least this often.
LOOK_EVERY = timedelta(seconds=30)
# What was due and is still due is asked for again after so long.
ASK_AGAIN = timedelta(seconds=1)


class Due(Protocol):
    """What the clock needs of the engine."""

    @property
    def next_due(self) -> datetime | None:
        """When anything is due next."""

    def tick(self) -> None:
        """Do what is due."""

    def clock_jumped(self, by: timedelta) -> None:
        """Move everything due along with the clock."""


class Clock:
    """Wakes the engine at the earliest due time; `rearm` after every change."""

    def __init__(self, hass: HomeAssistant, engine: Due) -> None:
        """Take bearings; nothing is armed yet."""
        self._hass = hass
        self._engine = engine
        self._bearing = (dt_util.utcnow(), time.monotonic())
        self._armed_for: datetime | None = None
        self._ticked_at: datetime | None = None
        self._cancel: CALLBACK_TYPE | None = None
        self._stopped = False

    @callback
    def rearm(self) -> None:
        """Arm the timer for what is due next, or for the next look at the clock."""
        if self._stopped:
            return
        look = dt_util.utcnow() + LOOK_EVERY
        due = self._engine.next_due
        if due is not None and self._ticked_at is not None and due < self._ticked_at:
            # Asked for and not done yet: the writer is busy, or the step fails. Asking at once
            # again, and again, would leave it no time.
            due = self._ticked_at + ASK_AGAIN
        wake = look if due is None else min(due, look)
        if self._armed_for is not None and self._armed_for <= wake and self._cancel is not None:
            return
        self._disarm()
        self._armed_for = wake
        self._cancel = async_track_point_in_utc_time(self._hass, self._wake, wake)

    @callback
    def stop(self) -> None:
        """Disarm for good."""
        self._stopped = True
        self._disarm()

    def _disarm(self) -> None:
        if self._cancel is not None:
            self._cancel()
        self._cancel = self._armed_for = None

    @callback
    def _wake(self, _now: datetime) -> None:
        self._cancel = self._armed_for = None
        wall, steady = self._bearing
        now = dt_util.utcnow()
        jump = (now - wall) - timedelta(seconds=time.monotonic() - steady)
        self._bearing = (now, time.monotonic())
        if abs(jump) > JUMP:
            self._ticked_at = None
            self._engine.clock_jumped(jump)
        due = self._engine.next_due
        if due is not None and due <= now + timedelta(milliseconds=1):
            self._ticked_at = max(now, due)
            self._engine.tick()
        self.rearm()
