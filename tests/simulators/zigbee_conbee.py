"""A coordinator of another make: deCONZ's serial protocol on a TCP port, with a network and nobody.

As much of it as a host needs to look at the network: frames between SLIP ends with a checksum, the
version, the device's state, and its parameters. Every other command is refused, and so no host
gets a network to work on it. Written after dresden elektronik's "deCONZ Serial Protocol" 1.21; the
host is zigpy-deconz, unmodified.
"""

import asyncio
from enum import IntEnum
from typing import Self

END, ESCAPE = 0xC0, 0xDB
ESCAPED = {0xDC: END, 0xDD: ESCAPE}
SUCCESS, UNSUPPORTED = 0, 4
CONNECTED = 2
FIRMWARE = bytes((0x00, 0x07, 0x78, 0x26))  # ConBee II


class Command(IntEnum):
    """What a host asks for."""

    DEVICE_STATE = 0x07
    READ = 0x0A
    VERSION = 0x0D


class ConBee:
    """One coordinator that has a network."""

    def __init__(self) -> None:
        self.ieee = bytes.fromhex("0021 2eff ff07 4a01")
        self.extended_pan_id = bytes.fromhex("dd15 7a09 3344 1122")
        key = bytes(range(16))
        self.parameters = {
            0x01: self.ieee[::-1],  # own address
            0x05: b"\x34\x12",  # PAN id
            0x07: b"\x00\x00",  # short address
            0x08: self.extended_pan_id[::-1],  # extended PAN id
            0x09: b"\x01",  # is the coordinator
            0x0A: (1 << 20).to_bytes(4, "little"),  # channel mask
            0x0B: bytes(8),  # extended PAN id to join: none
            0x0E: self.ieee[::-1],  # trust center
            0x10: b"\x03",  # security: link key of the trust center
            0x18: b"\x00" + key,  # network key
            0x19: self.ieee[::-1] + b"ZigBeeAlliance09",  # link key
            0x1C: bytes((20,)),  # channel
            0x22: b"\x0b\x01",  # protocol version
            0x24: b"\x00",  # network update id
            0x26: bytes(4),  # watchdog
            0x27: (1000).to_bytes(4, "little"),  # frame counter
        }
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def path(self) -> str:
        """Where a host finds it."""
        return f"socket://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        while True:
            try:
                frame = _plain((await reader.readuntil(bytes((END,))))[:-1])[:-2]
            except asyncio.IncompleteReadError, ConnectionError:
                writer.close()
                return
            if frame:
                writer.write(_framed(self._answer(frame)))

    def _answer(self, frame: bytes) -> bytes:
        command, sequence, body = frame[0], frame[1], frame[5:]
        status, payload = SUCCESS, b""
        match command:
            case Command.VERSION:
                payload = FIRMWARE
            case Command.DEVICE_STATE:
                payload = bytes((CONNECTED, 0, 0))
            case Command.READ if body[2] in self.parameters:
                said = body[2:3] + self.parameters[body[2]]
                payload = len(said).to_bytes(2, "little") + said
            case Command.READ:
                status, payload = UNSUPPORTED, b"\x01\x00" + body[2:3]
            case _:
                status = UNSUPPORTED
        length = (5 + len(payload)).to_bytes(2, "little")
        return bytes((command, sequence, status)) + length + payload


def _plain(escaped: bytes) -> bytes:
    plain, at = bytearray(), iter(escaped)
    for byte in at:
        plain.append(ESCAPED[next(at)] if byte == ESCAPE else byte)
    return bytes(plain)


def _framed(frame: bytes) -> bytes:
    checksum = (-sum(frame) % 0x10000).to_bytes(2, "little")
    back = {byte: bytes((ESCAPE, code)) for code, byte in ESCAPED.items()}
    escaped = b"".join(back.get(byte, bytes((byte,))) for byte in frame + checksum)
    return bytes((END,)) + escaped + bytes((END,))
