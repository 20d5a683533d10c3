"""Monthly tests and drills that happen by themselves, over restarts, holidays and quiet hours."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN

from .conftest import FarEnd, run_automations
from .test_incident import act, pass_time
from .test_people import change
from .translated import assert_flow_said, assert_said

TEST = {"enabled": True, "day": 2, "at": "10:00:00", "tiers": ["property", "committee"]}
DRILL = {
    "enabled": True,
    "every": "1",
    "day": 2,
    "at": "10:00:00",
    "loop": "smoke_multiple",
    "zone": "yard",
    "up_to": "property",
}
OFF: dict[str, Any] = {"enabled": False}
# A Monday. The first second Monday of a month is a holiday nowhere.
EVE = "2026-11-02T09:50:00+08:00"


@pytest.fixture
async def clock(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, far_end: FarEnd
) -> FrozenDateTimeFactory:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    freezer.move_to(EVE)
    return freezer


async def rehearse(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, **said: Any
) -> None:
    """Set the options, and let a minute pass in which they are seen."""
    hass.config_entries.async_update_entry(entry, options={"test": OFF, "drill": OFF, **said})
    await pass_time(hass, entry, freezer, minutes=1)


async def recorded(hass: HomeAssistant, entry: MockConfigEntry) -> list[dict[str, Any]]:
    answer = await act(hass, entry, "statistics", period={"days": 60})
    return list(answer["tests"])


def rang(far_end: FarEnd) -> list[str]:
    return [str(call["kind"]) for call in far_end.calls if "Test:" in str(call.get("title"))]


async def test_channels_are_tested_once_a_month_and_the_result_stands_on_record(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, community: MockConfigEntry, far_end: FarEnd
) -> None:
    await rehearse(hass, community, clock, test=TEST)
    assert rang(far_end) == []
    await pass_time(hass, community, clock, minutes=10)
    # Those of the chosen tiers, each channel once.
    assert sorted(rang(far_end)) == ["guard", "secretary", "voice", "voice"]
    (test,) = await recorded(hass, community)
    assert dt_util.parse_datetime(test["due"]) == dt_util.parse_datetime("2026-11-02T10:00+08:00")
    states = {(row["responder"], row["channel"]): row["state"] for row in test["rows"]}
    assert states["guard", "voice"] == "delivered"
    assert {key for key, _ in states} == {"guard", "secretary"}
    await pass_time(hass, community, clock, minutes=1)
    assert await hass.config_entries.async_reload(community.entry_id)
    await pass_time(hass, community, clock, minutes=1)
    assert len(rang(far_end)) == 4
    clock.move_to("2026-12-02T09:59:30+08:00")
    await pass_time(hass, community, clock, minutes=1)
    assert len(rang(far_end)) == 8


async def test_what_was_missed_is_made_up_for_at_the_same_hour_of_the_next_workday(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, community: MockConfigEntry, far_end: FarEnd
) -> None:
    await rehearse(hass, community, clock, test=TEST)
    assert await hass.config_entries.async_unload(community.entry_id)
    clock.move_to("2026-11-06T23:30:00+08:00")  # Friday night
    assert await hass.config_entries.async_setup(community.entry_id)
    await pass_time(hass, community, clock, minutes=1)
    clock.move_to("2026-11-07T10:00:00+08:00")
    await pass_time(hass, community, clock, minutes=1)
    assert rang(far_end) == []
    assert await hass.config_entries.async_reload(community.entry_id)
    clock.move_to("2026-11-09T10:00:00+08:00")
    await pass_time(hass, community, clock, minutes=1)
    assert len(rang(far_end)) == 4
    await pass_time(hass, community, clock, minutes=20)
    assert len(rang(far_end)) == 4


async def test_whoever_has_quiet_hours_is_tested_when_they_end_also_after_a_restart(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, community: MockConfigEntry, far_end: FarEnd
) -> None:
    await change(hass, community, "guard", quiet_from="06:00", quiet_until="14:00")
    await rehearse(hass, community, clock, test=TEST)
    await pass_time(hass, community, clock, minutes=10)
    assert sorted(rang(far_end)) == ["secretary", "voice"]
    assert await hass.config_entries.async_reload(community.entry_id)
    clock.move_to("2026-11-02T14:00:00+08:00")
    await pass_time(hass, community, clock, minutes=1)
    assert sorted(rang(far_end)) == ["guard", "secretary", "voice", "voice"]
    assert len(await recorded(hass, community)) == 2
    await pass_time(hass, community, clock, minutes=2)
    assert len(rang(far_end)) == 4


async def test_what_was_due_before_somebody_set_it_is_not_missed(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, community: MockConfigEntry, far_end: FarEnd
) -> None:
    clock.move_to("2026-11-20T09:00:00+08:00")
    await rehearse(hass, community, clock, test=TEST)
    await rehearse(hass, community, clock, test={**TEST, "day": 10})
    await rehearse(hass, community, clock)
    await rehearse(hass, community, clock, test={**TEST, "day": 12})
    clock.move_to("2026-11-23T10:00:00+08:00")
    await pass_time(hass, community, clock, minutes=1)
    assert rang(far_end) == []


async def test_whom_the_last_test_did_not_reach_is_still_a_repair_after_a_restart(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, community: MockConfigEntry, far_end: FarEnd
) -> None:
    far_end.receipt = "no_balance"
    hass.services.async_remove("notify", "guard")
    await rehearse(hass, community, clock, test=TEST)
    await pass_time(hass, community, clock, minutes=10)
    issue = f"{community.entry_id}_unreachable_guard"
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, issue)
    assert await hass.config_entries.async_reload(community.entry_id)
    await pass_time(hass, community, clock, minutes=11)
    assert issues.async_get_issue(DOMAIN, issue)
    assert issues.async_get_issue(DOMAIN, f"{community.entry_id}_unreachable_secretary") is None


async def test_a_drill_is_held_at_its_date_and_once(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, community: MockConfigEntry, far_end: FarEnd
) -> None:
    ladder = [{"tier": "property", "after": 0}]
    signal = {"action": f"{DOMAIN}.signal", "data": {"loop": "smoke_multiple", "ladder": ladder}}
    await automate(hass, signal)
    await rehearse(hass, community, clock, drill=DRILL)
    await pass_time(hass, community, clock, minutes=10)
    (incident,) = community.runtime_data.engine.active
    assert incident.drill
    assert far_end.calls[0]["title"].startswith("EXERCISE")
    assert await hass.config_entries.async_reload(community.entry_id)
    await pass_time(hass, community, clock, minutes=2)
    assert len(community.runtime_data.engine.active) == 1


async def automate(hass: HomeAssistant, action: dict[str, Any]) -> None:
    row = {"alias": "Fire", "triggers": {"trigger": "event", "event_type": "x"}, "actions": action}
    await run_automations(hass, row)


@pytest.mark.parametrize(("asleep", "key"), [(True, "drill_asleep"), (False, "drill_not_held")])
async def test_a_drill_that_cannot_be_held_says_why(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    community: MockConfigEntry,
    asleep: bool,
    key: str,
) -> None:
    if asleep:
        await change(hass, community, "guard", quiet_from="06:00", quiet_until="14:00")
    await rehearse(hass, community, clock, drill=DRILL)
    await pass_time(hass, community, clock, minutes=10)
    assert community.runtime_data.engine.active == []
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"{community.entry_id}_drill_not_held")
    assert issue is not None
    assert issue.translation_key == key
    assert ("Guard" in issue.translation_placeholders["reason"]) == asleep
    for part in ("title", "description"):
        assert_said(f"issues.{key}.{part}", set(issue.translation_placeholders))


async def test_a_new_community_tests_its_channels_and_holds_no_drill_until_it_is_told_to(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, community: MockConfigEntry
) -> None:
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    flow = hass.config_entries.flow
    form = await flow.async_configure(menu["flow_id"], {"next_step_id": "community"})
    made = await flow.async_configure(form["flow_id"], {"name": "New", "database": {}})
    entry = made["result"]
    assert entry.options["test"]["enabled"] is True
    assert "drill" not in entry.options
    options = hass.config_entries.options
    menu = await options.async_init(entry.entry_id)
    form = await options.async_configure(menu["flow_id"], {"next_step_id": "rehearsals"})
    assert_flow_said(form)
    wrong = {"test": {**TEST, "tiers": []}, "drill": {**DRILL, "zone": " "}}
    refused = await options.async_configure(form["flow_id"], wrong)
    assert refused["errors"] == {"test": "tiers_missing", "drill": "zone_missing"}
    assert_flow_said(refused)
    saved = await options.async_configure(form["flow_id"], {"test": TEST, "drill": DRILL})
    assert saved["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"test": TEST, "drill": DRILL}
