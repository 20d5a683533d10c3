"""EZSP frames: the two header formats, schemas by protocol version, dispatch by command name.

Frame formats after UG100, EZSP Reference Guide, 3. The parameter layouts are bellows' own tables of
versions 10 to 19, so that no byte layout is written here; answers are given by the names of version
14 and renamed for older ones.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import bellows.types as t
from bellows.ezsp import EZSP
from bellows.types.named import SL_STATUS_MAP

from .faults import Fault, Faults

type Answer = Mapping[str, Any]
type Handler = Callable[[Any, Mapping[str, Any]], Answer]

OK = t.sl_Status.OK
RESPONSE, CALLBACK, FORMAT_1 = 0x80, 0x90, 0x01
VERSION_ID = 0x00
INVALID_COMMAND = b"\x58\x00"
UNKNOWN_VERSION = 42
EZSP_VERSIONS = tuple(version for version in sorted(EZSP._BY_VERSION) if version >= 10)
STACK_TYPE_MESH = 2
STACK_VERSION = 0x7440  # what `version` says of the firmware, whatever the protocol

NAMES = {  # of versions before 14: of version 14
    "type": "message_type",
    "indexOrDestination": "nwk",
    "sender": "nwk",
    "apsFrame": "aps_frame",
    "messageTag": "message_tag",
    "messageContents": "message",
    "lastHopLqi": "lqi",
    "lastHopRssi": "rssi",
    "bindingIndex": "binding_index",
    "addressIndex": "address_index",
    "childData": "child_data",
}

_LEGACY = {
    kind: {new: old for (of, old), new in reversed(SL_STATUS_MAP.items()) if of is kind}
    for kind in (t.EmberStatus, t.EzspStatus)
}


def answers(*commands: str) -> Callable[[Handler], Handler]:
    """Mark the method that answers these commands."""

    def mark(handler: Handler) -> Handler:
        handler.commands = commands  # type: ignore[attr-defined] # functions have them
        return handler

    return mark


def handlers_of(part: object) -> dict[str, Callable[[Mapping[str, Any]], Answer]]:
    """Collect the marked methods of an object."""
    found = {}
    for name in dir(type(part)):
        for command in getattr(getattr(type(part), name), "commands", ()):
            found[command] = getattr(part, name)
    return found


def _status(kind: Any, value: Any) -> Any:
    if kind is t.sl_Status:
        return t.sl_Status.from_ember_status(value)
    if isinstance(value, t.sl_Status):
        return _LEGACY[kind].get(value, kind(1) if kind is t.EmberStatus else kind(0x36))
    return value


def _zero(kind: Any) -> bytes:
    return bytes(256 - len(kind.deserialize(bytes(256))[1]))


def _fields(schema: Any) -> dict[str, Any]:
    if isinstance(schema, Mapping):
        return dict(schema)
    return {field.name: field.type for field in schema.fields} if schema else {}


class Ezsp:
    """Commands in, answers out, callbacks beside them, in one protocol version."""

    def __init__(self, version: int, send: Callable[[bytes], None], faults: Faults) -> None:
        self.version = version
        self.seen: dict[str, int] = {}
        self._send = send
        self._faults = faults
        self._handlers: dict[str, Callable[[Mapping[str, Any]], Answer]] = {}
        commands = EZSP._BY_VERSION[version].COMMANDS
        self._by_id = {id_: (name, rx, tx) for name, (id_, rx, tx) in commands.items()}
        self._layout = {
            name: (id_.to_bytes(2, "little"), _fields(tx))
            for name, (id_, _, tx) in commands.items()
        }
        self._sequence = 0xFF
        self._agreed = False
        self._answering = False
        self._held: list[bytes] = []
        self._unanswered: dict[str, asyncio.Future[None]] = {}

    def leave_unanswered(self, name: str) -> asyncio.Future[None]:
        """Have the next such command acknowledged by the link, and no more; done when it came."""
        self._unanswered[name] = came = asyncio.get_running_loop().create_future()
        return came

    def serve(self, *parts: object) -> None:
        """Answer with the marked methods of these."""
        for part in parts:
            self._handlers |= handlers_of(part)

    def rebooted(self) -> None:
        """After a reset the host has to agree on the version anew."""
        self._agreed, self._sequence = False, 0xFF

    def command(self, frame: bytes) -> None:
        """Answer one command of the host."""
        if len(frame) < 4 or self._faults.strikes(Fault.HUNG):
            return
        legacy = len(frame) == 4 and frame[2] == VERSION_ID  # the header of before version 8
        command = VERSION_ID if legacy else int.from_bytes(frame[3:5], "little")
        name = self._by_id.get(command, ("",))[0]
        if (came := self._unanswered.pop(name, None)) is not None:
            came.set_result(None)
            return
        self._sequence = sequence = frame[0]
        if legacy:
            self._version(bytes((sequence, RESPONSE, VERSION_ID)), frame[3])
            return
        header = bytes((sequence, RESPONSE, FORMAT_1))
        if command == VERSION_ID and len(frame) > 5:
            self._version(header + frame[3:5], frame[5])
        elif self._faults.strikes(Fault.WRONG_VERSION):
            # As the next protocol will say it, with a status of four bytes like the last ones
            refusal = INVALID_COMMAND + bytes((t.EzspStatus.ERROR_VERSION_NOT_SET, 0, 0, 0))
            self._send(header + refusal)
        else:
            self._send(header + self._answered(command, frame[5:]))
            held, self._held = self._held, []
            for callback in held:
                self._send(callback)

    def _answered(self, command: int, data: bytes) -> bytes:
        name, schema, _ = self._by_id.get(command, ("", {}, {}))
        self.seen[name] = self.seen.get(name, 0) + 1
        if not self._agreed:
            refusal = t.EzspStatus.ERROR_VERSION_NOT_SET
        elif (handler := self._handlers.get(name)) is None:
            refusal = t.EzspStatus.ERROR_INVALID_FRAME_ID
        else:
            try:
                ask = _parse(name, schema, data)
            except ValueError:
                refusal = t.EzspStatus.ERROR_TRUNCATED
            else:
                self._answering = True
                try:
                    return self._encode(name, handler(ask))
                finally:
                    self._answering = False
        return self._encode("invalidCommand", {"status": refusal})

    def _version(self, header: bytes, desired: int) -> None:
        wrong = self._faults.strikes(Fault.WRONG_VERSION)
        version = UNKNOWN_VERSION if wrong else self.version
        self._agreed = desired == version and not wrong
        firmware = STACK_VERSION.to_bytes(2, "little")
        self._send(header + bytes((version, STACK_TYPE_MESH)) + firmware)

    def callback(self, name: str, **values: Any) -> None:
        """Tell the host something it did not ask for.

        Carries the number of the last answered command, and follows that answer: under the number
        of a command that is under way, bellows would take it for the answer.
        """
        if self._agreed:
            frame = bytes((self._sequence, CALLBACK, FORMAT_1)) + self._encode(name, values)
            if self._answering:
                self._held.append(frame)
            else:
                self._send(frame)

    def _encode(self, name: str, values: Answer) -> bytes:
        command, fields = self._layout[name]
        body = bytearray(command)
        for field, kind in fields.items():
            value = values.get(NAMES.get(field, field), values.get(field))
            if value is None:
                body += _zero(kind)
            elif kind in {t.sl_Status, t.EmberStatus, t.EzspStatus}:
                body += _status(kind, value).serialize()
            else:
                body += kind(value).serialize()
        return bytes(body)


def _parse(name: str, schema: Any, data: bytes) -> dict[str, Any]:
    if name == "addEndpoint":  # its lists have their lengths before both of them
        head = {key: kind for key, kind in schema.items() if not key.endswith("List")}
        values, data = t.deserialize_dict(data, head)
        clusters = [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]
        split = values["inputClusterCount"]
        return values | {"inputs": clusters[:split], "outputs": clusters[split:]}
    values = {}
    for field, kind in _fields(schema).items():
        values[NAMES.get(field, field)], data = kind.deserialize(data)
    return values
