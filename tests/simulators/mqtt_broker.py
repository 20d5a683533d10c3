"""An MQTT 3.1.1 broker, as much of one as a recognition box needs: QoS 0 and 1, retained words.

Standard library only: the far end must not be made of the library under test.
"""

import asyncio
from collections.abc import Iterator
from typing import Final, Self

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK = 1, 2, 3, 4, 8, 9
_UNSUBSCRIBE, _UNSUBACK, _PINGREQ, _PINGRESP, _DISCONNECT = 10, 11, 12, 13, 14
_RETAIN: Final = 0x01


def _text(words: str) -> bytes:
    raw = words.encode()
    return len(raw).to_bytes(2, "big") + raw


def _packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    left, size = len(body), bytearray()
    while True:
        left, digit = divmod(left, 128)
        size.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([kind << 4 | flags, *size]) + body


def _matches(wanted: str, topic: str) -> bool:
    """Whether a topic is meant by a filter (MQTT 3.1.1, 4.7)."""
    filters, levels = wanted.split("/"), topic.split("/")
    for number, one in enumerate(filters):
        if one == "#":
            return True
        if number >= len(levels) or one not in {"+", levels[number]}:
            return False
    return len(filters) == len(levels)


class MqttBroker:
    """A broker on 127.0.0.1, on a port of its own."""

    def __init__(self) -> None:
        self.port = 0
        self.retained: dict[str, bytes] = {}
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, set[str]] = {}

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up on everybody."""
        assert self._server is not None
        self._server.close()
        for writer in self._clients:
            writer.close()
        await self._server.wait_closed()

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Let a device say something to all who listen, and if retained to all who come later."""
        if retain:
            self.retained[topic] = payload.encode()
        for writer, filters in self._clients.items():
            if any(_matches(one, topic) for one in filters):
                writer.write(_packet(_PUBLISH, _text(topic) + payload.encode()))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        filters = self._clients[writer] = set()
        try:
            while True:
                kind, flags, body = await self._read(reader)
                if kind == _DISCONNECT:
                    break
                if kind == _CONNECT:
                    writer.write(_packet(_CONNACK, b"\0\0"))
                elif kind == _PINGREQ:
                    writer.write(_packet(_PINGRESP, b""))
                elif kind == _SUBSCRIBE:
                    self._subscribe(writer, filters, body)
                elif kind == _UNSUBSCRIBE:
                    filters -= set(_filters(body[2:], with_qos=False))
                    writer.write(_packet(_UNSUBACK, body[:2]))
                elif kind == _PUBLISH:
                    self._take(writer, flags, body)
        except asyncio.IncompleteReadError, ConnectionError:
            pass  # hung up without a word
        finally:
            del self._clients[writer]
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
        (first,) = await reader.readexactly(1)
        size, shift = 0, 0
        while True:
            (digit,) = await reader.readexactly(1)
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return first >> 4, first & 0x0F, await reader.readexactly(size)

    def _subscribe(self, writer: asyncio.StreamWriter, filters: set[str], body: bytes) -> None:
        wanted = list(_filters(body[2:], with_qos=True))
        filters.update(wanted)
        writer.write(_packet(_SUBACK, body[:2] + b"\0" * len(wanted)))
        for topic, payload in self.retained.items():
            if any(_matches(one, topic) for one in wanted):
                writer.write(_packet(_PUBLISH, _text(topic) + payload, _RETAIN))

    def _take(self, writer: asyncio.StreamWriter, flags: int, body: bytes) -> None:
        end = 2 + int.from_bytes(body[:2], "big")
        topic, payload = body[2:end].decode(), body[end:]
        if flags >> 1 & 0x03:
            writer.write(_packet(_PUBACK, payload[:2]))
            payload = payload[2:]
        self.publish(topic, payload.decode(), retain=bool(flags & _RETAIN))


def _filters(body: bytes, *, with_qos: bool) -> Iterator[str]:
    while body:
        end = 2 + int.from_bytes(body[:2], "big")
        yield body[2:end].decode()
        body = body[end + with_qos :]
