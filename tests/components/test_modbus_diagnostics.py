"""A report says what is asked of each unit and why points have no data, and not where it stands."""

import json
from collections.abc import AsyncIterator

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smart_community.diagnostics import async_get_config_entry_diagnostics
from tests.simulators.modbus_server import FAMILIES, ModbusServer

from .modbus_entries import bus_entry, until


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.units[1] = FAMILIES["gas_panel"]()
        yield server


async def test_a_report_says_what_is_asked_and_why_points_have_no_data(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    del server.units[1].discrete[1000]
    unit = {"unit": 1, "family": "gas_panel", "channels": 8, "names": ["Li's kitchen"]}
    kitchen = {"key": "li_s_kitchen", "name": "Li's kitchen", "kind": "coil", "address": 900}
    placed = {"area": "Li's kitchen", "labels": ["Li's"]}
    table = {"unit": 2, "family": "point_table", "points": [{**kitchen, **placed}]}
    entry = bus_entry(hass, server, unit, {**table, "unit_name": "Li's kitchen"})
    assert await hass.config_entries.async_setup(entry.entry_id)
    polled = entry.runtime_data.poller.units[1]
    await until(lambda: len(polled.readings) == 33)
    report = await async_get_config_entry_diagnostics(hass, entry)
    said = report["units"]["1"]
    assert (said["points"], said["fails_because"]) == (33, None)
    assert "fast discrete 0+8" in said["requests"]
    assert set(said["without_data"]) == {"controller_fault"}
    assert said["without_data"]["controller_fault"]["quality"] == "refused"
    await server.refuse(True)
    await until(lambda: polled.why is not None)
    report = await async_get_config_entry_diagnostics(hass, entry)
    assert len(report["units"]["1"]["without_data"]) == 33
    assert report["units"]["1"]["fails_because"] == "disconnected"
    assert set(report["units"]["2"]["without_data"]) == {"point_1"}
    (point,) = report["subentries"][1]["data"]["points"]
    assert (point["key"], point["address"], point["area"]) == ("point_1", 900, "area_1")
    text = json.dumps(report)
    assert "127.0.0.1" not in text
    assert "kitchen" not in text
    assert "Li" not in text
    assert await hass.config_entries.async_unload(entry.entry_id)
