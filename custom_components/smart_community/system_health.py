"""What stands under Settings, System, Repairs, System information."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .data import communities


@callback
def async_register(_hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register the figures."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    engines = [entry.runtime_data.engine for entry in communities(hass)]
    return {
        "communities": len(engines),
        "open_incidents": sum(not one.drill for engine in engines for one in engine.active),
        "messages_waiting": sum(len(engine.letters_waiting) for engine in engines),
        "seconds_overdue": round(
            max((engine.overdue.total_seconds() for engine in engines), default=0), 1
        ),
        "recording": all(engine.recording_problem is None for engine in engines),
    }
