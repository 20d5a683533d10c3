import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from modbus_connection import ModbusTcpParams
from modbus_connection.exceptions import ModbusConnectionError, ModbusExceptionError
from modbus_connection.tmodbus import ModbusConnection

from custom_components.smart_community.field.modbus import fire_panel
from custom_components.smart_community.field.modbus.poller import EVERY, PolledUnit, read_once
from custom_components.smart_community.field.point import Quality
from tests.simulators.modbus_server import Fault, ModbusServer

from .conftest import Bus

NO_ANSWER, GARBLED, DISCONNECTED = Quality.NO_ANSWER, Quality.GARBLED, Quality.DISCONNECTED


async def test_an_input_in_alarm_is_read_with_its_time(bus: Bus) -> None:
    unit = bus.add(1)
    assert unit.reading("input_3").quality is Quality.NOT_READ
    bus.server.units[1].discrete[2] = True
    await bus.pace.rounds()
    reading = unit.reading("input_3")
    assert (reading.value, reading.quality) == (True, Quality.GOOD)
    assert reading.at is not None
    assert timedelta() <= datetime.now(UTC) - reading.at < timedelta(seconds=5)
    assert unit.reading("input_2").value is False
    assert unit.reading("mains_fault").value is False


async def test_only_what_changed_is_told(bus: Bus) -> None:
    bus.add(1)
    await bus.pace.rounds()
    assert len(bus.told) == 7
    bus.told.clear()
    await bus.pace.rounds(3)
    assert bus.told == []
    bus.server.units[1].discrete[1001] = True
    await bus.pace.rounds()
    assert [(key, reading.value) for _, key, reading in bus.told] == [("mains_fault", True)]


async def test_a_panel_of_128_inputs_costs_two_requests(bus: Bus) -> None:
    bus.server.add_fire_panel(1, inputs=128)
    unit = bus.add(1, inputs=128)
    await bus.pace.rounds()
    assert bus.asked(1) == 2
    assert len(unit.readings) == 131


@pytest.mark.parametrize(
    ("fault", "qualities"),
    [
        (Fault.SILENT, {NO_ANSWER}),
        (Fault.BUSY, {NO_ANSWER}),
        (Fault.TRUNCATED, {NO_ANSWER}),
        (Fault.WRONG_TRANSACTION, {NO_ANSWER}),
        (Fault.GATEWAY_TARGET, {NO_ANSWER}),
        (Fault.WRONG_UNIT, {GARBLED}),
        (Fault.DROP, {DISCONNECTED}),
        (Fault.GARBAGE, {NO_ANSWER, GARBLED, DISCONNECTED}),  # chance decides what it looks like
    ],
)
async def test_a_faulty_unit_has_no_data_and_the_others_have_theirs_every_second(
    bus: Bus, fault: Fault, qualities: set[Quality]
) -> None:
    faulty, first, last = bus.add(1), bus.add(2), bus.add(3)
    bus.server.units[1].discrete[0] = True
    await bus.pace.rounds()
    bus.told.clear()
    bus.server.units[1].fault = fault
    for number in range(4):
        asked = bus.asked(2), bus.asked(3)
        bus.server.units[2].discrete[0] = number % 2 == 0
        await bus.pace.rounds()
        assert (bus.asked(2), bus.asked(3)) == (asked[0] + 2, asked[1] + 2)
        assert first.reading("input_1").value is (number % 2 == 0)
    assert {reading.value for reading in faulty.readings.values()} == {None}
    assert {reading.quality for reading in faulty.readings.values()} <= qualities
    assert all(reading.reason for reading in faulty.readings.values())
    assert {reading.quality for reading in last.readings.values()} == {Quality.GOOD}
    assert {address for address, _, _ in bus.told} == {1, 2}
    bus.server.units[1].fault = None
    await bus.pace.rounds(10)
    assert faulty.reading("input_1").value is True
    assert all(
        reading.value is not False for a, key, reading in bus.told if (a, key) == (1, "input_1")
    )


async def test_an_answer_that_comes_too_late_is_nobody_elses(bus: Bus) -> None:
    late, other = bus.add(1), bus.add(2)
    bus.server.units[1].discrete.update(dict.fromkeys(range(4), True))
    bus.server.units[1].fault, bus.server.units[1].delay = Fault.SLOW, 0.7
    await bus.pace.rounds(4)
    assert late.reading("input_1").quality is NO_ANSWER
    assert not any(reading.value for a, _, reading in bus.told if a == 2)
    assert other.reading("input_1").quality is Quality.GOOD
    await until(lambda: len(bus.connections()) == 1)  # the abandoned one has said its last


async def test_a_silent_unit_is_asked_after_2_4_8_and_then_every_10_seconds(bus: Bus) -> None:
    bus.add(1)
    bus.server.units[1].fault = Fault.SILENT
    asked_at: list[float] = []
    for _ in range(48):
        before, now = bus.asked(1), bus.pace.clock()
        await bus.pace.rounds()
        if bus.asked(1) > before:
            asked_at.append(now)
            assert bus.asked(1) == before + 1, "a probe is one request"
    rests = [later - earlier for earlier, later in pairwise(asked_at)]
    # In the first round that begins after its rest.
    for rest, least in zip(rests, [2, 4, 8, 10], strict=False):
        assert least <= rest <= least + 2 * EVERY


async def test_several_silent_units_delay_the_others_by_one_time_out_a_round(bus: Bus) -> None:
    for address in range(1, 6):
        bus.add(address)
    for address in range(1, 5):
        bus.server.units[address].fault = Fault.SILENT
    await bus.pace.rounds()
    for _ in range(12):
        before = bus.pace.clock()
        await bus.pace.rounds()
        assert bus.pace.clock() - before < 1.7
    assert all(bus.asked(address) >= 3 for address in range(1, 5)), "none is given up"
    assert bus.asked(5) == 26


async def test_a_part_that_is_refused_leaves_the_detectors_heard(bus: Bus) -> None:
    unit = bus.add(1)
    del bus.server.units[1].discrete[1001]
    await bus.pace.rounds()
    assert unit.reading("panel_fault").quality is Quality.REFUSED
    bus.server.units[1].discrete[0] = True
    await bus.pace.rounds()
    assert unit.reading("input_1").value is True


async def test_a_pulled_cable_is_no_data_and_heals_by_itself(bus: Bus) -> None:
    units = bus.add(1), bus.add(2)
    await bus.pace.rounds()
    await bus.server.refuse(True)
    await bus.pace.rounds()
    for unit in units:
        assert {(one.value, one.quality) for one in unit.readings.values()} == {
            (None, DISCONNECTED)
        }
    bus.server.units[2].discrete[0] = True
    await bus.server.refuse(False)
    await bus.pace.rounds(11)
    assert units[1].reading("input_1").value is True
    assert units[0].reading("input_1").value is False


async def test_a_restarted_gateway_is_heard_again(bus: Bus) -> None:
    unit = bus.add(1)
    await bus.pace.rounds()
    bus.server.hang_up()
    bus.server.units[1].discrete[0] = True
    await bus.pace.rounds(4)
    assert unit.reading("input_1").value is True


async def test_units_come_and_go_on_the_same_connection(bus: Bus) -> None:
    first = bus.add(1)
    await bus.pace.rounds()
    line = bus.connections()
    assert len(line) == 1
    second = bus.add(2)
    await bus.pace.rounds()
    assert second.reading("input_1").quality is Quality.GOOD
    bus.poller.remove(2)
    asked = bus.asked(1), bus.asked(2)
    await bus.pace.rounds(2)
    assert (bus.asked(1), bus.asked(2)) == (asked[0] + 4, asked[1])
    assert first.reading("input_1").quality is Quality.GOOD
    assert bus.connections() == line


async def test_a_unit_that_is_removed_in_the_middle_of_a_round_is_not_asked(bus: Bus) -> None:
    bus.add(2)
    unit = PolledUnit(
        unit=bus.link.for_unit(1),
        points=fire_panel.points(4),
        changed=lambda _: bus.poller.remove(2),
    )
    bus.poller.remove(2)
    bus.poller.add(1, unit)
    bus.add(2)
    await bus.pace.rounds()
    assert (bus.asked(1), bus.asked(2)) == (2, 0)


async def test_a_listener_that_fails_ends_nothing(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(key: str) -> None:
        raise ValueError(key)

    unit = PolledUnit(unit=bus.link.for_unit(1), points=fire_panel.points(4), changed=fail)
    bus.poller.add(1, unit)
    other = bus.add(2)
    await bus.pace.rounds()
    assert unit.reading("battery_fault").quality is Quality.GOOD
    bus.server.units[2].discrete[0] = True
    await bus.pace.rounds()
    assert other.reading("input_1").value is True
    assert "Telling of input_1 failed" in caplog.text


async def test_an_error_nobody_thought_of_is_no_data_and_ends_nothing(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    unit, other = bus.add(1), bus.add(2)
    await bus.pace.rounds()

    class Broken:
        async def async_update(self) -> None:
            raise ZeroDivisionError

    whole, unit.parts = unit.parts, dict.fromkeys(unit.parts, Broken())  # type: ignore[arg-type] # the library's own error cannot be had on demand
    await bus.pace.rounds()
    assert (unit.reading("input_1").value, unit.reading("input_1").quality) == (None, GARBLED)
    unit.parts = whole
    bus.server.units[2].discrete[0] = True
    await bus.pace.rounds(3)
    assert other.reading("input_1").value is True
    assert unit.reading("input_1").value is False
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.BUSY, Fault.TRUNCATED, None])
async def test_a_unit_that_is_tried_out_disturbs_nobody(bus: Bus, fault: Fault | None) -> None:
    bus.add(1)
    await bus.pace.rounds()
    bus.told.clear()
    bus.server.units[5].fault = fault
    trial = asyncio.create_task(bus.poller.read(bus.link.for_unit(5), fire_panel.points(4)))
    await until(lambda: bus.asked(5) > 0)
    await bus.pace.rounds(2)
    if fault is None:
        assert set((await trial).values()) == {False}
    else:
        with pytest.raises(TimeoutError):
            await trial
    await bus.pace.rounds()
    assert bus.told == []


async def test_a_unit_that_is_read_by_hand_keeps_its_line(bus: Bus) -> None:
    bus.add(1)
    await bus.pace.rounds()
    line = bus.connections()
    await bus.poller.read(bus.link.for_unit(1), fire_panel.points(4))
    await bus.pace.rounds()
    assert bus.connections() == line


async def test_a_reading_by_hand_says_what_is_wrong(
    server: ModbusServer, link: ModbusConnection
) -> None:
    server.units[1].discrete[3] = True
    values = await read_once(link.for_unit(1), fire_panel.points(4))
    assert [key for key, value in values.items() if value] == ["input_4"]
    with pytest.raises(ModbusExceptionError):
        await read_once(link.for_unit(1), fire_panel.points(9))
    server.units[1].fault = Fault.SILENT
    with pytest.raises(TimeoutError):
        await read_once(link.for_unit(1), fire_panel.points(4))
    await server.refuse(True)
    with pytest.raises(ModbusConnectionError):
        await read_once(link.for_unit(1), fire_panel.points(4))


async def test_a_gateway_that_swallows_everything_is_no_connection(
    bus: Bus, black_hole: int
) -> None:
    link = ModbusConnection(ModbusTcpParams(host="127.0.0.1", port=black_hole))
    unit = PolledUnit(unit=link.for_unit(1), points=fire_panel.points(4), changed=lambda _: None)
    bus.poller.add(1, unit)
    await bus.pace.rounds()
    assert unit.reading("input_1").quality is DISCONNECTED
    await link.close()


async def until(met: Callable[[], bool]) -> None:
    """Wait for something that comes over a real socket."""
    async with asyncio.timeout(8):
        while not met():
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
