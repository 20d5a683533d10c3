"""The stack of a coordinator: its network, keys and tokens, and the commands that ask for them.

What survives a power cut is in `Tokens`, what does not is in `Stack`.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import bellows.types as t

from .ezsp import OK, Answer, answers

NO_NODE = 0xFFFF
BROADCAST_EUI64 = t.EUI64.convert("ff:ff:ff:ff:ff:ff:ff:ff")
WELL_KNOWN_KEY = t.KeyData(b"ZigBeeAlliance09")

CONFIGURATION = {
    "PACKET_BUFFER_COUNT": 255,
    "NEIGHBOR_TABLE_SIZE": 26,
    "APS_UNICAST_MESSAGE_COUNT": 32,
    "BINDING_TABLE_SIZE": 32,
    "ADDRESS_TABLE_SIZE": 16,
    "MULTICAST_TABLE_SIZE": 16,
    "ROUTE_TABLE_SIZE": 254,
    "DISCOVERY_TABLE_SIZE": 8,
    "STACK_PROFILE": 2,
    "SECURITY_LEVEL": 5,
    "MAX_HOPS": 30,
    "MAX_END_DEVICE_CHILDREN": 32,
    "INDIRECT_TRANSMISSION_TIMEOUT": 7680,
    "END_DEVICE_POLL_TIMEOUT": 8,
    "TX_POWER_MODE": 0,
    "TRUST_CENTER_ADDRESS_CACHE_SIZE": 2,
    "SOURCE_ROUTE_TABLE_SIZE": 200,
    "KEY_TABLE_SIZE": 12,
    "APS_ACK_TIMEOUT": 1600,
    "PAN_ID_CONFLICT_REPORT_THRESHOLD": 2,
    "APPLICATION_ZDO_FLAGS": 0,
    "SUPPORTED_NETWORKS": 1,
    "TC_REJOINS_USING_WELL_KNOWN_KEY_TIMEOUT_S": 90,
}

DONE = {  # answered with success; nothing a host can observe depends on them
    "status": OK
}


@dataclass(kw_only=True)
class Network:
    """A network as the coordinator that formed it knows it."""

    parameters: t.EmberNetworkParameters
    key: t.KeyData
    key_sequence: int
    link_key: t.KeyData  # the trust center's, hashed
    trust_center: t.EUI64
    security: int

    @classmethod
    def invented(cls, eui64: t.EUI64, *, channel: int = 15) -> Network:
        """One that somebody formed before; the same for the same coordinator."""
        chance = random.Random(bytes(eui64.serialize()))
        parameters = t.EmberNetworkParameters(
            extendedPanId=t.ExtendedPanId.deserialize(chance.randbytes(8))[0],
            panId=t.EmberPanId(chance.randrange(0x1000, 0xFFF0)),
            radioTxPower=t.uint8_t(8),
            radioChannel=t.uint8_t(channel),
            joinMethod=t.EmberJoinMethod.USE_MAC_ASSOCIATION,
            nwkManagerId=t.EmberNodeId(0),
            nwkUpdateId=t.uint8_t(0),
            channels=t.Channels.ALL_CHANNELS,
        )
        return cls(
            parameters=parameters,
            key=t.KeyData(chance.randbytes(16)),
            key_sequence=0,
            link_key=t.KeyData(chance.randbytes(16)),
            trust_center=eui64,
            security=0x0084 | 0x0010,
        )


@dataclass(kw_only=True)
class Tokens:
    """What a coordinator remembers without power.

    `restored` is the address that a backup put over the burned one (NV3 token); `rewritable` says
    whether the firmware has such a token at all.
    """

    burned: t.EUI64
    restored: t.EUI64 = BROADCAST_EUI64
    rewritable: bool = True
    network: Network | None = None
    frame_counter: int = 0
    link_keys: dict[t.EUI64, t.KeyData] = field(default_factory=dict)
    children: dict[int, t.NV3ChildTableEntry] = field(default_factory=dict)


class Stack:
    """Volatile state and the commands about the network itself."""

    def __init__(self, tokens: Tokens, callback: Callable[..., None]) -> None:
        self.tokens = tokens
        self._callback = callback
        self.manufacturer, self.board = "Smart Community", "Virtual Coordinator"
        self.noise: dict[int, int] = {}
        self.beacons: list[t.EmberZigbeeNetwork] = []
        self.boot()

    def boot(self) -> None:
        """Start as after power on: the network is known, and down until the host asks for it."""
        tokens = self.tokens
        self.eui64 = tokens.burned if tokens.restored == BROADCAST_EUI64 else tokens.restored
        self.up = False
        self.up_at = 0.0
        self.endpoints: dict[int, dict[str, Any]] = {}
        self.configuration = dict(CONFIGURATION)
        self.policies: dict[int, int] = {}
        self.multicast: dict[int, Any] = {}
        self.address_table: dict[int, tuple[t.EUI64, int]] = {}
        self.extended_timeouts: set[t.EUI64] = set()
        self.transient_keys: dict[t.EUI64, t.KeyData] = {}
        self.counters: dict[str, int] = {}
        self._security: t.EmberInitialSecurityState | None = None

    def count(self, counter: str) -> None:
        """Advance one of the stack's counters."""
        self.counters[counter] = (self.counters.get(counter, 0) + 1) & 0xFFFF

    @answers(
        "nop", "setPolicy", "setConcentrator", "setSourceRouteDiscoveryMode", "setRadioPower",
        "setManufacturerCode", "setSourceRoute", "eraseKeyTableEntry",
    )  # fmt: skip
    def _accept(self, ask: Mapping[str, Any]) -> Answer:
        if "policyId" in ask:
            self.policies[ask["policyId"]] = ask["decisionId"]
        return DONE

    @answers("echo")
    def _echo(self, ask: Mapping[str, Any]) -> Answer:
        return {"echo": ask["data"]}

    @answers("getPolicy")
    def _policy(self, ask: Mapping[str, Any]) -> Answer:
        return DONE | {"decisionId": self.policies.get(ask["policyId"], 0)}

    @answers("getConfigurationValue", "setConfigurationValue")
    def _configure(self, ask: Mapping[str, Any]) -> Answer:
        name = ask["configId"].name.removeprefix("CONFIG_")
        if name not in self.configuration:
            return {"status": t.EzspStatus.ERROR_INVALID_ID}
        self.configuration[name] = ask.get("value", self.configuration[name])
        return DONE | {"value": self.configuration[name]}

    @answers("getValue")
    def _value(self, ask: Mapping[str, Any]) -> Answer:
        match ask["valueId"]:
            case t.EzspValueId.VALUE_VERSION_INFO:
                value = bytes((0x7F, 0x01, 7, 4, 4, 0))  # 7.4.4.0 build 383
            case t.EzspValueId.VALUE_FREE_BUFFERS:
                value = bytes((250,))
            case _:
                return {"status": t.EzspStatus.ERROR_INVALID_ID}
        return DONE | {"value": value}

    @answers("setValue")
    def _set_value(self, ask: Mapping[str, Any]) -> Answer:
        if ask["valueId"] == t.EzspValueId.VALUE_NWK_FRAME_COUNTER:
            self.tokens.frame_counter = int.from_bytes(ask["value"], "little")
        return DONE

    @answers("addEndpoint")
    def _add_endpoint(self, ask: Mapping[str, Any]) -> Answer:
        self.endpoints[ask["endpoint"]] = dict(ask)
        return DONE

    @answers("customFrame")
    def _custom(self, _: Mapping[str, Any]) -> Answer:
        return {"status": t.EmberStatus.LIBRARY_NOT_PRESENT, "reply": b""}

    @answers("networkState")
    def _state(self, _: Mapping[str, Any]) -> Answer:
        joined, apart = t.EmberNetworkStatus.JOINED_NETWORK, t.EmberNetworkStatus.NO_NETWORK
        return {"status": joined if self.up else apart}

    @answers("networkInit")
    def _init(self, _: Mapping[str, Any]) -> Answer:
        if self.tokens.network is None:
            return {"status": t.sl_Status.NOT_JOINED}
        self._change(up=True)
        return DONE

    @answers("formNetwork")
    def _form(self, ask: Mapping[str, Any]) -> Answer:
        security = self._security
        if self.up or security is None:
            return {"status": t.sl_Status.INVALID_STATE}
        self.tokens.network = Network(
            parameters=ask["parameters"].replace(nwkUpdateId=t.uint8_t(0)),
            key=security.networkKey,
            key_sequence=security.networkKeySequenceNumber,
            link_key=security.preconfiguredKey,
            trust_center=self.eui64,
            security=security.bitmask & 0x0084 | 0x0010,
        )
        self._change(up=True)
        return DONE

    @answers("leaveNetwork")
    def _leave(self, _: Mapping[str, Any]) -> Answer:
        if not self.up:
            return {"status": t.sl_Status.NOT_JOINED}
        self.tokens.network = None
        self._change(up=False)
        return DONE

    def _change(self, *, up: bool) -> None:
        self.up, self.up_at = up, time.time()
        status = t.sl_Status.NETWORK_UP if up else t.sl_Status.NETWORK_DOWN
        self._callback("stackStatusHandler", status=status)

    @answers("setInitialSecurityState")
    def _secure(self, ask: Mapping[str, Any]) -> Answer:
        if self.up:
            return {"status": t.sl_Status.INVALID_STATE}
        self._security = ask["state"]
        return DONE

    @answers("getCurrentSecurityState")
    def _security_state(self, _: Mapping[str, Any]) -> Answer:
        if (network := self.tokens.network) is None or not self.up:
            return {"status": t.sl_Status.NOT_JOINED}
        return DONE | {
            "state": t.EmberCurrentSecurityState(
                bitmask=t.EmberCurrentSecurityBitmask(network.security),
                trustCenterLongAddress=network.trust_center,
            )
        }

    @answers("getNetworkParameters")
    def _parameters(self, _: Mapping[str, Any]) -> Answer:
        if (network := self.tokens.network) is None or not self.up:
            return {"status": t.sl_Status.NOT_JOINED}
        return DONE | {
            "nodeType": t.EmberNodeType.COORDINATOR,
            "parameters": network.parameters,
        }

    @answers("getNodeId")
    def _node_id(self, _: Mapping[str, Any]) -> Answer:
        return {"nodeId": 0x0000 if self.up else 0xFFFE}

    @answers("getEui64")
    def _eui64(self, _: Mapping[str, Any]) -> Answer:
        return {"eui64": self.eui64}

    @answers("readCounters", "readAndClearCounters")
    def _counters(self, _: Mapping[str, Any]) -> Answer:
        values = [
            t.uint16_t(self.counters.get(kind.name.removeprefix("COUNTER_"), 0))
            for kind in t.EmberCounterType
        ]
        return {"values": values}

    @answers("getMulticastTableEntry")
    def _multicast(self, ask: Mapping[str, Any]) -> Answer:
        return DONE | {"value": self.multicast.get(ask["index"])}

    @answers("setMulticastTableEntry")
    def _set_multicast(self, ask: Mapping[str, Any]) -> Answer:
        self.multicast[ask["index"]] = ask["value"]
        return DONE

    @answers("startScan")
    def _scan(self, ask: Mapping[str, Any]) -> Answer:
        channels = list(t.Channels(ask["channelMask"]))
        if ask["scanType"] == t.EzspNetworkScanType.ENERGY_SCAN:
            for channel in channels:
                rssi = self.noise.get(channel, -88)
                self._callback("energyScanResultHandler", channel=channel, maxRssiValue=rssi)
        else:
            for beacon in self.beacons:
                if beacon.channel in channels:
                    self._callback("networkFoundHandler", networkFound=beacon, lqi=180, rssi=-60)
        self._callback("scanCompleteHandler", channel=channels[-1], status=OK)
        return DONE
