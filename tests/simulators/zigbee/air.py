"""The radio side of a coordinator: who is on the network, what goes down and what comes up."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import bellows.types as t
from zigpy.zdo.types import (
    LogicalType,
    MACCapabilityFlags,
    Neighbor,
    NwkUpdate,
    SizePrefixedSimpleDescriptor,
)

from . import topology, zdo
from .description import node
from .device import ZDO_PROFILE, VirtualDevice
from .ezsp import OK, Answer, Ezsp, answers
from .faults import Fault, Faults
from .keys import Keys
from .stack import Stack

INDIRECT = 7.68  # seconds a parent keeps a frame for a sleeping child
FAILED = t.sl_Status.ZIGBEE_DELIVERY_FAILED
FOREVER = 0xFF
INSTALL_CODES = t.EzspDecisionBitmask.JOINS_USE_INSTALL_CODE_KEY
ROUTERS_ONLY, AWAKE_ONLY = 0xFFFC, 0xFFFD


class Air:
    """The network around one coordinator."""

    def __init__(
        self,
        stack: Stack,
        keys: Keys,
        ezsp: Ezsp,
        faults: Faults,
        room: Callable[[], Any],
    ) -> None:
        self._stack, self._keys, self._ezsp, self._faults = stack, keys, ezsp, faults
        self.room = room
        self.devices: dict[t.EUI64, VirtualDevice] = {}
        self.latency = 0.0
        self.gives_up_after = 0.5
        self.permitted_until = 0.0
        self._by_nwk: dict[int, VirtualDevice] = {}
        self._sequence = 0
        self._chance = random.Random(bytes(stack.tokens.burned.serialize()))
        self._timers: set[asyncio.TimerHandle] = set()

    def add(self, device: VirtualDevice) -> None:
        """Put a device within reach; it joins by itself."""
        self.devices[device.ieee] = device
        if device.joined:
            self._by_nwk[device.nwk] = device
            self._learn()

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Act after a while, unless the network has ended by then."""

        def run() -> None:
            self._timers.discard(handle)
            act()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(handle)

    def close(self) -> None:
        """End what is under way."""
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()

    def _learn(self) -> None:
        joined = self._by_nwk.values()
        self._keys.known = {one.ieee: one.nwk for one in joined}
        self._keys.children = [
            (one.ieee, one.nwk, not one.description.node.is_receiver_on_when_idle)
            for one in joined
            if one.parent is None and not one.router
        ]

    def _network_key(self) -> bytes | None:
        network = self._stack.tokens.network
        return bytes(network.key.serialize()) if network and self._stack.up else None

    def permits(self, device: VirtualDevice) -> str | None:
        """Say why a device may not join, or nothing."""
        if not self._stack.up:
            return "there is no network"
        until = self.permitted_until if device.parent is None else device.parent.permitted_until
        if asyncio.get_running_loop().time() > until:
            return "joining is not permitted"
        policy = self._stack.policies.get(t.EzspPolicyId.TRUST_CENTER_POLICY, 0)
        if policy & INSTALL_CODES or device.install_code is not None:
            key = self._stack.transient_keys.get(device.ieee)
            if key is None or bytes(key.serialize()) != device.link_key():
                return "its install code is not known"
        return None

    def admit(self, device: VirtualDevice) -> None:
        """Let a device in: it gets its short address and the key."""
        self._by_nwk.pop(device.nwk, None)
        while device.nwk in {0, 0xFFFF} or device.nwk in self._by_nwk:
            device.nwk = self._chance.randrange(1, 0xFFF0)
        self._by_nwk[device.nwk] = device
        device.key = self._network_key()
        self._learn()
        self._joined(device, t.EmberDeviceUpdate.STANDARD_SECURITY_UNSECURED_JOIN)

    def rejoined(self, device: VirtualDevice) -> None:
        """Let a device in that has the key already."""
        self._by_nwk[device.nwk] = device
        self._learn()
        self._joined(device, t.EmberDeviceUpdate.STANDARD_SECURITY_SECURED_REJOIN)

    def left(self, device: VirtualDevice) -> None:
        """Note that a device has gone."""
        self._by_nwk.pop(device.nwk, None)
        self._learn()
        self._joined(device, t.EmberDeviceUpdate.DEVICE_LEFT)

    def _joined(self, device: VirtualDevice, update: t.EmberDeviceUpdate) -> None:
        self._stack.count("JOIN_INDICATION")
        if self._stack.up:
            self._ezsp.callback(
                "trustCenterJoinHandler",
                newNodeId=device.nwk,
                newNodeEui64=device.ieee,
                status=update,
                policyDecision=t.EmberJoinDecision.USE_PRECONFIGURED_KEY,
                parentOfNewNodeId=device.parent.nwk if device.parent else 0,
            )

    def up(self, device: VirtualDevice, *, broadcast: bool = False, **frame: Any) -> None:
        """Carry a frame to the coordinator; one of another network's key it cannot read."""
        if device.key == self._network_key():
            kind = "BROADCAST" if broadcast else "UNICAST"
            self._stack.count(f"APS_DATA_RX_{kind}")
            self._incoming(device, kind, **frame)

    def _incoming(
        self,
        source: VirtualDevice | zdo.Node,
        kind: str,
        *,
        profile: int,
        cluster: int,
        endpoints: tuple[int, int],
        message: bytes,
        sequence: int,
    ) -> None:
        self._ezsp.callback(
            "incomingMessageHandler",
            message_type=t.EmberIncomingMessageType[f"INCOMING_{kind}"],
            aps_frame=t.EmberApsFrame(
                profileId=profile,
                clusterId=cluster,
                sourceEndpoint=endpoints[0],
                destinationEndpoint=endpoints[1],
                options=t.EmberApsOption.APS_OPTION_ENABLE_ROUTE_DISCOVERY,
                groupId=0,
                sequence=sequence,
            ),
            lqi=source.lqi,
            rssi=source.rssi,
            nwk=source.nwk,
            eui64=source.ieee,
            binding_index=0xFF,
            address_index=0xFF,
            message=message,
        )

    @answers("permitJoining")
    def _permit(self, ask: Mapping[str, Any]) -> Answer:
        if not self._stack.up:
            return {"status": t.sl_Status.NOT_JOINED}
        seconds = ask["duration"]
        end = float("inf") if seconds == FOREVER else seconds
        self.permitted_until = asyncio.get_running_loop().time() + end if seconds else 0.0
        opened, closed = t.sl_Status.ZIGBEE_NETWORK_OPENED, t.sl_Status.ZIGBEE_NETWORK_CLOSED
        self._ezsp.callback("stackStatusHandler", status=opened if seconds else closed)
        return {"status": OK}

    @answers("removeDevice")
    def _remove(self, ask: Mapping[str, Any]) -> Answer:
        device = self.devices.get(ask["targetLong"])
        if device is None or not device.joined:
            return {"status": t.sl_Status.NOT_FOUND}
        if not device.silent:
            self.left(device)
            device.key = None
        return {"status": OK}

    @answers("sendUnicast", "sendBroadcast", "sendMulticast")
    def _send(self, ask: Mapping[str, Any]) -> Answer:
        if not self._stack.up:
            return {"status": t.sl_Status.INVALID_STATE}
        if self._faults.strikes(Fault.BUSY):
            return {"status": t.sl_Status.ZIGBEE_MAX_MESSAGE_LIMIT_REACHED}
        self._stack.tokens.frame_counter += 1
        self._sequence = (self._sequence + 1) % 256
        if self.latency:
            self.later(self.latency, lambda: self._deliver(ask))
        else:
            self._deliver(ask)
        return {"status": OK, "sequence": self._sequence}

    def _deliver(self, ask: Mapping[str, Any]) -> None:
        if "destination" in ask:
            self._sent(ask, OK, "BROADCAST", ask["destination"])
            self._broadcast(ask)
        elif "hops" in ask:
            self._sent(ask, OK, "MULTICAST", ask["aps_frame"].groupId)
            self._multicast(ask)
        elif ask["nwk"] == 0:
            self._sent(ask, OK, "DIRECT", 0)
            self._loop_back(ask)
        else:
            self._unicast(ask)

    def _unicast(self, ask: Mapping[str, Any]) -> None:
        device = self._by_nwk.get(ask["nwk"])

        def fail() -> None:
            self._sent(ask, FAILED, "DIRECT", ask["nwk"])

        def arrive() -> None:
            if device is None or device.silent or device.key != self._network_key():
                fail()
            else:
                self._sent(ask, OK, "DIRECT", ask["nwk"])
                device.down(ask["aps_frame"], bytes(ask["message"]))

        if device is None or device.silent:
            self.later(self.gives_up_after, fail)
        elif device.poll_interval > INDIRECT:
            self.later(INDIRECT, fail)
        elif device.poll_interval:
            self.later(device.poll_interval, arrive)
        else:
            arrive()

    def _sent(self, ask: Mapping[str, Any], status: t.sl_Status, kind: str, to: int) -> None:
        result = "SUCCESS" if status is OK else "FAILED"
        self._stack.count(
            f"APS_DATA_TX_UNICAST_{result}" if kind == "DIRECT" else "APS_DATA_TX_BROADCAST"
        )
        self._ezsp.callback(
            "messageSentHandler",
            message_type=t.EmberOutgoingMessageType[f"OUTGOING_{kind}"],
            nwk=to,
            aps_frame=ask["aps_frame"],
            message_tag=ask["message_tag"],
            status=status,
            message=b"",
        )

    def _hearing(self, destination: int) -> Iterable[VirtualDevice]:
        key = self._network_key()
        for device in tuple(self._by_nwk.values()):
            awake = bool(device.description.node.is_receiver_on_when_idle)
            if device.silent or device.key != key:
                continue
            if (destination == ROUTERS_ONLY and not device.router) or (
                destination == AWAKE_ONLY and not awake
            ):
                continue
            yield device

    def _broadcast(self, ask: Mapping[str, Any]) -> None:
        for device in self._hearing(ask["destination"]):
            device.down(ask["aps_frame"], bytes(ask["message"]))

    def _multicast(self, ask: Mapping[str, Any]) -> None:
        group = ask["aps_frame"].groupId
        for device in self._hearing(AWAKE_ONLY):
            if any(group in getattr(one, "member_of", ()) for one in device.servers.values()):
                everywhere = ask["aps_frame"].replace(destinationEndpoint=t.uint8_t(0xFF))
                device.down(everywhere, bytes(ask["message"]))

    def _loop_back(self, ask: Mapping[str, Any]) -> None:
        aps = ask["aps_frame"]
        if aps.profileId != ZDO_PROFILE or aps.destinationEndpoint != 0:
            return
        me, said = self._me(), None
        with contextlib.suppress(ValueError):  # a frame that makes no sense
            said = zdo.answer(me, aps.clusterId, bytes(ask["message"]))
        if said is not None:
            self._incoming(
                me,
                "UNICAST",
                profile=ZDO_PROFILE,
                cluster=said[0],
                endpoints=(0, 0),
                message=said[1],
                sequence=self._sequence,
            )

    def _me(self) -> zdo.Node:
        capabilities = (
            MACCapabilityFlags.AlternatePanCoordinator
            | MACCapabilityFlags.FullFunctionDevice
            | MACCapabilityFlags.MainsPowered
            | MACCapabilityFlags.RxOnWhenIdle
            | MACCapabilityFlags.AllocateAddress
        )
        return zdo.Node(
            ieee=self._stack.eui64,
            nwk=0,
            descriptor=node(router=True).replace(
                logical_type=LogicalType.Coordinator, mac_capability_flags=capabilities
            ),
            simple={
                id_: SizePrefixedSimpleDescriptor(
                    endpoint=id_,
                    profile=one["profileId"],
                    device_type=one["deviceId"],
                    device_version=one["deviceVersion"],
                    input_clusters=one["inputs"],
                    output_clusters=one["outputs"],
                )
                for id_, one in self._stack.endpoints.items()
            },
            neighbours=lambda: self.neighbours(None),
            moved=self._move,
            routes=lambda: topology.routes(self._by_nwk.values()),
        )

    def _move(self, update: NwkUpdate) -> None:
        network = self._stack.tokens.network
        assert network is not None
        network.parameters = network.parameters.replace(
            radioChannel=t.uint8_t(next(iter(update.ScanChannels))), nwkUpdateId=update.nwkUpdateId
        )
        self._ezsp.callback("stackStatusHandler", status=t.sl_Status.ZIGBEE_CHANNEL_CHANGED)

    def neighbours(self, device: VirtualDevice | None) -> tuple[Neighbor, ...]:
        """List who a router hears, or the coordinator."""
        network = self._stack.tokens.network
        epid = network.parameters.extendedPanId if network else None
        return topology.neighbours(device, self._by_nwk.values(), epid, self._stack.eui64)
