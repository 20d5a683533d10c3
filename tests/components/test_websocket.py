"""The dashboard's websocket: what each role is shown, what it may press, what changes live."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.const import DOMAIN

from .screen import Open
from .test_incident import LADDER, act, member, person, settle, smoke


def _offers(snapshot: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {row["loop"]: row["offered"] for row in snapshot.get("added", [])}


async def test_each_role_is_shown_what_it_may_read_with_the_buttons_it_may_press(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    people = {key: await member(hass, community, key) for key in ("guard", "water", "head")}
    people["owner"] = MockUser(name="owner", is_owner=True).add_to_hass(hass)
    people["stranger"] = await person(hass, "stranger")
    await smoke(hass, community)
    await smoke(hass, community, "binary_sensor.w1", loop="waterlogging")
    shown = {key: await (await screen(user)).subscribe() for key, user in people.items()}
    everything = {"acknowledge": "allowed", "handle": "allowed", "escalate": "allowed"}
    everything |= {"close": "allowed", "assign": "allowed", "comment": "allowed"}
    assert _offers(shown["guard"]) == {"smoke_single": everything, "waterlogging": everything}
    assert _offers(shown["head"]) == _offers(shown["guard"])
    assert _offers(shown["water"]) == {"waterlogging": everything}
    assert _offers(shown["owner"])["smoke_single"] == {
        "acknowledge": "needs_reason",
        "handle": "needs_reason",
        "escalate": "allowed",
        "close": "needs_reason",
        "assign": "allowed",
        "comment": "allowed",
    }
    assert shown["stranger"] == {
        "kind": "snapshot",
        "now": shown["stranger"]["now"],
        "communities": [],
    }
    (mine,) = shown["water"]["communities"]
    assert (mine["name"], mine["roles"], mine["as"]) == ("Estate", ["department"], ["Water"])


async def test_a_screen_follows_an_incident_from_its_opening_to_its_end(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard = await member(hass, community, "guard")
    view = await screen(guard)
    assert "added" not in await view.subscribe()
    answer = await smoke(hass, community)
    (row,) = (await view.event())["added"]
    assert (row["id"], row["number"]) == (answer["incident"], answer["number"])
    assert [step["state"] for step in row["ladder"]] == ["taken", "waiting"]
    assert row["next_due"]["why"] == "receipt"
    assert row["told_me"] is True
    (row,) = (await view.event())["changed"]  # handed over
    assert row["told"][0]["channels"] == {"sms": "sent"}
    await act(hass, community, "acknowledge", guard, incident=answer["number"])
    (row,) = (await view.event())["changed"]
    assert (row["status"], row["assignee"]) == ("acknowledged", "guard")
    assert list(row["offered"]) == ["handle", "escalate", "close", "assign", "comment"]
    await act(hass, community, "close", guard, incident=answer["number"], disposition="false_alarm")
    said = await view.event()
    assert said["removed"] == [answer["incident"]]
    assert "changed" not in said


async def test_what_a_department_is_told_of_appears_and_what_it_loses_disappears(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    water = await member(hass, community, "water")
    view = await screen(water)
    await view.subscribe()
    ladder = [*LADDER, {"responder": "water", "after": "01:00:00", "channels": ["sms"]}]
    answer = await smoke(hass, community, ladder=ladder)
    await smoke(hass, community, "binary_sensor.w1", loop="waterlogging", ladder=LADDER)
    assert [row["loop"] for row in (await view.event())["added"]] == ["waterlogging"]
    for _ in range(2):
        await act(hass, community, "escalate", incident=answer["number"])
    while not (added := (await view.event()).get("added")):
        pass
    assert [row["loop"] for row in added] == ["smoke_single"]
    (subentry,) = [one for one in community.subentries.values() if one.data["key"] == "water"]
    data = {**subentry.data, "tier": "department", "loops": ["gas_leak"]}
    hass.config_entries.async_update_subentry(community, subentry, data=data)
    await settle(hass, community)
    while "removed" not in (said := await view.event()):
        pass
    assert len(said["removed"]) == 1  # it was told of the other, and goes on seeing that
    assert said["communities"][0]["as"] == ["Water"]


async def test_a_screen_that_is_closed_hears_nothing_more(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard = await member(hass, community, "guard")
    view = await screen(guard)
    await view.subscribe()
    await view.unsubscribe()
    answer = await smoke(hass, community)
    # The next that arrives is the answer to this, not the news.
    said = await view.ask("incident", incident=answer["number"])
    assert said["result"]["id"] == answer["incident"]


async def test_a_desk_says_that_a_community_does_not_run_and_that_a_ladder_stands_still(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard = await member(hass, community, "guard")
    view = await screen(guard)
    (mine,) = (await view.subscribe())["communities"]
    assert mine["faults"] == []
    data = community.runtime_data
    data.problems["outbox_stuck"] = "outbox_stuck"  # as the audit notes it
    for changed in data.problems_changed:
        changed()
    (mine,) = (await view.event())["communities"]
    assert mine["faults"] == ["outbox_stuck"]
    other = MockConfigEntry(domain=DOMAIN, title="Other", data={"kind": "community"})
    other.add_to_hass(hass)
    hass.config_entries.async_update_entry(other, title="Quiet Garden")
    assert (await view.event())["not_running"] == 1
    await hass.config_entries.async_remove(other.entry_id)
    while "not_running" not in (said := await view.event()):
        pass
    assert said["not_running"] == 0


async def test_a_community_that_is_reloaded_goes_and_comes_back(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard = await member(hass, community, "guard")
    answer = await smoke(hass, community)
    view = await screen(guard)
    assert len((await view.subscribe())["added"]) == 1
    assert await hass.config_entries.async_reload(community.entry_id)
    said = await view.event()
    assert (said["removed"], said["communities"]) == ([answer["incident"]], [])
    said = await view.event()
    assert [row["id"] for row in said["added"]] == [answer["incident"]]
    assert [one["name"] for one in said["communities"]] == ["Estate"]


async def test_an_incident_is_told_in_full_in_the_users_language(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard = await member(hass, community, "guard")
    stranger = await person(hass, "stranger")
    number = (await smoke(hass, community))["number"]
    view = await screen(guard)
    english = (await view.ask("incident", incident=number, language="en"))["result"]
    chinese = (await view.ask("incident", incident=number, language="zh-Hans"))["result"]
    assert english["timeline"][0]["line"].endswith("Incident opened (binary_sensor.d1)")
    assert "事件立案" in chinese["timeline"][0]["line"]
    assert english["sources"]["binary_sensor.d1"]["in_alarm"] is True
    assert "handle" in english["offered"]
    refused = await (await screen(stranger)).ask("incident", incident=number)
    assert refused["error"]["translation_key"] == "not_permitted_outsider"
    missing = await view.ask("incident", incident="20990101-001")
    assert missing["error"]["translation_key"] == "incident_unknown"


async def test_a_person_acts_from_the_screen_as_from_anywhere(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard = await member(hass, community, "guard")
    view = await screen(guard)
    number = (await smoke(hass, community, proof="note"))["number"]
    steps: list[tuple[dict[str, Any], str]] = [
        ({"deed": "acknowledge"}, "acknowledged"),
        ({"deed": "handle"}, "needs_note"),
        ({"deed": "handle", "note": "x", "photo": "any word"}, "photo_unknown"),
        ({"deed": "handle", "note": "a burnt pot"}, "handled"),
        ({"deed": "comment", "note": "the pot is outside"}, "recorded"),
        ({"deed": "escalate"}, "escalated"),
        ({"deed": "assign", "responder": "fire"}, "assigned"),
        ({"deed": "close", "disposition": "test"}, "closed"),
        ({"deed": "acknowledge"}, "incident_ended"),
    ]
    for data, expected in steps:
        said = await view.ask("act", incident=number, **data)
        verdict = said["result"]["verdict"] if said["success"] else said["error"]["translation_key"]
        assert verdict == expected, data
    assert not (await view.ask("act", incident=number, deed="open"))["success"]


async def test_a_stranger_who_presses_is_refused_and_the_timeline_says_so(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    stranger = await person(hass, "stranger")
    number = (await smoke(hass, community))["number"]
    view = await screen(stranger)
    for deed in ("acknowledge", "handle", "close", "escalate"):
        said = await view.ask("act", incident=number, deed=deed, note="let me")
        assert said["error"]["translation_domain"] == "smart_community"
        assert said["error"]["translation_key"] == "not_permitted_outsider"
    found = await act(hass, community, "get_incident", incident=number)
    assert found["status"] == "open"
    assert [one["kind"] for one in found["timeline"]].count("refused") == 4


async def test_a_thousand_incidents_are_one_snapshot_and_a_change_of_one_is_one_row(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard = await member(hass, community, "guard")
    doors = [f"Door {number}" for number in range(1000)]
    data = {"loop": "unit_door_open", "ladder": LADDER}
    await asyncio.gather(
        *(
            hass.services.async_call(DOMAIN, "open_incident", {**data, "zone": one}, blocking=True)
            for one in doors
        )
    )
    await settle(hass, community)
    view = await screen(guard)
    added = (await view.subscribe())["added"]
    assert {row["zone_name"] for row in added} == set(doors)
    await act(hass, community, "acknowledge", guard, incident=added[500]["id"])
    said = await view.event()
    assert [row["id"] for row in said["changed"]] == [added[500]["id"]]
    assert "added" not in said


async def test_loops_and_figures_are_those_of_the_users_own_part(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard, water = [await member(hass, community, key) for key in ("guard", "water")]
    number = (await smoke(hass, community))["number"]
    await act(hass, community, "close", guard, incident=number, disposition="false_alarm")
    await smoke(hass, community, "binary_sensor.w1", loop="waterlogging")
    (shown,) = (await (await screen(guard)).ask("overview"))["result"]["communities"]
    rows = {row["loop"]: row for row in shown["loops"]}
    assert (rows["smoke_single"]["closed"], rows["smoke_single"]["false_alarms"]) == (1, 1)
    assert rows["smoke_single"]["to_close"] == 0
    assert (rows["waterlogging"]["active"], rows["waterlogging"]["on"]) == (1, True)
    assert hass.states.get(rows["waterlogging"]["switch"]).state == "on"
    assert (shown["all"]["incidents"], len(shown["days"])) == (2, 30)
    (shown,) = (await (await screen(water)).ask("overview"))["result"]["communities"]
    assert [row["loop"] for row in shown["loops"]] == ["waterlogging"]
    assert shown["all"]["incidents"] == 1
    nobody = await screen(await person(hass, "stranger"))
    assert (await nobody.ask("overview"))["result"]["communities"] == []


async def test_agreements_are_shown_to_those_whose_loops_they_are(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    secretary, water = [await member(hass, community, key) for key in ("secretary", "water")]
    (shown,) = (await (await screen(secretary)).ask("overview"))["result"]["communities"]
    assert shown["agreements"] == []
    meeting = {"agreed_by": "Residents' meeting", "threshold": "day"}
    dancing = {**meeting, "loop": "square_dance_noise", "zone": "The square"}
    later = dt_util.utcnow() + timedelta(days=10)
    for said in (
        {**dancing, "value": 55},
        dancing,  # without a value: as in the blueprint again
        {**dancing, "value": 60, "valid_from": later},
        {**meeting, "loop": "waterlogging", "threshold": "for", "duration": {"minutes": 5}},
    ):
        await act(hass, community, "agree", secretary, **said)
    (shown,) = (await (await screen(secretary)).ask("overview"))["result"]["communities"]
    rows = shown["agreements"]
    assert [(one["loop"], one["value"], one["hold"]) for one in rows] == [
        ("square_dance_noise", 55, "superseded"),
        ("square_dance_noise", None, "in_force"),
        ("square_dance_noise", 60, "upcoming"),
        ("waterlogging", 300, "in_force"),
    ]
    assert {one["zone_name"] for one in rows} == {"The square", ""}
    assert {one["agreed_by"] for one in rows} == {"Residents' meeting"}
    assert dt_util.parse_datetime(rows[2]["valid_from"]) == later
    (shown,) = (await (await screen(water)).ask("overview"))["result"]["communities"]
    assert [one["loop"] for one in shown["agreements"]] == ["waterlogging"]


async def test_a_test_of_the_channels_tells_each_row_as_it_comes_and_is_then_on_record(
    hass: HomeAssistant, community: MockConfigEntry, screen: Open
) -> None:
    guard, water = [await member(hass, community, key) for key in ("guard", "water")]
    named = {"community": community.entry_id, "language": "zh-Hans"}
    refused = await (await screen(water)).ask("test_channels", **named)
    assert refused["error"]["translation_key"] == "not_permitted_department"
    view = await screen(guard)
    assert (await view.ask("test_channels", **named))["success"]
    told = []
    while "row" in (said := await view.event()):
        told.append((said["row"]["responder"], said["row"]["channel"]))
    assert said == {"done": True}
    (shown,) = (await view.ask("overview"))["result"]["communities"]
    assert sorted((row["responder"], row["channel"]) for row in shown["tests"]) == sorted(told)
    (shown,) = (await (await screen(water)).ask("overview"))["result"]["communities"]
    assert (shown["tests"], "test" in shown["may"]) == ([], False)
