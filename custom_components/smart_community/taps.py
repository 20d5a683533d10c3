"""Buttons pressed on a phone.

Anyone's phone can send any action name, so the name proves nothing: a tap counts only from a user
who belongs to the responder that the button was made for.
"""

import logging
from typing import Any

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .core.errors import DomainError
from .core.events import Acknowledge, Close, Escalate, Handle
from .core.events import Event as IncidentEvent
from .core.message import Tap, Verb, parse_action
from .core.model import Actor, Disposition, Incident
from .core.permits import Deed
from .data import communities
from .deeds import Deeds
from .engine.engine import Engine
from .people import People

_LOGGER = logging.getLogger(__name__)

EVENT_TAP = "mobile_app_notification_action"


@callback
def async_listen_to_taps(
    hass: HomeAssistant, engine: Engine, people: People, deeds: Deeds
) -> CALLBACK_TYPE:
    """Listen to phones until the returned function is called."""

    async def tapped(event: Event[dict[str, Any]]) -> None:
        action = str(event.data.get("action", ""))
        try:
            tap = parse_action(action)
        except DomainError as err:
            _LOGGER.warning("A phone sent a mangled action: %.100s", action)
            named = err.values.get("incident", "")
            incident = await engine.find(named) if named else None
            if incident is not None or not await _known(hass, named):
                await deeds.refuse(incident, _stranger(event, ""), "tap", "tap_mangled")
            return
        if tap is None:
            return
        incident = await engine.find(tap.incident)
        if incident is not None:
            await _do(tap, incident, event, people, deeds)
        elif not await _known(hass, tap.incident):
            _LOGGER.warning("A phone named an incident that does not exist: %.100s", action)
            stranger = _stranger(event, tap.responder)
            await deeds.refuse(None, stranger, _DEEDS[tap.verb], "incident_unknown")

    return hass.bus.async_listen(EVENT_TAP, tapped)


async def _known(hass: HomeAssistant, incident: str) -> bool:
    """Whether a community has this incident: that one notes it then; of nobody's each has a row."""
    for entry in communities(hass) if incident else ():
        if await entry.runtime_data.engine.find(incident) is not None:
            return True
    return False


async def _do(
    tap: Tap, incident: Incident, event: Event[dict[str, Any]], people: People, deeds: Deeds
) -> None:
    deed = _DEEDS[tap.verb]
    standing = await people.tapper(tap, event.context)
    if standing is None:
        await deeds.refuse(incident, _stranger(event, tap.responder), deed, "not_their_phone")
        _LOGGER.warning("Refused a tap on incident %s from a wrong user", incident.number)
        return
    words = str(event.data.get("reply_text") or "")
    try:
        await deeds.tap(deed, incident, standing, _event(tap.verb, standing.actor, words))
    except HomeAssistantError as err:
        # The phone cannot show an answer; the timeline can, where it does not say so already.
        key = str(err.translation_key or err)
        if not key.startswith("not_permitted_"):
            await deeds.refuse(incident, standing.actor, deed, key)


def _stranger(event: Event[dict[str, Any]], name: str) -> Actor:
    return Actor(user_id=event.context.user_id, name=name)


_DEEDS = {
    Verb.ACKNOWLEDGE: Deed.ACKNOWLEDGE,
    Verb.HANDLED: Deed.HANDLE,
    Verb.FALSE: Deed.CLOSE,
    Verb.HELP: Deed.ESCALATE,
}


def _event(verb: Verb, actor: Actor, words: str) -> IncidentEvent:
    match verb:
        case Verb.ACKNOWLEDGE:
            return Acknowledge(actor=actor)
        case Verb.HANDLED:
            return Handle(actor=actor, note=words)
        case Verb.FALSE:
            return Close(actor=actor, disposition=Disposition.FALSE_ALARM, note=words)
        case Verb.HELP:
            return Escalate(actor=actor)
