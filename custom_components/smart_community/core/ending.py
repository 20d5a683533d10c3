"""How an incident ends."""

from dataclasses import replace
from datetime import datetime, timedelta

from .due import Turn
from .events import Announce, Withdraw
from .model import (
    Actor,
    ChannelKind,
    DeliveryState,
    Disposition,
    Incident,
    RungState,
    Status,
    Verdict,
)

# An incident stays open until its digest has been told, also over a restart in that very minute.
_AFTER_DIGEST = timedelta(minutes=5)


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


def when_quiet(incident: Incident, turn: Turn) -> tuple[Incident, Verdict]:
    """Close an incident whose every source has cleared, now or once it has stayed quiet.

    Also a handled one waits: what comes back within `quiet_for` was not mended.
    """
    close_at = max([turn.now + incident.policy.quiet_for, *_told(incident)])
    if close_at > turn.now:
        return replace(incident, close_at=close_at), Verdict.CLEARED
    return closed_by_itself(incident, turn)


def stirred(incident: Incident, until: datetime) -> Incident:
    """Keep the window open until what is in alarm again may be believed.

    A window shorter than the time that an alarm must last would never see it back.
    """
    if incident.close_at is None:
        return incident
    return replace(incident, close_at=max(incident.close_at, until))


def settled(incident: Incident, turn: Turn) -> Incident:
    """Go back to the end of the window: what stirred has cleared without having been believed."""
    cleared = [one.cleared_at for one in incident.sources.values() if one.cleared_at is not None]
    if incident.close_at is None or not cleared:
        return incident
    ends = [max(cleared) + incident.policy.quiet_for, *_told(incident), turn.now]
    return replace(incident, close_at=min(incident.close_at, max(ends)))


def _told(incident: Incident) -> list[datetime]:
    """Until when digests are told of it."""
    return [
        rung.due + _AFTER_DIGEST
        for step, rung in zip(incident.policy.ladder, incident.rungs, strict=True)
        if step.digest is not None and rung.state is RungState.WAITING and rung.due is not None
    ]


def closed_by_itself(incident: Incident, turn: Turn) -> tuple[Incident, Verdict]:
    """Close an incident that its sources have ended: handled, helped by guidance, or neither."""
    if incident.status is Status.HANDLED:
        return closed(incident, Disposition.HANDLED, turn, by="source"), Verdict.CLOSED
    if _guided(incident):
        ended = closed(incident, Disposition.GUIDED, turn, by="source")
        return ended, Verdict.RESOLVED_BY_GUIDANCE
    ended = closed(incident, Disposition.CLEARED, turn, by="source")
    return ended, Verdict.CLEARED_BY_ITSELF


def _guided(incident: Incident) -> bool:
    """Whether a loudspeaker has spoken and the alarm ended before any later step was taken."""
    if incident.status is not Status.OPEN:
        return False
    ladder = incident.policy.ladder
    spoken = [
        ladder[notice.step].after
        for notice in incident.notices
        if notice.tried.get(ChannelKind.SPEAKER) in {DeliveryState.SENT, DeliveryState.DELIVERED}
    ]
    taken = [
        step.after
        for step, rung in zip(ladder, incident.rungs, strict=True)
        if rung.state is RungState.TAKEN
    ]
    return bool(spoken) and max(taken) <= max(spoken)


def end(incident: Incident, status: Status, turn: Turn) -> Incident:
    """End an incident: what still waits is skipped, notices are taken away, nothing is due."""
    skipped = [
        index
        for index, rung in enumerate(incident.rungs)
        if rung.state in {RungState.WAITING, RungState.HELD}
    ]
    if skipped:
        turn.note("steps_skipped", steps=skipped, reason=status)
    turn.effects.append(Withdraw(responders=called(incident)))
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
        call_at=None,
        close_at=None,
    )


def called(incident: Incident) -> tuple[str, ...]:
    """Return those told at once. A digest is read when it is read: it stays on the phone."""
    return tuple(
        dict.fromkeys(
            notice.responder
            for notice in incident.notices
            if incident.policy.ladder[notice.step].digest is None
        )
    )
