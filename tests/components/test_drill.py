"""Drills from the action to the report, beside a real alarm in the same place."""

from collections.abc import Callable
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.smart_community import logbook, system_health
from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.data import EVENT_INCIDENT

from .conftest import PEOPLE, FarEnd, run_automations
from .test_incident import LADDER, act, member, pass_time, smoke
from .test_surfaces import say


async def drill(
    hass: HomeAssistant, community: MockConfigEntry, up_to: str = "committee", **more: object
) -> dict[str, object]:
    data = {"loop": "smoke_single", "zone": "yard", "up_to": up_to, "ladder": LADDER, **more}
    return await act(hass, community, "drill", **data)


async def test_a_drill_says_everywhere_that_it_is_one_and_reports_who_was_reached(
    hass: HomeAssistant,
    community: MockConfigEntry,
    far_end: FarEnd,
    freezer: FrozenDateTimeFactory,
) -> None:
    number = (await drill(hass, community))["number"]
    assert far_end.calls[-1]["title"].startswith("EXERCISE")
    await pass_time(hass, community, freezer, seconds=20)
    guard = await member(hass, community, "guard")
    await act(hass, community, "acknowledge", guard, incident=number)
    found = await act(hass, community, "get_incident", incident=number)
    assert found["drill"]
    (row,) = found["reached"]
    assert (row["responder"], row["told_after"], row["by"]) == ("guard", 0, "answer")
    assert row["reached_after"] >= 20


async def test_a_real_alarm_in_the_middle_of_a_drill_is_an_incident_of_its_own(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    number = (await drill(hass, community))["number"]
    real = await smoke(hass, community, zone="yard")
    assert real["verdict"] == "opened"
    assert real["number"] != number
    assert not far_end.calls[-1]["title"].startswith("EXERCISE")


async def test_a_drill_counts_in_no_figure_and_starts_no_automation(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    heard: list[Event] = []

    @callback
    def hear(event: Event) -> None:
        heard.append(event)

    hass.bus.async_listen("heard", hear)
    row = {
        "alias": "Told",
        "triggers": {
            "trigger": "smart_community.incident_opened",
            "options": {"loop": ["smoke_single"]},
        },
        "actions": {"event": "heard"},
    }
    await run_automations(hass, row)
    await drill(hass, community)
    assert hass.states.get("sensor.estate_open_incidents").state == "0"
    assert hass.states.get("sensor.estate_oldest_open_incident").state == "unknown"
    assert (await system_health._info(hass))["open_incidents"] == 0
    assert heard == []
    await smoke(hass, community)
    assert len(heard) == 1


async def test_home_assistants_own_surfaces_say_that_it_is_an_exercise(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    events = async_capture_events(hass, EVENT_INCIDENT)
    number = (await drill(hass, community))["number"]
    state = hass.states.get("event.estate_smoke_detector_incident")
    assert (state.attributes["event_type"], state.attributes["exercise"]) == ("escalated", True)
    described: dict[str, Callable[[Event], dict[str, str]]] = {}
    logbook.async_describe_events(hass, lambda _domain, event, say: described.update({event: say}))
    lines = [described[EVENT_INCIDENT](event)["name"] for event in events]
    assert lines == [f"EXERCISE: {number} Smoke detector"] * 2
    listed = await hass.services.async_call(
        "todo",
        "get_items",
        {"entity_id": "todo.guard_incidents"},
        blocking=True,
        return_response=True,
    )
    (order,) = listed["todo.guard_incidents"]["items"]
    assert order["summary"] == f"EXERCISE: {number} Smoke detector"
    guard = await member(hass, community, "guard")
    said = await say(hass, "what is open", guard)
    assert said == "1 open: EXERCISE: Smoke detector in yard, open."
    await smoke(hass, community)
    state = hass.states.get("event.estate_smoke_detector_incident")
    assert state.attributes["exercise"] is False


async def test_it_ends_by_itself(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    number = (await drill(hass, community, "property"))["number"]
    for _ in range(8):
        await pass_time(hass, community, freezer, seconds=600)
    found = await act(hass, community, "get_incident", incident=number)
    assert (found["status"], found["disposition"]) == ("closed", "test")


async def test_a_drill_climbs_what_is_in_force_in_its_own_community(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    other = MockConfigEntry(
        domain=DOMAIN, title="Other", data={"kind": "community"}, subentries_data=PEOPLE
    )
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)

    def automation(alias: str, entry: MockConfigEntry, after: int, *, on: bool) -> dict[str, Any]:
        ladder = [{"tier": "property", "after": 0}, {"tier": "committee", "after": after}]
        said = {"loop": "smoke_multiple", "source": "binary_sensor.d1", "ladder": ladder}
        return {
            "alias": alias,
            "initial_state": on,
            "triggers": {"trigger": "event", "event_type": "smoke"},
            "actions": {
                "action": "smart_community.signal",
                "data": {**said, "community": entry.entry_id},
            },
        }

    rows = [
        automation("Of last year", community, 1, on=False),
        automation("Own", community, 15, on=True),
        automation("Theirs", other, 300, on=True),
    ]
    await run_automations(hass, *rows)
    data = {"loop": "smoke_multiple", "zone": "yard", "up_to": "committee"}
    for entry, after in ((community, 15), (other, 300)):
        begun = await act(hass, entry, "drill", **data, community=entry.entry_id)
        ladder = entry.runtime_data.engine.running(begun["incident"]).policy.ladder
        assert [step.after.total_seconds() for step in ladder] == [0, after]
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.own"}, blocking=True
    )
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "drill", **data, community=community.entry_id)
    assert refused.value.translation_key == "drill_no_ladder"


async def test_without_a_ladder_somewhere_nobody_can_be_exercised(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    data = {"loop": "smoke_single", "zone": "yard", "up_to": "property"}
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "drill", **data)
    assert refused.value.translation_key == "drill_no_ladder"
    only_above = [{"tier": "township", "after": 0}]
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "drill", **data, ladder=only_above)
    assert refused.value.translation_key == "drill_empty"
