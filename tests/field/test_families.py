"""Each family's rows, and the documentation that contractors set their gateways by."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from custom_components.smart_community.field.modbus.families import FAMILIES, points_of
from custom_components.smart_community.field.modbus.family import Family
from custom_components.smart_community.field.point import Kind, Lane, Point

DOCUMENT = Path(__file__).parents[2] / "docs" / "modbus_families.md"
READ_BY = {Kind.COIL: "01/05", Kind.DISCRETE: "02", Kind.HOLDING: "03", Kind.INPUT: "04"}


def _stem(point: Point) -> str:
    return point.key if point.number is None else point.key.removesuffix(f"{point.number}") + "n"


def rows(family: Family) -> Iterator[str]:
    """Return the lines of a family's table, from its points."""
    points = family.points(family.counts)
    for key, group in groupby(points, _stem):
        point, *more = tuple(group)
        address = str(point.address)
        if more:
            each = more[0].address - point.address
            address += " + n - 1" if each == 1 else f" + {each} (n - 1)"
        shown = [point.type.value]
        if point.scale != 1.0:
            shown.append(f"x {point.scale:g}")
        bounds = [f"{one:g}" for one in (point.minimum, point.maximum) if one is not None]
        bounds = ["up", *bounds] if point.minimum is None and bounds else bounds
        yield (
            f"| `{key}` | {READ_BY[point.kind]} | {address} | {' '.join(shown)}"
            f" | {point.unit_of_measurement or ''} | {' to '.join(bounds)}"
            f" | {'each second' if point.lane is Lane.FAST else 'each half minute'} |"
        )


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_the_documentation_says_what_is_read(family: Family) -> None:
    said = DOCUMENT.read_text()
    section = said.partition(f"## `{family.key}`")[2].partition("\n## ")[0]
    assert [line for line in section.splitlines() if line.startswith("| `")] == list(rows(family))
    for most in family.counts.values():
        assert str(most) in section


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_no_two_points_of_a_family_share_a_key_or_a_place(family: Family) -> None:
    points = family.points(family.counts)
    assert len({point.key for point in points}) == len(points)
    taken = [
        (point.kind, point.address + word) for point in points for word in range(point.type.words)
    ]
    assert len(set(taken)) == len(taken)


def test_names_stand_for_what_the_family_counts_first() -> None:
    data = {"family": "gas_panel", "channels": 3, "names": ["Garage", "Kitchen"]}
    named = {point.key: point.name for point in points_of(data)}
    assert (named["gas_1"], named["gas_2"], named["gas_3"]) == ("Garage", "Kitchen", None)
    assert named["co_1"] is None
