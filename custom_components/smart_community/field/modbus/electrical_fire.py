"""Family `electrical_fire`: residual current and cable temperature of a distribution board.

A generic profile of this project for detectors as GB 14287.2-2014 (residual current) and GB
14287.3-2014 (temperature) describe them.

    input registers (function 04)       discrete inputs (function 02)
    0       residual current, mA        0       residual current above its alarm value
    1 .. n  cable temperature, 0.1 C    1 .. n  cable temperature above its alarm value
"""

from collections.abc import Mapping
from typing import Final

from ..point import DataType, Lane, Point
from .family import Family, bit, bits, figure, figures


def points(counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points for so many cables."""
    temperatures = figures(
        "cable_temperature",
        1,
        counts["cables"],
        "°C",
        "temperature",
        type=DataType.INT16,
        scale=0.1,
        minimum=-50.0,
        maximum=250.0,
        lane=Lane.FAST,
    )
    return (
        figure("residual_current", 0, "mA", "current", maximum=30000.0, lane=Lane.FAST),
        *temperatures,
        bit("residual_current_alarm", 0, "problem"),
        *bits("cable_alarm", 1, counts["cables"], "heat"),
    )


FAMILY: Final = Family(key="electrical_fire", points=points, counts={"cables": 8})
