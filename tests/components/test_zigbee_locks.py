"""The codes of door locks: who may, what the lock says, and that a code leaves no trace."""

import logging
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smart_community.diagnostics import async_get_config_entry_diagnostics
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice, devices

from .translated import assert_said
from .zigbee_ground import entity_id, pair, until


@pytest.fixture
async def door(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> VirtualDevice:
    door = radio.add(devices.lock())
    await pair(hass, network, door)
    return door


async def act(
    hass: HomeAssistant, user: Any, network: MockConfigEntry, name: str, **data: Any
) -> Any:
    context = Context(user_id=user.id if user is not None else None)
    said = {"lock": entity_id(hass, network, "-1-257"), **data}
    response = name == "set_lock_code"
    return await hass.services.async_call(
        "smart_community", name, said, blocking=True, return_response=response, context=context
    )


async def test_a_code_is_drawn_set_paused_and_cleared(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice, hass_admin_user: MockUser
) -> None:
    answer = await act(hass, hass_admin_user, network, "set_lock_code", slot=4)
    code = answer["code"]
    assert code.isdigit()
    assert door.lock.users[3].pin == code
    await act(hass, hass_admin_user, network, "enable_lock_code", slot=4, enabled=False)
    assert door.lock.users[3].status.name == "Disabled"
    await act(hass, hass_admin_user, network, "enable_lock_code", slot=4, enabled=True)
    assert door.lock.users[3].status.name == "Enabled"
    await act(hass, hass_admin_user, network, "clear_lock_code", slot=4)
    assert not door.lock.users[3].pin


async def test_a_code_of_ones_own_leaves_no_trace_anywhere(
    hass: HomeAssistant,
    network: MockConfigEntry,
    door: VirtualDevice,
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    code = "731946"
    calls: list[str] = []
    hass.bus.async_listen("*", lambda event: calls.append(str(event.data)))
    for name in ("", "bellows", "bellows.ash", "zigpy", "zha", "custom_components"):
        caplog.set_level(logging.DEBUG, logger=name)
    client = await hass_ws_client()
    await client.send_json_auto_id(
        {
            "type": "smart_community/set_lock_code",
            "lock": entity_id(hass, network, "-1-257"),
            "slot": 1,
            "code": code,
        }
    )
    assert (await client.receive_json())["success"]
    assert door.lock.users[0].pin == code
    await door.program(user=1, pin="864203")
    await hass.async_block_till_done()
    diagnostics = await async_get_config_entry_diagnostics(hass, network)
    ours = [
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith(("homeassistant.components.websocket_api", "tests"))
    ]
    for said in (*ours, *calls, str(hass.states.async_all()), str(diagnostics)):
        assert code not in said
        assert code.encode().hex() not in said
        assert "864203" not in said


async def test_a_code_opens_only_at_its_hours(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice, hass_admin_user: MockUser
) -> None:
    hours = {"days": ["sun", "mon", "sat"], "start": "08:30", "end": "17:45"}
    await act(hass, hass_admin_user, network, "set_lock_code", slot=4, **hours)
    assert door.lock.users[3].type.name == "Week_Day_Schedule_User"
    cluster = network.runtime_data.network.device(str(door.ieee)).device.endpoints[1].door_lock
    said = await cluster.get_week_day_schedule(0, 3)
    assert said.status.name == "SUCCESS"
    assert said.days_mask == 0b1000011
    times = (said.start_hour, said.start_minute, said.end_hour, said.end_minute)
    assert times == (8, 30, 17, 45)
    await act(hass, hass_admin_user, network, "set_lock_code", slot=4)
    assert door.lock.users[3].type.name == "Unrestricted"


async def test_a_lock_without_hours_says_so_and_keeps_no_code_that_opens_at_all_of_them(
    hass: HomeAssistant,
    network: MockConfigEntry,
    door: VirtualDevice,
    hass_admin_user: MockUser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door.lock, "on_set_week_day_schedule", None)
    hours = {"days": "mon", "start": "08:30", "end": "17:45"}
    with pytest.raises(HomeAssistantError) as refused:
        await act(hass, hass_admin_user, network, "set_lock_code", slot=4, **hours)
    assert refused.value.translation_key == "lock_not_supported"
    assert_said("exceptions.lock_not_supported.message", {"device"})
    assert not door.lock.users[3].pin


@pytest.mark.parametrize("who", ["automation", "resident"])
async def test_whoever_answers_for_nothing_changes_no_code(
    hass: HomeAssistant,
    network: MockConfigEntry,
    door: VirtualDevice,
    community: MockConfigEntry,
    who: str,
) -> None:
    user = None
    if who == "resident":
        user = MockUser(name="Resident").add_to_hass(hass)
    before = dict(door.lock.users)
    for name, more in (
        ("set_lock_code", {}),
        ("clear_lock_code", {}),
        ("enable_lock_code", {"enabled": False}),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await act(hass, user, network, name, slot=1, **more)
        assert refused.value.translation_key == "lock_codes_not_permitted"
    assert dict(door.lock.users) == before


async def test_a_lock_that_does_not_answer_is_said_without_the_code(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice, hass_admin_user: MockUser
) -> None:
    await act(hass, hass_admin_user, network, "clear_lock_code", slot=2)
    door.deaf = True
    with pytest.raises(HomeAssistantError) as unanswered:
        await act(hass, hass_admin_user, network, "clear_lock_code", slot=2)
    assert unanswered.value.translation_key == "lock_no_answer"
    door.deaf = False
    with pytest.raises(ServiceValidationError) as unknown:
        await act(hass, hass_admin_user, network, "clear_lock_code", slot=2, lock="lock.nowhere")
    assert unknown.value.translation_key == "zigbee_lock_unknown"


async def test_a_lock_is_told_to_send_no_codes_over_the_air(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice
) -> None:
    await until(lambda: not door.lock.get("send_pin_ota"), 5)
