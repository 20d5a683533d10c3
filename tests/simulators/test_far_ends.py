"""The far ends themselves: right, not merely agreeable, and usable by a person."""

import asyncio
import sys
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from .companion_phone import Notice, drawn
from .modbus_server import Fault, ModbusServer, command

ROOT = Path(__file__).parents[2]


async def test_an_unmodified_client_reads_and_writes_every_table(socket_enabled: None) -> None:
    async with ModbusServer() as server:
        unit = server.add_fire_panel(7, inputs=20)
        unit.discrete[19] = True
        unit.coils = {0: False, 1: False}
        unit.input = {0: 0xFFFF}
        client = AsyncModbusTcpClient("127.0.0.1", port=server.port)
        assert await client.connect()
        bits = (await client.read_discrete_inputs(0, count=20, device_id=7)).bits
        assert bits[:20] == [False] * 19 + [True]
        await client.write_coils(0, [True, True], device_id=7)
        assert unit.coils == {0: True, 1: True}
        await client.write_registers(0, [5], device_id=7)
        assert (await client.read_holding_registers(0, count=1, device_id=7)).registers == [5]
        assert (await client.read_input_registers(0, count=1, device_id=7)).registers == [0xFFFF]
        for address, count, code in ((50, 1, 2), (0, 2001, 3)):
            try:
                answer = await client.read_discrete_inputs(address, count=count, device_id=7)
            except Exception:  # noqa: BLE001, S112 - the client itself refuses too many
                continue
            assert answer.exception_code == code
        unit.fault = Fault.BUSY
        answer = await client.read_discrete_inputs(0, count=1, device_id=7)
        assert answer.exception_code == 6
        assert (await client.read_discrete_inputs(0, count=1, device_id=9)).exception_code == 11
        client.close()


async def test_garbage_hangs_up_and_harms_nobody_else(socket_enabled: None) -> None:
    async with ModbusServer() as server:
        server.add_fire_panel(1)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        client = AsyncModbusTcpClient("127.0.0.1", port=server.port)
        assert await client.connect()
        assert (await client.read_discrete_inputs(0, count=1, device_id=1)).bits[0] is False
        client.close()


async def test_the_keyboard_sets_inputs_and_faults() -> None:
    server = ModbusServer()
    server.add_fire_panel(1)
    assert await command(server, "set 1 3 on") == "unit 1: input 3 is on"
    assert server.units[1].discrete[3]
    assert await command(server, "fault 1 silent") == "unit 1: fault silent"
    assert "in alarm [3] fault silent" in await command(server, "show")
    assert "set UNIT INPUT" in await command(server, "help")


@pytest.mark.parametrize("program", ["modbus_server", "telephone_provider"])
async def test_a_far_end_is_a_program_that_a_person_can_start(
    program: str, socket_enabled: None
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.simulators.{program}",
        "--port",
        "0",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        assert b"127.0.0.1:" in await process.stdout.readline()
        await process.communicate(b"quit\n")
    assert process.returncode == 0


def test_a_notice_is_drawn_as_a_phone_shows_it() -> None:
    notice = Notice(
        phone="Phone",
        title="Fire",
        message="Now\nHere",
        data={"channel": "alarm_stream", "actions": [{"action": "A_HELP_1", "title": "Help"}]},
        at=0,
        clock=0,
    )
    assert drawn(notice).splitlines() == [
        "  | Phone  (!)",
        "  | Fire",
        "  | Now",
        "  | Here",
        "  | [Help]",
    ]
