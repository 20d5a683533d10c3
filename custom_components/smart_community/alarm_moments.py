"""What an alarm trigger makes of what only happens: presses, values, signs of life, sound."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .alarm_kinds import Said
from .const import DOMAIN
from .core.edge import Reason
from .core.noise import level, mean

_LOST: Final = (STATE_UNAVAILABLE, STATE_UNKNOWN)
# Half of an interval must have been heard, or its average is that of a few readings.
_HEARD: Final = 0.5


class MomentReader:
    """Reads presses and other events: entities whose state is the time of their last one.

    A restored or returning state tells an old moment again: only a later one is news.
    """

    def __init__(self, events: frozenset[str]) -> None:
        """Take the types that count; none means all."""
        self._events = events
        self._last: dict[str, datetime] = {}

    def read(
        self, entity_id: str, state: State | None, _first: Reason, _on_record: Callable[[], bool]
    ) -> Said | None:
        """Take in a state."""
        last = self._last.setdefault(entity_id, dt_util.utcnow())
        if state is None or (at := dt_util.parse_datetime(state.state)) is None or at <= last:
            return None
        self._last[entity_id] = at
        event = state.attributes.get("event_type")
        if self._events and event not in self._events:
            return None
        return Said(raised=True, reason=Reason.EVENT, value=event, apart=True)

    def forget(self, entity_id: str) -> None:
        """Forget an entity."""
        self._last.pop(entity_id, None)


class ValueReader:
    """Reads words and numbers as they come, the present one first."""

    def __init__(self) -> None:
        """Begin without any entity."""
        self._last: dict[str, str] = {}

    def read(
        self, entity_id: str, state: State | None, first: Reason, _on_record: Callable[[], bool]
    ) -> Said | None:
        """Take in a state."""
        if state is None or state.state in _LOST or state.state == self._last.get(entity_id):
            return None
        reason = Reason.EDGE if entity_id in self._last else first
        self._last[entity_id] = state.state
        return Said(raised=True, reason=reason, value=state.state, apart=True)

    def forget(self, entity_id: str) -> None:
        """Forget an entity."""
        self._last.pop(entity_id, None)


class ActivityReader:
    """Reads signs of life: any change, at most one in `every`; a first state only begins."""

    def __init__(self, every: timedelta) -> None:
        """Begin without any entity."""
        self._every = every
        self._last: dict[str, str] = {}
        self._told: dict[str, datetime] = {}

    def read(
        self, entity_id: str, state: State | None, first: Reason, _on_record: Callable[[], bool]
    ) -> Said | None:
        """Take in a state."""
        if state is None or state.state in _LOST:
            return None
        before = self._last.get(entity_id)
        self._last[entity_id] = state.state
        if before is None:
            return Said(raised=True, reason=first)
        now = dt_util.utcnow()
        told = self._told.get(entity_id)
        if state.state == before or (told is not None and now - told < self._every):
            return None
        self._told[entity_id] = now
        return Said(raised=True, reason=Reason.EDGE)

    def forget(self, entity_id: str) -> None:
        """Forget an entity."""
        self._last.pop(entity_id, None)
        self._told.pop(entity_id, None)


class SoundReader:
    """Averages sound levels by energy; `heard` gives the averages since it was last asked.

    A meter that keeps showing one value changes no state, so time asks, not the state.
    """

    def __init__(self, every: timedelta) -> None:
        """Begin without any meter."""
        self.every = every
        self._now: dict[str, tuple[datetime, float | None]] = {}
        self._parts: dict[str, list[tuple[float, float]]] = {}
        self._peaks: dict[str, float] = {}

    def read(
        self, entity_id: str, state: State | None, _first: Reason, _on_record: Callable[[], bool]
    ) -> Said | None:
        """Take in a level; the one before it has lasted until now."""
        self._lasted(entity_id, dt_util.utcnow())
        read = level(state.state) if state is not None else None
        self._now[entity_id] = (dt_util.utcnow(), read)
        if read is not None:
            self._peaks[entity_id] = max(read, self._peaks.get(entity_id, read))
        return None

    def heard(self) -> Mapping[str, Said]:
        """Return the average and the loudest reading of each meter that was heard long enough."""
        now = dt_util.utcnow()
        said = {}
        for entity_id in list(self._now):
            self._lasted(entity_id, now)
            parts = self._parts.pop(entity_id, [])
            average = mean(parts)
            heard = sum(share for _, share in parts)
            # What is shown goes on until the next reading.
            shown = self._now[entity_id][1]
            peak = self._peaks.pop(entity_id, shown)
            if shown is not None:
                self._peaks[entity_id] = shown
            if average is not None and heard >= _HEARD * self.every.total_seconds():
                value = round(average, 2)
                said[entity_id] = Said(
                    raised=True, reason=Reason.EDGE, value=value, apart=True, peak=peak
                )
        return said

    def forget(self, entity_id: str) -> None:
        """Forget a meter."""
        self._now.pop(entity_id, None)
        self._parts.pop(entity_id, None)
        self._peaks.pop(entity_id, None)

    def _lasted(self, entity_id: str, until: datetime) -> None:
        since, read = self._now.get(entity_id, (until, None))
        if read is not None and until > since:
            part = (read, (until - since).total_seconds())
            self._parts.setdefault(entity_id, []).append(part)
        self._now[entity_id] = (until, read)


def statistic(hass: HomeAssistant, entity_id: str, said: Said) -> Said | None:
    """Return what a meter's entity says as what it is: LAmax is no average, LA90 no evidence.

    A meter of ours shows all three with one device class, and an area brings them all in.
    """
    entity = er.async_get(hass).async_get(entity_id)
    key = entity.translation_key if entity is not None and entity.platform == DOMAIN else None
    if key == "la90":
        return None
    return replace(said, value="") if key == "lamax" else said
