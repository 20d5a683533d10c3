"""Which points a unit has: by its device family, or by the point table that was imported for it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..point import Point
from . import (
    electrical_fire,
    fire_panel,
    gas_panel,
    lift,
    noise_meter,
    outputs,
    pump,
    waste_bin,
    water_level,
    water_quality,
)
from .family import Family

# The family of a unit whose points a contractor's table says; `points` holds Point.plain() of each.
POINT_TABLE: Final = "point_table"

FAMILIES: Final[Mapping[str, Family]] = {
    one.FAMILY.key: one.FAMILY
    for one in (
        fire_panel,
        water_level,
        noise_meter,
        electrical_fire,
        water_quality,
        gas_panel,
        lift,
        waste_bin,
        pump,
        outputs,
    )
}


def points_of(data: Mapping[str, Any]) -> tuple[Point, ...]:
    """Return the points of a unit as its subentry describes it.

    `names` are the contractor's, in the order of whatever the family counts first.
    Raises KeyError, ValueError or TypeError for data that no flow or import has written.
    """
    if data["family"] == POINT_TABLE:
        return tuple(Point.of(point) for point in data["points"])
    family = FAMILIES[data["family"]]
    points = family.points({key: int(data[key]) for key in family.counts})
    names = {number: str(name) for number, name in enumerate(data.get("names", ()), 1)}
    if not names or not points:
        return points
    first = _stem(points[0])
    return tuple(
        replace(one, name=names[one.number]) if one.number in names and _stem(one) == first else one
        for one in points
    )


def _stem(point: Point) -> str:
    return point.key.removesuffix(f"_{point.number}")
