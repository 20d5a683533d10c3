"""The outbox: messages ordered in the same transaction as the incident, sent after it.

Commit, then send, then record. A crash between means a message sent twice under the same tag (the
phone replaces it), never one that is lost. Messages of one incident to one responder over one
channel keep their order, or a clear could overtake the alarm that it clears; everything else goes
out side by side, so that a phone that hangs delays no other.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ..core.due import wanted
from ..core.events import Send
from ..core.message import Message, tag
from ..core.model import ChannelKind, DeliveryState, Incident, Responder
from ..core.ports import Channel, ChannelError

_LOGGER = logging.getLogger(__name__)

# Longer than the push relay's own 10 s, so that its answer is heard; short enough that the next
# channel is tried while it still matters.
SEND_WITHIN = 15.0


class LetterState(StrEnum):
    """Whether a message still has to go out."""

    QUEUED = "queued"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One message to one responder over one channel. `send` None: take the notice away."""

    id: str
    incident: str
    responder: str
    channel: ChannelKind
    created_at: datetime
    send: Send | None = None
    state: LetterState = LetterState.QUEUED
    result: DeliveryState | None = None
    reason: str = ""


class Outbox:
    """Carries letters to channels and reports what became of each."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelKind, Channel],
        incident: Callable[[str], Incident | None],
        responder: Callable[[str], Responder | None],
        compose: Callable[[Incident, Send, Responder], Message],
        done: Callable[[Letter], None],
        spawn: Callable[[Awaitable[None], str], object],
    ) -> None:
        """Take what it needs to know: nothing here looks anything up by itself."""
        self._channels = channels
        self._incident = incident
        self._responder = responder
        self._compose = compose
        self._done = done
        self._spawn = spawn
        self._lanes: dict[tuple[str, str, ChannelKind], deque[Letter]] = {}
        self._open = False

    @property
    def waiting(self) -> list[Letter]:
        """Letters that are not yet out, for the audit."""
        return [letter for lane in self._lanes.values() for letter in lane]

    def open(self) -> None:
        """Start sending; until then letters wait (the channels are still being set up)."""
        if self._open:
            return
        self._open = True
        for key in list(self._lanes):
            self._spawn(self._work(key), f"smart_community outbox {key}")

    def post(self, letter: Letter) -> None:
        """Queue a committed letter."""
        key = (letter.incident, letter.responder, letter.channel)
        if (lane := self._lanes.get(key)) is not None:
            lane.append(letter)
            return
        self._lanes[key] = deque((letter,))
        if self._open:
            self._spawn(self._work(key), f"smart_community outbox {key}")

    async def _work(self, key: tuple[str, str, ChannelKind]) -> None:
        lane = self._lanes[key]
        try:
            while lane:
                letter = await self._carry(lane[0])
                lane.popleft()
                self._done(letter)
        finally:
            self._lanes.pop(key, None)

    async def _carry(self, letter: Letter) -> Letter:
        """Send one letter within its time; whatever goes wrong is a result, never an exception."""
        try:
            async with asyncio.timeout(SEND_WITHIN):
                result, reason = await self._try(letter), ""
        except ChannelError as err:
            result, reason = DeliveryState.FAILED, str(err)
        except TimeoutError:
            result, reason = DeliveryState.FAILED, "time_out"
        except Exception as err:
            # Foreign code runs behind a channel: its bug must not stop the next channel.
            _LOGGER.exception("Channel %s failed", letter.channel)
            result, reason = DeliveryState.FAILED, repr(err)
        return replace(letter, state=LetterState.DONE, result=result, reason=reason)

    async def _try(self, letter: Letter) -> DeliveryState:
        channel = self._channels.get(letter.channel)
        responder = self._responder(letter.responder)
        if channel is None or responder is None:
            raise ChannelError("no_channel" if channel is None else "no_responder")
        if letter.send is None:
            await channel.withdraw(tag(letter.incident), responder)
            return DeliveryState.SENT
        incident = self._incident(letter.incident)
        if incident is None or not wanted(incident, letter.send):
            return DeliveryState.CANCELLED
        return await channel.send(self._compose(incident, letter.send, responder), responder)
