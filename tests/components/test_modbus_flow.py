"""Setting up a bus and its units by hand: over every transport, tried before it is saved."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.components.modbus.connection import async_get_unit
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from modbus_connection import ModbusSerialParams
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.field.modbus.families import FAMILIES as OURS
from tests.simulators.modbus_server import FAMILIES, Fault, ModbusServer, Timing, Wire

from .modbus_entries import shown, until
from .translated import assert_flow_said

WIRES = {
    "modbus_tcp": Wire.TCP,
    "modbus_udp": Wire.UDP,
    "modbus_rtu_over_tcp": Wire.RTU,
    "modbus_serial": Wire.SERIAL,
}


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.add_fire_panel(1, inputs=4)
        yield server


async def bus_form(hass: HomeAssistant, transport: str) -> Any:
    flows = hass.config_entries.flow
    flow = await flows.async_init(DOMAIN, context={"source": "user"})
    for step in ("modbus_bus", transport):
        flow = await flows.async_configure(flow["flow_id"], {"next_step_id": step})
    return flow


async def bus_submitted(hass: HomeAssistant, form: Any, data: Mapping[str, Any]) -> Any:
    result = await hass.config_entries.flow.async_configure(form["flow_id"], dict(data))
    await hass.async_block_till_done()
    if result["type"] is FlowResultType.FORM:
        assert_flow_said(result)
    return result


async def reconfigure_menu(hass: HomeAssistant, entry: Any) -> Any:
    context = {"source": "reconfigure", "entry_id": entry.entry_id}
    return await hass.config_entries.flow.async_init(DOMAIN, context=context)


def reached(server: ModbusServer) -> dict[str, Any]:
    # A machine that does much else must not look like a unit that is silent.
    timing = {"answer_within": 3, "spacing": 0}
    if server.wire is Wire.SERIAL:
        line = {"device": server.device, "baudrate": "115200", "parity": "N"}
        return {"name": "Bus", **line, "timing": timing}
    return {"name": "Bus", "host": server.host, "port": server.port, "timing": timing}


async def bus_entry(hass: HomeAssistant, transport: str, server: ModbusServer) -> Any:
    result = await bus_submitted(hass, await bus_form(hass, transport), reached(server))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    return result["result"]


async def unit_flow(hass: HomeAssistant, entry: Any, *steps: Mapping[str, Any]) -> Any:
    subflows = hass.config_entries.subentries
    flow = await subflows.async_init((entry.entry_id, "unit"), context={"source": "user"})
    for step in steps:
        flow = await subflows.async_configure(flow["flow_id"], dict(step))
    return flow


PANEL = {"name": "Panel", "unit": 1, "family": "fire_panel"}


@pytest.mark.parametrize(("transport", "wire"), WIRES.items())
async def test_a_bus_is_set_up_and_read_over_every_transport(
    hass: HomeAssistant, socket_enabled: None, transport: str, wire: Wire
) -> None:
    async with ModbusServer(wire=wire, timing=Timing(flat=0.002)) as server:
        server.units[1] = FAMILIES["noise_meter"]()
        entry = await bus_entry(hass, transport, server)
        assert entry.data["transport"] == transport.removeprefix("modbus_")
        unit = {"name": "Meter", "unit": 1, "family": "noise_meter"}
        form = await unit_flow(hass, entry, unit)
        assert form["step_id"] == "confirm"
        assert "LAeq: 48.2 dBA" in form["description_placeholders"]["figures"]
        done = await hass.config_entries.subentries.async_configure(form["flow_id"], {})
        assert done["type"] is FlowResultType.CREATE_ENTRY
        await until(lambda: shown(hass, "sensor.meter_laeq") == "48.2")
        server.units[1].input[0] = 631
        await until(lambda: shown(hass, "sensor.meter_laeq") == "63.1")
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_gateway_that_is_not_there_is_not_saved(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    form = await bus_form(hass, "modbus_tcp")
    form = await bus_submitted(hass, form, {**reached(server), "port": 1})
    assert form["errors"] == {"base": "cannot_connect"}
    server.fault = Fault.WRONG_UNIT
    form = await bus_submitted(hass, form, reached(server))
    assert form["errors"] == {"base": "no_modbus_answer"}
    server.fault = None
    result = await bus_submitted(hass, form, reached(server))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_a_serial_port_that_is_not_there_is_not_saved(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    data = {"name": "Bus", "device": str(tmp_path / "ttyUSB0"), "baudrate": "9600"}
    form = await bus_submitted(hass, await bus_form(hass, "modbus_serial"), data)
    assert form["errors"] == {"base": "cannot_connect"}


@pytest.mark.parametrize(
    ("transport", "host"),
    [
        ("modbus_tcp", "127.0.0.1"),
        ("modbus_tcp", "LOCALHOST"),
        ("modbus_rtu_over_tcp", "127.0.0.1"),
        ("modbus_udp", "localhost"),
    ],
)
async def test_a_second_master_on_one_line_is_refused_whatever_it_is_called(
    hass: HomeAssistant, server: ModbusServer, transport: str, host: str
) -> None:
    entry = await bus_entry(hass, "modbus_tcp", server)
    data = {**reached(server), "host": host}
    form = await bus_submitted(hass, await bus_form(hass, transport), data)
    assert form["errors"] == {"base": "line_taken"}
    assert form["description_placeholders"]["other"] == "Bus"
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_serial_port_by_its_other_name_is_the_same_line(
    hass: HomeAssistant, socket_enabled: None, tmp_path: Path
) -> None:
    async with ModbusServer(wire=Wire.SERIAL) as server:
        entry = await bus_entry(hass, "modbus_serial", server)
        by_id = tmp_path / "usb-by-id"
        by_id.symlink_to(server.device)
        data = {**reached(server), "device": str(by_id)}
        form = await bus_submitted(hass, await bus_form(hass, "modbus_serial"), data)
        assert form["errors"] == {"base": "line_taken"}
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_line_that_the_yaml_configuration_uses_is_refused(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    hub = {"name": "old", "type": "tcp", "host": "localhost", "port": server.port}
    sensors = [{"name": "Input", "address": 0, "slave": 1, "scan_interval": 0}]
    assert await async_setup_component(hass, "modbus", {"modbus": [{**hub, "sensors": sensors}]})
    await hass.async_block_till_done()
    form = await bus_submitted(hass, await bus_form(hass, "modbus_tcp"), reached(server))
    assert form["errors"] == {"base": "line_taken"}
    assert form["description_placeholders"]["other"] == "modbus: old"
    await hass.services.async_call("modbus", "stop", {"hub": "old"}, blocking=True)


async def test_a_line_that_another_integration_holds_at_another_speed_is_not_taken_from_it(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    async with ModbusServer(wire=Wire.RTU) as server:
        server.add_fire_panel(1, inputs=4)
        theirs = MockConfigEntry(domain="an_inverter")
        theirs.add_to_hass(hass)
        line = f"socket://{server.host}:{server.port}"
        unit = async_get_unit(hass, theirs, ModbusSerialParams(device=line, baudrate=19200), 1)
        assert await unit.read_discrete_inputs(0, 1) == [False]
        form = await bus_form(hass, "modbus_rtu_over_tcp")
        form = await bus_submitted(hass, form, {**reached(server), "baudrate": "9600"})
        assert form["errors"] == {"base": "line_in_use"}
        result = await bus_submitted(hass, form, {**reached(server), "baudrate": "19200"})
        entry = result["result"]

        # The same once it is set up: the other one came back first, with a speed of its own.
        await hass.config_entries.async_unload(entry.entry_id)
        hass.config_entries.async_update_entry(entry, data={**entry.data, "baudrate": 9600})
        flow = await unit_flow(hass, entry, PANEL, {"inputs": 4})
        assert flow["errors"] == {"base": "line_in_use"}
        assert "19200" in flow["description_placeholders"]["problem"]
        assert await unit.read_discrete_inputs(0, 1) == [False]
        await theirs._async_process_on_unload(hass)


async def test_a_bus_moves_to_another_gateway_and_keeps_its_units(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    entry = await bus_entry(hass, "modbus_tcp", server)
    flow = await unit_flow(hass, entry, PANEL, {"inputs": 4}, {})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await until(lambda: shown(hass, "binary_sensor.panel_input_1") == "off")
    async with ModbusServer(wire=Wire.RTU) as other:
        other.add_fire_panel(1, inputs=4).discrete[0] = True
        flows = hass.config_entries.flow
        menu = await reconfigure_menu(hass, entry)
        form = await flows.async_configure(menu["flow_id"], {"next_step_id": "modbus_rtu_over_tcp"})
        done = await bus_submitted(hass, form, {**reached(other), "name": "Moved"})
        assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
        await until(lambda: shown(hass, "binary_sensor.panel_input_1") == "on")
        assert (entry.title, entry.data["baudrate"]) == ("Moved", 9600)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_times_of_a_bus_at_work_are_changed_without_trying_it(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    entry = await bus_entry(hass, "modbus_tcp", server)
    menu = await reconfigure_menu(hass, entry)
    form = await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": "modbus_tcp"}
    )
    timing = {"answer_within": 1.5, "spacing": 20}
    await bus_submitted(hass, form, {**reached(server), "timing": timing})
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    line = entry.runtime_data.poller.line
    assert (line.within, line.spacing) == (1.5, 0.02)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_unit_is_asked_before_it_is_saved(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    entry = await bus_entry(hass, "modbus_tcp", server)
    subflows = hass.config_entries.subentries
    server.units[1].discrete[2] = True
    flow = await unit_flow(hass, entry, {**PANEL, "unit": 9}, {"inputs": 4})
    assert flow["errors"] == {"base": "unit_silent"}
    flow = await unit_flow(hass, entry, PANEL, {"inputs": 99})
    assert flow["errors"] == {"base": "unit_refused"}
    assert "0x02" in flow["description_placeholders"]["problem"]
    named = {"inputs": 1, "names": "Hall\nStair"}
    flow = await subflows.async_configure(flow["flow_id"], named)
    assert flow["errors"] == {"names": "more_names_than_inputs"}
    server.units[1].fault = Fault.BUSY
    flow = await subflows.async_configure(flow["flow_id"], {**named, "inputs": 4})
    assert flow["errors"] == {"base": "unit_busy"}
    server.units[1].fault = None
    lift = await unit_flow(hass, entry, {"name": "Lift", "unit": 9, "family": "lift"})
    assert lift["errors"] == {"base": "unit_silent"}
    flow = await subflows.async_configure(flow["flow_id"], {**named, "inputs": 4})
    assert flow["step_id"] == "confirm"
    assert flow["description_placeholders"] == {"points": "7", "on": "Input 3", "figures": ""}
    flow = await subflows.async_configure(flow["flow_id"], {})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await until(lambda: shown(hass, "binary_sensor.panel_input_3") == "on")
    assert hass.states.get("binary_sensor.panel_hall") is not None
    again = await unit_flow(hass, entry, PANEL)
    assert again["errors"] == {"unit": "unit_taken"}
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_changed_unit_keeps_the_line_and_disturbs_no_other(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    server.add_fire_panel(2, inputs=4)
    server.units[3] = FAMILIES["lift"]()
    entry = await bus_entry(hass, "modbus_tcp", server)
    await unit_flow(hass, entry, PANEL, {"inputs": 4}, {})
    await unit_flow(hass, entry, {**PANEL, "name": "Other", "unit": 2}, {"inputs": 4}, {})
    await until(lambda: shown(hass, "binary_sensor.other_panel_fault") == "off")
    other: list[str] = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: other.append(event.data["entity_id"]) if _of_other(event.data) else None,
    )
    connections = server.counted.connections
    subentry = next(one for one in entry.subentries.values() if one.title == "Panel")
    subflows = hass.config_entries.subentries
    context = {"source": "reconfigure", "subentry_id": subentry.subentry_id}
    flow = await subflows.async_init((entry.entry_id, "unit"), context=context)
    changed = {"name": "Lift", "unit": 3, "family": "lift"}
    flow = await subflows.async_configure(flow["flow_id"], changed)
    flow = await subflows.async_configure(flow["flow_id"], {})
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert dict(subentry.data) == {"unit": 3, "family": "lift"}
    await until(lambda: shown(hass, "sensor.lift_trips") == "48213")
    assert hass.states.get("binary_sensor.panel_input_1") is None
    assert other == []
    assert server.counted.connections == connections
    assert await hass.config_entries.async_unload(entry.entry_id)


def _of_other(data: Any) -> bool:
    return data["entity_id"].startswith("binary_sensor.other")


async def test_a_unit_with_a_point_table_keeps_it_when_it_is_renamed(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    points = [{"key": "discrete_0", "kind": "discrete", "address": 0, "name": "Hall"}]
    entry = await bus_entry(hass, "modbus_tcp", server)
    unit = {"unit": 1, "family": "point_table", "points": points}
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType(unit), subentry_type="unit", title="Old", unique_id="unit:1"
        ),
    )
    subentry = next(iter(entry.subentries.values()))
    subflows = hass.config_entries.subentries
    context = {"source": "reconfigure", "subentry_id": subentry.subentry_id}
    flow = await subflows.async_init((entry.entry_id, "unit"), context=context)
    assert_flow_said(flow)
    server.units[1].discrete[0] = True
    flow = await subflows.async_configure(flow["flow_id"], {"name": "New", "unit": 1})
    assert flow["step_id"] == "confirm"
    assert flow["description_placeholders"]["on"] == "Hall"
    await subflows.async_configure(flow["flow_id"], {})
    assert (subentry.title, dict(subentry.data)) == ("New", unit)
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("family", OURS)
async def test_every_family_can_be_chosen(
    hass: HomeAssistant, server: ModbusServer, family: str
) -> None:
    server.units[5] = FAMILIES[family]()
    entry = await bus_entry(hass, "modbus_tcp", server)
    unit = {"name": "Unit", "unit": 5, "family": family}
    wired = dict.fromkeys(OURS[family].counts, 1)
    flow = await unit_flow(hass, entry, unit, *([wired] if wired else []), {})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert dict(flow["data"]) == {
        "unit": 5,
        "family": family,
        **wired,
        **({"names": []} if wired else {}),
    }
    assert await hass.config_entries.async_unload(entry.entry_id)
