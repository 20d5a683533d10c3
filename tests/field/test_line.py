"""A line after an answer that is not clean."""

import pytest

from custom_components.smart_community.field.modbus.line import Line, NoData
from custom_components.smart_community.field.modbus.plan import Block
from custom_components.smart_community.field.point import Kind, Quality

from .counted_time import in_counted_time


class Short:
    """A unit whose answers are a value too short, which the library lets pass."""

    connected = True
    dropped = 0

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        return list(range(address, address + count - 1))

    async def disconnect(self) -> None:
        self.dropped += 1


@in_counted_time
async def test_after_an_answer_of_another_length_the_line_is_connected_anew() -> None:
    unit = Short()
    with pytest.raises(NoData) as lack:
        await Line().read(unit, Block(kind=Kind.INPUT, address=0, count=4))  # type: ignore[arg-type]
    assert lack.value.quality is Quality.GARBLED
    assert unit.dropped == 1
