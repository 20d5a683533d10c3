"""A unit on a serial line whose read-back comes too late: nobody takes it for something else."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import override

import pytest
from modbus_connection import ModbusSerialParams
from modbus_connection.tmodbus import ModbusConnection

from custom_components.smart_community.field.modbus.line import Line, NoData
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import FIRST_REST, PolledUnit
from custom_components.smart_community.field.point import Kind, Lane, Point, Quality
from tests.simulators.modbus_server import Fault, ModbusServer, Timing, Unit, Wire

from .counted_time import in_counted_time

# On a line where each request takes so long and an answer is waited for twice that, the read-back
# comes while the next request is under way.
TAKES, WITHIN, LATER = 0.1, 0.2, 0.15
OUTPUTS = tuple(
    Point(key=f"output_{n}", kind=Kind.COIL, address=n, lane=Lane.FAST, writable=True)
    for n in range(8)
)


@dataclass
class _Slow(Unit):
    """Answers the first request after a write too late."""

    late: int = 1
    delay: float = LATER

    @override
    def meets(self) -> Fault | None:
        if self.written and self.late:
            self.late -= 1
            return Fault.LATE
        return None


@in_counted_time
async def test_what_is_read_back_too_late_is_not_taken_for_the_other_outputs(
    socket_enabled: None,
) -> None:
    async with ModbusServer(wire=Wire.SERIAL, timing=Timing(flat=TAKES)) as server:
        # Output 0 goes off: its read-back is a byte of nothing, the others are on.
        server.units[1] = _Slow(coils=dict.fromkeys(range(8), True))
        link = ModbusConnection(ModbusSerialParams(device=server.device, baudrate=115200))
        poller = Poller(Line(within=WITHIN, baudrate=115200), clock=asyncio.get_running_loop().time)
        told: list[tuple[str, object]] = []
        unit = PolledUnit(
            unit=link.for_unit(1),
            points=OUTPUTS,
            changed=lambda key: told.append((key, unit.reading(key).value)),
        )
        poller.add(1, unit)
        running = asyncio.create_task(poller.run())
        await asyncio.sleep(2)
        told.clear()
        with pytest.raises(NoData) as lack:
            await poller.write(1, OUTPUTS[0], False)
        assert lack.value.quality is Quality.NO_ANSWER
        await asyncio.sleep(FIRST_REST + 3)
        values = {key: unit.reading(key).value for key in unit.readings}
        assert values == {"output_0": False} | {f"output_{n}": True for n in range(1, 8)}
        assert not [key for key, value in told if value is False and key != "output_0"]
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await link.close()
