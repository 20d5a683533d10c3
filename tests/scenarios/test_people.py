"""Loops about people and homes, each from its field to its end."""

from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.components.test_report import client_of, photo, upload
from tests.simulators.modbus_server import Fault

from .bus import Bus
from .recognition import Recognition
from .scene import Scene


async def test_sos(scene: Scene, bus: Bus) -> None:
    await bus.wire(cord="safety")
    await scene.automate("sos")
    await bus.begin("cord", 1)
    await scene.until("3:10")
    await scene.tap("police", "ACKNOWLEDGE")
    await bus.say("cord", 0)
    assert scene.active  # the cord is back, the person may not be
    await scene.tap("police", "HANDLED", "she fell, an ambulance is there")
    await scene.act("secretary", "close", disposition="handled")
    scene.expect("""
        0:00  guard      push! voice
        0:00  secretary  push! voice
        3:00  police     push!
    """)
    assert await scene.ended() == [("sos", "closed", "handled")]


async def test_lift_entrapment(scene: Scene, bus: Bus) -> None:
    await bus.wire(lift="safety")
    await scene.automate("lift_entrapment")
    await bus.begin("lift", 1)
    await scene.until("5:00")
    await scene.tap("guard", "ACKNOWLEDGE")
    await scene.until("16:00")
    await scene.tap("fire", "HANDLED", "two people freed")
    await bus.say("lift", 0)
    await scene.act("secretary", "close", disposition="handled")
    scene.expect("""
        0:00   guard      push! voice
        0:00   secretary  push! voice
        15:00  fire       push!
        15:30  fire       sms
    """)
    assert await scene.ended() == [("lift_entrapment", "closed", "handled")]


async def test_elder_no_activity(scene: Scene, bus: Bus) -> None:
    await bus.wire(motion="motion", door="door")
    await scene.automate("elder_no_activity")
    scene.begin()
    await scene.until("20:00:00")
    await bus.say("door", 1)
    await bus.say("door", 0)
    await scene.until("43:00:00")
    assert scene.told_since() == []  # the door at 20:00:00 began the day again
    await scene.until("46:01:02")
    scene.expect("""
        44:00:00  secretary  push
        44:01:00  secretary  voice
        44:30:00  guard      push
        44:31:00  guard      voice
        46:00:00  civil      push
        46:01:00  civil      sms
    """)
    await scene.dealt_with("civil", "slept in, is well")
    await bus.say("motion", 1)
    assert await scene.ended() == [("elder_no_activity", "closed", "handled")]


async def test_garage_overstay(scene: Scene, bus: Bus) -> None:
    await bus.wire(bay="occupancy")
    await scene.automate("garage_overstay")
    await bus.begin("bay", 1)
    await scene.until("49:00:00")
    scene.expect("""
        24:00:00  guard      push
        24:15:00  guard      voice
        48:00:00  secretary  push
        48:15:00  secretary  voice
    """)
    await bus.say("bay", 0)
    assert await scene.over() == [("garage_overstay", "closed", "cleared")]


async def test_garage_overstay_of_the_wrong_kind(scene: Scene, bus: Bus, box: Recognition) -> None:
    await bus.wire(bay="occupancy")
    await box.watch(kind=None)
    await scene.automate("garage_overstay", kinds=[box.entities["kind"]])
    await bus.begin("bay", 1)
    await box.say("kind", "fuel")
    await scene.until("11:00")
    scene.expect("10:00 guard push")
    await box.say("kind", "ev")
    assert await scene.over() == [("garage_overstay", "closed", "cleared")]


async def test_illegal_renovation(scene: Scene, hass_client: ClientSessionGenerator) -> None:
    async def photo_of(who: str) -> str:
        client = await client_of(scene.hass, hass_client, scene.users[who])
        answer = await upload(client, photo())
        return str((await answer.json())["photo"])

    await scene.automate("illegal_renovation")
    scene.begin()
    await scene.pass_time(seconds=1)
    seen = {"zone": scene.area.id, "x": 0.4, "y": 0.7, "text": "a bearing wall is broken"}
    answer = await scene.call(
        "guard", "report", loop="illegal_renovation", photo=await photo_of("guard"), **seen
    )
    assert answer["incident"] == scene.active[0].id
    await scene.until("0:05")
    scene.expect("""
        0:01  urban      push
        0:01  secretary  push
    """)
    # Urban management is shown what was seen.
    await scene.pushed("urban", lambda notice: "image" in notice.data)
    await scene.tap("urban", "ACKNOWLEDGE")
    await scene.act("urban", "handle", note="work stopped", photo=await photo_of("urban"))
    await scene.act("urban", "close", disposition="penalty", note="decision 118, 20,000 yuan")
    assert await scene.ended() == [("illegal_renovation", "closed", "penalty")]


async def test_device_fault(scene: Scene, bus: Bus) -> None:
    await bus.wire(room_203="smoke", room_205="smoke", room_207="smoke")
    await scene.automate("device_fault")
    bus.unit.fault = Fault.SILENT
    for entity_id in bus.entities.values():
        await scene.seen(entity_id, lambda state: state == "unavailable")
    scene.begin()
    await scene.until("24:31:00")
    scene.expect("""
        30:00     guard      push
        35:00     guard      voice
        24:30:00  secretary  push
    """)
    (incident,) = scene.active
    assert len(incident.sources) == 1  # a unit is one fault, not its points
    bus.unit.fault = None
    for entity_id in bus.entities.values():
        await scene.seen(entity_id, lambda state: state == "off")
    await scene.settle()
    assert await scene.over() == [("device_fault", "closed", "cleared")]
