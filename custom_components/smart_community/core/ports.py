"""What the core's decisions need from the world; the shell implements these."""

from dataclasses import dataclass
from typing import Protocol

from .message import Message
from .model import ChannelKind, DeliveryState, Responder


class ChannelError(Exception):
    """A message certainly did not get out. The reason goes on the timeline."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a channel knows about a message.

    `reference`: by this the channel can be asked later what became of it. `acknowledged`: whoever
    got it has taken the incident on there and then, as by pressing a key during the call.
    """

    state: DeliveryState
    reason: str = ""
    reference: str = ""
    acknowledged: bool = False


class Channel(Protocol):
    """One way to a person. `kind` is the word that ladders and responders use for it."""

    kind: ChannelKind

    async def send(self, message: Message, responder: Responder) -> Outcome:
        """Hand a message over: `delivered` if that is proven, else `sent`.

        Raises ChannelError if it certainly failed. The caller bounds the time.
        """

    async def follow(self, reference: str, responder: Responder) -> Outcome:
        """Wait for what becomes of a message that was handed over, also after a restart.

        Raises ChannelError if it certainly failed after all. The caller bounds the time.
        """

    async def withdraw(self, tag: str, responder: Responder) -> None:
        """Take the notice with this tag away, where the channel can."""


class Unanswered:
    """What channels do that never hear of a message again, and cannot take it back."""

    async def follow(self, reference: str, responder: Responder) -> Outcome:
        """There is nobody to ask: it was handed over, no more."""
        return Outcome(state=DeliveryState.SENT)

    async def withdraw(self, tag: str, responder: Responder) -> None:
        """Nothing to take back: a call has been made, a text message has been read."""
