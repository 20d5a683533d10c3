"""A point table by hand: uploaded over HTTP as a browser does, shown, imported."""

from typing import Any

import pytest
from aiohttp import FormData
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_community.const import DOMAIN
from tests.simulators.modbus_server import Fault, ModbusServer

from .modbus_entries import bus_entry, until
from .test_points import TABLE, add_bus, units
from .translated import assert_flow_said, assert_said


@pytest.fixture
async def bus(hass: HomeAssistant) -> MockConfigEntry:
    assert await async_setup_component(hass, DOMAIN, {})
    return add_bus(hass, "Line 1")


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    flow = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "point_table"), context={"source": SOURCE_USER}
    )
    assert_flow_said(flow)
    return flow


async def choose(
    hass: HomeAssistant, client: ClientSessionGenerator, flow: dict[str, Any], table: bytes
) -> dict[str, Any]:
    form = FormData()
    form.add_field("file", table, filename="points.csv", content_type="text/csv")
    answer = await (await client()).post("/api/file_upload", data=form)
    file_id = (await answer.json())["file_id"]
    return await go_on(hass, flow, {"file": file_id})


async def go_on(hass: HomeAssistant, flow: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    result = await hass.config_entries.subentries.async_configure(flow["flow_id"], data)
    assert_flow_said(result)
    return result


async def test_a_file_is_shown_as_what_it_changes_and_then_imported(
    hass: HomeAssistant, bus: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    flow = await begin(hass, bus)
    shown = await choose(hass, hass_client, flow, TABLE.encode("gb18030"))
    assert shown["step_id"] == "confirm"
    said = shown["description_placeholders"]
    assert (said["units_added"], said["points_added"]) == ("2", "3")
    assert not bus.subentries, "nothing changes before it is confirmed"
    done = await go_on(hass, flow, {})
    assert (done["type"], done["reason"]) == ("abort", "points_imported")
    assert done["description_placeholders"].items() <= said.items()
    assert units(bus)[9].title == "泵房"
    assert {one.subentry_type for one in bus.subentries.values()} == {"unit"}


async def test_a_file_that_is_wrong_is_listed_and_another_may_be_chosen(
    hass: HomeAssistant, bus: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    flow = await begin(hass, bus)
    wrong = await choose(hass, hass_client, flow, b"unit,name,kind,address\n0,A,relay,1\n")
    assert wrong["errors"] == {"file": "point_table_wrong"}
    assert wrong["description_placeholders"]["errors"] == (
        "\n- Line 2, column unit: “0” is not between 1 and 247."
        "\n- Line 2, column kind: “relay” is none of: coil, discrete, holding, input."
    )
    shown = await choose(hass, hass_client, flow, TABLE.encode())
    assert shown["step_id"] == "confirm"
    gone = await begin(hass, bus)
    gone = await go_on(hass, gone, {"file": "0" * 32})
    assert gone["errors"] == {"file": "upload_gone"}


async def test_a_family_unit_in_the_way_is_said_before_and_after_the_file_is_read(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    data = {"unit": 5, "family": "fire_panel", "inputs": 4, "names": []}
    panel = {"subentry_type": "unit", "title": "Panel", "unique_id": "unit:5", "data": data}
    taken, free = add_bus(hass, "Line 1", subentries_data=[panel]), add_bus(hass, "Line 2")
    flow = await begin(hass, taken)
    refused = await choose(hass, hass_client, flow, TABLE.encode())
    assert refused["errors"] == {"file": "unit_has_a_family"}
    assert refused["description_placeholders"]["units"] == "5"

    flow = await begin(hass, free)
    await choose(hass, hass_client, flow, TABLE.encode())
    (subentry,) = taken.subentries.values()
    hass.config_entries.async_add_subentry(free, subentry)
    late = await go_on(hass, flow, {})
    assert (late["type"], late["reason"]) == ("abort", "unit_has_a_family")
    assert len(free.subentries) == 1
    for kind in ("error", "abort"):
        assert_said(f"config_subentries.point_table.{kind}.bus_full", {"points", "most"})


async def test_what_the_units_say_is_shown_before_it_is_saved_and_silence_is_no_hurdle(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, socket_enabled: None
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    rows = "".join(f"5,More {at},input,{at},int16,,,,,\n" for at in range(41, 66))
    async with ModbusServer() as server:
        for address in (5, 7, 8, 9):
            unit = server.add_fire_panel(address, inputs=4)
            unit.discrete[0] = True
            unit.input.update(dict.fromkeys(range(100), 215))
        server.units[7].fault, server.units[8].fault = Fault.DEVICE_FAILURE, Fault.SILENT
        entry = bus_entry(hass, server)
        assert await hass.config_entries.async_setup(entry.entry_id)
        flow = await begin(hass, entry)
        more = "7,A,coil,0,,,,,,\n8,A,coil,0,,,,,,\n"
        shown = await choose(hass, hass_client, flow, f"{TABLE}{more}{rows}".encode())
        read = shown["description_placeholders"]["read"].splitlines()
        assert read[:3] == [
            "- Unit 5, Smoke 201: on",
            "- Unit 9, 泵房水位: 21.5 cm",
            "- Unit 5, Temperature: 21.5 °C",
        ]
        assert read[3] == "- Unit 5, More 41: 215"
        assert read[20:] == [
            "- …",
            "- No data from unit 7: it refuses; check the addresses in the table",
            "- No data from unit 8: no answer",
        ]
        assert not entry.subentries
        done = await go_on(hass, flow, {})
        assert done["reason"] == "points_imported"
        await until(lambda: len(entry.runtime_data.units) == 4)
        assert await hass.config_entries.async_unload(entry.entry_id)
