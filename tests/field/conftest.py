"""The poller over real TCP, without Home Assistant, in time that passes when a test says so."""

import asyncio
import math
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from modbus_connection import ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection

from custom_components.smart_community.field.modbus import fire_panel
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import Point, Reading
from tests.simulators.modbus_server import ModbusServer
from tests.simulators.zigbee_radio import radio

__all__ = ["radio"]


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """The field layer needs no Home Assistant: this stands before the fixture that loads it."""


class Pace:
    """A clock that goes while requests are under way, and jumps where the poller would sleep."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._stands: float | None = None
        self._until = self.clock()
        self._rests = asyncio.Event()
        self._woken = asyncio.Event()

    def clock(self) -> float:
        return time.monotonic() + self._offset if self._stands is None else self._stands

    async def sleep(self, seconds: float) -> None:
        target = self.clock() + seconds
        if target > self._until:
            self._stands = self.clock()
            self._rests.set()
            while target > self._until:
                await self._woken.wait()
                self._woken.clear()
        self._offset, self._stands = target - time.monotonic(), None
        await asyncio.sleep(0)

    async def run(self, seconds: float = 1.0) -> None:
        """Let so much time pass, and wait until the poller would sleep beyond it."""
        self._rests.clear()
        self._until = self.clock() + seconds
        self._woken.set()
        async with asyncio.timeout(60):
            await self._rests.wait()

    def go(self) -> None:
        """Let time pass from now on: a line that is never idle cannot be waited for."""
        self._until = math.inf
        self._woken.set()

    async def first(self) -> None:
        """Wait for what is done at once."""
        async with asyncio.timeout(20):
            await self._rests.wait()


PANEL = fire_panel.points({"inputs": 4})


@dataclass(eq=False)
class Bus:
    """A poller on a server, one round after another, and what it told."""

    server: ModbusServer
    link: ModbusConnection
    poller: Poller
    pace: Pace = field(default_factory=Pace)
    told: list[tuple[int, str, Reading]] = field(default_factory=list)

    def add(self, address: int, points: tuple[Point, ...] = PANEL) -> PolledUnit:
        unit = PolledUnit(
            unit=self.link.for_unit(address),
            points=points,
            changed=lambda key: self.told.append((address, key, unit.reading(key))),
        )
        self.poller.add(address, unit)
        return unit

    def asked(self, address: int) -> int:
        """How many requests a unit has had."""
        return sum(request[0] == address for request in self.server.requests)

    def connections(self) -> set[int]:
        """Which connections there are: a new one is another one."""
        return {id(writer) for writer in self.server._writers}


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        for address in range(1, 6):
            server.add_fire_panel(address, inputs=4)
        yield server


@pytest.fixture
async def link(server: ModbusServer) -> AsyncIterator[ModbusConnection]:
    link = ModbusConnection(ModbusTcpParams(host=server.host, port=server.port))
    yield link
    await link.close()


@pytest.fixture
async def bus(server: ModbusServer, link: ModbusConnection) -> AsyncIterator[Bus]:
    pace = Pace()
    poller = Poller(clock=pace.clock, sleep=pace.sleep)
    running = asyncio.create_task(poller.run())
    await pace.first()
    yield Bus(server=server, link=link, poller=poller, pace=pace)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.fixture
def black_hole(socket_enabled: None) -> Iterator[int]:
    """A port where nothing is refused and nothing comes back, as behind a pulled cable."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        queued = [socket.socket() for _ in range(3)]
        for one in queued:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(listening.getsockname())
        yield listening.getsockname()[1]
        for one in queued:
            one.close()
