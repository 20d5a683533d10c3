"""The codes of door locks: who may, what the lock says, and that a code leaves no trace."""

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
from zigpy.zcl.clusters.closures import LockState

from custom_components.smart_community.diagnostics import async_get_config_entry_diagnostics
from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice, devices

from .recorded import Recorded, recorded
from .translated import assert_said
from .zigbee_ground import entity_id, pair

__all__ = ["recorded"]


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
    response = name in {"set_lock_code", "list_lock_codes"}
    return await hass.services.async_call(
        "smart_community", name, said, blocking=True, return_response=response, context=context
    )


type Told = Callable[[MockConfigEntry], Awaitable[list[str]]]


@pytest.fixture
def told(hass: HomeAssistant, caplog: pytest.LogCaptureFixture, recorded: Recorded) -> Told:
    """Take down what is said anywhere; tells it, with what is shown. Named before the networks."""
    events: list[str] = []
    hass.bus.async_listen("*", lambda event: events.append(str(event.data)))
    for name in ("", "bellows", "bellows.ash", "zigpy", "zha", "custom_components"):
        caplog.set_level(logging.DEBUG, logger=name)

    async def tell(network: MockConfigEntry) -> list[str]:
        logged = [
            record.getMessage()
            for record in caplog.records
            if not record.name.startswith(("homeassistant.components.websocket_api", "tests"))
        ]
        diagnostics = await async_get_config_entry_diagnostics(hass, network)
        assert logged
        kept = await recorded()
        assert "code_changed" in kept or "set_lock_code" in kept
        return [*logged, *events, str(hass.states.async_all()), str(diagnostics), kept]

    return tell


async def test_a_code_is_drawn_set_paused_and_cleared(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice, hass_admin_user: MockUser
) -> None:
    async def told(slot: int | None = None) -> Any:
        only = {"slot": slot} if slot else {}
        return (await act(hass, hass_admin_user, network, "list_lock_codes", **only))["codes"]

    assert await told() == []
    answer = await act(hass, hass_admin_user, network, "set_lock_code", slot=4)
    code = answer["code"]
    assert code.isdigit()
    assert door.lock.users[3].pin == code
    assert await told() == [{"slot": 4, "enabled": True, "type": "unrestricted"}]
    await act(hass, hass_admin_user, network, "enable_lock_code", slot=4, enabled=False)
    assert door.lock.users[3].status.name == "Disabled"
    assert await told(4) == [{"slot": 4, "enabled": False, "type": "unrestricted"}]
    await act(hass, hass_admin_user, network, "enable_lock_code", slot=4, enabled=True)
    assert door.lock.users[3].status.name == "Enabled"
    await act(hass, hass_admin_user, network, "clear_lock_code", slot=4)
    assert not door.lock.users[3].pin
    assert await told(4) == []


async def test_no_code_is_drawn_in_a_script_whose_trace_would_keep_it(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice, hass_admin_user: MockUser
) -> None:
    drawing = {
        "action": "smart_community.set_lock_code",
        "data": {"lock": entity_id(hass, network, "-1-257"), "slot": 4},
        "response_variable": "drawn",
    }
    assert await async_setup_component(
        hass, "script", {"script": {"guest": {"sequence": [drawing]}}}
    )
    before = dict(door.lock.users)
    context = Context(user_id=hass_admin_user.id)
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call("script", "guest", {}, blocking=True, context=context)
    assert refused.value.translation_key == "lock_code_in_script"
    assert_said("exceptions.lock_code_in_script.message", set())
    assert dict(door.lock.users) == before


async def test_a_code_of_ones_own_leaves_no_trace_anywhere(
    hass: HomeAssistant,
    told: Told,
    network: MockConfigEntry,
    door: VirtualDevice,
    hass_ws_client: WebSocketGenerator,
) -> None:
    code = "731946"
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
    for said in await told(network):
        assert code not in said
        assert code.encode().hex() not in said
        assert "864203" not in said


async def test_a_code_that_is_drawn_is_told_to_whoever_asked_and_left_nowhere_else(
    hass: HomeAssistant,
    told: Told,
    network: MockConfigEntry,
    door: VirtualDevice,
    hass_admin_user: MockUser,
) -> None:
    code = (await act(hass, hass_admin_user, network, "set_lock_code", slot=4))["code"]
    assert door.lock.users[3].pin == code
    await hass.async_block_till_done()
    # As a number of its own, or in a frame: a time has as many digits, and may have these.
    alone = re.compile(rf"(?<![\w.]){code}(?!\w)|\\x0{len(code)}{code}|{code.encode().hex()}")
    assert alone.search(f"pin={code}")
    for said in await told(network):
        assert not alone.search(re.sub(r"datetime\([^)]*\)", "", said))


async def test_a_code_opens_only_at_its_hours(
    hass: HomeAssistant,
    network: MockConfigEntry,
    door: VirtualDevice,
    hass_admin_user: MockUser,
    hass_ws_client: WebSocketGenerator,
) -> None:
    hours = {"days": ["sun", "mon", "sat"], "start": "08:30", "end": "17:45"}
    await act(hass, hass_admin_user, network, "set_lock_code", slot=4, **hours)
    assert door.lock.users[3].type.name == "Week_Day_Schedule_User"
    kept = door.lock.schedules["week_day", 0, 3]
    assert kept["days_mask"] == 0b1000011
    said = await act(hass, hass_admin_user, network, "list_lock_codes", slot=4)
    assert said["codes"] == [
        {"slot": 4, "enabled": True, "type": "week_day_schedule_user", **hours},
    ]
    before = dict(door.lock.users)
    for end in ("08:30:59", "07:00"):
        with pytest.raises(ServiceValidationError) as refused:
            await act(
                hass, hass_admin_user, network, "set_lock_code", slot=4, **{**hours, "end": end}
            )
        assert refused.value.translation_key == "lock_hours_backwards"
    assert_said("exceptions.lock_hours_backwards.message", set())
    client = await hass_ws_client()
    chosen = {
        "type": "smart_community/set_lock_code",
        "lock": entity_id(hass, network, "-1-257"),
        "code": "731946",
    }
    for bad in ({"slot": 4, **hours, "end": "07:00"}, {"slot": 0}):
        await client.send_json_auto_id({**chosen, **bad})
        assert not (await client.receive_json())["success"]
    assert dict(door.lock.users) == before
    door.lock.schedules.clear()  # somebody cleared the hours at the lock: it opens never now
    said = await act(hass, hass_admin_user, network, "list_lock_codes", slot=4)
    assert said["codes"] == [{"slot": 4, "enabled": True, "type": "week_day_schedule_user"}]
    await act(hass, hass_admin_user, network, "set_lock_code", slot=4)
    assert door.lock.users[3].type.name == "Unrestricted"


async def test_a_guests_code_opens_from_one_moment_to_another(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice, hass_admin_user: MockUser
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    stay = {"begins": "2099-03-01 14:00:00", "ends": "2099-03-05 12:00:00"}

    async def set_code(**said: Any) -> None:
        await act(hass, hass_admin_user, network, "set_lock_code", slot=4, **said)

    await set_code(**stay)
    kept = door.lock.schedules["year_day", 0, 3]
    epoch = datetime(2000, 1, 1)  # noqa: DTZ001 - the lock goes by the clock on the wall
    assert str(epoch + timedelta(seconds=int(kept["local_start_time"]))) == stay["begins"]
    said = await act(hass, hass_admin_user, network, "list_lock_codes", slot=4)
    assert said["codes"] == [
        {"slot": 4, "enabled": True, "type": "year_day_schedule_user", **stay},
    ]
    before = dict(door.lock.users)
    for bad, error in (
        ({**stay, "ends": stay["begins"]}, "lock_period_over"),
        ({"begins": "2020-01-01 00:00:00", "ends": "2020-01-02 00:00:00"}, "lock_period_over"),
        ({**stay, "days": "mon", "start": "08:00", "end": "09:00"}, "lock_hours_and_period"),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await set_code(**bad)
        assert refused.value.translation_key == error
        assert_said(f"exceptions.{error}.message", set())
    assert dict(door.lock.users) == before


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


async def test_whoever_answers_for_nothing_changes_no_code_and_reads_none(
    hass: HomeAssistant,
    network: MockConfigEntry,
    door: VirtualDevice,
    community: MockConfigEntry,
) -> None:
    resident = MockUser(name="Resident").add_to_hass(hass)
    before = dict(door.lock.users)
    for user in (None, resident):
        for name, more in (
            ("set_lock_code", {}),
            ("list_lock_codes", {}),
            ("clear_lock_code", {}),
            ("enable_lock_code", {"enabled": False}),
        ):
            with pytest.raises(ServiceValidationError) as refused:
                await act(hass, user, network, name, slot=1, **more)
            assert refused.value.translation_key == "lock_codes_not_permitted"
    assert dict(door.lock.users) == before


async def test_who_is_known_here_unlocks_only_as_the_table_says(
    hass: HomeAssistant,
    network: MockConfigEntry,
    door: VirtualDevice,
    community: MockConfigEntry,
) -> None:
    lock = entity_id(hass, network, f"{door.ieee}-1-257")
    group = await hass.auth.async_get_group(GROUP_ID_USER)
    users = {
        name: MockUser(name=name, groups=[group], is_active=name != "gone").add_to_hass(hass)
        for name in ("guard", "head", "resident", "gone")
    }
    for subentry in list(community.subentries.values()):
        if (user := users.get(subentry.data["key"])) is not None:
            data = {**subentry.data, "users": [user.id]}
            hass.config_entries.async_update_subentry(community, subentry, data=data)
    await hass.async_block_till_done()

    async def tell(what: str, user: MockUser | None) -> None:
        context = Context(user_id=user.id if user is not None else None)
        await hass.services.async_call(
            "lock", what, {"entity_id": lock}, blocking=True, context=context
        )

    # An automation opens when there is smoke; a resident's door is Home Assistant's matter.
    for who in (users["guard"], users["resident"], None):
        await tell("unlock", who)
        assert door.lock.get("lock_state") == LockState.Unlocked
        await tell("lock", who)
    for who in (users["head"], users["gone"]):
        with pytest.raises(ServiceValidationError) as refused:
            await tell("unlock", who)
        assert refused.value.translation_key == "unlocking_not_permitted"
        await tell("lock", who)  # nobody is kept from closing a door
    assert_said("exceptions.unlocking_not_permitted.message", {"name"})
    assert door.lock.get("lock_state") == LockState.Locked


async def test_a_lock_that_does_not_answer_is_said_without_the_code(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice, hass_admin_user: MockUser
) -> None:
    await act(hass, hass_admin_user, network, "clear_lock_code", slot=2)
    door.silent = True
    with pytest.raises(HomeAssistantError) as unanswered:
        await act(hass, hass_admin_user, network, "clear_lock_code", slot=2)
    assert unanswered.value.translation_key == "lock_no_answer"
    door.silent = False
    with pytest.raises(ServiceValidationError) as unknown:
        await act(hass, hass_admin_user, network, "clear_lock_code", slot=2, lock="lock.nowhere")
    assert unknown.value.translation_key == "zigbee_lock_unknown"


async def test_a_lock_is_told_to_send_no_codes_over_the_air(
    hass: HomeAssistant, network: MockConfigEntry, door: VirtualDevice
) -> None:
    await until(lambda: not door.lock.get("send_pin_ota"), 5)
