"""What a connection that is over may have left behind in this process."""

import threading
from contextlib import suppress
from pathlib import Path


def workers() -> int:
    """Threads that are not the executors' own, which stay for the next job."""
    pools = ("SyncWorker", "asyncio", "ImportExecutor")
    return sum(not thread.name.startswith(pools) for thread in threading.enumerate())


def sockets() -> int:
    """Sockets that this process has open."""
    count = 0
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them is gone by now
            count += str(one.readlink()).startswith("socket:")
    return count
