"""In RTU framing nothing but its length tells an answer from one that was asked for earlier."""

import asyncio
from collections.abc import Sequence

import pytest
from modbus_connection.exceptions import IllegalDataAddressError, ModbusProtocolError

from custom_components.smart_community.field.modbus import fire_panel
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point

from .conftest import Bus


class Remembering:
    """A serial server that keeps an answer for minutes, and gives it to whoever asks next.

    If that one takes it for its own, its own comes next, and so on. A connection that is dropped
    takes with it what is still to come.
    """

    connected = True

    def __init__(self) -> None:
        self.kept: Sequence[int] | None = None
        self.silent = False
        self.asked: list[int] = []

    async def read_input_registers(self, address: int, count: int) -> Sequence[int]:
        own = list(range(address, address + count))
        return self._answer(own, [7] * count, count)

    async def read_discrete_inputs(self, address: int, count: int) -> Sequence[int]:
        """Eight inputs that are all in alarm, and three bits of status that are not."""
        length = (count + 7) // 8
        if address + count not in {8, 1003}:
            self._answer((), [0] * length, length)
            raise IllegalDataAddressError(2)
        own = [0xFF if address == 0 else 0]
        (byte,) = self._answer(own, own, length)
        return [bool(byte >> bit & 1) for bit in range(count)]

    def _answer(self, own: Sequence[int], kept: Sequence[int], length: int) -> Sequence[int]:
        self.asked.append(length)
        if self.silent:
            self.kept = self.kept or kept
            raise TimeoutError
        before, self.kept = self.kept, None
        if before is None:
            return own
        if len(before) != length:
            raise ModbusProtocolError("another length")
        self.kept = own
        return before

    async def disconnect(self) -> None: ...

    def require_timeout(self, _: float) -> None: ...

    def set_message_spacing(self, _: float) -> None: ...


def add(bus: Bus, points: tuple[Point, ...]) -> tuple[Remembering, PolledUnit]:
    server = Remembering()
    bus.poller.line.baudrate = 9600
    unit = PolledUnit(
        unit=server,  # type: ignore[arg-type]  # in memory
        points=points,
        changed=lambda key: bus.told.append((1, key, unit.reading(key))),
    )
    bus.poller.add(1, unit)
    return server, unit


def figures(*addresses: int) -> tuple[Point, ...]:
    return tuple(
        Point(key=f"{one}", kind=Kind.INPUT, address=one, type=DataType.UINT16, lane=Lane.FAST)
        for one in addresses
    )


@pytest.mark.parametrize("addresses", [range(10), range(3), range(1), (0, 1, 100)])
async def test_an_answer_that_a_serial_server_kept_is_known_by_its_length(
    bus: Bus, addresses: Sequence[int]
) -> None:
    server, unit = add(bus, figures(*addresses))
    await asyncio.sleep(1)
    server.silent = True
    await asyncio.sleep(20)
    assert server.asked[-1] != server.asked[-2], "no probe asks for as much as the one before"
    server.silent = False
    await asyncio.sleep(25)
    assert {reading.value for _, _, reading in bus.told} - {None} == set(addresses)
    assert {key: one.value for key, one in unit.readings.items()} == {
        str(address): address for address in addresses
    }


async def test_a_kept_answer_does_not_shift_between_two_small_blocks_of_bits(bus: Bus) -> None:
    server, unit = add(bus, fire_panel.points({"inputs": 8}))
    await asyncio.sleep(1)
    server.silent = True
    await asyncio.sleep(20)
    server.silent = False
    await asyncio.sleep(25)
    believed = {
        (key.startswith("input_"), one.value) for _, key, one in bus.told if one.value is not None
    }
    assert believed == {(True, True), (False, False)}
    assert len(unit.readings) == 11
    assert all(one.value is not None for one in unit.readings.values()), "a refusal is an answer"
