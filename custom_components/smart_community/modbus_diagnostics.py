"""How a Modbus bus stands: what is asked of each unit, what it refuses, and which points lack data.

A point is told by its key and the reason that it has none, so that whoever reads a report can tell
a wrong register table from a cut cable.
"""

from collections.abc import Callable
from typing import Any

from homeassistant.components.diagnostics.const import REDACTED
from homeassistant.const import CONF_DEVICE, CONF_HOST
from homeassistant.core import callback

from .field.modbus.unit import PolledUnit
from .field.point import Quality
from .modbus_bus import ModbusBusData


@callback
def modbus_state(bus: ModbusBusData, called: Callable[[str], str]) -> dict[str, Any]:
    """Return the units by address. Where the line leads stands in the library's own reasons.

    `called`: what the report calls a point, by its key; a device family's keys are its own words.
    """
    hidden = str(bus.data.get(CONF_HOST) or bus.data.get(CONF_DEVICE))
    return {
        "units": {
            str(address): _unit_state(unit, hidden, called)
            for address, unit in bus.poller.units.items()
        }
    }


def _unit_state(unit: PolledUnit, hidden: str, called: Callable[[str], str]) -> dict[str, Any]:
    return {
        "points": len(unit.points),
        "resting_seconds": unit.rest,
        "fails_because": unit.why,
        "failures": unit.failures,
        "searching": unit.search is not None,
        "requests": [
            f"{job.lane} {job.block.kind} {job.block.address}+{job.block.count}"
            for job in unit.jobs
        ],
        "barriers": sorted(f"{kind} {address}" for kind, address in unit.barriers),
        "without_data": {
            called(key): {
                "quality": reading.quality,
                "reason": reading.reason.replace(hidden, REDACTED),
                "at": reading.at.isoformat() if reading.at is not None else None,
            }
            for key, reading in unit.readings.items()
            if reading.quality is not Quality.GOOD
        },
    }
