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
from ..core.ports import Channel, ChannelError, Outcome

_LOGGER = logging.getLogger(__name__)

# Longer than the push relay's own 10 s, so that its answer is heard; short enough that the next
# channel is tried while it still matters.
SEND_WITHIN = 15.0
TIME_OUT = "time_out"


# A provider of calls in mainland China tells three to five minutes after the end of a call what
# became of it; past this nobody waits for the answer any more.
FOLLOW_WITHIN = 600.0


class LetterState(StrEnum):
    """Whether a message still has to go out, or is out and its provider may still be asked."""

    QUEUED = "queued"
    FOLLOWED = "followed"
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
    reference: str = ""
    acknowledged: bool = False


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
        self._followed: list[Letter] = []
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
        while self._followed:
            self._spawn(self._follow(self._followed.pop()), "smart_community receipt")

    def post(self, letter: Letter) -> None:
        """Queue a committed letter; of one that went out before a restart only its receipt."""
        if letter.state is LetterState.FOLLOWED:
            self._followed.append(letter)
            return
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
                if letter.state is LetterState.FOLLOWED:
                    self._spawn(self._follow(letter), "smart_community receipt")
        finally:
            self._lanes.pop(key, None)

    async def _carry(self, letter: Letter) -> Letter:
        """Send one letter within its time; whatever goes wrong is a result, never an exception."""
        outcome = await self._within(SEND_WITHIN, letter, self._try(letter))
        # Whoever was merely written to may still tell.
        open_end = outcome.state is DeliveryState.SENT and bool(outcome.reference)
        return _with(letter, LetterState.FOLLOWED if open_end else LetterState.DONE, outcome)

    async def _follow(self, letter: Letter) -> None:
        """Hear what became of a letter, and report it if there is news."""
        channel = self._channels.get(letter.channel)
        responder = self._responder(letter.responder)
        outcome = Outcome(state=DeliveryState.SENT)
        if channel is not None and responder is not None:
            waiting = channel.follow(letter.reference, responder)
            outcome = await self._within(FOLLOW_WITHIN, letter, waiting)
        if outcome.reason == TIME_OUT:  # no answer proves nothing: it was handed over all the same
            outcome = Outcome(state=DeliveryState.SENT)
        self._done(_with(letter, LetterState.DONE, outcome))

    async def _within(self, seconds: float, letter: Letter, work: Awaitable[Outcome]) -> Outcome:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except ChannelError as err:
            return Outcome(state=DeliveryState.FAILED, reason=str(err))
        except TimeoutError:
            return Outcome(state=DeliveryState.FAILED, reason=TIME_OUT)
        except Exception as err:
            # Foreign code runs behind a channel: its bug must not stop the next channel.
            _LOGGER.exception("Channel %s failed", letter.channel)
            return Outcome(state=DeliveryState.FAILED, reason=repr(err))

    async def _try(self, letter: Letter) -> Outcome:
        channel = self._channels.get(letter.channel)
        responder = self._responder(letter.responder)
        if channel is None or responder is None:
            raise ChannelError("no_channel" if channel is None else "no_responder")
        if letter.send is None:
            await channel.withdraw(tag(letter.incident), responder)
            return Outcome(state=DeliveryState.SENT)
        incident = self._incident(letter.incident)
        if incident is None or not wanted(incident, letter.send):
            return Outcome(state=DeliveryState.CANCELLED)
        return await channel.send(self._compose(incident, letter.send, responder), responder)


def _with(letter: Letter, state: LetterState, outcome: Outcome) -> Letter:
    return replace(
        letter,
        state=state,
        result=outcome.state,
        reason=outcome.reason,
        reference=outcome.reference or letter.reference,
        acknowledged=outcome.acknowledged,
    )
