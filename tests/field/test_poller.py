"""What is asked when, and what becomes of it, over TCP with MBAP frames and every fault by name."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from modbus_connection import ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection

from custom_components.smart_community.field.modbus import fire_panel
from custom_components.smart_community.field.modbus.cap import TURN_WITHIN
from custom_components.smart_community.field.modbus.line import Line, NoData
from custom_components.smart_community.field.modbus.once import read_once
from custom_components.smart_community.field.modbus.poller import Poller
from custom_components.smart_community.field.modbus.unit import EVERY, PolledUnit
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point, Quality
from tests.simulators.modbus_server import Fault, ModbusServer

from .conftest import PANEL, Bus, black_hole, dial, polling

NO_ANSWER, GARBLED, DISCONNECTED = Quality.NO_ANSWER, Quality.GARBLED, Quality.DISCONNECTED
FAST = EVERY[Lane.FAST]


def figure(address: int, **more: object) -> Point:
    return Point(
        key=f"input_{address}",
        kind=Kind.INPUT,
        address=address,
        type=DataType.UINT16,
        **more,  # type: ignore[arg-type]  # as the test gives it
    )


async def test_an_input_in_alarm_is_read_with_its_time(bus: Bus) -> None:
    unit = bus.add(1)
    assert unit.reading("input_3").quality is Quality.NOT_READ
    bus.server.units[1].discrete[2] = True
    await asyncio.sleep(1)
    reading = unit.reading("input_3")
    assert (reading.value, reading.quality) == (True, Quality.GOOD)
    assert reading.at is not None
    assert timedelta() <= datetime.now(UTC) - reading.at < timedelta(seconds=5)
    assert unit.reading("input_2").value is False
    assert unit.reading("mains_fault").value is False
    await asyncio.sleep(1)
    later = unit.reading("input_3").at
    assert later is not None
    assert later > reading.at, "read again and found the same"


async def test_only_what_changed_is_told(bus: Bus) -> None:
    bus.add(1)
    await asyncio.sleep(1)
    assert len(bus.told) == 7
    bus.told.clear()
    await asyncio.sleep(3)
    assert bus.told == []
    bus.server.units[1].discrete[1001] = True
    await asyncio.sleep(1)
    assert [(key, reading.value) for _, key, reading in bus.told] == [("mains_fault", True)]


async def test_a_panel_of_128_inputs_costs_two_requests(bus: Bus) -> None:
    bus.server.add_fire_panel(1, inputs=128)
    unit = bus.add(1, fire_panel.points({"inputs": 128}))
    await asyncio.sleep(0.5)
    assert bus.asked(1) == 2
    assert len(unit.readings) == 131


async def test_fast_points_are_read_every_second_and_slow_ones_twice_a_minute(bus: Bus) -> None:
    bus.server.units[1].input[0] = 7
    bus.add(1, (*PANEL, figure(0)))
    await asyncio.sleep(31)
    asked = [(one.function, one.start) for one in bus.server.requests]
    assert asked.count((4, 0)) == 2
    assert 31 / 1.0 <= asked.count((2, 0)) <= 31 / FAST + 1


async def test_an_idle_point_is_read_in_the_slow_lane_until_it_is_needed(bus: Bus) -> None:
    unit = bus.add(1)
    await asyncio.sleep(1)
    bus.poller.set_idle(1, [point.key for point in unit.points])
    await asyncio.sleep(1)
    before = bus.asked(1)
    await asyncio.sleep(25)
    assert bus.asked(1) == before
    assert unit.reading("input_1").quality is Quality.GOOD
    bus.server.units[1].discrete[0] = True
    bus.poller.set_idle(1, ())
    await asyncio.sleep(1)
    assert unit.reading("input_1").value is True


async def test_an_answer_that_comes_too_late_is_nobody_elses(bus: Bus) -> None:
    late, other = bus.add(1), bus.add(2)
    bus.server.units[1].discrete.update(dict.fromkeys(range(4), True))
    bus.server.units[1].fault, bus.server.units[1].delay = Fault.SLOW, 0.7
    await asyncio.sleep(4)
    assert late.reading("input_1").quality is NO_ANSWER
    assert not any(reading.value for a, _, reading in bus.told if a == 2)
    assert other.reading("input_1").quality is Quality.GOOD
    await until(lambda: len(bus.connections()) == 1)  # the abandoned one has said its last


async def test_a_silent_unit_is_asked_after_2_4_and_then_every_7_seconds(bus: Bus) -> None:
    bus.add(1)
    bus.server.units[1].fault = Fault.SILENT
    asked_at: list[float] = []
    for _ in range(150):
        before, now = bus.asked(1), asyncio.get_running_loop().time()
        await asyncio.sleep(0.25)
        if bus.asked(1) > before:
            asked_at.append(now)
            assert bus.asked(1) == before + 1, "a probe is one request"
    rests = [later - earlier for earlier, later in pairwise(asked_at)]
    for rest, least in zip(rests, [2, 4, 7, 7], strict=False):
        assert least <= rest <= least + 1.5


async def test_a_gateway_that_waits_longer_for_a_silent_unit_than_we_do_costs_no_other_its_data(
    bus: Bus,
) -> None:
    healthy = [bus.add(address) for address in (2, 3)]
    silent = bus.add(1)
    await asyncio.sleep(2)
    bus.server.timing.patience = 0.9
    bus.server.units[1].fault = Fault.SILENT
    bus.told.clear()
    await asyncio.sleep(60)
    assert {address for address, _, _ in bus.told} == {1}
    assert [unit.failures for unit in healthy] == [0, 0]
    assert silent.why is NO_ANSWER


async def test_probes_take_a_tenth_of_a_line_whose_gateway_waits_for_each_of_them(bus: Bus) -> None:
    healthy = [bus.add(address) for address in (4, 5)]
    for address in (1, 2, 3):
        bus.add(address)
    await asyncio.sleep(2)
    bus.server.timing.patience = 0.9
    for address in (1, 2, 3):
        bus.server.units[address].fault = Fault.SILENT
        await asyncio.sleep(20)
    held, asked = bus.server.counted.held, bus.asked(4)
    await asyncio.sleep(100)
    assert bus.server.counted.held - held <= 1.5 * 0.1 * 100, (
        "probes, and what they made others wait"
    )
    assert bus.asked(4) - asked >= 100 / (1.15 * FAST)
    assert [unit.failures for unit in healthy] == [0, 0]


async def test_several_silent_units_delay_the_others_by_one_time_out_at_a_time(bus: Bus) -> None:
    healthy = bus.add(5)
    for address in range(1, 5):
        bus.add(address)
        bus.server.units[address].fault = Fault.SILENT
    await asyncio.sleep(3)
    last = bus.asked(5)
    for _ in range(20):
        await asyncio.sleep(1.4)
        assert bus.asked(5) > last
        last = bus.asked(5)
    assert all(bus.asked(address) >= 3 for address in range(1, 5)), "none is given up"
    assert healthy.reading("input_1").quality is Quality.GOOD


async def test_a_part_that_is_refused_leaves_the_detectors_heard(bus: Bus) -> None:
    unit = bus.add(1)
    del bus.server.units[1].discrete[1001]
    await asyncio.sleep(1)
    assert unit.reading("mains_fault").quality is Quality.REFUSED
    assert unit.reading("panel_fault").value is False
    assert unit.reading("battery_fault").value is False
    bus.server.units[1].discrete[0] = True
    await asyncio.sleep(1)
    assert unit.reading("input_1").value is True


async def test_a_hole_in_the_map_is_found_once_and_then_kept(bus: Bus) -> None:
    learned: list[int] = []
    panel = bus.server.units[1]
    panel.input.update({address: address for address in range(60) if address not in {17, 41}})
    points = tuple(figure(address) for address in panel.input)
    unit = bus.add(1, points)
    unit.learned = lambda: learned.append(bus.asked(1))
    await asyncio.sleep(2)
    assert {key: unit.reading(key).value for key in unit.readings} == {
        f"input_{address}": address for address in panel.input
    }
    assert [job.block.count for job in unit.jobs] == [17, 23, 18]
    assert learned[0] <= 30
    again = PolledUnit(
        unit=bus.link.for_unit(1), points=points, changed=print, barriers=unit.barriers
    )
    assert [job.block for job in again.jobs] == [job.block for job in unit.jobs]


async def test_a_unit_that_refuses_everything_for_a_while_is_read_as_before(bus: Bus) -> None:
    unit = bus.add(1)
    await asyncio.sleep(1)
    kept, bus.server.units[1].discrete = bus.server.units[1].discrete, {}
    await asyncio.sleep(5)
    assert {reading.quality for reading in unit.readings.values()} == {Quality.REFUSED}
    bus.server.units[1].discrete = kept
    await asyncio.sleep(11)
    assert {reading.quality for reading in unit.readings.values()} == {Quality.GOOD}
    assert unit.barriers == set(), "nothing was learned of a map that was not there"


async def test_a_point_that_asks_for_it_is_in_alarm_only_when_it_is_read_twice(bus: Bus) -> None:
    alarm = Point(
        key="alarm", kind=Kind.DISCRETE, address=0, lane=Lane.FAST, confirm=True, alarm_value=False
    )
    bus.server.units[1].discrete[0] = True
    unit = bus.add(1, (alarm,))
    await asyncio.sleep(1)
    assert unit.reading("alarm").value is False
    bus.told.clear()
    bus.server.units[1].discrete[0] = False
    before = bus.asked(1)
    await asyncio.sleep(FAST)
    assert [reading.value for _, _, reading in bus.told] == [True]
    assert bus.asked(1) == before + 2, "the second read follows at once"


@pytest.mark.parametrize(
    ("rules", "said", "quality"),
    [
        ({"minimum": 10.0}, 9, Quality.OUT_OF_RANGE),
        ({"maximum": 100.0}, 101, Quality.OUT_OF_RANGE),
        ({"no_values": (0xFFFF,)}, 0xFFFF, Quality.NO_VALUE),
        ({"no_values": (-0x8000,)}, 0x8000, Quality.NO_VALUE),
    ],
)
async def test_a_value_that_cannot_be_is_no_data(
    bus: Bus, rules: dict[str, object], said: int, quality: Quality
) -> None:
    bus.server.units[1].input[0] = 50
    unit = bus.add(1, (figure(0, lane=Lane.FAST, **rules),))
    await asyncio.sleep(1)
    assert unit.reading("input_0").value == 50
    bus.server.units[1].input[0] = said
    await asyncio.sleep(1)
    reading = unit.reading("input_0")
    assert (reading.value, reading.quality) == (None, quality)
    assert reading.reason
    bus.server.units[1].input[0] = 51
    await asyncio.sleep(1)
    assert unit.reading("input_0").value == 51


async def test_a_jump_is_believed_when_it_is_seen_twice(bus: Bus) -> None:
    bus.server.units[1].input[0] = 50
    unit = bus.add(1, (figure(0, lane=Lane.FAST, step=5.0),))
    await asyncio.sleep(1)
    bus.server.units[1].input[0] = 500
    await asyncio.sleep(FAST)
    assert unit.reading("input_0").quality is Quality.JUMPED
    await asyncio.sleep(FAST)
    assert unit.reading("input_0").value == 500


async def test_a_value_that_has_long_stood_still_may_jump_no_further_than_any(bus: Bus) -> None:
    bus.server.units[1].input[0] = 50
    unit = bus.add(1, (figure(0, lane=Lane.FAST, step=5.0),))
    await asyncio.sleep(60)
    bus.server.units[1].input[0] = 200
    await asyncio.sleep(FAST)
    assert unit.reading("input_0").quality is Quality.JUMPED


async def test_what_stays_as_it_was_beside_what_changed_is_not_told_and_is_as_fresh(
    bus: Bus,
) -> None:
    bus.server.units[1].input.update({0: 1, 1: 0xFFFF, 2: 3})
    unit = bus.add(1, tuple(figure(at, lane=Lane.FAST, minimum=0.0) for at in range(3)))
    await asyncio.sleep(1)
    first = unit.reading("input_1").at
    bus.told.clear()
    bus.server.units[1].input[2] = 4
    await asyncio.sleep(1)
    assert [(key, reading.value) for _, key, reading in bus.told] == [("input_2", 4)]
    assert first is not None
    later = unit.reading("input_1").at
    assert later is not None
    assert later > first


async def test_a_lost_unit_is_no_data_also_where_a_value_was_all_ones_and_then_it_is_again(
    bus: Bus,
) -> None:
    truth = dict.fromkeys(range(8), 7) | {3: 0xFFFF}
    bus.server.units[1].input.update(truth)
    unit = bus.add(1, tuple(figure(at, lane=Lane.FAST) for at in range(8)))
    await asyncio.sleep(1)
    for registers, values in ((dict.fromkeys(range(8), 0xFFFF), {None}), (truth, {7, 0xFFFF})):
        bus.server.units[1].input.update(registers)
        await asyncio.sleep(1)
        assert {unit.reading(f"input_{at}").value for at in range(8)} == values


async def test_a_value_that_never_moves_is_stuck(bus: Bus) -> None:
    bus.server.units[1].input[0] = 501
    unit = bus.add(1, (figure(0, lane=Lane.FAST, stuck_after=60.0, scale=0.1),))
    await asyncio.sleep(50)
    assert unit.reading("input_0").value == 50.1
    await asyncio.sleep(15)
    reading = unit.reading("input_0")
    assert (reading.value, reading.quality) == (None, Quality.STUCK)
    bus.server.units[1].input[0] = 502
    await asyncio.sleep(1)
    assert unit.reading("input_0").value == 50.2


async def test_a_block_of_nothing_but_ones_is_a_gateway_without_its_unit(bus: Bus) -> None:
    bus.server.units[1].input.update(dict.fromkeys(range(8), 0xFFFF))
    unit = bus.add(1, tuple(figure(address) for address in range(8)))
    await asyncio.sleep(1)
    assert {reading.quality for reading in unit.readings.values()} == {Quality.NO_VALUE}


async def test_a_pulled_cable_is_no_data_at_once_on_every_unit_and_heals_by_itself(
    bus: Bus,
) -> None:
    units = [bus.add(address) for address in range(1, 6)]
    await asyncio.sleep(1)
    await bus.server.refuse(True)
    await asyncio.sleep(1.2)
    for unit in units:
        assert {(one.value, one.quality) for one in unit.readings.values()} == {
            (None, DISCONNECTED)
        }
    await asyncio.sleep(3600)
    bus.server.units[2].discrete[0] = True
    await bus.server.refuse(False)
    await asyncio.sleep(10)
    assert units[1].reading("input_1").value is True
    assert all(unit.reading("input_2").value is False for unit in units)


async def test_units_come_and_go_on_the_same_connection(bus: Bus) -> None:
    first = bus.add(1)
    await asyncio.sleep(1)
    line = bus.connections()
    assert len(line) == 1
    second = bus.add(2)
    await asyncio.sleep(1)
    assert second.reading("input_1").quality is Quality.GOOD
    bus.poller.remove(2)
    asked = bus.asked(1), bus.asked(2)
    await asyncio.sleep(2)
    assert bus.asked(1) > asked[0]
    assert bus.asked(2) == asked[1]
    assert first.reading("input_1").quality is Quality.GOOD
    assert bus.connections() == line


async def test_a_unit_that_is_removed_by_what_another_said_is_not_asked(bus: Bus) -> None:
    unit = PolledUnit(
        unit=bus.link.for_unit(1),
        points=PANEL,
        changed=lambda _: bus.poller.remove(2),
    )
    bus.poller.add(1, unit)
    bus.add(2)
    await asyncio.sleep(1)
    assert bus.asked(1) > 0
    assert bus.asked(2) == 0


async def test_a_listener_that_fails_ends_nothing(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(key: str) -> None:
        raise ValueError(key)

    unit = PolledUnit(unit=bus.link.for_unit(1), points=PANEL, changed=fail)
    bus.poller.add(1, unit)
    other = bus.add(2)
    await asyncio.sleep(1)
    assert unit.reading("battery_fault").quality is Quality.GOOD
    bus.server.units[2].discrete[0] = True
    await asyncio.sleep(1)
    assert other.reading("input_1").value is True
    assert "Telling of input_1 failed" in caplog.text


async def test_an_error_nobody_thought_of_is_no_data_and_ends_nothing(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        """The library's own error cannot be had on demand."""

        connected = True

        async def read_discrete_inputs(self, *_: int) -> list[bool]:
            raise ZeroDivisionError

        async def disconnect(self) -> None: ...

    unit, other = bus.add(1), bus.add(2)
    await asyncio.sleep(1)
    whole, unit.unit = unit.unit, Broken()  # type: ignore[assignment]  # it breaks
    await asyncio.sleep(1)
    assert (unit.reading("input_1").value, unit.reading("input_1").quality) == (None, GARBLED)
    unit.unit = whole
    bus.server.units[2].discrete[0] = True
    await asyncio.sleep(3)
    assert other.reading("input_1").value is True
    assert unit.reading("input_1").value is False
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.BUSY, Fault.TRUNCATED, None])
async def test_a_unit_that_is_tried_out_disturbs_nobody(bus: Bus, fault: Fault | None) -> None:
    bus.add(1)
    await asyncio.sleep(1)
    bus.told.clear()
    bus.server.units[5].fault = fault
    trial = asyncio.create_task(read_once(bus.poller.line, bus.link.for_unit(5), PANEL))
    await until(lambda: bus.asked(5) > 0)
    await asyncio.sleep(2)
    if fault is None:
        assert set((await trial).values()) == {False}
    else:
        with pytest.raises(NoData):
            await trial
    await asyncio.sleep(1)
    assert bus.told == []


async def test_a_reading_by_hand_says_what_is_wrong(
    server: ModbusServer, link: ModbusConnection
) -> None:
    server.units[1].discrete[3] = True
    line, unit = Line(), link.for_unit(1)
    line.use(unit)
    values = await read_once(line, unit, PANEL)
    assert [key for key, value in values.items() if value] == ["input_4"]
    for quality, points in ((Quality.REFUSED, 9), (NO_ANSWER, 4), (DISCONNECTED, 4)):
        with pytest.raises(NoData) as lack:
            await read_once(line, unit, fire_panel.points({"inputs": points}))
        assert lack.value.quality is quality
        if quality is Quality.REFUSED:
            server.units[1].fault = Fault.SILENT
        else:
            await server.refuse(True)


async def test_a_gateway_that_swallows_everything_is_no_connection(bus: Bus) -> None:
    with black_hole() as port:
        link = ModbusConnection(ModbusTcpParams(host="127.0.0.1", port=port))
        unit = PolledUnit(unit=link.for_unit(1), points=PANEL, changed=lambda _: None)
        bus.poller.add(1, unit)
        await asyncio.sleep(5)
        assert unit.reading("input_1").quality is DISCONNECTED
        await link.close()


async def test_a_cable_that_swallows_everything_takes_its_own_bus_and_no_other(bus: Bus) -> None:
    bus.add(1)
    async with ModbusServer() as server:
        link, poller = dial(server), Poller(clock=asyncio.get_running_loop().time)
        for address in (1, 2, 3):
            server.add_fire_panel(address, inputs=4)
            unit = PolledUnit(unit=link.for_unit(address), points=PANEL, changed=lambda _: None)
            poller.add(address, unit)

        def all_are(quality: Quality) -> bool:
            readings = [one for unit in poller.units.values() for one in unit.readings.values()]
            return {one.quality for one in readings} == {quality}

        async with polling(poller):
            await asyncio.sleep(2)
            assert all_are(Quality.GOOD)
            await server.refuse(True)
            with black_hole(server.port):
                # One connection that is not made in time, and taking it down.
                await asyncio.sleep(TURN_WITHIN + 1.5)
                bus.told.clear()
                asked = bus.asked(1)
                for _ in range(3):
                    assert all_are(DISCONNECTED)
                    await asyncio.sleep(30)
                assert bus.told == []
                assert bus.asked(1) - asked >= 90
            server.units[2].discrete[0] = True
            await server.refuse(False)
            await asyncio.sleep(10)
            assert all_are(Quality.GOOD)
            assert poller.units[2].reading("input_1").value is True
        await link.close()


async def test_a_busy_unit_that_is_the_first_to_be_asked_holds_the_line_no_longer(
    server: ModbusServer, link: ModbusConnection
) -> None:
    server.units[1].fault = Fault.BUSY
    started = time.monotonic()
    with pytest.raises(NoData) as lack:
        await read_once(Line(), link.for_unit(1), PANEL)
    assert lack.value.quality is Quality.BUSY
    assert time.monotonic() - started < 2.5, "not for as long as a connection may take"


async def test_a_machine_that_stood_still_takes_no_unit_for_a_silent_one(
    server: ModbusServer, link: ModbusConnection
) -> None:
    line, unit = Line(within=0.1), link.for_unit(1)
    line.use(unit)
    await link.connect()
    asyncio.get_running_loop().call_soon(time.sleep, 0.3)  # when the request is on its way
    assert len(await read_once(line, unit, PANEL)) == len(PANEL)


async def test_a_unit_whose_time_ends_while_it_is_asked_again_was_busy(
    server: ModbusServer, link: ModbusConnection
) -> None:
    server.units[1].fault = Fault.BUSY
    reading = asyncio.create_task(read_once(Line(within=1.5), link.for_unit(1), PANEL))
    await until(lambda: len(server.requests) > 0)
    server.units[1].fault = Fault.SILENT
    with pytest.raises(NoData) as lack:
        await reading
    assert lack.value.quality is Quality.BUSY


async def test_a_unit_without_points_costs_nothing_and_harms_nothing(bus: Bus) -> None:
    bus.add(1)
    bus.add(2, ())
    await asyncio.sleep(1)
    await bus.server.refuse(True)
    await asyncio.sleep(30)
    await bus.server.refuse(False)
    await asyncio.sleep(11)
    assert bus.poller.units[1].reading("input_1").quality is Quality.GOOD
    assert bus.asked(2) == 0


async def test_a_poller_without_units_waits_for_one(bus: Bus) -> None:
    await asyncio.sleep(5)
    unit = bus.add(3)
    await asyncio.sleep(0.5)
    assert isinstance(bus.poller, Poller)
    assert unit.reading("input_1").quality is Quality.GOOD


async def until(met: Callable[[], bool]) -> None:
    """Wait for something that comes over a real socket."""
    async with asyncio.timeout(30):
        while not met():
            await asyncio.sleep(0.01)
