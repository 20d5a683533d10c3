"""A community's plans: their form, what they do to loops, and the condition that asks."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.condition import async_from_config, async_validate_condition_config
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.almanac import load_almanac
from custom_components.smart_community.core.plan import Day
from custom_components.smart_community.loop_hours import in_use

from .alarm_ears import automation
from .test_incident import act, pass_time, settle, smoke

EVENING = {"hours": [{"from": "18:00:00", "until": "22:00:00"}]}
LADDER = [{"tier": "property", "after": 0, "channels": ["sms"]}]


@pytest.fixture(autouse=True)
async def in_shanghai(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Tuesday, 24 November 2026, noon in Shanghai."""
    await hass.config.async_set_time_zone("Asia/Shanghai")
    freezer.move_to("2026-11-24 04:00:00+00:00")


async def noise(hass: HomeAssistant, entry: MockConfigEntry, **more: Any) -> str:
    data = {"loop": "nonmotor_parking", "source": "binary_sensor.bay", "ladder": LADDER, **more}
    return (await act(hass, entry, "signal", **data))["verdict"]


async def add_plan(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str, **said: Any
) -> dict[str, Any]:
    subentries = hass.config_entries.subentries
    handler = (entry.entry_id, "plan")
    menu = await subentries.async_init(handler, context={"source": SOURCE_USER})
    form = await subentries.async_configure(menu["flow_id"], {"next_step_id": kind})
    result = await subentries.async_configure(form["flow_id"], {"name": "Plan", **said})
    await settle(hass, entry)
    return result


async def test_a_blueprint_names_its_hours_and_a_plan_goes_before_them(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    assert await noise(hass, community, active=EVENING) == "muted_by_plan"
    result = await add_plan(hass, community, "hours", **{"from": "11:00:00", "until": "13:00:00"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    # What was raised while it slept has opened with the plan.
    assert await noise(hass, community, active=EVENING) == "joined"


async def test_another_time_zone_is_another_clock_on_the_wall(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    """Noon in Shanghai is the middle of the evening on the other side of the earth."""
    assert await noise(hass, community, active=EVENING) == "muted_by_plan"
    await hass.config.async_update(time_zone="America/Los_Angeles")
    await settle(hass, community)
    assert [one.loop for one in community.runtime_data.engine.active] == ["nonmotor_parking"]


async def test_a_plan_of_a_floor_holds_for_its_areas_alone(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    floor = fr.async_get(hass).async_create("Ground floor")
    areas = ar.async_get(hass)
    inside = areas.async_create("Hall", floor_id=floor.floor_id)
    outside = areas.async_create("Square")
    await add_plan(
        hass,
        community,
        "hours",
        floors=[floor.floor_id],
        **{"from": "18:00:00", "until": "22:00:00"},
    )
    assert await noise(hass, community, zone=inside.id) == "muted_by_plan"
    assert await noise(hass, community, zone=outside.id) == "opened"


async def test_maintenance_mutes_until_it_ends(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await add_plan(hass, community, "maintenance", ends="2026-11-24 14:00:00")
    assert await noise(hass, community) == "muted_by_plan"
    freezer.move_to("2026-11-24 06:00:00+00:00")
    assert await noise(hass, community, source="binary_sensor.other") != "muted_by_plan"


async def test_no_plan_silences_a_loop_on_which_lives_may_depend(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    await add_plan(hass, community, "maintenance", ends="2026-11-24 14:00:00")
    assert (await smoke(hass, community, active=EVENING))["verdict"] == "opened"


@pytest.mark.parametrize(
    ("kind", "said", "error"),
    [
        ("hours", {}, {"base": "plan_says_nothing"}),
        ("hours", {"from": "08:00:00"}, {"base": "plan_hours_half"}),
        ("hours", {"season_begins": "06-01"}, {"base": "plan_season"}),
        ("hours", {"season_begins": "31.12.", "season_ends": "01-05"}, {"base": "plan_season"}),
        ("hours", {"name": " ", "days": ["sun"]}, {"name": "name_missing"}),
        ("maintenance", {}, {"base": "plan_pause_endless"}),
        (
            "maintenance",
            {"begins": "2026-11-24 14:00:00", "ends": "2026-11-24 14:00:00"},
            {"base": "plan_pause_order"},
        ),
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused_with_what_to_do(
    hass: HomeAssistant,
    community: MockConfigEntry,
    kind: str,
    said: dict[str, Any],
    error: dict[str, str],
) -> None:
    result = await add_plan(hass, community, kind, **said)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == error


async def test_a_plan_is_changed_in_place(hass: HomeAssistant, community: MockConfigEntry) -> None:
    await add_plan(hass, community, "hours", **{"from": "18:00:00", "until": "22:00:00"})
    assert await noise(hass, community) == "muted_by_plan"
    (plan,) = [one for one in community.subentries.values() if one.subentry_type == "plan"]
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (community.entry_id, "plan"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": plan.subentry_id},
    )
    assert form["step_id"] == "hours"
    again = await subentries.async_configure(form["flow_id"], {"name": "Plan"})
    assert again["errors"] == {"base": "plan_says_nothing"}
    done = await subentries.async_configure(form["flow_id"], {"name": "All day", "days": ["tue"]})
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await settle(hass, community)
    assert await noise(hass, community) == "joined"
    assert community.runtime_data.engine.active[0].loop == "nonmotor_parking"


async def test_a_plan_taken_away_leaves_the_blueprints_hours(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    await add_plan(hass, community, "maintenance", ends="2026-11-24 14:00:00")
    (plan,) = [key for key, one in community.subentries.items() if one.subentry_type == "plan"]
    hass.config_entries.async_remove_subentry(community, plan)
    await settle(hass, community)
    assert await noise(hass, community) == "opened"


async def test_plans_are_there_again_after_a_restart(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    data = ConfigSubentryData(
        subentry_type="plan",
        title="Flood season",
        unique_id=None,
        data={"kind": "hours", "season_begins": "06-01", "season_ends": "09-30"},
    )
    other = MockConfigEntry(
        domain="smart_community", title="B", data={"kind": "community"}, subentries_data=[data]
    )
    assert await hass.config_entries.async_unload(community.entry_id)
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    assert await noise(hass, other) == "muted_by_plan"


async def active(hass: HomeAssistant, **options: Any) -> bool:
    config = {"condition": "smart_community.loop_active", "options": options}
    checked = await async_validate_condition_config(hass, config)
    return bool((await async_from_config(hass, checked)).async_check(variables={}))


async def test_the_condition_follows_hours_plans_and_the_switch(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await active(hass, loop="nonmotor_parking")
    assert not await active(hass, loop="nonmotor_parking", active=EVENING)
    assert await active(hass, loop="smoke_single", active=EVENING)
    await community.runtime_data.engine.switch_loop("nonmotor_parking", on=False)
    assert not await active(hass, loop="nonmotor_parking")
    assert await hass.config_entries.async_unload(community.entry_id)
    assert not await active(hass, loop="smoke_single")


async def test_a_source_is_in_use_while_any_of_its_loops_is_at_work(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    meter, bay = "sensor.meter", "binary_sensor.bay"
    evening = {"loop": "square_dance_noise", "kind": "sound", "active": EVENING}
    automations = [
        automation({"entity_id": meter}, evening, "a"),
        automation({"entity_id": bay}, {"loop": "nonmotor_parking"}, "b"),
    ]
    config = Path(hass.config.path("configuration.yaml"))
    config.write_text(json.dumps({"automation": automations}))
    await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()
    assert [in_use(hass, one) for one in (meter, bay, "sensor.nobody")] == [False, True, False]
    freezer.move_to("2026-11-24 11:00:00+00:00")
    assert in_use(hass, meter)


@pytest.mark.parametrize(
    ("day", "marks", "without"),
    [
        ("2026-02-14", {Day.SAT, Day.WORKDAY}, {Day.RESTDAY}),  # worked for the Spring Festival
        ("2026-02-16", {Day.SPRING_FESTIVAL_EVE, Day.HOLIDAY, Day.RESTDAY}, {Day.WORKDAY}),
        ("2026-02-17", {Day.SPRING_FESTIVAL, Day.SCHOOL_HOLIDAY}, {Day.SPRING_FESTIVAL_EVE}),
        ("2026-02-18", {Day.HOLIDAY}, {Day.SPRING_FESTIVAL}),
        ("2026-03-03", {Day.LANTERN_FESTIVAL, Day.WORKDAY}, {Day.HOLIDAY}),
        ("2026-04-05", {Day.QINGMING, Day.HOLIDAY}, {Day.WORKDAY}),
        ("2026-06-19", {Day.DRAGON_BOAT}, {Day.WORKDAY}),
        ("2026-09-25", {Day.MID_AUTUMN}, {Day.SCHOOL_HOLIDAY}),
        ("2026-10-10", {Day.SAT, Day.WORKDAY}, {Day.RESTDAY}),
        ("2026-07-15", {Day.WED, Day.WORKDAY, Day.SCHOOL_HOLIDAY}, {Day.HOLIDAY}),
        ("2026-11-24", {Day.TUE, Day.WORKDAY}, {Day.SCHOOL_HOLIDAY, Day.HOLIDAY}),
    ],
)
def test_the_days_of_china_are_known(day: str, marks: set[Day], without: set[Day]) -> None:
    known = load_almanac().days(date.fromisoformat(day))
    assert marks <= known
    assert not without & known


def test_years_without_an_order_yet_or_far_away_are_no_error() -> None:
    almanac = load_almanac()
    assert Day.SPRING_FESTIVAL in almanac.days(date(2030, 2, 3))
    for year in (1949, 1970, 2101):
        assert almanac.days(date(year, 5, 2))
    # Until its order is known, a year has its holidays, and Saturdays and Sundays to rest.
    after = almanac.known_until.year + 1
    assert Day.HOLIDAY in almanac.days(date(after, 10, 1))
    for number in range(365):
        day = date(after, 1, 1) + timedelta(days=number)
        assert (Day.WORKDAY in almanac.days(day)) <= (day.weekday() < 5)


async def test_a_month_before_the_last_known_year_ends_whoever_goes_by_it_is_told(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    def told() -> Any:
        issue = f"{community.entry_id}_almanac_ends"
        return ir.async_get(hass).async_get_issue("smart_community", issue)

    last = load_almanac().known_until.year
    morning = {"from": "08:00:00", "until": "12:00:00"}
    await add_plan(hass, community, "hours", days=["workday"], **morning)
    said = []
    for moment in (f"{last}-11-29", f"{last}-12-02", f"{last + 1}-06-01"):
        freezer.move_to(f"{moment} 04:00:00+00:00")
        await pass_time(hass, community, freezer, minutes=2)
        said.append(told() and told().translation_placeholders["year"])
    assert said == [None, str(last + 1), str(last + 1)]
    # Nobody's hours go by working days any more.
    (plan,) = [one for one in community.subentries.values() if one.subentry_type == "plan"]
    hass.config_entries.async_remove_subentry(community, plan.subentry_id)
    await pass_time(hass, community, freezer, minutes=2)
    assert told() is None
