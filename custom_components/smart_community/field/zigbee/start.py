"""A start that loses its connection is given up; left to itself it waits for what cannot come.

zha listens for a lost connection only once its start is over, and each command of the radio's
library waits ten seconds for an answer, some of them three times over: half a minute in which a
radio that is long back is not heard.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from .model import NetworkError, Trouble

# Until it has agreed with the radio on a protocol, bellows hangs up by itself on one that it cannot
# use: what it then says of it, in the same breath, is worth more than that the connection is lost.
_SAID_WITHIN: Final = 1.0
# It begins anew by itself, too, on a radio that resets, and on one that says twice that it has.
_BEGUN_ANEW_WITHIN: Final = 5.0


class Start:
    """What a start is told of its connection, and what that leaves it of its time."""

    def __init__(self) -> None:
        """Begin without a start under way: then nothing that is told matters."""
        self._limit: asyncio.Timeout | None = None
        self._until = 0.0
        self._connected = False
        self._lost: str | None = None

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """Let a start take so many seconds, and fewer once its connection is lost.

        Raises NetworkError for one that was lost, TimeoutError for one that took too long.
        """
        self._until = asyncio.get_running_loop().time() + seconds
        limit = asyncio.timeout_at(self._until)
        try:
            async with limit:
                self._limit = limit
                yield
        except Exception as err:
            if self._lost is None or not (self._connected or limit.expired()):
                raise
            raise NetworkError(Trouble.LOST, self._lost) from err
        finally:
            self._limit = None
        if self._lost is not None:  # behind its last command
            raise NetworkError(Trouble.LOST, self._lost)

    def connected(self) -> None:
        """Note that the radio's library has come to terms with it, whatever went before."""
        self._connected, self._lost = True, None
        self._end_at(self._until)

    def lost(self, exc: Exception | None) -> None:
        """Note that the connection is lost; `exc` is None where the far end has hung up.

        That ends a start at once, if it was connected; else its library is given a moment.
        """
        if self._limit is None or self._lost is not None:
            return
        self._lost = str(exc or "connection closed")
        grace = 0.0
        if not self._connected:
            gone = exc is None or isinstance(exc, OSError)
            grace = _SAID_WITHIN if gone else _BEGUN_ANEW_WITHIN
        self._end_at(min(self._until, asyncio.get_running_loop().time() + grace))

    def over(self) -> None:
        """Note that the start ends by itself, and hangs up: that is no lost connection.

        It has its whole time for that: a slow disk must not cost it what it has to say.
        """
        self._end_at(self._until)
        self._limit = None

    def _end_at(self, when: float) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(when)
