"""The responders of a community, as its subentries say, and who a Home Assistant user is."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import UnknownUser

from .channels.gateway import Address
from .const import SUBENTRY_RESPONDER
from .core.message import Tap
from .core.model import Actor, ChannelKind, Incident, Responder, Tier
from .core.permits import Role, role_of


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
                addresses[responder.key, ChannelKind(kind)] = Address(
                    target=target["target"], number=target.get("number", "")
                )
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

    async def actor(
        self, context: Context, incident: Incident | None = None
    ) -> tuple[Actor, Role, Responder | None]:
        """Find out who acts. A user of several responders acts as one that was told, if any was.

        Raises UnknownUser for a user who was removed.
        """
        if context.user_id is None:
            actor = Actor()
            return actor, role_of(actor, administrator=False), None
        user = await self._hass.auth.async_get_user(context.user_id)
        if user is None or not user.is_active:
            raise UnknownUser(context=context, user_id=context.user_id)
        told = incident.told if incident is not None else ()
        mine = sorted(self.of_user(user.id), key=lambda who: who.key not in told)
        responder = mine[0] if mine else None
        actor = Actor(
            user_id=user.id,
            responder=responder.key if responder else None,
            tier=responder.tier if responder else None,
            name=responder.name if responder else user.name or "",
        )
        return actor, role_of(actor, administrator=user.is_admin), responder

    async def tapper(self, tap: Tap, context: Context) -> tuple[Actor, Responder] | None:
        """Who pressed a button: None unless the user belongs to the responder that it names."""
        responder = self.responders.get(tap.responder)
        user_id = context.user_id
        if responder is None or user_id is None or user_id not in responder.users:
            return None
        user = await self._hass.auth.async_get_user(user_id)
        if user is None or not user.is_active:
            return None
        actor = Actor(
            user_id=user.id, responder=responder.key, tier=responder.tier, name=responder.name
        )
        return actor, responder
