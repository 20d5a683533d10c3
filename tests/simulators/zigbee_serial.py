"""A coordinator on a serial port: a terminal of this machine, wired to a virtual one's TCP port."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from .zigbee import VirtualCoordinator


@asynccontextmanager
async def serial_port(radio: VirtualCoordinator) -> AsyncIterator[str]:
    """Give the path of a port on which the coordinator is."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    reader, writer = await asyncio.open_connection(radio.host, radio.port)

    async def to_host() -> None:
        with suppress(ConnectionError):
            while said := await reader.read(1024):
                os.write(ours, said)

    loop = asyncio.get_running_loop()
    loop.add_reader(ours, lambda: writer.write(os.read(ours, 1024)))
    carrying = asyncio.create_task(to_host())
    try:
        yield os.ttyname(theirs)
    finally:
        loop.remove_reader(ours)
        writer.close()
        await carrying
        os.close(ours)
        os.close(theirs)
