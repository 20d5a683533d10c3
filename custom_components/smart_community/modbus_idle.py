"""While every loop that uses a point is out of its hours, the point is read in the slow lane."""

import asyncio
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .alarm_index import alarm_index
from .const import DOMAIN
from .data import communities
from .entity_modbus import platform_of
from .field.point import Lane
from .loop_hours import in_use
from .modbus_bus import BusUnit, ModbusBusData

# Each unit is looked at this often, one after the other: all at once would hold everything up.
_EVERY: Final = 60.0
# A point is back in the fast lane before its loop's hours begin: nothing is heard late for having
# rested.
_AHEAD: Final = timedelta(seconds=2 * _EVERY)


@callback
def async_follow_hours(hass: HomeAssistant, entry: ConfigEntry[Any], bus: ModbusBusData) -> None:
    """Keep a bus's points in the lane that the hours of their loops ask for, until it unloads."""

    async def follow() -> None:
        while True:
            units = list(bus.units.values())
            for unit in units:
                if bus.units.get(unit.subentry_id) is unit:
                    bus.poller.set_idle(unit.address, _idle(hass, unit))
                await asyncio.sleep(_EVERY / len(units))
            if not units:
                await asyncio.sleep(_EVERY)

    entry.async_create_background_task(hass, follow(), f"Hours of Modbus bus {entry.title}")


def _idle(hass: HomeAssistant, unit: BusUnit) -> frozenset[str]:
    """Return the keys of fast points that loops watch, and none of those is at work.

    What no loop watches stays as it is: somebody's own automation may.
    """
    if not communities(hass):
        return frozenset()  # at start, a bus may be there before those whose loops it feeds
    registry, index = er.async_get(hass), alarm_index(hass)
    idle: set[str] = set()
    for point in unit.polled.points:
        if point.lane is not Lane.FAST:
            continue
        unique_id = f"{unit.subentry_id}_{point.key}"
        entity_id = registry.async_get_entity_id(platform_of(point), DOMAIN, unique_id)
        if entity_id is None or not index.watches_of(entity_id):
            continue
        if not (in_use(hass, entity_id) or in_use(hass, entity_id, _AHEAD)):
            idle.add(point.key)
    return frozenset(idle)
