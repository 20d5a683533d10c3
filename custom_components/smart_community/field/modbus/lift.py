"""Family `lift`: what a lift's controller tells through a monitoring terminal.

A generic profile of this project with the values that GB/T 24476-2017 has monitored. Somebody is
called out of bed by the entrapment bit: it counts when it is read twice.

    input registers (function 04)               discrete inputs (function 02)
    0     floor, signed                         0  person trapped
    1     door: 0 closed, others not            1  fault
    2     running: 0 standing, others moving    2  overload
    3, 4  trips, 32 bits                        3  fire service
"""

from collections.abc import Mapping
from typing import Final

from ..point import DataType, Lane, Point
from .family import Family, bit, figure


def points(_counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points of one lift."""
    in_register = {"type": DataType.BOOL, "no_values": (), "lane": Lane.FAST}
    return (
        figure(
            "lift_floor",
            0,
            None,
            None,
            type=DataType.INT16,
            minimum=-20.0,
            maximum=200.0,
            lane=Lane.FAST,
        ),
        figure("lift_door", 1, None, "door", **in_register),
        figure("lift_running", 2, None, "moving", **in_register),
        figure("trips", 3, None, None, type=DataType.UINT32, diagnostic=True),
        bit("entrapment", 0, "safety", confirm=True),
        bit("lift_fault", 1, "problem"),
        bit("lift_overload", 2, "problem"),
        bit("fire_service", 3, "safety"),
    )


FAMILY: Final = Family(key="lift", points=points)
