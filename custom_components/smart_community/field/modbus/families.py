"""Which points a unit has: by its device family, or by the point table that was imported for it."""

from collections.abc import Mapping
from typing import Any, Final

from ..point import Point
from . import fire_panel

# The family of a unit whose points a contractor's table says; `points` holds Point.plain() of each.
POINT_TABLE: Final = "point_table"


def points_of(data: Mapping[str, Any]) -> tuple[Point, ...]:
    """Return the points of a unit as its subentry describes it.

    Raises KeyError, ValueError or TypeError for data that no flow or import has written.
    """
    if data["family"] == POINT_TABLE:
        return tuple(Point.of(point) for point in data["points"])
    return fire_panel.points(int(data["inputs"]))
