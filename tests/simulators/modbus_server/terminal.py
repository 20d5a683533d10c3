"""A serial port that needs no hardware: the far end of a pseudo-terminal."""

import asyncio
import os
import pty
import tty
from dataclasses import dataclass
from typing import Self


@dataclass(eq=False)
class Terminal:
    """Opened once; a client opens `path` as it would open /dev/ttyUSB0, as often as it likes."""

    path: str
    reader: asyncio.StreamReader
    _ours: int
    # Kept open, or the far end would see the line hung up whenever no client has it open.
    _theirs: int

    @classmethod
    async def opened(cls) -> Self:
        """Open a pair that passes bytes as they are."""
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        reader = asyncio.StreamReader()
        terminal = cls(path=os.ttyname(theirs), reader=reader, _ours=ours, _theirs=theirs)
        asyncio.get_running_loop().add_reader(ours, terminal._feed)
        return terminal

    def _feed(self) -> None:
        self.reader.feed_data(os.read(self._ours, 4096))

    def write(self, data: bytes) -> None:
        """Send to the client."""
        os.write(self._ours, data)

    def close(self) -> None:
        """Take the port away."""
        asyncio.get_running_loop().remove_reader(self._ours)
        self.reader.feed_eof()
        os.close(self._ours)
        os.close(self._theirs)
