"""A report says what is asked of each unit and why points have no data, and not where it stands."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.diagnostics import async_get_config_entry_diagnostics
from tests.simulators.modbus_server import FAMILIES, ModbusServer


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.units[1] = FAMILIES["gas_panel"]()
        yield server


async def test_a_report_says_what_is_asked_and_why_points_have_no_data(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    del server.units[1].discrete[1000]
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={
            "kind": "modbus_bus",
            "transport": "tcp",
            "host": server.host,
            "port": server.port,
        },
        subentries_data=[
            ConfigSubentryData(
                subentry_type="unit",
                title="Gas",
                unique_id="unit:1",
                data={"unit": 1, "family": "gas_panel", "channels": 8, "names": ["Li's kitchen"]},
            )
        ],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    polled = entry.runtime_data.poller.units[1]
    async with asyncio.timeout(8):
        while len(polled.readings) < 33:
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    report = await async_get_config_entry_diagnostics(hass, entry)
    unit = report["units"]["1"]
    assert (unit["points"], unit["fails_because"]) == (33, None)
    assert "fast discrete 0+8" in unit["requests"]
    assert set(unit["without_data"]) == {"controller_fault"}
    assert unit["without_data"]["controller_fault"]["quality"] == "refused"
    await server.refuse(True)
    async with asyncio.timeout(8):
        while polled.why is None:
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    report = await async_get_config_entry_diagnostics(hass, entry)
    assert len(report["units"]["1"]["without_data"]) == 33
    assert report["units"]["1"]["fails_because"] == "disconnected"
    said = json.dumps(report)
    assert "127.0.0.1" not in said
    assert "kitchen" not in said
    assert await hass.config_entries.async_unload(entry.entry_id)
