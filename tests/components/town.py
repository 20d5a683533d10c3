"""Two communities with somebody of every role, for trying the table of permissions in full."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, UnknownUser
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.core.permits import Role
from custom_components.smart_community.deeds import COMMUNITY_LOG
from tests.agreed_permissions import AGREED, DEEDS, PLACES, TIERS, TO_COMMUNITY, agreed

from .conftest import PEOPLE
from .test_incident import LADDER, act, member, person

KEYS = dict(zip(TIERS, ("guard", "secretary", "fire", "head"), strict=True))
LOOPS = {"own": "smoke_multiple", "other loop": "waterlogging", "other community": "smoke_multiple"}
ON_INCIDENT = [deed for deed in DEEDS if deed not in TO_COMMUNITY]
# What is answered only to somebody who was let in, and asked for something that is not there.
_LET_IN = frozenset(
    {
        "lock_refused",
        "no_point_table",
        "not_in_registry",
        "output_too_soon",
        "photo_unknown",
        "point_table_wrong",
        "report_unheard",
        "responder_table",
    }
)
# What leaves a row on the community's record when a person is let do it.
ON_RECORD = {"operate", "lock_codes", "configure", "switch_loop", "swap_duty", "directory"}
_LOOP = {"loop": "smoke_multiple", "ladder": LADDER}
_SWAP = {
    "away": "guard",
    "instead": "secretary",
    "begins": "2031-01-01T00:00:00+00:00",
    "ends": "2031-01-02T00:00:00+00:00",
}
# The action that does a deed to a community, and its fields.
ACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "signal": ("signal", {**_LOOP, "source": "binary_sensor.x", "raised": True}),
    "open": ("open_incident", {**_LOOP, "zone": "yard"}),
    "test": ("test_channels", {"responder": "secretary", "wait": 0}),
    "directory": ("export_responders", {}),
    "drill": ("drill", {**_LOOP, "zone": "hall", "up_to": "property"}),
    "report": ("report", {"loop": "smoke_multiple", "zone": "yard"}),
    "agree": (
        "agree",
        {"loop": "smoke_multiple", "threshold": "count", "value": 2, "agreed_by": "A meeting"},
    ),
    "statistics": ("statistics", {}),
    "swap_duty": ("swap_duty", _SWAP),
}
TAPS = {"acknowledge": "ACKNOWLEDGE", "handle": "HANDLED", "close": "FALSE", "escalate": "HELP"}
type Record = Callable[[str, object], None]
type Try = Callable[[str], Awaitable[Any]]


@dataclass
class Town:
    """Two communities, and somebody of every role of the first."""

    hass: HomeAssistant
    own: MockConfigEntry
    other: MockConfigEntry
    users: dict[str, User | None] = field(default_factory=dict)
    opened: int = 0
    unused: dict[str, str] = field(default_factory=dict)

    @property
    def logged_in(self) -> dict[str, User]:
        """Everybody who can have a screen or a phone: no automation, nobody who was removed."""
        return {
            role: user
            for role, user in self.users.items()
            if user is not None and role != Role.REMOVED
        }

    def entry(self, place: str) -> MockConfigEntry:
        return self.other if place == "other community" else self.own

    async def incident(self, place: str) -> str:
        """Return an open incident that only the property company is told of.

        One that nobody was let in to do anything to is as good as a new one.
        """
        if place not in self.unused:
            self.opened += 1
            answer = await act(
                self.hass,
                self.entry(place),
                "open_incident",
                loop=LOOPS[place],
                zone=f"place {self.opened:03}",
                ladder=LADDER,
                community=self.entry(place).entry_id,
            )
            self.unused[place] = str(answer["incident"])
        return self.unused[place]

    def used(self, place: str, letter: str) -> None:
        """Let the next one have an incident of its own."""
        if letter != "n":
            self.unused.pop(place, None)

    async def refusals(self, place: str, incident: str) -> list[dict[str, Any]]:
        return await self._rows(place, incident, "refused")

    async def _rows(self, place: str, incident: str, kind: str) -> list[dict[str, Any]]:
        entries = await self.entry(place).runtime_data.engine.timeline(incident)
        return [{**one.data, "user": one.actor.user_id} for one in entries if one.kind == kind]

    async def answer(
        self, place: str, incident: str, who: tuple[str, str], do: Try, *, key: str = ""
    ) -> str:
        """Try without a reason, then with one; a denial must be translated and on record.

        `who`: the role and the deed. `key`: of the denial's translation, where it is not the
        role's own.
        """
        role, deed = who
        user = self.users[role]
        before = await self.refusals(place, incident)
        let_before = await self._rows(place, incident, "permitted")
        letter = "y"
        try:
            await do("")
        except HomeAssistantError as err:
            said = (err.translation_domain, err.translation_key)
            if err.translation_key in {"needs_reason", "needs_note"}:
                await do("seen with my own eyes")
                letter = "w" if err.translation_key == "needs_reason" else "y"
            elif err.translation_key not in _LET_IN:
                letter = "n"
        rows = (await self.refusals(place, incident))[len(before) :]
        if letter == "n":
            as_role = "outsider" if place == "other community" and role in TIERS else role
            assert said == (DOMAIN, key or f"not_permitted_{as_role}")
            reason = {"deed": deed, "reason": as_role, "user": user.id if user else None}
            assert rows == [reason]
        else:
            assert not rows
        let = (await self._rows(place, incident, "permitted"))[len(let_before) :]
        who_did = [user.id] if letter == "y" and deed in ON_RECORD and user is not None else []
        assert [(row["deed"], row["user"]) for row in let] == [(deed, one) for one in who_did]
        assert all(row["what"] for row in let)
        return letter

    async def tried(self, record: Record, *cell: str, do: Try, key: str = "") -> None:
        """Try a cell (way, role, place, deed), note what it answers, compare it.

        `key`: as of `answer`.
        """
        way, role, place, deed = cell
        target = COMMUNITY_LOG if deed in TO_COMMUNITY else await self.incident(place)
        letter = await self.answer(place, target, (role, deed), do, key=key)
        self.used(place, letter)
        note(record, way, role, place, deed, letter)
        assert letter == agreed(role, deed, place), (role, place)

    async def tried_past_core(self, record: Record, *cell: str, do: Try, key: str = "") -> None:
        """As `tried`, over a way of Home Assistant's own, which lets nobody in who was removed."""
        way, role, place, deed = cell
        if role != "removed":
            await self.tried(record, *cell, do=do, key=key)
            return
        with pytest.raises(UnknownUser):
            await do("")
        note(record, way, role, place, deed, "n")
        assert agreed(role, deed, place) == "n", place

    async def pressed(self, record: Record, *cell: str, press: Try) -> None:
        """Press a button that names whichever responder and incident, note and compare the cell.

        A forged name: nothing keeps a phone from sending any incident's and any responder's.
        """
        way, role, place, deed = cell
        incident = await self.incident(place)
        engine = self.entry(place).runtime_data.engine
        before = await engine.timeline(incident)
        await press(f"{TAPS[deed]}_{incident}_{KEYS.get(role, 'guard')}")
        rows = (await engine.timeline(incident))[len(before) :]
        letter = "n" if rows[-1].kind == "refused" else "y"
        self.used(place, letter)
        note(record, way, role, place, deed, letter)
        # A button is a responder's; whoever is none has no button, whatever else they may do.
        assert letter == (agreed(role, deed, place) if role in TIERS else "n"), (role, place)
        if letter == "n":
            (row,) = rows
            user = self.users[role]
            assert row.actor.user_id == (user.id if user else None)


def note(record: Record, *cell: str) -> None:
    """Note a cell for the printed matrix; plain words, since workers pass it on as text."""
    record("cell", tuple(str(word) for word in cell))


def loop_switch(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The switch of a loop that no life depends on."""
    unique_id = f"{entry.entry_id}_loop_nonmotor_parking"
    return er.async_get(hass).async_get_entity_id("switch", DOMAIN, unique_id) or ""


async def build(hass: HomeAssistant, community: MockConfigEntry) -> Town:
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


def fields_of(deed: str, reason: str) -> dict[str, Any]:
    """The fields of a deed to an incident, beside the incident itself."""
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


def places_of(deed: str) -> tuple[str, ...]:
    """Where a deed can be tried: what is done to a community is the same for every loop of it."""
    return ("own", "other community") if deed in TO_COMMUNITY else PLACES
