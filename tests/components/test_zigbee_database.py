"""The database of a Zigbee network: whole after a stop, and what is said when it cannot be used."""

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smart_community.zigbee_network import database
from tests.simulators.zigbee import VirtualCoordinator, devices

from .zigbee_ground import pair, set_up, until


async def test_a_stop_of_home_assistant_closes_the_database_and_the_connection(
    hass: HomeAssistant, radio: VirtualCoordinator, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await set_up(hass, radio)
    await pair(hass, entry, radio.add(devices.smoke()))
    path = database(hass, entry.entry_id)
    log = path.with_name(f"{path.name}-wal")
    assert log.exists()
    await hass.async_stop(force=True)
    assert not log.exists()
    assert "is lost" not in caplog.text
    await until(lambda: not radio.connected)
