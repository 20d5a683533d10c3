"""Family `fire_panel`: the detector inputs of a smoke or fire alarm panel, as discrete inputs.

A generic profile of this project, not a maker's map: panels that offer their zones over Modbus do
so through a configurable gateway, which is set to this table.

    discrete inputs (function 02)        holding register (function 03)
    0 .. n-1   detector input in alarm   0  number of wired inputs
    1000       panel fault
    1001       mains fault
    1002       battery fault
"""

from collections.abc import Mapping
from typing import Final

from ..point import Point
from .family import Family, bit, bits

MOST_INPUTS: Final = 128

_FAULTS: Final = tuple(
    bit(key, address, "problem", diagnostic=True)
    for address, key in enumerate(("panel_fault", "mains_fault", "battery_fault"), 1000)
)


def points(counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points of a panel with this many detector inputs wired."""
    return bits("input", 0, counts["inputs"], "smoke") + _FAULTS


FAMILY: Final = Family(key="fire_panel", points=points, counts={"inputs": MOST_INPUTS})
