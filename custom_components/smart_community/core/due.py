"""When an incident next needs attention, and the turn in which it gets it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .events import UPDATE, Effect, Entry, Occasion, Send
from .model import Actor, Incident, Responder, Rung, RungState, Status, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one step of an incident is done with: the time, the people, and what comes of it."""

    now: datetime
    directory: Mapping[str, Responder]
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


def planned(ladder: Sequence[Step], start: datetime) -> tuple[Rung, ...]:
    """Absolute due times of a ladder that starts at `start`."""
    return tuple(Rung(due=start + step.after) for step in ladder)


def next_due(incident: Incident) -> tuple[datetime, str] | None:
    """Return when this incident next needs attention and for what, None once it has ended."""
    if not incident.status.active:
        return None
    dues = [
        (rung.due, "step")
        for rung in incident.rungs
        if rung.state is RungState.WAITING and rung.due is not None
    ]
    dues += [(n.receipt_due, "receipt") for n in incident.notices if n.receipt_due is not None]
    dues += [
        (moment, why)
        for moment, why in (
            (incident.handle_by, "handle_within"),
            (incident.remind_at, "reminder"),
            (incident.update_at, "update"),
        )
        if moment is not None
    ]
    return min(dues, default=None)


_WANTED: Mapping[Occasion, frozenset[Status]] = {
    Occasion.ALARM: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
    Occasion.GROWN: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
    Occasion.REOPENED: frozenset({Status.OPEN}),
    Occasion.OVERDUE: frozenset({Status.OPEN}),
    Occasion.REMINDER: frozenset({Status.OPEN, Status.HANDLED}),
    Occasion.ACKNOWLEDGED: frozenset({Status.ACKNOWLEDGED}),
    Occasion.HANDLED: frozenset({Status.HANDLED}),
    Occasion.ASSIGNED: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
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
