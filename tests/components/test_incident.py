"""An incident's way through the real integration: actions, taps, permissions, entities."""

from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
)

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.core.storm import COUNT
from custom_components.smart_community.repairs import async_create_fix_flow

from .conftest import FarEnd, responder, run_automations

LADDER = [
    {"tier": "property", "after": 0, "channels": ["sms"]},
    {"tier": "committee", "after": "00:03:00", "channels": ["sms"], "unless": "acknowledged"},
]


async def settle(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait until the engine has nothing left to record or send."""
    for _ in range(3):
        await hass.async_block_till_done(wait_background_tasks=True)
        await entry.runtime_data.engine.timeline("-")


async def act(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, user: User | None = None, **data: Any
) -> dict[str, Any]:
    answer = await hass.services.async_call(
        DOMAIN,
        action,
        data,
        blocking=True,
        return_response=True,
        context=Context(user_id=user.id if user else None),
    )
    await settle(hass, entry)
    return answer


async def smoke(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    source: str | list[str] = "binary_sensor.d1",
    **more: Any,
) -> dict[str, Any]:
    data = {"loop": "smoke_single", "source": source, "raised": True, "ladder": LADDER, **more}
    return await act(hass, entry, "signal", **data)


async def test_many_zones_in_one_call_are_taken_in_together(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    engine, commits = community.runtime_data.engine, []
    sources = [f"binary_sensor.d{number}" for number in range(COUNT)]
    engine.changed.append(lambda: commits.append(len(engine.active)))
    answer = await smoke(hass, community, sources, zone_by="source")
    assert answer["verdict"] == "opened"
    assert {zone["verdict"] for zone in answer["zones"]} == {"opened"}
    assert commits[0] == COUNT
    assert {one.zone for one in engine.active} == {f"source:{one}" for one in sources}


async def person(hass: HomeAssistant, name: str) -> User:
    """An ordinary user of Home Assistant."""
    group = await hass.auth.async_get_group("system-users")
    return MockUser(name=name, groups=[group]).add_to_hass(hass)


async def member(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> User:
    """A Home Assistant user who belongs to a responder of the community."""
    user = await person(hass, f"user of {key}")
    (subentry,) = [one for one in entry.subentries.values() if one.data["key"] == key]
    hass.config_entries.async_update_subentry(
        entry, subentry, data={**subentry.data, "users": [user.id]}
    )
    await hass.async_block_till_done()
    return user


async def pass_time(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, **span: float
) -> None:
    """Let time pass second by second where it matters: the engine's timer sees each due time."""
    freezer.tick(timedelta(**span))
    async_fire_time_changed(hass)
    await settle(hass, entry)


async def test_a_signal_opens_an_incident_and_the_next_tier_follows_at_its_time(
    hass: HomeAssistant,
    community: MockConfigEntry,
    far_end: FarEnd,
    freezer: FrozenDateTimeFactory,
) -> None:
    answer = await smoke(hass, community)
    assert answer["verdict"] == "opened"
    assert [call["kind"] for call in far_end.calls] == ["guard"]
    await pass_time(hass, community, freezer, seconds=59)
    await pass_time(hass, community, freezer, seconds=10)  # no receipt: the next channel
    assert [call["kind"] for call in far_end.calls] == ["guard", "voice"]
    await pass_time(hass, community, freezer, seconds=110)
    await pass_time(hass, community, freezer, seconds=2)
    assert far_end.calls[-1]["kind"] == "secretary"


async def test_reloading_the_community_loses_nothing(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    answer = await smoke(hass, community)
    assert await hass.config_entries.async_reload(community.entry_id)
    await settle(hass, community)
    found = await act(hass, community, "get_incident", incident=answer["number"])
    assert found["id"] == answer["incident"]
    assert found["status"] == "open"
    again = await smoke(hass, community, reason="found_at_start")
    assert (again["verdict"], again["incident"]) == ("known", answer["incident"])


async def test_the_people_of_the_community_acknowledge_handle_and_close(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    guard = await member(hass, community, "guard")
    answer = await smoke(hass, community)
    number = answer["number"]
    said = await act(hass, community, "acknowledge", guard, incident=number)
    assert said["verdict"] == "acknowledged"
    assert (await act(hass, community, "handle", guard, incident=number))["verdict"] == "handled"
    closed = await act(hass, community, "close", guard, incident=number, disposition="false_alarm")
    assert closed["verdict"] == "closed"
    found = await act(hass, community, "get_incident", incident=number)
    assert (found["status"], found["disposition"]) == ("closed", "false_alarm")
    kinds = [entry["kind"] for entry in found["timeline"]]
    assert kinds[0] == "opened"
    assert [k for k in kinds if k in {"acknowledged", "handled", "closed"}] == [
        "acknowledged",
        "handled",
        "closed",
    ]
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "acknowledge", guard, incident=number)
    assert refused.value.translation_key == "incident_ended"


@pytest.mark.parametrize("action", ["acknowledge", "handle", "escalate"])
async def test_a_stranger_is_refused_and_the_timeline_says_so(
    hass: HomeAssistant, community: MockConfigEntry, action: str
) -> None:
    stranger = await person(hass, "stranger")
    answer = await smoke(hass, community)
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, action, stranger, incident=answer["number"])
    assert refused.value.translation_key == "not_permitted_outsider"
    found = await act(hass, community, "get_incident", incident=answer["number"])
    assert found["status"] == "open"
    assert found["timeline"][-1]["kind"] == "refused"


async def test_an_administrator_needs_a_reason_and_an_automation_cannot_acknowledge(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    owner = MockUser(name="owner", is_owner=True).add_to_hass(hass)
    number = (await smoke(hass, community))["number"]
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "acknowledge", owner, incident=number)
    assert refused.value.translation_key == "needs_reason"
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "acknowledge", incident=number)
    assert refused.value.translation_key == "not_permitted_automation"
    said = await act(hass, community, "acknowledge", owner, incident=number, note="on duty")
    assert said["verdict"] == "acknowledged"


async def test_a_removed_user_is_refused(hass: HomeAssistant, community: MockConfigEntry) -> None:
    guard = await member(hass, community, "guard")
    number = (await smoke(hass, community))["number"]
    await hass.auth.async_remove_user(guard)
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "acknowledge", guard, incident=number)
    assert refused.value.translation_key == "not_permitted_removed"


async def test_a_department_may_not_act_on_another_departments_incident(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    water = await member(hass, community, "water")
    number = (await smoke(hass, community))["number"]
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "handle", water, incident=number)
    assert refused.value.translation_key == "not_permitted_department"
    listed = await act(hass, community, "list_incidents", water)
    assert listed["incidents"] == []


async def _tap(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, user: User | None, words: str = ""
) -> None:
    hass.bus.async_fire(
        "mobile_app_notification_action",
        {"action": action, "reply_text": words},
        context=Context(user_id=user.id if user else None),
    )
    await settle(hass, entry)


async def test_a_button_of_one_place_says_nothing_about_the_storm_that_it_is_part_of(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    guard = await member(hass, community, "guard")
    sources = [f"binary_sensor.d{number}" for number in range(COUNT + 2)]
    await smoke(hass, community, sources, zone_by="source")
    engine = community.runtime_data.engine
    storm = next(one for one in engine.active if one.storm)
    await _tap(hass, community, f"SMART_COMMUNITY_FALSE_{storm.id}_guard", guard)
    assert engine.running(storm.id).status == "open"
    assert (await engine.timeline(storm.id))[-1].data == {
        "deed": "close",
        "reason": "storm_needs_list",
    }
    close = {"incident": storm.id, "disposition": "false_alarm"}
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "close", guard, **close)
    assert refused.value.translation_key == "still_in_alarm"
    await smoke(hass, community, sources, zone_by="source", raised=False)
    await act(hass, community, "close", guard, **close)
    assert engine.running(storm.id) is None


async def test_a_tap_counts_only_from_a_user_of_its_responder(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    guard = await member(hass, community, "guard")
    secretary = await member(hass, community, "secretary")
    incident = (await smoke(hass, community))["incident"]
    engine = community.runtime_data.engine
    tap = f"SMART_COMMUNITY_ACKNOWLEDGE_{incident}_guard"
    for wrong in (secretary, MockUser(name="x", is_owner=True).add_to_hass(hass), None):
        await _tap(hass, community, tap, wrong)
        assert engine.running(incident).status == "open"
    for mangled in ("SMART_COMMUNITY_", "SMART_COMMUNITY_EXPLODE_1_guard", "SMART_COMMUNITY_FALSE"):
        await _tap(hass, community, mangled, guard)
    await _tap(hass, community, f"SMART_COMMUNITY_FALSE_{incident}_nobody", guard)
    assert engine.running(incident).status == "open"
    await _tap(hass, community, tap, guard)
    assert engine.running(incident).status == "acknowledged"
    await _tap(hass, community, f"SMART_COMMUNITY_FALSE_{incident}_guard", guard)
    assert engine.running(incident) is None
    await _tap(hass, community, tap, guard)  # a replay
    found = await act(hass, community, "get_incident", incident=incident)
    assert found["status"] == "closed"
    assert [entry["kind"] for entry in found["timeline"]].count("acknowledged") == 1


async def test_help_calls_the_next_tier_now(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    guard = await member(hass, community, "guard")
    incident = (await smoke(hass, community))["incident"]
    await _tap(hass, community, f"SMART_COMMUNITY_HELP_{incident}_guard", guard)
    assert far_end.calls[-1]["kind"] == "secretary"


async def test_ticking_off_a_work_order_handles_it_with_permission(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    guard = await member(hass, community, "guard")
    stranger = await person(hass, "stranger")
    incident = (await smoke(hass, community))["incident"]
    assert hass.states.get("todo.guard_incidents").state == "1"
    tick = {"entity_id": "todo.guard_incidents", "item": incident, "status": "completed"}
    for user, allowed in ((stranger, False), (guard, True)):
        call = hass.services.async_call(
            "todo", "update_item", tick, blocking=True, context=Context(user_id=user.id)
        )
        if allowed:
            await call
        else:
            with pytest.raises(ServiceValidationError):
                await call
    await settle(hass, community)
    assert community.runtime_data.engine.running(incident).status == "handled"
    assert hass.states.get("todo.guard_incidents").state == "0"


async def test_what_happens_is_told_to_triggers_and_event_entities(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    rows = [
        {
            "alias": what,
            "triggers": {
                "trigger": f"smart_community.incident_{what}",
                "options": {"loop": ["smoke_single"]},
            },
            "actions": {
                "event": "heard",
                "event_data": {"what": what, "n": "{{ trigger.number }}"},
            },
        }
        for what in ("opened", "escalated", "acknowledged", "handled", "closed")
    ]
    heard: list[str] = []

    @callback
    def hear(event: Event) -> None:
        heard.append(event.data["what"])

    hass.bus.async_listen("heard", hear)
    await run_automations(hass, *rows)
    assert all(hass.states.get(f"automation.{row['alias']}").state == "on" for row in rows)
    guard = await member(hass, community, "guard")
    number = (await smoke(hass, community))["number"]
    await act(hass, community, "acknowledge", guard, incident=number)
    await act(hass, community, "handle", guard, incident=number)
    await act(hass, community, "close", guard, incident=number, disposition="test")
    assert heard == ["opened", "escalated", "acknowledged", "handled", "closed"]
    state = hass.states.get("event.estate_smoke_detector_incident")
    assert state.attributes["event_type"] == "closed"
    await smoke(hass, community, loop="waterlogging")
    assert heard.count("opened") == 1


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"loop": "no_such_loop"}, "loop_unknown"),
        ({"ladder": []}, "ladder_empty"),
        ({"ladder": [{"after": 0}]}, "ladder_tier_or_responder"),
        ({"ladder": [{"tier": "king", "after": 0}]}, "ladder_word"),
        ({"ladder": [{"tier": "property", "after": 0, "unless": "closed"}]}, "ladder_unless"),
        ({"detect": {"count": 2}}, "detect_count_within"),
        ({"detect": {"for": 5, "silence": 5}}, "detect_one_rule"),
        ({"community": "nowhere"}, "community_unknown"),
    ],
)
async def test_bad_input_gets_a_clear_error_and_opens_nothing(
    hass: HomeAssistant, community: MockConfigEntry, wrong: dict[str, Any], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await smoke(hass, community, **wrong)
    assert refused.value.translation_key == key
    assert community.runtime_data.engine.active == []


async def test_an_own_incident_can_be_opened_and_listed(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    answer = await act(
        hass,
        community,
        "open_incident",
        loop="dog_barks",
        zone="garden",
        summary="It barks since noon",
        ladder=LADDER,
    )
    assert answer["verdict"] == "opened"
    assert "It barks since noon" in far_end.calls[-1]["message"]
    listed = await act(hass, community, "list_incidents", status=["open"], loop="dog_barks")
    assert [one["zone_name"] for one in listed["incidents"]] == ["garden"]
    escalated = await act(hass, community, "escalate", incident=answer["incident"])
    assert escalated["verdict"] == "escalated"
    assert far_end.calls[-1]["kind"] == "secretary"


async def test_a_responder_who_joins_is_told_without_a_reload(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    hass.services.async_register(
        "notify", "second", lambda _: far_end.calls.append({"kind": "2nd"})
    )
    data = responder("second", "property", {"sms": "notify.second"})
    hass.config_entries.async_add_subentry(
        community,
        ConfigSubentry(
            data=MappingProxyType(data["data"]),
            subentry_type="responder",
            title="Second",
            unique_id="responder:second",
        ),
    )
    await hass.async_block_till_done()
    assert hass.states.get("todo.second_incidents") is not None
    await smoke(hass, community)
    assert {"guard", "2nd"} <= {call["kind"] for call in far_end.calls}


async def test_a_life_safety_loop_is_switched_off_only_by_a_person_who_confirms_it(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    switch = {"entity_id": "switch.estate_smoke_detector"}
    asks, off = (f"{community.entry_id}_life_safety_{what}_smoke_single" for what in ("ask", "off"))
    registry = ir.async_get(hass)
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call("switch", "turn_off", switch, blocking=True)
    assert refused.value.translation_key == "life_safety_needs_word"
    assert hass.states.get(switch["entity_id"]).state == "on"
    issue = registry.async_get_issue(DOMAIN, asks)
    assert issue is not None
    flow = await async_create_fix_flow(hass, asks, issue.data)
    flow.hass = hass
    assert (await flow.async_step_init())["type"] == "form"
    assert (await flow.async_step_confirm({}))["type"] == "create_entry"
    await settle(hass, community)
    assert hass.states.get(switch["entity_id"]).state == "off"
    assert registry.async_get_issue(DOMAIN, off) is not None
    assert (await smoke(hass, community))["verdict"] == "muted_loop_off"
    await hass.services.async_call("switch", "turn_on", switch, blocking=True)
    await settle(hass, community)
    assert registry.async_get_issue(DOMAIN, off) is None
    # What was raised while the loop was off is looked at when it is on again.
    assert (await smoke(hass, community))["verdict"] == "joined"


async def test_a_life_safety_loop_that_is_shipped_off_is_not_put_to_sleep_for_later_either(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    lift = {"entity_id": "switch.estate_person_trapped_in_lift"}
    assert hass.states.get(lift["entity_id"]).state == "off"  # nobody uses it yet
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call("switch", "turn_off", lift, blocking=True)
    assert refused.value.translation_key == "life_safety_needs_word"
    assert community.runtime_data.engine.loop_on("lift_entrapment")


async def test_a_community_that_watches_nothing_yet_hears_it_once(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await pass_time(hass, community, freezer, seconds=61)
    registry = ir.async_get(hass)
    assert [key for domain, key in registry.issues if domain == DOMAIN] == [
        f"{community.entry_id}_no_loop_yet"
    ]
    assert hass.states.get("binary_sensor.estate_engine_problem").state == "on"


async def test_a_damaged_database_fails_the_entry_with_a_repair_issue(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    await smoke(hass, community)
    assert await hass.config_entries.async_unload(community.entry_id)
    path = Path(hass.config.path(f"smart_community_{community.entry_id}.db"))
    path.write_bytes(b"garbage garbage garbage" + path.read_bytes()[23:])
    assert not await hass.config_entries.async_setup(community.entry_id)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"{community.entry_id}_database_corrupt")
    assert issue is not None
    assert issue.severity is ir.IssueSeverity.CRITICAL
    await hass.async_block_till_done()


async def test_a_tap_in_the_moment_of_the_promotion_counts_for_the_fire(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    guard = await member(hass, community, "guard")
    single = (await smoke(hass, community))["incident"]
    fire = await smoke(hass, community, loop="smoke_multiple", takes_over=["smoke_single"])
    await _tap(hass, community, f"SMART_COMMUNITY_ACKNOWLEDGE_{single}_guard", guard)
    assert community.runtime_data.engine.running(fire["incident"]).status == "acknowledged"
