"""A Zigbee network as an entry, on a virtual coordinator over TCP: what it shows, and when not."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from zigpy.device import Device
from zigpy.zcl.clusters.general import OnOff
from zigpy.zcl.clusters.measurement import OccupancySensing

from tests.simulators.waiting import until
from tests.simulators.zigbee import Fault, VirtualCoordinator, devices, makes
from tests.simulators.zigbee_hosts import settled

from .zigbee_ground import entity_id, pair, set_up, state, zone


async def test_an_alarm_is_an_entity_that_is_on(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke = await pair(hass, network, radio.add(devices.smoke()))
    assert state(hass, network, zone(smoke)).state == "off"
    assert state(hass, network, zone(smoke)).attributes["device_class"] == "smoke"
    await smoke.alarm()
    await until(lambda: state(hass, network, zone(smoke)).state == "on")
    await smoke.alarm(False)
    await until(lambda: state(hass, network, zone(smoke)).state == "off")


async def test_an_alarm_with_the_number_of_a_question_under_way_is_no_answer_to_it(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke = await pair(hass, network, radio.add(devices.smoke()))
    device = network.runtime_data.network.device(str(smoke.ieee))
    cluster = device.device.endpoints[1].in_clusters[0x0500]
    smoke.deaf = True
    question = asyncio.create_task(cluster.read_attributes(["zone_state"], allow_cache=False))
    await until(lambda: device.device._requests)
    # A message's number is a byte: one of these has that of the question.
    for number in range(256):
        await smoke.alarm(number % 2 == 0)
        await until(
            lambda on=number % 2 == 0: (state(hass, network, zone(smoke)).state == "on") is on
        )
    assert not question.done()
    question.cancel()
    await settled()


async def test_what_is_remembered_is_there_before_the_radio_answers_and_is_not_believed(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke = await pair(hass, network, radio.add(devices.smoke()))
    assert await hass.config_entries.async_unload(network.entry_id)
    assert state(hass, network, zone(smoke)).attributes.get("restored")
    radio.fault = Fault.SILENT
    assert await hass.config_entries.async_setup(network.entry_id)
    await until(lambda: not state(hass, network, zone(smoke)).attributes.get("restored"))
    assert state(hass, network, zone(smoke)).state == "unavailable"
    assert state(hass, network, "connection").state == "off"


async def test_a_frame_that_the_mesh_repeats_behind_an_alarm_does_not_end_it(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke = await pair(hass, network, radio.add(devices.smoke()))
    await smoke.alarm()
    await until(lambda: state(hass, network, zone(smoke)).state == "on")
    await smoke.alarm(False)
    await until(lambda: state(hass, network, zone(smoke)).state == "off")
    number = smoke._tsn
    await smoke.alarm()
    await until(lambda: state(hass, network, zone(smoke)).state == "on")
    seen: list[str] = []
    hass.bus.async_listen(
        "state_changed", lambda event: seen.append(_said(event.data, hass, network, zone(smoke)))
    )
    smoke.zcl(1, 0x0500, bytes((0x09, number, 0, 0, 0, 0, 0, 0, 0)))
    await smoke.tamper()
    await until(lambda: state(hass, network, f"{zone(smoke)}-tamper").state == "on")
    assert "off" not in seen


async def test_an_alarm_that_nobody_heard_is_found_after_the_connection_is_back(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke = await pair(hass, network, radio.add(devices.smoke()))
    await radio.refuse(True)
    await until(lambda: state(hass, network, zone(smoke)).state == "unavailable", 5)
    assert state(hass, network, "connection").state == "off"
    await smoke.alarm()
    seen: list[str] = []
    hass.bus.async_listen(
        "state_changed", lambda event: seen.append(_said(event.data, hass, network, zone(smoke)))
    )
    await radio.refuse(False)
    await until(lambda: state(hass, network, "connection").state == "on")
    await until(lambda: state(hass, network, zone(smoke)).state == "on")
    assert "off" not in seen


async def test_presence_that_sleeps_and_an_output_are_not_shown_as_they_were_before(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    presence, plug = radio.add(devices.occupancy()), radio.add(devices.plug())
    climate, door = radio.add(devices.temperature_humidity()), radio.add(devices.lock())
    room, socket, warmth = (f"{presence.ieee}-1-1030", f"{plug.ieee}-1", f"{climate.ieee}-1-1026")
    for device in (presence, plug, climate, door):
        await pair(hass, network, device)
    assert (state(hass, network, room).state, state(hass, network, socket).state) == ("off", "off")
    seen: list[tuple[str, str]] = []
    await radio.refuse(True)
    await until(lambda: state(hass, network, room).state == "unavailable", 5)
    hass.bus.async_listen(
        "state_changed",
        lambda event: seen.extend(
            (ending, _said(event.data, hass, network, ending)) for ending in (room, socket)
        ),
    )
    presence.silent = climate.silent = door.deaf = True
    presence.server(OccupancySensing).set("occupancy", 1)
    plug.server(OnOff).set("on_off", True)
    await radio.refuse(False)
    await until(lambda: state(hass, network, socket).state == "on")
    # What a thermometer said last is as true as it was; who is in the room is asked when it wakes.
    assert state(hass, network, warmth).state == "21.0"
    assert state(hass, network, room).state == "unavailable"
    # Nor does what happens at a lock wait for the lock's own answer.
    await door.wrong_code()
    await until(lambda: state(hass, network, "operations").attributes["event_type"] == "wrong_code")
    assert state(hass, network, f"{door.ieee}-1-257").state == "unavailable"
    # It sleeps on: in reach for all that is known, and what it knows is not known.
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=91))
    await until(lambda: state(hass, network, room).state == "unknown")
    assert state(hass, network, room).attributes["unheard"]
    presence.silent = False
    await presence.check_in()
    await until(lambda: state(hass, network, room).state == "on")
    assert "unheard" not in state(hass, network, room).attributes
    assert not {(room, "off"), (socket, "off")} & set(seen)


async def test_an_alarm_of_a_detector_that_sleeps_on_is_found_when_it_wakes(
    hass: HomeAssistant,
    radio: VirtualCoordinator,
    network: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "custom_components")
    smoke = await pair(hass, network, radio.add(devices.smoke()))
    smoke.silent = True
    await radio.refuse(True)
    await until(lambda: state(hass, network, zone(smoke)).state == "unavailable", 5)
    await smoke.alarm()
    caplog.clear()
    await radio.refuse(False)
    await until(lambda: "zone_status, zone_state of" in caplog.text)  # asked in vain
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=91))
    await until(lambda: state(hass, network, zone(smoke)).state == "unknown")
    assert state(hass, network, f"{zone(smoke)}-battery").state == "off"
    smoke.silent = False
    await smoke.check_in()
    await until(lambda: state(hass, network, zone(smoke)).state == "on")


async def test_what_only_a_quirk_understands_is_not_answered_for_by_what_is_remembered(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    door, smoke = radio.add(makes.lumi_contact()), radio.add(makes.tuya_smoke())
    contact, fire = f"{door.ieee}-1-6", zone(smoke)

    def both() -> tuple[str, str]:
        return state(hass, network, contact).state, state(hass, network, fire).state

    for device in (door, smoke):
        await pair(hass, network, device)
    await until(lambda: both() == ("unknown", "unknown"))
    await door.report(OnOff, on_off=True)
    makes.tuya_says(smoke, 1, 1)
    await until(lambda: both() == ("on", "off"))
    await radio.refuse(True)
    await until(lambda: both() == ("unavailable", "unavailable"))
    await radio.refuse(False)
    await until(lambda: both() == ("unknown", "unknown"))
    await door.report(OnOff, on_off=False)
    makes.tuya_says(smoke, 1, 0)
    await until(lambda: both() == ("off", "on"))


async def test_a_coordinator_that_falls_mute_is_given_up_within_fifteen_seconds(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as other:
        second = await set_up(hass, other, title="Building 2")

        async def falls_mute(
            radio: VirtualCoordinator, entry: MockConfigEntry, fault: Fault
        ) -> None:
            smoke = await pair(hass, entry, radio.add(devices.smoke()))
            radio.fault = fault
            await until(lambda: state(hass, entry, zone(smoke)).state == "unavailable", 15)
            radio.fault = None
            await until(lambda: state(hass, entry, zone(smoke)).state == "off", 30)

        await asyncio.gather(
            falls_mute(radio, network, Fault.SILENT), falls_mute(other, second, Fault.HUNG)
        )
        assert await hass.config_entries.async_unload(second.entry_id)


async def test_the_other_bits_of_a_zone_are_shown(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke = await pair(hass, network, radio.add(devices.smoke()))
    for act, ending in ((smoke.tamper, "tamper"), (smoke.trouble, "trouble")):
        assert state(hass, network, f"1280-{ending}").state == "off"
        await act()
        await until(lambda ending=ending: state(hass, network, f"1280-{ending}").state == "on")
    await smoke.battery(8)
    await until(lambda: state(hass, network, "1280-battery").state == "on")
    assert state(hass, network, zone(smoke)).state == "off"


async def test_a_lock_does_what_it_is_told_or_says_that_it_does_not(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    door = await pair(hass, network, radio.add(devices.lock()))
    lock = entity_id(hass, network, f"{door.ieee}-1-257")

    async def tell(what: str) -> None:
        await hass.services.async_call("lock", what, {"entity_id": lock}, blocking=True)

    await tell("unlock")
    assert hass.states.get(lock).state == "unlocked"
    await tell("lock")
    assert hass.states.get(lock).state == "locked"
    door.lock.jammed = True
    with pytest.raises(HomeAssistantError) as refused:
        await tell("unlock")
    assert refused.value.translation_key == "lock_refused"
    assert hass.states.get(lock).state == "locked"
    door.lock.jammed = False
    door.deaf = True
    with pytest.raises(HomeAssistantError) as unanswered:
        await tell("unlock")
    assert unanswered.value.translation_key == "lock_no_answer"
    door.deaf = False


async def test_who_opened_a_lock_is_an_event_without_the_code(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    door = await pair(hass, network, radio.add(devices.lock()))

    def last() -> tuple[Any, ...]:
        said = state(hass, network, "operations").attributes
        return tuple(said.get(key) for key in ("event_type", "method", "credential"))

    await door.operate("unlock", source="keypad", user=3)
    await until(lambda: last() == ("unlocked", "keypad", "4"))
    await door.wrong_code()
    await until(lambda: last()[:2] == ("wrong_code", "keypad"))
    await door.lock_alarm("forced")
    await until(lambda: last() == ("forced", None, None))
    await door.program(user=4, pin="86420")
    await until(lambda: last()[0] == "code_changed")
    assert "86420" not in str(hass.states.async_all())


async def test_a_locks_own_news_that_has_the_commands_number_is_not_taken_for_its_answer(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    door = await pair(hass, network, radio.add(devices.lock()))
    lock = {"entity_id": entity_id(hass, network, "-1-257")}
    host = network.runtime_data.network.device(str(door.ieee)).device
    # The next command's number is one more; before the news of who moved it the bolt reports.
    door._tsn = host._send_sequence - 1
    await hass.services.async_call("lock", "unlock", lock, blocking=True)
    commands = [said for to, said in door.received if to == 0x0101 and said[0] & 3 == 1]
    assert door._tsn == commands[-1][1]
    await until(
        lambda: state(hass, network, "operations").attributes.get("event_type") == "unlocked"
    )
    assert state(hass, network, "operations").attributes["method"] == "rf"


async def test_a_call_button_that_is_pressed_is_an_event(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    button = await pair(hass, network, radio.add(devices.button()))
    assert state(hass, network, "presses").attributes["event_types"] == ["off", "on", "toggle"]
    await button.press("toggle")
    await until(lambda: state(hass, network, "presses").attributes["event_type"] == "toggle")


async def test_a_coordinator_that_resets_is_back_with_what_it_missed(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke = await pair(hass, network, radio.add(devices.smoke()))
    await radio.crash()
    await until(lambda: state(hass, network, "connection").state == "off", 5)
    await smoke.alarm()
    await until(lambda: state(hass, network, zone(smoke)).state == "on")


class Turns:
    """Counts the turns of the loop, and those between a device's frame and what it comes to."""

    def __init__(self, device: Device) -> None:
        self.now = self._heard = 0
        self._turn()
        device.add_listener(self)

    def _turn(self) -> None:
        self.now += 1
        self._next = asyncio.get_running_loop().call_soon(self._turn)

    def device_last_seen_updated(self, _at: object) -> None:
        """Take note that a frame came up; zigpy calls this before anything else."""
        self._heard = self.now

    def since(self) -> int:
        """Give the turns that went by since the last frame came up."""
        return self.now - self._heard

    def stop(self) -> None:
        """Count no more."""
        self._next.cancel()


async def test_an_alarm_among_hundreds_of_reports_is_shown_in_the_turn_in_which_it_comes(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke, meter = radio.add(devices.smoke()), radio.add(devices.temperature_humidity())
    await pair(hass, network, smoke)
    await pair(hass, network, meter)
    turns = Turns(network.runtime_data.network.device(str(smoke.ieee)).device)
    shown: list[tuple[str, int]] = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: shown.append((_said(event.data, hass, network, zone(smoke)), turns.since())),
    )
    for step in range(300):
        await meter.measure(temperature=20 + step / 100)
        if step == 150:
            await smoke.alarm()
    last = f"{meter.ieee}-1-1026"
    await until(lambda: float(state(hass, network, last).state) == pytest.approx(22.99, abs=0.01))
    turns.stop()
    # No report is worked off between its frame and its state, nor afterwards: none was lost either.
    assert [one for one in shown if one[0]] == [("on", 0)]


def _said(data: Any, hass: HomeAssistant, entry: MockConfigEntry, ending: str) -> str:
    if data["entity_id"] != entity_id(hass, entry, ending) or data["new_state"] is None:
        return ""
    return str(data["new_state"].state)
