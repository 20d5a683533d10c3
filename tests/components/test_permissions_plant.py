"""Who may work the plant, change a lock's codes and the set-up: what belongs to no incident.

`script/permissions` runs this file and prints what each cell answered.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.deeds import COMMUNITY_LOG
from tests.agreed_permissions import agreed
from tests.simulators.zigbee import VirtualCoordinator, devices

from .screen import Open, Screen
from .test_permissions_ways import checked
from .test_surfaces import say
from .town import Record, Town, Try, build, note
from .zigbee_ground import entity_id, known, pair, set_up


@pytest.fixture
async def radio(socket_enabled: None) -> AsyncIterator[VirtualCoordinator]:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
        yield radio


type Called = tuple[str, str, dict[str, Any]]
type Cell = tuple[str, str, str]


@dataclass(frozen=True)
class Plant:
    """The entities of a lock and a plug, their devices, and the button that lets devices join."""

    lock: str
    plug: str
    pairing: str
    router: str
    devices: tuple[str, ...]

    def calls(self) -> Mapping[str, tuple[str, list[Called]]]:
        """The actions that do each deed, and the error that refuses them."""
        code = {"lock": self.lock, "slot": 1}
        return {
            "operate": ("output_not_permitted", [("switch", "turn_on", {"entity_id": self.plug})]),
            "lock_codes": (
                "lock_codes_not_permitted",
                [
                    ("smart_community", "clear_lock_code", code),
                    ("smart_community", "set_lock_code", code),
                    ("smart_community", "enable_lock_code", {**code, "enabled": False}),
                    ("smart_community", "list_lock_codes", code),
                ],
            ),
            "configure": (
                "configure_not_permitted",
                [
                    ("smart_community", "permit_join", {"router": self.router, "seconds": 0}),
                ],
            ),
        }

    def stands_in(self, hass: HomeAssistant, area: str | None) -> None:
        """Carry everything somewhere else."""
        for device in self.devices:
            dr.async_get(hass).async_update_device(device, area_id=area)


@pytest.fixture
async def plant(hass: HomeAssistant, radio: VirtualCoordinator) -> AsyncIterator[Plant]:
    network = await set_up(hass, radio)
    lock, plug = radio.add(devices.lock()), radio.add(devices.plug())
    ids = []
    for device in (lock, plug):
        await pair(hass, network, device)
        entry = known(hass, network, device)
        assert entry is not None
        ids.append(entry.id)
    switch = entity_id(hass, network, f"{plug.ieee}-1")
    er.async_get(hass).async_update_entity(switch, name="Garden pump")
    await hass.async_block_till_done()
    yield Plant(
        entity_id(hass, network, f"{lock.ieee}-1-257"),
        switch,
        entity_id(hass, network, f"{network.entry_id}_pairing"),
        ids[1],
        (*ids, network.runtime_data.hub_id),
    )
    assert await hass.config_entries.async_unload(network.entry_id)


AT_THE_PLANT: Final = {
    "clear_lock_code",
    "enable_lock_code",
    "list_lock_codes",
    "permit_join",
    "reinterview",
    "remove_device",
    "set_lock_code",
}
AREAS: Final = {"own": "first_yard", "other community": "second_yard"}


@pytest.fixture
async def town(hass: HomeAssistant, plant: Plant, community: MockConfigEntry) -> Town:
    """Two communities, each with a yard of its own.

    The devices have joined before the communities make time stand still.
    """
    town = await build(hass, community)
    for place, area in AREAS.items():
        assert ar.async_get(hass).async_create(area.replace("_", " ").title()).id == area
        entry = town.entry(place)
        hass.config_entries.async_update_entry(entry, data={**entry.data, "areas": [area]})
    await hass.async_block_till_done()
    return town


async def test_every_role_at_the_plant_the_codes_of_a_lock_and_the_set_up(
    hass: HomeAssistant, town: Town, plant: Plant, screen: Open, record_property: Record
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    await hass.async_block_till_done()
    screens = {role: await screen(user) for role, user in town.logged_in.items()}
    for place, area in AREAS.items():
        plant.stands_in(hass, area)
        for role, user in town.users.items():
            for deed, (key, calls) in plant.calls().items():
                cell = (role, place, deed)
                for called in calls:
                    await by_action(town, record_property, cell, key, called)
                    if role in screens:
                        do = on_screen(screens[role], called)
                        await town.tried(record_property, "websocket", *cell, do=do, key=key)
            if role in screens:
                await by_word(hass, town, record_property, (role, place), user)
                view = screens[role]

                async def choose(_reason: str, view: Screen = view) -> None:
                    checked(await view.ask("set_lock_code", lock=plant.lock, slot=1, code="731946"))

                async def press(_reason: str, view: Screen = view) -> None:
                    checked(await view.call("button", "press", entity_id=plant.pairing))

                for deed, do in (("lock_codes", choose), ("configure", press)):
                    key, _ = plant.calls()[deed]
                    cell = (role, place, deed)
                    await town.tried(record_property, "websocket", *cell, do=do, key=key)


async def by_action(town: Town, record: Record, cell: Cell, key: str, called: Called) -> None:
    domain, action, data = called
    hass, user = town.hass, town.users[cell[0]]

    async def do(_reason: str) -> None:
        await call(hass, domain, action, user, **data)

    # Home Assistant's own actions let nobody in who was removed.
    tried = town.tried if domain == "smart_community" else town.tried_past_core
    await tried(record, "action", *cell, do=do, key=key)


def on_screen(view: Screen, called: Called) -> Try:
    domain, action, data = called

    async def do(_reason: str) -> None:
        answers = action in {"set_lock_code", "list_lock_codes"}
        checked(await view.call(domain, action, answers=answers, **data))

    return do


async def by_word(
    hass: HomeAssistant, town: Town, record: Record, cell: tuple[str, str], user: User | None
) -> None:
    """Say it to Assist, which answers that it could not, whatever the reason was."""
    role, place = cell
    before = len(await town.refusals(place, COMMUNITY_LOG))
    await say(hass, "turn on garden pump", user)
    rows = (await town.refusals(place, COMMUNITY_LOG))[before:]
    letter = "n" if rows else "y"
    note(record, "assist", role, place, "operate", letter)
    assert letter == agreed(role, "operate", place), (role, place)


async def call(
    hass: HomeAssistant, domain: str, action: str, user: User | None, **data: Any
) -> None:
    context = Context(user_id=user.id if user is not None else None)
    answers = hass.services.supports_response(domain, action) is SupportsResponse.ONLY
    await hass.services.async_call(
        domain, action, data, blocking=True, context=context, return_response=answers
    )


async def test_a_lock_opens_to_its_own_communitys_people_and_to_residents_nobody_knows(
    hass: HomeAssistant, town: Town, plant: Plant
) -> None:
    guard, head, resident = (town.users[role] for role in ("property", "township", "outsider"))
    plant.stands_in(hass, AREAS["other community"])
    with pytest.raises(HomeAssistantError) as refused:
        await call(hass, "lock", "unlock", guard, entity_id=plant.lock)
    assert refused.value.translation_key == "unlocking_not_permitted"
    (row,) = await town.refusals("other community", COMMUNITY_LOG)
    assert (row["deed"], row["reason"]) == ("operate", "outsider")
    assert not await town.refusals("own", COMMUNITY_LOG)
    plant.stands_in(hass, AREAS["own"])
    with pytest.raises(HomeAssistantError):  # the table's own word: the township works nothing
        await call(hass, "lock", "unlock", head, entity_id=plant.lock)
    for user in (guard, resident):
        await call(hass, "lock", "lock", user, entity_id=plant.lock)
        await call(hass, "lock", "unlock", user, entity_id=plant.lock)
        assert hass.states.get(plant.lock).state == "unlocked"
    # A community that is not loaded knows its people all the same, wherever the door is.
    await hass.config_entries.async_unload(town.own.entry_id)
    for area in (AREAS["own"], None):
        plant.stands_in(hass, area)
        with pytest.raises(HomeAssistantError) as refused:
            await call(hass, "lock", "unlock", head, entity_id=plant.lock)
        assert refused.value.translation_key == "unlocking_not_permitted"
        await call(hass, "lock", "unlock", resident, entity_id=plant.lock)


async def test_what_stands_on_nobodys_ground_is_worked_by_the_people_of_each(
    hass: HomeAssistant, town: Town, plant: Plant
) -> None:
    plant.stands_in(hass, None)
    await call(hass, "switch", "turn_on", town.users["property"], entity_id=plant.plug)
    with pytest.raises(HomeAssistantError):
        await call(hass, "switch", "turn_on", town.users["outsider"], entity_id=plant.plug)
    for place in AREAS:
        (row,) = await town.refusals(place, COMMUNITY_LOG)
        assert row["reason"] == "outsider"


async def test_a_community_that_is_not_at_work_keeps_its_ground_from_the_others(
    hass: HomeAssistant, town: Town, plant: Plant
) -> None:
    plant.stands_in(hass, AREAS["other community"])
    await hass.config_entries.async_unload(town.other.entry_id)
    with pytest.raises(HomeAssistantError) as refused:
        await call(hass, "switch", "turn_on", town.users["property"], entity_id=plant.plug)
    assert refused.value.translation_key == "output_not_permitted"
    for role in ("administrator", "automation"):
        await call(hass, "switch", "turn_on", town.users[role], entity_id=plant.plug)


async def test_the_record_is_read_by_whoever_has_the_whole_community(
    hass: HomeAssistant, town: Town, plant: Plant
) -> None:
    plant.stands_in(hass, AREAS["own"])
    await call(hass, "switch", "turn_on", town.users["property"], entity_id=plant.plug)
    with pytest.raises(HomeAssistantError):
        await call(hass, "switch", "turn_on", town.users["outsider"], entity_id=plant.plug)
    lines = {}
    for role in ("administrator", "department"):
        user = town.users[role]
        assert user is not None
        told = await hass.services.async_call(
            "smart_community",
            "statistics",
            {"community": town.own.entry_id},
            blocking=True,
            return_response=True,
            context=Context(user_id=user.id),
        )
        lines[role] = [row["line"].split("  ")[1] for row in told["record"]]
    assert lines["department"] == []
    assert set(lines["administrator"]) == {
        "Let through: operating the plant, by Guard (Garden pump)",
        "Refused: operating the plant, by stranger (no responder of this community)",
    }


async def test_only_administrators_and_their_automations_ask_a_device_anew_and_remove_it(
    hass: HomeAssistant, town: Town, plant: Plant
) -> None:
    plant.stands_in(hass, AREAS["own"])

    async def try_it(role: str, action: str) -> None:
        user = town.users[role]
        await call(hass, "smart_community", action, user, device=plant.router)

    for action in ("reinterview", "remove_device"):
        for role in town.users.keys() - {"administrator", "automation"}:
            with pytest.raises(HomeAssistantError) as refused:
                await try_it(role, action)
            assert refused.value.translation_key == "configure_not_permitted"
            assert (await town.refusals("own", COMMUNITY_LOG))[-1]["reason"] == role
        await try_it("administrator", action)
        rows = await town.own.runtime_data.engine.timeline(COMMUNITY_LOG)
        assert (rows[-1].kind, rows[-1].data["deed"]) == ("permitted", "configure")
