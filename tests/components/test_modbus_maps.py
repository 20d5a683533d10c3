"""What was learned of a unit's map is there after a restart, and goes with its unit."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.field.point import DataType, Kind, Point
from tests.simulators.modbus_server import ModbusServer, Unit

from .modbus_entries import bus_entry, until

PRESENT = [*range(17), *range(18, 30)]
POINTS = [
    Point(key=f"input_{at}", kind=Kind.INPUT, address=at, type=DataType.UINT16).plain()
    for at in PRESENT
]


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.units[1] = Unit(input={at: 100 + at for at in PRESENT})
        yield server


@pytest.fixture
def entry(hass: HomeAssistant, server: ModbusServer) -> MockConfigEntry:
    return bus_entry(hass, server, {"unit": 1, "family": "point_table", "points": POINTS})


async def test_a_hole_is_searched_for_once_and_not_after_a_restart(
    hass: HomeAssistant,
    server: ModbusServer,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)

    def read() -> bool:
        return all(job.raw is not None for job in entry.runtime_data.poller.units[1].jobs)

    await until(read)
    searched = len(server.requests)
    assert searched > 4
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    [subentry_id] = entry.subentries
    stored = hass_storage[f"{DOMAIN}.modbus_{entry.entry_id}"]["data"]
    assert stored == {subentry_id: [["input", 18]]}

    assert await hass.config_entries.async_reload(entry.entry_id)
    await until(read)
    assert len(server.requests) == searched + 2

    assert await hass.config_entries.async_remove(entry.entry_id)
    assert f"{DOMAIN}.modbus_{entry.entry_id}" not in hass_storage


async def test_a_damaged_record_costs_the_search_and_nothing_else(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    [subentry_id] = entry.subentries
    hass_storage[f"{DOMAIN}.modbus_{entry.entry_id}"] = {
        "version": 1,
        "minor_version": 1,
        "key": f"{DOMAIN}.modbus_{entry.entry_id}",
        "data": {subentry_id: [["coils", 18], "x", ["input"]]},
    }
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: len(entry.runtime_data.poller.units[1].readings) == len(PRESENT))
    assert await hass.config_entries.async_unload(entry.entry_id)
