"""What the noise meters measured, by incident: what is laid on the table in a mediation."""

from typing import Any

from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant

from .core.codec import plain
from .core.evidence import Evidence
from .core.permits import may_read
from .data import communities
from .zones import source_name


def curve_view(hass: HomeAssistant, piece: Evidence) -> dict[str, Any]:
    """Return a piece of curve: its id, the meter's name, and what was put on record with it."""
    return {
        "id": piece.id,
        "name": source_name(hass, str(piece.data["source"])),
        **plain(piece.data),
    }


async def async_noise_evidence(hass: HomeAssistant, user: User) -> list[dict[str, Any]]:
    """Return each community's measured incidents, the newest first, with their curves.

    Only what this user may read; of a community in which they have no part nothing.
    """
    found = []
    for entry in communities(hass):
        data = entry.runtime_data
        standings = data.people.standings(user)
        if not may_read(standings):
            continue
        pieces: dict[str, list[Evidence]] = {}
        for piece in await data.engine.curves():
            pieces.setdefault(piece.incident, []).append(piece)
        measured = [await data.engine.find(incident) for incident in pieces]
        read = [one for one in measured if one is not None and may_read(standings, one)]
        found.append(
            {
                "id": entry.entry_id,
                "name": entry.title,
                "incidents": [
                    {
                        "id": one.id,
                        "number": one.number,
                        "loop": one.loop,
                        "zone_name": one.zone_name,
                        "opened_at": plain(one.opened_at),
                        "curves": [curve_view(hass, piece) for piece in pieces[one.id]],
                    }
                    for one in sorted(read, key=lambda one: one.opened_at, reverse=True)
                ],
            }
        )
    return found
