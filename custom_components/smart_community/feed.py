"""What one user sees of all communities: a snapshot, then a difference per committed batch.

Nothing is asked for again and again: an incident is a frozen value, so a changed one is another
object, and a feed compares a thousand of them by identity in less time than one of them takes to
be written down.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.auth.models import User
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalType

from .audit import FAULTS
from .const import CONF_KIND, DOMAIN, KIND_COMMUNITY
from .core.model import Incident, Responder
from .core.offer import offered
from .core.permits import may_read
from .data import CommunityEntry, communities
from .views import incident_head

# Sent after each commit of any community.
SIGNAL_COMMITTED: SignalType[()] = SignalType(f"{DOMAIN}_committed")
# A storm's incident has hundreds of detectors; a row names the first that still sound.
_NAMED: Final = 4


def incident_row(entry: CommunityEntry, user: User, incident: Incident) -> dict[str, Any] | None:
    """Return an incident as this user sees it in a list, with the deeds offered; None if unseen."""
    standings = entry.runtime_data.people.standings(user)
    if not may_read(standings, incident):
        return None
    sounding = [one.name for one in incident.sources.values() if one.cleared_at is None]
    return {
        **incident_head(incident),
        "community": entry.entry_id,
        "sources": len(incident.sources),
        "sounding": len(sounding),
        "sounding_first": sounding[:_NAMED],
        "told_me": any(one.actor.responder in incident.told for one in standings),
        "offered": offered(incident, standings),
    }


def community_view(entry: CommunityEntry, user: User) -> dict[str, Any] | None:
    """Return a community and the user's part in it; None for somebody who has none."""
    people = entry.runtime_data.people
    standings = people.standings(user)
    if not may_read(standings):
        return None
    return {
        "id": entry.entry_id,
        "name": entry.title,
        "roles": [one.role for one in standings],
        "as": [one.responder.name for one in standings if one.responder is not None],
        "names": dict(people.names),
        "faults": _faults(entry),
    }


def _faults(entry: CommunityEntry) -> list[str]:
    """Return why a desk of this community must not be relied on, by the audit's own words."""
    return sorted(FAULTS.intersection(entry.runtime_data.problems.values()))


def _not_running(hass: HomeAssistant) -> int:
    """Count the communities that ought to run and do not: without them a desk looks calm."""
    return sum(
        entry.data.get(CONF_KIND) == KIND_COMMUNITY
        and entry.disabled_by is None
        and entry.state is not ConfigEntryState.LOADED
        for entry in hass.config_entries.async_entries(DOMAIN)
    )


class Feed:
    """One subscription; `say` gets messages of plain values.

    First {kind: snapshot, now, communities, added}, then {kind: changes, now} with what there is of
    added, changed, removed (ids), communities (all of them, when people, faults or entries changed)
    and not_running (how many communities ought to run and do not).
    """

    def __init__(
        self, hass: HomeAssistant, user: User, say: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """Take the user whose eyes these are."""
        self._hass = hass
        self._user = user
        self._say = say
        self._known: dict[str, Incident] = {}
        self._shown: set[str] = set()
        self._people: dict[str, Mapping[str, Responder]] = {}
        self._faults: dict[str, list[str]] = {}
        self._not_running = 0

    def start(self) -> CALLBACK_TYPE:
        """Say how things stand and go on saying what changes, until the returned is called."""
        self._say({"kind": "snapshot", "now": _now(), **self._difference()})
        stops = (
            async_dispatcher_connect(self._hass, SIGNAL_COMMITTED, self._refresh),
            async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed),
        )

        @callback
        def stop() -> None:
            for each in stops:
                each()

        return stop

    @callback
    def _entry_changed(self, _change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        if entry.domain == DOMAIN:
            self._refresh()

    @callback
    def _refresh(self) -> None:
        if difference := self._difference():
            self._say({"kind": "changes", "now": _now(), **difference})

    def _difference(self) -> dict[str, Any]:
        """Compare with what was said last, and take that as said."""
        entries = communities(self._hass)
        directories = {entry.entry_id: entry.runtime_data.people.responders for entry in entries}
        said: dict[str, list[Any]] = {"added": [], "changed": [], "removed": []}
        known: dict[str, Incident] = {}
        for entry in entries:
            same = self._people.get(entry.entry_id) is directories[entry.entry_id]
            for incident in entry.runtime_data.engine.active:
                known[incident.id] = incident
                if same and self._known.get(incident.id) is incident:
                    continue
                self._compare(entry, incident, said)
        gone = self._shown - known.keys()
        self._shown -= gone
        said["removed"] += sorted(gone)
        difference: dict[str, Any] = {kind: rows for kind, rows in said.items() if rows}
        faults = {entry.entry_id: _faults(entry) for entry in entries}
        same_people = self._people.keys() == directories.keys() and all(
            self._people[key] is directory for key, directory in directories.items()
        )
        if not same_people or self._faults != faults:
            views = (community_view(entry, self._user) for entry in entries)
            difference["communities"] = [view for view in views if view is not None]
        if self._not_running != (not_running := _not_running(self._hass)):
            difference["not_running"] = not_running
        self._known, self._people = known, directories
        self._faults, self._not_running = faults, not_running
        return difference

    def _compare(
        self, entry: CommunityEntry, incident: Incident, said: dict[str, list[Any]]
    ) -> None:
        row = incident_row(entry, self._user, incident)
        if row is None:
            if incident.id in self._shown:
                self._shown.discard(incident.id)
                said["removed"].append(incident.id)
            return
        said["changed" if incident.id in self._shown else "added"].append(row)
        self._shown.add(incident.id)


def _now() -> str:
    """Tell the server's time: a phone's clock may be minutes off, and we count down by ours."""
    return dt_util.utcnow().isoformat()
