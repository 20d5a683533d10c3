"""What can happen to an incident, and what then has to be done: two closed unions.

An input is a fact or a person's word; an effect is an order to the shell, which carries it out
only after the incident that ordered it has been committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .model import Actor, ChannelKind, DeliveryState, Disposition, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarmed:
    """Detectors raised: new ones, or known ones in a new episode. Keyed by entity id.

    `children`: ids of lesser incidents that are taken over with them.
    """

    sources: Mapping[str, Source]
    children: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stirred:
    """A source is in alarm again and may be believed at `until`, after the window has ended."""

    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Quieted:
    """Detectors cleared."""

    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledge:
    """Somebody takes it on."""

    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Handle:
    """Somebody has dealt with it."""

    actor: Actor
    note: str = ""
    photo: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """Somebody ends it."""

    actor: Actor
    disposition: Disposition
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalate:
    """Somebody wants the next step now."""

    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Assign:
    """Somebody gives it to a responder, who is told at once."""

    actor: Actor
    responder: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """Somebody says something about it."""

    actor: Actor
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """Time has passed. `late` says why what is overdue was not done when it was due."""

    late: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """What a channel says about a message handed to it."""

    step: int
    responder: str
    channel: ChannelKind
    state: DeliveryState
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenOver:
    """A greater incident carries on."""

    by: str
    by_number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """Another incident in the same place makes both one emergency."""

    incident: str
    number: str
    loop: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictured:
    """A picture has come: those who were told see it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockJumped:
    """The system's clock was set: everything due moves along, so that nothing fires early."""

    by: timedelta


type Word = Acknowledge | Handle | Close | Escalate | Assign | Comment
type Fact = Alarmed | Stirred | Quieted | Delivered | TakenOver | Joined | Pictured | ClockJumped
type Event = Fact | Word | Tick


class Occasion(StrEnum):
    """Why a person gets a message: picks its words, its buttons and whether it rings."""

    ALARM = "alarm"
    GROWN = "grown"
    STORM = "storm"
    REOPENED = "reopened"
    OVERDUE = "overdue"
    REMINDER = "reminder"
    DIGEST = "digest"
    JOINT = "joint"
    PICTURE = "picture"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A line of the timeline. `due` where something ran that was due; `data` in plain values."""

    kind: str
    at: datetime
    actor: Actor | None = None
    due: datetime | None = None
    data: Mapping[str, object] = field(default_factory=dict)


UPDATE = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Send:
    """Tell this responder over this channel. `step` UPDATE: nobody waits for its receipt."""

    step: int
    responder: str
    channel: ChannelKind
    occasion: Occasion
    critical: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdraw:
    """Take the incident's notices off the phones of those who were told."""

    responders: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Announce:
    """Tell Home Assistant (its triggers and event entities)."""

    what: str
    tier: str | None = None


type Effect = Entry | Send | Withdraw | Announce
