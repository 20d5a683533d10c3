"""Family `water_level`: levels in pits, garages and underpasses, and leak ropes in pump rooms.

A generic profile of this project: level transmitters (4-20 mA or ultrasonic) and leak detectors
come with an input module whose registers are set to this table.

    input registers (function 04)     discrete inputs (function 02)
    0 .. n-1   level, mm              0 .. n-1       pit alarm (float switch)
                                      100 .. 100+m-1 leak rope wet
"""

from collections.abc import Mapping
from typing import Final

from ..point import Lane, Point
from .family import Family, bits, figures


def points(counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points for so many pits and leak ropes. Levels are shown in centimetres."""
    levels = figures(
        "level", 0, counts["levels"], "cm", "distance", scale=0.1, maximum=2000.0, lane=Lane.FAST
    )
    pits = bits("pit_alarm", 0, counts["levels"], "moisture")
    return levels + pits + bits("leak", 100, counts["leaks"], "moisture")


FAMILY: Final = Family(key="water_level", points=points, counts={"levels": 32, "leaks": 64})
