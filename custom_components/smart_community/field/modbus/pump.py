"""Family `pump`: drainage and booster pumps with their contactors.

A generic profile of this project.

    discrete inputs (function 02)       input registers (function 04)
    0 .. n-1        running             0 .. 2n-1       hours run, 32 bits each
    100 .. 100+n-1  fault (overload)    100 .. 100+n-1  current, 0.1 A
    coils (functions 01, 05)
    0 .. n-1        start by hand
"""

from collections.abc import Mapping
from typing import Final

from ..point import DataType, Kind, Point
from .family import Family, bits, figures


def points(counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points for so many pumps."""
    pumps = counts["pumps"]
    return (
        *bits("pump_running", 0, pumps, "running"),
        *bits("pump_fault", 100, pumps, "problem"),
        *figures("pump_hours", 0, pumps, "h", "duration", type=DataType.UINT32, diagnostic=True),
        *figures("pump_current", 100, pumps, "A", "current", scale=0.1, maximum=1000.0),
        *bits("pump_start", 0, pumps, None, kind=Kind.COIL, writable=True),
    )


FAMILY: Final = Family(key="pump", points=points, counts={"pumps": 8})
