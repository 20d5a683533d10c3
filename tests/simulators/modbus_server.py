"""A gateway with many Modbus units behind one TCP port, for tests, the demo and a person's hands.

Speaks MBAP frames as MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3, and functions 1
to 6, 15 and 16 as MODBUS Application Protocol V1.1b3, 6. Standard library only: the far end must
not be made of the library under test.

    python -m tests.simulators.modbus_server --port 5020 --units 3
    set 1 4 on        unit 1, discrete input 4
    fault 1 silent    and silent, busy, slow, truncated, wrong_transaction, garbage, drop, none
    refuse on         the cable is pulled
"""

import argparse
import asyncio
import contextlib
import os
import struct
import sys
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

READ_BITS = {1: "coils", 2: "discrete"}
READ_WORDS = {3: "holding", 4: "input"}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, BUSY, GATEWAY_TARGET = 1, 2, 3, 6, 11


class Fault(StrEnum):
    """What a unit can do wrong."""

    SILENT = "silent"
    BUSY = "busy"
    SLOW = "slow"
    TRUNCATED = "truncated"
    WRONG_TRANSACTION = "wrong_transaction"
    WRONG_UNIT = "wrong_unit"
    GARBAGE = "garbage"
    DROP = "drop"
    GATEWAY_TARGET = "gateway_target"


@dataclass
class Unit:
    """One unit: four tables, what is in them is defined, everything else is an illegal address."""

    coils: dict[int, bool] = field(default_factory=dict)
    discrete: dict[int, bool] = field(default_factory=dict)
    holding: dict[int, int] = field(default_factory=dict)
    input: dict[int, int] = field(default_factory=dict)
    fault: Fault | None = None
    delay: float = 0.3


class ModbusError(Exception):
    """A request that is answered with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class ModbusServer:
    """The gateway: units by address, the requests it has seen, one request at a time."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.units: dict[int, Unit] = {}
        self.requests: deque[tuple[int, int, int, int]] = deque(maxlen=100_000)
        self.line_delay = 0.0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._line = asyncio.Lock()

    def add_fire_panel(self, address: int, inputs: int = 16) -> Unit:
        """A panel of the generic profile: detector inputs from 0, its faults from 1000."""
        unit = Unit(discrete=dict.fromkeys((*range(inputs), 1000, 1001, 1002), False))
        unit.holding[0] = inputs
        self.units[address] = unit
        return unit

    async def start(self) -> None:
        """Listen; a port of 0 becomes a free one and stays it."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up and stop listening."""
        if self._server is not None:
            self._server.close()
            while self._serving:
                self.hang_up()
                await asyncio.wait(self._serving, timeout=1)
            await self._server.wait_closed()
            self._server = None

    async def refuse(self, refused: bool) -> None:
        """Pull the cable, or put it back."""
        if refused:
            await self.stop()
        elif self._server is None:
            await self.start()

    def hang_up(self) -> None:
        """Drop every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            while True:
                header = await reader.readexactly(7)
                transaction, protocol, length, address = struct.unpack(">HHHB", header)
                if protocol or not 2 <= length <= 254:
                    return
                request = await reader.readexactly(length - 1)
                async with self._line:
                    if not await self._answer(writer, transaction, address, request):
                        return
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError, OSError):
                await writer.wait_closed()

    async def _answer(
        self, writer: asyncio.StreamWriter, transaction: int, address: int, request: bytes
    ) -> bool:
        """Answer one request as the unit's fault says; false hangs up."""
        if self.line_delay:
            await asyncio.sleep(self.line_delay)
        unit = self.units.get(address)
        fault = unit.fault if unit is not None else Fault.GATEWAY_TARGET
        function = request[0]
        start, count = struct.unpack(">HH", request[1:5].ljust(4, b"\0"))
        self.requests.append((address, function, start, count))
        if fault is Fault.SILENT:
            return True
        if fault is Fault.DROP:
            return False
        if fault is Fault.SLOW and unit is not None:
            await asyncio.sleep(unit.delay)
        try:
            body = bytes([function]) + _execute(unit, fault, function, request[1:])
        except ModbusError as err:
            body = bytes([function | 0x80, err.code])
        except struct.error:
            body = bytes([function | 0x80, ILLEGAL_VALUE])
        if fault is Fault.WRONG_TRANSACTION:
            transaction = (transaction + 1) & 0xFFFF
        if fault is Fault.WRONG_UNIT:
            address = (address + 1) & 0xFF
        frame = struct.pack(">HHHB", transaction, 0, len(body) + 1, address) + body
        if fault is Fault.GARBAGE:
            frame = os.urandom(len(frame))
        if fault is Fault.TRUNCATED:
            frame = frame[:-1]
        writer.write(frame)
        await writer.drain()
        return True


def _execute(unit: Unit | None, fault: Fault | None, function: int, data: bytes) -> bytes:
    if fault in {Fault.BUSY, Fault.GATEWAY_TARGET} or unit is None:
        raise ModbusError(BUSY if fault is Fault.BUSY else GATEWAY_TARGET)
    if function in READ_BITS:
        start, count = struct.unpack(">HH", data)
        values = _read(getattr(unit, READ_BITS[function]), start, count, most=2000)
        packed = bytearray((count + 7) // 8)
        for index, value in enumerate(values):
            packed[index // 8] |= bool(value) << index % 8
        return bytes([len(packed)]) + packed
    if function in READ_WORDS:
        start, count = struct.unpack(">HH", data)
        words = _read(getattr(unit, READ_WORDS[function]), start, count, most=125)
        return bytes([2 * count]) + struct.pack(f">{count}H", *words)
    if function in {5, 6}:
        address, value = struct.unpack(">HH", data)
        if function == 5:
            _write(unit.coils, address, [value == 0xFF00])
        else:
            _write(unit.holding, address, [value])
        return data
    if function in {15, 16}:
        address, count, size = struct.unpack(">HHB", data[:5])
        if function == 15:
            bits = [bool(data[5 + i // 8] >> i % 8 & 1) for i in range(count)]
            _write(unit.coils, address, bits)
        else:
            _write(unit.holding, address, list(struct.unpack(f">{size // 2}H", data[5:])))
        return data[:4]
    raise ModbusError(ILLEGAL_FUNCTION)


def _read[T](table: dict[int, T], start: int, count: int, *, most: int) -> list[T]:
    if not 1 <= count <= most:
        raise ModbusError(ILLEGAL_VALUE)
    try:
        return [table[address] for address in range(start, start + count)]
    except KeyError:
        raise ModbusError(ILLEGAL_ADDRESS) from None


def _write[T](table: dict[int, T], start: int, values: list[T]) -> None:
    if any(address not in table for address in range(start, start + len(values))):
        raise ModbusError(ILLEGAL_ADDRESS)
    table.update({start + index: value for index, value in enumerate(values)})


async def command(server: ModbusServer, line: str) -> str:
    """Carry out one line of the keyboard and say what was done."""
    match line.split():
        case ["set", unit, address, "on" | "off" as value]:
            server.units[int(unit)].discrete[int(address)] = value == "on"
            return f"unit {unit}: input {address} is {value}"
        case ["fault", unit, name]:
            server.units[int(unit)].fault = None if name == "none" else Fault(name)
            return f"unit {unit}: fault {name}"
        case ["refuse", "on" | "off" as value]:
            await server.refuse(value == "on")
            return "the cable is pulled" if value == "on" else "the cable is back"
        case ["show"]:
            return "\n".join(
                f"unit {address}: in alarm {[k for k, v in unit.discrete.items() if v]}"
                f" fault {unit.fault or 'none'}"
                for address, unit in server.units.items()
            )
        case _:
            return "set UNIT INPUT on|off - fault UNIT NAME|none - refuse on|off - show"


async def main() -> None:
    """Serve until the keyboard ends."""
    parser = argparse.ArgumentParser(description="Modbus TCP fire panels")
    parser.add_argument("--port", type=int, default=5020)
    parser.add_argument("--units", type=int, default=1)
    parser.add_argument("--inputs", type=int, default=16)
    options = parser.parse_args()
    server = ModbusServer(port=options.port)
    for address in range(1, options.units + 1):
        server.add_fire_panel(address, options.inputs)
    await server.start()
    print(f"Modbus TCP on 127.0.0.1:{server.port}, units 1 to {options.units}", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "quit":
            break
        try:
            answer = await command(server, line)
        except (KeyError, ValueError) as err:
            answer = f"cannot: {err!r}"
        print(answer, flush=True)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
