"""The devices around a coordinator that speaks no EZSP: who is in its network, who hears what."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Self

import zigpy.types as t
from zigpy.zdo.types import LogicalType, Neighbor, SizePrefixedSimpleDescriptor

from .zigbee import DeviceDescription, VirtualDevice, zdo
from .zigbee.description import node
from .zigbee.device import ZDO_PROFILE

BROADCASTS = 0xFFF8  # and above
QUIET = 20  # energy on every channel


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a device, or the coordinator itself, sends to the host; `endpoints`: from and to."""

    profile: int
    cluster: int
    endpoints: tuple[int, int]
    message: bytes
    sequence: int = 0
    broadcast: bool = False


class Around:
    """A coordinator on a TCP port and its network's devices.

    A make of radio says how it `serves` a host, and how a frame is `incoming` to it.
    """

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.open_until = 0.0
        self._number = 0
        self._devices: dict[int, VirtualDevice] = {}
        self._chance = random.Random(key)
        self._timers: set[asyncio.TimerHandle] = set()
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def path(self) -> str:
        """Where a host finds it."""
        return f"socket://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for timer in self._timers:
            timer.cancel()
        self._server.close()
        self.drop()
        await self._server.wait_closed()

    def drop(self) -> None:
        """Hang up."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def write(self, data: bytes) -> None:
        """Send to the host that came last, if there is one."""
        if self._writers:
            self._writers[-1].write(data)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self.serve(reader)
        writer.close()

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Answer a host until it hangs up."""
        raise NotImplementedError

    def add(self, description: DeviceDescription) -> VirtualDevice:
        """Put a device within reach, not joined yet."""
        self._number += 1
        ieee = t.EUI64.convert(f"02:5b:00:00:00:00:00:{self._number:02x}")
        return VirtualDevice(description, self, ieee, self._number)

    def permit(self, seconds: int) -> None:
        """Let devices join for a time."""
        self.open_until = asyncio.get_running_loop().time() + seconds

    def permits(self, _device: VirtualDevice) -> str | None:
        """Say why a device may not join, or nothing."""
        open_now = asyncio.get_running_loop().time() < self.open_until
        return None if open_now else "joining is not permitted"

    def admit(self, device: VirtualDevice) -> None:
        """Let a device in."""
        device.nwk = self._chance.randrange(1, 0xFFF0)
        self.rejoined(device)

    def rejoined(self, device: VirtualDevice) -> None:
        """Let a device in that has an address."""
        device.key = self.key
        self._devices[device.nwk] = device

    def left(self, device: VirtualDevice) -> None:
        """Note that a device has gone."""
        self._devices.pop(device.nwk, None)

    def up(self, device: VirtualDevice | zdo.Node, **frame: Any) -> None:
        """Carry a frame of a device to the host."""
        self.incoming(device, Frame(**frame))

    def incoming(self, device: VirtualDevice | zdo.Node, frame: Frame) -> None:
        """Say it as this make does."""
        raise NotImplementedError

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Act after a while."""
        self._timers.add(asyncio.get_running_loop().call_later(seconds, act))

    def neighbours(self, _device: VirtualDevice) -> tuple[Neighbor, ...]:
        """List who a router hears."""
        return ()

    async def room(self) -> None:
        """Wait until the coordinator can take another frame."""
        await asyncio.sleep(0)

    def hears(self, to: int) -> bool:
        """Say whether anybody hears what is sent to an address; broadcasts always count as sent."""
        return to >= BROADCASTS or to == 0 or bool(self._hearing(to))

    def down(self, to: int, endpoint: int, profile: int, cluster: int, message: bytes) -> None:
        """Carry a host's frame to whom it is for."""
        aps = SimpleNamespace(profileId=profile, clusterId=cluster, destinationEndpoint=endpoint)
        for one in self._hearing(to):
            one.down(aps, message)

    def answer(
        self,
        ieee: t.EUI64,
        simple: Mapping[int, SizePrefixedSimpleDescriptor],
        cluster: int,
        message: bytes,
    ) -> None:
        """Answer what the coordinator itself is asked about its endpoints and its network."""
        me = _itself(ieee, simple)
        said = zdo.answer(me, cluster, message)
        if said is not None:
            self.up(me, profile=ZDO_PROFILE, cluster=said[0], endpoints=(0, 0), message=said[1])

    def _hearing(self, to: int) -> list[VirtualDevice]:
        meant = [one for one in self._devices.values() if to == one.nwk or to >= BROADCASTS]
        return [one for one in meant if not one.silent]


def _itself(ieee: t.EUI64, simple: Mapping[int, SizePrefixedSimpleDescriptor]) -> zdo.Node:
    """Describe the coordinator, as it answers for itself."""
    return zdo.Node(
        ieee=ieee,
        nwk=0,
        descriptor=node(router=True).replace(logical_type=LogicalType.Coordinator),
        simple=dict(simple),
        energy=QUIET,
    )
