"""Writing over a real line: believed only when it is read back, and never over a doubtful one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.smart_community.field.modbus.line import Line, NoData
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.modbus.write import NotVerified
from custom_components.smart_community.field.point import (
    DataType,
    Kind,
    Lane,
    Point,
    Quality,
    Value,
    WordOrder,
)
from tests.simulators.modbus_server import Fault, ModbusServer, Unit, Wire, Writes

from .conftest import dial, polling

VALVE = Point(key="valve", kind=Kind.COIL, address=0, lane=Lane.FAST, writable=True)
BARRIER = Point(
    key="barrier", kind=Kind.COIL, address=1, lane=Lane.FAST, writable=True, alarm_value=False
)
SETPOINT = Point(
    key="setpoint",
    kind=Kind.HOLDING,
    address=4,
    type=DataType.INT16,
    scale=0.1,
    writable=True,
)
LIMIT = Point(
    key="limit",
    kind=Kind.HOLDING,
    address=6,
    type=DataType.FLOAT32,
    word_order=WordOrder.LITTLE,
    writable=True,
)
INPUT = Point(key="input", kind=Kind.DISCRETE, address=0)


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer(wire=Wire.RTU) as server:
        server.units[1] = Unit(
            coils={0: False, 1: True}, holding={4: 0, 6: 0, 7: 0}, discrete={0: False}
        )
        yield server


@pytest.fixture
async def poller(server: ModbusServer) -> AsyncIterator[Poller]:
    link = dial(server)
    poller = Poller(Line(within=0.2, baudrate=115200))
    points = (VALVE, BARRIER, SETPOINT, LIMIT)
    unit = PolledUnit(unit=link.for_unit(1), points=points, changed=lambda _: None)
    poller.add(1, unit)
    async with polling(poller):
        async with asyncio.timeout(8):
            while len(unit.readings) < len(points):
                await asyncio.sleep(0.01)
        yield poller
    await link.close()


@pytest.mark.parametrize(
    ("point", "value", "held"),
    [
        (VALVE, True, {0: True}),
        (BARRIER, True, {1: False}),
        (SETPOINT, -12.5, {4: 0xFF83}),
        (LIMIT, 1.5, {6: 0x0000, 7: 0x3FC0}),
    ],
)
async def test_a_value_is_written_as_the_point_says_and_read_back(
    server: ModbusServer, poller: Poller, point: Point, value: Value, held: dict[int, int]
) -> None:
    await poller.write(1, point, value)
    there = server.units[1].coils if point.kind is Kind.COIL else server.units[1].holding
    assert {at: there[at] for at in held} == held
    unit = poller.units[1]
    async with asyncio.timeout(8):
        while unit.reading(point.key).value != value:
            await asyncio.sleep(0.01)


async def test_what_the_registers_cannot_hold_and_what_is_only_read_is_refused_here(
    server: ModbusServer, poller: Poller
) -> None:
    for point, value in ((SETPOINT, 4000.0), (INPUT, True)):
        with pytest.raises(ValueError, match=r".+"):
            await poller.write(1, point, value)
    assert not server.units[1].written


async def test_a_unit_that_takes_the_write_and_does_not_move_is_told(
    server: ModbusServer, poller: Poller
) -> None:
    server.units[1].writes = Writes.IGNORED
    with pytest.raises(NotVerified, match="0"):
        await poller.write(1, VALVE, True)


async def test_a_refused_write_is_told_and_the_unit_goes_on(
    server: ModbusServer, poller: Poller
) -> None:
    server.units[1].writes = Writes.REFUSED
    with pytest.raises(NoData) as lack:
        await poller.write(1, VALVE, True)
    assert lack.value.quality is Quality.REFUSED
    assert poller.units[1].reading("valve").value is False


async def test_over_rtu_a_unit_that_failed_is_asked_for_a_sign_of_life_before_it_is_written(
    server: ModbusServer, poller: Poller
) -> None:
    unit = poller.units[1]
    server.units[1].fault = Fault.SILENT
    async with asyncio.timeout(8):
        while unit.why is None:
            await asyncio.sleep(0.01)
    with pytest.raises(NoData) as lack:
        await poller.write(1, VALVE, True)
    assert not lack.value.sent
    assert not server.units[1].written
    server.units[1].fault = None
    await poller.write(1, VALVE, True)
    assert server.units[1].coils[0] is True
