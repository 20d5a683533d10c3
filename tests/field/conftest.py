"""The poller over real TCP, without Home Assistant, in time that passes when a test says so."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from modbus_connection import ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection

from custom_components.smart_community.field.modbus import fire_panel
from custom_components.smart_community.field.modbus.poller import PolledUnit, Poller
from custom_components.smart_community.field.point import Reading
from tests.simulators.modbus_server import ModbusServer


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """The field layer needs no Home Assistant: this stands before the fixture that loads it."""


class Pace:
    """A clock that goes while requests are under way, and jumps where the poller would sleep."""

    def __init__(self) -> None:
        self._jumped = 0.0
        self._resting: float | None = None
        self._rests = asyncio.Event()
        self._go = asyncio.Event()

    def clock(self) -> float:
        return self._jumped + (self._resting or time.monotonic())

    async def sleep(self, seconds: float) -> None:
        self._resting = time.monotonic()
        self._rests.set()
        await self._go.wait()
        self._go.clear()
        self._jumped += self._resting + seconds - time.monotonic()
        self._resting = None

    async def rounds(self, count: int = 1) -> None:
        """Let the poller go round, and wait until it rests again."""
        async with asyncio.timeout(count * 20):
            for _ in range(count):
                self._rests.clear()
                self._go.set()
                await self._rests.wait()

    async def first(self) -> None:
        """Wait for the round that begins by itself."""
        async with asyncio.timeout(20):
            await self._rests.wait()


@dataclass(eq=False)
class Bus:
    """A poller on a server, one round after another, and what it told."""

    server: ModbusServer
    link: ModbusConnection
    poller: Poller
    pace: Pace
    told: list[tuple[int, str, Reading]] = field(default_factory=list)

    def add(self, address: int, inputs: int = 4) -> PolledUnit:
        unit = PolledUnit(
            unit=self.link.for_unit(address),
            points=fire_panel.points(inputs),
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
