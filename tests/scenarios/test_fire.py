"""Fire loops, each from its field to its end."""

from .bus import Bus
from .scene import Scene


async def test_smoke_single(scene: Scene, bus: Bus) -> None:
    await bus.wire(room_203="smoke")
    await scene.automate("smoke_single")
    await bus.begin("room_203", 1)
    await scene.until("0:40")
    await scene.tap("guard", "ACKNOWLEDGE")
    await scene.until("5:00")
    await scene.tap("guard", "HANDLED", "burnt rice")
    await bus.say("room_203", 0)
    assert [one.status for one in scene.active] == ["handled"]  # a person must look, and close
    await scene.act("secretary", "close", disposition="false_alarm")
    scene.expect("""
        0:00  guard  push
        0:15  guard  voice
    """)
    assert await scene.ended() == [("smoke_single", "closed", "false_alarm")]


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
    await scene.until("2:20")
    await scene.dealt_with("fire", "a broken head, shut off")
    await bus.say("flow", 0)
    await scene.act("secretary", "close", disposition="handled")
    scene.expect("""
        0:05  guard      push!
        0:20  secretary  voice sms
        0:35  guard      voice
        2:05  fire       push!
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


async def test_fire_water_pressure(scene: Scene, bus: Bus) -> None:
    await bus.wire(
        hydrant={"device_class": "pressure", "unit_of_measurement": "MPa", "scale": 0.001}
    )
    await bus.begin("hydrant", 350)
    await scene.automate("fire_water_pressure")
    await bus.begin("hydrant", 40)
    await scene.until("36:00")
    scene.expect("""
        5:00   guard      push
        10:00  guard      voice
        35:00  secretary  push
    """)
    await bus.say("hydrant", 75)
    assert scene.active  # above the limit, not yet past the recovery
    await bus.say("hydrant", 350)
    assert await scene.ended() == [("fire_water_pressure", "closed", "cleared")]


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
    assert await scene.ended() == [("electrical_fire", "closed", "handled")]
