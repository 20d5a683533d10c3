"""The same for the loops whose detection is no alarm that begins and ends.

Averages, silence, a person's report and faults: out of reach, restart in the middle, a thousand in
a second.
"""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from custom_components.smart_community.const import DOMAIN

from .scene import Scene

_STEP = timedelta(seconds=10)
_LOST = ("unavailable", "unknown")


def meter(scene: Scene, level: str = "48.0") -> str:
    return scene.thing("sensor", "sound_pressure", level, unit_of_measurement="dB")


@pytest.mark.claims("reach")
async def test_square_dance_noise_of_a_meter_out_of_reach_is_none(scene: Scene) -> None:
    await scene.at_clock("19:00")
    square = meter(scene)
    await scene.automate("square_dance_noise")
    await scene.says(square, "72.0")
    await scene.pass_time(seconds=30, steps=_STEP)
    for state in (*_LOST, "unavailable"):
        await scene.says(square, state)
        await scene.pass_time(minutes=3, steps=_STEP)
    assert scene.active == []


@pytest.mark.claims("restart")
async def test_square_dance_noise_is_averaged_over_a_restart(scene: Scene) -> None:
    await scene.at_clock("19:00")
    square = meter(scene)
    await scene.automate("square_dance_noise")
    scene.begin()
    await scene.says(square, "72.0")
    await scene.pass_time(seconds=90, steps=_STEP)
    await scene.restart()
    assert scene.active == []
    await scene.pass_time(seconds=150, steps=_STEP)
    (incident,) = scene.active
    await scene.restart()
    await scene.pass_time(minutes=6, steps=_STEP)
    assert [one.id for one in scene.active] == [incident.id]
    assert [row[1:] for row in scene.told_since()] == [("yard", "speaker"), ("guard", "push")]


@pytest.mark.claims("storm")
@pytest.mark.parametrize("loop", ["square_dance_noise", "renovation_noise"])
async def test_meters_read_a_thousand_times_in_a_second_are_one_incident(
    scene: Scene, loop: str
) -> None:
    await scene.at_clock("19:00")
    meters = [meter(scene) for _ in range(20)]
    await scene.automate(loop)
    scene.begin()
    for number in range(50):
        for one in meters:
            level = {"device_class": "sound_pressure"}
            scene.hass.states.async_set(one, f"{80 + number % 2}.0", level)
    await scene.settle()
    await scene.pass_time(minutes=4, steps=_STEP)
    (incident,) = scene.active
    assert set(incident.sources) == set(meters)
    assert len(scene.told_since()) == 1


@pytest.mark.claims("hours")
@pytest.mark.parametrize("loop", ["square_dance_noise", "renovation_noise"])
async def test_a_noise_is_none_out_of_the_hours_that_are_watched(scene: Scene, loop: str) -> None:
    await scene.at_clock({"square_dance_noise": "14:00", "renovation_noise": "10:00"}[loop])
    place = meter(scene)
    await scene.automate(loop)
    await scene.says(place, "85.0")
    await scene.pass_time(minutes=9, steps=_STEP)
    assert scene.active == []
    assert scene.told_since() == []


@pytest.mark.claims("reach", "restart")
async def test_renovation_noise_of_a_meter_out_of_reach_is_none_and_a_restart_keeps_it(
    scene: Scene,
) -> None:
    await scene.at_clock("12:10")
    stairwell = meter(scene)
    await scene.automate("renovation_noise")
    for state in _LOST:
        await scene.says(stairwell, state)
        await scene.pass_time(minutes=2, steps=_STEP)
    assert scene.active == []
    await scene.says(stairwell, "85.0")
    await scene.pass_time(seconds=90, steps=_STEP)
    await scene.restart()
    await scene.pass_time(seconds=150, steps=_STEP)
    (incident,) = scene.active
    await scene.restart()
    await scene.pass_time(minutes=31, steps=timedelta(minutes=1))
    assert [one.id for one in scene.active] == [incident.id]
    told = [who for _, who, _ in scene.told_since()]
    assert (told.count("guard"), told.count("urban")) == (2, 1)


@pytest.mark.claims("hours")
async def test_elder_no_activity_is_none_of_a_season_in_which_it_rests(scene: Scene) -> None:
    scene.thing("binary_sensor", "motion", "off")
    await scene.plan_for_summer_evenings()
    await scene.automate("elder_no_activity")
    await scene.pass_time(hours=49, steps=timedelta(hours=1))
    assert scene.active == []


@pytest.mark.claims("reach", "restart")
async def test_elder_no_activity_counts_through_a_restart_and_no_lost_radio_as_life(
    scene: Scene,
) -> None:
    motion = scene.thing("binary_sensor", "motion", "off")
    await scene.automate("elder_no_activity")
    scene.begin()
    await scene.until("12:00:00")
    for state in (*_LOST, "off"):
        await scene.says(motion, state)
    await scene.restart()
    await scene.until("23:59:00")
    assert scene.active == []
    await scene.until("24:01:00")
    (incident,) = scene.active
    await scene.restart()
    await scene.until("24:31:00")
    assert [one.id for one in scene.active] == [incident.id]
    pushes = [who for _, who, ways in scene.told_since() if "push" in ways]
    assert pushes == ["secretary", "guard"]


@pytest.mark.claims("storm")
async def test_elder_no_activity_takes_a_thousand_signs_of_life_in_a_second(scene: Scene) -> None:
    things = [scene.thing("binary_sensor", "motion", "off") for _ in range(1000)]
    await scene.automate("elder_no_activity")
    await scene.pass_time(hours=23)
    for thing in things:
        scene.hass.states.async_set(thing, "on", {"device_class": "motion"})
    await scene.settle()
    await scene.pass_time(hours=23)
    assert scene.active == []
    await scene.pass_time(hours=1, minutes=1)
    assert len(scene.active) == 1


@pytest.mark.claims("storm")
async def test_illegal_renovation_is_one_incident_over_a_restart_and_a_thousand_reports_in_a_second(
    scene: Scene,
) -> None:
    await scene.automate("illegal_renovation")
    scene.begin()
    seen = {"loop": "illegal_renovation", "zone": scene.area.id, "text": "a wall is broken"}
    first = await scene.call("guard", "report", **seen)
    await scene.restart()
    context = Context(user_id=scene.users["guard"].id)
    report = partial(scene.hass.services.async_call, DOMAIN, "report", seen, context=context)
    calls = [asyncio.create_task(report(blocking=True, return_response=True)) for _ in range(1000)]
    await scene.comes(lambda: all(one.done() for one in calls), lambda: "some reports wait")
    answers = [await one for one in calls]
    await scene.settle()
    # Each who reports is told the number of the one incident: nobody's word is dropped.
    assert {(one["verdict"], one["incident"]) for one in answers} == {("joined", first["incident"])}
    (incident,) = scene.active
    timeline = await scene.entry.runtime_data.engine.timeline(incident.id)
    assert [line.kind for line in timeline].count("reported") == 1001
    assert sorted(row[1:] for row in scene.told_since()) == [
        ("secretary", "push"),
        ("urban", "push"),
    ]


@pytest.mark.claims("hours")
async def test_illegal_renovation_that_is_reported_while_its_loop_rests_is_refused_with_a_reason(
    scene: Scene,
) -> None:
    await scene.plan_for_summer_evenings()
    await scene.automate("illegal_renovation")
    with pytest.raises(HomeAssistantError) as refused:
        await scene.call("guard", "report", loop="illegal_renovation", zone=scene.area.id)
    assert refused.value.translation_key == "report_muted"
    assert scene.told_since() == []


@pytest.mark.claims("restart")
async def test_illegal_renovation_is_heard_of_after_the_night_that_its_department_was_away(
    scene: Scene,
) -> None:
    """A restart in the middle of the ladder, with what was due meanwhile overdue."""
    await scene.automate("illegal_renovation")
    scene.begin()
    await scene.call("guard", "report", loop="illegal_renovation", zone=scene.area.id)
    await scene.pass_time(days=6)
    await scene.restart()
    await scene.pass_time(days=1, seconds=1)
    ways = [ways.split() for _, who, ways in scene.told_since() if who == "head"]
    assert [sorted(one) for one in ways] == [["push", "sms"]]


@pytest.mark.claims("restart", "storm")
async def test_device_fault_of_a_thousand_is_one_incident_over_a_restart(scene: Scene) -> None:
    things = [scene.thing("binary_sensor", "smoke", "off") for _ in range(1000)]
    await scene.automate("device_fault")
    scene.begin()
    for thing in things:
        scene.hass.states.async_set(thing, "unavailable", {"device_class": "smoke"})
    await scene.settle()
    await scene.until("15:00")
    await scene.restart()
    assert scene.active == []
    await scene.until("31:00")
    (incident,) = scene.active
    assert set(incident.sources) == set(things)
    await scene.restart()
    await scene.until("24:31:00")
    assert [one.id for one in scene.active] == [incident.id]
    scene.expect("""
        30:00     guard      push
        35:00     guard      voice
        24:30:00  secretary  push
    """)


async def test_device_fault_of_a_hundred_that_come_and_go_tells_nobody_and_of_the_rest_once(
    scene: Scene,
) -> None:
    """Devices of another integration whose radio is weak: never gone for long, all day."""
    weak = [scene.thing("binary_sensor", "smoke", "off") for _ in range(100)]
    gone = scene.thing("binary_sensor", "moisture", "off")
    await scene.automate("device_fault")
    scene.begin()
    await scene.says(gone, "unavailable")
    for _ in range(6):
        for state in ("unavailable", "off"):
            for thing in weak:
                scene.hass.states.async_set(thing, state, {"device_class": "smoke"})
            await scene.settle()
            await scene.pass_time(minutes=10)
    (incident,) = scene.active
    assert list(incident.sources) == [gone]
    assert [who for _, who, ways in scene.told_since() if "push" in ways] == ["guard"]


async def test_device_fault_of_fifty_that_nobody_has_placed_is_one_digest(scene: Scene) -> None:
    things = [scene.thing("binary_sensor", "smoke", "off") for _ in range(50)]
    for thing in things:
        er.async_get(scene.hass).async_update_entity(thing, area_id=None)
    await scene.automate("device_fault", detectors={"entity_id": things})
    scene.begin()
    for thing in things:
        scene.hass.states.async_set(thing, "unavailable", {"device_class": "smoke"})
    await scene.settle()
    await scene.until("36:00")
    (incident,) = scene.active
    assert (incident.zone_name, set(incident.sources)) == (scene.entry.title, set(things))
    scene.expect("""
        30:00  guard  push
        35:00  guard  voice
    """)


@pytest.mark.claims("hours")
async def test_device_fault_is_none_while_its_loop_rests(scene: Scene) -> None:
    thing = scene.thing("binary_sensor", "smoke", "off")
    await scene.plan_for_summer_evenings()
    await scene.automate("device_fault")
    await scene.says(thing, "unavailable")
    await scene.pass_time(hours=1)
    assert scene.active == []
    assert scene.told_since() == []


@pytest.mark.claims("reach")
async def test_device_fault_is_none_while_nothing_is_known(scene: Scene) -> None:
    thing = scene.thing("binary_sensor", "smoke", "off")
    await scene.automate("device_fault")
    await scene.says(thing, "unknown")
    await scene.pass_time(hours=1)
    await scene.says(thing, "unavailable")
    await scene.pass_time(minutes=20)
    await scene.says(thing, "off")
    await scene.pass_time(hours=1)
    assert scene.active == []
