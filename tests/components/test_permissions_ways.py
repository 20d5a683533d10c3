"""The table of permissions over the ways that have no action's caller: screens, phones, Assist.

`script/permissions` runs this file and prints what each cell answered.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.deeds import COMMUNITY_LOG
from custom_components.smart_community.photos import async_keep_photo
from tests.agreed_permissions import PLACES, agreed

from .screen import Open, Screen, token_of
from .test_incident import settle
from .test_photos import camera
from .test_surfaces import say
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

# What the dashboard has a command of its own for; all else it asks for as any page does.
COMMANDS = {
    "subscribe",
    "incident",
    "act",
    "overview",
    "noise",
    "place",
    "test_channels",
    "set_lock_code",
}
PRESSED = ("acknowledge", "handle", "close", "escalate", "assign", "comment")


@pytest.fixture
async def town(hass: HomeAssistant, community: MockConfigEntry) -> Town:
    return await build(hass, community)


@pytest.fixture
async def screens(town: Town, screen: Open) -> dict[str, Screen]:
    """An open websocket of everybody who can have one."""
    return {role: await screen(user) for role, user in town.logged_in.items()}


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a result; raise a refusal as it would have been raised on this side."""
    if answer["success"]:
        return dict(answer["result"] or {})
    said = answer["error"]
    raise HomeAssistantError(
        said["message"],
        translation_domain=said.get("translation_domain"),
        translation_key=said.get("translation_key"),
    )


@pytest.mark.parametrize("deed", [*ON_INCIDENT, *ACTIONS, "switch_loop"])
async def test_every_role_over_the_websocket(
    hass: HomeAssistant,
    town: Town,
    screens: dict[str, Screen],
    deed: str,
    record_property: Record,
) -> None:
    for role, view in screens.items():
        for place in places_of(deed):
            entry = town.entry(place)
            incident = await town.incident(place) if deed in ON_INCIDENT else ""

            async def do(
                reason: str,
                view: Screen = view,
                incident: str = incident,
                entry: MockConfigEntry = entry,
            ) -> None:
                if deed == "switch_loop":
                    switch = loop_switch(hass, entry)
                    checked(await view.call("switch", "turn_off", entity_id=switch))
                else:
                    checked(await ask(view, deed, incident, entry, reason))
                await settle(hass, entry)

            await town.tried(record_property, "websocket", role, place, deed, do=do)


async def ask(
    view: Screen, deed: str, incident: str, entry: MockConfigEntry, reason: str
) -> dict[str, Any]:
    """Ask for a deed in the dashboard's own words, or as a call of the deed's action."""
    if deed in ACTIONS:
        action, data = ACTIONS[deed]
        return await view.call("smart_community", action, **data, community=entry.entry_id)
    if deed == "read":
        return await view.ask("incident", incident=incident)
    fields = fields_of(deed, reason)
    if deed in PRESSED:
        said = {"note": fields.pop("text")} if "text" in fields else fields
        return await view.ask("act", incident=incident, deed=deed, **said)
    return await view.call("smart_community", deed, incident=incident, **fields)


async def test_screens_show_what_the_table_lets_be_read(
    town: Town, screens: dict[str, Screen], record_property: Record
) -> None:
    made = {place: await town.incident(place) for place in PLACES}
    for role, view in screens.items():
        overview = checked(await view.ask("overview"))["communities"]
        for place in places_of("statistics"):
            seen = town.entry(place).entry_id in {one["id"] for one in overview}
            note(record_property, "overview", role, place, "statistics", "y" if seen else "n")
            assert seen == (agreed(role, "statistics", place) == "y"), (role, place)
        shown = {row["id"] for row in (await view.subscribe()).get("added", [])}
        for place, incident in made.items():
            letter = "y" if incident in shown else "n"
            note(record_property, "subscription", role, place, "read", letter)
            assert letter == agreed(role, "read", place), (role, place)


async def test_every_role_over_the_rest_of_the_dashboards_commands(
    hass: HomeAssistant, town: Town, screens: dict[str, Screen], record_property: Record
) -> None:
    """Channels that are tested, curves that are shown, and where a detector hangs on a plan."""
    for role, view in screens.items():
        for place in ("own", "other community"):
            entry = town.entry(place)

            async def try_channels(
                _reason: str, view: Screen = view, entry: MockConfigEntry = entry
            ) -> None:
                checked(await view.ask("test_channels", community=entry.entry_id))
                while not (await view.event()).get("done"):
                    pass

            cell = ("websocket", role, place, "test")
            await town.tried(record_property, *cell, do=try_channels)

            async def hang(_reason: str, view: Screen = view) -> None:
                checked(await view.ask("place", entity_id="binary_sensor.nowhere", x=0.5, y=0.5))

            # It is in no area, so it is both communities' business.
            letter = await town.answer(
                place, COMMUNITY_LOG, (role, "configure"), hang, key="configure_not_permitted"
            )
            note(record_property, "websocket", role, "own", "configure", letter)
            assert letter == agreed(role, "configure"), (role, place)
        shown = checked(await view.ask("noise"))["communities"]
        seen = {one["id"] for one in shown}
        for place in ("own", "other community"):
            expected = agreed(role, "statistics", place) == "y"
            assert (town.entry(place).entry_id in seen) is expected, (role, place)


@pytest.mark.parametrize("how", ["removed", "switched off"])
async def test_the_screen_of_somebody_who_was_removed_goes_dark(
    hass: HomeAssistant, town: Town, screens: dict[str, Screen], how: str
) -> None:
    """Home Assistant closes the connection itself, before any command of ours is read."""
    guard, view = town.users["property"], screens["property"]
    assert guard is not None
    await view.subscribe()
    gone = hass.auth.async_remove_user if how == "removed" else hass.auth.async_deactivate_user
    await gone(guard)
    await town.incident("own")
    assert await view.closed()


type Post = Callable[[dict[str, Any]], Awaitable[int]]
type Fetch = Callable[..., Awaitable[None]]


@pytest.fixture
async def phones(
    hass: HomeAssistant, town: Town, hass_client_no_auth: ClientSessionGenerator
) -> dict[str, Post]:
    """A phone of everybody's with the companion app: it posts to its webhook."""
    assert await async_setup_component(hass, "mobile_app", {})
    client = await hass_client_no_auth()
    found: dict[str, Post] = {}
    for role, user in town.logged_in.items():
        token = await token_of(hass, user)
        answer = await client.post(
            "/api/mobile_app/registrations",
            json={
                "app_id": "io.homeassistant.simulated",
                "app_name": "Companion",
                "app_version": "2026.10",
                "device_id": role,
                "device_name": role,
                "manufacturer": "Simulated",
                "model": "Phone",
                "os_name": "Android",
                "os_version": "16",
                "supports_encryption": False,
                "app_data": {},
            },
            headers={"Authorization": f"Bearer {token}"},
        )
        address = f"/api/webhook/{(await answer.json())['webhook_id']}"

        async def post(said: dict[str, Any], address: str = address) -> int:
            return int((await client.post(address, json=said)).status)

        found[role] = post
    await hass.async_block_till_done()
    return found


def pressed(action: str) -> dict[str, Any]:
    """What the app says of a button."""
    said = {"action": f"SMART_COMMUNITY_{action}", "reply_text": "smelt it"}
    event = {"event_type": "mobile_app_notification_action", "event_data": said}
    return {"type": "fire_event", "data": event}


# Not what only answers: Home Assistant makes no such call where it cannot hand the answer on.
CALLED = [one for one in (*ON_INCIDENT, *ACTIONS) if one not in {"read", "directory", "statistics"}]


async def test_every_role_over_the_actions_that_a_phone_calls_by_its_webhook(
    hass: HomeAssistant, town: Town, phones: dict[str, Post], record_property: Record
) -> None:
    """The app is told of no reason; that it was refused is on record all the same."""
    for deed in CALLED:
        for role, post in phones.items():
            for place in places_of(deed):
                entry = town.entry(place)
                if deed in ACTIONS:
                    target = COMMUNITY_LOG
                    action, fields = ACTIONS[deed]
                    data = {**fields, "community": entry.entry_id}
                else:
                    target, action = await town.incident(place), deed
                    data = {"incident": target, **fields_of(deed, "smelt it")}
                timeline = entry.runtime_data.engine.timeline
                before = len(await timeline(target))
                call = {"domain": DOMAIN, "service": action, "service_data": data}
                await post({"type": "call_service", "data": call})  # answered once it is on record
                rows = (await timeline(target))[before:]
                cell = (role, place, deed)
                if deed in ON_INCIDENT and deed != "add_evidence":  # a photo of nobody leaves none
                    assert rows, cell
                letter = "n" if [row.kind for row in rows] == ["refused"] else "y"
                if deed in ON_INCIDENT:
                    town.used(place, letter)
                # A reason came along, so that whoever needs one is let in.
                assert letter == agreed(role, deed, place).replace("w", "y"), cell
                note(record_property, "phone's call", *cell, letter)
    for entry in (town.own, town.other):
        await settle(hass, entry)


@pytest.mark.parametrize("deed", TAPS)
async def test_every_role_over_the_webhook_of_a_phone(
    hass: HomeAssistant,
    town: Town,
    phones: dict[str, Post],
    deed: str,
    record_property: Record,
) -> None:
    for role, post in phones.items():
        assert town.users[role] is not None
        for place in PLACES:

            async def pressing(action: str, post: Post = post, place: str = place) -> None:
                assert await post(pressed(action)) == HTTPStatus.OK
                await settle(hass, town.entry(place))

            await town.pressed(record_property, "webhook", role, place, deed, press=pressing)


async def test_the_phone_of_somebody_who_was_removed_presses_nothing(
    hass: HomeAssistant, town: Town, phones: dict[str, Post]
) -> None:
    """Home Assistant forgets the phone with its user: what it posts is heard by nobody."""
    guard = town.users["property"]
    assert guard is not None
    incident = await town.incident("own")
    await hass.auth.async_remove_user(guard)
    await hass.async_block_till_done()
    heard = async_capture_events(hass, "mobile_app_notification_action")
    await phones["property"](pressed(f"ACKNOWLEDGE_{incident}_guard"))
    await settle(hass, town.own)
    assert not heard
    assert town.own.runtime_data.engine.running(incident).status == "open"


@pytest.fixture
async def browsers(
    town: Town, hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> dict[str, Fetch]:
    """A logged-in browser of everybody who can have one."""
    client = await hass_client_no_auth()
    found: dict[str, Fetch] = {}
    for role, user in town.logged_in.items():
        token = await token_of(hass, user)

        async def fetch(method: str, path: str, body: bytes = b"", token: str = token) -> None:
            headers = {"Authorization": f"Bearer {token}"}
            async with client.request(
                method, f"/api/smart_community/{path}", data=body, headers=headers
            ) as answer:
                if answer.status != HTTPStatus.OK:
                    checked({"success": False, "error": await answer.json()})

        found[role] = fetch
    return found


async def test_every_role_over_the_photos_that_are_sent_and_shown(
    hass: HomeAssistant, town: Town, browsers: dict[str, Fetch], record_property: Record
) -> None:
    photo = camera(40, 30)
    for role, fetch in browsers.items():
        for place in PLACES:
            incident = await town.incident(place)
            entry = town.entry(place)
            kept = await async_keep_photo(hass, entry, incident, photo, "guard")
            asked = {
                "add_evidence": partial(fetch, "POST", f"photos/{incident}", photo),
                "read": partial(fetch, "GET", f"evidence/{kept.id}"),
                "report": partial(fetch, "POST", f"photo?community={entry.entry_id}", photo),
            }
            for deed, ask in asked.items():
                if place not in places_of(deed):
                    continue

                async def do(_reason: str, ask: Callable[[], Awaitable[None]] = ask) -> None:
                    await ask()

                await town.tried(record_property, "http", role, place, deed, do=do)
                town.unused[place] = incident


async def test_the_browser_of_somebody_who_was_removed_sends_no_photo(
    hass: HomeAssistant, town: Town, hass_client_no_auth: ClientSessionGenerator
) -> None:
    guard = town.users["property"]
    assert guard is not None
    token = await token_of(hass, guard)
    incident = await town.incident("own")
    await hass.auth.async_remove_user(guard)
    client = await hass_client_no_auth()
    for path in (f"photos/{incident}", f"photo?community={town.own.entry_id}"):
        answer = await client.post(
            f"/api/smart_community/{path}",
            data=camera(40, 30),
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status == HTTPStatus.UNAUTHORIZED


async def test_every_role_by_word_of_mouth(
    hass: HomeAssistant, town: Town, record_property: Record
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    await hass.async_block_till_done()
    made = {place: await town.incident(place) for place in PLACES}
    for role, user in town.users.items():
        said = await say(hass, "what is open", user)
        for place, incident in made.items():
            letter = "y" if zone_name(town, place, incident) in said else "n"
            note(record_property, "assist", role, place, "read", letter)
            assert letter == agreed(role, "read", place), (role, place)
    for role, user in town.users.items():
        for place in PLACES:
            incident = await town.incident(place)
            what = "water" if place == "other loop" else "smoke"
            await say(hass, f"acknowledge {what} in {zone_name(town, place, incident)}", user)
            await settle(hass, town.entry(place))
            status = town.entry(place).runtime_data.engine.running(incident).status
            letter = "y" if status == "acknowledged" else "n"
            town.used(place, letter)
            note(record_property, "assist", role, place, "acknowledge", letter)
            # Nobody is asked for a reason: where one is needed, that is said, and nothing done.
            assert letter == agreed(role, "acknowledge", place).replace("w", "n"), (role, place)


def zone_name(town: Town, place: str, incident: str) -> str:
    return str(town.entry(place).runtime_data.engine.running(incident).zone_name)
