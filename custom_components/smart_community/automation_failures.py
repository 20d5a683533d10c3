"""What an automation did not manage when an incident reached it: told on the incident's timeline.

Home Assistant logs such a failure and goes on; whoever reads the incident believes that the gate
was opened. Its trigger is answered with nothing either way, so the run is looked up among the
traces, by the context that it was started with. An automation without an id keeps no trace: its
failures stand in the log alone. The ladder is the engine's, and climbs whatever an automation does.
"""

import asyncio

from homeassistant.components.automation.const import DOMAIN as AUTOMATION
from homeassistant.components.trace.const import DATA_TRACE
from homeassistant.components.trace.models import BaseTrace
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .core.events import Entry
from .data import Announcement, communities


@callback
def async_tell_failure(
    hass: HomeAssistant, said: Announcement, context: Context, run: asyncio.Task[object]
) -> None:
    """Put on the incident's timeline that the run which `context` has started failed, if it did."""
    if run.cancelled() or run.exception() is not None or run.result() is not None:
        return
    for trace in _traces(hass):
        if trace.context.parent_id != context.id:
            continue
        if error := trace.as_short_dict().get("error"):
            _note(hass, said, str(error))
        return


def _traces(hass: HomeAssistant) -> list[BaseTrace]:
    return [
        trace
        for key, kept in hass.data.get(DATA_TRACE, {}).items()
        if key.startswith(f"{AUTOMATION}.")
        for trace in reversed(kept.runs.values())
    ]


def _note(hass: HomeAssistant, said: Announcement, error: str) -> None:
    entry = Entry(kind="action_failed", at=dt_util.utcnow(), data={"reason": error})
    for community in communities(hass):
        if community.entry_id == said.entry_id:
            noting = community.runtime_data.engine.note(said.incident.id, entry)
            hass.async_create_task(noting, "smart_community automation failed")
