"""When an incident next needs attention, and the turn in which it gets it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from .events import UPDATE, Effect, Entry, Occasion, Send
from .model import Actor, Incident, Responder, Rung, RungState, Status, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one step of an incident is done with: the time, the people, and what comes of it."""

    now: datetime
    directory: Mapping[str, Responder]
    zone: tzinfo = UTC
    effects: list[Effect] = field(default_factory=list)

    def note(
        self,
        kind: str,
        *,
        actor: Actor | None = None,
        due: datetime | None = None,
        **data: object,
    ) -> None:
        """Add a line to the timeline; values that are None or empty are left out."""
        kept = {key: value for key, value in data.items() if value not in (None, "", (), [])}
        self.effects.append(Entry(kind=kind, at=self.now, actor=actor, due=due, data=kept))


def planned(ladder: Sequence[Step], start: datetime, zone: tzinfo) -> tuple[Rung, ...]:
    """Absolute due times of a ladder that starts at `start`."""
    return tuple(Rung(due=due_of(step, start + step.after, zone)) for step in ladder)


def due_of(step: Step, moment: datetime, zone: tzinfo) -> datetime:
    """When a step is taken that could be taken at `moment`: then, or with the next digest."""
    if step.digest is None:
        return moment
    local = moment.astimezone(zone)
    told = datetime.combine(local.date(), step.digest, zone)
    if told < local:
        told = datetime.combine(local.date() + timedelta(days=1), step.digest, zone)
    return told.astimezone(UTC)


def next_due(incident: Incident) -> tuple[datetime, str] | None:
    """Return when this incident next needs attention and for what, None once it has ended."""
    if not incident.status.active:
        return None
    dues = [(n.receipt_due, "receipt") for n in incident.notices if n.receipt_due is not None]
    dues += [(n.wake_at, "wake") for n in incident.notices if n.wake_at is not None]
    digests: list[tuple[datetime, str]] = []
    for step, rung in zip(incident.policy.ladder, incident.rungs, strict=True):
        if rung.state is RungState.WAITING and rung.due is not None:
            (dues if step.digest is None else digests).append((rung.due, "step"))
    dues += [
        (moment, why)
        for moment, why in (
            (incident.handle_by, "handle_within"),
            (incident.remind_at, "reminder"),
            (incident.update_at, "update"),
            (incident.call_at, "update"),
        )
        if moment is not None
    ]
    if incident.close_at is not None:
        # Quiet: nobody is called out for what is about to be over. The digest tells of it all the
        # same, and "close" sorts before anything else of the same moment.
        dues = [(max(moment, incident.close_at), why) for moment, why in dues]
        dues.append((incident.close_at, "close"))
    return min(dues + digests, default=None)


_WANTED: Mapping[Occasion, frozenset[Status]] = {
    Occasion.ALARM: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
    Occasion.GROWN: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
    Occasion.STORM: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
    Occasion.REOPENED: frozenset({Status.OPEN}),
    Occasion.OVERDUE: frozenset({Status.OPEN}),
    Occasion.REMINDER: frozenset({Status.OPEN, Status.HANDLED}),
    Occasion.ACKNOWLEDGED: frozenset({Status.ACKNOWLEDGED}),
    Occasion.ASSIGNED: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
    Occasion.DIGEST: frozenset({Status.OPEN, Status.ACKNOWLEDGED, Status.CLOSED}),
    Occasion.PICTURE: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
    Occasion.JOINT: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
}


def wanted(incident: Incident, send: Send) -> bool:
    """Whether a message ordered earlier should still go out, asked just before it does."""
    if incident.status not in _WANTED[send.occasion]:
        return False
    if send.step == UPDATE or incident.status is Status.OPEN:
        return True
    rule = incident.policy.ladder[send.step]
    heard = {done.tier for done in incident.acknowledgements}
    return rule.unless is not Status.ACKNOWLEDGED or (rule.by is not None and rule.by not in heard)
