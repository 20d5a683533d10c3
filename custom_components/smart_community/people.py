"""The responders of a community, as its subentries say, and who a Home Assistant user is."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant

from .channels.address import Address
from .const import SUBENTRY_RESPONDER
from .core.message import Tap
from .core.model import Actor, ChannelKind, Incident, Responder, Tier
from .core.permits import Deed, Role, Standing, best, role_of


class People:
    """Reads the subentries each time they change; everything else asks here."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Read the responders."""
        self._hass = hass
        self._entry = entry
        self.responders: Mapping[str, Responder] = {}
        self.addresses: Mapping[tuple[str, ChannelKind], Address] = {}
        self.subentries: Mapping[str, str] = {}
        self.read()

    def read(self) -> None:
        """Read the responders anew."""
        responders, addresses, subentries = {}, {}, {}
        for subentry in self._entry.subentries.values():
            if subentry.subentry_type != SUBENTRY_RESPONDER:
                continue
            data = subentry.data
            responder = Responder(
                key=data["key"],
                name=subentry.title,
                tier=Tier(data["tier"]),
                users=frozenset(data["users"]),
                channels=tuple(ChannelKind(kind) for kind in data["channels"]),
                loops=frozenset(data["loops"]),
                language=data["language"],
            )
            responders[responder.key] = responder
            subentries[responder.key] = subentry.subentry_id
            for kind, target in data["targets"].items():
                addresses[responder.key, ChannelKind(kind)] = _address(target)
        self.responders, self.addresses, self.subentries = responders, addresses, subentries

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
        actor = Actor(user_id=user.id, name=user.name or "")
        return mine or (Standing(actor, role_of(actor, administrator=user.is_admin), None),)

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


def _address(stored: Mapping[str, Any]) -> Address:
    quiet = None
    if stored.get("quiet_from"):
        quiet = (
            time.fromisoformat(stored["quiet_from"]),
            time.fromisoformat(stored["quiet_until"]),
        )
    return Address(
        target=stored["target"],
        number=stored.get("number", ""),
        voice=stored.get("voice", ""),
        quiet=quiet,
        pause=timedelta(**stored.get("pause", {})),
    )
