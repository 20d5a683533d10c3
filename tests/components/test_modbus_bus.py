"""A Modbus bus as an entry: its flow, its inputs as entities, and what a fault makes of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.smart_community.const import DOMAIN
from tests.simulators.modbus_server import Fault, ModbusServer

from .modbus_entries import bus_entry


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.add_fire_panel(1, inputs=4)
        server.add_fire_panel(2, inputs=4)
        yield server


def panel(address: int, names: tuple[str, ...] = ()) -> ConfigSubentryData:
    return ConfigSubentryData(
        subentry_type="unit",
        title=f"Panel {address}",
        unique_id=f"unit:{address}",
        data={"unit": address, "family": "fire_panel", "inputs": 4, "names": list(names)},
    )


@pytest.fixture
async def bus(hass: HomeAssistant, server: ModbusServer) -> AsyncIterator[MockConfigEntry]:
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Panels",
        data={
            "kind": "modbus_bus",
            "transport": "tcp",
            "host": "127.0.0.1",
            "port": server.port,
        },
        subentries_data=(panel(1, ("Room 201",)), panel(2)),
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: hass.states.get("binary_sensor.panel_1_room_201").state == "off")
    await until(lambda: hass.states.get("binary_sensor.panel_2_input_1").state == "off")
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


async def until(met: Callable[[], bool], within: float = 8) -> None:
    """Wait for something that comes over a real socket."""
    async with asyncio.timeout(within):
        while not met():
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)


def state(hass: HomeAssistant, entity_id: str) -> str:
    found = hass.states.get(f"binary_sensor.{entity_id}")
    assert found is not None
    return found.state


async def test_an_input_in_alarm_is_an_entity_that_is_on(
    hass: HomeAssistant, bus: MockConfigEntry, server: ModbusServer
) -> None:
    server.units[1].discrete[0] = True
    await until(lambda: state(hass, "panel_1_room_201") == "on")
    found = hass.states.get("binary_sensor.panel_1_room_201")
    assert found.attributes["device_class"] == "smoke"
    assert found.attributes["quality"] == "good"
    assert state(hass, "panel_1_input_2") == "off"
    server.units[1].discrete[1000] = True
    await until(lambda: state(hass, "panel_1_panel_fault") == "on")


@pytest.mark.parametrize(
    ("fault", "quality"),
    [
        (Fault.SILENT, "no_answer"),
        (Fault.BUSY, "busy"),
        (Fault.DEVICE_FAILURE, "refused"),
        (Fault.TRUNCATED, "truncated"),
        (Fault.WRONG_TRANSACTION, "wrong_transaction"),
        (Fault.GARBAGE, "garbled"),
        (Fault.DROP, "disconnected"),
    ],
)
async def test_a_faulty_unit_is_no_data_and_the_other_goes_on(
    hass: HomeAssistant, bus: MockConfigEntry, server: ModbusServer, fault: Fault, quality: str
) -> None:
    seen: set[str] = set()
    hass.bus.async_listen(
        "state_changed", lambda event: seen.add(_said(event.data, "panel_1_room_201"))
    )
    server.units[1].discrete[0] = True
    await until(lambda: state(hass, "panel_1_room_201") == "on")
    seen.clear()
    server.units[1].fault = fault
    await until(lambda: state(hass, "panel_1_room_201") == "unavailable")
    assert hass.states.get("binary_sensor.panel_1_room_201").attributes["quality"] == quality
    server.units[2].discrete[2] = True
    await until(lambda: state(hass, "panel_2_input_3") == "on")
    server.units[1].fault = None
    await until(lambda: state(hass, "panel_1_room_201") == "on", 15)
    assert "off" not in seen


def _said(data: Any, entity: str) -> str:
    if data["entity_id"] == f"binary_sensor.{entity}" and data["new_state"] is not None:
        return str(data["new_state"].state)
    return ""


async def test_a_pulled_cable_is_no_data_and_heals_by_itself(
    hass: HomeAssistant, bus: MockConfigEntry, server: ModbusServer
) -> None:
    await server.refuse(True)
    await until(lambda: state(hass, "panel_1_room_201") == "unavailable")
    await until(lambda: state(hass, "panel_2_input_1") == "unavailable")
    server.units[1].discrete[0] = True
    await server.refuse(False)
    await until(lambda: state(hass, "panel_1_room_201") == "on", 15)


async def test_a_gateway_that_is_away_at_the_start_is_heard_when_it_comes(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    await server.refuse(True)
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={
            "kind": "modbus_bus",
            "transport": "tcp",
            "host": "127.0.0.1",
            "port": server.port,
        },
        subentries_data=(panel(1),),
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: state(hass, "panel_1_input_1") == "unavailable")
    server.units[1].discrete[0] = True
    await server.refuse(False)
    await until(lambda: state(hass, "panel_1_input_1") == "on", 15)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_bus_that_moves_to_another_gateway_disturbs_no_other(
    hass: HomeAssistant, bus: MockConfigEntry, server: ModbusServer
) -> None:
    connections = server.counted.connections
    async with ModbusServer() as before, ModbusServer() as after:
        before.add_fire_panel(1, inputs=4)
        after.add_fire_panel(1, inputs=4).discrete[0] = True
        unit = {"unit": 1, "family": "fire_panel", "inputs": 4, "names": []}
        other = bus_entry(hass, before, unit, title="Other")
        assert await hass.config_entries.async_setup(other.entry_id)
        await until(lambda: state(hass, "other_input_1") == "off")
        changes = async_capture_events(hass, EVENT_STATE_CHANGED)
        hass.config_entries.async_update_entry(other, data={**other.data, "port": after.port})
        await until(lambda: state(hass, "other_input_1") == "on")
        assert await hass.config_entries.async_unload(other.entry_id)
    assert not [one for one in changes if one.data["entity_id"].startswith("binary_sensor.panel")]
    assert server.counted.connections == connections


async def test_two_units_that_swap_their_addresses_are_both_heard(
    hass: HomeAssistant, bus: MockConfigEntry, server: ModbusServer
) -> None:
    server.units[1].discrete[1] = True
    server.units[2].discrete[2] = True
    first, second = bus.subentries.values()
    hass.config_entries.async_update_subentry(bus, first, data={**first.data, "unit": 2})
    hass.config_entries.async_update_subentry(bus, second, data={**second.data, "unit": 1})
    await until(lambda: state(hass, "panel_1_input_3") == "on")
    await until(lambda: state(hass, "panel_2_input_2") == "on")
    assert state(hass, "panel_1_input_2") == state(hass, "panel_2_input_3") == "off"
