"""The poller over real TCP, without Home Assistant, in counted time."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from homeassistant import runner
from modbus_connection import ModbusSerialParams, ModbusTcpParams, ModbusUdpParams
from modbus_connection.tmodbus import ModbusConnection

from custom_components.smart_community.field.modbus import fire_panel
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import Point, Reading
from tests.simulators.modbus_server import ModbusServer, Wire
from tests.simulators.zigbee_radio import radio

from .counted_time import CountedLoop

__all__ = ["radio"]


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """The field layer needs no Home Assistant: this stands before the fixture that loads it."""


@pytest.fixture
def _function_scoped_runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    """What is told of a bus goes on in counted time, with its fixtures.

    pytest-asyncio's choice of a loop is the session's, by its hook or by its fixture: where that
    changes, the browser's Home Assistant would be ended in the middle of its tests.
    """
    counted = "bus" in request.fixturenames
    with asyncio.Runner(loop_factory=CountedLoop if counted else None) as runner:
        yield runner


@pytest.fixture(autouse=True)
async def configure_event_loop() -> None:
    """Stands before the fixture that gives every loop the machine's clock."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, CountedLoop):
        runner.configure_event_loop(loop)


def dial(server: ModbusServer) -> ModbusConnection:
    """Return the connection that the server's wire asks for, made when it is used."""
    match server.wire:
        case Wire.TCP:
            return ModbusConnection(ModbusTcpParams(host=server.host, port=server.port))
        case Wire.UDP:
            return ModbusConnection(ModbusUdpParams(host=server.host, port=server.port))
        case _:
            device = f"socket://{server.host}:{server.port}"
            return ModbusConnection(ModbusSerialParams(device=device, baudrate=115200))


@asynccontextmanager
async def polling(poller: Poller) -> AsyncIterator[None]:
    """Let a poller run."""
    running = asyncio.create_task(poller.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


PANEL = fire_panel.points({"inputs": 4})


@dataclass(eq=False)
class Bus:
    """A poller on a server, one round after another, and what it told."""

    server: ModbusServer
    link: ModbusConnection
    poller: Poller
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
    link = dial(server)
    yield link
    await link.close()


@pytest.fixture
async def bus(server: ModbusServer, link: ModbusConnection) -> AsyncIterator[Bus]:
    poller = Poller(clock=asyncio.get_running_loop().time)
    async with polling(poller):
        yield Bus(server=server, link=link, poller=poller)


@contextmanager
def black_hole(port: int = 0) -> Iterator[int]:
    """A port where nothing is refused and nothing comes back, as behind a pulled cable."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(0)
        queued = [socket.socket() for _ in range(3)]
        for one in queued:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(listening.getsockname())
        yield listening.getsockname()[1]
        for one in queued:
            one.close()
