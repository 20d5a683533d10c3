"""The values that travel through the house: frozen, typed, every time with its time zone.

Severity follows CAP 1.2 (OASIS, clause 3.2.2); the tiers are those of docs/glossary.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from .plan import Hours


class Tier(StrEnum):
    """Who is asked, in the order in which an alarm climbs."""

    PROPERTY = "property"
    COMMITTEE = "committee"
    DEPARTMENT = "department"
    TOWNSHIP = "township"


class Severity(StrEnum):
    """CAP 1.2 severity, lowest first."""

    MINOR = "minor"
    MODERATE = "moderate"
    SEVERE = "severe"
    EXTREME = "extreme"


class Status(StrEnum):
    """Where an incident stands. The transition table is in incident.py."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    HANDLED = "handled"
    CLOSED = "closed"
    SUPERSEDED = "superseded"

    @property
    def active(self) -> bool:
        """Still somebody's business: neither closed nor taken over."""
        return self not in {Status.CLOSED, Status.SUPERSEDED}


class Disposition(StrEnum):
    """What an incident turned out to be; asked for at closing."""

    HANDLED = "handled"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"
    TEST = "test"
    CLEARED = "cleared"
    GUIDED = "guided"
    PENALTY = "penalty"


class Proof(StrEnum):
    """What `handle` must bring."""

    NOTHING = "nothing"
    NOTE = "note"
    PHOTO = "photo"


class Closes(StrEnum):
    """Who may end an incident: the source by clearing, or only a person."""

    SOURCE = "source"
    PERSON = "person"


class ChannelKind(StrEnum):
    """The ways to a person, as a ladder's step names them."""

    PUSH = "push"
    SMS = "sms"
    VOICE = "voice"
    SPEAKER = "speaker"
    CHAT = "chat"
    HTTPS = "https"
    PERSISTENT = "persistent"


class Verdict(StrEnum):
    """Why something happened or did not: the same word in response, timeline and tests."""

    OPENED = "opened"
    JOINED = "joined"
    KNOWN = "known"
    PENDING = "pending"
    NO_DATA = "no_data"
    REARMED = "rearmed"
    CLEARED = "cleared"
    CLEARED_BY_ITSELF = "cleared_by_itself"
    RESOLVED_BY_GUIDANCE = "resolved_by_guidance"
    NOTHING_TO_CLEAR = "nothing_to_clear"
    TAKEN_OVER = "taken_over"
    MUTED_LOOP_OFF = "muted_loop_off"
    MUTED_BY_PLAN = "muted_by_plan"
    ACKNOWLEDGED = "acknowledged"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    HANDLED = "handled"
    ALREADY_HANDLED = "already_handled"
    NEEDS_NOTE = "needs_note"
    NEEDS_PHOTO = "needs_photo"
    CLOSED = "closed"
    STILL_IN_ALARM = "still_in_alarm"
    ALREADY_ENDED = "already_ended"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    ASSIGNED = "assigned"
    RECORDED = "recorded"
    NOTHING_DUE = "nothing_due"


def aware(moment: datetime, name: str) -> None:
    """Refuse a time without its zone: a naive due time is eight hours off in Shanghai."""
    if moment.tzinfo is None:
        message = f"{name} has no time zone"
        raise ValueError(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a ladder, as the blueprint writes it.

    `after` counts from the opening, or from the promotion to this level. The step is not taken
    any more once the incident has reached `unless`; with `by`, only an acknowledgement by that
    tier counts ("unless acknowledged by the department"). With `digest` it waits for the next such
    time of day, and the incident with it, so that it is told once a day.
    """

    tier: Tier | None = None
    responder: str | None = None
    after: timedelta
    channels: tuple[ChannelKind, ...] = (ChannelKind.PUSH,)
    unless: Status = Status.HANDLED
    by: Tier | None = None
    critical: bool = False
    digest: time | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What the incident freezes when it opens: editing a blueprint never rewrites a running one.

    `quiet_for`: a source that clears ends the incident only after so long; an alarm again within
    it is the same incident. `joint`: loops whose incidents in the same place are one emergency
    with this one. `camera`: what looks on when it opens.
    """

    ladder: tuple[Step, ...]
    handle_within: timedelta
    receipt_within: timedelta
    severity: Severity
    proof: Proof = Proof.NOTHING
    closes: Closes = Closes.SOURCE
    takes_over: tuple[str, ...] = ()
    joint: tuple[str, ...] = ()
    quiet_for: timedelta = timedelta(0)
    camera: str = ""

    @property
    def urgent(self) -> bool:
        """Lives may depend on it: silence of a step is not waited out (docs/decisions.md)."""
        return self.severity in {Severity.SEVERE, Severity.EXTREME}


@dataclass(frozen=True, kw_only=True, slots=True)
class Responder:
    """A desk or a person. `channels` in the order to be tried; no `loops` or `zones` means all.

    `zones` holds keys of floors and areas (`floor:1`, `area:hall`), a floor's areas included.
    `urgent_channels` take the place of `channels` where lives may depend on it, `night_channels` in
    the `quiet` hours. `deputies` are told while the responder is off duty or cannot be reached. The
    last two fields are what core/roster.py finds for a moment.
    """

    key: str
    name: str
    tier: Tier
    users: frozenset[str] = frozenset()
    channels: tuple[ChannelKind, ...] = ()
    loops: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    language: str = "en"
    department: str = ""
    deputies: tuple[str, ...] = ()
    urgent_channels: tuple[ChannelKind, ...] = ()
    night_channels: tuple[ChannelKind, ...] = ()
    quiet: tuple[time, time] | None = None
    duty: tuple[Hours, ...] = ()
    on_duty: bool = True
    resting_until: datetime | None = None

    def sees(self, loop: str, zone: str = "") -> bool:
        """Whether incidents of this loop there are this responder's business.

        The township's all are, and so is a place that nobody has put on a floor or in an area:
        better one too many is told than nobody.
        """
        if self.tier is Tier.TOWNSHIP:
            return True
        zone = zone.removeprefix(DRILL_ZONE)
        placed = zone.startswith(("floor:", "area:"))
        here = not self.zones or not placed or zone in self.zones
        return here and (not self.loops or loop in self.loops)


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts: a user in the role of a responder, an administrator, or an automation (no user)."""

    user_id: str | None = None
    responder: str | None = None
    tier: Tier | None = None
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One detector's part in an incident: its current or last episode.

    `momentary`: a press, which never was "in alarm" and so has not cleared either.
    """

    name: str
    first_at: datetime
    last_at: datetime
    cleared_at: datetime | None = None
    value: float | None = None
    times: int = 1
    momentary: bool = False


# Before the zone of a drill: the place is the same, the incident is not.
DRILL_ZONE = "drill:"
# Before the loop of a storm: it is in no place of its own.
STORM_ZONE = "storm:"


class RungState(StrEnum):
    """What became of a step of the ladder in this incident."""

    WAITING = "waiting"
    HELD = "held"
    TAKEN = "taken"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """A step of the ladder in a running incident. `due` is absolute; None while held."""

    state: RungState = RungState.WAITING
    due: datetime | None = None
    taken_at: datetime | None = None
    pulled: str | None = None


class DeliveryState(StrEnum):
    """How far a message got on one channel. `sent` proves nothing; `delivered` does."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WITHHELD = "withheld"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One responder told on one step, over the channels of that step, then the others in order.

    `wake_at`: the end of the quiet hours in which what is not urgent was withheld.
    """

    step: int
    responder: str
    tried: Mapping[ChannelKind, DeliveryState] = field(default_factory=dict)
    untried: tuple[ChannelKind, ...] = ()
    receipt_due: datetime | None = None
    receipt_at: datetime | None = None
    wake_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """Somebody has taken the incident on. `responder` is None for a user without one."""

    responder: str | None
    tier: Tier | None
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """One alarm being handled to its end. Only the functions of incident.py make changed copies.

    `update_at`: when those who were told hear of what has joined since; `call_at`: when those
    whom no notice reaches do. `close_at`: when it closes if it stays as quiet as it is. `joint`:
    incidents that are one emergency with it, id to loop.
    """

    id: str
    number: str
    loop: str
    zone: str
    zone_name: str
    policy: Policy
    opened_at: datetime
    first_alarm_at: datetime
    level_at: datetime
    status: Status = Status.OPEN
    summary: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    rungs: tuple[Rung, ...] = ()
    notices: tuple[Notice, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    assignee: str | None = None
    handle_by: datetime | None = None
    handled_at: datetime | None = None
    closed_at: datetime | None = None
    disposition: Disposition | None = None
    drill: bool = False
    parent: str | None = None
    children: tuple[str, ...] = ()
    remind_at: datetime | None = None
    reminders: int = 0
    update_at: datetime | None = None
    call_at: datetime | None = None
    updated_at: datetime | None = None
    close_at: datetime | None = None
    joint: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse times without a zone and a ladder without its rungs."""
        for name in ("opened_at", "first_alarm_at", "level_at"):
            aware(getattr(self, name), name)

    @property
    def quiet(self) -> bool:
        """Every source has cleared (or there is none, as in a person's report)."""
        return all(source.cleared_at is not None for source in self.sources.values())

    @property
    def storm(self) -> bool:
        """Whether it stands for many places at once (core/storm.py)."""
        return self.zone.startswith(STORM_ZONE)

    @property
    def told(self) -> tuple[str, ...]:
        """Responders told so far, each once, in the order in which they were told."""
        return tuple(dict.fromkeys(notice.responder for notice in self.notices))

    @property
    def tier(self) -> Tier | None:
        """The highest tier reached."""
        taken = [
            step.tier
            for step, rung in zip(self.policy.ladder, self.rungs, strict=True)
            if rung.state is RungState.TAKEN and step.tier is not None
        ]
        return max(taken, key=list(Tier).index, default=None)
