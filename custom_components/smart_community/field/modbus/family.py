"""What a device family is: a register map that can be written down as rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..point import DataType, Kind, Lane, Point

# "No value" in 16 bits, as most makers write it: unsigned all ones, signed the lowest or highest.
NO_UINT16: Final = (0xFFFF,)
NO_INT16: Final = (0x8000, 0x7FFF)


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A family. `points` makes its points from how many of each thing are wired.

    `counts`: what can be wired how often, at most. The first is what names in the set-up stand for.
    """

    key: str
    points: Callable[[Mapping[str, int]], tuple[Point, ...]]
    counts: Mapping[str, int] = field(default_factory=dict)


def bits(
    stem: str, first: int, count: int, device_class: str | None, **more: Any
) -> tuple[Point, ...]:
    """Return numbered discrete inputs `stem_1` .. from an address on, in the fast lane."""
    return tuple(
        bit(f"{stem}_{number}", first + number - 1, device_class, number=number, **more)
        for number in range(1, count + 1)
    )


def bit(key: str, address: int, device_class: str | None, **more: Any) -> Point:
    """Return a discrete input, in the fast lane."""
    more = {"kind": Kind.DISCRETE, "lane": Lane.FAST, **more}
    return Point(key=key, address=address, device_class=device_class, **more)


def figures(
    stem: str, first: int, count: int, unit: str | None, device_class: str | None, **more: Any
) -> tuple[Point, ...]:
    """Return numbered input registers `stem_1` .. from an address on."""
    words = DataType(more.get("type", DataType.UINT16)).words
    return tuple(
        figure(f"{stem}_{one}", first + (one - 1) * words, unit, device_class, number=one, **more)
        for one in range(1, count + 1)
    )


def figure(
    key: str, address: int, unit: str | None, device_class: str | None, **more: Any
) -> Point:
    """Return an input register with a figure, unsigned 16 bits unless said otherwise."""
    more = {"kind": Kind.INPUT, "type": DataType.UINT16, **more}
    if more["type"] in {DataType.UINT16, DataType.INT16} and "no_values" not in more:
        more["no_values"] = NO_INT16 if more["type"] is DataType.INT16 else NO_UINT16
    return Point(
        key=key, address=address, unit_of_measurement=unit, device_class=device_class, **more
    )
