"""One community put together: its record, its people, the ways to them, and who watches over it."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, EVENT_HOMEASSISTANT_CLOSE, Platform
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .alarm_index import alarm_index
from .almanac import load_almanac
from .audit import Audit
from .channel_tests import async_failed_last
from .channels.address import Address
from .channels.companion import Companion
from .channels.exchange import EXCHANGED, Exchange
from .channels.persistent import Persistent
from .channels.speaker import Speaker
from .const import DOMAIN
from .core.events import Send
from .core.message import Message, compose
from .core.model import Actor, ChannelKind, Incident, Responder
from .core.ports import Channel
from .curves import CurveKeeper
from .dashboard import async_hide_dashboard, async_show_dashboard
from .data import CommunityData, CommunityEntry, announce
from .deeds import Deeds
from .engine.clock import Clock
from .engine.engine import Engine
from .engine.evidence import EvidenceFiles
from .engine.outbox import Letter, Outbox
from .engine.runner import Outlook
from .engine.store import Store, StoreError
from .feed import SIGNAL_COMMITTED
from .loop_signals import rules_of
from .people import SWAP, People, kept_swaps
from .phones import Phones
from .photos import evidence_url
from .plans import Plans
from .providers import Providers
from .push_budget import PushBudget
from .reachability import Reachability
from .rehearsals import Rehearsals
from .report_desk import Reports
from .shipped import async_install_blueprints
from .snapshots import async_look_on
from .taps import async_listen_to_taps
from .views import texts
from .zones import places_of

COMMUNITY_PLATFORMS = (
    Platform.BINARY_SENSOR,
    Platform.EVENT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TODO,
)
# Overdue steps wait for the channels to be set up, but not for an integration that hangs at start.
CHANNELS_WITHIN = 15.0
STORE_ISSUES = ("database_corrupt", "database_newer", "database_unreachable")


async def async_setup_community(hass: HomeAssistant, entry: CommunityEntry) -> None:
    """Set up a community; ConfigEntryError with a repair issue if its record is not safe to use."""
    people = People(hass, entry)
    pictures: dict[str, str] = {}
    almanac = await hass.async_add_executor_job(load_almanac)
    people.calendar = almanac.days
    plans = Plans(hass, entry, almanac)
    url = entry.data.get("database_url") or f"sqlite:///{_database(hass, entry)}"

    def worded(incident: Incident, send: Send, responder: Responder) -> Message:
        picture = pictures.get(incident.id)
        image = evidence_url(hass, picture) if picture else ""
        return compose(
            incident,
            send,
            responder,
            texts=texts(hass, responder.language),
            names=people.names,
            zone=dt_util.get_default_time_zone(),
            image=image,
        )

    def spawn(work: Awaitable[None], name: str) -> object:
        return entry.async_create_background_task(hass, cast("Any", work), name)

    engine = Engine(
        Store(url),
        Outlook(
            now=dt_util.utcnow,
            directory=lambda: people.at(dt_util.utcnow()),
            announce=announce(hass, entry.entry_id),
            zone=dt_util.get_default_time_zone,
            schedule=plans.schedule,
            places=partial(places_of, hass),
            name=lambda: entry.title,
            terms=alarm_index(hass).terms,
            rules=partial(rules_of, hass, entry.entry_id),
        ),
    )
    deeds = Deeds(engine, people)

    async def refused(provider: str, reason: str) -> None:
        await deeds.refuse(None, Actor(name=provider, user_id=provider), "receipt", reason)

    providers = Providers(hass, entry, refused)
    people.swaps = lambda: kept_swaps(engine.kept(SWAP))
    phones = Phones(hass, people, engine)
    budget = PushBudget(hass, engine)
    companion = Companion(hass, phones, budget)
    speaker = Speaker(hass, lambda: people.addresses, engine.kept_as, engine.keep)
    channels = _channels(hass, people, providers, companion, speaker)
    reachability = Reachability(hass, entry, people, providers, budget)
    await _async_start_engine(
        hass,
        entry,
        engine,
        lambda done: Outbox(
            channels=channels,
            incident=engine.running,
            responder=people.find,
            compose=worded,
            done=done,
            spawn=spawn,
        ),
    )
    entry.async_on_unload(budget.start())
    providers.read()
    entry.async_on_unload(providers.close)
    entry.runtime_data = CommunityData(
        engine=engine,
        people=people,
        phones=phones,
        providers=providers,
        channels=channels,
        reachability=reachability,
        deeds=deeds,
        plans=plans,
        reports=Reports(),
        pictures=pictures,
        evidence=EvidenceFiles(Path(hass.config.path("smart_community_evidence", entry.entry_id))),
    )
    # Read before anything listens: what has begun by then would outlive a set-up that fails here.
    failed = await async_failed_last(engine)
    await async_install_blueprints(hass)
    await hass.config_entries.async_forward_entry_setups(entry, COMMUNITY_PLATFORMS)

    clock = Clock(hass, engine)
    committed = partial(async_dispatcher_send, hass, SIGNAL_COMMITTED)
    engine.changed.append(clock.rearm)
    engine.changed.append(committed)
    # A disk that is full commits nothing, and the desks must hear of it all the same.
    entry.runtime_data.problems_changed.append(committed)
    clock.rearm()
    entry.async_on_unload(clock.stop)
    for end in (
        async_listen_to_taps(hass, engine, people, deeds),
        Audit(hass, entry).start(),
        reachability.start(failed),
        Rehearsals(hass, entry).start(),
        async_look_on(hass, entry),
        _follow_local_time(hass, engine),
    ):
        entry.async_on_unload(end)
    CurveKeeper(hass, entry).start()
    entry.async_on_unload(entry.add_update_listener(_async_subentries_changed))
    async_show_dashboard(hass)
    entry.async_on_unload(partial(async_hide_dashboard, hass))
    _open_outbox_when_channels_are_there(hass, entry, engine)
    # What went into alarm while no community was there to hear it.
    index = alarm_index(hass)
    index.announce_again(watch.owner for watch in index.watches() if watch.owner is not None)

    async def closing(_event: Event) -> None:
        # Home Assistant does not unload entries when it stops.
        clock.stop()
        await engine.stop()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, closing))


async def _async_start_engine(
    hass: HomeAssistant,
    entry: CommunityEntry,
    engine: Engine,
    outbox: Callable[[Callable[[Letter], None]], Outbox],
) -> None:
    """Open the community's record; ConfigEntryError with a repair issue if that is not safe."""
    try:
        await engine.start(outbox)
    except StoreError as err:
        await engine.stop()
        _refuse_store(hass, entry, err)
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key=err.key,
            translation_placeholders={"problem": err.problem, "community": entry.title},
        ) from err
    entry.async_on_unload(engine.stop)
    for key in STORE_ISSUES:
        ir.async_delete_issue(hass, DOMAIN, f"{entry.entry_id}_{key}")


def _follow_local_time(hass: HomeAssistant, engine: Engine) -> CALLBACK_TYPE:
    """Look again at what sleeps when the time zone is changed: hours are those of the wall."""

    @callback
    def changed(_event: Event) -> None:
        engine.replan()

    return hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, changed)


def _open_outbox_when_channels_are_there(
    hass: HomeAssistant, entry: CommunityEntry, engine: Engine
) -> None:
    @callback
    def ready(_now: object) -> None:
        engine.open_outbox()

    entry.async_on_unload(async_at_started(hass, ready))
    if not hass.is_running:
        entry.async_on_unload(async_call_later(hass, CHANNELS_WITHIN, ready))


async def _async_subentries_changed(hass: HomeAssistant, entry: CommunityEntry) -> None:
    """Apply changed responders and plans by difference: nothing reloads, no clock stops."""
    data = entry.runtime_data
    data.people.read()
    data.providers.read()
    if data.plans.read():
        data.engine.replan()
    for added in data.responders_added:
        added()
    data.engine.tick()


def _channels(
    hass: HomeAssistant,
    people: People,
    providers: Providers,
    companion: Companion,
    speaker: Speaker,
) -> Mapping[ChannelKind, Channel]:
    def addresses() -> Mapping[tuple[str, ChannelKind], Address]:
        return people.addresses

    channels: tuple[Channel, ...] = (
        companion,
        speaker,
        Persistent(hass),
        *(Exchange(hass, kind, addresses, providers) for kind in EXCHANGED),
    )
    return {channel.kind: channel for channel in channels}


def _database(hass: HomeAssistant, entry: CommunityEntry) -> str:
    return hass.config.path(f"smart_community_{entry.entry_id}.db")


def _refuse_store(hass: HomeAssistant, entry: CommunityEntry, err: StoreError) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{entry.entry_id}_{err.key}",
        is_fixable=False,
        severity=ir.IssueSeverity.CRITICAL,
        translation_key=err.key,
        translation_placeholders={
            "community": entry.title,
            "problem": err.problem,
            "path": entry.data.get("database_url") or _database(hass, entry),
        },
    )
