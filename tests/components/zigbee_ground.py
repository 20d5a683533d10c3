"""Zigbee networks in Home Assistant, each on a virtual coordinator that is reached over TCP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice


@pytest.fixture
async def network(hass: HomeAssistant, radio: VirtualCoordinator) -> AsyncIterator[MockConfigEntry]:
    """Its network as an entry that is at work, and that lets go of everything afterwards."""
    entry = await set_up(hass, radio)
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


def entry_for(radio: VirtualCoordinator, title: str = "Building 1") -> MockConfigEntry:
    """The entry that the flow makes for a coordinator that has a network."""
    network = radio.tokens.network
    assert network is not None
    return MockConfigEntry(
        domain=DOMAIN,
        title=title,
        data={
            "kind": "zigbee_network",
            "path": radio.path,
            "radio_type": "ezsp",
            "baudrate": 115200,
            "flow_control": None,
            "extended_pan_id": str(network.parameters.extendedPanId),
            "ieee": str(radio.eui64),
        },
    )


async def set_up(hass: HomeAssistant, radio: VirtualCoordinator, **more: Any) -> MockConfigEntry:
    """Set a network up and wait until it is at work."""
    entry = entry_for(radio, **more)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.network.trouble is None)
    return entry


async def pair(hass: HomeAssistant, entry: MockConfigEntry, device: VirtualDevice) -> VirtualDevice:
    """Let a device join as a person does, and wait until its entities are there."""
    button = entity_id(hass, entry, "pairing")
    await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)
    await device.join()
    await until(lambda: known(hass, entry, device) is not None)
    await until(lambda: not entry.runtime_data.network.prover.unproven)
    await hass.async_block_till_done()
    return device


def zone(device: VirtualDevice) -> str:
    """The end of the unique id of a detector's alarm."""
    return f"{device.ieee}-1-1280"


def known(
    hass: HomeAssistant, entry: MockConfigEntry, device: VirtualDevice
) -> dr.DeviceEntry | None:
    identifier = (DOMAIN, f"{entry.entry_id}:{device.ieee}")
    return dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)


def entity_id(hass: HomeAssistant, entry: MockConfigEntry, ending: str) -> str:
    """Find an entity of a network by the end of its unique id."""
    (found,) = (
        one.entity_id
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if one.unique_id.endswith(ending)
    )
    return found


def state(hass: HomeAssistant, entry: MockConfigEntry, ending: str) -> State:
    found = hass.states.get(entity_id(hass, entry, ending))
    assert found is not None
    return found
