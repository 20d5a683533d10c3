"""The database of a Zigbee network: whole after a stop, and what is said when it cannot be used."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from aiosqlite import Connection
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.field.zigbee.model import Trouble
from custom_components.smart_community.zigbee_network import database
from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator, devices

from .zigbee_ground import entry_for, pair, set_up


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


def _garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 40)


def _no_file_at_all(path: Path) -> None:
    path.mkdir()  # like a file that may not be written: SQLite cannot open it


def _half_a_file(path: Path) -> None:
    path.write_bytes(path.with_suffix(".kept").read_bytes()[:9000])


def _senseless(path: Path) -> None:
    shutil.copy(path.with_suffix(".kept"), path)
    with closing(sqlite3.connect(path)) as database, database:
        [table] = database.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'devices_v%'"
        ).fetchone()
        database.execute(f"UPDATE {table} SET last_seen = 'what'")  # noqa: S608 - zigpy's table


async def _damaged(
    hass: HomeAssistant,
    radio: VirtualCoordinator,
    network: MockConfigEntry,
    damage: Callable[[Path], None],
) -> tuple[Path, Path]:
    """Damage the database of a network with a device, unloaded: where it is, and what it was."""
    await pair(hass, network, radio.add(devices.smoke()))
    assert await hass.config_entries.async_unload(network.entry_id)
    path = database(hass, network.entry_id)
    kept = path.rename(path.with_suffix(".kept"))
    damage(path)
    return path, kept


async def _no_thread_is_kept() -> None:
    await until(lambda: not any(isinstance(one, Connection) for one in threading.enumerate()))


@pytest.mark.parametrize("damage", [_garbage, _no_file_at_all, _half_a_file, _senseless])
async def test_a_database_that_cannot_be_used_is_said_and_keeps_no_thread(
    hass: HomeAssistant,
    radio: VirtualCoordinator,
    network: MockConfigEntry,
    damage: Callable[[Path], None],
) -> None:
    path, kept = await _damaged(hass, radio, network, damage)
    issues = ir.async_get(hass)
    issue = (DOMAIN, f"{network.entry_id}_zigbee")

    assert await hass.config_entries.async_setup(network.entry_id)
    await until(lambda: issues.async_get_issue(*issue) is not None)
    said = issues.async_get_issue(*issue)
    assert said is not None
    assert said.translation_key == "zigbee_database"
    assert said.translation_placeholders is not None
    assert said.translation_placeholders["database"] == str(path)
    assert not radio.connected
    for _ in range(2):  # as the supervisor does, each time anew
        assert await hass.config_entries.async_reload(network.entry_id)
        await until(lambda: network.runtime_data.network.trouble is Trouble.DATABASE)
    await _no_thread_is_kept()

    assert await hass.config_entries.async_unload(network.entry_id)
    path.rmdir() if path.is_dir() else path.unlink()
    kept.rename(path)
    assert await hass.config_entries.async_setup(network.entry_id)
    await until(lambda: network.runtime_data.network.trouble is None)
    assert issues.async_get_issue(*issue) is None


@pytest.mark.parametrize("damage", [_garbage, _half_a_file, _senseless])
async def test_a_damaged_database_does_not_keep_a_coordinator_from_being_moved(
    hass: HomeAssistant,
    radio: VirtualCoordinator,
    network: MockConfigEntry,
    damage: Callable[[Path], None],
) -> None:
    await _damaged(hass, radio, network, damage)
    line = {"baudrate": 115200, "flow_control": "none"}
    said = {"name": "Moved", "path": radio.path, "radio_type": "ezsp", "line": line}

    at = await network.start_reconfigure_flow(hass)
    at = await hass.config_entries.flow.async_configure(at["flow_id"], said)
    assert (at["type"], at["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert network.title == "Moved"
    await until(lambda: network.runtime_data.network.trouble is Trouble.DATABASE)
    await _no_thread_is_kept()


async def test_a_damaged_database_is_no_matter_to_another_network(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
        other = entry_for(radio, "Building 2")
        other.add_to_hass(hass)
        _garbage(database(hass, other.entry_id))
        assert await hass.config_entries.async_setup(other.entry_id)
        await until(lambda: other.runtime_data.network.trouble is Trouble.DATABASE)
        assert network.runtime_data.network.trouble is None
        assert await hass.config_entries.async_unload(other.entry_id)
