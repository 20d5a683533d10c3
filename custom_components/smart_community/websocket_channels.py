"""The websocket command by which somebody tests everybody's channels and sees the receipts come."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import probatio
from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import async_response, websocket_command
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv

from .channel_tests import RECEIPTS_WITHIN, async_test_channels
from .core.permits import Deed
from .core.report import worded_reason
from .data import community
from .views import texts


@callback
def async_register_channel_commands(hass: HomeAssistant) -> None:
    """Register the command; it is there before any community is."""
    async_register_command(hass, _test_channels)


@websocket_command(
    {
        probatio.Required("type"): "smart_community/test_channels",
        probatio.Required("community"): cv.string,
        probatio.Optional("language", default="en"): cv.string,
    }
)
@async_response
async def _test_channels(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Answer once it has begun, tell each row as it comes ({row}), and the end ({done: true}).

    Whoever stops listening stops nothing: messages that are on their way are put on record.
    """
    entry = community(hass, msg["community"])
    data = entry.runtime_data
    standing = await data.deeds.check(Deed.TEST, connection.context(msg))
    listeners: list[Callable[[Any], None]] = [partial(connection.send_event, msg["id"])]
    connection.subscriptions[msg["id"]] = listeners.clear
    connection.send_result(msg["id"])
    words = texts(hass, msg["language"])

    def tell(row: Mapping[str, Any]) -> None:
        for listener in listeners:
            listener({"row": {**row, "reason": worded_reason(row["reason"], words)}})

    try:
        people = data.people.responders.values()
        await async_test_channels(entry, people, RECEIPTS_WITHIN, actor=standing.actor, tell=tell)
    finally:
        for listener in listeners:
            listener({"done": True})
