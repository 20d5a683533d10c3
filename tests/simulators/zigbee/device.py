"""A device on a virtual network: answers what it is asked, sends on its own accord, fails."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, override

import zigpy.types as t
import zigpy.util
from zigpy.zcl import Cluster
from zigpy.zcl.foundation import Direction, GeneralCommand, Status, ZCLHeader
from zigpy.zdo.types import Neighbor, SizePrefixedSimpleDescriptor

from . import zdo
from .acts import Acts
from .clusters import CLIENTS, SERVERS
from .description import HOME_AUTOMATION, DeviceDescription, EndpointDescription
from .zcl import ServedCluster

ANNOUNCEMENT = 0x0013
ZDO_PROFILE = 0
COORDINATOR_ENDPOINT = 1


class JoinRefusedError(Exception):
    """The network does not let this device in."""


class Network(Protocol):
    """The network as a device sees it."""

    def permits(self, device: VirtualDevice) -> str | None:
        """Say why a device may not join, or nothing."""

    def admit(self, device: VirtualDevice) -> None:
        """Let a device in: it gets its short address and the key."""

    def rejoined(self, device: VirtualDevice) -> None:
        """Let a device in that has the key already."""

    def left(self, device: VirtualDevice) -> None:
        """Note that a device has gone."""

    def up(self, device: VirtualDevice, **frame: Any) -> None:
        """Carry a frame to the coordinator."""

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Act after a while, unless the network has ended by then."""

    def neighbours(self, device: VirtualDevice) -> tuple[Neighbor, ...]:
        """List who a router hears."""

    async def room(self) -> None:
        """Wait until the coordinator can take another frame."""


class VirtualDevice(Acts):
    """One device.

    `silent`: off or out of reach. `deaf`: acknowledges, answers nothing. `refuses`: answers every
    command of its clusters with a failure. `poll_interval`: how long a sleeping device takes to
    fetch what is meant for it. `losses`: the share of its own frames that get lost (seeded).
    """

    def __init__(
        self, description: DeviceDescription, network: Network, ieee: t.EUI64, serial: int
    ) -> None:
        self.description = description
        self.network = network
        self.ieee = ieee
        self.nwk = 0xFFFF
        self.key: bytes | None = None
        self.parent: VirtualDevice | None = None
        self.install_code: bytes | None = None
        self.silent = self.deaf = self.refuses = False
        self.poll_interval = 0.0
        self.losses = 0.0
        self.lqi, self.rssi = 200, -55
        self.permitted_until = 0.0
        self.received: deque[tuple[int, bytes]] = deque(maxlen=1000)
        self._chance = random.Random(serial)
        self._tsn = self._aps = 0
        self.node = zdo.Node(
            ieee=ieee,
            nwk=self.nwk,
            descriptor=description.node,
            simple={one.id: _simple(one) for one in description.endpoints},
            neighbours=lambda: self.network.neighbours(self),
            left=self._told_to_leave,
            permitted=self._told_to_permit,
        )
        self.servers: dict[tuple[int, int], ServedCluster] = {}
        self.clients: dict[tuple[int, int], ServedCluster] = {}
        for endpoint in description.endpoints:
            for one in endpoint.servers:
                kind = SERVERS.get(one.id, ServedCluster)
                self.servers[endpoint.id, one.id] = kind(self, endpoint.id, one, server=True)
            for one in endpoint.clients:
                kind = CLIENTS.get(one.id, ServedCluster)
                self.clients[endpoint.id, one.id] = kind(self, endpoint.id, one, server=False)

    @property
    def joined(self) -> bool:
        """Whether it has a network."""
        return self.key is not None

    @property
    def router(self) -> bool:
        """Whether it relays for others."""
        return bool(self.description.node.is_router)

    @override
    def server(self, kind: type[Cluster], endpoint: int | None = None) -> Any:
        """Give its first server cluster of this kind."""
        for (where, id_), cluster in self.servers.items():
            if id_ == kind.cluster_id and endpoint in {None, where}:
                return cluster
        raise KeyError(f"{self.ieee} has no {kind.name}")

    @override
    def client(self, kind: type[Cluster]) -> Any:
        """Give its first client cluster of this kind."""
        return next(one for (_, id_), one in self.clients.items() if id_ == kind.cluster_id)

    async def join(self, parent: VirtualDevice | None = None) -> None:
        """Join as a new device, over a router or at the coordinator itself.

        Raises `JoinRefusedError` if nobody permits it, or for want of its install code's key.
        """
        self.parent = parent
        if (reason := self.network.permits(self)) is not None:
            raise JoinRefusedError(reason)
        self.network.admit(self)
        await self.announce()

    async def rejoin(self) -> None:
        """Come back with the key it has, as after a battery was changed."""
        self.silent = False
        self.network.rejoined(self)
        await self.announce()

    async def announce(self) -> None:
        """Say its addresses to everybody."""
        self.node.nwk = self.nwk
        self.up(
            profile=ZDO_PROFILE,
            cluster=ANNOUNCEMENT,
            endpoints=(0, 0),
            message=zdo.announce(self.node, self.tsn()),
            broadcast=True,
        )
        await self.network.room()

    async def leave(self) -> None:
        """Leave and forget the network, as after a reset by hand."""
        self.network.left(self)
        self.key = None

    def _told_to_leave(self, rejoin: bool) -> None:
        def go() -> None:
            self.network.left(self)
            if rejoin:
                self.network.rejoined(self)
            else:
                self.key = None

        self.network.later(0, go)  # the answer goes out first

    def _told_to_permit(self, seconds: int) -> None:
        self.permitted_until = asyncio.get_running_loop().time() + seconds if self.router else 0

    def tsn(self) -> int:
        """Give the next transaction number: zigpy drops a frame it has seen within 10 s."""
        self._tsn = (self._tsn + 1) % 256
        return self._tsn

    def zcl(self, endpoint: int, cluster: int, frame: bytes) -> None:
        """Send a ZCL frame to the coordinator."""
        self.up(
            profile=HOME_AUTOMATION,
            cluster=cluster,
            endpoints=(endpoint, COORDINATOR_ENDPOINT),
            message=frame,
        )

    def up(self, **frame: Any) -> None:
        """Send any frame to the coordinator, if it is on and in reach and none gets lost."""
        if self.silent or not self.joined:
            return
        if self.losses and self._chance.random() < self.losses:
            return
        self._aps = (self._aps + 1) % 256
        self.network.up(self, sequence=self._aps, **frame)

    def down(self, aps: Any, message: bytes) -> None:
        """Take a frame that has reached it; one that makes no sense is dropped without a word."""
        self.received.append((aps.clusterId, message))
        if not self.deaf:
            with contextlib.suppress(ValueError):
                self._answer(aps, message)

    def _answer(self, aps: Any, message: bytes) -> None:
        if aps.profileId == ZDO_PROFILE and aps.destinationEndpoint == 0:
            if (said := zdo.answer(self.node, aps.clusterId, message)) is not None:
                self.up(profile=ZDO_PROFILE, cluster=said[0], endpoints=(0, 0), message=said[1])
            return
        header, payload = ZCLHeader.deserialize(message)
        to_server = header.frame_control.direction == Direction.Client_to_Server
        table = self.servers if to_server else self.clients
        everywhere = aps.destinationEndpoint == 0xFF
        endpoints = self.node.simple if everywhere else (aps.destinationEndpoint,)
        for endpoint in endpoints:
            cluster = table.get((endpoint, aps.clusterId))
            if cluster is not None:
                cluster.frame(header, payload)
            elif endpoint in self.node.simple and not everywhere:
                self._no_such_cluster(endpoint, aps.clusterId, header)

    def _no_such_cluster(self, endpoint: int, cluster: int, header: ZCLHeader) -> None:
        answer = ZCLHeader.general(
            header.tsn,
            GeneralCommand.Default_Response,
            header.manufacturer,
            direction=header.frame_control.direction.flip(),
        )
        body = bytes((header.command_id, Status.UNSUPPORTED_CLUSTER))
        self.zcl(endpoint, cluster, answer.serialize() + body)

    def link_key(self) -> bytes | None:
        """Give the key its install code stands for."""
        if self.install_code is None:
            return None
        key = zigpy.util.convert_install_code(self.install_code)
        return None if key is None else bytes(key.serialize())


def _simple(endpoint: EndpointDescription) -> SizePrefixedSimpleDescriptor:
    return SizePrefixedSimpleDescriptor(
        endpoint=endpoint.id,
        profile=endpoint.profile,
        device_type=endpoint.device_type,
        device_version=1,
        input_clusters=[one.id for one in endpoint.servers],
        output_clusters=[one.id for one in endpoint.clients],
    )
