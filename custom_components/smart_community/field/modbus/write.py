"""Switching an output or setting a register: written, read back, and believed only then."""

import asyncio
from typing import Final

from modbus_connection import ModbusUnit

from ..point import DataType, Kind, Point, Quality, Value
from .decode import raw_of
from .line import Line, NoData
from .plan import Block

# Whoever switches a valve waits at most so long for a line that others hold, in seconds.
TURN_WITHIN: Final = 5.0
# From a coil to the relay's own contact, where a unit reports that in the same coil, in seconds.
_SETTLES_WITHIN: Final = 0.3


class NotVerified(Exception):  # noqa: N818 # the unit accepted the write and did something else
    """The unit took the write and still reads otherwise: says which bits or registers."""


async def write(line: Line, unit: ModbusUnit, point: Point, value: Value) -> None:
    """Write a point's shown value and see that it is there.

    Raises NoData if the unit refuses or does not answer (whether it acted nobody knows before the
    next read, unless nothing was `sent`), NotVerified if it reads otherwise, TimeoutError if the
    line was not free in time, ValueError for a value that the registers cannot hold.
    """
    raw = _raw(point, value)
    block = Block(kind=point.kind, address=point.address, count=point.type.words)
    async with asyncio.timeout(TURN_WITHIN):
        await line.lock.acquire()
    try:
        await line.guarded(unit, 16 + 2 * len(raw), lambda ours: _write(ours, point, raw))
    except NoData as lack:
        if lack.quality is Quality.LINE_TAKEN:
            raise TimeoutError from lack  # nothing was sent
        raise
    finally:
        line.lock.release()
    try:
        back = await line.read(unit, block)
        if [int(one) for one in back] != raw:
            await asyncio.sleep(_SETTLES_WITHIN)
            back = await line.read(unit, block)
    except NoData as lack:
        lack.sent = True  # the write was, whatever kept it from being read back
        raise
    if [int(one) for one in back] != raw:
        raise NotVerified(", ".join(str(int(one)) for one in back))


def _raw(point: Point, value: Value) -> list[int]:
    if not point.writable or point.kind in {Kind.DISCRETE, Kind.INPUT}:
        raise ValueError(point.key)
    if point.type is DataType.BOOL:
        return [int(bool(value) == point.alarm_value)]
    return raw_of(point, float(value))


async def _write(unit: ModbusUnit, point: Point, raw: list[int]) -> None:
    if point.kind is Kind.COIL:
        await unit.write_coil(point.address, bool(raw[0]))
    elif len(raw) == 1:
        await unit.write_register(point.address, raw[0])
    else:
        await unit.write_registers(point.address, raw)
