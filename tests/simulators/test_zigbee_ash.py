"""The link below EZSP, byte by byte: what the other end sends is made with bellows' own frames."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bellows import ash
from hypothesis import given
from hypothesis import strategies as st

from .zigbee import Fault, VirtualCoordinator
from .zigbee.ash import ACK_TIMEOUTS, WINDOW, decode, encode, randomize

FLAG = b"\x7e"
RST = b"\x1a" * 32 + b"\xc0\x38\xbc" + FLAG
VERSION = bytes((0x00, 0x00, 0x00, 0x04))  # as every host asks first: sequence 0, version 4


class Wire:
    """A TCP connection on which frames are written and read one at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self) -> Any:
        """Read the next frame as bellows understands it."""
        async with asyncio.timeout(5):
            raw = (await self.reader.readuntil(FLAG))[:-1]
        return ash.parse_frame(bytes(ash.AshProtocol._unstuff_bytes(raw)))

    def data(self, payload: bytes, *, number: int, ack: int = 0, again: bool = False) -> None:
        """Write a data frame."""
        frame = ash.DataFrame(frm_num=number, re_tx=again, ack_num=ack, ezsp_frame=payload)
        self.frame(frame)

    def frame(self, frame: ash.AshFrame) -> None:
        """Write a frame."""
        self.writer.write(bytes(ash.AshProtocol._stuff_bytes(frame.to_bytes())) + FLAG)

    async def nothing(self, seconds: float = 0.05) -> None:
        """See that nothing comes."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.reader.read(1)


@pytest.fixture
async def radio(socket_enabled: None) -> AsyncIterator[VirtualCoordinator]:
    async with VirtualCoordinator(formed=True) as radio:
        yield radio


@pytest.fixture
async def wire(radio: VirtualCoordinator) -> AsyncIterator[Wire]:
    wire = Wire(*await asyncio.open_connection("127.0.0.1", radio.port))
    wire.writer.write(RST)
    assert await wire.read() == ash.RStackFrame(version=2, reset_code=0x0B)
    yield wire
    wire.writer.close()


@given(st.binary(min_size=1, max_size=200), st.integers(0, 7), st.integers(0, 7), st.booleans())
def test_what_is_written_is_what_bellows_reads_and_the_reverse(
    payload: bytes, number: int, ack: int, again: bool
) -> None:
    theirs = ash.DataFrame(frm_num=number, re_tx=again, ack_num=ack, ezsp_frame=payload)
    wire = encode(bytes((number << 4 | again << 3 | ack,)) + randomize(payload))
    assert wire == bytes(ash.AshProtocol._stuff_bytes(theirs.to_bytes())) + FLAG
    assert not set(wire[:-1]) & {0x7E, 0x11, 0x13, 0x18, 0x1A}
    body = decode(wire[:-1])
    assert body is not None
    assert randomize(body[1:]) == payload


@given(st.binary(max_size=60))
def test_no_bytes_between_two_flags_are_more_than_a_bad_frame(raw: bytes) -> None:
    assert decode(raw.replace(FLAG, b"")) is None


async def test_a_command_that_comes_byte_by_byte_is_answered(
    radio: VirtualCoordinator, wire: Wire
) -> None:
    whole = bytes(
        ash.AshProtocol._stuff_bytes(
            ash.DataFrame(frm_num=0, re_tx=False, ack_num=0, ezsp_frame=VERSION).to_bytes()
        )
    )
    for byte in b"\x11" + whole + b"\x13" + FLAG:  # software flow control is no part of a frame
        wire.writer.write(bytes((byte,)))
        await wire.writer.drain()
    answer = await wire.read()
    assert answer.ack_num == 1
    assert answer.ezsp_frame[:4] == bytes((0, 0x80, 0, radio.ezsp.version))


async def test_a_broken_frame_is_refused_once_and_taken_when_it_comes_again(wire: Wire) -> None:
    for _ in range(3):
        wire.writer.write(b"\x00broken\x7e")
    assert isinstance(await wire.read(), ash.NakFrame)
    await wire.nothing()
    wire.data(VERSION, number=0, again=True)
    assert isinstance(await wire.read(), ash.DataFrame)


async def test_a_frame_out_of_turn_is_refused_and_one_again_is_only_acknowledged(
    wire: Wire,
) -> None:
    wire.data(VERSION, number=3)
    refused = await wire.read()
    assert isinstance(refused, ash.NakFrame)
    assert refused.ack_num == 0
    wire.data(VERSION, number=0)
    assert isinstance(await wire.read(), ash.DataFrame)
    wire.data(VERSION, number=0, ack=1, again=True)
    acknowledged = await wire.read()
    assert isinstance(acknowledged, ash.AckFrame)
    assert acknowledged.ack_num == 1


async def test_what_nobody_acknowledges_is_sent_again_and_in_the_end_the_radio_fails(
    radio: VirtualCoordinator, wire: Wire
) -> None:
    radio.link.ack_times = (0.02, 0.02, 0.02)
    wire.writer.write(RST)
    await wire.read()
    wire.data(VERSION, number=0)
    first = await wire.read()
    for _ in range(ACK_TIMEOUTS - 1):
        again = await wire.read()
        assert again == first.replace(re_tx=1)
    failed = await wire.read()
    assert failed == ash.ErrorFrame(version=2, reset_code=0x51)
    wire.data(VERSION, number=1)
    assert await wire.read() == failed
    wire.writer.write(RST)
    assert isinstance(await wire.read(), ash.RStackFrame)


async def test_a_refused_frame_comes_again_with_all_that_followed_it(
    radio: VirtualCoordinator, wire: Wire
) -> None:
    for letter in b"abcdefgh":
        radio.link.send(bytes((letter,)))
    sent = [await wire.read() for _ in range(WINDOW)]
    assert [frame.ezsp_frame for frame in sent] == [b"a", b"b", b"c", b"d", b"e"]
    await wire.nothing()
    wire.frame(ash.NakFrame(res=0, ncp_ready=0, ack_num=2))
    again = [await wire.read() for _ in range(WINDOW)]
    assert [frame.ezsp_frame for frame in again] == [b"c", b"d", b"e", b"f", b"g"]
    assert [frame.re_tx for frame in again] == [1, 1, 1, 0, 0]
    wire.frame(ash.AckFrame(res=0, ncp_ready=0, ack_num=7))
    assert (await wire.read()).ezsp_frame == b"h"


async def test_a_silent_radio_says_nothing_and_a_stranger_its_own_greeting(
    radio: VirtualCoordinator,
) -> None:
    radio.fault = Fault.SILENT
    wire = Wire(*await asyncio.open_connection("127.0.0.1", radio.port))
    wire.writer.write(RST)
    await wire.nothing()
    radio.fault = Fault.STRANGER
    other = Wire(*await asyncio.open_connection("127.0.0.1", radio.port))
    assert (await other.reader.readline()).startswith(b"SSH-2.0")
    other.writer.write(RST)
    await other.nothing()
    other.writer.close()


async def test_the_newest_host_is_served_and_the_one_before_is_hung_up_on(
    radio: VirtualCoordinator, wire: Wire
) -> None:
    second = Wire(*await asyncio.open_connection("127.0.0.1", radio.port))
    second.writer.write(RST)
    assert isinstance(await second.read(), ash.RStackFrame)
    assert await wire.reader.read() == b""
    second.writer.close()


async def test_no_command_however_mangled_stops_the_radio(
    radio: VirtualCoordinator, wire: Wire
) -> None:
    async def answer(payload: bytes, number: int) -> Any:
        wire.data(payload, number=number % 8, ack=number % 8)
        return await wire.read()

    version = radio.ezsp.version
    await answer(VERSION, 0)
    await answer(bytes((1, 0, 1, 0, 0, version)), 1)
    chance = random.Random(3)
    for number in range(2, 600):
        command = chance.choice(tuple(radio.ezsp._by_id))
        if radio.ezsp._by_id[command][0] in {"version", "networkInit", "startScan", "formNetwork"}:
            command = 5
        mangled = chance.randbytes(chance.randrange(30))
        said = await answer(
            bytes((number % 256, 0, 1)) + command.to_bytes(2, "little") + mangled, number
        )
        assert said.ezsp_frame[0] == number % 256
        assert said.ezsp_frame[1] == 0x80
