"""An engine on a real database, with a clock that is set by hand and a far end that takes notes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from custom_components.smart_community.core.detection import Signal
from custom_components.smart_community.core.events import Announce, Send
from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.message import Message
from custom_components.smart_community.core.model import (
    ChannelKind,
    DeliveryState,
    Incident,
    Responder,
    Severity,
    Tier,
)
from custom_components.smart_community.core.plan import Active, Schedule
from custom_components.smart_community.core.ports import ChannelError, Outcome
from custom_components.smart_community.core.rule import Detect
from custom_components.smart_community.engine.engine import Engine
from custom_components.smart_community.engine.outbox import Letter, Outbox
from custom_components.smart_community.engine.requests import SignalRequest
from custom_components.smart_community.engine.runner import Outlook
from custom_components.smart_community.engine.store import Store, StoreError

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LADDER = (
    {"tier": "property", "after": timedelta(0)},
    {"tier": "committee", "after": timedelta(minutes=3), "unless": "acknowledged"},
    {"tier": "township", "after": timedelta(minutes=10)},
)
PEOPLE = {
    key: Responder(key=key, name=key, tier=tier, channels=(ChannelKind.PUSH,))
    for key, tier in (
        ("guard", Tier.PROPERTY),
        ("secretary", Tier.COMMITTEE),
        ("head", Tier.TOWNSHIP),
    )
}


@dataclass
class FarEnd:
    """The phones: what reached them, under which tag, and what goes wrong on the way."""

    kind: ChannelKind = ChannelKind.PUSH
    got: list[tuple[str, str]] = field(default_factory=list)
    withdrawn: list[tuple[str, str]] = field(default_factory=list)
    problem: str | None = None
    outcome: Outcome = field(default_factory=lambda: Outcome(state=DeliveryState.SENT))
    followed: list[tuple[str, str]] = field(default_factory=list)
    answer: asyncio.Future[Outcome] = field(default_factory=asyncio.Future)

    async def send(self, message: Message, responder: Responder) -> Outcome:
        if self.problem is not None:
            raise ChannelError(self.problem)
        self.got.append((responder.key, message.tag))
        return replace(self.outcome, reference=self.outcome.reference and message.tag)

    async def follow(self, reference: str, responder: Responder) -> Outcome:
        self.followed.append((responder.key, reference))
        return await self.answer

    async def withdraw(self, tag: str, responder: Responder) -> None:
        self.withdrawn.append((responder.key, tag))

    @property
    def told(self) -> list[str]:
        """Who got a message, in order."""
        return [key for key, _ in self.got]


@dataclass
class House:
    """What stands around the engine; `open` starts it (again) on the same database."""

    path: Path
    url: str = ""
    phones: FarEnd = field(default_factory=FarEnd)
    now: datetime = START
    said: list[str] = field(default_factory=list)
    engine: Engine | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    hours: Active | None = None

    async def open(self) -> Engine:
        def announce(_incident: Incident, effect: Announce) -> None:
            self.said.append(effect.what)

        engine = Engine(
            Store(self.url or f"sqlite:///{self.path}"),
            Outlook(
                now=lambda: self.now,
                directory=lambda: PEOPLE,
                announce=announce,
                schedule=self.schedule,
            ),
        )

        def compose(incident: Incident, send: Send, responder: Responder) -> Message:
            return Message(
                tag=f"smart_community_{incident.id}",
                group="",
                title=incident.number,
                text=send.occasion,
                spoken="",
                incident=incident.id,
                critical=send.critical,
            )

        def outbox(done: Callable[[Letter], None]) -> Outbox:
            return Outbox(
                channels={ChannelKind.PUSH: self.phones},
                incident=engine.running,
                responder=PEOPLE.get,
                compose=compose,
                done=done,
                spawn=self.spawn,
            )

        try:
            await engine.start(outbox)
        except StoreError:
            await engine.stop()
            raise
        engine.open_outbox()
        self.engine = engine
        await self.settle()
        return engine

    def schedule(self, _loop: str, _zone: str, said: Active | None) -> Schedule:
        """The community's own hours, if it has set any, else the blueprint's."""
        hours = self.hours or said
        return Schedule(active=() if hours is None else (hours,))

    def spawn(self, work: Awaitable[None], _name: str) -> object:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[assignment]  # a coroutine
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def settle(self) -> None:
        """Wait until everything that was ordered has been carried out and recorded."""
        assert self.engine is not None
        while True:
            await asyncio.gather(*self.tasks)
            # A job behind everything that is queued: its answer says that all before is on disk.
            await self.engine.switch_loop("settled", on=True)
            if not self.tasks:
                return

    async def pass_time(self, **span: float) -> None:
        """Let time pass, waking the engine whenever something is due, as the clock does."""
        assert self.engine is not None
        end = self.now + timedelta(**span)
        while (due := self.engine.next_due) is not None and due <= end:
            self.now = max(due, self.now)
            self.engine.tick()
            await self.settle()
        self.now = end

    async def crash(self) -> None:
        """Go without a word: only what is on disk is left."""
        assert self.engine is not None
        await self.engine.stop()
        self.engine = None


def request(*sources: str, raised: bool = True, **more: Any) -> SignalRequest:
    at = more.pop("at", START)
    defaults: dict[str, Any] = {
        "loop": "smoke_single",
        "zone": "floor:2",
        "zone_name": "Floor 2",
        "detect": Detect(),
        "policy": policy(LADDER, severity=Severity.MODERATE, handle_within=timedelta(minutes=10)),
    }
    edge = more.pop("edge", True)
    return SignalRequest(
        signals=tuple(
            Signal(source=source, name=source, raised=raised, at=at, edge=edge)
            for source in sources
        ),
        **{**defaults, **more},
    )


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path / "incidents.db")
    await house.open()
    yield house
    if house.engine is not None:
        await house.engine.stop()
