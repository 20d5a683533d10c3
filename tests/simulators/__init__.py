"""The far ends: what stands at the other end of each wire, for tests, the demo and a person's hands.

Each is independent of the library that the integration uses to reach it: a far end built from the
library under test would share its mistakes and call them right.
"""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator


async def keyboard() -> AsyncIterator[str]:
    """Yield the lines of standard input, stripped; ends where the input ends.

    A program that reads it ends with it, so that none is left on its port when the one who started
    it is gone. The price: in the background it needs an input that stays open.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        # Bare reads in a daemon thread: the event loop cannot watch a file or /dev/null, an
        # executor would hold up Ctrl-C until the next line, and sys.stdin's lock would be held
        # at exit.
        rest = b""
        while True:
            try:
                some = os.read(sys.stdin.fileno(), 4096)
            except OSError:
                some = b""
            *whole, rest = (rest + some).split(b"\n")
            if not some:
                whole.append(rest)
            try:
                for line in whole:
                    loop.call_soon_threadsafe(lines.put_nowait, line.decode(errors="replace"))
                if not some:
                    loop.call_soon_threadsafe(lines.put_nowait, None)
            except RuntimeError:  # the program ended while a line was on its way
                return
            if not some:
                return

    threading.Thread(target=read, name="keyboard", daemon=True).start()
    while (line := await lines.get()) is not None:
        if line := line.strip():
            yield line
