"""Whether two links lead to one line: then two masters would talk into each other's answers.

Home Assistant's shared connection notices only links of the same spelling. A host by name and by
address, a gateway's port in two framings or over UDP and TCP, and a serial port by its id and by
its number are one line each; and a `modbus:` hub in the YAML configuration opens its own.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.components.modbus.connection import ModbusEndpoint, async_get_connection_info
from homeassistant.components.modbus.const import DATA_MODBUS_HUBS
from homeassistant.core import HomeAssistant

from .const import CONF_KIND, DOMAIN, KIND_MODBUS_BUS
from .modbus_link import params
from .places import host_places, places


async def async_twin(hass: HomeAssistant, data: Mapping[str, Any], own: str | None) -> str | None:
    """Return the name of what holds this bus's line already, None if nothing does.

    `own`: the entry that is being changed. An integration that holds the very same link is no twin:
    it shares it.
    """
    mine = params(data).endpoint
    others: list[tuple[str, ModbusEndpoint]] = []
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.entry_id != own and entry.data.get(CONF_KIND) == KIND_MODBUS_BUS:
            others.append((entry.title, params(entry.data).endpoint))
    for name, hub in hass.data.get(DATA_MODBUS_HUBS, {}).items():
        others.append((f"modbus: {name}", hub.endpoint))
    for link in async_get_connection_info(hass):
        if link.endpoint != mine and set(link.units) - {own}:
            others.append((", ".join(_titles(hass, link.units)), link.endpoint))
    return await hass.async_add_executor_job(_first_twin, mine, others)


def _titles(hass: HomeAssistant, entry_ids: Iterable[str]) -> list[str]:
    entries = (hass.config_entries.async_get_entry(one) for one in entry_ids)
    return [entry.title for entry in entries if entry is not None]


def _first_twin(mine: ModbusEndpoint, others: list[tuple[str, ModbusEndpoint]]) -> str | None:
    here = _places(mine)
    return next((name for name, other in others if here & _places(other)), None)


def _places(endpoint: ModbusEndpoint) -> set[tuple[str, int]]:
    """Return every name of a far end: hosts with their port, or a device's real path."""
    if len(endpoint) == 3:  # noqa: PLR2004 # transport, host, port
        return host_places(endpoint[1], endpoint[2])
    return places(endpoint[1])
