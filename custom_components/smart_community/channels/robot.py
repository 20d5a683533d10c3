"""What the robots of the work chats have in common: a text into a group, a code that comes back.

A group's robot proves nothing about any one person, so its message counts as handed over.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant

from ..core.message import Message
from ..core.model import ChannelKind, DeliveryState
from ..core.ports import ChannelError, Outcome
from .http import encoded, post

_CUT: Final = "…"


class Robot(ABC):
    """A robot of one group. Subclasses say what is posted where, and what the codes mean."""

    kinds = frozenset({ChannelKind.CHAT})
    # Bytes of text that the chat takes; longer messages it refuses as a whole.
    longest = 2048
    code = "errcode"
    reasons: Mapping[int, str] = {}

    def __init__(self, hass: HomeAssistant, key: str, url: str, secret: str = "") -> None:
        """Take the robot's webhook address, and its secret if it checks signatures."""
        self.key = key
        self._hass = hass
        self._url = url
        self._secret = secret

    async def send(self, kind: ChannelKind, message: Message, number: str) -> Outcome:
        """Post to the group, calling the responder's number by name."""
        text = cut(f"{message.title}\n{message.text}", self.longest)
        url, body = self.request(text, number)
        answer = await post(self._hass, url, encoded(body))
        code = answer.get(self.code)
        if code != 0:
            known = self.reasons.get(code) if isinstance(code, int) else None
            raise ChannelError(known or f"{code} {answer.get('errmsg') or answer.get('msg') or ''}")
        return Outcome(state=DeliveryState.SENT)

    async def follow(self, kind: ChannelKind, reference: str, number: str) -> Outcome:
        """Nobody tells who has read it."""
        return Outcome(state=DeliveryState.SENT)

    @abstractmethod
    def request(self, text: str, number: str) -> tuple[str, Mapping[str, Any]]:
        """Return where to post what."""


def cut(text: str, longest: int) -> str:
    """Shorten a text to so many bytes of UTF-8, between characters."""
    raw = text.encode()
    if len(raw) <= longest:
        return text
    return raw[: longest - len(_CUT.encode())].decode(errors="ignore") + _CUT
