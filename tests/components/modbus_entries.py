"""A bus as an entry, and waiting for what comes over its real sockets."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from tests.simulators.modbus_server import ModbusServer


def bus_entry(
    hass: HomeAssistant, server: ModbusServer, *units: Mapping[str, Any], title: str = "Unit"
) -> MockConfigEntry:
    """Return the entry of a Modbus TCP gateway with these units, known and not yet set up."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Bus",
        data={
            "kind": "modbus_bus",
            "transport": "tcp",
            "host": server.host,
            "port": server.port,
        },
        subentries_data=[
            ConfigSubentryData(
                subentry_type="unit", title=title, unique_id=f"unit:{unit['unit']}", data=unit
            )
            for unit in units
        ],
    )
    entry.add_to_hass(hass)
    return entry


async def until(met: Callable[[], bool], within: float = 15) -> None:
    """Wait for something that comes over a real socket."""
    async with asyncio.timeout(within):
        while not met():
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)


def shown(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return an entity's state, None if it has none."""
    found = hass.states.get(entity_id)
    return found.state if found is not None else None
