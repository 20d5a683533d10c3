"""The table of permissions tried in full: every role, deed and place, over every way in.

`script/permissions` runs this file and prints what each cell answered.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, UnknownUser
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.core.permits import Role
from custom_components.smart_community.deeds import COMMUNITY_LOG
from tests.agreed_permissions import AGREED, DEEDS, PLACES, TIERS, TO_COMMUNITY, agreed

from .conftest import PEOPLE
from .test_incident import LADDER, act, member, person, settle

KEYS = dict(zip(TIERS, ("guard", "secretary", "fire", "head"), strict=True))
LOOPS = {"own": "smoke_multiple", "other loop": "waterlogging", "other community": "smoke_multiple"}
ON_INCIDENT = [deed for deed in DEEDS if deed not in TO_COMMUNITY]
TAPS = {"acknowledge": "ACKNOWLEDGE", "handle": "HANDLED", "close": "FALSE", "escalate": "HELP"}
type Record = Callable[[str, object], None]


@dataclass
class Town:
    """Two communities, and somebody of every role of the first."""

    hass: HomeAssistant
    own: MockConfigEntry
    other: MockConfigEntry
    users: dict[str, User | None] = field(default_factory=dict)
    opened: int = 0

    def entry(self, place: str) -> MockConfigEntry:
        return self.other if place == "other community" else self.own

    async def incident(self, place: str) -> str:
        """Open an incident that only the property company is told of."""
        self.opened += 1
        answer = await act(
            self.hass,
            self.entry(place),
            "open_incident",
            loop=LOOPS[place],
            zone=f"place {self.opened}",
            ladder=LADDER,
            community=self.entry(place).entry_id,
        )
        return str(answer["incident"])

    async def refusals(self, place: str, incident: str) -> list[dict[str, Any]]:
        entries = await self.entry(place).runtime_data.engine.timeline(incident)
        return [{**one.data, "user": one.actor.user_id} for one in entries if one.kind == "refused"]

    async def answer(
        self, place: str, incident: str, role: str, deed: str, do: Callable[[str], Awaitable[Any]]
    ) -> str:
        """Try without a reason, then with one; a denial must be translated and on record."""
        before = await self.refusals(place, incident)
        try:
            await do("")
        except HomeAssistantError as err:
            if err.translation_key in {"needs_reason", "needs_note"}:
                await do("seen with my own eyes")
                return "w" if err.translation_key == "needs_reason" else "y"
            if err.translation_key == "photo_unknown":  # let in, with a photo that nobody took
                return "y"
            said = (err.translation_domain, err.translation_key)
        else:
            assert await self.refusals(place, incident) == before
            return "y"
        as_role = "outsider" if place == "other community" and role in TIERS else role
        assert said == (DOMAIN, f"not_permitted_{as_role}")
        user = self.users[role]
        (row,) = (await self.refusals(place, incident))[len(before) :]
        assert row == {"deed": deed, "reason": as_role, "user": user.id if user else None}
        return "n"


@pytest.fixture
async def town(hass: HomeAssistant, community: MockConfigEntry) -> Town:
    other = MockConfigEntry(
        domain=DOMAIN, title="Other", data={"kind": "community"}, subentries_data=PEOPLE
    )
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    town = Town(hass, community, other)
    for role in AGREED:
        town.users[role] = await _somebody(hass, community, role)
    return town


async def _somebody(hass: HomeAssistant, entry: MockConfigEntry, role: str) -> User | None:
    match role:
        case "automation":
            return None
        case "administrator":
            return MockUser(name="owner", is_owner=True).add_to_hass(hass)
        case "outsider":
            return await person(hass, "stranger")
        case "removed":
            user = await member(hass, entry, "water")
            await hass.auth.async_remove_user(user)
            return user
        case _:
            return await member(hass, entry, KEYS[role])


def _data(deed: str, reason: str) -> dict[str, Any]:
    match deed:
        case "close":
            return {"disposition": "test", "note": reason}
        case "acknowledge" | "handle":
            return {"note": reason}
        case "assign":
            return {"responder": "secretary"}
        case "comment":
            return {"text": "seen"}
        case "add_evidence":
            return {"photo": "of nobody"}
        case _:
            return {}


def tried(record_property: Record, *cell: str) -> None:
    """Note a cell for the printed matrix; plain words, since workers pass it on as text."""
    record_property("cell", tuple(str(word) for word in cell))


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
                data = _data(deed, reason)
                await act(hass, town.entry(place), action, user, incident=incident, **data)

            letter = await town.answer(place, incident, role, deed, do)
            tried(record_property, "action", role, place, deed, letter)
            assert letter == agreed(role, deed, place), (role, place)


async def test_every_role_to_the_community_itself(
    hass: HomeAssistant, town: Town, record_property: Record
) -> None:
    own_loop = {"loop": "smoke_multiple", "ladder": LADDER}
    data: dict[str, tuple[str, dict[str, Any]]] = {
        "signal": ("signal", {**own_loop, "source": "binary_sensor.x", "raised": True}),
        "open": ("open_incident", {**own_loop, "zone": "yard"}),
        "test": ("test_channels", {"responder": "secretary", "wait": 0}),
        "directory": ("export_responders", {}),
        "drill": ("drill", {**own_loop, "zone": "hall", "up_to": "property"}),
    }
    for deed, (action, fields) in data.items():
        for role, user in town.users.items():
            for place in ("own", "other community"):
                entry = town.entry(place)

                async def do(
                    _reason: str,
                    entry: MockConfigEntry = entry,
                    user: User | None = user,
                    action: str = action,
                    fields: dict[str, Any] = fields,
                ) -> None:
                    await act(hass, entry, action, user, **fields, community=entry.entry_id)

                letter = await town.answer(place, COMMUNITY_LOG, role, deed, do)
                tried(record_property, "action", role, place, deed, letter)
                assert letter == agreed(role, deed, place), (role, place)


async def test_lists_show_what_the_table_lets_be_read(
    hass: HomeAssistant, town: Town, record_property: Record
) -> None:
    made = {place: await town.incident(place) for place in PLACES}
    for role, user in town.users.items():
        answer = await act(hass, town.own, "list_incidents", user)
        listed = {one["id"] for one in answer["incidents"]}
        for place, incident in made.items():
            letter = "y" if incident in listed else "n"
            tried(record_property, "list", role, place, "read", letter)
            assert letter == agreed(role, "read", place), (role, place)


@pytest.mark.parametrize("deed", TAPS)
async def test_every_role_over_the_buttons_of_a_phone(
    hass: HomeAssistant, town: Town, deed: str, record_property: Record
) -> None:
    for role, user in town.users.items():
        for place in PLACES:
            incident = await town.incident(place)
            engine = town.entry(place).runtime_data.engine
            before = await engine.timeline(incident)
            key = KEYS.get(role, "guard")
            # A forged name: nothing keeps a phone from sending any incident's and any responder's.
            await tap(hass, town.entry(place), f"{TAPS[deed]}_{incident}_{key}", user, "smelt it")
            rows = (await engine.timeline(incident))[len(before) :]
            letter = "n" if rows[-1].kind == "refused" else "y"
            tried(record_property, "tap", role, place, deed, letter)
            mine = role in TIERS
            assert letter == (agreed(role, deed, place) if mine else "n"), (role, place)
            if letter == "n":
                (row,) = rows
                assert row.actor.user_id == (user.id if user else None)


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

            if role == Role.REMOVED:
                with pytest.raises(UnknownUser):  # Home Assistant lets it not even come to us
                    await do("")
                letter = "n"
            else:
                letter = await town.answer(place, incident, role, "handle", do)
            tried(record_property, "todo", role, place, "handle", letter)
            assert letter == agreed(role, "handle", place), (role, place)


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
