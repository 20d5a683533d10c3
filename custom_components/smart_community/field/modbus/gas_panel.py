"""Family `gas_panel`: a controller of combustible gas detectors and carbon monoxide detectors.

A generic profile of this project for controllers as GB 16808-2008 describes them. A channel has a
detector of one kind or of both; a register that says 0xFFFF has none.

    input registers (function 04)              discrete inputs (function 02)
    0 .. n-1       combustible gas, 0.1 % LEL  0 .. n-1       low alarm
    100 .. 100+n-1 carbon monoxide, ppm        100 .. 100+n-1 high alarm
                                               1000           controller fault
"""

from collections.abc import Mapping
from typing import Final

from ..point import Lane, Point
from .family import Family, bit, bits, figures


def points(counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points for so many channels."""
    channels = counts["channels"]
    return (
        *figures("gas", 0, channels, "%", None, scale=0.1, maximum=100.0, lane=Lane.FAST),
        *figures("co", 100, channels, "ppm", "carbon_monoxide", maximum=5000.0, lane=Lane.FAST),
        *bits("gas_low_alarm", 0, channels, "gas"),
        *bits("gas_high_alarm", 100, channels, "gas"),
        bit("controller_fault", 1000, "problem", diagnostic=True),
    )


FAMILY: Final = Family(key="gas_panel", points=points, counts={"channels": 64})
