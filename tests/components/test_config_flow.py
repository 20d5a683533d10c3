import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
    FlowType,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.engine.store import Store

from .translated import assert_flow_said


@pytest.fixture
async def modbus_port(socket_enabled: None) -> AsyncIterator[int]:
    """A gateway that knows Modbus and refuses every request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                header = await reader.readexactly(7)
                request = await reader.readexactly(int.from_bytes(header[4:6]) - 1)
                writer.write(header[:4] + b"\0\3" + header[6:] + bytes((request[0] | 0x80, 2)))
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def _start(hass: HomeAssistant, kind: str = "community") -> ConfigFlowResult:
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": kind})
    assert_flow_said(form)
    return form


async def _submit(
    hass: HomeAssistant, form: ConfigFlowResult, name: str, url: str | None = None
) -> ConfigFlowResult:
    database = {} if url is None else {"database_url": url}
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"name": name, "database": database}
    )
    assert_flow_said(result)
    return result


async def _community(hass: HomeAssistant, name: str, url: str | None = None) -> ConfigEntry:
    result = await _submit(hass, await _start(hass), name, url)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    return result["result"]


async def _reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    return await hass.config_entries.flow.async_init(DOMAIN, context=context)


def _suggested(form: ConfigFlowResult) -> dict[str, Any]:
    schema = form["data_schema"]
    assert schema is not None
    return {
        str(key): key.description["suggested_value"]
        for key in schema.schema
        if key.description and "suggested_value" in key.description
    }


async def test_the_menu_offers_each_kind_of_entry(hass: HomeAssistant) -> None:
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["community", "modbus_bus", "zigbee_network"]


async def test_a_new_community_asks_for_its_first_responder(hass: HomeAssistant) -> None:
    form = await _start(hass)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "community")
    result = await _submit(hass, form, "  阳光花园 ")
    await hass.async_block_till_done()

    entry = result["result"]
    assert (entry.title, entry.unique_id) == ("阳光花园", "yang_guang_hua_yuan")
    assert dict(entry.data) == {"kind": "community"}
    assert entry.state is ConfigEntryState.LOADED

    flow_type, flow_id = result["next_flow"]
    assert flow_type is FlowType.CONFIG_SUBENTRIES_FLOW
    following = hass.config_entries.subentries.async_get(flow_id)
    assert following["handler"] == (entry.entry_id, "responder")
    assert following["step_id"] == "user"


async def test_a_new_bus_asks_for_its_first_unit(hass: HomeAssistant, modbus_port: int) -> None:
    menu = await _start(hass, "modbus_bus")
    assert menu["step_id"] == "modbus_bus"
    form = await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": "modbus_tcp"}
    )
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"name": "Building 1", "host": "127.0.0.1", "port": modbus_port}
    )
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.data["kind"] == "modbus_bus"
    flow_type, flow_id = result["next_flow"]
    assert flow_type is FlowType.CONFIG_SUBENTRIES_FLOW
    following = hass.config_entries.subentries.async_get(flow_id)
    assert following["handler"] == (entry.entry_id, "unit")


@pytest.mark.parametrize(
    ("kind", "offered", "configure"),
    [
        ("community", {"responder", "plan", "provider"}, True),
        ("modbus_bus", {"unit", "point_table"}, False),
        ("zigbee_network", set(), True),
    ],
)
async def test_each_kind_offers_its_own_subentries_and_options(
    hass: HomeAssistant, kind: str, offered: set[str], configure: bool
) -> None:
    await _start(hass)  # loads the flow, as the settings page does before it asks
    entry = MockConfigEntry(domain=DOMAIN, data={"kind": kind})
    entry.add_to_hass(hass)
    assert set(entry.supported_subentry_types) == offered
    assert entry.supports_options == configure
    # An import leaves units behind and nothing of itself to change.
    fixed = {
        key
        for key, one in entry.supported_subentry_types.items()
        if not one["supports_reconfigure"]
    }
    assert fixed == offered & {"point_table"}


async def test_a_second_community_of_the_same_name_is_refused(hass: HomeAssistant) -> None:
    await _community(hass, "Sunshine Garden")
    form = await _submit(hass, await _start(hass), "sunshine garden")
    assert form["errors"] == {"name": "already_configured"}
    assert _suggested(form)["name"] == "sunshine garden"

    result = await _submit(hass, form, "Moonlight Garden")
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_names_that_only_sound_the_same_are_two_communities(hass: HomeAssistant) -> None:
    first = await _community(hass, "金苑")
    second = await _community(hass, "锦苑")
    assert (first.unique_id, second.unique_id) == ("jin_yuan", "jin_yuan_2")


async def test_a_community_without_a_name_is_refused(hass: HomeAssistant) -> None:
    form = await _submit(hass, await _start(hass), "   ")
    assert form["errors"] == {"name": "name_missing"}


@pytest.mark.parametrize(
    ("url", "error", "problem"),
    [
        ("my database", "database_url_invalid", "Could not parse"),
        ("postgresql://host:port/incidents", "database_url_invalid", "port"),
        ("mysql://host/incidents", "database_unsupported", "mysql"),
        ("sqlite://", "database_unsupported", "sqlite"),
        ("sqlite:///:memory:", "database_unsupported", "sqlite"),
        ("sqlite+aiosqlite:///incidents.db", "database_unsupported", "aiosqlite"),
        ("postgresql+nosuch://host/incidents", "database_driver_missing", "nosuch"),
        ("sqlite:////nosuch/folder/incidents.db", "database_unreachable", "unable to open"),
    ],
)
async def test_a_database_that_cannot_be_used_is_refused_with_the_reason(
    hass: HomeAssistant, url: str, error: str, problem: str
) -> None:
    form = await _submit(hass, await _start(hass), "Sunshine Garden", url)
    assert form["errors"] == {"database": error}
    assert problem in form["description_placeholders"]["problem"]

    result = await _submit(hass, form, "Sunshine Garden")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(result["result"].data) == {"kind": "community"}


async def test_a_damaged_database_is_refused(hass: HomeAssistant, tmp_path: Path) -> None:
    path = tmp_path / "incidents.db"
    path.write_bytes(b"not a database" * 1000)
    form = await _submit(hass, await _start(hass), "Sunshine Garden", f"sqlite:///{path}")
    assert form["errors"] == {"database": "database_corrupt"}


async def test_a_database_of_a_newer_version_is_refused(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    path = tmp_path / "incidents.db"
    store = Store(f"sqlite:///{path}")
    store.open()
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema'")
    connection.close()
    form = await _submit(hass, await _start(hass), "Sunshine Garden", f"sqlite:///{path}")
    assert form["errors"] == {"database": "database_newer"}


async def test_a_database_of_ones_own_is_opened_and_kept(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    path = tmp_path / "incidents.db"
    entry = await _community(hass, "Sunshine Garden", f" sqlite:///{path} ")
    assert dict(entry.data) == {"kind": "community", "database_url": f"sqlite:///{path}"}
    assert entry.state is ConfigEntryState.LOADED
    assert path.exists()


async def test_two_communities_cannot_share_a_database(hass: HomeAssistant, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'incidents.db'}"
    await _community(hass, "Starlight Garden")  # in the file that is its own by default
    await _community(hass, "Sunshine Garden", url)
    form = await _submit(hass, await _start(hass), "Moonlight Garden", url)
    assert form["errors"] == {"database": "database_taken"}
    form = await _submit(hass, form, "Moonlight Garden", "nothing")
    assert form["errors"] == {"database": "database_url_invalid"}
    result = await _submit(hass, form, "Moonlight Garden", url.replace("incidents", "others"))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_renaming_a_community_stops_nothing(hass: HomeAssistant) -> None:
    await _community(hass, "Moonlight Garden")
    entry = await _community(hass, "Sunshine Garden")
    running = entry.runtime_data

    form = await _reconfigure(hass, entry)
    assert form["step_id"] == "reconfigure_community"
    assert _suggested(form)["name"] == "Sunshine Garden"
    form = await _submit(hass, form, "Moonlight Garden")
    assert form["errors"] == {"name": "already_configured"}

    result = await _submit(hass, form, "SUNSHINE GARDEN")
    await hass.async_block_till_done()
    assert result["reason"] == "reconfigure_successful"
    assert (entry.title, entry.unique_id) == ("SUNSHINE GARDEN", "sunshine_garden")
    assert entry.runtime_data is running


async def test_another_database_starts_the_community_anew(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    entry = await _community(hass, "Sunshine Garden")
    running = entry.runtime_data
    url = f"sqlite:///{tmp_path / 'incidents.db'}"

    form = await _reconfigure(hass, entry)
    form = await _submit(hass, form, "Sunshine Garden", "nothing")
    assert form["errors"] == {"database": "database_url_invalid"}
    result = await _submit(hass, form, "Sunshine Garden", url)
    await hass.async_block_till_done()

    assert result["reason"] == "reconfigure_successful"
    assert dict(entry.data) == {"kind": "community", "database_url": url}
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data is not running


async def test_a_bus_is_reconfigured_by_its_own_step(hass: HomeAssistant) -> None:
    data = {"kind": "modbus_bus", "transport": "tcp", "host": "127.0.0.1", "port": 502}
    entry = MockConfigEntry(domain=DOMAIN, data=data)
    entry.add_to_hass(hass)
    form = await _reconfigure(hass, entry)
    assert form["step_id"] == "reconfigure_modbus_bus"
