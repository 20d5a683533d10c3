"""What a bug report needs, without the people in it."""

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant

from .core.codec import plain
from .data import CommunityData, SmartCommunityEntry
from .modbus_diagnostics import modbus_state
from .views import incident_view
from .zigbee_diagnostics import zigbee_state
from .zigbee_network import ZigbeeData

# Names, numbers, users, what people wrote, and a database's password.
REDACT = frozenset(
    {
        "database_url",
        "host",
        "device",
        "path",
        "extended_pan_id",
        "ieee",
        "title",
        "users",
        "number",
        "summary",
        "names",
        "name",
        "key_id",
        "key_secret",
        "secret",
        "url",
        "webhook_id",
        "show_number",
        "sign_name",
    }
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SmartCommunityEntry
) -> dict[str, Any]:
    """Return the entry, its subentries and how its engine or poller stands."""
    subentries = [
        {"type": subentry.subentry_type, "data": dict(subentry.data)}
        for subentry in entry.subentries.values()
    ]
    told = {"entry": dict(entry.data), "subentries": subentries, **_state(entry)}
    redacted: dict[str, Any] = async_redact_data(told, REDACT)
    return redacted


def _state(entry: SmartCommunityEntry) -> dict[str, Any]:
    data = entry.runtime_data
    if isinstance(data, CommunityData):
        engine = data.engine
        return {
            "incidents": [incident_view(incident) for incident in engine.active],
            "next_due": plain(engine.next_due),
            "overdue_seconds": engine.overdue.total_seconds(),
            "messages_waiting": len(engine.letters_waiting),
            "recording_problem": engine.recording_problem,
            "problems": dict(data.problems),
        }
    if isinstance(data, ZigbeeData):
        return zigbee_state(data)
    return modbus_state(data)
