"""Family `outputs`: relays for ventilation, valves, gates and barriers, with their end switches.

A generic profile of this project: a relay module whose inputs carry what the plant reports back.
The relays must hold; one that falls back by itself after a pulse cannot be verified by reading it.

    coils (functions 01, 05)    discrete inputs (function 02)
    0 .. n-1  output            0 .. n-1  reported back: open, or running
"""

from collections.abc import Mapping
from typing import Final

from ..point import Kind, Point
from .family import Family, bits


def points(counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the points for so many outputs."""
    count = counts["outputs"]
    switched = bits("output", 0, count, None, kind=Kind.COIL, writable=True)
    return switched + bits("output_feedback", 0, count, "running")


FAMILY: Final = Family(key="outputs", points=points, counts={"outputs": 32})
