"""An incident with its timeline, for those who may read it: the same for action and dashboard."""

from dataclasses import asdict
from typing import Any

from homeassistant.core import Context, HomeAssistant

from .core.drill import reached
from .core.model import Incident
from .data import CommunityEntry, find_incident
from .views import incident_view, timeline_view


async def async_read_incident(
    hass: HomeAssistant, reference: str, context: Context, language: str
) -> tuple[CommunityEntry, Incident, dict[str, Any]]:
    """Find an incident by id or number, running or ended, and show it in a language.

    Raises the translated refusals `incident_unknown` and `not_permitted_<role>`.
    """
    entry, incident = await find_incident(hass, reference)
    data = entry.runtime_data
    await data.deeds.read(incident, context)
    entries = await data.engine.timeline(incident.id)
    timeline = await timeline_view(hass, entries, incident, data.people.names, language)
    shown = {**incident_view(incident), "timeline": timeline}
    if incident.drill:
        shown["reached"] = [asdict(row) for row in reached(incident, entries)]
    return entry, incident, shown
