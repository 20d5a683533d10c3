"""What was learned of a unit's map holds as long as it is so: over TCP, in counted time."""

import asyncio
from dataclasses import replace

import pytest

from custom_components.smart_community.field.modbus.learn import Recheck
from custom_components.smart_community.field.modbus.line import NoData
from custom_components.smart_community.field.modbus.plan import Block
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point, Quality
from script.lib.bench_modbus_plant import HOLED, Plant, holed
from tests.simulators.modbus_server import Fault

from .conftest import PANEL, Bus

HOLES = {17, 41}
PRESENT = [at for at in range(60) if at not in HOLES]
POINTS = tuple(
    Point(key=f"input_{at}", kind=Kind.INPUT, address=at, type=DataType.UINT16) for at in PRESENT
)
DAY = 86_400
ILLEGAL = NoData(Quality.REFUSED, "illegal data address", illegal=True)


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


async def test_a_table_with_holes_is_read_in_little_more_than_the_fewest_requests(
    bus: Bus,
) -> None:
    kinds = {"discrete": Kind.DISCRETE, "coils": Kind.COIL}
    points = tuple(
        Point(
            key=f"{run.name}_{at}",
            kind=kinds.get(run.table) or Kind(run.table),
            address=at,
            type=DataType(run.data or "bool"),
            lane=Lane.FAST if run.alarm else Lane.SLOW,
        )
        for run in HOLED
        for at in run.addresses
    )
    bus.server.units[1] = holed()
    unit = bus.add(1, points)
    await asyncio.sleep(10)
    assert {one.quality for one in unit.readings.values()} == {Quality.GOOD}
    assert len(unit.readings) == len(points)
    plant = Plant(buses=1, units_a_bus=1, runs=HOLED, servers=[bus.server])
    assert plant.fewest <= len(unit.jobs) <= 1.2 * plant.fewest


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


def word(at: int, lane: Lane) -> Point:
    return Point(key=str(at), kind=Kind.INPUT, address=at, type=DataType.UINT16, lane=lane)


def told_by_hand(*points: Point) -> PolledUnit:
    """A unit that is asked nothing: what it answers is told here."""
    return PolledUnit(
        unit=None,  # type: ignore[arg-type]  # nothing is asked
        points=points,
        changed=lambda _: None,
    )


MIXED = (word(0, Lane.SLOW), word(5, Lane.FAST), word(10, Lane.SLOW))


def test_a_fast_point_inside_a_slow_block_is_its_own_requests_alone() -> None:
    unit = told_by_hand(*MIXED)
    (fast,), (slow,) = unit.fast, unit.slow
    unit.take(fast, [1], 1.0)
    unit.take(slow, [0] * 11, 1.5)  # for a moment it was off
    unit.take(fast, [1], 2.0)
    assert unit.reading("5").value == 1
    assert unit.reading("0").value == 0


@pytest.mark.parametrize("value", [0, 1])
def test_a_fast_point_that_rests_is_taken_from_the_first_slow_answer(value: int) -> None:
    unit = told_by_hand(*MIXED)
    (fast,), (slow,) = unit.fast, unit.slow
    answer = [0] * 5 + [value] + [0] * 5
    unit.take(slow, answer, 1.0)
    unit.take(fast, [1 - value], 2.0)
    unit.set_idle(["5"], 3.0)
    (job,) = unit.jobs
    assert job.block == slow.block, "the same request, for one point more"
    unit.take(job, answer, 4.0)  # it is so again: nothing in the block has changed
    assert unit.reading("5").value == value


@pytest.mark.parametrize("value", [0, 1])
def test_a_slow_point_that_rides_no_more_is_taken_from_the_first_answer_of_its_own(
    value: int,
) -> None:
    points = (word(0, Lane.SLOW), word(5, Lane.FAST), word(6, Lane.SLOW), word(7, Lane.FAST))
    unit = told_by_hand(*points, word(10, Lane.SLOW))
    (fast,), (slow,) = unit.fast, unit.slow
    answer = [0] * 6 + [value] + [0] * 4
    unit.take(slow, answer, 1.0)
    unit.take(fast, [0, 1 - value, 0], 2.0)
    unit.set_idle(["7"], 3.0)
    again = next(job for job in unit.slow if job.block == slow.block)
    unit.take(again, answer, 4.0)
    assert unit.reading("6").value == value


def test_an_answer_under_way_while_lanes_change_is_what_the_next_one_is_compared_with() -> None:
    unit = told_by_hand(*MIXED, word(200, Lane.FAST))
    slow = unit.slow[0]
    unit.take(slow, [1] * 11, 1.0)
    unit.set_idle(["200"], 2.0)
    unit.take(slow, [2] * 11, 3.0)  # asked before
    unit.take(next(job for job in unit.slow if job.block == slow.block), [1] * 11, 4.0)
    assert unit.reading("0").value == 1


def test_lanes_that_change_do_not_end_the_search_of_another_block() -> None:
    unit = told_by_hand(*MIXED, word(200, Lane.FAST))
    slow = unit.slow[0]
    unit.refused(slow, ILLEGAL, 1.0)
    unit.set_idle(["200"], 2.0)
    assert unit.search is not None
    assert unit.search[0] in unit.slow, "whose request is not made meanwhile"


def test_a_search_of_a_block_that_is_planned_anew_begins_again_with_all_its_points() -> None:
    unit = told_by_hand(*MIXED)
    slow = unit.slow[0]
    unit.take(slow, [1] * 11, 0.5)
    unit.refused(slow, ILLEGAL, 1.0)
    assert unit.search is not None
    asked = unit.search[1].ask
    assert asked is not None
    unit.set_idle(["5"], 2.0)
    unit.searched(asked, [1] * asked.count, 2.5)
    unit.refused(slow, ILLEGAL, 2.5)
    assert unit.search is None, "neither answer is to a request that is still made"
    unit.refused(unit.jobs[0], ILLEGAL, 3.0)
    assert unit.search is not None
    assert unit.search[0] is unit.jobs[0]
    assert unit.reading("5").quality is not Quality.REFUSED, "which the search is yet to find out"
