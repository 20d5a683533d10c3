"""Every fault by name, over TCP, UDP and RTU: what it is called, and that it heals.

The faulty unit has two blocks of the same shape with different contents, read one after the other
every second. An answer that is taken for another request's puts the one's values on the other: that
is what would be seen here, and nowhere else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from custom_components.smart_community.field.modbus.line import Line
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point, Quality
from tests.simulators.modbus_server import Fault, ModbusServer, Wire

from .conftest import Bus, dial, polling
from .counted_time import in_counted_time

NO_ANSWER, GARBLED, REFUSED = Quality.NO_ANSWER, Quality.GARBLED, Quality.REFUSED
WIRES = (Wire.TCP, Wire.RTU, Wire.UDP)
# What each fault is called on the points of its unit. What garbage looks like is chance. Stuck and
# all zeros have a test of their own: only what a point table says of a value can tell them.
CALLED = {
    Fault.SILENT: {NO_ANSWER},
    Fault.SLOW: {NO_ANSWER},
    Fault.LATE: {NO_ANSWER},
    Fault.DROP: {Quality.DISCONNECTED, NO_ANSWER},  # over UDP there is nothing to drop
    Fault.TRUNCATED: {Quality.TRUNCATED},
    Fault.SHORT: {GARBLED},
    Fault.GARBAGE: {GARBLED, Quality.WRONG_TRANSACTION},  # if it begins as the unit's would
    Fault.BAD_CRC: {GARBLED},
    Fault.WRONG_TRANSACTION: {Quality.WRONG_TRANSACTION},
    # Over RTU nothing but the unit's address says whose an answer is.
    Fault.WRONG_UNIT: {Quality.WRONG_TRANSACTION, GARBLED},
    Fault.WRONG_FUNCTION: {Quality.WRONG_TRANSACTION},
    Fault.ILLEGAL_FUNCTION: {REFUSED},
    Fault.ILLEGAL_ADDRESS: {REFUSED},
    Fault.ILLEGAL_VALUE: {REFUSED},
    Fault.DEVICE_FAILURE: {REFUSED},
    Fault.ACKNOWLEDGE: {Quality.BUSY},
    Fault.BUSY: {Quality.BUSY},
    Fault.GATEWAY_PATH: {NO_ANSWER},
    Fault.GATEWAY_TARGET: {NO_ANSWER},
    Fault.OUT_OF_RANGE: {Quality.OUT_OF_RANGE},
    Fault.ALL_ONES: {Quality.NO_VALUE},
}
# Such an answer is right: the field that would be wrong is not there.
HARMLESS = {
    (Wire.TCP, Fault.BAD_CRC),
    (Wire.UDP, Fault.BAD_CRC),
    (Wire.RTU, Fault.WRONG_TRANSACTION),
}
# An answer that comes so late is another request's, if anybody's.
LATE = 0.5


def _point(address: int, lane: Lane = Lane.FAST) -> Point:
    return Point(
        key=f"input_{address}",
        kind=Kind.INPUT,
        address=address,
        type=DataType.UINT16,
        lane=lane,
        maximum=10_000.0,
    )


BLOCKS = tuple(_point(start + offset) for start in (0, 300) for offset in range(10))


@asynccontextmanager
async def _line(wire: Wire) -> AsyncIterator[Bus]:
    async with ModbusServer(wire=wire) as server:
        for address in (1, 2, 3):
            unit = server.add_fire_panel(address, inputs=4)
            unit.input.update({point.address: 1000 * address + point.address for point in BLOCKS})
        link = dial(server)
        line = Line(within=0.3, baudrate=115200 if wire is Wire.RTU else 0)
        poller = Poller(line, clock=asyncio.get_running_loop().time)
        async with polling(poller):
            yield Bus(server=server, link=link, poller=poller)
        await link.close()


def _wrong(bus: Bus) -> list[tuple[int, str, float | None]]:
    """Return every value that was told and that the unit has never had."""
    return [
        (address, key, reading.value)
        for address, key, reading in bus.told
        if reading.value is not None
        and reading.value != 1000 * address + int(key.removeprefix("input_"))
    ]


@pytest.mark.parametrize("fault", CALLED)
@pytest.mark.parametrize("wire", WIRES)
@in_counted_time
async def test_a_fault_marks_its_own_unit_says_why_and_heals_by_itself(
    wire: Wire, fault: Fault, socket_enabled: None
) -> None:
    async with _line(wire) as bus:
        units = {address: bus.add(address, BLOCKS) for address in (1, 2, 3)}
        await asyncio.sleep(1)
        assert len(bus.told) == 60
        bus.told.clear()
        bus.server.units[1].fault, bus.server.units[1].delay = fault, LATE
        for _ in range(8):
            asked = bus.asked(2)
            await asyncio.sleep(1.5)
            assert bus.asked(2) >= asked + 2, "the healthy ones are asked as before"
        assert _wrong(bus) == []
        assert {address for address, _, _ in bus.told} <= {1}
        for address in (2, 3):
            qualities = {reading.quality for reading in units[address].readings.values()}
            assert qualities == {Quality.GOOD}
        if (bus.server.wire, fault) not in HARMLESS:
            lacking = units[1].readings.values()
            assert {reading.value for reading in lacking} == {None}
            assert all(reading.reason for reading in lacking)
            assert {reading.quality for reading in lacking} <= CALLED[fault]
        bus.server.units[1].fault = None
        await asyncio.sleep(11)
        assert {reading.quality for reading in units[1].readings.values()} == {Quality.GOOD}
        assert _wrong(bus) == []


@pytest.mark.parametrize(
    ("fault", "called"),
    [(Fault.STUCK, Quality.STUCK), (Fault.ALL_ZEROS, Quality.OUT_OF_RANGE)],
)
@pytest.mark.parametrize("wire", WIRES)
@in_counted_time
async def test_a_unit_that_is_stuck_or_says_nothing_but_zeros_is_told_by_the_tables_rules(
    wire: Wire, fault: Fault, called: Quality, socket_enabled: None
) -> None:
    """A zero that may be is not told from a value, nor is "off" from an input without its wire."""
    ruled = replace(_point(0), minimum=1.0, stuck_after=5.0)
    free = replace(_point(300), maximum=None)
    async with _line(wire) as bus:
        unit, measured = bus.add(1, (ruled, free)), bus.server.units[1].input

        async def measure(seconds: int) -> None:
            for _ in range(seconds):
                measured[0] += 1
                await asyncio.sleep(1)

        await measure(10)
        assert unit.reading("input_0").quality is Quality.GOOD
        bus.server.units[1].fault = fault
        await measure(10 if fault is Fault.STUCK else 3)
        assert (unit.reading("input_0").value, unit.reading("input_0").quality) == (None, called)
        assert unit.reading("input_300").value == (0 if fault is Fault.ALL_ZEROS else 1300)
        bus.server.units[1].fault = None
        await measure(3)
        assert unit.reading("input_0").quality is Quality.GOOD
        assert unit.reading("input_300").value == 1300


@pytest.mark.parametrize("wire", WIRES)
@in_counted_time
async def test_a_line_that_is_cut_behind_its_gateway_is_no_data_on_every_unit(
    wire: Wire, socket_enabled: None
) -> None:
    async with _line(wire) as bus:
        for address in range(4, 13):
            bus.server.units[address] = bus.server.units[3]
        units = [bus.add(address, BLOCKS) for address in range(1, 13)]
        await asyncio.sleep(1)
        bus.server.fault = Fault.SILENT
        before = len(bus.server.requests)
        await asyncio.sleep(4)
        assert {one.value for unit in units for one in unit.readings.values()} == {None}
        assert len(bus.server.requests) - before < 12, "most of them without being asked"
        await asyncio.sleep(20)
        bus.server.fault = None
        await asyncio.sleep(11)
        assert {one.quality for unit in units for one in unit.readings.values()} == {Quality.GOOD}


@pytest.mark.parametrize("wire", WIRES)
@in_counted_time
async def test_a_gateway_that_is_restarted_is_heard_again(wire: Wire, socket_enabled: None) -> None:
    async with _line(wire) as bus:
        unit = bus.add(1, BLOCKS)
        await asyncio.sleep(1)
        await bus.server.refuse(True)
        await asyncio.sleep(30)
        assert {reading.value for reading in unit.readings.values()} == {None}
        await bus.server.refuse(False)
        await asyncio.sleep(11)
        assert {reading.quality for reading in unit.readings.values()} == {Quality.GOOD}
