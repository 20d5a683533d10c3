"""An incident and its timeline in plain values, for actions' answers, and the texts' files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .core.codec import plain
from .core.due import next_due
from .core.events import Entry
from .core.model import Incident
from .core.report import line

DATA_TEXTS: HassKey[dict[str, Mapping[str, Any]]] = HassKey(f"{DOMAIN}_texts")
LANGUAGES: Final = ("en", "zh-Hans")


async def async_load_texts(hass: HomeAssistant) -> None:
    """Read the texts once; the folder is part of the package, so it is there."""
    if DATA_TEXTS not in hass.data:
        hass.data[DATA_TEXTS] = await hass.async_add_executor_job(_read)


def _read() -> dict[str, Mapping[str, Any]]:
    folder = Path(__file__).parent / "texts"
    return {
        language: json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
        for language in LANGUAGES
    }


def texts(hass: HomeAssistant, language: str) -> Mapping[str, Any]:
    """Return the texts in a language: Chinese for any Chinese, else English."""
    return hass.data[DATA_TEXTS]["zh-Hans" if language.startswith("zh") else "en"]


def incident_head(incident: Incident) -> dict[str, Any]:
    """Everything about an incident but its detectors and people's numbers; times as ISO 8601."""
    due = next_due(incident)
    ladder = [
        {
            "tier": step.tier,
            "responder": step.responder,
            "channels": list(step.channels),
            "unless": step.unless.value,
            "state": rung.state.value,
            "due": plain(rung.due),
            "taken_at": plain(rung.taken_at),
        }
        for step, rung in zip(incident.policy.ladder, incident.rungs, strict=True)
    ]
    return {
        "id": incident.id,
        "number": incident.number,
        "loop": incident.loop,
        "zone": incident.zone,
        "zone_name": incident.zone_name,
        "severity": incident.policy.severity.value,
        "status": incident.status.value,
        "summary": incident.summary,
        "opened_at": plain(incident.opened_at),
        "first_alarm_at": plain(incident.first_alarm_at),
        "proof": incident.policy.proof.value,
        "closes": incident.policy.closes.value,
        "quiet": incident.quiet,
        "storm": incident.storm,
        "ladder": ladder,
        "tier": incident.tier,
        "next_due": {"at": plain(due[0]), "why": due[1]} if due is not None else None,
        "told": [
            {
                "step": notice.step,
                "responder": notice.responder,
                "channels": {kind.value: state.value for kind, state in notice.tried.items()},
                "receipt_at": plain(notice.receipt_at),
            }
            for notice in incident.notices
        ],
        "assignee": incident.assignee,
        "handle_by": plain(incident.handle_by),
        "handled_at": plain(incident.handled_at),
        "closed_at": plain(incident.closed_at),
        "disposition": plain(incident.disposition),
        "drill": incident.drill,
        "parent": incident.parent,
        "children": list(incident.children),
    }


def incident_view(incident: Incident) -> dict[str, Any]:
    """Everything about an incident, with each of its detectors."""
    return {
        **incident_head(incident),
        "sources": {
            key: {"name": source.name, "in_alarm": source.cleared_at is None, **_times(source)}
            for key, source in incident.sources.items()
        },
    }


def _times(source: Any) -> dict[str, Any]:
    return {name: plain(getattr(source, name)) for name in ("first_at", "last_at", "cleared_at")}


async def timeline_view(
    hass: HomeAssistant,
    entries: Sequence[Entry],
    incident: Incident,
    names: Mapping[str, str],
    language: str,
) -> list[dict[str, Any]]:
    """Return the timeline: the facts of each entry, and the line that a person reads."""
    called = {**{key: source.name for key, source in incident.sources.items()}, **names}
    return await lines_view(hass, entries, called, language)


async def lines_view(
    hass: HomeAssistant, entries: Sequence[Entry], names: Mapping[str, str], language: str
) -> list[dict[str, Any]]:
    """Return entries as `timeline_view` does. `names`: what people call responders and sources."""
    zone = await dt_util.async_get_time_zone(hass.config.time_zone) or dt_util.UTC
    words = texts(hass, language)
    return [
        {
            "at": plain(entry.at),
            "kind": entry.kind,
            "due": plain(entry.due),
            "actor": entry.actor.name if entry.actor is not None else None,
            "data": plain(entry.data),
            "line": line(entry, texts=words, names=names, zone=zone),
        }
        for entry in entries
    ]
