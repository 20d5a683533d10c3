"""Who may work the plant and change a lock's codes: what belongs to no community.

`script/permissions` runs this file and prints what each cell answered.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.core.permits import Role
from custom_components.smart_community.deeds import COMMUNITY_LOG
from tests.agreed_permissions import agreed
from tests.simulators.zigbee import VirtualCoordinator, devices

from .screen import Open
from .test_permissions_ways import checked
from .town import Record, Town, build
from .zigbee_ground import entity_id, pair, set_up


@pytest.fixture
async def radio(socket_enabled: None) -> AsyncIterator[VirtualCoordinator]:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
        yield radio


@dataclass(frozen=True)
class Plant:
    """The entities of a lock and a plug, and the button that lets devices join."""

    lock: str
    plug: str
    pairing: str


@pytest.fixture
async def plant(hass: HomeAssistant, radio: VirtualCoordinator) -> AsyncIterator[Plant]:
    network = await set_up(hass, radio)
    lock, plug = radio.add(devices.lock()), radio.add(devices.plug())
    await pair(hass, network, lock)
    await pair(hass, network, plug)
    yield Plant(
        entity_id(hass, network, f"{lock.ieee}-1-257"),
        entity_id(hass, network, f"{plug.ieee}-1"),
        entity_id(hass, network, f"{network.entry_id}_pairing"),
    )
    assert await hass.config_entries.async_unload(network.entry_id)


@pytest.fixture
async def town(hass: HomeAssistant, plant: Plant, community: MockConfigEntry) -> Town:
    """One community: the cells say what somebody may who has a part in any.

    The devices have joined before the community makes time stand still.
    """
    town = await build(hass, community)
    await hass.config_entries.async_remove(town.other.entry_id)
    return town


async def test_every_role_at_the_plant_and_at_the_codes_of_a_lock(
    hass: HomeAssistant, town: Town, plant: Plant, screen: Open, record_property: Record
) -> None:
    for role, user in town.users.items():

        async def operate(_reason: str, user: User | None = user) -> None:
            await call(hass, "switch", "turn_on", user, entity_id=plant.plug)

        async def program(_reason: str, user: User | None = user) -> None:
            await call(hass, "smart_community", "clear_lock_code", user, lock=plant.lock, slot=1)

        cell = ("action", role, "own", "operate")
        await town.tried_past_core(record_property, *cell, do=operate, key="output_not_permitted")
        cell = ("action", role, "own", "lock_codes")
        await town.tried(record_property, *cell, do=program, key="lock_codes_not_permitted")
        for action, more in (("enable_lock_code", {"enabled": False}), ("list_lock_codes", {})):
            data = {"lock": plant.lock, "slot": 1, **more}

            async def likewise(
                _reason: str,
                action: str = action,
                data: dict[str, Any] = data,
                user: User | None = user,
            ) -> None:
                await call(hass, "smart_community", action, user, **data)

            key = "lock_codes_not_permitted"
            letter = await town.answer(
                "own", COMMUNITY_LOG, (role, "lock_codes"), likewise, key=key
            )
            assert letter == agreed(role, "lock_codes", "own"), (role, action)
        if user is None or role == Role.REMOVED:
            continue
        view = await screen(user)

        async def from_screen(_reason: str, view: Any = view) -> None:
            checked(await view.ask("set_lock_code", lock=plant.lock, slot=1, code="731946"))

        async def work_from_screen(_reason: str, view: Any = view) -> None:
            checked(await view.call("button", "press", entity_id=plant.pairing))

        cell = ("websocket", role, "own", "lock_codes")
        await town.tried(record_property, *cell, do=from_screen, key="lock_codes_not_permitted")
        cell = ("websocket", role, "own", "operate")
        await town.tried(record_property, *cell, do=work_from_screen, key="output_not_permitted")


async def call(
    hass: HomeAssistant, domain: str, action: str, user: User | None, **data: Any
) -> None:
    context = Context(user_id=user.id if user is not None else None)
    answers = hass.services.supports_response(domain, action) is SupportsResponse.ONLY
    await hass.services.async_call(
        domain, action, data, blocking=True, context=context, return_response=answers
    )
