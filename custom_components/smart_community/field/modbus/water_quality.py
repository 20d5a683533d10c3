"""Family `water_quality`: tank and outlet of a secondary water supply.

A generic profile of this project. What the figures are judged by: GB 5749-2022 asks of drinking
water at most 1 NTU turbidity, pH 6.5 to 8.5, and 0.05 to 2 mg/l free chlorine at the tap.

    input registers (function 04)
    0  tank level, mm          3  outlet pressure, kPa
    1  turbidity, 0.01 NTU     4  pH, 0.01
    2  free chlorine, 0.01 mg/l
"""

from collections.abc import Mapping
from typing import Final

from ..point import Point
from .family import Family, figure


def points(_counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points of one supply. Nothing here turns within half a minute: the slow lane."""
    return (
        figure("tank_level", 0, "cm", "distance", scale=0.1, maximum=2000.0),
        figure("turbidity", 1, "NTU", None, scale=0.01, maximum=100.0),
        figure("free_chlorine", 2, "mg/L", None, scale=0.01, maximum=20.0),
        figure("outlet_pressure", 3, "kPa", "pressure", maximum=4000.0),
        figure("ph", 4, None, "ph", scale=0.01, maximum=14.0),
    )


FAMILY: Final = Family(key="water_quality", points=points)
