"""The responders of a community, as its subentries say, and who a Home Assistant user is."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final

from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.util import dt as dt_util

from .channels.address import Address
from .const import SUBENTRY_RESPONDER
from .core.errors import DomainError
from .core.message import Tap
from .core.model import Actor, ChannelKind, Incident, Responder, Tier
from .core.permits import Deed, Role, Standing, best, role_of
from .core.plan import Calendar, plain_calendar
from .core.roster import Swap, at, parse_duty
from .departments import DEPARTMENT_LOOPS, Department
from .loop_defaults import speaker_of

_LOGGER = logging.getLogger(__name__)

# How a swap is kept among the engine's settings.
SWAP: Final = "swap:"


class People:
    """Reads the subentries each time they change; everything else asks here."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Read the responders."""
        self._hass = hass
        self._entry = entry
        self.responders: Mapping[str, Responder] = {}
        self.addresses: Mapping[tuple[str, ChannelKind], Address] = {}
        self.subentries: Mapping[str, str] = {}
        self.calendar: Calendar = plain_calendar
        self.swaps: Callable[[], Iterable[Swap]] = tuple
        self.read()

    def read(self) -> None:
        """Read the responders anew."""
        responders, addresses, subentries = {}, {}, {}
        for subentry in self._entry.subentries.values():
            if subentry.subentry_type != SUBENTRY_RESPONDER:
                continue
            data = subentry.data
            responder = _responder(self._hass, subentry.title, data)
            responders[responder.key] = responder
            subentries[responder.key] = subentry.subentry_id
            for kind, target in data["targets"].items():
                # A loudspeaker keeps the community's hours unless it has its own.
                shared = speaker_of(self._entry) if kind == ChannelKind.SPEAKER else {}
                addresses[responder.key, ChannelKind(kind)] = _address({**shared, **target})
        self.responders, self.addresses, self.subentries = responders, addresses, subentries

    def at(self, moment: datetime) -> Mapping[str, Responder]:
        """Return everybody as they are at a moment: who is on duty, on which channels."""
        zone = dt_util.get_default_time_zone()
        everybody = self.responders.values()
        return at(everybody, moment, zone=zone, calendar=self.calendar, swaps=self.swaps())

    @property
    def names(self) -> Mapping[str, str]:
        """Responder keys to names."""
        return {key: responder.name for key, responder in self.responders.items()}

    def find(self, key: str) -> Responder | None:
        """Return a responder by key."""
        return self.responders.get(key)

    def of_user(self, user_id: str) -> list[Responder]:
        """Return the responders that a user belongs to."""
        return [who for who in self.responders.values() if user_id in who.users]

    def standings(self, user: User | None) -> tuple[Standing, ...]:
        """Return everything a user may act as here, never nothing; None is an automation."""
        if user is None:
            return (Standing(Actor(), Role.AUTOMATION, None),)
        if not user.is_active:
            return (_removed(user.id, user.name),)
        mine = tuple(
            Standing(
                Actor(user_id=user.id, responder=one.key, tier=one.tier, name=one.name),
                Role(one.tier.value),
                one,
            )
            for one in self.of_user(user.id)
        )
        if mine and not user.is_admin:
            return mine
        # Whoever keeps Home Assistant and is on duty as well is both: the one for the incidents,
        # the other for the table of responders, which no tier may read or write.
        actor = Actor(user_id=user.id, name=user.name or "")
        return (*mine, Standing(actor, role_of(actor, administrator=user.is_admin), None))

    async def standings_of(self, context: Context) -> tuple[Standing, ...]:
        """Return what whoever stands behind a context may act as here."""
        if context.user_id is None:
            return self.standings(None)
        user = await self._hass.auth.async_get_user(context.user_id)
        return (_removed(context.user_id),) if user is None else self.standings(user)

    async def actor(self, context: Context, incident: Incident | None = None) -> Standing:
        """Find out who acts, as one that was told of the incident if there is such a one."""
        return best(await self.standings_of(context), Deed.READ, incident)[0]

    async def tapper(self, tap: Tap, context: Context) -> Standing | None:
        """Who pressed a button: None unless the user belongs to the responder that it names."""
        for standing in await self.standings_of(context):
            if standing.responder is not None and standing.responder.key == tap.responder:
                return standing
        return None


def _removed(user_id: str, name: str | None = None) -> Standing:
    return Standing(Actor(user_id=user_id, name=name or ""), Role.REMOVED, None)


def kept_swaps(settings: Mapping[str, str]) -> list[Swap]:
    """Read the swaps that are kept among the engine's settings."""
    found = []
    for text in settings.values():
        row = json.loads(text)
        begins, ends = (datetime.fromisoformat(row[name]) for name in ("begins", "ends"))
        found.append(Swap(away=row["away"], instead=row["instead"], begins=begins, ends=ends))
    return found


def _responder(hass: HomeAssistant, name: str, data: Mapping[str, Any]) -> Responder:
    loops = frozenset(data["loops"])
    if not loops and data.get("department"):
        loops = DEPARTMENT_LOOPS[Department(data["department"])]
    try:
        duty = parse_duty(data.get("duty", ""))
    except DomainError as err:  # checked by the form; a hand-made entry is on duty all the time
        _LOGGER.warning("The duty table of %s is not understood: %s", name, err)
        duty = ()
    return Responder(
        key=data["key"],
        name=name,
        tier=Tier(data["tier"]),
        users=frozenset(data["users"]),
        channels=_kinds(data["channels"]),
        loops=loops,
        zones=_zones(hass, data),
        language=data["language"],
        department=data.get("department", ""),
        deputies=tuple(data.get("deputies", ())),
        urgent_channels=_kinds(data.get("urgent_channels", ())),
        night_channels=_kinds(data.get("night_channels", ())),
        quiet=_span(data),
        duty=duty,
    )


def _kinds(stored: Iterable[str]) -> tuple[ChannelKind, ...]:
    return tuple(ChannelKind(kind) for kind in stored)


def _zones(hass: HomeAssistant, data: Mapping[str, Any]) -> frozenset[str]:
    """Return floors with their areas, and areas with their floors, as keys of zones.

    Whoever looks after an area is told of what is put down to its whole floor, too.
    """
    areas = ar.async_get(hass)
    found: set[str] = set()
    for floor in data.get("floors", ()):
        found.add(f"floor:{floor}")
        found |= {f"area:{area.id}" for area in ar.async_entries_for_floor(areas, floor)}
    for area_id in data.get("areas", ()):
        found.add(f"area:{area_id}")
        area = areas.async_get_area(area_id)
        if area is not None and area.floor_id is not None:
            found.add(f"floor:{area.floor_id}")
    return frozenset(found)


def _span(stored: Mapping[str, Any]) -> tuple[time, time] | None:
    if not stored.get("quiet_from"):
        return None
    return time.fromisoformat(stored["quiet_from"]), time.fromisoformat(stored["quiet_until"])


def _address(stored: Mapping[str, Any]) -> Address:
    return Address(
        target=stored["target"],
        number=stored.get("number", ""),
        voice=stored.get("voice", ""),
        quiet=_span(stored),
        pause=timedelta(**stored.get("pause", {})),
    )
