"""What a meter on Modbus measured: at full rate for an incident, and as statistics for good."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.smart_community.curves import BEFORE, DATA_CURVES
from tests.simulators.modbus_server import FAMILIES, ModbusServer

from .modbus_entries import shown, until
from .test_modbus_families import set_up


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.units = {1: FAMILIES["noise_meter"](), 2: FAMILIES["pump"]()}
        yield server


def _shows(hass: HomeAssistant, level: float) -> bool:
    return shown(hass, "sensor.unit_laeq") == str(level)


async def test_every_reading_of_a_meter_is_written_along_for_an_incidents_evidence(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    entry = await set_up(hass, server, {"unit": 1, "family": "noise_meter"})
    levels = [48.2, 63.1, 71.4, 71.5]
    for level in levels:
        server.units[1].input[0] = round(level * 10)
        await until(partial(_shows, hass, level))
    now = dt_util.utcnow() + timedelta(seconds=1)
    curve = hass.data[DATA_CURVES].rings["sensor.unit_laeq"].between(now - BEFORE, now)
    assert [one.level for one in curve if one.level is not None] == levels
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_figures_become_long_term_statistics(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    units = ({"unit": 1, "family": "noise_meter"}, {"unit": 2, "family": "pump", "pumps": 1})
    entry = await set_up(hass, server, *units)
    await until(partial(_shows, hass, 48.2))
    kept = {
        one.entity_id: (one.attributes["state_class"], one.attributes["unit_of_measurement"])
        for one in hass.states.async_all("sensor")
        if "state_class" in one.attributes
    }
    assert kept["sensor.unit_laeq"] == ("measurement", "dBA")
    assert kept["sensor.unit_pump_1_hours_run"] == ("total_increasing", "h")
    assert not [entity_id for entity_id in kept if "calib" in entity_id], "a date is no figure"
    assert await hass.config_entries.async_unload(entry.entry_id)
