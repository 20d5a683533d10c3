"""From bits and registers to the value that is shown, and whether it can be believed."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from modbus_connection.decode import combine_words, decode_float32, decode_int

from ..point import DataType, Point, Quality, Value

_SIGNED = {DataType.INT16, DataType.INT32}
# From so many registers on, "all ones" is a gateway that has nothing to say, not a measurement.
_ALL_ONES_FROM = 8
_ALL_ONES = 0xFFFF
# Whole numbers of more than 24 bits are not all there in 32 bits of floating point (IEEE 754).
_WHOLE_IN_FLOAT32 = 1 << 24
_FLOAT32_STEP = 0.01

type Raw = Sequence[bool] | Sequence[int]


def places(point: Point) -> int:
    """Decimal places that the shown value can have: what scale and offset bring in, no more."""
    exponents = (
        Decimal(repr(one)).normalize().as_tuple().exponent for one in (point.scale, point.offset)
    )
    return max((-one for one in exponents if isinstance(one, int) and one < 0), default=0)


def value_of(point: Point, raw: Raw, decimals: int) -> Value | None:
    """Return the shown value of a point's bits or registers; None for what is no number."""
    if point.type is DataType.BOOL:
        return any(raw) == point.alarm_value
    words = [int(word) for word in raw]
    number: float
    if point.type is DataType.FLOAT32:
        number = decode_float32(words, word_order=point.word_order.value)
        if not math.isfinite(number):
            return None
        return round(number * point.scale + point.offset, 6)
    number = decode_int(words, signed=point.type in _SIGNED, word_order=point.word_order.value)
    return round(number * point.scale + point.offset, decimals or None)


def holds(point: Point) -> tuple[float, float]:
    """Return the lowest and the highest shown value that a point's registers can hold.

    Of a float only what it tells apart to the whole number: beyond, reading back proves nothing.
    """
    bits = 16 * point.type.words
    low, high = 0, (1 << bits) - 1
    if point.type is DataType.FLOAT32:
        low, high = -_WHOLE_IN_FLOAT32, _WHOLE_IN_FLOAT32
    elif point.type in _SIGNED:
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    decimals = places(point)
    ends = sorted(round(one * point.scale + point.offset, decimals) for one in (low, high))
    return ends[0], ends[1]


def resolves(point: Point) -> float:
    """Return the smallest difference of shown values that a setting of the point makes."""
    return _FLOAT32_STEP if point.type is DataType.FLOAT32 else abs(point.scale)


def raw_of(point: Point, value: float) -> list[int]:
    """Return the registers that mean a shown value. Raises ValueError for one that has no room."""
    number = (value - point.offset) / point.scale
    if not math.isfinite(number):
        raise ValueError(value)
    try:
        if point.type is DataType.FLOAT32:
            packed = struct.pack(">f", number)
        else:
            signed = point.type in _SIGNED
            packed = round(number).to_bytes(2 * point.type.words, "big", signed=signed)
    except (OverflowError, struct.error) as err:
        raise ValueError(value) from err
    words = list(struct.unpack(f">{point.type.words}H", packed))
    return words if point.word_order.value == "big" else words[::-1]


def says_nothing(registers: Sequence[int]) -> bool:
    """Whether a whole block of registers is 0xFFFF, as gateways fill in for a unit they lost."""
    return len(registers) >= _ALL_ONES_FROM and all(word == _ALL_ONES for word in registers)


@dataclass(kw_only=True, slots=True)
class Judge:
    """Whether the values of one point can be. Remembers what it believed last."""

    point: Point
    _believed: tuple[float, float] | None = field(default=None, init=False)
    _doubted: float | None = field(default=None, init=False)
    _since: tuple[tuple[int, ...], float] | None = field(default=None, init=False)

    @property
    def watches_time(self) -> bool:
        """Whether an unchanged value may have to be judged anew."""
        return self.point.stuck_after is not None or self.point.step is not None

    def forget(self) -> None:
        """Begin to watch anew: while nothing was read, nothing could be seen to move."""
        self._since = None

    def judge(self, raw: Raw, value: Value | None, now: float) -> tuple[Quality, str]:
        """Return the quality of a value read at `now` (monotonic, seconds), and the reason."""
        point, words = self.point, tuple(int(word) for word in raw)
        if self._since is None or self._since[0] != words:
            self._since = (words, now)
        elif point.stuck_after is not None and now - self._since[1] >= point.stuck_after:
            return Quality.STUCK, f"the same value for {now - self._since[1]:.0f} s"
        if value is None:
            return Quality.NO_VALUE, "not a number"
        if point.type is DataType.BOOL:
            return Quality.GOOD, ""
        number = combine_words(list(words), word_order=point.word_order.value)
        # A table may write 0x8000 as such or as -32768.
        if {number, number - (1 << 16 * len(words))} & set(point.no_values):
            return Quality.NO_VALUE, f"the unit says that it has no value ({number:#x})"
        if point.minimum is not None and value < point.minimum:
            return Quality.OUT_OF_RANGE, f"{value} is below {point.minimum}"
        if point.maximum is not None and value > point.maximum:
            return Quality.OUT_OF_RANGE, f"{value} is above {point.maximum}"
        return self._step(float(value), now)

    def _step(self, value: float, now: float) -> tuple[Quality, str]:
        """Doubt a jump once: what is seen twice is a step in the world, not on the line."""
        step = self.point.step
        if step is not None and self._believed is not None:
            before, at = self._believed
            allowed = step * max(now - at, 1.0)
            jumped = abs(value - before) > allowed
            if jumped and (self._doubted is None or abs(value - self._doubted) > allowed):
                self._doubted = value
                return Quality.JUMPED, f"from {before} to {value}"
        self._believed, self._doubted = (value, now), None
        return Quality.GOOD, ""
