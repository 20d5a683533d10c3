"""Home Assistant's own ZHA integration on the virtual coordinator: the judge that did not agree."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.simulators.waiting import until

from .zigbee import DeviceDescription, VirtualCoordinator, VirtualDevice, devices, makes
from .zigbee_hosts import settled

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    return hass_tmp_config_dir


@pytest.fixture
async def entry(hass: HomeAssistant, radio: VirtualCoordinator) -> AsyncIterator[MockConfigEntry]:
    """Set ZHA up on the coordinator, and take it down in order."""
    options = {"use_thread": False, "backup_enabled": False}
    assert await async_setup_component(hass, "zha", {"zha": {"zigpy_config": options}})
    entry = MockConfigEntry(
        domain="zha",
        version=5,
        minor_version=2,
        data={
            "device": {"path": radio.path, "baudrate": 115200, "flow_control": None},
            "radio_type": "ezsp",
        },
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.services.async_call("zha", "permit", {"duration": 60}, blocking=True)
    yield entry
    await settled()
    assert await hass.config_entries.async_unload(entry.entry_id)


async def _pair(hass: HomeAssistant, device: VirtualDevice, platform: str) -> str:
    """Let a device join and give its first entity of this platform."""
    await device.join()
    [entry] = hass.config_entries.async_entries("zha")
    identifier = ("zha", str(device.ieee))
    entities: list[str] = []

    def offered() -> bool:
        registry = dr.async_get(hass)
        found = registry.async_get_device_by_identifier(identifier, entry.entry_id)
        if found is not None:
            registered = er.async_entries_for_device(er.async_get(hass), found.id)
            entities.extend(one.entity_id for one in registered if one.domain == platform)
        return any(hass.states.get(one) is not None for one in entities)

    await until(offered)
    return entities[0]


async def test_zha_finds_the_network_and_shows_an_alarm(
    hass: HomeAssistant, radio: VirtualCoordinator, entry: MockConfigEntry
) -> None:
    assert entry.state is ConfigEntryState.LOADED
    assert radio.tokens.network is not None
    epid = str(radio.tokens.network.parameters.extendedPanId)
    assert entry.unique_id == f"epid={epid}".lower()
    smoke = radio.add(devices.smoke())
    entity = await _pair(hass, smoke, "binary_sensor")
    await until(smoke.zone.enrolled.is_set)
    for on, state in ((True, "on"), (False, "off")):
        await smoke.alarm(on)
        await until(lambda state=state: hass.states.get(entity).state == state)
    assert hass.states.get(entity).attributes["device_class"] == "smoke"


async def test_zha_moves_a_lock_and_hears_of_it_being_moved(
    hass: HomeAssistant, radio: VirtualCoordinator, entry: MockConfigEntry
) -> None:
    door = radio.add(devices.lock())
    entity = await _pair(hass, door, "lock")
    await hass.services.async_call("lock", "unlock", {"entity_id": entity}, blocking=True)
    assert hass.states.get(entity).state == "unlocked"
    await door.operate("lock", source="keypad", user=3)
    await until(lambda: hass.states.get(entity).state == "locked")


async def test_zha_shows_a_siren_a_plug_and_a_climate_sensor(
    hass: HomeAssistant, radio: VirtualCoordinator, entry: MockConfigEntry
) -> None:
    for kind, platform in (("siren", "siren"), ("plug", "switch")):
        entity = await _pair(hass, radio.add(devices.KINDS[kind]()), platform)
        await hass.services.async_call(platform, "turn_on", {"entity_id": entity}, blocking=True)
        assert hass.states.get(entity).state == "on"
    climate = radio.add(devices.temperature_humidity())
    await _pair(hass, climate, "sensor")
    await climate.measure(temperature=31.5)
    await until(lambda: "31.5" in {one.state for one in hass.states.async_all("sensor")})


async def test_what_zha_downloads_of_a_device_makes_the_same_device_again(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    radio: VirtualCoordinator,
    entry: MockConfigEntry,
) -> None:
    """The file is what a user attaches to a bug report: read over HTTP, as their browser does."""
    assert await async_setup_component(hass, "diagnostics", {})
    client = await hass_client()

    async def paired(description: DeviceDescription) -> tuple[dict[str, Any], set[tuple[str, str]]]:
        device = radio.add(description)
        await device.join()
        found: dr.DeviceEntry | None = None

        def shown() -> bool:
            nonlocal found
            identifier = ("zha", str(device.ieee))
            registry = dr.async_get(hass)
            found = registry.async_get_device_by_identifier(identifier, entry.entry_id)
            return found is not None and bool(offered(found.id))

        def offered(device_id: str) -> set[tuple[str, str]]:
            registered = er.async_entries_for_device(
                er.async_get(hass), device_id, include_disabled_entities=True
            )
            plain = str(device.ieee)
            return {(one.domain, one.unique_id.removeprefix(plain)) for one in registered}

        await until(shown)
        await settled()
        await hass.async_block_till_done()
        assert found is not None
        path = f"/api/diagnostics/config_entry/{entry.entry_id}/device/{found.id}"
        return await (await client.get(path)).json(), offered(found.id)

    said_of_itself = ("manufacturer", "model", "node_descriptor", "original_signature")
    for description, quirked in (
        (devices.lock(), False),
        (makes.lumi_contact(), True),
        (makes.tuya_smoke(), True),
    ):
        download, entities = await paired(description)
        assert download["home_assistant"]["version"]
        assert download["data"]["ieee"] == "**REDACTED**"
        assert download["data"]["quirk_applied"] is quirked
        again, entities_again = await paired(devices.from_diagnostics(download))
        assert entities_again == entities
        assert again["data"]["quirk_class"] == download["data"]["quirk_class"]
        for part in said_of_itself:
            assert again["data"].get(part) == download["data"].get(part), part
