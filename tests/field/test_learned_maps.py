"""What was learned of a unit's map holds as long as it is so: over TCP, in counted time."""

import asyncio
from dataclasses import replace

from custom_components.smart_community.field.modbus.learn import Recheck
from custom_components.smart_community.field.modbus.plan import Block
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point, Quality
from tests.simulators.modbus_server import Fault

from .conftest import PANEL, Bus

HOLES = {17, 41}
PRESENT = [at for at in range(60) if at not in HOLES]
POINTS = tuple(
    Point(key=f"input_{at}", kind=Kind.INPUT, address=at, type=DataType.UINT16) for at in PRESENT
)
DAY = 86_400


def blocks(unit: PolledUnit) -> list[int]:
    return [job.block.count for job in unit.jobs if job.block.kind is Kind.INPUT]


async def learned(bus: Bus) -> PolledUnit:
    """A unit whose map has two holes, both found."""
    bus.server.units[1].input.update({at: at for at in PRESENT})
    unit = bus.add(1, (*PANEL, *POINTS))
    await asyncio.sleep(5)
    assert blocks(unit) == [17, 23, 18]
    return unit


async def test_a_unit_that_was_replaced_is_read_in_whole_blocks_when_it_is_back(bus: Bus) -> None:
    unit = await learned(bus)
    kept: list[int] = []
    unit.learned = lambda: kept.append(len(unit.barriers))
    bus.server.units[1].fault = Fault.SILENT
    await asyncio.sleep(20)
    bus.server.units[1].input.update(dict.fromkeys(HOLES, 0))
    bus.server.units[1].fault = None
    await asyncio.sleep(15)
    assert blocks(unit) == [60]
    assert unit.barriers == set()
    assert kept == [1, 0], "and it is kept so"


async def test_a_point_that_is_refused_is_asked_again_and_back_when_it_is_there(bus: Bus) -> None:
    panel = bus.server.units[1]
    del panel.discrete[1001]
    unit = bus.add(1)
    await asyncio.sleep(2)
    assert unit.reading("mains_fault").quality is Quality.REFUSED
    panel.discrete[1001] = True
    await asyncio.sleep(8)
    assert unit.reading("mains_fault").value is True


async def test_once_a_day_each_barrier_is_asked_across_and_nobody_loses_its_data(
    bus: Bus,
) -> None:
    unit = await learned(bus)
    bus.told.clear()
    now = asyncio.get_running_loop().time()
    bus.server.units[1].input[17] = 0
    asked = bus.asked(1)
    unit.answers(now + 2 * DAY)
    await asyncio.sleep(1)
    assert blocks(unit) == [41, 18], "what is still a hole stays one"
    assert bus.asked(1) - asked <= 2 + 2 + 4, "one request a barrier, and the new blocks"
    assert {reading.quality for _, _, reading in bus.told} <= {Quality.GOOD}
    unit.answers(now + 2 * DAY + 10)
    assert unit.search is None, "once"


async def test_the_most_that_a_unit_answers_at_once_is_learned_as_well(bus: Bus) -> None:
    panel = bus.server.units[1]
    panel.input, panel.most_registers = {at: at for at in range(100)}, 40
    points = tuple(replace(POINTS[0], key=f"input_{at}", address=at) for at in range(100))
    unit = bus.add(1, points)
    await asyncio.sleep(5)
    assert {key: one.value for key, one in unit.readings.items()} == {
        f"input_{at}": at for at in range(100)
    }
    assert max(blocks(unit)) <= 40
    panel.fault, panel.most_registers = Fault.SILENT, 125  # another one in its place
    await asyncio.sleep(40)
    panel.fault = None
    await asyncio.sleep(75)
    assert blocks(unit) == [100]
    assert {one.quality for one in unit.readings.values()} == {Quality.GOOD}


def test_what_is_asked_across_a_barrier_is_the_whole_block_that_would_be_read() -> None:
    most = 50
    barriers = {(Kind.INPUT, at) for at in (50, 100)}

    def across(barrier: tuple[Kind, int]) -> Block:
        left = max((at for _, at in barriers if at < barrier[1]), default=0)
        right = min((at for _, at in barriers if at > barrier[1]), default=150)
        return Block(kind=Kind.INPUT, address=left, count=right - left)

    recheck = Recheck(barriers, across, barriers.discard)
    while recheck.ask is not None:
        recheck.told(answered=recheck.ask.count <= most)
    assert len(barriers) == 2, "a unit that answers so many registers at once is not asked for more"


def test_a_fast_point_inside_a_slow_block_is_its_own_requests_alone() -> None:
    def point(at: int, lane: Lane) -> Point:
        return Point(key=str(at), kind=Kind.INPUT, address=at, type=DataType.UINT16, lane=lane)

    unit = PolledUnit(
        unit=None,  # type: ignore[arg-type] # nothing is asked
        points=(point(0, Lane.SLOW), point(5, Lane.FAST), point(10, Lane.SLOW)),
        changed=lambda _: None,
    )
    (fast,), (slow,) = unit.fast, unit.slow
    unit.take(fast, [1], 1.0)
    unit.take(slow, [0] * 11, 1.5)  # for a moment it was off
    unit.take(fast, [1], 2.0)
    assert unit.reading("5").value == 1
    assert unit.reading("0").value == 0
