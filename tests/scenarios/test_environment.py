"""Noise, traffic and perimeter loops, each from its field to its end."""

from datetime import timedelta

from .scene import Scene

_MINUTE = timedelta(minutes=1)
METER = {"device_class": "sound_pressure", "unit_of_measurement": "dB", "scale": 0.1}


async def test_square_dance_noise(scene: Scene) -> None:
    await scene.at_clock("19:00")
    wires = await scene.modbus(square=METER)
    await scene.wired(wires, "square", 480)
    await scene.automate("square_dance_noise")
    await scene.pass_time(minutes=4, steps=timedelta(seconds=10), heard=wires["square"])
    await scene.wired(wires, "square", 720)
    await scene.until("10:00", steps=timedelta(seconds=10), heard=wires["square"])
    asked, told = scene.told_since()
    assert (asked[1:], told[1:]) == (("yard", "speaker"), ("guard", "push"))
    assert "turn the music down" in scene.far_end.calls[0]["text"]
    await scene.wired(wires, "square", 480, begin=False)
    await scene.pass_time(minutes=8, steps=timedelta(seconds=10), heard=wires["square"])
    assert await scene.ended() == [("square_dance_noise", "closed", "cleared")]


async def test_square_dance_noise_that_is_turned_down_after_guidance_calls_nobody(
    scene: Scene,
) -> None:
    await scene.at_clock("19:00")
    wires = await scene.modbus(square=METER)
    await scene.wired(wires, "square", 480)
    await scene.automate("square_dance_noise")
    await scene.pass_time(minutes=4, steps=timedelta(seconds=10), heard=wires["square"])
    await scene.wired(wires, "square", 720)
    await scene.pass_time(minutes=2, steps=timedelta(seconds=10), heard=wires["square"])
    await scene.wired(wires, "square", 480, begin=False)
    await scene.pass_time(minutes=9, steps=timedelta(seconds=10), heard=wires["square"])
    assert [row[1:] for row in scene.told_since()] == [("yard", "speaker")]
    assert await scene.ended() == [("square_dance_noise", "closed", "guided")]


async def test_square_dance_noise_by_night_is_judged_by_the_night_limit(scene: Scene) -> None:
    await scene.at_clock("22:30")
    wires = await scene.modbus(square=METER)
    await scene.wired(wires, "square", 400)
    await scene.automate("square_dance_noise")
    await scene.wired(wires, "square", 500)  # allowed by day, 5 dB above the night's limit
    await scene.pass_time(minutes=8, steps=timedelta(seconds=10), heard=wires["square"])
    assert [row[1:] for row in scene.told_since()] == [("yard", "speaker"), ("guard", "push")]


async def test_renovation_noise(scene: Scene) -> None:
    await scene.at_clock("11:50")
    wires = await scene.modbus(stairwell=METER)
    await scene.wired(wires, "stairwell", 400)
    await scene.automate("renovation_noise")
    await scene.wired(wires, "stairwell", 850)
    await scene.pass_time(minutes=9, steps=timedelta(seconds=10), heard=wires["stairwell"])
    assert scene.told_since() == []  # they may drill until noon
    await scene.at_clock("12:40", steps=timedelta(seconds=10))
    told = [(who, ways) for _, who, ways in scene.told_since()]
    assert told == [("guard", "push"), ("guard", "voice"), ("urban", "push")]
    await scene.wired(wires, "stairwell", 400, begin=False)
    await scene.pass_time(minutes=9, steps=timedelta(seconds=10), heard=wires["stairwell"])
    assert await scene.ended() == [("renovation_noise", "closed", "cleared")]


async def test_night_intrusion(scene: Scene) -> None:
    await scene.at_clock("22:50")
    fence = scene.thing("binary_sensor", "motion", "off")
    await scene.automate("night_intrusion")
    scene.begin()
    for state in ("on", "off"):
        await scene.says(fence, state)
    await scene.says(fence, "on")
    await scene.pass_time(minutes=9)
    assert scene.active == []
    await scene.until("17:00", steps=_MINUTE)
    # Who already stands there when the night begins is heard then.
    scene.expect("""
        10:00  guard   push
        11:00  guard   voice
        15:00  police  push
        16:00  police  sms
    """)
    await scene.says(fence, "off")
    assert await scene.ended() == [("night_intrusion", "closed", "cleared")]


async def test_garage_air(scene: Scene) -> None:
    wires = await scene.modbus(
        co={"device_class": "carbon_monoxide", "unit_of_measurement": "ppm"},
    )
    await scene.automate("garage_air")
    await scene.wired(wires, "co", 60)
    await scene.until("14:30")
    await scene.dealt_with("fire")
    await scene.wired(wires, "co", 4, begin=False)
    scene.expect("""
        3:00   guard  push
        4:00   guard  voice
        13:00  fire   push
        14:00  fire   sms
    """)
    assert await scene.ended() == [("garage_air", "closed", "handled")]


async def test_nonmotor_parking(scene: Scene) -> None:
    lawn = scene.thing("binary_sensor", "occupancy", "off")
    await scene.automate("nonmotor_parking")
    scene.begin()
    await scene.says(lawn, "on")
    await scene.until("21:00")
    scene.expect("""
        10:00  yard   speaker
        20:00  guard  push
    """)
    await scene.says(lawn, "off")
    assert await scene.ended() == [("nonmotor_parking", "closed", "cleared")]
    # The next one goes when it is asked to.
    scene.begin()
    await scene.says(lawn, "on")
    await scene.until("12:00")
    await scene.says(lawn, "off")
    await scene.until("30:00")
    scene.expect("10:00 yard speaker")
    assert (await scene.ended())[-1] == ("nonmotor_parking", "closed", "guided")


async def test_fire_lane_blocked(scene: Scene) -> None:
    lane = scene.thing("binary_sensor", "occupancy", "off")
    await scene.automate("fire_lane_blocked")
    scene.begin()
    await scene.says(lane, "on")
    await scene.until("36:00")
    scene.expect("""
        5:00   yard       speaker
        5:00   guard      push
        10:00  guard      voice
        20:00  secretary  push
        25:00  secretary  voice
        35:00  police     push
    """)
    await scene.dealt_with("police", "towed away")
    await scene.says(lane, "off")
    assert await scene.ended() == [("fire_lane_blocked", "closed", "handled")]


async def test_ebike_indoors(scene: Scene) -> None:
    lift = scene.thing("binary_sensor", "occupancy", "off")
    await scene.automate("ebike_indoors")
    scene.begin()
    await scene.says(lift, "on")
    await scene.until("4:00")
    await scene.tap("guard", "ACKNOWLEDGE")
    await scene.tap("guard", "HANDLED")  # without a word, which this loop needs
    assert [one.status for one in scene.active] == ["acknowledged"]
    await scene.tap("guard", "HANDLED", "asked to take it out, refused")
    await scene.says(lift, "off")
    await scene.until("20:00")
    scene.expect("""
        0:00  yard   speaker
        0:00  guard  push
    """)
    assert await scene.ended() == [("ebike_indoors", "closed", "handled")]


async def test_unit_door_open(scene: Scene) -> None:
    door = scene.thing("binary_sensor", "door", "off")
    await scene.automate("unit_door_open")
    scene.begin()
    await scene.says(door, "on")
    await scene.until("21:00")
    scene.expect("""
        5:00   yard   speaker
        20:00  guard  push
    """)
    await scene.says(door, "off")
    assert await scene.ended() == [("unit_door_open", "closed", "cleared")]
