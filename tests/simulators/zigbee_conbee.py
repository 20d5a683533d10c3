"""A coordinator of another make: deCONZ's serial protocol on a TCP port, with devices around it.

Frames between SLIP ends with a checksum; the version, the device's state and its parameters, by
which a network is looked at, formed and opened; and data both ways, which the host fetches when a
change of the device's state tells it to. Written after dresden elektronik's "deCONZ Serial
Protocol" 1.21; the host is zigpy-deconz, unmodified. The devices are those of the EZSP coordinator.
"""

import asyncio
from collections import deque
from enum import IntEnum
from typing import override

import zigpy.types as t
from zigpy.zdo.types import SimpleDescriptor, SizePrefixedSimpleDescriptor

from .zigbee import VirtualDevice, zdo
from .zigbee.device import ZDO_PROFILE
from .zigbee_around import Around, Frame

END, ESCAPE = 0xC0, 0xDB
ESCAPED = {0xDC: END, 0xDD: ESCAPE}
SUCCESS, UNSUPPORTED = 0, 4
DELIVERED, NO_ACK = 0x00, 0xE9
OFFLINE, CONNECTED = 0, 2
CONFIRM, INDICATION, FREE_SLOTS = 1 << 2, 1 << 3, 1 << 5
FIRMWARE = bytes((0x00, 0x07, 0x78, 0x26))  # ConBee II
BY_NWK = 0x02
# Slots for the endpoints of a host, and what they hold before it writes its own: the home
# automation profile's, and Green Power's.
SLOTS = ((1, 0x0104), (2, 0x0104), (242, 0xA1E0))


class Command(IntEnum):
    """What a host asks for, and what it is told unasked."""

    CONFIRM = 0x04
    DEVICE_STATE = 0x07
    NETWORK_STATE = 0x08
    READ = 0x0A
    WRITE = 0x0B
    VERSION = 0x0D
    STATE_CHANGED = 0x0E
    REQUEST = 0x12
    INDICATION = 0x17
    NEIGHBOUR = 0x1D


class Parameter(IntEnum):
    """What a host reads and writes, as far as something hangs on it."""

    ADDRESS = 0x01
    EXTENDED_PAN_ID = 0x08
    CHANNELS = 0x0A
    WANTED_EXTENDED_PAN_ID = 0x0B
    ENDPOINT = 0x13
    CHANNEL = 0x1C
    PERMIT = 0x21


class ConBee(Around):
    """One coordinator. `formed`: it comes with a network."""

    def __init__(self, *, formed: bool = True) -> None:
        self.ieee = t.EUI64.convert("00:21:2e:ff:ff:07:4a:01")
        super().__init__(bytes(range(16)))
        self.parameters = {
            Parameter.ADDRESS: self.ieee.serialize(),
            0x05: b"\x34\x12",  # PAN id
            0x07: b"\x00\x00",  # short address
            Parameter.EXTENDED_PAN_ID: bytes.fromhex("2211 4433 097a 15dd"),
            0x09: b"\x01",  # is the coordinator
            Parameter.CHANNELS: (1 << 20).to_bytes(4, "little"),
            Parameter.WANTED_EXTENDED_PAN_ID: bytes(8),  # none
            0x0E: self.ieee.serialize(),  # trust center
            0x10: b"\x03",  # security: link key of the trust center
            0x18: b"\x00" + self.key,  # network key
            0x19: self.ieee.serialize() + b"ZigBeeAlliance09",  # link key
            Parameter.CHANNEL: bytes((20,)),
            0x22: b"\x0b\x01",  # protocol version
            0x24: b"\x00",  # network update id
            0x26: bytes(4),  # watchdog
            0x27: (1000).to_bytes(4, "little"),  # frame counter
        }
        if not formed:
            self.parameters |= {0x05: b"\xff\xff", 0x07: b"\xff\xff", Parameter.CHANNEL: b"\x00"}
            self.parameters[Parameter.EXTENDED_PAN_ID] = bytes((0xFF,)) * 8
        self._endpoints = [_endpoint(number, profile).serialize() for number, profile in SLOTS]
        self._state = CONNECTED
        self._told = self._state
        self._up: deque[bytes] = deque()
        self._confirms: deque[bytes] = deque()

    @property
    def extended_pan_id(self) -> str:
        """Which network it has."""
        return self.parameters[Parameter.EXTENDED_PAN_ID][::-1].hex(":")

    @property
    def channel(self) -> int:
        """On which channel it is."""
        return self.parameters[Parameter.CHANNEL][0]

    @override
    def incoming(self, device: VirtualDevice | zdo.Node, frame: Frame) -> None:
        """Carry a frame to the coordinator, which keeps it until the host fetches it."""
        to = 0xFFFD if frame.broadcast else 0
        self._up.append(
            bytes((BY_NWK,)) + to.to_bytes(2, "little") + bytes((frame.endpoints[1], BY_NWK))
            + device.nwk.to_bytes(2, "little") + bytes((frame.endpoints[0],))
            + frame.profile.to_bytes(2, "little") + frame.cluster.to_bytes(2, "little")
            + len(frame.message).to_bytes(2, "little") + frame.message
            + bytes((0, 0, device.lqi, 0, 0, 0, 0)) + (device.rssi % 256).to_bytes()
        )  # fmt: skip
        self._tell()

    # The host

    @override
    async def serve(self, reader: asyncio.StreamReader) -> None:
        while True:
            frame = _plain((await reader.readuntil(bytes((END,))))[:-1])[:-2]
            if frame:
                command, sequence, body = frame[0], frame[1], frame[5:]
                status, payload = self._answer(command, body)
                self._write(command, sequence, status, payload)
                self._tell()

    def _write(self, command: int, sequence: int, status: int, payload: bytes) -> None:
        length = (5 + len(payload)).to_bytes(2, "little")
        self.write(_framed(bytes((command, sequence, status)) + length + payload))

    @property
    def _now(self) -> int:
        waiting = (CONFIRM if self._confirms else 0) | (INDICATION if self._up else 0)
        return self._state | waiting | FREE_SLOTS

    def _tell(self) -> None:
        """Tell a change of the device's state: what waits is fetched by that."""
        if self._now != self._told:
            self._told = self._now
            self._write(Command.STATE_CHANGED, 0, SUCCESS, bytes((self._now, 0)))

    def _with_state(self, rest: bytes) -> bytes:
        self._told = self._now
        said = bytes((self._now,)) + rest
        return len(said).to_bytes(2, "little") + said

    def _answer(self, command: int, body: bytes) -> tuple[int, bytes]:
        match command:
            case Command.VERSION:
                return SUCCESS, FIRMWARE
            case Command.DEVICE_STATE:
                return SUCCESS, bytes((self._now, 0, 0))
            case Command.NETWORK_STATE:
                self._change(body[0])
                return SUCCESS, body[:1]
            case Command.READ:
                return self._read(body[2], body[3:])
            case Command.WRITE:
                self._set(body[2], body[3:])
                return SUCCESS, b"\x01\x00" + body[2:3]
            case Command.REQUEST:
                self._send(body[2:])
                return SUCCESS, self._with_state(body[2:3])
            case Command.INDICATION if self._up:
                return SUCCESS, self._with_state(self._up.popleft())
            case Command.CONFIRM if self._confirms:
                return SUCCESS, self._with_state(self._confirms.popleft())
            case Command.NEIGHBOUR:
                return SUCCESS, body
        return UNSUPPORTED, b"\x00\x00"

    def _read(self, parameter: int, key: bytes) -> tuple[int, bytes]:
        value = self.parameters.get(parameter)
        if parameter == Parameter.ENDPOINT and key[0] < len(SLOTS):
            value = key[:1] + self._endpoints[key[0]]
        said = bytes((parameter,)) + (value or b"")
        return UNSUPPORTED if value is None else SUCCESS, len(said).to_bytes(2, "little") + said

    def _set(self, parameter: int, value: bytes) -> None:
        if parameter == Parameter.ENDPOINT:
            self._endpoints[value[0]] = value[1:]
        elif parameter == Parameter.PERMIT:
            self.permit(value[0])
        else:
            self.parameters[parameter] = value

    def _change(self, state: int) -> None:
        """Leave the network, or begin the one that the parameters describe by now."""
        self._state = state
        wanted = self.parameters[Parameter.WANTED_EXTENDED_PAN_ID]
        if state == CONNECTED and any(wanted):
            self.parameters[Parameter.EXTENDED_PAN_ID] = wanted
            mask = int.from_bytes(self.parameters[Parameter.CHANNELS], "little")
            self.parameters[Parameter.CHANNEL] = bytes((mask.bit_length() - 1,))

    def _send(self, asked: bytes) -> None:
        """Carry a host's frame to whom it is for: id, flags, mode, address, endpoint and so on."""
        number, to, endpoint = asked[0], int.from_bytes(asked[3:5], "little"), asked[5]
        profile, cluster = (int.from_bytes(asked[at : at + 2], "little") for at in (6, 8))
        source, message = asked[10], asked[13 : 13 + int.from_bytes(asked[11:13], "little")]
        status = DELIVERED if self.hears(to) else NO_ACK
        self._confirms.append(
            bytes((number, BY_NWK)) + to.to_bytes(2, "little")
            + bytes((endpoint, source, status, 0, 0, 0, 0))
        )  # fmt: skip
        if to == 0 and profile == ZDO_PROFILE:
            self._answer_itself(cluster, message)
        self.down(to, endpoint, profile, cluster, message)

    def _answer_itself(self, cluster: int, message: bytes) -> None:
        simple = {}
        for raw in self._endpoints:
            one, _ = SimpleDescriptor.deserialize(raw)
            simple[int(one.endpoint)] = SizePrefixedSimpleDescriptor(**one.as_dict())
        self.answer(self.ieee, simple, cluster, message)


def _endpoint(number: int, profile: int) -> SimpleDescriptor:
    return SimpleDescriptor(
        endpoint=number,
        profile=profile,
        device_type=5,
        device_version=0,
        input_clusters=[],
        output_clusters=[],
    )


def _plain(escaped: bytes) -> bytes:
    plain, at = bytearray(), iter(escaped)
    for byte in at:
        plain.append(ESCAPED[next(at)] if byte == ESCAPE else byte)
    return bytes(plain)


def _framed(frame: bytes) -> bytes:
    checksum = (-sum(frame) % 0x10000).to_bytes(2, "little")
    back = {byte: bytes((ESCAPE, code)) for code, byte in ESCAPED.items()}
    escaped = b"".join(back.get(byte, bytes((byte,))) for byte in frame + checksum)
    return bytes((END,)) + escaped + bytes((END,))
