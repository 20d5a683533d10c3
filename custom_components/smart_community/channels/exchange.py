"""Calls and messages to a number: through the responder's own gateway, or through a provider.

A provider that fails is followed by the community's next one for the same channel; each reason is
kept, so that the timeline says why a call came from the second.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, override

from homeassistant.core import HomeAssistant

from ..core.message import Message
from ..core.model import ChannelKind, Responder
from ..core.ports import ChannelError, Outcome, Unanswered
from .address import PROVIDER, Address
from .gateway import Gateway

_LOGGER = logging.getLogger(__name__)

# The channels on which a person is reached by a number or a name.
EXCHANGED: Final = (ChannelKind.VOICE, ChannelKind.SMS, ChannelKind.CHAT, ChannelKind.HTTPS)
# Two providers have their turn within the time that a message has.
PROVIDER_WITHIN: Final = 7.0


class Provider(Protocol):
    """An account with somebody who carries messages. `kinds`: the channels it is set up for."""

    key: str
    kinds: frozenset[ChannelKind]

    async def send(self, kind: ChannelKind, message: Message, number: str) -> Outcome:
        """Hand a message over; ChannelError if it was refused."""

    async def follow(self, kind: ChannelKind, reference: str, number: str) -> Outcome:
        """Wait for what becomes of a message; ChannelError if it failed after all."""


class Exchange(Unanswered):
    """One kind of message, over the way that the responder's address names."""

    def __init__(
        self,
        hass: HomeAssistant,
        kind: ChannelKind,
        addresses: Callable[[], Mapping[tuple[str, ChannelKind], Address]],
        providers: Callable[[], Iterable[Provider]],
    ) -> None:
        """Take the books of addresses and providers, looked up anew for each message."""
        self.kind = kind
        self._gateway = Gateway(hass, kind)
        self._addresses = addresses
        self._providers = providers

    async def send(self, message: Message, responder: Responder) -> Outcome:
        """Hand the message to the first that takes it."""
        address = self._addresses().get((responder.key, self.kind))
        if address is None:
            raise ChannelError("no_address")
        domain, _, wanted = address.target.partition(".")
        if domain != PROVIDER:
            return await self._gateway.send(message, address)
        able = [one for one in self._providers() if self.kind in one.kinds]
        able.sort(key=lambda one: one.key != wanted)
        reasons: list[str] = []
        for provider in able:
            try:
                async with asyncio.timeout(PROVIDER_WITHIN):
                    outcome = await provider.send(self.kind, message, address.number)
            except TimeoutError:
                reasons.append(f"{provider.key}: time_out")
            except ChannelError as err:
                reasons.append(f"{provider.key}: {err}")
            else:
                reference = f"{provider.key}|{outcome.reference}" if outcome.reference else ""
                return Outcome(
                    state=outcome.state,
                    reason="; ".join([*reasons, outcome.reason] if outcome.reason else reasons),
                    reference=reference,
                    acknowledged=outcome.acknowledged,
                )
        raise ChannelError("; ".join(reasons) or "no_provider")

    @override
    async def follow(self, reference: str, responder: Responder) -> Outcome:
        """Ask the provider that took the message."""
        key, _, rest = reference.partition("|")
        address = self._addresses().get((responder.key, self.kind))
        number = address.number if address is not None else ""
        for provider in self._providers():
            if provider.key == key:
                return await provider.follow(self.kind, rest, number)
        raise ChannelError("no_provider")
