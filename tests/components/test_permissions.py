"""The table of permissions tried in full: every role, deed and place, over every way in.

`script/permissions` runs this file and prints what each cell answered.
"""

from typing import Any

import pytest
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.deeds import COMMUNITY_LOG
from tests.agreed_permissions import PLACES, agreed

from .screen import Open
from .test_incident import act, settle
from .test_permissions_plant import AT_THE_PLANT
from .test_permissions_ways import COMMANDS
from .town import (
    ACTIONS,
    ON_INCIDENT,
    TAPS,
    Record,
    Town,
    build,
    fields_of,
    loop_switch,
    note,
    places_of,
)


@pytest.fixture
async def town(hass: HomeAssistant, community: MockConfigEntry) -> Town:
    return await build(hass, community)


@pytest.mark.parametrize("deed", ON_INCIDENT)
async def test_every_role_over_the_actions(
    hass: HomeAssistant, town: Town, deed: str, record_property: Record
) -> None:
    for role, user in town.users.items():
        for place in PLACES:
            incident = await town.incident(place)

            async def do(
                reason: str, incident: str = incident, user: User | None = user, place: str = place
            ) -> None:
                action = "get_incident" if deed == "read" else deed
                data = fields_of(deed, reason)
                await act(hass, town.entry(place), action, user, incident=incident, **data)

            await town.tried(record_property, "action", role, place, deed, do=do)


@pytest.mark.parametrize("deed", ACTIONS)
async def test_every_role_to_the_community_itself(
    hass: HomeAssistant, town: Town, deed: str, record_property: Record
) -> None:
    action, data = ACTIONS[deed]
    for role, user in town.users.items():
        for place in places_of(deed):
            entry = town.entry(place)

            async def do(
                _reason: str, entry: MockConfigEntry = entry, user: User | None = user
            ) -> None:
                await act(hass, entry, action, user, **data, community=entry.entry_id)

            await town.tried(record_property, "action", role, place, deed, do=do)


ASIDE: dict[str, tuple[str, dict[str, Any]]] = {
    "import_responders": ("directory", {"table": "of nobody"}),
    "list_agreements": ("read", {}),
}
SET_UP: dict[str, dict[str, Any]] = {"export_points": {}, "import_points": {"table": "of nothing"}}


@pytest.mark.parametrize("action", SET_UP)
async def test_every_role_over_the_set_up_of_a_bus(
    hass: HomeAssistant, town: Town, action: str, record_property: Record
) -> None:
    """A bus is in no area, so it is both communities' business, and on both their records."""
    bus = MockConfigEntry(domain=DOMAIN, title="Line 1", data={"kind": "modbus_bus"})
    bus.add_to_hass(hass)
    for role, user in town.users.items():
        for place in ("own", "other community"):

            async def do(_reason: str, user: User | None = user) -> None:
                await act(hass, town.own, action, user, **SET_UP[action])

            cell = ("action", role, "own", "configure")
            letter = await town.answer(
                place, COMMUNITY_LOG, (role, "configure"), do, key="configure_not_permitted"
            )
            note(record_property, *cell, letter)
            assert letter == agreed(role, "configure"), (role, place)


async def test_no_action_and_no_command_of_ours_is_left_out(
    hass: HomeAssistant, town: Town, screen: Open
) -> None:
    """A new one has to be tried by every role before this passes."""
    on_incidents = {"get_incident" if deed == "read" else deed for deed in ON_INCIDENT}
    lists = {"list_incidents"}
    of_communities = {action for action, _ in ACTIONS.values()} | ASIDE.keys() | SET_UP.keys()
    tried = on_incidents | lists | of_communities | AT_THE_PLANT
    assert set(hass.services.async_services_for_domain(DOMAIN)) == tried
    ours = {name for name in hass.data["websocket_api"] if name.startswith(f"{DOMAIN}/")}
    assert {name.partition("/")[2] for name in ours} == COMMANDS


@pytest.mark.parametrize(("action", "deed", "data"), [(one, *ASIDE[one]) for one in ASIDE])
async def test_every_role_over_what_else_is_asked_of_a_community(
    hass: HomeAssistant, town: Town, action: str, deed: str, data: dict[str, Any]
) -> None:
    for role, user in town.users.items():
        for place in ("own", "other community"):
            entry = town.entry(place)

            async def do(
                _reason: str, entry: MockConfigEntry = entry, user: User | None = user
            ) -> None:
                await act(hass, entry, action, user, **data, community=entry.entry_id)

            letter = await town.answer(place, COMMUNITY_LOG, (role, deed), do)
            assert letter == agreed(role, deed, place), (role, place)


async def test_every_role_over_the_switch_of_a_loop(
    hass: HomeAssistant, town: Town, record_property: Record
) -> None:
    switches = {place: loop_switch(hass, town.entry(place)) for place in places_of("switch_loop")}
    for role, user in town.users.items():
        for place, switch in switches.items():

            async def do(
                _reason: str, switch: str = switch, user: User | None = user, place: str = place
            ) -> None:
                context = Context(user_id=user.id if user else None)
                data = {"entity_id": switch}
                await hass.services.async_call(
                    "switch", "turn_off", data, blocking=True, context=context
                )
                await settle(hass, town.entry(place))

            await town.tried_past_core(record_property, "action", role, place, "switch_loop", do=do)


async def test_lists_show_what_the_table_lets_be_read(
    hass: HomeAssistant, town: Town, record_property: Record
) -> None:
    made = {place: await town.incident(place) for place in PLACES}
    for role, user in town.users.items():
        answer = await act(hass, town.own, "list_incidents", user)
        listed = {one["id"] for one in answer["incidents"]}
        for place, incident in made.items():
            letter = "y" if incident in listed else "n"
            note(record_property, "list", role, place, "read", letter)
            assert letter == agreed(role, "read", place), (role, place)


@pytest.mark.parametrize("deed", TAPS)
async def test_every_role_over_the_buttons_of_a_phone(
    hass: HomeAssistant, town: Town, deed: str, record_property: Record
) -> None:
    for role, user in town.users.items():
        for place in PLACES:

            async def press(action: str, user: User | None = user, place: str = place) -> None:
                await tap(hass, town.entry(place), action, user, "smelt it")

            await town.pressed(record_property, "tap", role, place, deed, press=press)


async def test_every_role_over_the_work_orders(
    hass: HomeAssistant, town: Town, record_property: Record
) -> None:
    lists = {
        town.own.entry_id: "todo.guard_incidents",
        town.other.entry_id: "todo.guard_incidents_2",
    }
    for role, user in town.users.items():
        for place in PLACES:
            incident = await town.incident(place)
            entry = town.entry(place)
            assert any(one.id == incident for one in entry.runtime_data.engine.active)

            async def do(
                reason: str,
                incident: str = incident,
                user: User | None = user,
                entry: MockConfigEntry = entry,
            ) -> None:
                await hass.services.async_call(
                    "todo",
                    "update_item",
                    {
                        "entity_id": lists[entry.entry_id],
                        "item": incident,
                        "status": "completed",
                        "description": reason,
                    },
                    blocking=True,
                    context=Context(user_id=user.id if user else None),
                )
                await settle(hass, entry)

            await town.tried_past_core(record_property, "todo", role, place, "handle", do=do)


async def tap(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, user: User | None, words: str = ""
) -> None:
    """Press a button as the app does."""
    hass.bus.async_fire(
        "mobile_app_notification_action",
        {"action": f"SMART_COMMUNITY_{action}", "reply_text": words},
        context=Context(user_id=user.id if user else None),
    )
    await settle(hass, entry)


async def test_mangled_and_replayed_buttons_change_nothing_and_stand_on_record(
    hass: HomeAssistant, town: Town
) -> None:
    guard = town.users["property"]
    incident = await town.incident("own")
    await tap(hass, town.own, f"EXPLODE_{incident}_guard", guard)
    await tap(hass, town.own, f"FALSE_{incident}_nobody", guard)
    assert [row["reason"] for row in await town.refusals("own", incident)] == [
        "tap_mangled",
        "not_their_phone",
    ]
    for mangled in ("", "FALSE", "HELP_"):
        await tap(hass, town.own, mangled, guard)
    assert len(await town.refusals("own", COMMUNITY_LOG)) == 3
    assert town.own.runtime_data.engine.running(incident).status == "open"
    for _ in range(2):  # the second is a replay
        await tap(hass, town.own, f"FALSE_{incident}_guard", guard)
    rows = await town.own.runtime_data.engine.timeline(incident)
    assert [row.kind for row in rows if row.kind == "closed"] == ["closed"]
    assert rows[-1].data == {"deed": "close", "reason": "incident_ended"}


async def test_a_button_of_an_invented_incident_stands_on_every_communitys_record(
    hass: HomeAssistant, town: Town
) -> None:
    guard = town.users["property"]
    assert guard is not None
    for forged in ("ACKNOWLEDGE", "EXPLODE"):
        await tap(hass, town.own, f"{forged}_01JINVENTED_guard", guard)
    await settle(hass, town.other)
    for place in ("own", "other community"):
        assert await town.refusals(place, COMMUNITY_LOG) == [
            {"deed": "acknowledge", "reason": "incident_unknown", "user": guard.id},
            {"deed": "tap", "reason": "tap_mangled", "user": guard.id},
        ]
    theirs = await town.incident("other community")
    for forged in ("ACKNOWLEDGE", "EXPLODE"):
        await tap(hass, town.other, f"{forged}_{theirs}_guard", guard)
    assert len(await town.refusals("own", COMMUNITY_LOG)) == len(("ACKNOWLEDGE", "EXPLODE"))
    reasons = [row["reason"] for row in await town.refusals("other community", theirs)]
    assert reasons == ["not_their_phone", "tap_mangled"]


async def test_a_user_who_was_switched_off_is_refused_like_one_who_was_removed(
    hass: HomeAssistant, town: Town
) -> None:
    guard = town.users["property"]
    incident = await town.incident("own")
    await hass.auth.async_deactivate_user(guard)
    with pytest.raises(HomeAssistantError) as refused:
        await act(hass, town.own, "acknowledge", guard, incident=incident)
    assert refused.value.translation_key == "not_permitted_removed"
    await tap(hass, town.own, f"ACKNOWLEDGE_{incident}_guard", guard)
    assert town.own.runtime_data.engine.running(incident).status == "open"
    assert [row["reason"] for row in await town.refusals("own", incident)] == [
        "removed",
        "not_their_phone",
    ]


async def test_who_was_refused_reads_like_a_sentence_in_both_languages(
    hass: HomeAssistant, town: Town
) -> None:
    incident = await town.incident("own")
    with pytest.raises(HomeAssistantError):
        await act(hass, town.own, "handle", town.users["outsider"], incident=incident)
    lines = {}
    for language in ("en", "zh-Hans"):
        found = await act(hass, town.own, "get_incident", incident=incident, language=language)
        lines[language] = found["timeline"][-1]["line"].split("  ")[1]
    assert lines == {
        "en": "Refused: reporting it handled, by stranger (no responder of this community)",
        "zh-Hans": "已拒绝stranger的操作：报告处置完毕（不是本社区的责任单位）",
    }
