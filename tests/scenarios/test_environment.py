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
    await scene.pass_time(minutes=4, steps=timedelta(seconds=10))
    await scene.wired(wires, "square", 720)
    await scene.until("10:00", steps=timedelta(seconds=10))
    told = scene.told_since()
    assert [(who, ways) for _, who, ways in told] == [("guard", "push")]
    assert "0:05:00" < told[0][0] < "0:07:00"
    await scene.wired(wires, "square", 480, begin=False)
    await scene.pass_time(minutes=4, steps=timedelta(seconds=10))
    assert await scene.ended() == [("square_dance_noise", "closed", "cleared")]


async def test_square_dance_noise_by_night_is_judged_by_the_night_limit(scene: Scene) -> None:
    await scene.at_clock("22:30")
    wires = await scene.modbus(square=METER)
    await scene.wired(wires, "square", 400)
    await scene.automate("square_dance_noise")
    await scene.wired(wires, "square", 500)  # allowed by day, 5 dB above the night's limit
    await scene.pass_time(minutes=8, steps=timedelta(seconds=10))
    assert [(who, ways) for _, who, ways in scene.told_since()] == [("guard", "push")]


async def test_renovation_noise(scene: Scene) -> None:
    await scene.at_clock("11:50")
    wires = await scene.modbus(stairwell=METER)
    await scene.wired(wires, "stairwell", 400)
    await scene.automate("renovation_noise")
    await scene.wired(wires, "stairwell", 850)
    await scene.pass_time(minutes=9, steps=timedelta(seconds=10))
    assert scene.told_since() == []  # they may drill until noon
    await scene.at_clock("12:40", steps=timedelta(seconds=10))
    told = [(who, ways) for _, who, ways in scene.told_since()]
    assert told == [("guard", "push"), ("guard", "voice"), ("urban", "push")]
    await scene.wired(wires, "stairwell", 400, begin=False)
    await scene.pass_time(minutes=4, steps=timedelta(seconds=10))
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
