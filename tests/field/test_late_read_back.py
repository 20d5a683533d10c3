"""A serial line on which a read-back comes too late: nobody takes it for something else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from modbus_connection.exceptions import ModbusProtocolError

from custom_components.smart_community.field.modbus.line import Line, NoData
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import Kind, Lane, Point, Quality

from .conftest import polling
from .counted_time import in_counted_time

TAKES = 0.025
OUTPUTS = tuple(
    Point(key=f"output_{n}", kind=Kind.COIL, address=n, lane=Lane.FAST, writable=True)
    for n in range(8)
)


class Relays:
    """Eight relays behind a serial line that hands the late answer to whoever asks next.

    In memory: what a real connection does with the answer is chance. As on the line, an answer is
    known by its number of bytes and by nothing else.
    """

    connected = True

    def __init__(self) -> None:
        self.coils = [True] * 512
        self.late = False
        self._kept: list[bool] | None = None

    async def write_coil(self, address: int, value: bool) -> None:
        await asyncio.sleep(TAKES)
        self.coils[address] = value
        self.late = True

    async def read_coils(self, address: int, count: int) -> list[bool]:
        answer = self.coils[address : address + count]
        answer += [False] * (-count % 8)
        if self.late:
            self.late, self._kept = False, answer
            await asyncio.sleep(3600)
        await asyncio.sleep(TAKES)
        came, self._kept = self._kept or answer, None
        if len(came) != len(answer):
            raise ModbusProtocolError("another length")
        return came[:count]

    async def disconnect(self) -> None: ...

    def require_timeout(self, _: float) -> None: ...

    def set_message_spacing(self, _: float) -> None: ...


type Told = set[tuple[str, object]]


@asynccontextmanager
async def at_work(relays: Relays) -> AsyncIterator[tuple[Poller, PolledUnit, Told]]:
    """A poller that has read the relays, and what it tells of them from then on."""
    told: Told = set()
    poller = Poller(Line(baudrate=9600), clock=asyncio.get_running_loop().time)
    unit = PolledUnit(
        unit=relays,  # type: ignore[arg-type]  # in memory
        points=OUTPUTS,
        changed=lambda key: told.add((key, unit.reading(key).value)),
    )
    poller.add(1, unit)
    async with polling(poller):
        await asyncio.sleep(2)
        told.clear()
        yield poller, unit, told


@in_counted_time
async def test_what_is_read_back_too_late_is_not_taken_for_the_other_outputs() -> None:
    relays = Relays()
    async with at_work(relays) as (poller, unit, told):
        written = await asyncio.gather(
            *(poller.write(1, point, False) for point in OUTPUTS[:2]), return_exceptions=True
        )
        sent = [one.sent for one in written if isinstance(one, NoData)]
        assert sent == [True, False]
        await asyncio.sleep(15)
        wrong = {(key, value) for key, value in told if value is False} - {("output_0", False)}
        assert not wrong
        assert relays.coils[:2] == [False, True], "the second is not tried on a doubtful line"
        assert [unit.reading(one.key).value for one in OUTPUTS] == relays.coils[:8]
        with pytest.raises(NoData) as lack:
            await poller.write(1, OUTPUTS[1], False)
        assert lack.value.quality is Quality.NO_ANSWER


@in_counted_time
async def test_a_write_whose_caller_goes_away_is_read_back_all_the_same() -> None:
    relays = Relays()
    async with at_work(relays) as (poller, unit, told):
        writing = asyncio.create_task(poller.write(1, OUTPUTS[0], False))
        await asyncio.sleep(2 * TAKES)  # the coil has moved, and its read-back is under way
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        await asyncio.sleep(15)
        assert {(key, value) for key, value in told if value is False} == {("output_0", False)}
        assert [unit.reading(one.key).value for one in OUTPUTS] == relays.coils[:8]
        assert not poller.writing


@in_counted_time
async def test_whoever_waits_for_a_write_while_its_bus_is_unloaded_is_told() -> None:
    relays = Relays()
    async with at_work(relays) as (poller, _, _):
        writing = asyncio.create_task(poller.write(1, OUTPUTS[0], False))
        await asyncio.sleep(2 * TAKES)
        for one in poller.writing:
            one.cancel()
        with pytest.raises(NoData) as lack:
            await writing
        assert lack.value.sent, "the coil has moved"
        assert relays.coils[0] is False
