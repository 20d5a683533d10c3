"""Home Assistant's own ZHA and one of our networks in one process: each keeps to its own radio."""

from collections.abc import AsyncIterator

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice, devices
from tests.simulators.zigbee_hosts import settled

from .zigbee_ground import pair, state


@pytest.fixture
async def theirs(socket_enabled: None) -> AsyncIterator[VirtualCoordinator]:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
        yield radio


@pytest.fixture
async def zha(hass: HomeAssistant, theirs: VirtualCoordinator) -> AsyncIterator[MockConfigEntry]:
    options = {"use_thread": False, "backup_enabled": False}
    assert await async_setup_component(hass, "zha", {"zha": {"zigpy_config": options}})
    device = {"path": theirs.path, "baudrate": 115200, "flow_control": None}
    data = {"device": device, "radio_type": "ezsp"}
    entry = MockConfigEntry(domain="zha", version=5, minor_version=2, data=data)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        await settled()
        assert await hass.config_entries.async_unload(entry.entry_id)


async def _pair_with_zha(hass: HomeAssistant, entry: MockConfigEntry, device: VirtualDevice) -> str:
    await hass.services.async_call("zha", "permit", {"duration": 60}, blocking=True)
    await device.join()
    await until(device.zone.enrolled.is_set)
    await until(lambda: "binary_sensor.smart_community_sc_smoke" in hass.states.async_entity_ids())
    identifier = ("zha", str(device.ieee))
    assert dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)
    return "binary_sensor.smart_community_sc_smoke"


async def test_alarms_do_not_cross_and_zha_can_go_and_come_back(
    hass: HomeAssistant,
    theirs: VirtualCoordinator,
    radio: VirtualCoordinator,
    zha: MockConfigEntry,
    network: MockConfigEntry,
) -> None:
    their_smoke, our_smoke = theirs.add(devices.smoke()), radio.add(devices.smoke())
    their_entity = await _pair_with_zha(hass, zha, their_smoke)
    await pair(hass, network, our_smoke)
    our_zone = f"{our_smoke.ieee}-1-1280"

    await our_smoke.alarm()
    await until(lambda: state(hass, network, our_zone).state == "on")
    assert hass.states.get(their_entity).state == "off"
    await their_smoke.alarm()
    await until(lambda: hass.states.get(their_entity).state == "on")
    await our_smoke.alarm(False)
    await until(lambda: state(hass, network, our_zone).state == "off")
    assert hass.states.get(their_entity).state == "on"

    await settled()
    assert await hass.config_entries.async_unload(zha.entry_id)
    await our_smoke.alarm()
    await until(lambda: state(hass, network, our_zone).state == "on")
    assert radio.connections == theirs.connections == 1

    assert await hass.config_entries.async_setup(zha.entry_id)
    await our_smoke.alarm(False)
    await until(lambda: state(hass, network, our_zone).state == "off")


async def test_our_networks_can_be_reloaded_while_zha_runs(
    hass: HomeAssistant,
    theirs: VirtualCoordinator,
    zha: MockConfigEntry,
    network: MockConfigEntry,
) -> None:
    their_smoke = theirs.add(devices.smoke())
    their_entity = await _pair_with_zha(hass, zha, their_smoke)
    assert await hass.config_entries.async_reload(network.entry_id)
    await until(lambda: network.runtime_data.network.trouble is None)
    await their_smoke.alarm()
    await until(lambda: hass.states.get(their_entity).state == "on")
    assert zha.state is ConfigEntryState.LOADED
    assert theirs.connections == 1
