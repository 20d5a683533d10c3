"""Drills: the real ladder to the real people, cut at a tier, and the report of who was reached.

A drill lives in a zone of its own, so that a real alarm there opens an incident of its own instead
of joining an exercise. It ends by itself when its ladder has been climbed and nobody closed it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from .errors import DomainError
from .events import Entry
from .model import DRILL_ZONE, Closes, Incident, Policy, Proof, Responder, Step, Tier

# Whoever does one of these has certainly got the message.
_ANSWERS = frozenset({"acknowledged", "handled", "closed", "escalated_by_a_person", "comment"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """What became of one responder in a drill; seconds count from its opening.

    `by`: the channel that brought a receipt, or "answer" if a person's answer was the first proof;
    None if nothing proves that the responder was reached. `problems`: reasons of what failed.
    """

    responder: str
    told_after: float
    reached_after: float | None = None
    by: str | None = None
    channels: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def exercise(policy: Policy, up_to: Tier, directory: Mapping[str, Responder]) -> Policy:
    """Cut a ladder to an exercise up to a tier; DomainError `drill_empty` if nothing is left.

    What a real incident must bring (a photo, a person who looks) is not asked for.
    """
    ladder = tuple(step for step in policy.ladder if _within(step, up_to, directory))
    if not ladder:
        raise DomainError("drill_empty", tier=up_to.value)
    return replace(policy, ladder=ladder, proof=Proof.NOTHING, closes=Closes.SOURCE, takes_over=())


def _within(step: Step, up_to: Tier, directory: Mapping[str, Responder]) -> bool:
    named = directory.get(step.responder or "")
    tier = step.tier or (named.tier if named is not None else Tier.TOWNSHIP)
    return within(tier, up_to)


def within(tier: Tier, up_to: Tier) -> bool:
    """Whether a drill up to a tier reaches another."""
    order = list(Tier)
    return order.index(tier) <= order.index(up_to)


def drill_zone(zone: str) -> str:
    """Return the zone in which a drill of a zone lives."""
    return f"{DRILL_ZONE}{zone}"


def reached(incident: Incident, entries: Iterable[Entry]) -> list[Reached]:
    """Tell from the timeline who was reached by which channel after how many seconds, who not."""
    found: dict[str, Reached] = {}

    def after(moment: datetime) -> float:
        return round((moment - incident.opened_at).total_seconds(), 1)

    for entry in entries:
        if entry.kind == "step_taken":
            told = entry.data.get("responders")
            for key in told if isinstance(told, (list, tuple)) else ():
                found.setdefault(key, Reached(responder=key, told_after=after(entry.at)))
            continue
        answer = entry.kind in _ANSWERS
        key = entry.actor.responder if answer and entry.actor else entry.data.get("responder")
        row = found.get(str(key))
        if row is None:
            continue
        channel = str(entry.data.get("channel", ""))
        if channel and channel not in row.channels:
            row = replace(row, channels=(*row.channels, channel))
        if entry.kind in {"failed", "withheld"}:
            problem = f"{channel}: {entry.data.get('reason', '')}"
            row = replace(row, problems=(*row.problems, problem))
        if row.reached_after is None and (answer or entry.kind == "delivered"):
            by = "answer" if answer else channel
            row = replace(row, reached_after=after(entry.at), by=by)
        found[row.responder] = row
    return list(found.values())
