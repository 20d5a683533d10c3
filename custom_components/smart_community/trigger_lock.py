"""The trigger `smart_community.lock_event`: what happens at door locks of all makes.

It hears event entities whose types are a lock's (`lock_words.py`), and lock entities of locks that
have none. An event counts once: by its own time, so that a restart, a reload or a lock that was out
of reach for a while does not tell yesterday's unlocking again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, Final, override

import probatio
from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.components.lock.const import DOMAIN as LOCK_DOMAIN
from homeassistant.components.lock.const import LockState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    HomeAssistant,
    State,
    callback,
    split_entity_id,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trigger import (
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util

from .alarm_delivery import Delivery, Report
from .alarm_index import Wanted, alarm_index
from .core.agreement import Term
from .core.edge import Reason
from .core.plan import Active
from .lock_words import LockEvent, credential, lock_event, method, speaks_of_locks
from .loops import LOOPS
from .trigger_owned import OwnedTrigger

# A bolt on its way, or stuck on it, says nothing yet.
_SETTLED: Final[Mapping[str, LockEvent]] = {
    LockState.LOCKED: LockEvent.LOCKED,
    LockState.UNLOCKED: LockEvent.UNLOCKED,
    LockState.OPEN: LockEvent.UNLOCKED,
}
_SCHEMA = probatio.Schema(
    {
        probatio.Required("target"): cv.TARGET_FIELDS,
        probatio.Optional("options", default={}): {
            probatio.Optional("events", default=list(LockEvent)): probatio.All(
                cv.ensure_list, probatio.Length(min=1), [probatio.Coerce(LockEvent)]
            ),
            probatio.Optional("loop"): probatio.In(sorted(LOOPS)),
        },
    }
)


class LockWatch:
    """What one attached trigger knows of its locks."""

    def __init__(
        self,
        hass: HomeAssistant,
        wanted: Wanted,
        events: frozenset[LockEvent],
        delivery: Delivery,
        *,
        owner: str | None,
        loop: str | None,
    ) -> None:
        """Begin without any lock."""
        self.wanted = wanted
        self.owner = owner
        self.loop = loop
        self.active: Active | None = None
        self.terms: frozenset[Term] = frozenset()
        self._hass = hass
        self._events = events
        self._delivery = delivery
        self._order = count()
        self._known: dict[str, str | datetime] = {}

    @callback
    def take(self, entity_id: str, state: State | None, context: Context) -> None:
        """Take in a changed state."""
        if (event := self._read(entity_id, state)) is None or state is None:
            return
        if event in self._events:
            report = Report(
                order=next(self._order),
                source=entity_id,
                raised=True,
                reason=Reason.EVENT,
                value=None,
                context=context,
                more=(
                    ("event", event.value),
                    ("credential", credential(state.attributes)),
                    ("method", method(state.attributes)),
                ),
            )
            # Not a run at once for each: an automation's mode turns away what is too many, and a
            # lock does not say again what was lost.
            self._delivery.put((report,))

    @callback
    def join(self, entity_ids: Iterable[str], *, attaching: bool) -> None:  # noqa: ARG002
        """Take bearings: what a lock said before it was watched is over."""
        for entity_id in entity_ids:
            self._known[entity_id] = dt_util.utcnow()
            self._read(entity_id, self._hass.states.get(entity_id))

    @callback
    def leave(self, entity_ids: Iterable[str]) -> None:
        """Forget entities that are no longer watched."""
        for entity_id in entity_ids:
            self._known.pop(entity_id, None)

    def _read(self, entity_id: str, state: State | None) -> LockEvent | None:
        """Return what a state says that was not known yet."""
        if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            return None
        if split_entity_id(entity_id)[0] == LOCK_DOMAIN:
            return self._read_lock(entity_id, state)
        known = self._known.get(entity_id)
        self._known[entity_id] = state.state
        if isinstance(known, datetime):
            at = dt_util.parse_datetime(state.state)
            news = at is not None and at >= known
        else:
            news = known != state.state
        return lock_event(state.attributes.get("event_type")) if news else None

    def _read_lock(self, entity_id: str, state: State) -> LockEvent | None:
        event = _SETTLED.get(state.state)
        if event is None:
            return None
        known = self._known.get(entity_id)
        self._known[entity_id] = event
        if known == event or isinstance(known, datetime) or self._spoken_for(entity_id):
            return None
        return event

    def _spoken_for(self, entity_id: str) -> bool:
        """Say whether the lock's own event entity is watched too: it knows more of the same."""
        registry = er.async_get(self._hass)
        lock = registry.async_get(entity_id)
        return (
            lock is not None
            and lock.device_id is not None
            and any(
                one.entity_id in self._known and _is_lock_event(one)
                for one in er.async_entries_for_device(registry, lock.device_id)
            )
        )


class LockEventTrigger(OwnedTrigger):
    """Fires when a lock is opened or locked, refuses a code, is tampered with or forced."""

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check target and options."""
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Read target and options."""
        super().__init__(hass, config)
        self._options: Mapping[str, Any] = config.options or {}
        self._where: Mapping[str, Any] = config.target or {}

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Watch from now on."""
        delivery = Delivery(self._hass, run_action)
        watch = LockWatch(
            self._hass,
            _wanted(self._hass, self._where),
            frozenset(self._options["events"]),
            delivery,
            owner=self.owner,
            loop=self._options.get("loop") or self.loop,
        )
        detach = alarm_index(self._hass).attach(watch)

        @callback
        def remove() -> None:
            detach()
            delivery.close()

        return remove


def _wanted(hass: HomeAssistant, target: Mapping[str, Any]) -> Wanted:
    """Return what to watch: what is named, and the event entity of a lock that is named.

    People choose the lock; a trigger that then never hears a wrong code would be silent for good.
    A device with several locks is not added: it would bring in the others.
    """
    wanted = Wanted.of(target, {})
    registry = er.async_get(hass)
    named = {
        lock.device_id
        for one in wanted.entities
        if split_entity_id(one)[0] == LOCK_DOMAIN
        and (lock := registry.async_get(one)) is not None
        and lock.device_id is not None
        and _locks_of(registry, lock.device_id) == [one]
    }
    devices, areas, floors, labels = wanted.places
    return replace(
        wanted,
        places=(devices | named, areas, floors, labels),
        domains=frozenset((EVENT_DOMAIN, LOCK_DOMAIN)),
    )


def _locks_of(registry: er.EntityRegistry, device_id: str) -> list[str]:
    return [
        one.entity_id
        for one in er.async_entries_for_device(registry, device_id)
        if one.domain == LOCK_DOMAIN
    ]


def _is_lock_event(entry: er.RegistryEntry) -> bool:
    types = (entry.capabilities or {}).get("event_types", ())
    return entry.domain == EVENT_DOMAIN and speaks_of_locks(types)
