"""The websocket command for a lock's code that a person chose: nothing of it is ever recorded."""

from typing import Any

import probatio
from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import async_response, websocket_command
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv

from .lock_schedules import SCHEDULE, schedule_of
from .services_zigbee import SLOT, async_set_lock_code


@callback
def async_register_zigbee_commands(hass: HomeAssistant) -> None:
    """Register the command; it is there before any network is."""
    async_register_command(hass, _set_lock_code)


@websocket_command(
    {
        probatio.Required("type"): "smart_community/set_lock_code",
        probatio.Required("lock"): cv.entity_id,
        probatio.Required("slot"): SLOT,
        probatio.Required("code"): str,
        **SCHEDULE,
    }
)
@async_response
async def _set_lock_code(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Set a code for whoever may."""
    await async_set_lock_code(
        hass,
        connection.context(msg),
        msg["lock"],
        msg["slot"],
        schedule=schedule_of(msg),
        code=msg["code"],
    )
    connection.send_result(msg["id"])
