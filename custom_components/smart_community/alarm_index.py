"""One index of all attached alarm triggers: which entity concerns which of them.

Home Assistant's own target triggers each resolve their whole target again at every registry event:
28 automations on a label of 5,000 detectors block the loop for a third of a second per event, so
importing a community would stop it for minutes. Here a registry event only starts a short wait;
then all triggers are resolved once, together, and equal targets only once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    Event,
    EventStateChangedData,
    HassJob,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import label_registry as lr
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.util.hass_dict import HassKey

from .alarm_kinds import CLASSLESS, DIAGNOSTIC, Kind, classes, domains
from .const import DOMAIN
from .core.agreement import Term
from .core.plan import Active
from .phones import phones_of

DATA_INDEX: HassKey[AlarmIndex] = HassKey(f"{DOMAIN}_alarm_index")

_REGISTRY_EVENTS: Final = (
    er.EVENT_ENTITY_REGISTRY_UPDATED,
    dr.EVENT_DEVICE_REGISTRY_UPDATED,
    ar.EVENT_AREA_REGISTRY_UPDATED,
    fr.EVENT_FLOOR_REGISTRY_UPDATED,
    lr.EVENT_LABEL_REGISTRY_UPDATED,
)
# Long enough for an integration to register the entities of one device, short enough that a
# detector which is in alarm while it is being installed is heard before its installer leaves.
_QUIET: Final = 0.5
# An import of thousands of points never falls quiet; the detectors already in do not wait for it.
_LONGEST: Final = 5.0


# Devices, areas, floors, labels.
type _Places = tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What one trigger wants to watch.

    `domains` and `classes` (empty: any class) narrow what areas, floors, labels and devices bring
    in; entities that are named are taken whatever they are. `classless`: domains that the classes
    do not narrow. `diagnostic`: classes of which a place brings in diagnostic entities as well.
    `phones`: the community whose people's phones are watched as well, "" for all.
    """

    entities: frozenset[str]
    places: _Places
    domains: frozenset[str]
    classes: frozenset[str]
    classless: frozenset[str] = frozenset()
    phones: str | None = None
    diagnostic: frozenset[str] = frozenset()

    @classmethod
    def of(cls, target: Mapping[str, Any], options: Mapping[str, Any]) -> Self:
        """Read a trigger's `target` and `options`."""
        chosen = TargetSelection(dict(target))
        kind = Kind(options.get("kind", Kind.STATE))
        return cls(
            entities=frozenset(chosen.entity_ids),
            places=(
                frozenset(chosen.device_ids),
                frozenset(chosen.area_ids),
                frozenset(chosen.floor_ids),
                frozenset(chosen.label_ids),
            ),
            domains=domains(kind, options),
            classes=classes(kind, options),
            classless=CLASSLESS if kind is Kind.ACTIVITY else frozenset(),
            phones=options.get("community", "") if options.get("phones") else None,
            diagnostic=DIAGNOSTIC if kind is Kind.FAULT else frozenset(),
        )


class Watcher(Protocol):
    """An attached trigger, as the index sees it."""

    wanted: Wanted
    owner: str | None
    loop: str | None
    active: Active | None
    terms: frozenset[Term]

    def take(self, entity_id: str, state: State | None, context: Context) -> None:
        """Take in a changed state."""

    def join(self, entity_ids: Iterable[str], *, attaching: bool) -> None:
        """Look at the present states of entities that are watched from now on."""

    def leave(self, entity_ids: Iterable[str]) -> None:
        """Forget entities that are no longer watched."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchView:
    """What an attached trigger matches now.

    `owner`: its automation's entity id, if it has one. `loop`: the loop it says it feeds, `active`:
    the hours of that loop. `terms`: the limits that it compares with, each in its unit.
    """

    owner: str | None
    loop: str | None
    active: Active | None
    wanted: Wanted
    sources: frozenset[str]
    terms: frozenset[Term]


class AlarmIndex:
    """Brings each state change to the triggers that watch the entity."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with nothing attached, and so with no listener."""
        self._hass = hass
        self._watches: dict[Watcher, frozenset[str]] = {}
        self._by_entity: dict[str, list[Watcher]] = {}
        self._registry: _Registry | None = None
        self._listeners: list[CALLBACK_TYPE] = []
        self._timer: Callable[[], None] | None = None
        self._latest = 0.0
        # Stopping Home Assistant cancels the wait: a rebuild is worth nothing by then.
        self._job = HassJob(self._rebuild, "alarm index rebuild", cancel_on_shutdown=True)

    @callback
    def attach(self, watcher: Watcher) -> CALLBACK_TYPE:
        """Watch for one trigger, beginning with a look at what is there. Returns the undoing."""
        if not self._watches:
            self._listen()
        sources = self._resolved().sources(watcher.wanted)
        self._watches[watcher] = sources
        self._add(watcher, sources)
        watcher.join(sources, attaching=True)

        @callback
        def detach() -> None:
            self._remove(watcher, self._watches.pop(watcher))
            if not self._watches:
                self._silence()

        return detach

    @callback
    def watches(self) -> list[WatchView]:
        """Return what each attached trigger matches now."""
        return [_view(watcher, sources) for watcher, sources in self._watches.items()]

    @callback
    def terms(self, loop: str) -> frozenset[Term]:
        """Return the limits that a loop's triggers compare with, each in its unit."""
        own = (watcher.terms for watcher in self._watches if watcher.loop == loop)
        return frozenset().union(*own)

    @callback
    def watches_of(self, entity_id: str) -> list[WatchView]:
        """Return what each trigger matches that watches an entity."""
        return [
            _view(watcher, self._watches[watcher]) for watcher in self._by_entity.get(entity_id, ())
        ]

    @callback
    def announce_again(self, owners: Iterable[str]) -> None:
        """Let the triggers of these automations report anew what is in alarm."""
        chosen = frozenset(owners)
        for watcher, sources in list(self._watches.items()):
            if watcher.owner in chosen:
                watcher.leave(sources)
                watcher.join(sources, attaching=True)

    @callback
    def sources_of(
        self, target: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> set[str]:
        """Return the entities that an alarm trigger with this configuration would watch now."""
        # A result is only kept while the registry events that outdate it are listened to.
        registry = self._resolved() if self._watches else _Registry(self._hass)
        return set(registry.sources(Wanted.of(target, options or {})))

    def _resolved(self) -> _Registry:
        if self._registry is None:
            self._registry = _Registry(self._hass)
        return self._registry

    def _listen(self) -> None:
        bus = self._hass.bus
        self._listeners = [
            bus.async_listen(EVENT_STATE_CHANGED, self._state_changed, self._concerns),
            *(bus.async_listen(event, self._registry_changed) for event in _REGISTRY_EVENTS),
        ]

    def _silence(self) -> None:
        for remove in self._listeners:
            remove()
        self._listeners.clear()
        self._registry = None
        if self._timer is not None:
            self._timer()
            self._timer = None

    @callback
    def _concerns(self, data: EventStateChangedData) -> bool:
        return data["entity_id"] in self._by_entity

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        entity_id = event.data["entity_id"]
        # A copy: what a trigger starts may switch an automation off.
        for watcher in tuple(self._by_entity.get(entity_id, ())):
            watcher.take(entity_id, event.data["new_state"], event.context)

    @callback
    def _registry_changed(self, _event: Event[Any]) -> None:
        self._registry = None
        loop = self._hass.loop
        now = loop.time()
        if self._timer is None:
            self._latest = now + _LONGEST
        else:
            self._timer()
        at = min(now + _QUIET, self._latest)
        self._timer = loop.call_at(at, self._hass.async_run_hass_job, self._job).cancel

    @callback
    def _rebuild(self) -> None:
        self._timer = None
        registry = self._resolved()
        joined: list[tuple[Watcher, frozenset[str]]] = []
        for watcher, before in self._watches.items():
            now = registry.sources(watcher.wanted)
            if now == before:
                continue
            self._watches[watcher] = now
            self._remove(watcher, before - now)
            self._add(watcher, now - before)
            watcher.leave(before - now)
            joined.append((watcher, now - before))
        # Only when the index is whole: a look starts runs, and these may attach and detach.
        for watcher, entity_ids in joined:
            if watcher in self._watches:
                watcher.join(entity_ids, attaching=False)

    def _add(self, watcher: Watcher, entity_ids: Iterable[str]) -> None:
        for entity_id in entity_ids:
            self._by_entity.setdefault(entity_id, []).append(watcher)

    def _remove(self, watcher: Watcher, entity_ids: Iterable[str]) -> None:
        for entity_id in entity_ids:
            watchers = self._by_entity[entity_id]
            watchers.remove(watcher)
            if not watchers:
                del self._by_entity[entity_id]


def _view(watcher: Watcher, sources: frozenset[str]) -> WatchView:
    return WatchView(
        owner=watcher.owner,
        loop=watcher.loop,
        active=watcher.active,
        wanted=watcher.wanted,
        sources=sources,
        terms=watcher.terms,
    )


class _Registry:
    """The registries at one moment: each look-up is made once, however many triggers ask."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._by_places: dict[tuple[_Places, bool], dict[tuple[str, str], set[str]]] = {}
        self._by_wanted: dict[Wanted, frozenset[str]] = {}

    def sources(self, wanted: Wanted) -> frozenset[str]:
        found = self._by_wanted.get(wanted)
        if found is None:
            groups = self._grouped(wanted.places)
            found = wanted.entities.union(
                *(
                    group
                    for (domain, device_class), group in groups.items()
                    if domain in wanted.domains
                    and (
                        not wanted.classes
                        or device_class in wanted.classes
                        or domain in wanted.classless
                    )
                )
            )
            if wanted.phones is not None:
                found = found.union(phones_of(self._hass, wanted.phones))
            if wanted.diagnostic:
                every = self._grouped(wanted.places, diagnostic=True)
                found = found.union(
                    *(
                        group
                        for (domain, device_class), group in every.items()
                        if domain in wanted.domains and device_class in wanted.diagnostic
                    )
                )
            self._by_wanted[wanted] = found
        return found

    def _grouped(
        self, places: _Places, *, diagnostic: bool = False
    ) -> dict[tuple[str, str], set[str]]:
        """Return the entities of some places by domain and device class ("" without one)."""
        groups = self._by_places.get((places, diagnostic))
        if groups is None:
            groups = self._by_places[places, diagnostic] = {}
            names = ("device_id", "area_id", "floor_id", "label_id")
            selection = TargetSelection(
                {name: list(ids) for name, ids in zip(names, places, strict=True)}
            )
            # The registry's device class, not the state's: at start many have no state yet.
            entities = er.async_get(self._hass).entities
            for entity_id in async_extract_referenced_entity_ids(
                self._hass, selection, expand_group=False, primary_entities_only=not diagnostic
            ).indirectly_referenced:
                entry = entities[entity_id]
                if entry.disabled_by is not None:
                    continue
                device_class = entry.device_class or entry.original_device_class or ""
                groups.setdefault((entry.domain, device_class), set()).add(entity_id)
        return groups


@callback
def alarm_index(hass: HomeAssistant) -> AlarmIndex:
    """Return the index of this Home Assistant."""
    if DATA_INDEX not in hass.data:
        hass.data[DATA_INDEX] = AlarmIndex(hass)
    return hass.data[DATA_INDEX]
