"""A Modbus TCP gateway with many units behind one port.

Speaks MBAP frames as MODBUS Messaging on TCP/IP Implementation Guide V1.0b: header 3.1.3, its
checks 4.4.2.1; a gateway's answer for an absent unit is exception 11 of MODBUS Application
Protocol V1.1b3, clause 7. The functions are in `modbus_unit`. Standard library only.

    python -m tests.simulators.modbus --port 5020 --units 3 --zones 16
    set 1 4 on         unit 1, discrete input 4 in alarm
    fault 2 silent     and none
    refuse on          the cable is pulled
    show, help, quit

Units with a fault: a request never reaches one that is silent, busy, dropping or behind
`gateway_target`; the others carry it out and spoil the answer.
"""

import argparse
import asyncio
import random
import struct
import sys
from collections import deque
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Self

from . import keyboard
from .modbus_unit import MOST_ZONES, Code, Fault, Unit, asked, exception, fire_panel

__all__ = ["Fault", "ModbusServer", "Unit", "command"]

HEADER: Final = struct.Struct(">HHHB")  # transaction, protocol, bytes that follow, unit
MODBUS: Final = 0  # the one protocol identifier
LENGTHS: Final = range(2, 255)  # unit and function at least, unit and a PDU of 253 at most
MOST_REQUESTS: Final = 100_000  # a demo that runs for days must not fill the memory
HELP: Final = f"""\
set UNIT ADDRESS on|off   fault UNIT NAME|none   refuse on|off   show   help   quit
fault NAME: {" ".join(Fault)}"""


@dataclass(eq=False)
class _Connection:
    writer: asyncio.StreamWriter
    task: asyncio.Task[None] = field(default_factory=lambda: _own_task())


class ModbusServer:
    """A gateway: many connections, one line behind it on which one request runs at a time."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Take a port of 0 for a free one; `port` is the real one after `start`."""
        self.host = host
        self.port = port
        self.units: dict[int, Unit] = {}
        self.requests: deque[tuple[int, int, int, int]] = deque(maxlen=MOST_REQUESTS)
        """Unit, function, address and count of each request, as it got the line."""
        self.transaction_delay = 0.0
        """Seconds that each request takes on the line."""
        self._listener: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._line = asyncio.Lock()
        self._noise = random.Random(1)  # the same garbage in each run: a failure can be repeated

    def add_unit(self, unit_id: int) -> Unit:
        """Add an empty unit; ValueError if the number is taken or no byte."""
        return self._add(unit_id, Unit())

    def add_fire_panel(self, unit_id: int, zones: int = 16) -> Unit:
        """Add a unit of the profile "generic fire input panel", see `modbus_unit.fire_panel`."""
        return self._add(unit_id, fire_panel(zones))

    def _add(self, unit_id: int, unit: Unit) -> Unit:
        if unit_id in self.units or not 0 <= unit_id <= 0xFF:
            raise ValueError(f"unit {unit_id} is there already, or is not within 0 to 255")
        self.units[unit_id] = unit
        return unit

    async def start(self) -> None:
        """Listen; nothing happens if it does already. OSError if the port is taken."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection, also in the middle of an answer."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.close()
        listener.abort_clients()
        tasks = [connection.task for connection in self._connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()

    async def refuse(self, refused: bool) -> None:
        """Pull the cable, or put it back: the same port, units, faults and record."""
        await (self.stop() if refused else self.start())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer)
        self._connections.add(connection)
        try:
            while True:
                transaction, protocol, length, unit_id = HEADER.unpack(
                    await reader.readexactly(HEADER.size)
                )
                if length not in LENGTHS:
                    return  # where the next frame starts is lost: only a new connection helps
                pdu = await reader.readexactly(length - 1)
                if protocol != MODBUS:
                    continue  # "simply discarded", 4.4.2.1
                async with self._line:
                    frame = await self._transact(transaction, unit_id, pdu)
                if frame is None:
                    return
                writer.write(frame)
                await writer.drain()
        except asyncio.IncompleteReadError, ConnectionError:
            pass  # the client has gone
        finally:
            self._connections.discard(connection)
            writer.transport.abort()

    async def _transact(self, transaction: int, unit_id: int, pdu: bytes) -> bytes | None:
        """Return the bytes to send for a request, none of them if silent; None hangs up."""
        self.requests.append((unit_id, *asked(pdu)))
        if self.transaction_delay:
            await asyncio.sleep(self.transaction_delay)
        unit = self.units.get(unit_id)
        fault = unit.fault if unit else None
        match fault:
            case Fault.SILENT:
                return b""
            case Fault.DROP:
                return None
        if unit is None or fault is Fault.GATEWAY_TARGET:
            answer = exception(pdu[0], Code.GATEWAY_TARGET_FAILED)
        elif fault is Fault.BUSY:
            answer = exception(pdu[0], Code.SERVER_DEVICE_BUSY)
        else:
            if fault is Fault.SLOW:
                await asyncio.sleep(unit.delay)
            answer = unit.execute(pdu)
        return self._framed(fault, transaction, unit_id, answer)

    def _framed(self, fault: Fault | None, transaction: int, unit_id: int, pdu: bytes) -> bytes:
        """Put the header before an answer, and spoil both as the fault says."""
        if fault is Fault.WRONG_TRANSACTION:
            # Far from the identifiers that a client is about to use: the next one would make the
            # stale answer a right one.
            transaction ^= 0x4000
        if fault is Fault.WRONG_UNIT:
            unit_id = (unit_id + 1) & 0xFF
        frame = HEADER.pack(transaction, MODBUS, len(pdu) + 1, unit_id) + pdu
        if fault is Fault.TRUNCATED:
            return frame[:-1]
        if fault is Fault.GARBAGE:
            return self._noise.randbytes(len(frame))
        return frame


def _own_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None  # start_server runs its coroutine as a task
    return task


async def command(server: ModbusServer, line: str) -> str:
    """Carry out one line of the keyboard; return what was done, or what can be done."""
    match line.split():
        case ["set", number, at, "on" | "off" as value] if number.isdecimal() and at.isdecimal():
            unit = server.units.get(int(number))
            if unit is None:
                return _no_unit(server, number)
            if int(at) not in unit.discrete:
                return f"unit {number} has no discrete input {at}, only {_spans(unit.discrete)}"
            unit.discrete[int(at)] = value == "on"
            return f"unit {number}: discrete input {at} is {value}"
        case ["fault", number, name] if number.isdecimal() and name in {*Fault, "none"}:
            unit = server.units.get(int(number))
            if unit is None:
                return _no_unit(server, number)
            unit.fault = None if name == "none" else Fault(name)
            return f"unit {number}: fault {name}"
        case ["refuse", "on" | "off" as value]:
            try:
                await server.refuse(value == "on")
            except OSError as err:
                return f"the cable cannot be put back: {err.strerror}"
            return "the cable is pulled" if value == "on" else "the cable is back"
        case ["show"]:
            return "\n".join(_shown(number, unit) for number, unit in server.units.items())
        case ["help"]:
            return HELP
        case _:
            return f"not understood: {line.strip()}\n{HELP}"


def _no_unit(server: ModbusServer, number: str) -> str:
    return f"there is no unit {number}, only {_spans(server.units)}"


def _shown(number: int, unit: Unit) -> str:
    on = {address: None for address, value in unit.discrete.items() if value}
    return f"unit {number}: on {_spans(on) or 'none'}, fault {unit.fault or 'none'}"


def _spans(numbers: dict[int, object]) -> str:
    """Write numbers as 0-15, 1000-1002: those of a span differ equally from their rank."""
    spans = []
    for _, group in groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0]):
        span = [number for _, number in group]
        spans.append(str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}")
    return ", ".join(spans)


async def main() -> None:
    """Serve until `quit`, Ctrl-C or the end of the input."""
    parser = argparse.ArgumentParser(description="Modbus TCP fire panels behind one gateway")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=5020, help="0 takes a free one")
    parser.add_argument("--units", type=int, default=3, help="panels, numbered from 1")
    parser.add_argument("--zones", type=int, default=16, help="detector inputs of each panel")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds per request")
    options = parser.parse_args()
    if not 1 <= options.units <= 247:
        parser.error("--units is 1 to 247, as on a serial line")
    if not 1 <= options.zones <= MOST_ZONES:
        parser.error(f"--zones is 1 to {MOST_ZONES}")
    server = ModbusServer(options.host, options.port)
    server.transaction_delay = options.delay / 1000
    for number in range(1, options.units + 1):
        server.add_fire_panel(number, options.zones)
    try:
        await server.start()
    except (OSError, OverflowError) as err:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {err}")
    print(f"Modbus TCP on {server.host}:{server.port}, units {_spans(server.units)}", flush=True)
    try:
        async for line in keyboard():
            if line == "quit":
                break
            print(await command(server, line), flush=True)
    finally:
        await server.stop()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(130)
