"""A request's answer: functions 1 to 6, 15 and 16 of MODBUS Application Protocol V1.1b3, 6."""

import struct
from typing import NamedTuple

from .unit import Fault, Unit, Write, Writes

READ_BITS = {1: "coils", 2: "discrete"}
READ_WORDS = {3: "holding", 4: "input"}
_MISTAKEN_FOR = {1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 15: 16, 16: 15}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, FAILURE = 1, 2, 3, 4
# Application Protocol V1.1b3, 7.
EXCEPTIONS = {
    Fault.ILLEGAL_FUNCTION: ILLEGAL_FUNCTION,
    Fault.ILLEGAL_ADDRESS: ILLEGAL_ADDRESS,
    Fault.ILLEGAL_VALUE: ILLEGAL_VALUE,
    Fault.DEVICE_FAILURE: FAILURE,
    Fault.ACKNOWLEDGE: 5,
    Fault.BUSY: 6,
    Fault.GATEWAY_PATH: 10,
    Fault.GATEWAY_TARGET: 11,
}


class Request(NamedTuple):
    """What was asked of a unit; `at` is the server's monotonic clock."""

    unit: int
    function: int
    start: int
    count: int
    at: float


class ModbusError(Exception):
    """A request that is answered with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


def parsed(unit: int, request: bytes, at: float) -> Request:
    """Say what a request asks for; a single write has a count of 1."""
    start, count = struct.unpack(">HH", request[1:5].ljust(4, b"\0"))
    return Request(unit, request[0], start, 1 if request[0] in {5, 6} else count, at)


def answer(unit: Unit, request: bytes, fault: Fault | None) -> bytes:
    """Return the answer, function code first."""
    function = request[0]
    if fault in EXCEPTIONS:
        return bytes([function | 0x80, EXCEPTIONS[fault]])
    try:
        body = bytes([function]) + _execute(unit, function, request[1:], fault)
    except ModbusError as err:
        return bytes([function | 0x80, err.code])
    except struct.error:
        return bytes([function | 0x80, ILLEGAL_VALUE])
    if fault is Fault.WRONG_FUNCTION:
        return bytes([_MISTAKEN_FOR[function]]) + body[1:]
    if fault is Fault.SHORT:
        return _shortened(body)
    return body


def _shortened(body: bytes) -> bytes:
    """Take a value off: a read's byte count goes with it, so that only the asker can tell."""
    if body[0] not in READ_BITS | READ_WORDS:
        return body[:-1]
    less = 2 if body[0] in READ_WORDS else 1
    return bytes([body[0], body[1] - less]) + body[2:-less]


def _execute(unit: Unit, function: int, data: bytes, fault: Fault | None) -> bytes:
    if function in unit.unknown_functions:
        raise ModbusError(ILLEGAL_FUNCTION)
    if function in READ_BITS:
        start, count = struct.unpack(">HH", data)
        values = _read(unit.table(READ_BITS[function], fault), start, count, unit.most_bits)
        return _counted(_packed(values))
    if function in READ_WORDS:
        start, count = struct.unpack(">HH", data)
        words = _read(unit.table(READ_WORDS[function], fault), start, count, unit.most_registers)
        return _counted(struct.pack(f">{count}H", *words))
    if function in {5, 6}:
        address, value = struct.unpack(">HH", data)
        if function == 5 and value not in {0, 0xFF00}:
            raise ModbusError(ILLEGAL_VALUE)
        if function == 5:
            _write(unit, "coils", address, [value == 0xFF00])
        else:
            _write(unit, "holding", address, [value])
        return data
    if function in {15, 16}:
        address, count, size = struct.unpack(">HHB", data[:5])
        if not 1 <= count <= (1968 if function == 15 else 123) or size != len(data) - 5:
            raise ModbusError(ILLEGAL_VALUE)
        if function == 15:
            bits = [bool(data[5 + i // 8] >> i % 8 & 1) for i in range(count)]
            _write(unit, "coils", address, bits)
        else:
            _write(unit, "holding", address, list(struct.unpack(f">{count}H", data[5:])))
        return data[:4]
    raise ModbusError(ILLEGAL_FUNCTION)


def _counted(values: bytes) -> bytes:
    return bytes([len(values)]) + values


def _packed(values: list[int]) -> bytes:
    packed = bytearray((len(values) + 7) // 8)
    for index, value in enumerate(values):
        packed[index // 8] |= bool(value) << index % 8
    return bytes(packed)


def _read(table: dict[int, int], start: int, count: int, most: int) -> list[int]:
    if not 1 <= count <= most:
        raise ModbusError(ILLEGAL_VALUE)
    try:
        return [table[address] for address in range(start, start + count)]
    except KeyError:
        raise ModbusError(ILLEGAL_ADDRESS) from None


def _write[T: int](unit: Unit, name: str, start: int, values: list[T]) -> None:
    table: dict[int, T] = getattr(unit, name)
    if any(address not in table for address in range(start, start + len(values))):
        raise ModbusError(ILLEGAL_ADDRESS)
    unit.written.append(Write(name, start, tuple(values)))
    if unit.writes is Writes.REFUSED:
        raise ModbusError(FAILURE)
    if unit.writes is Writes.ACCEPTED:
        table.update({start + index: value for index, value in enumerate(values)})
