"""Another integration on the same connection: what it does to the line is no unit's failure.

Both are on one connection of the library, as Home Assistant's shared one is; over TCP, in counted
time. The other asks a unit that says nothing, for as long as the library gives a request.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from modbus_connection import ModbusError

from custom_components.smart_community.field.modbus.cap import TURN_WITHIN
from custom_components.smart_community.field.modbus.line import NoData
from custom_components.smart_community.field.modbus.once import read_once
from custom_components.smart_community.field.modbus.unit import EVERY
from custom_components.smart_community.field.point import Kind, Lane, Point, Quality
from tests.simulators.modbus_server import Fault

from .conftest import PANEL, Bus

THEIRS = 9
VALVE = Point(key="valve", kind=Kind.COIL, address=0, lane=Lane.FAST, writable=True)


@asynccontextmanager
async def taken(bus: Bus, seconds: float) -> AsyncIterator[None]:
    """Let another integration hold the line: its unit is silent, and it waits so long for it."""
    bus.server.units[THEIRS] = bus.server.add_fire_panel(THEIRS)
    bus.server.units[THEIRS].fault = Fault.SILENT
    theirs = bus.link.for_unit(THEIRS)

    async def ask() -> None:
        with suppress(ModbusError, TimeoutError):
            async with asyncio.timeout(seconds):
                await theirs.read_discrete_inputs(0, 1)

    before = bus.asked(THEIRS)
    asking = asyncio.create_task(ask())
    while bus.asked(THEIRS) == before:
        await asyncio.sleep(0.01)
    yield
    await asking


def qualities(bus: Bus) -> set[Quality]:
    return {one.quality for unit in bus.poller.units.values() for one in unit.readings.values()}


async def test_a_unit_that_had_to_wait_for_another_integration_has_not_failed(bus: Bus) -> None:
    units = [bus.add(address) for address in (1, 2)]
    await asyncio.sleep(2)
    bus.told.clear()
    line = bus.connections()
    for _ in range(5):
        async with taken(bus, 2.2):
            pass
        asked = bus.asked(1), bus.asked(2)
        await asyncio.sleep(EVERY[Lane.FAST])
        assert bus.asked(1) > asked[0]
        assert bus.asked(2) > asked[1]
    assert bus.told == []
    assert [unit.failures for unit in units] == [0, 0]
    assert bus.connections() == line, "nor is the line dropped for it"


async def test_a_unit_has_its_whole_time_from_when_the_line_is_free(bus: Bus) -> None:
    unit = bus.add(1)
    await asyncio.sleep(2)
    bus.server.units[1].fault, bus.server.units[1].delay = Fault.SLOW, 0.4
    bus.told.clear()
    for _ in range(5):
        async with taken(bus, 0.45):
            pass
        await asyncio.sleep(0.5)
    assert bus.told == []
    bus.server.units[1].delay = 0.6
    async with taken(bus, 0.45):
        pass
    await asyncio.sleep(1)
    assert unit.why is Quality.NO_ANSWER, "and no more than that"


async def test_a_line_that_another_integration_holds_for_long_is_no_data_with_its_own_reason(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    units = [bus.add(address) for address in (1, 2, 3)]
    bus.link.for_unit(THEIRS).require_timeout(60)
    await asyncio.sleep(2)
    line = bus.connections()
    async with taken(bus, 20):
        await asyncio.sleep(TURN_WITHIN + EVERY[Lane.FAST])
        assert qualities(bus) == {Quality.LINE_TAKEN}
        assert {one.value for unit in units for one in unit.readings.values()} == {None}
        bus.server.units[2].discrete[0] = True
    await asyncio.sleep(0.5)
    assert units[1].reading("input_1").value is True
    assert qualities(bus) == {Quality.GOOD}
    assert [unit.failures for unit in units] == [0, 0, 0]
    assert bus.connections() == line
    assert caplog.text.count("another integration holds the shared line") == 1


async def test_a_dead_unit_is_found_out_between_the_requests_of_another_integration(
    bus: Bus,
) -> None:
    unit, other = bus.add(1), bus.add(2)
    await asyncio.sleep(2)
    bus.server.units[1].fault = Fault.SILENT
    for _ in range(3):
        async with taken(bus, 1.0):
            pass
        await asyncio.sleep(1)
    assert unit.reading("input_1").quality is Quality.NO_ANSWER
    assert other.reading("input_1").quality is Quality.GOOD
    bus.server.units[1].fault = None
    await asyncio.sleep(10)
    assert unit.reading("input_1").quality is Quality.GOOD


async def test_an_output_on_a_line_that_others_hold_is_not_written_and_its_unit_is_not_blamed(
    bus: Bus,
) -> None:
    bus.server.units[1].coils[0] = False
    unit = bus.add(1, (*PANEL, VALVE))
    bus.link.for_unit(THEIRS).require_timeout(60)
    await asyncio.sleep(2)
    async with taken(bus, 20):
        with pytest.raises(TimeoutError):
            await bus.poller.write(1, VALVE, True)
        with pytest.raises(NoData) as lack:
            await read_once(bus.poller.line, bus.link.for_unit(2), PANEL)
        assert lack.value.quality is Quality.LINE_TAKEN
    await asyncio.sleep(1)
    assert not bus.server.units[1].written
    assert unit.failures == 0
    await bus.poller.write(1, VALVE, True)
    assert bus.server.units[1].coils[0] is True


async def test_a_poller_that_ends_while_it_waits_for_the_line_leaves_it_to_the_other(
    bus: Bus,
) -> None:
    unit = bus.add(1)
    bus.link.for_unit(THEIRS).require_timeout(60)
    await asyncio.sleep(2)
    line = bus.connections()
    async with taken(bus, 5):
        reading = asyncio.create_task(bus.poller.line.read(unit.unit, unit.jobs[0].block))
        await asyncio.sleep(1)
        reading.cancel()
        await asyncio.sleep(1)
        assert bus.connections() == line
