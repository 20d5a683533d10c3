"""An event loop whose time is only counted: it jumps to what is due next, where a real one waits.

An hour of a line is a second here and the same each time, on a machine of any speed: a time-out
that passes has passed because nothing came. Bytes on real sockets of this process are there by the
time they are waited for, so they are waited for in real time before any jump.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, override

# What the kernel may need from a socket to its other end, in seconds.
_ON_THE_WAY = 0.002


class _Jumps(selectors.DefaultSelector):
    """Waits for nothing but bytes that are on their way."""

    passed = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout != 0:
            sockets = len(self.get_map()) > 1  # one is the loop's own
            ready = super().select(_ON_THE_WAY) if sockets or timeout is None else []
        if not ready:
            self.passed += timeout or 0.0
        return ready


class CountedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumps = _Jumps()
        super().__init__(self._jumps)

    @override
    def time(self) -> float:
        return self._jumps.passed

    @override
    def run_in_executor(
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run it here and now: no time passes in which a thread could be waited for."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as err:  # noqa: BLE001 # it is the asker's, whatever it is
            done.set_exception(err)
        return done


def in_counted_time[**P](story: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test in time that takes none."""

    @wraps(story)
    def test(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=CountedLoop) as runner:
            runner.run(story(*args, **kwargs))

    return test
