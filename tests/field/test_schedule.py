"""What the poller promises of a line's time, on lines whose time is only counted.

The units are in memory and take what a line would take.
"""

import asyncio
from collections import Counter
from functools import partial
from itertools import pairwise

import pytest
from modbus_connection.exceptions import ModbusProtocolError

from custom_components.smart_community.field.modbus.line import ANSWER_WITHIN, Line
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import EVERY, PolledUnit
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point, Quality

from .counted_time import in_counted_time

# A request on an RS-485 line behind a gateway, in seconds.
TAKES = 0.025
# What a slow block, a search or a probe may take of a line that is too slow, and what it may cost.
FAST_PER_OTHER, LIMIT = 15, 1.15
POINTS = (
    Point(key="alarm", kind=Kind.DISCRETE, address=0, lane=Lane.FAST),
    *(
        Point(key=str(at), kind=Kind.INPUT, address=at, type=DataType.UINT16)
        for at in (0, 200, 400)
    ),
)


class Far:
    """A unit on a line: answers after what the line takes, or never."""

    connected = True

    def __init__(self, bus: Bus, address: int) -> None:
        self._bus = bus
        self._address = address
        self.dead = False
        self.holes: set[int] = set()
        self.takes = TAKES

    async def read_discrete_inputs(self, address: int, count: int) -> list[bool]:
        await self._asked(Kind.DISCRETE)
        return [False] * count

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        await self._asked(Kind.INPUT)
        return [1] * count

    async def _asked(self, kind: Kind) -> None:
        self._bus.asked.append((self._bus.now, self._address, kind))
        await asyncio.sleep(3600 if self.dead else self.takes)
        if self._bus.noise > 0:
            self._bus.noise -= 1
            raise ModbusProtocolError("checksum")

    async def disconnect(self) -> None: ...

    def require_timeout(self, _: float) -> None: ...

    def set_message_spacing(self, _: float) -> None: ...


class Bus:
    """A line with its units, and who was asked for what and when."""

    def __init__(self, units: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.asked: list[tuple[float, int, Kind]] = []
        # How many answers to come are spoilt, and which units have lost their data.
        self.noise = 0
        self.lost: set[int] = set()
        self.poller = Poller(Line(), clock=self._loop.time)
        self.far: dict[int, Far] = {}
        self.units: dict[int, PolledUnit] = {}
        for address in range(1, units + 1):
            self.far[address] = Far(self, address)
            self.units[address] = PolledUnit(
                unit=self.far[address],  # type: ignore[arg-type]  # in memory
                points=POINTS,
                changed=partial(self._told, address),
            )
            self.poller.add(address, self.units[address])

    @property
    def now(self) -> float:
        return self._loop.time()

    def _told(self, address: int, key: str) -> None:
        if self.units[address].reading(key).value is None:
            self.lost.add(address)

    async def poll(self, seconds: float) -> None:
        """Let the poller run for so long; what was asked until then is forgotten."""
        self.asked.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.poller.run()

    def heard(self, address: int) -> float:
        """How long an alarm of a unit takes at most: from just after an answer to the next one."""
        at = [when for when, who, kind in self.asked if (who, kind) == (address, Kind.DISCRETE)]
        return max(later - when for when, later in pairwise(at)) + TAKES

    @property
    def slow_round(self) -> float:
        """The longest that any measurement waited."""
        by_unit: dict[int, list[float]] = {}
        for when, address, kind in self.asked:
            if kind is Kind.INPUT:
                by_unit.setdefault(address, []).append(when)
        each = len(POINTS) - 1
        return max(b - a for at in by_unit.values() for a, b in zip(at, at[each:], strict=False))


@in_counted_time
async def test_a_line_with_room_hears_alarms_in_a_second_and_reads_all_in_half_a_minute() -> None:
    bus = Bus(20)
    await bus.poll(65)
    assert max(bus.heard(one) for one in bus.units) <= EVERY[Lane.FAST] + 3 * TAKES < 1
    assert bus.slow_round <= EVERY[Lane.SLOW] + EVERY[Lane.FAST]


@pytest.mark.parametrize(
    ("units", "most"), [(5, 5 * len(POINTS)), (50, 50 * (len(POINTS) - 1) * (FAST_PER_OTHER + 1))]
)
@in_counted_time
async def test_from_the_start_a_round_of_everything_takes_what_its_requests_take(
    units: int, most: int
) -> None:
    bus = Bus(units)
    await bus.poll(65)
    left = Counter({(who, kind): 1 for who in bus.units for kind in (Kind.DISCRETE, Kind.INPUT)})
    for who in bus.units:
        left[who, Kind.INPUT] = len(POINTS) - 1
    requests = 0
    while left:
        _, who, kind = bus.asked[requests]
        left -= Counter([(who, kind)])
        requests += 1
    assert requests <= most
    assert bus.asked[requests - 1][0] + TAKES - bus.asked[0][0] <= 1.05 * requests * TAKES


@in_counted_time
async def test_a_slow_block_never_goes_twice_while_an_alarm_block_is_due() -> None:
    bus = Bus(30)
    await bus.poll(65)
    due: dict[int, float] = dict.fromkeys(bus.units, 0.0)
    for (_, _, before), (when, who, kind) in pairwise(bus.asked):
        if kind is Kind.INPUT and before is Kind.INPUT:
            assert min(due.values()) > when - TAKES
        if kind is Kind.DISCRETE:
            due[who] = when + EVERY[Lane.FAST]
    measured = Counter(who for _, who, kind in bus.asked if kind is Kind.INPUT)
    assert max(measured.values()) - min(measured.values()) < len(POINTS)


@in_counted_time
async def test_fifty_units_on_a_line_are_heard_in_what_their_alarm_blocks_alone_take() -> None:
    bus = Bus(50)
    await bus.poll(60)
    # The bit comes right behind the answer to its own block, and all the others have their turn.
    limit = (50 + 1) * TAKES
    assert max(bus.heard(one) for one in bus.units) <= LIMIT * limit
    alarms = Counter(who for _, who, kind in bus.asked if kind is Kind.DISCRETE)
    assert max(alarms.values()) - min(alarms.values()) <= 1, "and all alike"


@in_counted_time
async def test_a_line_too_slow_for_its_alarms_still_reads_every_measurement_each_minute() -> None:
    bus = Bus(50)
    await bus.poll(130)
    share = sum(kind is Kind.INPUT for _, _, kind in bus.asked) / len(bus.asked)
    assert share == pytest.approx(1 / (FAST_PER_OTHER + 1), rel=0.05)
    assert bus.slow_round <= 50 * 3 * (FAST_PER_OTHER + 1) * TAKES * 1.05


@in_counted_time
async def test_five_dead_units_of_fifty_take_a_tenth_of_the_line_and_return_in_10_seconds() -> None:
    bus = Bus(50)
    await bus.poll(5)
    dead, healthy = range(1, 6), range(6, 51)
    for address in dead:
        bus.far[address].dead = True
    await bus.poll(20)  # until each has been missed, and rests as long as it may
    await bus.poll(200)
    spent = sum(
        later - when for (when, who, _), (later, _, _) in pairwise(bus.asked) if who in dead
    )
    assert spent <= 0.1 * 200
    # Three of the four others in a round may be short probes, and one a long one.
    limit = (45 * 16 / 15 + 2 + 3 * 4) * TAKES + ANSWER_WITHIN
    assert max(bus.heard(one) for one in healthy) <= limit
    for address in dead:
        bus.far[address].dead = False
    await bus.poll(10)
    assert {bus.units[one].reading("alarm").quality for one in dead} == {Quality.GOOD}


@pytest.mark.parametrize(("units", "dead"), [(7, 6), (20, 6), (20, 12), (20, 19), (40, 20)])
@in_counted_time
async def test_dead_units_with_detectors_are_back_in_10_seconds_where_the_line_has_the_time(
    units: int, dead: int
) -> None:
    bus = Bus(units)
    await bus.poll(5)
    gone, healthy = range(1, dead + 1), range(dead + 1, units + 1)
    for address in gone:
        bus.far[address].dead = True
    await bus.poll(60)
    for moment in (0.0, 2.9, 5.3):
        await bus.poll(100 + moment)
        assert max(bus.heard(one) for one in healthy) <= 1.5
        assert bus.slow_round <= EVERY[Lane.SLOW] + 6
        for address in gone:
            bus.far[address].dead = False
        await bus.poll(10)
        assert {bus.units[one].reading("alarm").quality for one in gone} == {Quality.GOOD}
        for address in gone:
            bus.far[address].dead = True
        await bus.poll(60)


@in_counted_time
async def test_on_a_line_without_time_dead_units_share_a_tenth_of_it() -> None:
    dead = 12
    bus = Bus(50 + dead)
    await bus.poll(5)
    for address in range(1, dead + 1):
        bus.far[address].dead = True
    await bus.poll(150)
    await bus.poll(300)
    took = [later - at for (at, who, _), (later, _, _) in pairwise(bus.asked) if who <= dead]
    assert sum(took) <= 0.1 * 300 + 5
    for address in range(1, dead + 1):
        bus.far[address].dead = False
    await bus.poll(dead * sum(took) / len(took) / 0.1 + 1)
    back = [bus.units[one].reading("alarm").quality for one in range(1, dead + 1)]
    assert set(back) == {Quality.GOOD}


@pytest.mark.parametrize("dead", [range(1, 6), range(20, 25), range(11, 31)])
@in_counted_time
async def test_neighbours_that_die_together_take_nobody_with_them(dead: range) -> None:
    bus = Bus(50)
    await bus.poll(5)
    for address in dead:
        bus.far[address].dead = True
    await bus.poll(60)
    assert bus.lost == set(dead)


@pytest.mark.parametrize("moment", [0.0, 0.2, 0.4, 0.6])
@in_counted_time
async def test_neighbours_alone_in_the_fast_lane_take_nobody_with_them(moment: float) -> None:
    bus = Bus(20)
    await bus.poll(5)
    for address in range(6, 21):
        bus.poller.set_idle(address, ["alarm"])
    await bus.poll(5 + moment)
    for address in range(1, 6):
        bus.far[address].dead = True
    await bus.poll(60)
    assert bus.lost == set(range(1, 6))


@in_counted_time
async def test_a_tenth_of_a_second_of_noise_costs_only_the_units_that_were_asked() -> None:
    bus = Bus(50)
    await bus.poll(5)
    bus.noise = 5
    await bus.poll(20)
    assert len(bus.lost) == 5
    assert {unit.reading("alarm").quality for unit in bus.units.values()} == {Quality.GOOD}


@in_counted_time
async def test_a_line_that_is_cut_is_known_when_the_unit_that_answered_last_is_silent_too() -> None:
    bus = Bus(50)
    await bus.poll(5)
    for far in bus.far.values():
        far.dead = True
    # The second is given the time once more in which a gateway may still wait for the first.
    await bus.poll(7 * ANSWER_WITHIN + TAKES)
    assert bus.lost == set(bus.units)
    assert len(bus.asked) <= 7


@in_counted_time
async def test_most_probes_of_a_dead_unit_cost_no_more_than_a_few_answers() -> None:
    bus = Bus(50)
    await bus.poll(5)
    bus.far[1].dead = True
    await bus.poll(20)
    await bus.poll(200)
    costs = [later - when for (when, who, _), (later, _, _) in pairwise(bus.asked) if who == 1]
    assert len(costs) >= 20
    assert sum(cost > 5 * TAKES for cost in costs) <= len(costs) / 12 + 1
    assert max(costs) <= ANSWER_WITHIN + TAKES


@pytest.mark.parametrize(("units", "dead", "within"), [(50, 1, 100), (20, 12, 600)])
@in_counted_time
async def test_a_unit_that_became_slower_while_it_was_away_is_heard_again(
    units: int, dead: int, within: float
) -> None:
    bus = Bus(units)
    await bus.poll(5)
    for address in range(1, dead + 1):
        bus.far[address].dead = True
    await bus.poll(20)
    bus.far[1].dead, bus.far[1].takes = False, 0.8 * ANSWER_WITHIN
    await bus.poll(within)
    assert bus.units[1].reading("alarm").quality is Quality.GOOD
