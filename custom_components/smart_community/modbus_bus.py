"""A Modbus bus at work: Home Assistant's shared connection, the poller, and units as subentries."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.components.modbus.connection import async_get_unit
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from modbus_connection import ModbusTcpParams

from .const import SUBENTRY_UNIT
from .field.modbus import fire_panel
from .field.modbus.poller import PolledUnit, Poller

_LOGGER = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True, eq=False)
class BusUnit:
    """A unit of the bus as its subentry describes it, and who wants to hear of its points."""

    subentry_id: str
    title: str
    data: Mapping[str, Any]
    polled: PolledUnit
    listeners: dict[str, Callable[[], None]]


@dataclass(kw_only=True, slots=True, eq=False)
class ModbusBusData:
    """One bus at work."""

    poller: Poller
    units: dict[str, BusUnit] = field(default_factory=dict)
    added: list[Callable[[BusUnit], None]] = field(default_factory=list)


def params(data: Mapping[str, Any]) -> ModbusTcpParams:
    """Return the link's parameters as the shared connection wants them."""
    return ModbusTcpParams(host=data[CONF_HOST], port=int(data[CONF_PORT]))


async def async_setup_bus(hass: HomeAssistant, entry: ConfigEntry[Any]) -> ModbusBusData:
    """Start asking the bus.

    A gateway that is away at start is no reason to fail: the entry would be tried again after
    minutes, while the poller hears its detectors within seconds of its return.
    """
    bus = ModbusBusData(poller=Poller())
    _apply(hass, entry, bus)
    entry.async_create_background_task(hass, bus.poller.run(), f"Modbus bus {entry.title}")

    async def changed(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        _apply(hass, entry, bus)

    entry.async_on_unload(entry.add_update_listener(changed))
    return bus


def _apply(hass: HomeAssistant, entry: ConfigEntry[Any], bus: ModbusBusData) -> None:
    """Bring the units in line with the subentries; one that comes or goes disturbs no other."""
    wanted = {
        key: subentry
        for key, subentry in entry.subentries.items()
        if subentry.subentry_type == SUBENTRY_UNIT
    }
    for key, unit in list(bus.units.items()):
        if key not in wanted:
            bus.poller.remove(int(unit.data["unit"]))
            del bus.units[key]
        elif (wanted[key].title, wanted[key].data) != (unit.title, unit.data):
            # Other inputs, other names: other entities. Found in alarm again, they are reported.
            hass.config_entries.async_schedule_reload(entry.entry_id)
            return
    for key, subentry in wanted.items():
        if key in bus.units:
            continue
        listeners: dict[str, Callable[[], None]] = {}

        def tell(point: str, listeners: Mapping[str, Callable[[], None]] = listeners) -> None:
            if (listener := listeners.get(point)) is not None:
                listener()

        address = int(subentry.data["unit"])
        polled = PolledUnit(
            unit=async_get_unit(hass, entry, params(entry.data), address),
            points=fire_panel.points(int(subentry.data["inputs"])),
            changed=tell,
        )
        unit = BusUnit(
            subentry_id=key,
            title=subentry.title,
            data=subentry.data,
            polled=polled,
            listeners=listeners,
        )
        bus.units[key] = unit
        bus.poller.add(address, polled)
        for added in bus.added:
            added(unit)
