"""Five units on a line of 25 ms a request, one of them with a fault: the others' alarms, over TCP.

In counted time: what the poller leaves between two readings of a unit, on a machine of any speed.
"""

import asyncio
from itertools import pairwise

import pytest

from custom_components.smart_community.field.modbus.line import Line
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import Quality
from tests.simulators.modbus_server import Fault, ModbusServer, Timing, Wire

from .conftest import PANEL, dial, polling
from .counted_time import in_counted_time

TAKES = 0.025
HEARD_WITHIN, BACK_WITHIN = 1.5, 10.0
FAULTY, HEALTHY = 3, (1, 2, 4, 5)
READ_INPUTS = 2


@pytest.mark.parametrize("wire", [Wire.TCP, Wire.RTU])
@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.BUSY, Fault.GARBAGE, Fault.TRUNCATED])
@in_counted_time
async def test_beside_a_unit_with_a_fault_alarms_are_heard_in_time_and_it_comes_back(
    fault: Fault, wire: Wire, socket_enabled: None
) -> None:
    loop = asyncio.get_running_loop()
    async with ModbusServer(wire=wire, timing=Timing(flat=TAKES)) as server:
        link = dial(server)
        poller = Poller(Line(baudrate=115200 if wire is Wire.RTU else 0), clock=loop.time)
        for address in (*HEALTHY, FAULTY):
            server.add_fire_panel(address, inputs=4)
            polled = PolledUnit(
                unit=link.for_unit(address),
                points=PANEL,
                changed=lambda _: None,
            )
            poller.add(address, polled)
        async with polling(poller):
            await asyncio.sleep(5)
            server.units[FAULTY].fault = fault
            await asyncio.sleep(20)
            panel = server.units[FAULTY]
            panel.fault, panel.discrete[0] = None, True
            await asyncio.sleep(BACK_WITHIN)
            assert poller.units[FAULTY].reading("input_1").value is True
            for address in HEALTHY:
                unit = poller.units[address]
                assert {one.quality for one in unit.readings.values()} == {Quality.GOOD}
                assert _heard_within(server, address) <= HEARD_WITHIN
        await link.close()


def _heard_within(server: ModbusServer, address: int) -> float:
    """How long an alarm takes that comes right behind the answer to a reading of its input."""
    at = [
        one.at
        for one in server.requests
        if (one.unit, one.function, one.start) == (address, READ_INPUTS, 0)
    ]
    return max(later - when for when, later in pairwise(at)) + TAKES
