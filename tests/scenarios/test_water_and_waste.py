"""Water and waste loops, each from its field to its end."""

from datetime import timedelta

from .bus import Bus
from .scene import Scene


async def test_waterlogging(scene: Scene, bus: Bus) -> None:
    await bus.wire(culvert="moisture")
    await scene.automate("waterlogging")
    await bus.begin("culvert", 1)
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
    await bus.begin("culvert", 0)
    assert await scene.over() == [("waterlogging", "closed", "cleared")]


async def test_waterlogging_that_the_department_passes_over(scene: Scene, bus: Bus) -> None:
    await bus.wire(culvert="moisture")
    await scene.automate("waterlogging")
    await bus.begin("culvert", 1)
    await scene.until("1:30")
    await scene.tap("guard", "ACKNOWLEDGE")  # the guard's word does not count for the department's
    await scene.until("31:30")
    assert {(clock, who) for clock, who, _ in scene.told_since() if clock > "0:30:00"} == {
        ("0:31:00", "head")
    }


async def test_pump_room_flood(scene: Scene, bus: Bus) -> None:
    await bus.wire(sump="moisture")
    await scene.automate("pump_room_flood")
    await bus.begin("sump", 1)
    await scene.until("32:00")
    await scene.dealt_with("water")
    await bus.say("sump", 0)
    scene.expect("""
        0:30   guard      push
        1:30   guard      voice
        10:30  secretary  push
        11:30  secretary  voice
        30:30  water      push
        31:30  water      sms
    """)
    assert await scene.over() == [("pump_room_flood", "closed", "handled")]


async def test_manhole_moved(scene: Scene, bus: Bus) -> None:
    await bus.wire(cover="vibration")
    await scene.automate("manhole_moved")
    await bus.begin("cover", 1)
    await scene.until("17:00")
    await bus.say("cover", 0)
    assert scene.active  # a cover that lies still may lie beside its shaft
    await scene.dealt_with("urban")
    await scene.act("urban", "close", disposition="handled")
    scene.expect("""
        0:00   guard  push
        1:00   guard  voice
        15:00  urban  push
        16:00  urban  sms
    """)
    assert await scene.ended() == [("manhole_moved", "closed", "handled")]


async def test_garbage_overflow(scene: Scene, bus: Bus) -> None:
    await bus.wire(rim="occupancy")
    await scene.automate("garbage_overflow")
    await bus.begin("rim", 1)
    await scene.until("2:30:00")
    scene.expect("""
        10:00    guard       push
        25:00    guard       voice
        2:10:00  sanitation  push
        2:25:00  sanitation  sms
    """)
    await bus.begin("rim", 0)
    assert await scene.over() == [("garbage_overflow", "closed", "cleared")]


async def test_water_supply_fault(scene: Scene, bus: Bus) -> None:
    await bus.wire(
        tank={"device_class": "distance", "unit_of_measurement": "cm"},
        turbidity={"unit_of_measurement": "NTU", "scale": 0.01},
        chlorine={"unit_of_measurement": "mg/L", "scale": 0.01},
    )
    for key, value in (("tank", 180), ("turbidity", 30), ("chlorine", 30)):
        await bus.begin(key, value)
    await scene.automate("water_supply_fault", detectors={"entity_id": list(bus.entities.values())})
    await bus.begin("chlorine", 2)
    await scene.until("42:00")
    scene.expect("""
        10:00  guard  push
        15:00  guard  voice
        40:00  water  push
    """)
    await bus.say("chlorine", 30)
    assert await scene.over() == [("water_supply_fault", "closed", "cleared")]


async def test_waterlogging_by_level_has_a_tighter_limit_in_the_flood_season(
    scene: Scene, bus: Bus
) -> None:
    await bus.wire(underpass={"device_class": "distance", "unit_of_measurement": "mm"})
    await scene.automate("waterlogging")
    await bus.begin("underpass", 100)
    await scene.until("2:00")
    assert scene.told_since() == []  # 10 cm in November
    await scene.at_date("2027-05-31")
    await bus.begin("underpass", 110)  # and there it stays
    await scene.pass_time(hours=11, minutes=59)
    assert scene.told_since() == []
    await scene.pass_time(minutes=11)
    scene.begin()
    await scene.until("1:30")
    scene.expect("""
        1:00  water      push
        1:00  guard      push
        1:00  secretary  push
    """)


async def test_garbage_off_hours(scene: Scene, bus: Bus) -> None:
    await bus.wire(room="motion")
    await scene.automate("garbage_off_hours")
    await scene.at_clock("10:00")
    scene.begin()
    for _ in range(3):
        await bus.say("room", 1)
        await scene.pass_time(minutes=1)
        await bus.say("room", 0)
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
