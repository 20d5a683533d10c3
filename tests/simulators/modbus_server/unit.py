"""One unit on the line: its tables, what it does with writes, and what is wrong with it."""

from collections import deque
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """What can be wrong with a unit, or with the whole line.

    `bad_crc` means nothing over MBAP and `wrong_transaction` nothing over RTU: such an answer is
    right, because the field that would be wrong is not there.
    """

    SILENT = "silent"
    SLOW = "slow"  # the answer comes after `delay`, and the line waits for it
    LATE = "late"  # the answer comes after `delay`, and the line has gone on meanwhile
    DROP = "drop"  # the connection is closed instead of an answer
    TRUNCATED = "truncated"  # the last byte of the frame is lost
    SHORT = "short"  # a right frame around an answer that is a value too short
    GARBAGE = "garbage"
    BAD_CRC = "bad_crc"
    WRONG_TRANSACTION = "wrong_transaction"
    WRONG_UNIT = "wrong_unit"
    WRONG_FUNCTION = "wrong_function"
    ILLEGAL_FUNCTION = "illegal_function"
    ILLEGAL_ADDRESS = "illegal_address"
    ILLEGAL_VALUE = "illegal_value"
    DEVICE_FAILURE = "device_failure"
    ACKNOWLEDGE = "acknowledge"
    BUSY = "busy"
    GATEWAY_PATH = "gateway_path"
    GATEWAY_TARGET = "gateway_target"
    STUCK = "stuck"  # what it said when the fault began, for ever
    OUT_OF_RANGE = "out_of_range"  # every register says 32,000
    ALL_ONES = "all_ones"  # every bit is on, every register 0xFFFF
    ALL_ZEROS = "all_zeros"


class Writes(StrEnum):
    """What a unit does with a write."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # exception 4, as a valve that is blocked
    IGNORED = "ignored"  # acknowledged, and nothing moves


class Write(NamedTuple):
    """A write that reached the unit, whatever became of it."""

    table: str
    address: int
    values: tuple[int, ...]


type Table[T] = dict[int, T]


@dataclass
class Unit:
    """Four tables: what is in them is defined, everything else is an illegal address."""

    coils: Table[bool] = field(default_factory=dict)
    discrete: Table[bool] = field(default_factory=dict)
    holding: Table[int] = field(default_factory=dict)
    input: Table[int] = field(default_factory=dict)
    family: str = ""
    fault: Fault | None = None
    delay: float = 0.3
    # 1: every request meets the fault; 5: each fifth does, as on a line with noise on it.
    every: int = 1
    writes: Writes = Writes.ACCEPTED
    written: deque[Write] = field(default_factory=lambda: deque(maxlen=10_000))
    # Function codes the unit does not know, and the most registers it takes at once: real units
    # have both, and say so with exceptions 1 and 3.
    unknown_functions: frozenset[int] = frozenset()
    most_registers: int = 125
    most_bits: int = 2000
    _asked: int = 0
    _stuck: dict[str, Table[int]] | None = None

    def meets(self) -> Fault | None:
        """Return the fault that the request now at hand meets."""
        self._asked += 1
        return self.fault if self.fault is not None and self._asked % self.every == 0 else None

    def table(self, name: str, fault: Fault | None = None) -> Table[int]:
        """Return a table as the unit shows it under a fault."""
        if self.fault is not Fault.STUCK:
            self._stuck = None
        elif self._stuck is None:
            self._stuck = {one: deepcopy(getattr(self, one)) for one in TABLES}
        shown: Table[int] = getattr(self, name) if self._stuck is None else self._stuck[name]
        bits = name in BITS
        match fault:
            case Fault.ALL_ONES:
                return dict.fromkeys(shown, 1 if bits else 0xFFFF)
            case Fault.ALL_ZEROS:
                return dict.fromkeys(shown, 0)
            case Fault.OUT_OF_RANGE if not bits:
                return dict.fromkeys(shown, 32_000)
        return shown

    @property
    def points(self) -> int:
        """How many addresses the unit has."""
        return sum(len(getattr(self, name)) for name in TABLES)


BITS = ("coils", "discrete")
TABLES = (*BITS, "holding", "input")
