"""Several networks in one Home Assistant, beside its own ZHA; and how each of them ends."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from zigpy.zcl.clusters.security import IasZone

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.diagnostics import async_get_config_entry_diagnostics
from tests.simulators.left_behind import sockets, workers
from tests.simulators.waiting import until
from tests.simulators.zigbee import JoinRefusedError, VirtualCoordinator, devices

from .translated import assert_said
from .zigbee_ground import entity_id, entry_for, known, pair, set_up, state, zone

# What a read of an alarm zone's status ends with: the command, and the attribute's number.
READ_STATUS = b"\x00\x02\x00\x00\x00"  # and whether it is enrolled, in one breath


@pytest.fixture
async def radios(radio: VirtualCoordinator) -> AsyncIterator[tuple[VirtualCoordinator, ...]]:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as other:
        yield radio, other


async def leave(hass: HomeAssistant, *entries: MockConfigEntry) -> None:
    for entry in entries:
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_two_networks_do_not_cross_and_one_that_fails_does_not_hold_up_the_other(
    hass: HomeAssistant, radios: tuple[VirtualCoordinator, ...]
) -> None:
    first, second = [await set_up(hass, radio, title=f"B{radio.port}") for radio in radios]
    here, there = (radio.add(devices.smoke()) for radio in radios)
    await pair(hass, first, here)
    await pair(hass, second, there)
    await here.alarm()
    await until(lambda: state(hass, first, zone(here)).state == "on")
    assert state(hass, second, zone(there)).state == "off"
    await radios[0].refuse(True)
    await until(lambda: state(hass, first, zone(here)).state == "unavailable")
    await there.alarm()
    await until(lambda: state(hass, second, zone(there)).state == "on", 2)
    await leave(hass, first, second)


async def test_home_assistants_own_zha_runs_beside_ours(
    hass: HomeAssistant, radios: tuple[VirtualCoordinator, ...]
) -> None:
    zha = MockConfigEntry(
        domain="zha",
        version=5,
        data={
            "radio_type": "ezsp",
            "device": {"path": radios[0].path, "baudrate": 115200, "flow_control": None},
        },
    )
    zha.add_to_hass(hass)
    assert await hass.config_entries.async_setup(zha.entry_id)
    ours = await set_up(hass, radios[1])
    smoke = radios[1].add(devices.smoke())
    await pair(hass, ours, smoke)
    theirs = radios[0].add(devices.smoke())
    await hass.services.async_call("zha", "permit", {"duration": 60}, blocking=True)
    await theirs.join()
    await until(lambda: len(hass.states.async_entity_ids("binary_sensor")) > 6)
    await hass.async_block_till_done()
    await smoke.alarm()
    await until(lambda: state(hass, ours, zone(smoke)).state == "on")
    on = [one.entity_id for one in hass.states.async_all("binary_sensor") if one.state == "on"]
    assert sorted(on) == sorted(
        (entity_id(hass, ours, zone(smoke)), entity_id(hass, ours, "connection"))
    )
    assert await hass.config_entries.async_unload(zha.entry_id)
    await smoke.alarm(False)
    await until(lambda: state(hass, ours, zone(smoke)).state == "off")
    await leave(hass, ours)


async def test_nothing_is_left_of_a_network_that_goes(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    threads, tasks, open_sockets = workers(), len(asyncio.all_tasks()), sockets()
    entry = await set_up(hass, radio)
    smoke = radio.add(devices.smoke())
    await pair(hass, entry, smoke)
    database = Path(hass.config.path(".storage", f"smart_community_zigbee_{entry.entry_id}.db"))
    for turn in range(10):
        assert await hass.config_entries.async_reload(entry.entry_id)
        if turn % 2:  # else it goes while it is still connecting
            await until(lambda: entry.runtime_data.network.trouble is None)
    await until(lambda: state(hass, entry, zone(smoke)).state == "off")
    await smoke.alarm()
    await until(lambda: state(hass, entry, zone(smoke)).state == "on")
    assert database.exists()
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    await until(lambda: not radio.connected)
    assert not database.exists()
    await until(lambda: workers() <= threads)
    await until(lambda: len(asyncio.all_tasks()) <= tasks)
    await until(lambda: sockets() <= open_sockets)
    assert known(hass, entry, smoke) is None


async def test_nothing_is_left_of_a_network_that_never_came_to_work(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    threads, tasks, open_sockets = workers(), len(asyncio.all_tasks()), sockets()
    entry = entry_for(radio)
    entry.add_to_hass(hass)
    radio.boots_on_connect = False  # so that the host waits two seconds for it to say that it reset

    async def begins(trouble: str) -> None:
        assert await hass.config_entries.async_setup(entry.entry_id)
        await until(lambda: entry.runtime_data.network.trouble == trouble)

    for closed in (True, False):
        await radio.refuse(closed)
        await begins("cannot_connect" if closed else "starting")
        await until(lambda closed=closed: radio.connected is not closed)
        assert await hass.config_entries.async_unload(entry.entry_id)
        await until(lambda: not radio.connected)
    await radio.refuse(True)
    await begins("cannot_connect")
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    await until(lambda: workers() <= threads)
    await until(lambda: len(asyncio.all_tasks()) <= tasks)
    await until(lambda: sockets() <= open_sockets)
    assert not list(Path(hass.config.path(".storage")).glob(f"*{entry.entry_id}*"))


@pytest.mark.parametrize("trouble", ["other_network", "blank"])
async def test_a_coordinator_that_is_not_the_one_is_left_as_it_is_and_named_in_the_repairs(
    hass: HomeAssistant, radios: tuple[VirtualCoordinator, ...], trouble: str
) -> None:
    right, wrong = radios
    entry = entry_for(right)
    if trouble == "blank":
        wrong = VirtualCoordinator(boots_on_connect=True)
        await wrong.start()
    before = wrong.tokens.network
    entry = MockConfigEntry(
        domain=DOMAIN, title="Building 1", data={**entry.data, "path": wrong.path}
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.network.trouble == trouble)
    assert wrong.tokens.network == before
    issues = ir.async_get(hass).issues
    await until(lambda: (DOMAIN, f"{entry.entry_id}_zigbee") in issues)
    await until(lambda: state(hass, entry, "connection").attributes["problem"] == trouble)
    await leave(hass, entry)
    assert (DOMAIN, f"{entry.entry_id}_zigbee") not in issues
    if trouble == "blank":
        await wrong.stop()


async def test_a_network_that_stays_away_is_in_the_repairs_after_five_minutes_until_it_is_back(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    issues = ir.async_get(hass).issues
    down = (DOMAIN, f"{network.entry_id}_zigbee")
    await radio.refuse(True)
    await until(lambda: state(hass, network, "connection").state == "off")
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=4))
    await until(
        lambda: state(hass, network, "connection").attributes["problem"] == "cannot_connect"
    )
    assert down not in issues
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=5))
    said = issues[down]
    assert (said.translation_key, said.severity) == ("zigbee_down", ir.IssueSeverity.CRITICAL)
    told = said.translation_placeholders
    assert told is not None
    assert (told["network"], told["path"]) == ("Building 1", radio.path)
    assert_said("issues.zigbee_down.title", set(told))
    assert_said("issues.zigbee_down.description", set(told))
    await radio.refuse(False)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=6))
    await until(lambda: state(hass, network, "connection").state == "on")
    assert down not in issues
    await radio.refuse(True)
    await until(lambda: state(hass, network, "connection").state == "off")
    assert down not in issues


async def test_a_device_is_let_in_through_one_router_and_belongs_where_it_is(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    stair = ar.async_get(hass).async_create("Stair 2")
    siren = radio.add(devices.siren())
    await pair(hass, network, siren)
    router = known(hass, network, siren)
    assert router is not None
    dr.async_get(hass).async_update_device(router.id, area_id=stair.id)
    await hass.services.async_call(DOMAIN, "permit_join", {"seconds": 0}, blocking=True)
    await hass.services.async_call(DOMAIN, "permit_join", {"router": router.id}, blocking=True)
    smoke = radio.add(devices.smoke())
    with pytest.raises(JoinRefusedError):
        await smoke.join()
    await smoke.join(parent=siren)
    await until(lambda: known(hass, network, smoke) is not None)
    await until(lambda: known(hass, network, smoke).area_id == stair.id)
    found = known(hass, network, smoke)
    assert found is not None
    await hass.services.async_call(DOMAIN, "reinterview", {"device": found.id}, blocking=True)
    await hass.async_block_till_done()
    await smoke.alarm()
    await until(lambda: state(hass, network, zone(smoke)).state == "on")
    await hass.services.async_call(DOMAIN, "remove_device", {"device": found.id}, blocking=True)
    await until(lambda: known(hass, network, smoke) is None)
    await until(lambda: not smoke.joined)


async def test_a_detector_that_falls_silent_for_longer_than_it_ever_was_is_no_data(
    hass: HomeAssistant,
    radio: VirtualCoordinator,
    network: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    smoke = radio.add(devices.smoke())
    await pair(hass, network, smoke)
    assert state(hass, network, "silence").state == "off"
    # A restart, after two days in which a detector that used to speak each hour said nothing.
    assert await hass.config_entries.async_unload(network.entry_id)
    now = dt_util.utcnow().timestamp()
    stored = hass_storage[f"{DOMAIN}.zigbee_{network.entry_id}"]["data"]
    stored["since"] = now - 10 * 24 * 3600
    stored["devices"][str(smoke.ieee)] |= {"heard_at": now - 2 * 24 * 3600, "longest": 3600.0}
    smoke.silent = True
    assert await hass.config_entries.async_setup(network.entry_id)
    await until(lambda: state(hass, network, "silence").state == "off")
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=2))
    await until(lambda: state(hass, network, "silence").state == "on")
    assert state(hass, network, "silence").attributes["allowed_minutes"] == 150
    assert state(hass, network, zone(smoke)).state == "unavailable"
    missed = state(hass, network, "silent_devices")
    assert missed.state == "1"
    assert missed.attributes["devices"] == ["Smart Community SC-SMOKE"]
    smoke.silent = False
    await smoke.check_in()
    await until(lambda: state(hass, network, "silence").state == "off")
    await until(lambda: state(hass, network, "silent_devices").state == "0")
    await until(lambda: state(hass, network, zone(smoke)).state == "off")


async def test_topology_and_health_are_told_and_a_bug_report_has_no_keys(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke, siren = radio.add(devices.smoke()), radio.add(devices.siren())
    await pair(hass, network, smoke)
    await pair(hass, network, siren)
    smoke.lqi, siren.lqi = 180, 37
    assert state(hass, network, "silent_devices").state == "0"
    supervisor = network.runtime_data.network
    app = supervisor.gateway.application_controller
    await app.topology.scan([supervisor.device(str(siren.ieee)).device])
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=61))
    await until(lambda: state(hass, network, "channel_energy").state != "unknown")
    assert 0 <= float(state(hass, network, "channel_energy").state) <= 100
    weak = state(hass, network, "weakest_link")
    assert weak.state == "37"
    assert weak.attributes["neighbors"] == {"Smart Community SC-SIREN - Building 1": 37}

    told = await async_get_config_entry_diagnostics(hass, network)
    models = {one["model"]: one for one in told["devices"].values()}
    assert set(models) == {"SC-SMOKE", "SC-SIREN"}
    assert [(one["relationship"], one["lqi"]) for one in models["SC-SIREN"]["neighbors"]] == [
        ("Parent", 37)
    ]
    assert told["trouble"] is None
    key = app.state.network_info.network_key.key
    for secret in (str(key), radio.path, str(smoke.ieee)):
        assert secret not in str(told)


async def test_a_zone_that_will_not_enrol_is_named_and_tried_until_it_does(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    smoke = radio.add(devices.smoke())
    smoke.zone.enrols = False
    issues = ir.async_get(hass).issues
    named = (DOMAIN, f"{network.entry_id}_zigbee_enrolment_{smoke.ieee}")
    await pair(hass, network, smoke)
    await until(lambda: named in issues)
    smoke.zone.enrols = True
    await until(lambda: named not in issues)
    assert smoke.zone.enrolled.is_set()


async def test_a_zone_that_sleeps_when_it_is_asked_is_enrolled_when_it_wakes(
    hass: HomeAssistant,
    radio: VirtualCoordinator,
    network: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    smoke = radio.add(devices.smoke())
    await pair(hass, network, smoke)
    assert await hass.config_entries.async_unload(network.entry_id)
    smoke.zone.enrolled.clear()
    smoke.zone.set("zone_state", IasZone.ZoneState.Not_enrolled)
    hear = smoke.down

    def sleep_after_status(aps: Any, message: bytes) -> None:
        hear(aps, message)
        smoke.silent = aps.clusterId == IasZone.cluster_id and message[2:] == READ_STATUS

    monkeypatch.setattr(smoke, "down", sleep_after_status)
    caplog.set_level("DEBUG", "custom_components")
    assert await hass.config_entries.async_setup(network.entry_id)
    await until(lambda: "zone_state of" in caplog.text)
    monkeypatch.undo()
    smoke.silent = False
    assert not smoke.zone.enrolled.is_set()
    await smoke.check_in()
    await until(smoke.zone.enrolled.is_set)
    await smoke.alarm()
    await until(lambda: state(hass, network, zone(smoke)).state == "on")
