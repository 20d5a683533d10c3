"""One Modbus unit: its four tables, and the answer to each request on them.

Follows MODBUS Application Protocol Specification V1.1b3: data model 4.3, functions 6.1 to 6.6, 6.11
and 6.12 with the order of checks of their state diagrams, exception codes clause 7.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

# Most that one request may ask for, so that the answer fits into a PDU of 253 bytes.
MOST_BITS_READ: Final = 2000
MOST_BITS_WRITTEN: Final = 0x7B0
MOST_WORDS_READ: Final = 125
MOST_WORDS_WRITTEN: Final = 0x7B

# The profile "generic fire input panel": this project's own, no maker's.
MOST_ZONES: Final = 128
PANEL_FAULT: Final = 1000
MAINS_FAULT: Final = 1001
BATTERY_FAULT: Final = 1002
STATUS_WORD: Final = 0  # input register
WIRED_INPUTS: Final = 0  # holding register


class Fault(StrEnum):
    """What can be wrong with a unit, or with the way to it."""

    SILENT = "silent"
    """Never answers; the connection stays."""
    BUSY = "busy"
    """Exception 6 to everything."""
    SLOW = "slow"
    """The right answer after `Unit.delay` seconds, the line taken meanwhile."""
    TRUNCATED = "truncated"
    """The header promises more bytes than follow; the connection stays."""
    WRONG_TRANSACTION = "wrong_transaction"
    """The right answer under an identifier that nobody asked with."""
    WRONG_UNIT = "wrong_unit"
    """The right answer in the name of the next unit."""
    GARBAGE = "garbage"
    """Random bytes, as many as the answer has."""
    DROP = "drop"
    """Hangs up on each request."""
    GATEWAY_TARGET = "gateway_target"
    """Exception 11: the gateway says that the unit did not answer it."""


class Code(IntEnum):
    """Exception codes, clause 7."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_DATA_ADDRESS = 2
    ILLEGAL_DATA_VALUE = 3
    SERVER_DEVICE_BUSY = 6
    GATEWAY_TARGET_FAILED = 11


class RefusedError(Exception):
    """A request that is answered with an exception code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass
class Unit:
    """A unit's tables by address from 0. What is in a table is defined, all else is exception 2."""

    discrete: dict[int, bool] = field(default_factory=dict)
    coils: dict[int, bool] = field(default_factory=dict)
    input: dict[int, int] = field(default_factory=dict)
    holding: dict[int, int] = field(default_factory=dict)
    fault: Fault | None = None
    delay: float = 1.0
    """Seconds that a slow unit takes."""

    def execute(self, pdu: bytes) -> bytes:
        """Carry out a request PDU; return the answer's PDU, an exception's included."""
        function, data = pdu[0], pdu[1:]
        try:
            return bytes((function,)) + self._execute(function, data)
        except RefusedError as err:
            return exception(function, err.code)
        except struct.error:  # not as long as the function says, or a table holds what no word can
            return exception(function, Code.ILLEGAL_DATA_VALUE)

    def _execute(self, function: int, data: bytes) -> bytes:
        match function:
            case 1:
                return _read_bits(self.coils, data)
            case 2:
                return _read_bits(self.discrete, data)
            case 3:
                return _read_words(self.holding, data)
            case 4:
                return _read_words(self.input, data)
            case 5:
                return self._write_coil(data)
            case 6:
                address, value = struct.unpack(">HH", data)
                _write(self.holding, address, [value])
                return data
            case 15:
                return self._write_coils(data)
            case 16:
                return self._write_registers(data)
            case _:
                raise RefusedError(Code.ILLEGAL_FUNCTION)

    def _write_coil(self, data: bytes) -> bytes:
        address, value = struct.unpack(">HH", data)
        if value not in {0x0000, 0xFF00}:
            raise RefusedError(Code.ILLEGAL_DATA_VALUE)
        _write(self.coils, address, [value == 0xFF00])
        return data

    def _write_coils(self, data: bytes) -> bytes:
        address, count, size = struct.unpack(">HHB", data[:5])
        values = data[5:]
        _require_count(count, MOST_BITS_WRITTEN)
        if not size == len(values) == (count + 7) // 8:
            raise RefusedError(Code.ILLEGAL_DATA_VALUE)
        _write(self.coils, address, [bool(values[i // 8] >> i % 8 & 1) for i in range(count)])
        return data[:4]

    def _write_registers(self, data: bytes) -> bytes:
        address, count, size = struct.unpack(">HHB", data[:5])
        values = data[5:]
        _require_count(count, MOST_WORDS_WRITTEN)
        if not size == len(values) == 2 * count:
            raise RefusedError(Code.ILLEGAL_DATA_VALUE)
        _write(self.holding, address, list(struct.unpack(f">{count}H", values)))
        return data[:4]


def fire_panel(zones: int) -> Unit:
    """Return a unit of the profile "generic fire input panel", nothing in alarm.

    discrete inputs 0..zones-1  detector inputs, 1 = alarm   holding register 0  wired inputs
    discrete input 1000         panel fault                  input register 0    status word,
    discrete input 1001         mains fault                                      which no client
    discrete input 1002         battery fault                                    uses

    Raises ValueError for less than 1 or more than 128 zones.
    """
    if not 1 <= zones <= MOST_ZONES:
        raise ValueError(f"a fire panel has 1 to {MOST_ZONES} zones, not {zones}")
    inputs = (*range(zones), PANEL_FAULT, MAINS_FAULT, BATTERY_FAULT)
    return Unit(
        discrete=dict.fromkeys(inputs, False),
        input={STATUS_WORD: 0},
        holding={WIRED_INPUTS: zones},
    )


def exception(function: int, code: Code) -> bytes:
    """Return the PDU of an exception response, clause 7."""
    return bytes((function | 0x80, code))


def asked(pdu: bytes) -> tuple[int, int, int]:
    """Return function, address and count of a request as far as it holds them; 0 for the rest."""
    address, count = struct.unpack(">HH", pdu[1:5].ljust(4, b"\0"))
    return pdu[0], address, 1 if pdu[0] in {5, 6} else count


def _require_count(count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise RefusedError(Code.ILLEGAL_DATA_VALUE)


def _read_bits(table: Mapping[int, bool], data: bytes) -> bytes:
    address, count = struct.unpack(">HH", data)
    _require_count(count, MOST_BITS_READ)
    packed = bytearray((count + 7) // 8)
    for index, value in enumerate(_read(table, address, count)):
        packed[index // 8] |= bool(value) << index % 8
    return bytes((len(packed),)) + packed


def _read_words(table: Mapping[int, int], data: bytes) -> bytes:
    address, count = struct.unpack(">HH", data)
    _require_count(count, MOST_WORDS_READ)
    return struct.pack(f">B{count}H", 2 * count, *_read(table, address, count))


def _read[T](table: Mapping[int, T], address: int, count: int) -> list[T]:
    try:
        return [table[at] for at in range(address, address + count)]
    except KeyError:
        raise RefusedError(Code.ILLEGAL_DATA_ADDRESS) from None


def _write[T](table: dict[int, T], address: int, values: list[T]) -> None:
    """Write all or, where one address is undefined, none."""
    if any(at not in table for at in range(address, address + len(values))):
        raise RefusedError(Code.ILLEGAL_DATA_ADDRESS)
    table.update(enumerate(values, address))
