"""The dashboard's websocket commands; each asks the one table of permissions.

Errors are Home Assistant's own with translation key and placeholders, so that the browser can say
them in its user's language.
"""

from typing import Any, Final

import probatio
from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import (
    async_response,
    websocket_command,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv

from .core.evidence import EvidenceKind
from .core.model import Disposition, Incident
from .core.permits import Deed
from .data import CommunityEntry, find_incident
from .errors import refusal
from .feed import Feed, incident_row
from .floor_plans import floor_plans, place_on_plan
from .may import async_check_configuring
from .noise_evidence import async_noise_evidence, curve_view
from .overview import async_overview
from .reading import async_read_incident
from .views import texts
from .zones import area_of, source_name

# What the dashboard calls things by; its own words are in frontend/words.
_WORDS: Final = ("loops", "tiers", "channels", "status")
_PRESSED: Final = (
    Deed.ACKNOWLEDGE,
    Deed.HANDLE,
    Deed.CLOSE,
    Deed.ESCALATE,
    Deed.ASSIGN,
    Deed.COMMENT,
)
_LANGUAGE: Final[dict[str | probatio.Marker, Any]] = {
    probatio.Optional("language", default="en"): cv.string
}


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register every command; they are there before any community is."""
    for command in (_subscribe, _incident, _act, _overview, _noise, _place):
        async_register_command(hass, command)


@websocket_command({probatio.Required("type"): "smart_community/subscribe", **_LANGUAGE})
@callback
def _subscribe(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Say the words of a language, then what the user sees, live."""

    def say(said: Any) -> None:
        connection.send_event(msg["id"], said)

    connection.send_result(msg["id"])
    words = texts(hass, msg["language"])
    say({"kind": "words", **{name: words[name] for name in _WORDS}})
    connection.subscriptions[msg["id"]] = Feed(hass, connection.user, say).start()


@websocket_command(
    {
        probatio.Required("type"): "smart_community/incident",
        probatio.Required("incident"): cv.string,
        **_LANGUAGE,
    }
)
@async_response
async def _incident(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Answer with an incident, its detectors and its timeline in the user's language."""
    context = connection.context(msg)
    entry, incident, view = await async_read_incident(
        hass, msg["incident"], context, msg["language"]
    )
    row = incident_row(entry, connection.user, incident)
    view["plans"] = floor_plans(hass, incident)
    view["curves"] = [
        curve_view(hass, one)
        for one in await entry.runtime_data.engine.evidence(incident.id)
        if one.kind is EvidenceKind.CURVE
    ]
    connection.send_result(msg["id"], {**(row or {}), **view})


@websocket_command(
    {
        probatio.Required("type"): "smart_community/act",
        probatio.Required("incident"): cv.string,
        probatio.Required("deed"): probatio.All(
            probatio.Coerce(Deed),
            probatio.In(_PRESSED),
        ),
        probatio.Optional("note", default=""): cv.string,
        probatio.Optional("photo", default=""): cv.string,
        probatio.Optional("responder", default=""): cv.string,
        probatio.Optional("disposition", default=Disposition.HANDLED): probatio.Coerce(Disposition),
    }
)
@async_response
async def _act(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Do what a person pressed; answered once it is on disk."""
    entry, incident = await find_incident(hass, msg["incident"])
    deeds, context, note = entry.runtime_data.deeds, connection.context(msg), msg["note"]
    match msg["deed"]:
        case Deed.ACKNOWLEDGE:
            result = await deeds.acknowledge(incident, context, note)
        case Deed.HANDLE:
            await _check_photo(entry, incident, msg["photo"])
            result = await deeds.handle(incident, context, note, msg["photo"])
        case Deed.CLOSE:
            result = await deeds.close(incident, context, msg["disposition"], note)
        case Deed.ASSIGN:
            result = await deeds.assign(incident, context, msg["responder"])
        case Deed.COMMENT:
            result = await deeds.comment(incident, context, note)
        case _:
            result = await deeds.escalate(incident, context)
    connection.send_result(
        msg["id"], {"verdict": result.verdict, "incident": result.incident and result.incident.id}
    )


@websocket_command(
    {
        probatio.Required("type"): "smart_community/overview",
        probatio.Optional("days", default=30): probatio.All(
            cv.positive_int, probatio.Range(min=1, max=366)
        ),
        **_LANGUAGE,
    }
)
@async_response
async def _overview(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Answer with loops, agreements and the figures of a period."""
    found = await async_overview(hass, connection.user, msg["days"], msg["language"])
    connection.send_result(msg["id"], {"communities": found})


@websocket_command({probatio.Required("type"): "smart_community/noise"})
@async_response
async def _noise(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Answer with the curves that were measured last, by incident."""
    found = await async_noise_evidence(hass, connection.user)
    connection.send_result(msg["id"], {"communities": found})


_SHARE: Final = probatio.All(probatio.Coerce(float), probatio.Range(min=0, max=1))


@websocket_command(
    {
        probatio.Required("type"): "smart_community/place",
        probatio.Required("entity_id"): cv.entity_id,
        probatio.Required("x"): _SHARE,
        probatio.Required("y"): _SHARE,
    }
)
@async_response
async def _place(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Note where on its area's plan a detector hangs."""
    detector = msg["entity_id"]
    name, area = source_name(hass, detector), area_of(hass, detector)
    await async_check_configuring(hass, connection.context(msg), name, area)
    if not place_on_plan(hass, detector, (msg["x"], msg["y"])):
        raise refusal("not_in_registry", entity=detector)
    connection.send_result(msg["id"])


async def _check_photo(entry: CommunityEntry, incident: Incident, photo: str) -> None:
    """Refuse a photo that is not among the incident's evidence: any word would pass as proof."""
    if not photo:
        return
    item = await entry.runtime_data.engine.evidence_item(photo)
    if item is None or item.incident != incident.id:
        raise refusal("photo_unknown", number=incident.number)
