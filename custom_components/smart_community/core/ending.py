"""How an incident ends."""

from dataclasses import replace

from .due import Turn
from .events import Announce, Withdraw
from .model import Actor, Disposition, Incident, RungState, Status


def closed(
    incident: Incident,
    disposition: Disposition,
    turn: Turn,
    *,
    by: str,
    actor: Actor | None = None,
    note: str = "",
) -> Incident:
    """End an incident with what it turned out to be."""
    still = [key for key, source in incident.sources.items() if source.cleared_at is None]
    turn.note(
        "closed", actor=actor, disposition=disposition, by=by, note=note, still_in_alarm=still
    )
    incident = replace(incident, disposition=disposition, closed_at=turn.now)
    return end(incident, Status.CLOSED, turn)


def end(incident: Incident, status: Status, turn: Turn) -> Incident:
    """End an incident: what still waits is skipped, notices are taken away, nothing is due."""
    skipped = [
        index
        for index, rung in enumerate(incident.rungs)
        if rung.state in {RungState.WAITING, RungState.HELD}
    ]
    if skipped:
        turn.note("steps_skipped", steps=skipped, reason=status)
    turn.effects.append(Withdraw(responders=incident.told))
    turn.effects.append(Announce(what=status))
    return replace(
        incident,
        status=status,
        rungs=tuple(
            replace(rung, state=RungState.SKIPPED, due=None) if index in skipped else rung
            for index, rung in enumerate(incident.rungs)
        ),
        notices=tuple(replace(notice, receipt_due=None) for notice in incident.notices),
        handle_by=None,
        remind_at=None,
        update_at=None,
    )
