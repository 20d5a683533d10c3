"""The simulated gateway: right by two independent clients, and wrong exactly as it is told."""

import asyncio
from typing import Any

import pytest
from modbus_connection import (
    ModbusConnectionError,
    ModbusExceptionError,
    ModbusSerialParams,
    ModbusTcpParams,
    ModbusTimeoutError,
    ModbusUdpParams,
)
from modbus_connection.tmodbus import ModbusConnection
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient, AsyncModbusUdpClient

from .modbus_server import FAMILIES, Fault, ModbusServer, Timing, Unit, Wire, Writes, command
from .modbus_server.framing import crc16


def pymodbus(server: ModbusServer) -> Any:
    match server.wire:
        case Wire.TCP:
            return AsyncModbusTcpClient(server.host, port=server.port)
        case Wire.RTU:
            return AsyncModbusTcpClient(server.host, port=server.port, framer=FramerType.RTU)
        case _:
            return AsyncModbusUdpClient(server.host, port=server.port)


def tmodbus(server: ModbusServer) -> ModbusConnection:
    match server.wire:
        case Wire.TCP:
            return ModbusConnection(ModbusTcpParams(host=server.host, port=server.port))
        case Wire.RTU:
            device = f"socket://{server.host}:{server.port}"
            return ModbusConnection(ModbusSerialParams(device=device))
        case Wire.UDP:
            return ModbusConnection(ModbusUdpParams(host=server.host, port=server.port))
        case _:
            return ModbusConnection(ModbusSerialParams(device=server.device))


@pytest.mark.parametrize("wire", [Wire.TCP, Wire.RTU, Wire.UDP])  # its serial client wants pyserial
async def test_pymodbus_reads_and_writes_every_table(wire: Wire, socket_enabled: None) -> None:
    async with ModbusServer(wire=wire) as server:
        unit = server.units[7] = FAMILIES["dense"]()
        unit.discrete[79] = True
        client = pymodbus(server)
        assert await client.connect()
        try:
            bits = (await client.read_discrete_inputs(0, count=80, device_id=7)).bits
            assert bits[:80] == [False] * 79 + [True]
            await client.write_coil(1, True, device_id=7)
            await client.write_coils(2, [True, True], device_id=7)
            assert [at for at, on in unit.coils.items() if on] == [1, 2, 3]
            assert (await client.read_coils(0, count=4, device_id=7)).bits[:4] == [0, 1, 1, 1]
            await client.write_register(0, 5, device_id=7)
            await client.write_registers(1, [6, 7], device_id=7)
            held = await client.read_holding_registers(0, count=4, device_id=7)
            assert held.registers == [5, 6, 7, 3]
            words = await client.read_input_registers(0, count=100, device_id=7)
            assert words.registers == list(range(100))
            refused = await client.read_input_registers(99, count=2, device_id=7)
            assert refused.exception_code == 2
        finally:
            client.close()


@pytest.mark.parametrize("wire", list(Wire))
async def test_tmodbus_reads_and_writes_every_table(wire: Wire, socket_enabled: None) -> None:
    async with ModbusServer(wire=wire) as server:
        unit = server.units[7] = FAMILIES["dense"]()
        unit.discrete[3] = True
        link = tmodbus(server)
        asked = link.for_unit(7)
        try:
            assert await asked.read_discrete_inputs(0, 5) == [False, False, False, True, False]
            assert await asked.read_input_registers(40, 3) == [40, 41, 42]
            await asked.write_coil(4, True)
            assert (await asked.read_coils(4, 1), unit.coils[4]) == ([True], True)
            await asked.write_registers(2, [8, 9])
            assert await asked.read_holding_registers(2, 2) == [8, 9]
            with pytest.raises(ModbusExceptionError):
                await asked.read_holding_registers(500, 1)
        finally:
            await link.close()


READ = bytes([3, 0, 1, 0, 2])  # two holding registers from 1, which hold 1 and 2
RIGHT = bytes([3, 4, 0, 1, 0, 2])


async def exchanged(server: ModbusServer, *requests: bytes) -> bytes:
    """Send frames as they are and return whatever comes back until the far end hangs up."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    for request in requests:
        writer.write(request)
    writer.write_eof()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


def mbap(pdu: bytes, transaction: int = 9, unit: int = 1) -> bytes:
    return bytes([0, transaction, 0, 0, 0, len(pdu) + 1, unit]) + pdu


def rtu(pdu: bytes, unit: int = 1) -> bytes:
    return (frame := bytes([unit]) + pdu) + crc16(frame)


def test_the_checksum_is_the_standards() -> None:
    # The example of MODBUS over Serial Line V1.02, appendix B: 02 07 is followed by 41 12.
    assert crc16(b"\x02\x07") == b"\x41\x12"


# Faults whose frame is in order around an answer that is not.
PDUS = {
    Fault.ILLEGAL_FUNCTION: b"\x83\x01",
    Fault.ILLEGAL_ADDRESS: b"\x83\x02",
    Fault.ILLEGAL_VALUE: b"\x83\x03",
    Fault.DEVICE_FAILURE: b"\x83\x04",
    Fault.ACKNOWLEDGE: b"\x83\x05",
    Fault.BUSY: b"\x83\x06",
    Fault.GATEWAY_PATH: b"\x83\x0a",
    Fault.GATEWAY_TARGET: b"\x83\x0b",
    Fault.SLOW: RIGHT,
    Fault.SHORT: bytes([3, 2, 0, 1]),
    Fault.WRONG_FUNCTION: b"\x04" + RIGHT[1:],
    Fault.OUT_OF_RANGE: b"\x03\x04" + (32_000).to_bytes(2) * 2,
    Fault.ALL_ONES: b"\x03\x04" + b"\xff" * 4,
    Fault.ALL_ZEROS: b"\x03\x04" + bytes(4),
}
WRONG: dict[tuple[Fault, Wire], bytes] = {
    (Fault.SILENT, Wire.TCP): b"",
    (Fault.SILENT, Wire.RTU): b"",
    (Fault.DROP, Wire.TCP): b"",
    (Fault.DROP, Wire.RTU): b"",
    (Fault.TRUNCATED, Wire.TCP): mbap(RIGHT)[:-1],
    (Fault.TRUNCATED, Wire.RTU): rtu(RIGHT)[:-1],
    (Fault.WRONG_UNIT, Wire.TCP): mbap(RIGHT, unit=2),
    (Fault.WRONG_UNIT, Wire.RTU): rtu(RIGHT, unit=2),
    (Fault.WRONG_TRANSACTION, Wire.TCP): mbap(RIGHT, transaction=10),
    (Fault.BAD_CRC, Wire.RTU): rtu(RIGHT)[:-2] + bytes([rtu(RIGHT)[-2] ^ 0xFF, rtu(RIGHT)[-1]]),
}
WRONG |= {(fault, Wire.TCP): mbap(pdu) for fault, pdu in PDUS.items()}
WRONG |= {(fault, Wire.RTU): rtu(pdu) for fault, pdu in PDUS.items()}


@pytest.mark.parametrize(("fault", "wire"), WRONG)
async def test_a_fault_is_wrong_in_just_its_own_way(
    fault: Fault, wire: Wire, socket_enabled: None
) -> None:
    async with ModbusServer(wire=wire) as server:
        server.units[1] = Unit(holding={1: 1, 2: 2}, fault=fault, delay=0.01)
        ask = rtu(READ) if wire is Wire.RTU else mbap(READ)
        assert await exchanged(server, ask) == WRONG[fault, wire]


async def test_garbage_is_as_long_as_the_answer(socket_enabled: None) -> None:
    async with ModbusServer() as server:
        server.units[1] = Unit(holding={1: 1, 2: 2}, fault=Fault.GARBAGE)
        answer = await exchanged(server, mbap(READ))
        assert len(answer) == len(mbap(RIGHT))
        assert answer != mbap(RIGHT)


async def test_a_late_answer_comes_behind_the_next_one(socket_enabled: None) -> None:
    async with ModbusServer(wire=Wire.RTU) as server:
        server.units[1] = Unit(holding={1: 1, 2: 2}, fault=Fault.LATE, delay=0.05)
        server.units[2] = Unit(holding={1: 3, 2: 4})
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(rtu(READ) + rtu(READ, unit=2))
        async with asyncio.timeout(5):
            assert await reader.readexactly(9) == rtu(bytes([3, 4, 0, 3, 0, 4]), unit=2)
            assert await reader.readexactly(9) == rtu(RIGHT)
        writer.close()


async def test_a_stuck_unit_says_what_it_said_when_it_stuck(socket_enabled: None) -> None:
    async with ModbusServer() as server:
        unit = server.units[1] = Unit(holding={1: 1, 2: 2}, fault=Fault.STUCK)
        assert await exchanged(server, mbap(READ)) == mbap(RIGHT)
        unit.holding[1] = 7
        assert await exchanged(server, mbap(READ)) == mbap(RIGHT)
        unit.fault = None
        assert await exchanged(server, mbap(READ)) == mbap(bytes([3, 4, 0, 7, 0, 2]))


async def test_a_fault_of_the_line_is_every_units_and_noise_strikes_now_and_then(
    socket_enabled: None,
) -> None:
    async with ModbusServer() as server:
        server.units[1] = Unit(holding={1: 1, 2: 2}, fault=Fault.BUSY, every=3)
        right, busy = mbap(RIGHT), mbap(b"\x83\x06")
        assert await exchanged(server, *[mbap(READ)] * 4) == right + right + busy + right
        server.fault = Fault.SILENT
        assert await exchanged(server, mbap(READ)) == b""


@pytest.mark.parametrize(
    ("writes", "answer", "after"),
    [
        (Writes.ACCEPTED, bytes([6, 0, 1, 0, 9]), 9),
        (Writes.IGNORED, bytes([6, 0, 1, 0, 9]), 1),
        (Writes.REFUSED, bytes([0x86, 4]), 1),
    ],
)
async def test_a_write_is_taken_refused_or_ignored(
    writes: Writes, answer: bytes, after: int, socket_enabled: None
) -> None:
    async with ModbusServer() as server:
        unit = server.units[1] = Unit(holding={1: 1}, writes=writes)
        assert await exchanged(server, mbap(bytes([6, 0, 1, 0, 9]))) == mbap(answer)
        assert unit.holding[1] == after
        assert [tuple(write) for write in unit.written] == [("holding", 1, (9,))]


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        (bytes([1, 0, 0, 0x07, 0xD1]), 3),  # 2,001 bits
        (bytes([3, 0, 0, 0, 126]), 3),
        (bytes([3, 0, 0, 0, 0]), 3),
        (bytes([5, 0, 0, 0x12, 0x34]), 3),  # neither on nor off
        (bytes([16, 0, 0, 0, 1, 4, 0, 0, 0, 0]), 3),  # counts that disagree
        (bytes([3, 0]), 3),
        (bytes([3, 0, 9, 0, 1]), 2),
        (bytes([43, 14, 1, 0]), 1),
    ],
)
async def test_what_the_standard_refuses_is_refused(
    pdu: bytes, code: int, socket_enabled: None
) -> None:
    async with ModbusServer() as server:
        server.units[1] = Unit(holding={0: 1}, coils={0: True})
        assert await exchanged(server, mbap(pdu)) == mbap(bytes([pdu[0] | 0x80, code]))


async def test_an_rtu_unit_ignores_a_wrong_checksum_and_other_addresses(
    socket_enabled: None,
) -> None:
    async with ModbusServer(wire=Wire.RTU) as server:
        server.units[1] = Unit(holding={1: 1, 2: 2})
        garbled = rtu(READ)[:-1] + b"\0"
        assert await exchanged(server, garbled, rtu(READ, unit=5), rtu(READ)) == rtu(RIGHT)


async def test_a_unit_that_is_away_is_an_exception_behind_a_gateway_and_silence_on_a_wire(
    socket_enabled: None,
) -> None:
    async with ModbusServer() as server:
        with pytest.raises(ModbusExceptionError):
            await _read(server, 3)
    async with ModbusServer(wire=Wire.RTU) as server:
        with pytest.raises(ModbusTimeoutError):
            await _read(server, 3)
        await server.refuse(True)
        with pytest.raises(ModbusConnectionError):
            await _read(server, 3)


async def _read(server: ModbusServer, address: int) -> list[int]:
    link = tmodbus(server)
    unit = link.for_unit(address)
    unit.require_timeout(0.2)
    try:
        return await unit.read_holding_registers(0, 1)
    finally:
        await link.close()


async def test_the_line_serves_one_request_at_a_time_and_counts_them(socket_enabled: None) -> None:
    async with ModbusServer(timing=Timing(flat=0.02)) as server:
        server.units[1] = Unit(holding={1: 1, 2: 2})
        await asyncio.gather(*(exchanged(server, mbap(READ)) for _ in range(3)))
        assert server.counted.requests == 3
        assert server.counted.connections == 3
        assert server.counted.most_waiting > 1
        assert server.counted.held >= 3 * 0.02
        starts = [request.at for request in server.requests]
        assert starts[2] - starts[0] >= 2 * 0.02
        assert [request[:4] for request in server.requests] == [(1, 3, 1, 2)] * 3


def test_a_transaction_lasts_as_long_as_its_bytes_at_9600_baud() -> None:
    line = Timing(baud=9600, turnaround=0.005)
    # 8 asked, 8 answered, two silences of 3.5 characters: 23 characters of 11 bits.
    assert line.lasts(8, 8) == pytest.approx(23 * 11 / 9600 + 0.005)
    assert Timing(flat=0.025).lasts(8, 255) == 0.025
    assert Timing().lasts(8, 255) == 0


def test_fifty_dense_units_are_ten_thousand_points() -> None:
    values = 80 + 20 + 60 + 40 // 2 + 20
    assert 50 * values == 10_000
    assert FAMILIES["dense"]().points == values + 20  # 20 values take two registers
    assert FAMILIES["stride"]().points == values + 20


async def test_garbage_hangs_up_and_harms_nobody_else(socket_enabled: None) -> None:
    async with ModbusServer() as server:
        server.units[1] = Unit(holding={0: 5})
        assert await exchanged(server, b"GET / HTTP/1.1\r\n\r\n") == b""
        assert await _read(server, 1) == [5]


async def test_the_keyboard_does_what_it_says(socket_enabled: None) -> None:
    async with ModbusServer() as server:
        server.add_fire_panel(1)
        assert await command(server, "set 1 3 on") == "unit 1: input 3 is on"
        assert server.units[1].discrete[3]
        assert await command(server, "set 1 holding 0 0x10") == "unit 1: holding 0 is 16"
        assert "holding: 0=16" in await command(server, "show 1")
        assert await command(server, "fault 1 silent each 2") == "unit 1: fault silent"
        assert (server.units[1].fault, server.units[1].every) == (Fault.SILENT, 2)
        assert "in alarm [3] fault silent" in await command(server, "show")
        assert await command(server, "fault 1 none") == "unit 1: fault none"
        assert await command(server, "fault line busy") == "line: fault busy"
        assert server.fault is Fault.BUSY
        assert await command(server, "writes 1 ignored") == "unit 1: writes are ignored"
        assert await command(server, "add 2 noise_meter") == "unit 2: noise_meter"
        assert server.units[2].family == "noise_meter"
        assert await command(server, "remove 2") == "unit 2 is gone"
        assert await command(server, "refuse on") == "the cable is pulled"
        assert await command(server, "refuse off") == "the cable is back"
        assert await command(server, "hangup") == "every connection is dropped"
        assert "requests=0" in await command(server, "count")
        assert set((await command(server, "faults")).split()) == set(Fault)
        for line in ("", "help", "set 1", "dance 1 now"):
            assert "set UNIT INPUT" in await command(server, line)
        for line in ("set 9 1 on", "fault 1 sad", "set 1 holding 0 70000", "add 3 boat"):
            with pytest.raises((KeyError, ValueError)):
                await command(server, line)
