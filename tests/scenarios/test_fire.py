"""Fire loops, each from its field to its end."""

import pytest
from homeassistant.exceptions import ServiceValidationError

from .bus import Bus
from .scene import Scene


async def test_smoke_single(scene: Scene, bus: Bus) -> None:
    await bus.wire(room_203="smoke")
    await scene.automate("smoke_single")
    await bus.begin("room_203", 1)
    # The push has no receipt within a minute: the committee is not waited with for three.
    await scene.until("3:10")
    await scene.tap("guard", "ACKNOWLEDGE")
    await scene.tap("guard", "HANDLED", "burnt rice")
    await bus.say("room_203", 0)
    assert [one.status for one in scene.active] == ["handled"]  # a person must look, and close
    await scene.act("secretary", "close", disposition="false_alarm")
    scene.expect("""
        0:00  guard      push
        0:15  guard      voice
        1:00  secretary  push
        2:00  secretary  voice
    """)
    assert await scene.ended() == [("smoke_single", "closed", "false_alarm")]


async def test_smoke_single_tells_the_committee_in_its_time_while_receipts_are_waited_for(
    scene: Scene, bus: Bus
) -> None:
    await bus.wire(room_203="smoke")
    await scene.automate("smoke_single", receipt_within={"minutes": 5})
    await bus.begin("room_203", 1)
    await scene.until("3:10")
    scene.expect("""
        0:00  guard      push
        0:15  guard      voice
        3:00  secretary  push
    """)


async def test_smoke_multiple(scene: Scene, bus: Bus) -> None:
    await bus.wire(room_203="smoke", room_205="smoke")
    await scene.automate("smoke_single", "smoke_multiple")
    await bus.begin("room_203", 1)
    await scene.until("0:10")
    scene.expect("0:00 guard push")
    await bus.begin("room_205", 1)
    await scene.until("12:00")
    await scene.dealt_with("head", "fire is out")
    for room in bus.entities:
        await bus.say(room, 0)
    await scene.act("secretary", "close", disposition="handled")
    scene.expect("""
        0:00   guard      push!
        0:15   secretary  voice sms
        0:30   guard      voice
        2:00   fire       push!
        2:30   fire       sms
        10:00  head       push! sms voice
    """)
    assert await scene.ended() == [
        ("smoke_single", "superseded", None),
        ("smoke_multiple", "closed", "handled"),
    ]


async def test_sprinkler_flow(scene: Scene, bus: Bus) -> None:
    await bus.wire(flow="running")
    await scene.automate("sprinkler_flow")
    await bus.begin("flow", 1)
    await scene.until("10:30")
    await scene.dealt_with("fire", "a broken head, shut off")
    await bus.say("flow", 0)
    await scene.act("secretary", "close", disposition="handled")
    scene.expect("""
        0:05   guard      push!
        0:20   secretary  voice sms
        0:35   guard      voice
        2:05   fire       push!
        2:35   fire       sms
        10:05  head       push! sms voice
    """)
    assert await scene.ended() == [("sprinkler_flow", "closed", "handled")]


async def test_gas_leak(scene: Scene, bus: Bus) -> None:
    await bus.wire(gas="gas")
    await scene.automate("gas_leak")
    await bus.begin("gas", 1)
    await scene.until("12:00")
    await scene.dealt_with("fire", "valve closed")
    await bus.say("gas", 0)
    await scene.act("secretary", "close", disposition="handled")
    scene.expect("""
        0:00   guard      push!
        0:15   secretary  voice sms
        0:30   guard      voice
        2:00   fire       push!
        2:30   fire       sms
        10:00  head       push! sms voice
    """)
    assert await scene.ended() == [("gas_leak", "closed", "handled")]


async def test_gas_leak_and_fire_on_one_floor_are_one_emergency(scene: Scene, bus: Bus) -> None:
    await bus.wire(gas="gas", room_203="smoke", room_205="smoke")
    await scene.automate("gas_leak", "smoke_single", "smoke_multiple")
    await bus.begin("gas", 1)
    await scene.until("0:05")
    scene.expect("0:00 guard push!")
    await bus.begin("room_203", 1)
    # Gas and smoke together do not wait for the committee's fifteen seconds.
    told = {(who, way) for _, who, ways in scene.told_since() for way in ways.split()}
    assert told == {
        ("guard", "push"),
        ("guard", "push!"),
        ("guard", "voice"),
        ("secretary", "voice"),
        ("secretary", "sms"),
    }
    await bus.say("room_205", 1)
    running = {one.loop: one for one in scene.active}
    gas, fire = running["gas_leak"], running["smoke_multiple"]
    assert fire.joint == {gas.id: "gas_leak"}
    assert gas.joint[fire.id] == "smoke_multiple"


async def test_fire_water_pressure(scene: Scene, bus: Bus) -> None:
    await bus.wire(
        hydrant={"device_class": "pressure", "unit_of_measurement": "MPa", "scale": 0.001}
    )
    await bus.begin("hydrant", 350)
    await scene.automate("fire_water_pressure")
    await bus.begin("hydrant", 40)
    await scene.until("24:11:00")
    scene.expect("""
        5:00      guard      push
        10:00     guard      voice
        35:00     secretary  push
        40:00     secretary  voice
        24:05:00  fire       push
        24:10:00  fire       sms
    """)
    await bus.say("hydrant", 75)
    assert scene.active  # above the limit, not yet past the recovery
    await bus.say("hydrant", 350)
    assert await scene.over() == [("fire_water_pressure", "closed", "cleared")]


async def test_electrical_fire(scene: Scene, bus: Bus) -> None:
    await bus.wire(
        leakage={"device_class": "current", "unit_of_measurement": "A", "scale": 0.001},
        cable={"device_class": "temperature", "unit_of_measurement": "°C"},
    )
    await scene.automate("electrical_fire")
    await bus.begin("leakage", 450)
    await scene.until("10:00")
    await bus.say("cable", 80)
    await scene.until("33:00")
    await scene.dealt_with("guard")
    await bus.say("cable", 30)
    assert scene.active  # the leakage is still there
    await bus.say("leakage", 20)
    scene.expect("""
        1:00   guard  push
        2:00   guard  voice
        31:00  fire   push
        32:00  fire   sms
    """)
    assert await scene.over() == [("electrical_fire", "closed", "handled")]


async def test_what_was_agreed_of_one_limit_leaves_the_loops_other_limits_as_they_are(
    scene: Scene,
) -> None:
    leakage = scene.thing("sensor", "current", "0.1", unit_of_measurement="A")
    cable = scene.thing("sensor", "temperature", "20", unit_of_measurement="°C")
    tank = scene.thing("sensor", "distance", "180", unit_of_measurement="cm")
    said = {"loop": "electrical_fire", "threshold": "limit", "agreed_by": "Owners, 12 March"}
    with pytest.raises(ServiceValidationError) as refused:
        await scene.call("secretary", "agree", **said, value=500)
    assert refused.value.translation_key == "agreement_no_limit"
    await scene.automate("electrical_fire", "water_supply_fault")
    with pytest.raises(ServiceValidationError) as refused:
        await scene.call("secretary", "agree", **said, value=500)
    assert refused.value.translation_key == "agreement_ambiguous"
    assert refused.value.translation_placeholders["known"] == "mA, °C"
    with pytest.raises(ServiceValidationError) as refused:
        await scene.call("secretary", "agree", **said, value=500, unit="A")
    assert refused.value.translation_key == "agreement_unit"
    await scene.call("secretary", "agree", **said, value=500, unit="mA")
    # Of a range each end is agreed by itself; its unit is the only one with an upper end.
    water = {**said, "loop": "water_supply_fault", "threshold": "upper_limit"}
    await scene.call("secretary", "agree", **water, value=4)
    await scene.says(leakage, "0.45")
    await scene.says(tank, "350")
    await scene.pass_time(minutes=11)
    assert scene.active == []
    await scene.says(cable, "80")
    await scene.pass_time(minutes=2)
    (incident,) = scene.active
    assert list(incident.sources) == [cable]
    view = await scene.call("secretary", "get_incident", incident=incident.number)
    (quoted,) = [one["line"] for one in view["timeline"] if one["kind"] == "agreed"]
    assert quoted.endswith("500 mA")
    await scene.says(tank, "450")
    await scene.pass_time(minutes=11)
    assert [one.loop for one in scene.active] == ["electrical_fire", "water_supply_fault"]
