"""Water and waste loops, each from its field to its end."""

from datetime import timedelta

from .scene import Scene


async def test_waterlogging(scene: Scene) -> None:
    wires = await scene.modbus(culvert={"device_class": "moisture"})
    await scene.automate("waterlogging")
    await scene.wired(wires, "culvert", 1)
    await scene.until("20:00")
    await scene.tap("water", "ACKNOWLEDGE")
    await scene.until("40:00")
    scene.expect("""
        1:00  water      push
        1:00  guard      push
        1:00  secretary  push
        2:00  water      sms
        2:00  guard      voice
        2:00  secretary  voice
    """)
    await scene.wired(wires, "culvert", 0)
    assert await scene.ended() == [("waterlogging", "closed", "cleared")]


async def test_waterlogging_that_the_department_passes_over(scene: Scene) -> None:
    wires = await scene.modbus(culvert={"device_class": "moisture"})
    await scene.automate("waterlogging")
    await scene.wired(wires, "culvert", 1)
    await scene.until("1:30")
    await scene.tap("guard", "ACKNOWLEDGE")  # the guard's word does not count for the department's
    await scene.until("31:30")
    assert {(clock, who) for clock, who, _ in scene.told_since() if clock > "0:30:00"} == {
        ("0:31:00", "head")
    }


async def test_pump_room_flood(scene: Scene) -> None:
    wires = await scene.modbus(sump={"device_class": "moisture"})
    await scene.automate("pump_room_flood")
    await scene.wired(wires, "sump", 1)
    await scene.until("32:00")
    await scene.dealt_with("water")
    await scene.wired(wires, "sump", 0, begin=False)
    scene.expect("""
        0:30   guard      push
        1:30   guard      voice
        10:30  secretary  push
        11:30  secretary  voice
        30:30  water      push
        31:30  water      sms
    """)
    assert await scene.ended() == [("pump_room_flood", "closed", "handled")]


async def test_manhole_moved(scene: Scene) -> None:
    wires = await scene.modbus(cover={"device_class": "vibration"})
    await scene.automate("manhole_moved")
    await scene.wired(wires, "cover", 1)
    await scene.until("17:00")
    await scene.dealt_with("urban")
    await scene.wired(wires, "cover", 0, begin=False)
    scene.expect("""
        0:00   guard  push
        1:00   guard  voice
        15:00  urban  push
        16:00  urban  sms
    """)
    assert await scene.ended() == [("manhole_moved", "closed", "handled")]


async def test_garbage_overflow(scene: Scene) -> None:
    wires = await scene.modbus(rim={"device_class": "occupancy"})
    await scene.automate("garbage_overflow")
    await scene.wired(wires, "rim", 1)
    await scene.until("2:30:00")
    scene.expect("""
        10:00    guard       push
        25:00    guard       voice
        2:10:00  sanitation  push
        2:25:00  sanitation  sms
    """)
    await scene.wired(wires, "rim", 0)
    assert await scene.ended() == [("garbage_overflow", "closed", "cleared")]


async def test_water_supply_fault(scene: Scene) -> None:
    wires = await scene.modbus(
        tank={"device_class": "distance", "unit_of_measurement": "cm"},
        turbidity={"unit_of_measurement": "NTU", "scale": 0.01},
        chlorine={"unit_of_measurement": "mg/L", "scale": 0.01},
    )
    for key, value in (("tank", 180), ("turbidity", 30), ("chlorine", 30)):
        await scene.wired(wires, key, value)
    await scene.automate("water_supply_fault", detectors={"entity_id": list(wires.values())})
    await scene.wired(wires, "chlorine", 2)
    await scene.until("42:00")
    scene.expect("""
        10:00  guard  push
        15:00  guard  voice
        40:00  water  push
    """)
    await scene.wired(wires, "chlorine", 30, begin=False)
    assert await scene.ended() == [("water_supply_fault", "closed", "cleared")]


async def test_waterlogging_by_level_has_a_tighter_limit_in_the_flood_season(scene: Scene) -> None:
    wires = await scene.modbus(underpass={"device_class": "distance", "unit_of_measurement": "mm"})
    await scene.automate("waterlogging")
    await scene.wired(wires, "underpass", 100)
    await scene.until("2:00")
    assert scene.told_since() == []  # 10 cm in November
    await scene.at_date("2027-07-01")
    await scene.wired(wires, "underpass", 110)
    await scene.until("1:30")
    assert {who for _, who, _ in scene.told_since()} == {"water", "guard", "secretary"}


async def test_garbage_off_hours(scene: Scene) -> None:
    await scene.at_clock("10:00")
    room = scene.thing("binary_sensor", "motion", "off")
    await scene.automate("garbage_off_hours")
    scene.begin()
    for _ in range(3):
        await scene.says(room, "on")
        await scene.pass_time(minutes=1)
        await scene.says(room, "off")
        await scene.pass_time(hours=1)
    await scene.until("24:00:00", steps=timedelta(hours=1))
    # Each who comes is told on the spot; the property company reads at nine how often that was.
    assert [row[1:] for row in scene.told_since()] == [("yard", "speaker")] * 3
    digests = [
        (notice.at - scene.began.timestamp(), notice.message)
        for notice in scene.relay.phones["token-guard"].history
        if "Digest" in notice.message
    ]
    assert [(at, "3 times" in message) for at, message in digests] == [(23 * 3600, True)]


async def test_garbage_off_hours_sleeps_while_the_room_is_open(scene: Scene) -> None:
    await scene.at_clock("18:30")
    room = scene.thing("binary_sensor", "motion", "off")
    await scene.automate("garbage_off_hours")
    scene.begin()
    await scene.says(room, "on")
    await scene.says(room, "off")
    await scene.until("24:00:00", steps=timedelta(hours=1))
    assert scene.told_since() == []
