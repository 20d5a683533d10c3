"""What the core's decisions need from the world; the shell implements these."""

from typing import Protocol

from .message import Message
from .model import ChannelKind, DeliveryState, Responder


class ChannelError(Exception):
    """A message certainly did not get out. The reason goes on the timeline."""


class Channel(Protocol):
    """One way to a person. `kind` is the word that ladders and responders use for it."""

    kind: ChannelKind

    async def send(self, message: Message, responder: Responder) -> DeliveryState:
        """Hand a message over: `delivered` if that is proven, else `sent`.

        Raises ChannelError if it certainly failed. The caller bounds the time.
        """

    async def withdraw(self, tag: str, responder: Responder) -> None:
        """Take the notice with this tag away, where the channel can."""
