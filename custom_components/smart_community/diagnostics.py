"""What a bug report needs, without the people in it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from .anonymous import Anonymous
from .channels.address import PROVIDER
from .const import SUBENTRY_PROVIDER, SUBENTRY_RESPONDER
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
        "zone_name",
        "key_id",
        "key_secret",
        "secret",
        "url",
        "webhook_id",
        "show_number",
        "sign_name",
        "unit_name",
    }
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SmartCommunityEntry
) -> dict[str, Any]:
    """Return the entry, its subentries and how its engine or poller stands."""
    anonymous = Anonymous()
    subentries = [
        {"type": subentry.subentry_type, "data": _stored(subentry, anonymous)}
        for subentry in entry.subentries.values()
    ]
    told = {"entry": dict(entry.data), "subentries": subentries, **_state(entry, anonymous)}
    redacted: dict[str, Any] = async_redact_data(anonymous.told(told), REDACT)
    return redacted


def _stored(subentry: ConfigSubentry, anonymous: Anonymous) -> Mapping[str, Any]:
    """Return what is stored, its key as those who refer to it are going to show it."""
    data = subentry.data
    if subentry.subentry_type == SUBENTRY_RESPONDER:
        targets = {kind: _address(one, anonymous) for kind, one in data["targets"].items()}
        key = anonymous.called("responder", data["key"])
        return {**data, "key": key, "targets": targets}
    if points := data.get("points"):
        # A contractor's table: its keys are made of its names, "li_s_kitchen_gas".
        numbered = [{**one, "key": anonymous.called("point", one["key"])} for one in points]
        return {**data, "points": numbered}
    if subentry.subentry_type == SUBENTRY_PROVIDER:
        return {**data, "key": anonymous.called("target", f"{PROVIDER}.{data['key']}")}
    return data


def _address(stored: Mapping[str, Any], anonymous: Anonymous) -> Mapping[str, Any]:
    """Return where a channel leads; its voice is an entity as its target is."""
    voice = stored.get("voice")
    return {**stored, "voice": anonymous.called("target", voice)} if voice else stored


def _state(entry: SmartCommunityEntry, anonymous: Anonymous) -> dict[str, Any]:
    data = entry.runtime_data
    if isinstance(data, CommunityData):
        engine = data.engine
        return {
            "incidents": [incident_view(incident) for incident in engine.active],
            "next_due": plain(engine.next_due),
            "overdue_seconds": engine.overdue.total_seconds(),
            "messages_waiting": len(engine.letters_waiting),
            "recording_problem": engine.recording_problem,
            # The audit's own words, and loops: neither says who or where.
            "problems": dict(data.problems),
        }
    if isinstance(data, ZigbeeData):
        return zigbee_state(data)
    return modbus_state(data, partial(anonymous.known, "point"))
