"""Reading a unit once, by hand, beside the poller of its line."""

from collections.abc import Iterable

from modbus_connection import ModbusUnit

from ..point import Point, Quality, Value
from .decode import Judge, Raw, places, value_of
from .line import Line
from .plan import Block, Reach, plan


async def read_once(
    line: Line, unit: ModbusUnit, points: Iterable[Point], reach: Reach | None = None
) -> dict[str, Value | None]:
    """Read points once, for a test before they are saved. Raises NoData.

    Returns what can be believed of each point by its key, None for what cannot.
    """
    values: dict[str, Value | None] = {}
    points = tuple(points)
    for block in plan(points, reach or Reach()):
        raw = await line.read(unit, block)
        for point in points:
            if block.holds(point):
                values[point.key] = _value(point, block, raw)
    return values


def _value(point: Point, block: Block, raw: Raw) -> Value | None:
    own = raw[block.span(point)]
    value = value_of(point, own, places(point))
    quality, _ = Judge(point=point).judge(own, value, 0.0)
    return value if quality is Quality.GOOD else None
