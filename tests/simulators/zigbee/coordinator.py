"""A network coordinator on a TCP port: the radio, its serial server, and what befalls both."""

import asyncio
import itertools
import random
import time
from collections import deque
from collections.abc import Mapping
from typing import Self, override

import bellows.types as t

from .air import Air
from .ash import FLAG, AshLink
from .description import DeviceDescription
from .device import VirtualDevice
from .ezsp import Ezsp
from .faults import Fault, Faults
from .keys import Keys
from .stack import Network, Stack, Tokens

BANNER = b"SSH-2.0-OpenSSH_9.9\r\n"
BOOT_TIME = 0.05  # a radio that starts when it is connected to needs a moment to say so
_SERIAL = itertools.count(1)


class _Client(asyncio.Protocol):
    def __init__(self, coordinator: VirtualCoordinator) -> None:
        self._coordinator = coordinator
        self.transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._coordinator._connected(self)

    @override
    def data_received(self, data: bytes) -> None:
        self._coordinator._received(self, data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._coordinator._lost(self)


class VirtualCoordinator:
    """One coordinator; the package's docstring shows how it is used.

    `formed`: it comes with a network that somebody formed before. `boots_on_connect`: it starts
    when a host connects, as zigbeed does, which spares the host two seconds of waiting for that.
    `tokens`: the memory of another coordinator, to put this one in its place.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        version: int = 13,
        eui64: str | None = None,
        channel: int = 15,
        formed: bool = False,
        tokens: Tokens | None = None,
        boots_on_connect: bool = False,
    ) -> None:
        self.host, self.port = host, port
        self.boots_on_connect = boots_on_connect
        self._serial = next(_SERIAL)
        burned = t.EUI64.convert(eui64 or f"02:53:43:00:00:00:{self._serial.to_bytes(2).hex(':')}")
        self.tokens = tokens or Tokens(burned=burned)
        if formed and self.tokens.network is None:
            self.tokens.network = Network.invented(burned, channel=channel)
        self.faults = Faults()
        self.link = AshLink(
            write=self._write, deliver=self._command, rebooted=self._rebooted, faults=self.faults
        )
        self.ezsp = Ezsp(version, self.link.send, self.faults)
        self.stack = Stack(self.tokens, self.ezsp.callback)
        self.keys = Keys(self.stack)
        self.air = Air(self.stack, self.keys, self.ezsp, self.faults, self.link.room)
        self.ezsp.serve(self.stack, self.keys, self.air)
        self.connections = 0
        self.connected_at = 0.0
        self._client: _Client | None = None
        self._server: asyncio.Server | None = None
        self._slow: deque[bytes] = deque()
        self._chance = random.Random(self._serial)
        self._numbers = itertools.count(1)

    @property
    def path(self) -> str:
        """Where a host finds it."""
        return f"socket://{self.host}:{self.port}"

    @property
    def eui64(self) -> t.EUI64:
        """Its address, restored or burned."""
        return self.stack.eui64

    @property
    def connected(self) -> bool:
        """Whether a host is connected."""
        return self._client is not None

    @property
    def fault(self) -> Fault | None:
        """What it does wrong; `faults` has the rate and the delay of it."""
        return self.faults.fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        self.faults.fault = fault

    @property
    def devices(self) -> Mapping[t.EUI64, VirtualDevice]:
        """Every device within reach, joined or not."""
        return self.air.devices

    @property
    def permitting(self) -> bool:
        """Whether devices may join at the coordinator right now."""
        return asyncio.get_running_loop().time() < self.air.permitted_until

    def add(self, description: DeviceDescription, *, ieee: str | None = None) -> VirtualDevice:
        """Put a device within reach, not joined yet."""
        number = next(self._numbers)
        if ieee is not None:
            address = t.EUI64.convert(ieee)
        else:
            own = f"02:5a:{self._serial.to_bytes(3).hex(':')}:{number.to_bytes(3).hex(':')}"
            address = description.ieee or t.EUI64.convert(own)
        device = VirtualDevice(description, self.air, address, number)
        self.air.add(device)
        return device

    def take_devices(self, other: VirtualCoordinator) -> None:
        """Stand where another coordinator stood: its devices are in reach of this one now."""
        for device in other.devices.values():
            device.network = self.air
            self.air.add(device)

    async def start(self) -> None:
        """Listen; a port of 0 becomes a free one and stays it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up, stop listening, end what is under way."""
        self.link.close()
        self.air.close()
        if self._server is not None:
            self._server.close()
            await self.drop(abort=True)
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def drop(self, *, abort: bool = False) -> None:
        """Close the connection, in order or with a reset."""
        if self._client is not None and self._client.transport is not None:
            client, self._client = self._client, None
            if abort:
                client.transport.abort()
            else:
                client.transport.close()
            self.link.close()
            await asyncio.sleep(0)

    async def refuse(self, refused: bool) -> None:
        """Pull the cable, or put it back."""
        if refused:
            await self.stop()
        elif self._server is None:
            await self.start()

    async def reset_ncp(self, reason: int = t.NcpResetCode.RESET_SOFTWARE) -> None:
        """Let the radio restart behind an open connection."""
        self.link.boot(reason)

    async def crash(self, reason: int = t.NcpResetCode.RESET_ASSERT) -> None:
        """Let the firmware give up; a reset brings it back."""
        self.stack.boot()
        self.link.fail(reason)

    def _rebooted(self) -> None:
        self.stack.boot()
        self.ezsp.rebooted()
        self.air.permitted_until = 0.0

    def _command(self, frame: bytes) -> None:
        self.ezsp.command(frame)

    def _connected(self, client: _Client) -> None:
        # One host at a time, and the newest is it: serial servers that refuse a second one keep a
        # dead host's connection for hours.
        if self._client is not None and self._client.transport is not None:
            self._client.transport.close()
        self._client = client
        self.connections += 1
        self.connected_at = time.time()
        self.link.close()
        if self.faults.strikes(Fault.STRANGER):
            assert client.transport is not None
            client.transport.write(BANNER)
        elif self.boots_on_connect:
            self.air.later(BOOT_TIME, lambda: self._boot_for(client))

    def _boot_for(self, client: _Client) -> None:
        if client is self._client:
            self.link.boot(t.NcpResetCode.RESET_POWER_ON)

    def _lost(self, client: _Client) -> None:
        if client is self._client:
            self._client = None
            self.link.close()

    def _received(self, client: _Client, data: bytes) -> None:
        if client is self._client and self.fault not in {Fault.SILENT, Fault.STRANGER}:
            self.link.feed(data)

    def _write(self, data: bytes) -> None:
        if self.fault in {Fault.SILENT, Fault.STRANGER}:
            return
        if self.faults.strikes(Fault.CORRUPT):
            position = self._chance.randrange(len(data) - 1)
            data = data[:position] + bytes((data[position] ^ 0x04,)) + data[position + 1 :]
        elif self.faults.strikes(Fault.GARBAGE):
            data = self._chance.randbytes(64) + bytes((FLAG,)) + data
        if self.faults.strikes(Fault.SLOW) or self._slow:
            self._slow.append(data)
            self.air.later(self.faults.delay, self._write_next)
        else:
            self._emit(data)

    def _write_next(self) -> None:
        # In the order of writing, whatever the order of timers that are due at once
        self._emit(self._slow.popleft())

    def _emit(self, data: bytes) -> None:
        if self._client is not None and self._client.transport is not None:
            self._client.transport.write(data)
