"""Loops about people and homes, each from its field to its end."""

from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.components.test_report import client_of, photo, upload

from .scene import Scene


async def test_sos(scene: Scene) -> None:
    cord = await scene.modbus(cord={"device_class": "safety"})
    await scene.automate("sos")
    await scene.wired(cord, "cord", 1)
    await scene.until("3:10")
    await scene.tap("police", "ACKNOWLEDGE")
    await scene.wired(cord, "cord", 0, begin=False)
    assert scene.active  # the cord is back, the person may not be
    await scene.tap("police", "HANDLED", "she fell, an ambulance is there")
    await scene.act("secretary", "close", disposition="handled")
    scene.expect("""
        0:00  guard      push! voice
        0:00  secretary  push! voice
        3:00  police     push!
    """)
    assert await scene.ended() == [("sos", "closed", "handled")]


async def test_sos_of_a_wireless_button(scene: Scene) -> None:
    button = scene.thing("event", "button", "unknown")
    await scene.automate("sos")
    scene.begin()
    await scene.pass_time(seconds=1)
    await scene.says(button, dt_util.utcnow().isoformat(), event_type="single")
    await scene.until("1:00")
    scene.expect("""
        0:01  guard      push! voice
        0:01  secretary  push! voice
    """)


async def test_lift_entrapment(scene: Scene) -> None:
    wires = await scene.modbus(lift={"device_class": "safety"})
    await scene.automate("lift_entrapment")
    await scene.wired(wires, "lift", 1)
    await scene.until("5:00")
    await scene.tap("guard", "ACKNOWLEDGE")
    await scene.until("16:00")
    await scene.tap("fire", "HANDLED", "two people freed")
    await scene.wired(wires, "lift", 0, begin=False)
    await scene.act("secretary", "close", disposition="handled")
    scene.expect("""
        0:00   guard      push! voice
        0:00   secretary  push! voice
        15:00  fire       push!
        15:30  fire       sms
    """)
    assert await scene.ended() == [("lift_entrapment", "closed", "handled")]


async def test_elder_no_activity(scene: Scene) -> None:
    motion = scene.thing("binary_sensor", "motion", "off")
    door = scene.thing("binary_sensor", "door", "off")
    await scene.automate("elder_no_activity")
    scene.begin()
    await scene.until("20:00:00")
    await scene.says(door, "on")
    await scene.says(door, "off")
    await scene.until("43:00:00")
    assert scene.told_since() == []  # the door at 20:00:00 began the day again
    await scene.until("44:31:00")
    scene.expect("""
        44:00:00  secretary  push
        44:01:00  secretary  voice
        44:30:00  guard      push
        44:31:00  guard      voice
    """)
    await scene.tap("guard", "ACKNOWLEDGE")
    await scene.tap("guard", "HANDLED", "slept in, is well")
    await scene.says(motion, "on")
    assert await scene.ended() == [("elder_no_activity", "closed", "handled")]


async def test_lock_tamper(scene: Scene) -> None:
    lock = scene.thing("event", None, "unknown", event_types=["tamper", "wrong_code", "unlocked"])
    await scene.automate("lock_tamper")
    scene.begin()
    for _ in range(4):
        await scene.pass_time(seconds=20)
        await scene.says(lock, dt_util.utcnow().isoformat(), event_type="wrong_code")
    assert scene.told_since() == []
    await scene.pass_time(seconds=20)
    await scene.says(lock, dt_util.utcnow().isoformat(), event_type="wrong_code")
    await scene.until("13:00")
    await scene.dealt_with("police")  # a tamper that is over needs nobody to close it
    scene.expect("""
        1:40   guard   push
        2:40   guard   voice
        11:40  police  push
        12:40  police  sms
    """)
    assert await scene.ended() == [("lock_tamper", "closed", "handled")]


async def test_lock_tamper_is_believed_at_once(scene: Scene) -> None:
    lock = scene.thing("event", None, "unknown", event_types=["tamper", "wrong_code", "unlocked"])
    await scene.automate("lock_tamper")
    scene.begin()
    await scene.pass_time(seconds=1)
    await scene.says(lock, dt_util.utcnow().isoformat(), event_type="tamper")
    scene.expect("0:01 guard push")


async def test_group_rental(scene: Scene) -> None:
    lock = scene.thing("event", None, "unknown", event_types=["unlocked"])
    await scene.automate("group_rental")
    scene.begin()
    for credential in (1, 2, 3, 1, 2, 3, 4, 5, 6, 7):
        await scene.pass_time(hours=6)
        await scene.says(
            lock, dt_util.utcnow().isoformat(), event_type="unlocked", credential=credential
        )
    assert scene.told_since() == []
    scene.begin()
    await scene.pass_time(seconds=1)
    await scene.says(lock, dt_util.utcnow().isoformat(), event_type="unlocked", credential=8)
    await scene.until("72:30:00")
    assert [row for row in scene.told_since() if row[1] != "secretary"] == [
        ("72:00:01", "police", "push"),
        ("72:00:01", "urban", "push"),
        ("72:15:01", "police", "sms"),
        ("72:15:01", "urban", "sms"),
    ]
    await scene.dealt_with("urban", "seven tenants, told to leave")
    assert await scene.ended() == [("group_rental", "closed", "handled")]


async def test_garage_overstay(scene: Scene) -> None:
    bay = scene.thing("binary_sensor", "occupancy", "off")
    await scene.automate("garage_overstay")
    scene.begin()
    await scene.says(bay, "on")
    await scene.until("49:00:00")
    assert scene.told_since()[0] == ("24:00:00", "guard", "push")
    assert ("48:00:00", "secretary", "push") in scene.told_since()
    await scene.says(bay, "off")
    assert await scene.ended() == [("garage_overstay", "closed", "cleared")]


async def test_garage_overstay_of_the_wrong_kind(scene: Scene) -> None:
    bay = scene.thing("binary_sensor", "occupancy", "off")
    kind = scene.thing("sensor", None, "empty")
    await scene.automate("garage_overstay", kinds=[kind])
    scene.begin()
    await scene.says(bay, "on")
    await scene.says(kind, "fuel")
    await scene.until("11:00")
    scene.expect("10:00 guard push")
    await scene.says(kind, "ev")
    assert await scene.ended() == [("garage_overstay", "closed", "cleared")]


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
    await scene.tap("urban", "ACKNOWLEDGE")
    await scene.act("urban", "handle", note="work stopped", photo=await photo_of("urban"))
    await scene.act("urban", "close", disposition="penalty", note="decision 118, 20,000 yuan")
    assert await scene.ended() == [("illegal_renovation", "closed", "penalty")]


async def test_device_fault(scene: Scene) -> None:
    things = [scene.thing("binary_sensor", "smoke", "off") for _ in range(3)]
    battery = scene.thing("sensor", "battery", "90")
    await scene.automate("device_fault")
    scene.begin()
    for thing in things:
        await scene.says(thing, "unavailable")
    await scene.until("20:00")
    await scene.says(battery, "12")
    await scene.until("24:31:00")
    told = scene.told_since()
    assert [row for row in told if row[1] == "guard" and row[2] == "push"] == [
        ("0:30:00", "guard", "push")
    ]
    assert ("24:30:00", "secretary", "push") in told
    (incident,) = scene.active
    assert set(incident.sources) == {*things, battery}
    for thing in things:
        await scene.says(thing, "off")
    assert scene.active
    await scene.says(battery, "100")
    assert await scene.ended() == [("device_fault", "closed", "cleared")]
