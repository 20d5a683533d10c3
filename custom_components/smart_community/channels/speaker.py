"""Announcements on loudspeakers and satellites: guidance where it happens, alarms in a duty room.

A loudspeaker that speaks without end is switched off by somebody, and then for good: it keeps the
quiet hours and lets a while pass between two announcements, unless lives may depend on it.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final

from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..core.message import Message
from ..core.model import ChannelKind, DeliveryState, Responder
from ..core.ports import ChannelError, Outcome, Unanswered
from .address import Address
from .gateway import Gateway

# Written out: to import these components is to need what they require, used or not.
ASSIST_SATELLITE: Final = "assist_satellite"
MEDIA_PLAYER: Final = "media_player"
TTS: Final = "tts"
_DEAF: Final = frozenset({STATE_UNAVAILABLE, STATE_UNKNOWN})
_KEPT: Final = "spoke:"


class Speaker(Unanswered):
    """A responder's loudspeaker: a media player with a voice, a satellite, or the user's script."""

    kind = ChannelKind.SPEAKER

    def __init__(
        self,
        hass: HomeAssistant,
        addresses: Callable[[], Mapping[tuple[str, ChannelKind], Address]],
        recall: Callable[[str], str],
        keep: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """Take the book of addresses, looked up anew for each message.

        `recall` and `keep` are the community's record, by key ("" for nothing): a pause that was
        agreed with the residents holds over a restart.
        """
        self._hass = hass
        self._addresses = addresses
        self._recall = recall
        self._keep = keep
        self._gateway = Gateway(hass, ChannelKind.VOICE)
        self._spoke: dict[str, datetime | None] = {}

    async def send(self, message: Message, responder: Responder) -> Outcome:
        """Announce; handed over is all that is known, since nobody answers a loudspeaker."""
        address = self._addresses().get((responder.key, self.kind))
        if address is None:
            raise ChannelError("no_address")
        now = dt_util.now()
        if not message.critical:
            if within(address.quiet, now.time()):
                return Outcome(state=DeliveryState.WITHHELD, reason="quiet_hours")
            # A clock that was set back does not make it dumb until it has caught up.
            last = self._last(address.target)
            if last is not None and timedelta(0) <= now - last < address.pause:
                return Outcome(state=DeliveryState.WITHHELD, reason="spoke_just_now")
        outcome = await self._speak(message, address, now)
        await self._keep(f"{_KEPT}{address.target}", now.isoformat())
        return outcome

    def _last(self, target: str) -> datetime | None:
        if target not in self._spoke:
            self._spoke[target] = dt_util.parse_datetime(self._recall(f"{_KEPT}{target}"))
        return self._spoke[target]

    async def _speak(self, message: Message, address: Address, now: datetime) -> Outcome:
        """Say it. Marked before it is said: of two that come at once the second keeps the pause."""
        last = self._last(address.target)
        self._spoke[address.target] = now
        domain = address.target.partition(".")[0]
        try:
            if domain not in {MEDIA_PLAYER, ASSIST_SATELLITE}:
                return await self._gateway.send(message, address)
            await self._announce(domain, message.announcement or message.spoken, address)
        except ChannelError:
            self._spoke[address.target] = last
            raise
        return Outcome(state=DeliveryState.SENT)

    async def _announce(self, domain: str, words: str, address: Address) -> None:
        state = self._hass.states.get(address.target)
        if state is None or state.state in _DEAF:
            raise ChannelError("speaker_unavailable")
        if domain == ASSIST_SATELLITE:
            await self._call(domain, "announce", {"message": words}, address.target)
            return
        voice = address.voice or next(iter(sorted(self._hass.states.async_entity_ids(TTS))), None)
        if voice is None:
            raise ChannelError("no_voice")
        # In the language of the voice: one that is asked for a language it lacks says nothing.
        data = {"media_player_entity_id": address.target, "message": words}
        await self._call(TTS, "speak", data, voice)

    async def _call(self, domain: str, action: str, data: dict[str, Any], entity_id: str) -> None:
        try:
            await self._hass.services.async_call(
                domain, action, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
            )
        except HomeAssistantError as err:
            raise ChannelError(str(err) or type(err).__name__) from err


def within(hours: tuple[time, time] | None, now: time) -> bool:
    """Whether a time of day lies in hours that may go past midnight; the end is outside."""
    if hours is None:
        return False
    start, end = hours
    return start <= now < end if start <= end else now >= start or now < end
