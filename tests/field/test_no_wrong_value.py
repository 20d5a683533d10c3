"""Every fault by name, over MBAP and over RTU: what is read is true, or it is no data.

Two blocks of each table have the same shape, and so has the healthy unit: an answer that is taken
for another's would be in order in everything but its values.
"""

import asyncio

import pytest
from modbus_connection.tmodbus import ModbusConnection

from custom_components.smart_community.field.modbus.line import Line
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point, Quality
from tests.simulators.modbus_server import Fault, ModbusServer, Unit, Wire

from .conftest import dial, polling
from .counted_time import in_counted_time

WITHIN = 0.3
STARTS = (0, 500)
# What no frame can show: the unit itself says it. Only a bound of the point tells.
OF_THE_VALUE = {Fault.OUT_OF_RANGE, Fault.ALL_ONES, Fault.ALL_ZEROS}
# A unit that hangs tells the truth until the truth changes; see `stuck_after`.
FAULTS = [fault for fault in Fault if fault is not Fault.STUCK]


def truth(address: int, kind: Kind, at: int) -> float:
    return 1000 * address + at + (7 if kind is Kind.INPUT else 0)


def unit(address: int) -> Unit:
    places = [start + n for start in STARTS for n in range(4)]
    return Unit(
        holding={at: int(truth(address, Kind.HOLDING, at)) for at in places},
        input={at: int(truth(address, Kind.INPUT, at)) for at in places},
        # In alarm, then not, then in alarm: an answer for the next block is another pattern.
        discrete={at: (at // 500 + at) % 2 == 0 for at in places},
    )


def points() -> tuple[Point, ...]:
    made = [
        Point(
            key=f"{kind}_{start + n}",
            kind=kind,
            address=start + n,
            type=DataType.BOOL if kind.is_bit else DataType.UINT16,
            lane=Lane.FAST,
            minimum=None if kind.is_bit else 500.0,
            maximum=None if kind.is_bit else 9000.0,
        )
        for kind in (Kind.HOLDING, Kind.INPUT, Kind.DISCRETE)
        for start in STARTS
        for n in range(4)
    ]
    return tuple(made)


def right(address: int, point: Point, value: bool | float | None) -> bool:
    if value is None:
        return True
    if point.kind.is_bit:
        return value is ((point.address // 500 + point.address) % 2 == 0)
    return value == truth(address, point.kind, point.address)


@pytest.mark.parametrize("wire", [Wire.TCP, Wire.RTU])
@pytest.mark.parametrize("fault", FAULTS)
@in_counted_time
async def test_no_value_is_wrong_under_a_fault(
    fault: Fault, wire: Wire, socket_enabled: None
) -> None:
    async with ModbusServer(wire=wire) as server:
        server.units = {1: unit(1), 2: unit(2)}
        link = dial(server)
        line = Line(within=WITHIN, baudrate=115200 if wire is Wire.RTU else 0)
        poller = Poller(line, clock=asyncio.get_running_loop().time)
        async with polling(poller):
            wrong: list[tuple[int, str, object]] = []
            polled = {address: _add(poller, link, address, wrong, fault) for address in (1, 2)}
            await asyncio.sleep(2)
            assert all(one.reading("input_500").quality is Quality.GOOD for one in polled.values())
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
            poller.add(2, polled[2])
            await asyncio.sleep(11)
            assert wrong == []
            for address, one in polled.items():
                assert {reading.quality for reading in one.readings.values()} == {Quality.GOOD}
                assert all(right(address, p, one.reading(p.key).value) for p in points())
        await link.close()


def _add(
    poller: Poller,
    link: ModbusConnection,
    address: int,
    wrong: list[tuple[int, str, object]],
    fault: Fault,
) -> PolledUnit:
    by_key = {point.key: point for point in points()}

    def changed(key: str) -> None:
        value, point = one.reading(key).value, by_key[key]
        # A bit has no bounds: that all are off or on is for a person's eye, or a second contact.
        if not right(address, point, value) and not (point.kind.is_bit and fault in OF_THE_VALUE):
            wrong.append((address, key, value))

    one = PolledUnit(unit=link.for_unit(address), points=points(), changed=changed)
    poller.add(address, one)
    return one
