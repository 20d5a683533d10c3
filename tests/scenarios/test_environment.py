"""Noise, traffic and perimeter loops, each from its field to its end."""

import hashlib
from datetime import timedelta

from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.components.test_report import photo
from tests.simulators.ip_camera import IpCamera

from .bus import Bus
from .recognition import Recognition
from .scene import Scene

METER = {"device_class": "sound_pressure", "unit_of_measurement": "dB", "scale": 0.1}
# A meter is listened to every ten seconds, whenever the noise began between two of them.
HEARD = timedelta(seconds=17)


async def test_square_dance_noise(scene: Scene, bus: Bus) -> None:
    await scene.at_clock("19:00")
    await bus.wire(square=METER)
    await bus.begin("square", 480)
    await scene.automate("square_dance_noise")
    await scene.pass_time(minutes=4, steps=timedelta(seconds=10), heard=bus.entities["square"])
    await bus.begin("square", 720)
    await scene.until("1:00", steps=timedelta(seconds=10), heard=bus.entities["square"])
    await scene.until("21:00", steps=timedelta(seconds=30), heard=bus.entities["square"])
    scene.expect(
        """
        0:05   yard       speaker
        5:05   guard      push
        20:05  guard      voice
        20:05  secretary  push
        """,
        late=HEARD,
    )
    assert "turn the music down" in scene.far_end.calls[0]["text"]
    await bus.say("square", 480)
    await scene.pass_time(minutes=8, steps=timedelta(seconds=10), heard=bus.entities["square"])
    assert await scene.ended() == [("square_dance_noise", "closed", "cleared")]


async def test_square_dance_noise_that_is_turned_down_after_guidance_calls_nobody(
    scene: Scene,
    bus: Bus,
) -> None:
    await scene.at_clock("19:00")
    await bus.wire(square=METER)
    await bus.begin("square", 480)
    await scene.automate("square_dance_noise")
    await scene.pass_time(minutes=4, steps=timedelta(seconds=10), heard=bus.entities["square"])
    await bus.begin("square", 720)
    await scene.pass_time(minutes=2, steps=timedelta(seconds=10), heard=bus.entities["square"])
    await bus.say("square", 480)
    await scene.pass_time(minutes=9, steps=timedelta(seconds=10), heard=bus.entities["square"])
    assert [row[1:] for row in scene.told_since()] == [("yard", "speaker")]
    assert await scene.ended() == [("square_dance_noise", "closed", "guided")]


async def test_square_dance_noise_by_night_is_judged_by_the_night_limit(
    scene: Scene, bus: Bus
) -> None:
    await scene.at_clock("22:30")
    await bus.wire(square=METER)
    await bus.begin("square", 400)
    await scene.automate("square_dance_noise")
    await bus.begin("square", 500)  # allowed by day, 5 dB above the night's limit
    await scene.pass_time(minutes=8, steps=timedelta(seconds=10), heard=bus.entities["square"])
    assert [row[1:] for row in scene.told_since()] == [("yard", "speaker"), ("guard", "push")]


async def test_a_bang_by_night_is_one_too_many_though_the_average_is_allowed(scene: Scene) -> None:
    await scene.at_clock("23:00")
    meter = scene.thing("sensor", "sound_pressure", "30", unit_of_measurement="dB")
    await scene.automate("square_dance_noise")
    await scene.pass_time(minutes=4, steps=timedelta(seconds=10))
    scene.begin()
    for level, seconds in (("59", 3), ("30", 200), ("62", 1)):
        await scene.says(meter, level)
        assert scene.active == []
        await scene.pass_time(seconds=seconds, steps=timedelta(seconds=1))
    await scene.says(meter, "30")
    await scene.pass_time(seconds=10, steps=timedelta(seconds=1))
    (incident,) = scene.active
    assert incident.sources[meter].value == 62
    await scene.pass_time(minutes=9, steps=timedelta(seconds=10))
    assert [row[1:] for row in scene.told_since()] == [("yard", "speaker")]
    assert await scene.ended() == [("square_dance_noise", "closed", "guided")]


async def test_renovation_noise(scene: Scene, bus: Bus) -> None:
    await scene.at_clock("11:50")
    await bus.wire(stairwell=METER)
    await bus.begin("stairwell", 400)
    await scene.automate("renovation_noise")
    await bus.begin("stairwell", 850)
    await scene.at_clock("12:00", steps=timedelta(seconds=10), heard=bus.entities["stairwell"])
    assert scene.told_since() == []  # they may drill until noon
    scene.begin()
    await scene.until("3:00", steps=timedelta(seconds=10), heard=bus.entities["stairwell"])
    await scene.until("34:00", steps=timedelta(seconds=30), heard=bus.entities["stairwell"])
    scene.expect(
        """
        2:30   guard  push
        17:30  guard  voice
        32:30  urban  push
        """,
        late=HEARD,
    )
    await bus.say("stairwell", 400)
    await scene.pass_time(minutes=9, steps=timedelta(seconds=10), heard=bus.entities["stairwell"])
    assert await scene.ended() == [("renovation_noise", "closed", "cleared")]


async def test_garage_air(scene: Scene, bus: Bus) -> None:
    await bus.wire(
        co={"device_class": "carbon_monoxide", "unit_of_measurement": "ppm"},
    )
    await scene.automate("garage_air")
    await bus.begin("co", 60)
    await scene.until("14:30")
    await scene.dealt_with("fire")
    await bus.say("co", 4)
    scene.expect("""
        3:00   guard  push
        4:00   guard  voice
        13:00  fire   push
        14:00  fire   sms
    """)
    assert await scene.over() == [("garage_air", "closed", "handled")]


async def test_nonmotor_parking(scene: Scene, bus: Bus) -> None:
    await bus.wire(lawn="occupancy")
    await scene.automate("nonmotor_parking")
    await bus.begin("lawn", 1)
    await scene.until("21:00")
    scene.expect("""
        10:00  yard   speaker
        20:00  guard  push
    """)
    await bus.say("lawn", 0)
    assert await scene.over() == [("nonmotor_parking", "closed", "cleared")]
    # The next one goes when it is asked to.
    await bus.begin("lawn", 1)
    await scene.until("12:00")
    await bus.say("lawn", 0)
    await scene.until("30:00")
    scene.expect("10:00 yard speaker")
    assert (await scene.ended())[-1] == ("nonmotor_parking", "closed", "guided")


async def test_fire_lane_blocked(scene: Scene, bus: Bus) -> None:
    await bus.wire(lane="occupancy")
    await scene.automate("fire_lane_blocked")
    await bus.begin("lane", 1)
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
    await bus.say("lane", 0)
    assert await scene.over() == [("fire_lane_blocked", "closed", "handled")]


async def test_fire_lane_blocked_is_seen_by_its_camera(
    scene: Scene, bus: Bus, camera: IpCamera, hass_client_no_auth: ClientSessionGenerator
) -> None:
    await bus.wire(lane="occupancy")
    await scene.automate("fire_lane_blocked", camera="camera.gate")
    camera.sees = photo()
    await bus.begin("lane", 1)
    await scene.until("5:02")
    notice = await scene.pushed("guard", lambda notice: "image" in notice.data)
    (evidence,) = await scene.entry.runtime_data.engine.evidence(scene.active[0].id)
    assert evidence.kind == "snapshot"
    assert evidence.digest == hashlib.sha256(camera.sees).hexdigest()
    # The phone fetches what its notice names, and sees what the camera saw.
    shown = await (await hass_client_no_auth()).get(notice.data["image"])
    assert await shown.read() == camera.sees


async def test_ebike_indoors(scene: Scene, box: Recognition) -> None:
    await box.watch(ebike_in_lift="occupancy")
    await scene.automate("ebike_indoors")
    await box.begin("ebike_in_lift", "ON")
    await scene.until("16:00")
    await scene.tap("guard", "ACKNOWLEDGE")
    await scene.tap("guard", "HANDLED")  # without a word, which this loop needs
    assert [one.status for one in scene.active] == ["acknowledged"]
    await scene.tap("guard", "HANDLED", "asked to take it out, refused")
    await box.say("ebike_in_lift", "OFF")
    scene.expect("""
        0:00   yard       speaker
        0:00   guard      push
        5:00   guard      voice
        15:00  secretary  push
    """)
    assert await scene.over() == [("ebike_indoors", "closed", "handled")]


async def test_unit_door_open(scene: Scene, bus: Bus) -> None:
    await bus.wire(door="door")
    await scene.automate("unit_door_open")
    await bus.begin("door", 1)
    await scene.until("21:00")
    scene.expect("""
        5:00   yard   speaker
        20:00  guard  push
    """)
    await bus.say("door", 0)
    assert await scene.over() == [("unit_door_open", "closed", "cleared")]
