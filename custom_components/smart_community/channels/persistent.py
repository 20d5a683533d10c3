"""A notice in Home Assistant itself, for a desk that has a browser open all day."""

from typing import override

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant

from ..core.message import Message
from ..core.model import ChannelKind, DeliveryState, Responder
from ..core.ports import Outcome, Unanswered


class Persistent(Unanswered):
    """One notice per incident and responder: a later message replaces it, the end takes it away."""

    kind = ChannelKind.PERSISTENT

    def __init__(self, hass: HomeAssistant) -> None:
        """Keep the way to Home Assistant."""
        self._hass = hass

    async def send(self, message: Message, responder: Responder) -> Outcome:
        """Show it. Nobody knows who looks, so it is never a receipt."""
        persistent_notification.async_create(
            self._hass, message.text, message.title, _name(message.tag, responder)
        )
        return Outcome(state=DeliveryState.SENT)

    @override
    async def withdraw(self, tag: str, responder: Responder) -> None:
        persistent_notification.async_dismiss(self._hass, _name(tag, responder))


def _name(tag: str, responder: Responder) -> str:
    return f"{tag}_{responder.key}"
