"""A point of a device, and a reading of it. A reading that failed is "no data", never off or 0."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class Quality(StrEnum):
    """What a value is worth. Everything but `good` means: no data."""

    GOOD = "good"
    NOT_READ = "not_read"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REFUSED = "refused"
    # An answer, and not the one to this request: another transaction's, unit's or function's.
    WRONG_TRANSACTION = "wrong_transaction"
    TRUNCATED = "truncated"
    GARBLED = "garbled"
    DISCONNECTED = "disconnected"
    # Another integration holds the shared line: nobody was asked, and no unit is to blame.
    LINE_TAKEN = "line_taken"
    # The answer was in order, and what it says cannot be.
    NO_VALUE = "no_value"
    OUT_OF_RANGE = "out_of_range"
    JUMPED = "jumped"
    STUCK = "stuck"


class Kind(StrEnum):
    """The four tables of a Modbus unit (MODBUS Application Protocol V1.1b3, 4.3)."""

    COIL = "coil"
    DISCRETE = "discrete"
    HOLDING = "holding"
    INPUT = "input"

    @property
    def is_bit(self) -> bool:
        """Whether the table holds bits, not registers."""
        return self in {Kind.COIL, Kind.DISCRETE}


class DataType(StrEnum):
    """How a value lies in its registers. A bool in a register is on if any bit of it is set."""

    BOOL = "bool"
    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    FLOAT32 = "float32"

    @property
    def words(self) -> int:
        """Registers (or bits) that a value takes."""
        return 2 if self.value.endswith("32") else 1


class WordOrder(StrEnum):
    """Which register of two comes first: `big` is the high word, as the standard has bytes."""

    BIG = "big"
    LITTLE = "little"


class Lane(StrEnum):
    """How soon a change must be seen: alarms within a second, measurements within half a minute."""

    FAST = "fast"
    SLOW = "slow"


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One value of a unit, as its register map or a contractor's point table describes it.

    `key` is unique within the unit and stays when the point's name changes: entity ids hang on it.
    Shown value = raw * `scale` + `offset`, in `unit_of_measurement`. `device_class` is Home
    Assistant's word. `alarm_value` is the state that means on: False for a contact that opens in
    alarm. `confirm`: on only when a second read says so too. `minimum`, `maximum` bound the shown
    value, `step` its change per second; `no_values` are raw values by which the unit itself says
    that it has none. `stuck_after`: seconds after which the same raw value is no measurement any
    more. `area`, `floor` and `labels` are names, for Home Assistant's registries.
    """

    key: str
    kind: Kind
    address: int
    type: DataType = DataType.BOOL
    word_order: WordOrder = WordOrder.BIG
    scale: float = 1.0
    offset: float = 0.0
    unit_of_measurement: str | None = None
    device_class: str | None = None
    lane: Lane = Lane.SLOW
    alarm_value: bool = True
    confirm: bool = False
    writable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    no_values: tuple[int, ...] = ()
    stuck_after: float | None = None
    name: str | None = None
    number: int | None = None
    diagnostic: bool = False
    area: str | None = None
    floor: str | None = None
    labels: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return what differs from the defaults, as JSON can hold it; `of` is the way back."""
        return {
            one.name: list(value) if isinstance(value, tuple) else value
            for one in fields(self)
            if (value := getattr(self, one.name)) != one.default
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Return the point that `plain` describes; raises ValueError or TypeError if none."""
        data = dict(plain)
        for name, enum in _ENUMS.items():
            if name in data:
                data[name] = enum(data[name])
        for name in ("no_values", "labels"):
            if name in data:
                data[name] = tuple(data[name])
        return cls(**data)


_ENUMS: Mapping[str, type[StrEnum]] = {
    "kind": Kind,
    "type": DataType,
    "word_order": WordOrder,
    "lane": Lane,
}


# Whether a point is on, alarm_value already applied; or the figure that is shown.
type Value = bool | float


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What is known of a point: `value` is None unless the quality is good.

    `at`: when it was read, None for what never was.
    """

    value: Value | None
    quality: Quality
    at: datetime | None = None
    reason: str = ""


UNREAD = Reading(value=None, quality=Quality.NOT_READ)
