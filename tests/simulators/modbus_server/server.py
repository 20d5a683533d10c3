"""A gateway: one line with its units behind one port, one transaction at a time."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Self, override

from .families import fire_panel
from .framing import Frame, NotModbusError, Wire, datagram, framed, next_frame
from .pdu import Request, answer, parsed
from .terminal import Terminal
from .timing import Timing
from .unit import Fault, Unit

# An RTU frame is this much longer than its PDU: the unit's address and the checksum.
_AROUND = 3
_NOBODY = Unit()


class _Asked(NamedTuple):
    """A request that waits for the line, and the ways back."""

    frame: Frame
    reply: Callable[[bytes], None]
    hang_up: Callable[[], None]


@dataclass(kw_only=True)
class Counters:
    """What the line has carried, for a bench. `held` is the seconds that it was taken."""

    requests: int = 0
    connections: int = 0
    held: float = 0.0
    # Requests on the line or waiting for it: 1 is a client that waits for each answer.
    waiting: int = 0
    most_waiting: int = 0


@dataclass(eq=False)
class ModbusServer:
    """The gateway: units by address, the requests it has seen, a fault of the whole line.

    A unit that is not there is exception 11 behind a gateway that speaks MBAP, and silence on a
    line that is merely carried over TCP, as on the wire itself.
    """

    host: str = "127.0.0.1"
    port: int = 0
    wire: Wire = Wire.TCP
    timing: Timing = field(default_factory=Timing)
    units: dict[int, Unit] = field(default_factory=dict)
    fault: Fault | None = None
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=100_000))
    counted: Counters = field(default_factory=Counters)
    _listening: asyncio.Server | asyncio.DatagramTransport | None = None
    _terminal: Terminal | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _line: asyncio.Queue[_Asked] = field(default_factory=asyncio.Queue)
    _working: asyncio.Task[None] | None = None

    def add_fire_panel(self, address: int, inputs: int = 16) -> Unit:
        """Put a panel of the generic profile on the line."""
        self.units[address] = fire_panel(inputs)
        return self.units[address]

    @property
    def device(self) -> str:
        """The pseudo-terminal's path, on a serial line that is started."""
        assert self._terminal is not None
        return self._terminal.path

    async def start(self) -> None:
        """Listen; a port of 0 becomes a free one and stays it."""
        self._working = asyncio.create_task(self._work())
        match self.wire:
            case Wire.TCP | Wire.RTU:
                self._listening = await asyncio.start_server(self._serve, self.host, self.port)
                self.port = self._listening.sockets[0].getsockname()[1]
            case Wire.UDP:
                self._listening, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=(self.host, self.port)
                )
                self.port = self._listening.get_extra_info("sockname")[1]
            case Wire.SERIAL:
                self._terminal = await Terminal.opened()
                self._take(asyncio.create_task(self._serve_terminal(self._terminal)))

    async def stop(self) -> None:
        """Hang up and stop listening."""
        if self._working is None:
            return
        self._working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._working
        self._working = None
        if self._listening is not None:
            self._listening.close()
        while self._serving:
            self.hang_up()
            for task in self._serving:
                task.cancel()
            await asyncio.wait(self._serving, timeout=1)
        if isinstance(self._listening, asyncio.Server):
            await self._listening.wait_closed()
        self._listening = None
        self._line = asyncio.Queue()
        self.counted.waiting = 0

    async def refuse(self, refused: bool) -> None:
        """Pull the cable, or put it back."""
        if refused:
            await self.stop()
        elif self._working is None:
            await self.start()

    def hang_up(self) -> None:
        """Drop every connection."""
        for writer in self._writers:
            writer.transport.abort()
        if self._terminal is not None:
            self._terminal.close()
            self._terminal = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _take(self, serving: asyncio.Task[None] | None) -> None:
        assert serving is not None
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        self.counted.connections += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._take(asyncio.current_task())
        self._writers.add(writer)
        try:
            await self._hear(reader, writer.write, writer.transport.abort)
        except asyncio.IncompleteReadError:
            await self._line.join()  # who says that it is done may still hear its answers
        except ConnectionError, NotModbusError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError, OSError):
                await writer.wait_closed()

    async def _hear(
        self,
        reader: asyncio.StreamReader,
        reply: Callable[[bytes], None],
        hang_up: Callable[[], None],
    ) -> None:
        while True:
            if (frame := await next_frame(reader, self.wire)) is not None:
                self.ask(_Asked(frame, reply, hang_up))

    def ask(self, asked: _Asked) -> None:
        """Put a request behind those that wait for the line."""
        self.counted.waiting += 1
        self.counted.most_waiting = max(self.counted.most_waiting, self.counted.waiting)
        self._line.put_nowait(asked)

    async def _work(self) -> None:
        """Carry out what was asked, one after another."""
        loop = asyncio.get_running_loop()
        while True:
            asked = await self._line.get()
            began = loop.time()
            await self._carry_out(asked, began)
            self.counted.held += loop.time() - began
            self.counted.waiting -= 1
            self._line.task_done()

    async def _carry_out(self, asked: _Asked, began: float) -> None:
        frame, loop = asked.frame, asyncio.get_running_loop()
        request = parsed(frame.unit, frame.pdu, began)
        self.requests.append(request)
        self.counted.requests += 1
        unit = self.units.get(frame.unit)
        fault = self._fault(unit)
        if fault is Fault.SILENT:
            await self._held_until(began + self.timing.patience)
            return
        body = answer(unit or _NOBODY, frame.pdu, fault)
        lasts = self.timing.lasts(len(frame.pdu) + _AROUND, len(body) + _AROUND)
        if fault in {Fault.GATEWAY_TARGET, Fault.SLOW}:
            lasts += (
                self.timing.patience if fault is Fault.GATEWAY_TARGET else (unit or _NOBODY).delay
            )
        await self._held_until(began + lasts)
        if fault is Fault.DROP:
            asked.hang_up()
        elif fault is Fault.LATE and unit is not None:
            loop.call_later(unit.delay, asked.reply, framed(frame, body, self.wire, None))
        else:
            asked.reply(framed(frame, body, self.wire, fault))

    def _fault(self, unit: Unit | None) -> Fault | None:
        if unit is None:
            return Fault.SILENT if self.wire.is_rtu else Fault.GATEWAY_TARGET
        return unit.meets() or self.fault

    async def _held_until(self, then: float) -> None:
        """Hold the line; against the clock, so that what a sleep oversleeps does not add up."""
        if (rest := then - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(rest)

    async def _serve_terminal(self, terminal: Terminal) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            await self._hear(terminal.reader, terminal.write, lambda: None)


class _Datagrams(asyncio.DatagramProtocol):
    """MBAP frames, one a datagram; what is none is lost without a word, as UDP is."""

    def __init__(self, server: ModbusServer) -> None:
        self._server = server

    @override
    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with contextlib.suppress(NotModbusError):
            frame = datagram(data)
            back = self._transport
            self._server.ask(_Asked(frame, lambda sent: back.sendto(sent, addr), lambda: None))
