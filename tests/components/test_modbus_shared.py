"""One line for several: another integration's units beside ours on Home Assistant's connection."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from homeassistant.components.modbus.connection import async_get_unit
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from modbus_connection import ModbusTcpParams
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.field.modbus.line import ANSWER_WITHIN
from tests.simulators.modbus_server import FAMILIES, Fault, ModbusServer

from .modbus_entries import shown, until
from .test_modbus_families import set_up


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.units = {1: FAMILIES["noise_meter"](), 2: FAMILIES["water_quality"]()}
        yield server


async def test_another_integration_reads_its_unit_over_the_same_connection(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    ours = await set_up(hass, server, {"unit": 1, "family": "noise_meter"})
    theirs = MockConfigEntry(domain="an_inverter")
    theirs.add_to_hass(hass)
    await until(lambda: shown(hass, "sensor.unit_laeq") == "48.2")
    unit = async_get_unit(hass, theirs, ModbusTcpParams(host=server.host, port=server.port), 2)
    for _ in range(5):
        assert await unit.read_input_registers(0, 5) == [1820, 31, 45, 380, 740]
    server.units[1].input[0] = 631
    await until(lambda: shown(hass, "sensor.unit_laeq") == "63.1")
    assert server.counted.connections == 1
    assert server.counted.most_waiting == 1, "one request at a time on the line"
    assert await hass.config_entries.async_unload(ours.entry_id)
    assert await unit.read_input_registers(0, 1) == [1820], "the line stays theirs"
    await theirs._async_process_on_unload(hass)


async def test_what_another_integration_waits_for_is_no_failure_of_our_unit(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    ours = await set_up(hass, server, {"unit": 1, "family": "noise_meter"})
    theirs = MockConfigEntry(domain="an_inverter")
    theirs.add_to_hass(hass)
    await until(lambda: shown(hass, "sensor.unit_laeq") == "48.2")
    seen: set[str] = set()
    hass.bus.async_listen(
        EVENT_STATE_CHANGED, lambda event: seen.add(event.data["new_state"].state)
    )
    unit = async_get_unit(hass, theirs, ModbusTcpParams(host=server.host, port=server.port), 2)
    server.units[2].fault = Fault.SILENT
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2 * ANSWER_WITHIN):
            await unit.read_input_registers(0, 5)
    server.units[1].input[0] = 631
    await until(lambda: shown(hass, "sensor.unit_laeq") == "63.1")
    assert "unavailable" not in seen
    assert server.counted.connections == 1
    await hass.config_entries.async_unload(ours.entry_id)
    await theirs._async_process_on_unload(hass)
