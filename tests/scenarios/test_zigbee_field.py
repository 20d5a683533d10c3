"""Loops from a Zigbee device on a virtual coordinator to the phones that ring."""

from datetime import timedelta

from tests.simulators.waiting import until
from tests.simulators.zigbee import devices

from .building import Building


async def test_smoke_multiple_of_two_zigbee_detectors(building: Building) -> None:
    first = await building.install(devices.smoke())
    second = await building.install(devices.smoke())
    await building.scene.automate("smoke_single", "smoke_multiple")
    await first.alarm()
    await building.rings(("guard", "push"))
    await second.alarm()
    await building.rings(("guard", "push!"))
    assert [one.loop for one in building.scene.active] == ["smoke_multiple"]


async def test_gas_leak_of_a_zigbee_detector(building: Building) -> None:
    detector = await building.install(devices.gas())
    await building.scene.automate("gas_leak")
    await detector.alarm()
    await building.rings(("guard", "push!"))


async def test_lock_tamper(building: Building) -> None:
    scene, door = building.scene, await building.install(devices.lock())
    await scene.automate("lock_tamper")
    for tried in range(1, 6):
        assert scene.told_since() == []
        await scene.pass_time(seconds=20)
        scene.begin()
        await door.wrong_code()
        await building.hears("wrong_code", tried)
    await building.rings(("guard", "push"))
    await scene.until("11:30")
    await scene.dealt_with("police")  # a tamper that is over needs nobody to close it
    scene.expect("""
        0:00   guard   push
        1:00   guard   voice
        10:00  police  push
        11:00  police  sms
    """)
    assert await scene.ended() == [("lock_tamper", "closed", "handled")]


async def test_lock_tamper_is_believed_at_once(building: Building) -> None:
    door = await building.install(devices.lock())
    await building.scene.automate("lock_tamper")
    await building.scene.pass_time(seconds=1)
    await door.tamper()
    await building.rings(("guard", "push"))


async def test_group_rental(building: Building) -> None:
    scene, door = building.scene, await building.install(devices.lock())
    await scene.automate("group_rental")
    for number, user in enumerate((1, 2, 3, 1, 2, 3, 4, 5, 6, 7), 1):
        await scene.pass_time(hours=6)
        await door.operate("unlock", source="keypad", user=user)
        await building.hears("unlocked", number)
    assert scene.told_since() == []
    scene.begin()
    await door.operate("unlock", source="keypad", user=8)
    await building.rings(("secretary", "push"))
    await scene.until("72:30:00")
    scene.expect("""
        0:00      secretary  push
        15:00     secretary  voice
        72:00:00  police     push
        72:00:00  urban      push
        72:15:00  police     sms
        72:15:00  urban      sms
    """)
    await scene.dealt_with("urban", "seven tenants, told to leave")
    assert await scene.ended() == [("group_rental", "closed", "handled")]


async def test_night_intrusion(building: Building) -> None:
    scene, fence = building.scene, await building.install(devices.motion())
    await scene.automate("night_intrusion")
    await scene.at_clock("22:50")
    scene.begin()
    for moves in (True, False, True):
        await fence.alarm(moves)
        await building.sees("motion", moves)
    await scene.until("9:00")
    assert scene.active == []
    await scene.until("17:00", steps=timedelta(minutes=1))
    # Who already stands there when the night begins is heard then.
    scene.expect("""
        10:00  guard   push
        11:00  guard   voice
        15:00  police  push
        16:00  police  sms
    """)
    await fence.alarm(on=False)
    await building.sees("motion", False)
    await scene.settle()
    assert scene.active  # whoever stands still is still there
    await scene.act("police", "close", disposition="handled", note="nobody there")
    assert await scene.ended() == [("night_intrusion", "closed", "handled")]


async def test_garbage_off_hours_sleeps_while_the_room_is_open(building: Building) -> None:
    scene, room = building.scene, await building.install(devices.motion())
    await scene.automate("garbage_off_hours")
    await scene.at_clock("18:30")
    for moves in (True, False):
        await room.alarm(moves)
        await building.sees("motion", moves)
    await scene.pass_time(hours=24, steps=timedelta(hours=1))
    assert scene.told_since() == []


async def test_device_fault_of_a_zigbee_battery(building: Building) -> None:
    scene, smoke = building.scene, await building.install(devices.smoke())
    await scene.automate("device_fault")
    await smoke.battery(12)
    await building.sees("battery", "12.0")
    await scene.settle()  # on a busy machine the clock would jump before the signal is on record
    scene.begin()
    await scene.until("31:00")
    scene.expect("30:00 guard push")
    await smoke.battery(100)
    await building.sees("battery", "100.0")
    await scene.settle()
    assert await scene.over() == [("device_fault", "closed", "cleared")]


async def test_a_zigbee_coordinator_that_is_down_is_one_incident_and_not_its_devices(
    building: Building,
) -> None:
    scene = building.scene
    for _ in range(4):
        await building.install(devices.smoke())
    await scene.automate("device_fault")

    def smoke_is(said: str) -> bool:
        states = scene.hass.states.async_all("binary_sensor")
        smoke = [one for one in states if one.attributes.get("device_class") == "smoke"]
        return len(smoke) == 4 and all(one.state == said for one in smoke)

    assert smoke_is("off")
    await building.radio.refuse(True)
    await until(lambda: smoke_is("unavailable"))
    scene.begin()
    # A jump of the clock would also end what closes the connection.
    lost = building.network.runtime_data.network
    await until(lambda: lost.trouble == "cannot_connect", 30)
    # What is told of devices before the last of them is lost is taken back while time stands still.
    await scene.settle()
    on_record = scene.entry.runtime_data.engine.still_raised
    await until(lambda: sum(map(on_record, scene.hass.states.async_entity_ids())) == 1)
    await scene.until("31:00")
    (incident,) = scene.active
    assert len(incident.sources) == 1
    scene.expect("30:00 guard push")
    await building.radio.refuse(False)
    await until(lambda: smoke_is("off"), 30)
    await scene.settle()
    assert await scene.over() == [("device_fault", "closed", "cleared")]


async def test_device_fault_of_a_zigbee_detector_that_falls_silent(building: Building) -> None:
    scene, smoke = building.scene, await building.install(devices.smoke())
    await scene.automate("device_fault")
    smoke.silent = True
    await scene.pass_time(hours=26, steps=timedelta(hours=1))
    await building.rings(("guard", "push"))
    assert [one.loop for one in scene.active] == ["device_fault"]
    smoke.silent = False
    await smoke.check_in()
    await building.sees("problem", False)
    await scene.settle()
    assert await scene.over() == [("device_fault", "closed", "cleared")]


async def test_sos_of_a_zigbee_button(building: Building) -> None:
    button = await building.install(devices.button())
    await building.scene.automate("sos")
    # On a busy machine the clock may stand: what was pressed in the instant of listening is old.
    await building.scene.pass_time(seconds=1)
    await button.press()
    await building.rings(("guard", "push!"), ("guard", "voice"), ("secretary", "voice"))


async def test_unit_door_open_of_a_zigbee_contact(building: Building) -> None:
    door = await building.install(devices.contact())
    await building.scene.automate("unit_door_open", open_for={"seconds": 1})
    await door.alarm()
    await building.rings(("yard", "speaker"))


async def test_waterlogging_of_a_zigbee_sensor(building: Building) -> None:
    sensor = await building.install(devices.water_leak())
    await building.scene.automate("waterlogging", wet_for={"seconds": 1})
    await sensor.alarm()
    await building.rings(("water", "push"), ("guard", "push"), ("secretary", "push"))


async def test_manhole_moved_under_a_zigbee_sensor(building: Building) -> None:
    cover = await building.install(devices.vibration())
    await building.scene.automate("manhole_moved")
    await cover.alarm()
    await building.rings(("guard", "push"))
