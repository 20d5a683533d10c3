"""The coordinator's end of an ASH link: framing, acknowledgement, retransmission.

Written after UG101, UART-EZSP Gateway Protocol Reference (Silicon Labs): frames 2, error handling
4.3, timing 5. The host's end under test is bellows, so nothing of bellows is used here.

A connection that ends takes the link with it: nothing is kept for the next host, which begins with
a reset, as every host does. What outlives it is the stack's memory (`stack.Tokens`).
"""

import asyncio
import binascii
from collections import deque
from collections.abc import Callable

from .faults import Fault, Faults

FLAG, ESCAPE, SUBSTITUTE, CANCEL = 0x7E, 0x7D, 0x18, 0x1A
FLOW_CONTROL = b"\x11\x13"  # XON and XOFF
RESERVED = bytes((FLAG, ESCAPE, SUBSTITUTE, CANCEL, *FLOW_CONTROL))
RST, RSTACK, ERROR, ACK, NAK, RETRANSMITTED = 0xC0, 0xC1, 0xC2, 0x80, 0xA0, 0x08
ASH_VERSION = 2

WINDOW = 5  # data frames under way at once; sequence numbers have three bits
ACK_TIME_FIRST, ACK_TIME_LEAST, ACK_TIME_MOST = 1.6, 0.4, 3.2
ACK_TIMEOUTS = 5
TOO_MANY_TIMEOUTS = 0x51
LONGEST_FRAME = 512  # escaped; whatever is longer lost its flag


def _randomness(length: int) -> bytes:
    register, sequence = 0x42, bytearray()
    for _ in range(length):
        sequence.append(register)
        register = register >> 1 ^ (0xB8 if register & 1 else 0)
    return bytes(sequence)


RANDOMNESS = _randomness(256)


def randomize(data: bytes) -> bytes:
    """Whiten a data field, or undo it: the operation is its own inverse."""
    length = len(data)
    return (int.from_bytes(data) ^ int.from_bytes(RANDOMNESS[:length])).to_bytes(length)


def encode(body: bytes) -> bytes:
    """Close a frame: checksum, stuffing, flag."""
    stuffed = bytearray()
    for byte in body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2):
        stuffed += bytes((ESCAPE, byte ^ 0x20)) if byte in RESERVED else bytes((byte,))
    stuffed.append(FLAG)
    return bytes(stuffed)


def decode(raw: bytes) -> bytes | None:
    """Open what stood between two flags; nothing if the checksum is wrong."""
    head, *escaped = raw.split(bytes((ESCAPE,)))
    if not all(escaped):
        return None
    body = head + b"".join(bytes((part[0] ^ 0x20,)) + part[1:] for part in escaped)
    if len(body) < 3 or binascii.crc_hqx(body[:-2], 0xFFFF).to_bytes(2) != body[-2:]:
        return None
    return body[:-2]


class AshLink:
    """One link: `write` takes bytes for the host, `deliver` its commands, `rebooted` a reset."""

    def __init__(
        self,
        *,
        write: Callable[[bytes], None],
        deliver: Callable[[bytes], None],
        rebooted: Callable[[], None],
        faults: Faults,
    ) -> None:
        self._write = write
        self._deliver = deliver
        self._rebooted = rebooted
        self._faults = faults
        self.connected = False
        self.ack_times = (ACK_TIME_FIRST, ACK_TIME_LEAST, ACK_TIME_MOST)
        self._failed: int | None = None
        self._rest = b""
        self._timer: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._clear()

    def _clear(self) -> None:
        self._expected = self._next = 0
        self._rejecting = self._acknowledged = False
        self._waiting: deque[bytes] = deque()
        self._under_way: deque[tuple[int, bytes]] = deque()
        self._ack_time, self._timeouts, self._due = self.ack_times[0], 0, 0.0
        self._room.set()

    def boot(self, reason: int) -> None:
        """Reset the radio and say so."""
        self._clear()
        self._failed, self.connected = None, True
        self._rebooted()
        self._write(encode(bytes((RSTACK, ASH_VERSION, reason))))

    def fail(self, reason: int) -> None:
        """Give up; from now on every frame but a reset is answered with this error."""
        self._clear()
        self._failed, self.connected = reason, False
        self._write(encode(bytes((ERROR, ASH_VERSION, reason))))

    def close(self) -> None:
        """Forget the host."""
        self._clear()
        self.connected, self._rest = False, b""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def send(self, payload: bytes) -> None:
        """Queue an EZSP frame; without a host it is lost, as it would be."""
        if self.connected:
            self._waiting.append(payload)
            self._pump()

    async def room(self) -> None:
        """Wait until what was queued is on its way to the host, or there is no host."""
        while self.connected and len(self._waiting) >= WINDOW:
            self._room.clear()
            await self._room.wait()

    def feed(self, data: bytes) -> None:
        """Take bytes of the host, in pieces of any size."""
        *frames, self._rest = (self._rest + data.translate(None, FLOW_CONTROL)).split(b"\x7e")
        if len(self._rest) > LONGEST_FRAME:
            self._rest = b""
        for raw in frames:
            frame = raw.rpartition(bytes((CANCEL,)))[2]
            if not frame:
                continue
            body = None if SUBSTITUTE in frame else decode(frame)
            if body is not None:
                self._frame(body[0], body[1:])
            elif self.connected and frame[0] & 0x80 == 0:
                self._reject()

    def _frame(self, control: int, field: bytes) -> None:
        if control == RST:
            self.boot(0x0B)
        elif self._failed is not None:
            self._write(encode(bytes((ERROR, ASH_VERSION, self._failed))))
        elif self.connected and control & 0x80 == 0:
            self._data(control, field)
        elif self.connected and control & 0xE0 in {ACK, NAK}:
            self._acknowledge(control & 7)
            if control & 0xE0 == NAK:
                self._retransmit()
            self._pump()

    def _data(self, control: int, field: bytes) -> None:
        self._acknowledge(control & 7)
        self._pump()
        if self._faults.strikes(Fault.NAK_STORM):
            self._write(encode(bytes((NAK | self._expected,))))
        elif control >> 4 == self._expected:
            self._expected = (self._expected + 1) % 8
            self._rejecting = self._acknowledged = False
            self._deliver(randomize(field))
            if self.connected and not self._acknowledged:
                self._write(encode(bytes((ACK | self._expected,))))
        elif control & RETRANSMITTED:
            self._write(encode(bytes((ACK | self._expected,))))
        else:
            self._reject()

    def _reject(self) -> None:
        if not self._rejecting:
            self._rejecting = True
            self._write(encode(bytes((NAK | self._expected,))))

    def _acknowledge(self, number: int) -> None:
        count = next(
            (
                index + 1
                for index, (sent, _) in enumerate(self._under_way)
                if (sent + 1) % 8 == number
            ),
            0,
        )
        if not count:
            return
        for _ in range(count):
            self._under_way.popleft()
        self._timeouts = 0
        loop = asyncio.get_running_loop()
        taken = max(0.0, loop.time() - (self._due - self._ack_time))
        _, least, most = self.ack_times
        self._ack_time = min(most, max(least, self._ack_time * 7 / 8 + taken / 2))
        self._due = loop.time() + self._ack_time

    def _pump(self) -> None:
        while self._waiting and len(self._under_way) < WINDOW:
            frame = (self._next, self._waiting.popleft())
            self._next = (self._next + 1) % 8
            self._under_way.append(frame)
            self._send(frame, again=False)
        if len(self._waiting) < WINDOW:
            self._room.set()

    def _send(self, frame: tuple[int, bytes], *, again: bool) -> None:
        number, payload = frame
        control = number << 4 | (RETRANSMITTED if again else 0) | self._expected
        self._acknowledged = True
        loop = asyncio.get_running_loop()
        if len(self._under_way) == 1:
            self._due = loop.time() + self._ack_time
        if self._timer is None:
            self._timer = loop.call_at(self._due, self._watch)
        self._write(encode(bytes((control,)) + randomize(payload)))

    def _retransmit(self) -> None:
        for frame in tuple(self._under_way):
            self._send(frame, again=True)

    def _watch(self) -> None:
        # One timer for the oldest frame, re-armed when it fires: a timer per frame would be
        # cancelled two thousand times a second.
        self._timer = None
        if not self._under_way:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._due:
            self._timer = loop.call_at(self._due, self._watch)
            return
        self._timeouts += 1
        if self._timeouts >= ACK_TIMEOUTS:
            self.fail(TOO_MANY_TIMEOUTS)
            return
        self._ack_time = min(self.ack_times[2], self._ack_time * 2)
        self._due = loop.time() + self._ack_time
        self._retransmit()
