"""Waiting for what comes over a real socket, and no event tells."""

import asyncio
from collections.abc import Callable


async def until(met: Callable[[], object], within: float = 15) -> None:
    """Wait until something holds; TimeoutError if it does not within so many seconds."""
    async with asyncio.timeout(within):
        while not met():
            await asyncio.sleep(0.005)
