"""The far ends themselves: right, not merely agreeable, and usable by a person."""

import asyncio
import sys
from pathlib import Path

import pytest

from .companion_phone import Notice, drawn

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("program", ["modbus_server --estate 50", "telephone_provider"])
async def test_a_far_end_is_a_program_that_a_person_can_start(
    program: str, socket_enabled: None
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *f"tests.simulators.{program}".split(),
        "--port",
        "0",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        began = await process.stdout.readline()
        assert b"127.0.0.1:" in began
        assert (b"50 units" in began) == ("50" in program)
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
