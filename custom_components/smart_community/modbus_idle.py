"""While every loop that uses a point is out of its hours, the point is read in the slow lane."""

import asyncio
import logging
from collections.abc import Iterable
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

_LOGGER = logging.getLogger(__name__)

# Each unit is looked at this often, a few at a time: all at once would hold everything up.
_EVERY: Final = 60.0
# What decides is looked at more often, because that costs next to nothing: where it has changed, as
# a loop that is switched on, all units are looked at without waiting for their turn.
_LOOK: Final = 10.0
# A point is back in the fast lane before its loop's hours begin: nothing is heard late for having
# rested.
_AHEAD: Final = timedelta(seconds=2 * _EVERY)


@callback
def async_follow_hours(hass: HomeAssistant, entry: ConfigEntry[Any], bus: ModbusBusData) -> None:
    """Keep a bus's points in the lane that the hours of their loops ask for, until it unloads."""

    async def follow() -> None:
        while True:
            try:
                await _follow(hass, bus)
            except Exception:
                # What rests because of a mistake of ours would be heard late for ever.
                _LOGGER.exception("Nothing on %s rests: its loops cannot be looked at", entry.title)
                for unit in bus.units.values():
                    bus.poller.set_idle(unit.address, ())
                await asyncio.sleep(_EVERY)

    entry.async_create_background_task(hass, follow(), f"Hours of Modbus bus {entry.title}")


async def _follow(hass: HomeAssistant, bus: ModbusBusData) -> None:
    """Look at the units in turn, and at all of them when what decides has changed."""
    known: object = None
    waiting: list[str] = []

    async def look(keys: Iterable[str], apart: float) -> None:
        for key in keys:
            # Unless it was removed meanwhile.
            if (unit := bus.units.get(key)) is not None:
                bus.poller.set_idle(unit.address, _idle(hass, unit))
            await asyncio.sleep(apart)

    while True:
        if (decides := _decides(hass)) != known:
            known, waiting = decides, []
            await look(list(bus.units), 0)
        turns = max(round(len(bus.units) * _LOOK / _EVERY), 1)
        waiting = waiting or list(bus.units)
        now, waiting = waiting[:turns], waiting[turns:]
        await look(now, _LOOK / turns)
        if not now:
            await asyncio.sleep(_LOOK)


def _decides(hass: HomeAssistant) -> object:
    """Return what decides whether loops are at work, besides the clock and where a detector is."""
    watches = alarm_index(hass).watches()
    return (
        [(one.owner, one.loop, one.active, one.sources) for one in watches],
        [
            (
                entry.entry_id,
                entry.runtime_data.plans.standing,
                entry.runtime_data.engine.kept("loop:"),
            )
            for entry in communities(hass)
        ],
    )


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
