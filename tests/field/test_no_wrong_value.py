"""Every fault by name, over MBAP and over RTU: what is read is true, or it is no data.

Two blocks of each table have the same shape, and so has the healthy unit: an answer that is taken
for another's would be in order in everything but its values. These move each second, so that an old
answer to the same question is another one as well.
"""

import asyncio

import pytest

from custom_components.smart_community.field.modbus.line import Line
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point, Quality
from tests.simulators.modbus_server import Fault, ModbusServer, Unit, Wire

from .conftest import dial, polling
from .counted_time import in_counted_time

WITHIN = 0.3
# How old a value may be when it is told, and as long as it stands, in seconds.
ON_THE_WAY, STANDS = 1, 3
STARTS = (0, 500)
# What no frame can show: the unit itself says it. Only a bound of the point tells.
OF_THE_VALUE = {Fault.OUT_OF_RANGE, Fault.ALL_ONES, Fault.ALL_ZEROS}
# A unit that hangs tells the truth until the truth changes; see `stuck_after`.
FAULTS = [fault for fault in Fault if fault is not Fault.STUCK]


PLACES = tuple(start + n for start in STARTS for n in range(4))


def register(address: int, kind: Kind, at: int, second: int) -> int:
    """What a register holds: what no other one holds, nor this one in any other second."""
    block = 4 * (address - 1) + 2 * (kind is Kind.INPUT) + at // 500
    return 600 + 1000 * block + 4 * second + at % 500


def bit(at: int, second: int) -> bool:
    """In alarm, then not, then in alarm: an answer for the next block is another pattern.

    So is one of the same block that is some seconds old.
    """
    return (at // 500 + at + second // 3) % 2 == 0


class Plant:
    """Two units whose values move."""

    def __init__(self) -> None:
        self.second = -1
        self.units = {1: Unit(), 2: Unit()}
        self.move()

    def move(self) -> None:
        """Let a second pass."""
        self.second += 1
        for address, one in self.units.items():
            for at in PLACES:
                one.holding[at] = register(address, Kind.HOLDING, at, self.second)
                one.input[at] = register(address, Kind.INPUT, at, self.second)
                one.discrete[at] = bit(at, self.second)

    def right(self, address: int, point: Point, value: bool | float | None, old: int) -> bool:
        """Whether a value is no data, or one that the unit has held within so many seconds."""
        held = range(max(self.second - old, 0), self.second + 1)
        if value is None:
            return True
        if point.kind.is_bit:
            return value in {bit(point.address, second) for second in held}
        return value in {register(address, point.kind, point.address, one) for one in held}


POINTS = {
    f"{kind}_{at}": Point(
        key=f"{kind}_{at}",
        kind=kind,
        address=at,
        type=DataType.BOOL if kind.is_bit else DataType.UINT16,
        lane=Lane.FAST,
        minimum=None if kind.is_bit else 500.0,
        maximum=None if kind.is_bit else 9000.0,
    )
    for kind in (Kind.HOLDING, Kind.INPUT, Kind.DISCRETE)
    for at in PLACES
}


@pytest.mark.parametrize("wire", [Wire.TCP, Wire.RTU])
@pytest.mark.parametrize("fault", FAULTS)
@in_counted_time
async def test_no_value_is_wrong_under_a_fault(
    fault: Fault, wire: Wire, socket_enabled: None
) -> None:
    async with ModbusServer(wire=wire) as server:
        plant = Plant()
        server.units = plant.units
        link = dial(server)
        line = Line(within=WITHIN, baudrate=115200 if wire is Wire.RTU else 0)
        poller = Poller(line, clock=asyncio.get_running_loop().time)
        wrong: list[tuple[int, str, object]] = []

        def look(address: int, point: Point, old: int) -> None:
            """Note a value that its unit has not held of late."""
            # A bit has no bounds: that all are on or off is for a person, or a second contact.
            if point.kind.is_bit and fault in OF_THE_VALUE:
                return
            value = poller.units[address].reading(point.key).value
            if not plant.right(address, point, value, old):
                wrong.append((address, point.key, value))

        def add(address: int) -> PolledUnit:
            one = PolledUnit(
                unit=link.for_unit(address),
                points=tuple(POINTS.values()),
                changed=lambda key: look(address, POINTS[key], ON_THE_WAY),
            )
            poller.add(address, one)
            return one

        async def live() -> None:
            while True:
                await asyncio.sleep(1)
                for address in poller.units:
                    for point in POINTS.values():
                        look(address, point, STANDS)
                plant.move()

        living = asyncio.create_task(live())
        async with polling(poller):
            polled = [add(1), add(2)]
            await asyncio.sleep(2)
            assert all(one.reading("input_500").quality is Quality.GOOD for one in polled)
            faulty = server.units[1]
            faulty.delay = 1.5 * WITHIN
            # As on a line with noise on it, then for good; then alone on the line, where nobody
            # else's request comes between a late answer and the next of the same shape.
            for every, alone in ((5, False), (1, False), (5, True), (4, True)):
                if alone:
                    poller.remove(2)
                faulty.fault, faulty.every = fault, every
                await asyncio.sleep(5)
            faulty.fault = None
            polled[1] = add(2)
            await asyncio.sleep(11)
            assert wrong == []
            for one in polled:
                assert {one.reading(key).quality for key in POINTS} == {Quality.GOOD}
        living.cancel()
        await link.close()
