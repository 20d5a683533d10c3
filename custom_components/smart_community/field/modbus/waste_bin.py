"""Family `waste_bin`: fill level sensors of a collection point.

A generic profile of this project: ultrasonic sensors on one input module.

    input registers (function 04)              discrete inputs (function 02)
    0 .. n-1       fill level, %               0 .. n-1  full
    100 .. 100+n-1 temperature inside, 0.1 C
"""

from collections.abc import Mapping
from typing import Final

from ..point import DataType, Point
from .family import Family, bits, figures


def points(counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points for so many bins. A bin fills in hours; a fire in it is hot in minutes."""
    bins = counts["bins"]
    temperatures = figures(
        "bin_temperature",
        100,
        bins,
        "°C",
        "temperature",
        type=DataType.INT16,
        scale=0.1,
        minimum=-50.0,
        maximum=250.0,
    )
    levels = figures("fill_level", 0, bins, "%", None, maximum=100.0)
    return levels + temperatures + bits("bin_full", 0, bins, "occupancy")


FAMILY: Final = Family(key="waste_bin", points=points, counts={"bins": 32})
