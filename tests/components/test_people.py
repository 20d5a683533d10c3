"""Channels tested, duty swapped, gaps and dead addresses in the repairs, people as a table."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.const import DOMAIN

from .conftest import FarEnd
from .screen import Open
from .test_incident import act, member, pass_time, smoke


def issues(hass: HomeAssistant, kind: str) -> list[str]:
    return sorted(
        issue
        for domain, issue in ir.async_get(hass).issues
        if domain == DOMAIN and f"_{kind}" in issue
    )


async def change(hass: HomeAssistant, entry: MockConfigEntry, key: str, **data: Any) -> None:
    (subentry,) = [one for one in entry.subentries.values() if one.data.get("key") == key]
    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, **data})
    await hass.async_block_till_done()


async def test_every_channel_is_tried_and_its_receipt_shown(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    answer = await act(hass, community, "test_channels", wait=0)
    rows = {(row["responder"], row["channel"]): row for row in answer["tests"]}
    assert rows["guard", "voice"]["state"] == "delivered"
    assert rows["guard", "sms"]["state"] == "sent"
    assert len(rows) == 8
    assert "Test: Guard." in far_end.calls[0]["title"]
    assert community.runtime_data.engine.active == []


async def test_whoever_fails_every_test_is_a_repair_issue_until_one_works(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    hass.services.async_remove("notify", "water")
    await act(hass, community, "test_channels", responder="water")
    (issue,) = issues(hass, "unreachable")
    assert issue.endswith("_unreachable_water")
    hass.services.async_register("notify", "water", lambda _: None)
    answer = await act(hass, community, "test_channels", responder="Water")
    assert answer["tests"][0]["state"] == "sent"
    assert issues(hass, "unreachable") == []


async def test_an_address_that_leads_nowhere_is_found_without_using_it(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await change(hass, community, "fire", channels=["push"])  # and no phone
    await pass_time(hass, community, freezer, seconds=601)
    assert [one.rpartition("_")[2] for one in issues(hass, "unreachable")] == ["fire"]


async def test_a_gap_is_reported_before_it_happens_and_a_swap_closes_it(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    now = dt_util.now()
    day = now.strftime("%a").lower()
    rest = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"} - {day}
    await change(hass, community, "secretary", duty=f"{','.join(sorted(rest))} 00:00-24:00")
    swap = {"begins": str(now), "ends": str(now + timedelta(hours=1))}
    await act(hass, community, "swap_duty", away="guard", instead="secretary", **swap)
    assert [one.rpartition("_")[2] for one in issues(hass, "duty_gap")] == ["secretary"]
    whole = {"begins": str(now), "ends": str(now + timedelta(days=8))}
    await act(hass, community, "swap_duty", away="head", instead="secretary", **whole)
    assert not issues(hass, "duty_gap")


async def test_a_swap_holds_over_a_restart_and_decides_who_is_told(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    now = dt_util.now()
    swap = {"begins": str(now), "ends": str(now + timedelta(hours=8))}
    await change(hass, community, "guard", deputies=["head"])
    await act(hass, community, "swap_duty", away="guard", instead="", **swap)
    assert await hass.config_entries.async_reload(community.entry_id)
    await smoke(hass, community)
    assert [call["kind"] for call in far_end.calls] == ["head"]
    wrong = {"begins": swap["ends"], "ends": swap["begins"]}
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "swap_duty", away="guard", **wrong)
    assert refused.value.translation_key == "swap_order"


async def test_figures_leave_drills_out_and_list_what_was_withheld(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory, screen: Open
) -> None:
    now = dt_util.now()
    quiet = {
        "quiet_from": (now - timedelta(hours=1)).strftime("%H:%M"),
        "quiet_until": (now + timedelta(hours=1)).strftime("%H:%M"),
    }
    await change(hass, community, "guard", **quiet)
    await smoke(hass, community, loop="garbage_overflow")
    drill = {"loop": "smoke_single", "zone": "yard", "up_to": "property"}
    ladder = [{"tier": "property", "after": 0}]
    await act(hass, community, "drill", **drill, ladder=ladder)
    answer = await act(hass, community, "statistics")
    assert answer["all"]["incidents"] == 1
    assert list(answer["loops"]) == ["garbage_overflow"]
    (withheld,) = answer["withheld"]
    assert (withheld["responder"], withheld["reason"]) == ("guard", "quiet_hours")
    for key, shown in (("guard", [("guard", "静音时段")]), ("water", [])):
        view = await screen(await member(hass, community, key))
        (seen,) = (await view.ask("overview", language="zh-Hans"))["result"]["communities"]
        assert [(row["responder"], row["reason"]) for row in seen["withheld"]] == shown, key
    await pass_time(hass, community, freezer, seconds=3700)
    found = await act(hass, community, "get_incident", incident=withheld["incident"])
    assert "told_after_rest" in [row["kind"] for row in found["timeline"]]


@pytest.fixture
def owner(hass: HomeAssistant) -> MockUser:
    return MockUser(name="owner", is_owner=True).add_to_hass(hass)


async def test_people_go_out_as_a_table_and_come_back_changed(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd, owner: MockUser
) -> None:
    guard = await member(hass, community, "guard")
    table = (await act(hass, community, "export_responders", owner))["table"]
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["key"] for row in rows] == ["guard", "secretary", "fire", "water", "head"]
    assert rows[0]["users"] == guard.name
    assert rows[0]["sms_number"] == "1380000"
    unchanged = await act(hass, community, "import_responders", owner, table=table)
    assert unchanged == {"added": 0, "changed": 0}
    rows[0] |= {"duty": "mon-fri 08:00-20:00", "deputies": "secretary"}
    rows.append({**rows[1], "key": "", "name": "Night desk", "loops": "sos;gas_leak"})
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    answer = await act(hass, community, "import_responders", owner, table=out.getvalue())
    assert answer == {"added": 1, "changed": 1}
    people = community.runtime_data.people.responders
    assert people["night_desk"].loops == {"sos", "gas_leak"}
    assert people["guard"].deputies == ("secretary",)


async def test_a_table_with_errors_changes_nobody_and_names_each_line(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd, owner: MockUser
) -> None:
    table = (
        "name,key,tier,language,channels,users,duty,sms_target\n"
        "A,,king,en,push;pigeon,,,\n"
        ",,property,en,sms,,,notify.guard\n"
        "C,,property,en,push,nobody,,\n"
        "D,,property,en,sms,,never,notify.gone\n"
    )
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "import_responders", owner, table=table)
    assert refused.value.translation_placeholders["errors"].splitlines() == [
        "2: tier: king",
        "2: channels: pigeon",
        "3: name: -",
        "4: users: nobody",
        "5: roster: duty_line (never)",
        "5: sms: target_unknown",
    ]
    assert len(community.runtime_data.people.responders) == 5
