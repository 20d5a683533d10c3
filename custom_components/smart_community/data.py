"""What a loaded entry carries, and how the rest of the integration gets at it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalType

from .const import CONF_KIND, CONF_SHOW_PLACES, DOMAIN, KIND_COMMUNITY
from .core.events import Announce
from .core.model import ChannelKind, Incident
from .core.ports import Channel
from .deeds import Deeds
from .engine.engine import Engine
from .engine.evidence import EvidenceFiles
from .errors import refusal
from .modbus_bus import ModbusBusData
from .people import People
from .phones import Phones
from .plans import Plans
from .providers import Providers
from .reachability import Reachability
from .report_desk import Reports
from .zigbee_network import ZigbeeData


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """Something happened to an incident, as triggers and event entities hear it."""

    entry_id: str
    what: str
    incident: Incident
    tier: str | None = None


# What the logbook reads: plain facts, none of the people.
EVENT_INCIDENT: Final = f"{DOMAIN}_incident"
SIGNAL_INCIDENT: SignalType[Announcement] = SignalType(f"{DOMAIN}_incident")


@dataclass(frozen=True, kw_only=True, slots=True)
class CommunityData:
    """One community at work."""

    engine: Engine
    people: People
    phones: Phones
    providers: Providers
    channels: Mapping[ChannelKind, Channel]
    deeds: Deeds
    reachability: Reachability
    evidence: EvidenceFiles
    plans: Plans
    reports: Reports
    pictures: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    problems_changed: list[Callable[[], None]] = field(default_factory=list)
    responders_added: list[Callable[[], None]] = field(default_factory=list)


type SmartCommunityEntry = ConfigEntry[CommunityData | ModbusBusData | ZigbeeData]
type CommunityEntry = ConfigEntry[CommunityData]


def communities(hass: HomeAssistant) -> list[CommunityEntry]:
    """Return the communities that are loaded."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.data.get(CONF_KIND) == KIND_COMMUNITY and entry.state is ConfigEntryState.LOADED
    ]


def community(hass: HomeAssistant, entry_id: str | None) -> CommunityEntry:
    """Return the community that is meant: named, or the only one."""
    loaded = communities(hass)
    if entry_id:  # a blueprint's input that was left empty is an empty text
        loaded = [entry for entry in loaded if entry.entry_id == entry_id]
        if not loaded:
            raise refusal("community_unknown", community=entry_id)
    if not loaded:
        raise refusal("community_missing")
    if len(loaded) > 1:
        raise refusal("community_ambiguous", names=", ".join(entry.title for entry in loaded))
    return loaded[0]


def public_zone(entry: ConfigEntry[Any], incident: Incident) -> str | None:
    """Return an incident's place for what every user of Home Assistant is shown; None if hidden.

    Home Assistant asks nobody who reads a to-do list, a state or the logbook: the table of
    permissions does not reach there. So they say no more than number, loop and status by default.
    """
    return incident.zone_name if entry.data.get(CONF_SHOW_PLACES) else None


async def find_incident(hass: HomeAssistant, reference: str) -> tuple[CommunityEntry, Incident]:
    """Find an incident by id or number in all communities."""
    for entry in communities(hass):
        incident = await entry.runtime_data.engine.find(reference)
        if incident is not None:
            return entry, incident
    raise refusal("incident_unknown", incident=reference)


def announce(hass: HomeAssistant, entry_id: str) -> Callable[[Incident, Announce], None]:
    """Return the function that tells Home Assistant what happened in one community."""
    entry = hass.config_entries.async_get_known_entry(entry_id)

    def send(incident: Incident, effect: Announce) -> None:
        said = Announcement(
            entry_id=entry_id, what=effect.what, incident=incident, tier=effect.tier
        )
        async_dispatcher_send(hass, SIGNAL_INCIDENT, said)
        device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, entry_id), entry_id)
        facts = {
            "device_id": device.id if device is not None else None,
            "what": effect.what,
            "number": incident.number,
            "loop": incident.loop,
            "zone_name": public_zone(entry, incident),
            "tier": effect.tier,
            "drill": incident.drill,
        }
        hass.bus.async_fire(EVENT_INCIDENT, facts)

    return send
