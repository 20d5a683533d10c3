"""Frames on the wire: MBAP (Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3) and RTU
(MODBUS over Serial Line V1.02, 2.5.1), as requests come in and answers go out."""

import asyncio
import os
import struct
from enum import StrEnum
from typing import NamedTuple

from .unit import Fault

# An RTU request says how long it is by its function; 15 and 16 count their bytes themselves.
_RTU_FIXED = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8}
_RTU_COUNTED = {15, 16}
_RTU_SILENCE = 0.02


class Wire(StrEnum):
    """How the line is reached."""

    TCP = "tcp"  # MBAP
    UDP = "udp"  # MBAP
    RTU = "rtu"  # RTU frames over TCP, as a transparent serial server sends them
    SERIAL = "serial"  # RTU frames on a pseudo-terminal

    @property
    def is_rtu(self) -> bool:
        """Whether a checksum ends the frame, and no transaction number begins it."""
        return self in {Wire.RTU, Wire.SERIAL}


class Frame(NamedTuple):
    """A request as it came; the transaction is 0 on RTU."""

    transaction: int
    unit: int
    pdu: bytes


class NotModbusError(Exception):
    """Bytes that no Modbus client sends: nobody knows where the next frame would begin."""


def crc16(data: bytes) -> bytes:
    """Return the RTU checksum (MODBUS over Serial Line V1.02, 6.2.2), low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


def datagram(data: bytes) -> Frame:
    """Take an MBAP frame that came in one piece. Raises NotModbusError."""
    if len(data) < 9:
        raise NotModbusError
    transaction, protocol, length, unit = struct.unpack(">HHHB", data[:7])
    if protocol or length != len(data) - 6:
        raise NotModbusError
    return Frame(transaction, unit, data[7:])


async def next_frame(reader: asyncio.StreamReader, wire: Wire) -> Frame | None:
    """Read the next request; None is a frame whose checksum is wrong, which a unit ignores.

    Raises NotModbusError, or IncompleteReadError at the end of the stream.
    """
    if not wire.is_rtu:
        header = await reader.readexactly(7)
        transaction, protocol, length, unit = struct.unpack(">HHHB", header)
        if protocol or not 2 <= length <= 254:
            raise NotModbusError
        return Frame(transaction, unit, await reader.readexactly(length - 1))
    head = await reader.readexactly(2)
    function = head[1]
    if function in _RTU_FIXED:
        data = head + await reader.readexactly(_RTU_FIXED[function] - 2)
    elif function in _RTU_COUNTED:
        data = head + await reader.readexactly(5)
        data += await reader.readexactly(data[6] + 2)
    else:
        data = head + await _until_silence(reader)
    if len(data) < 4 or crc16(data[:-2]) != data[-2:]:
        return None
    return Frame(0, data[0], data[1:-2])


async def _until_silence(reader: asyncio.StreamReader) -> bytes:
    data = b""
    while True:
        try:
            async with asyncio.timeout(_RTU_SILENCE):
                more = await reader.read(256)
        except TimeoutError:
            return data
        if not more:
            return data
        data += more


def framed(request: Frame, body: bytes, wire: Wire, fault: Fault | None) -> bytes:
    """Return the answer's bytes, wrong in the way the fault says."""
    transaction, unit = request.transaction, request.unit
    if fault is Fault.WRONG_TRANSACTION:
        transaction = (transaction + 1) & 0xFFFF
    if fault is Fault.WRONG_UNIT:
        unit = unit % 247 + 1
    if wire.is_rtu:
        frame = bytes([unit]) + body
        check = crc16(frame)
        frame += bytes([check[0] ^ 0xFF, check[1]]) if fault is Fault.BAD_CRC else check
    else:
        frame = struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body
    if fault is Fault.GARBAGE:
        return os.urandom(len(frame))
    return frame[:-1] if fault is Fault.TRUNCATED else frame
