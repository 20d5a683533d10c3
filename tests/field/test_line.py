"""A line after an answer that is not clean."""

from itertools import pairwise

import pytest
from modbus_connection import ModbusConnection

from custom_components.smart_community.field.modbus.line import Line, NoData
from custom_components.smart_community.field.modbus.plan import Block
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.point import Kind, Quality
from tests.simulators.modbus_server import ModbusServer
from tests.simulators.waiting import until

from .conftest import Bus, polling
from .counted_time import in_counted_time


class Short:
    """A unit whose answers are a value too short, which the library lets pass."""

    connected = True
    dropped = 0

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        return list(range(address, address + count - 1))

    async def disconnect(self) -> None:
        self.dropped += 1


@in_counted_time
async def test_after_an_answer_of_another_length_the_line_is_connected_anew() -> None:
    unit, block = Short(), Block(kind=Kind.INPUT, address=0, count=4)
    with pytest.raises(NoData) as lack:
        await Line().read(unit, block)  # type: ignore[arg-type]  # in memory
    assert lack.value.quality is Quality.GARBLED
    assert unit.dropped == 1


async def test_units_that_need_a_rest_between_two_requests_have_it(
    server: ModbusServer, link: ModbusConnection
) -> None:
    """In real time, by which the library counts the rest, whatever clock the loop goes by."""
    rest = 0.08
    bus = Bus(server=server, link=link, poller=Poller(line=Line(spacing=rest)))
    for address in (1, 2, 3):
        bus.add(address)
    async with polling(bus.poller):
        await until(lambda: len(server.requests) > 12)
    at = [one.at for one in server.requests]
    # The next is sent behind the answer to the last, and the last was here before its answer.
    assert min(later - one for one, later in pairwise(at)) >= 0.8 * rest
    assert {one.quality for one in bus.poller.units[3].readings.values()} == {Quality.GOOD}
