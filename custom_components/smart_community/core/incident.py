"""The incident's state machine: step(incident, event, now) -> what it is now, and what to do.

    status        event                    becomes
    ------------  -----------------------  ---------------------------------------------------
    open          acknowledge              acknowledged; steps `unless acknowledged` are held
    open, ack.    handle                   handled; every step is held (closed if quiet already
                                           and the source closes)
    acknowledged  handle_within passes     open; held steps are due again, old distances from now
    handled       alarmed, escalate        open; the same
    active        all sources quiet        closed, if the source closes; else only a fact
    active        close                    closed(disposition)
    active        taken over               superseded(parent)

Invariants (tests/core/test_incident_properties.py): a step is taken at most once; a step that is
never taken is recorded as skipped; nothing leaves closed or superseded; next_due is known while the
incident is active; any order and repetition of events ends in a legal state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from . import climb
from .due import Turn, planned
from .events import (
    Acknowledge,
    Alarmed,
    Announce,
    ClockJumped,
    Close,
    Delivered,
    Effect,
    Escalate,
    Event,
    Handle,
    Occasion,
    Quieted,
    TakenOver,
    Tick,
    Withdraw,
)
from .model import (
    Acknowledgement,
    Actor,
    Closes,
    Disposition,
    Incident,
    Policy,
    Proof,
    Responder,
    RungState,
    Source,
    Status,
    Verdict,
    aware,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """The incident afterwards, the reason in one word, and what the shell has to do, in order."""

    incident: Incident
    verdict: Verdict
    effects: tuple[Effect, ...]


def open_incident(
    *,
    incident_id: str,
    number: str,
    loop: str,
    zone: str,
    zone_name: str,
    policy: Policy,
    sources: Mapping[str, Source],
    now: datetime,
    directory: Iterable[Responder],
    children: tuple[Incident, ...] = (),
    summary: str = "",
    drill: bool = False,
) -> Transition:
    """Open an incident and take the steps that are due at once.

    `children` are the lesser incidents it takes over: it starts with the time of their first alarm.
    """
    aware(now, "now")
    turn = Turn(now=now, directory={who.key: who for who in directory})
    firsts = [source.first_at for source in sources.values()]
    firsts += [child.first_alarm_at for child in children]
    incident = Incident(
        id=incident_id,
        number=number,
        loop=loop,
        zone=zone,
        zone_name=zone_name,
        policy=policy,
        opened_at=now,
        first_alarm_at=min(firsts, default=now),
        level_at=now,
        updated_at=now,
        summary=summary,
        sources=dict(sources),
        rungs=planned(policy.ladder, now),
        children=tuple(child.id for child in children),
        drill=drill,
    )
    turn.note(
        "opened",
        sources=list(sources),
        summary=summary,
        first_alarm=incident.first_alarm_at.isoformat(),
        took_over=[child.number for child in children],
        plan=[rung.due.isoformat() for rung in incident.rungs if rung.due is not None],
    )
    turn.effects.append(Announce(what="opened"))
    incident = climb.take_due(incident, turn)
    return Transition(incident=incident, verdict=Verdict.OPENED, effects=tuple(turn.effects))


def step(
    incident: Incident, event: Event, *, now: datetime, directory: Iterable[Responder]
) -> Transition:
    """Decide what an event does to an incident at `now`. Never raises for a legal value."""
    aware(now, "now")
    turn = Turn(now=now, directory={who.key: who for who in directory})
    if not incident.status.active:
        # What a channel reports late is still a fact worth keeping; nothing else changes the past.
        if isinstance(event, Delivered):
            incident = climb.delivered(incident, event, turn)
        return Transition(
            incident=incident, verdict=Verdict.ALREADY_ENDED, effects=tuple(turn.effects)
        )
    late = None
    match event:
        case Alarmed():
            incident, verdict = _alarmed(incident, event, turn)
        case Quieted():
            incident, verdict = _quieted(incident, event, turn)
        case Acknowledge(actor=actor):
            incident, verdict = _acknowledge(incident, actor, turn)
        case Handle():
            incident, verdict = _handle(incident, event, turn)
        case Close():
            incident, verdict = _close(incident, event, turn)
        case Escalate(actor=actor):
            incident, verdict = _escalate(incident, actor, turn)
        case Delivered():
            incident, verdict = climb.delivered(incident, event, turn), Verdict.RECORDED
        case TakenOver():
            turn.note("superseded", by=event.by, number=event.by_number)
            incident = _end(replace(incident, parent=event.by), Status.SUPERSEDED, turn)
            verdict = Verdict.TAKEN_OVER
        case ClockJumped(by=delta):
            turn.note("clock_jumped", seconds=delta.total_seconds())
            incident, verdict = _shifted(incident, delta), Verdict.RECORDED
        case Tick():
            late, verdict = event.late, Verdict.NOTHING_DUE
            if late is not None:
                incident = climb.grant_receipts(incident, turn)
    before = len(turn.effects)
    incident = climb.take_due(incident, turn, late)
    if isinstance(event, Tick) and len(turn.effects) > before:
        verdict = Verdict.ESCALATED
    return Transition(incident=incident, verdict=verdict, effects=tuple(turn.effects))


def _alarmed(incident: Incident, event: Alarmed, turn: Turn) -> tuple[Incident, Verdict]:
    merged = dict(incident.sources)
    new = []
    for key, source in event.sources.items():
        known = merged.get(key)
        if known is None:
            new.append(key)
            merged[key] = source
        else:
            merged[key] = replace(
                source, first_at=known.first_at, times=known.times + 1, cleared_at=None
            )
    turn.note("alarm", sources=list(event.sources), new=len(new))
    incident = replace(incident, sources=merged)
    if incident.status is Status.HANDLED:
        turn.note("reopened", reason="alarm_again")
        return climb.reopen(incident, turn, Occasion.REOPENED), Verdict.REOPENED
    if new and incident.update_at is None:
        told_at = incident.updated_at or incident.opened_at
        incident = replace(incident, update_at=max(told_at + climb.UPDATE_EVERY, turn.now))
    return incident, Verdict.JOINED


def _quieted(incident: Incident, event: Quieted, turn: Turn) -> tuple[Incident, Verdict]:
    raised = [
        key
        for key in event.sources
        if key in incident.sources and incident.sources[key].cleared_at is None
    ]
    if not raised:
        return incident, Verdict.NOTHING_TO_CLEAR
    merged = dict(incident.sources)
    for key in raised:
        merged[key] = replace(merged[key], cleared_at=turn.now)
    incident = replace(incident, sources=merged)
    turn.note("cleared", sources=raised, quiet=incident.quiet)
    if not incident.quiet or incident.policy.closes is Closes.PERSON:
        return incident, Verdict.CLEARED
    if incident.status is Status.HANDLED:
        return _closed(incident, Disposition.HANDLED, turn, by="source"), Verdict.CLOSED
    closed = _closed(incident, Disposition.CLEARED, turn, by="source")
    return closed, Verdict.CLEARED_BY_ITSELF


def _acknowledge(incident: Incident, actor: Actor, turn: Turn) -> tuple[Incident, Verdict]:
    if incident.status is Status.HANDLED:
        return incident, Verdict.ALREADY_HANDLED
    if any(
        (done.responder, done.tier) == (actor.responder, actor.tier)
        for done in incident.acknowledgements
    ):
        return incident, Verdict.ALREADY_ACKNOWLEDGED
    held = [
        index
        for index, (rule, rung) in enumerate(
            zip(incident.policy.ladder, incident.rungs, strict=True)
        )
        if rung.state is RungState.WAITING
        and rule.unless is Status.ACKNOWLEDGED
        and (rule.by is None or rule.by is actor.tier)
    ]
    turn.note("acknowledged", actor=actor, held=held)
    incident = climb.hold(_heard_from(incident, actor, turn), held)
    handle_by = turn.now + incident.policy.handle_within
    done = Acknowledgement(responder=actor.responder, tier=actor.tier, at=turn.now)
    incident = replace(
        incident,
        status=Status.ACKNOWLEDGED,
        acknowledgements=(*incident.acknowledgements, done),
        assignee=actor.responder or incident.assignee,
        handle_by=max(incident.handle_by or handle_by, handle_by),
        remind_at=None,
        notices=tuple(
            replace(notice, receipt_due=None)
            if incident.policy.ladder[notice.step].unless is Status.ACKNOWLEDGED
            else notice
            for notice in incident.notices
        ),
    )
    climb.tell_again(incident, turn, Occasion.ACKNOWLEDGED)
    turn.effects.append(Announce(what="acknowledged"))
    return incident, Verdict.ACKNOWLEDGED


def _handle(incident: Incident, event: Handle, turn: Turn) -> tuple[Incident, Verdict]:
    if incident.status is Status.HANDLED:
        return incident, Verdict.ALREADY_HANDLED
    if missing := _missing_proof(incident.policy, event.note, event.photo):
        return incident, missing
    turn.note("handled", actor=event.actor, note=event.note, photo=event.photo)
    incident = climb.hold(
        _heard_from(incident, event.actor, turn),
        [i for i, rung in enumerate(incident.rungs) if rung.state is RungState.WAITING],
    )
    incident = replace(
        incident,
        status=Status.HANDLED,
        handled_at=turn.now,
        handle_by=None,
        update_at=None,
        assignee=event.actor.responder or incident.assignee,
        remind_at=turn.now + climb.REMIND_HANDLED,
        notices=tuple(replace(notice, receipt_due=None) for notice in incident.notices),
    )
    turn.effects.append(Announce(what="handled"))
    if incident.quiet and incident.policy.closes is Closes.SOURCE:
        return _closed(incident, Disposition.HANDLED, turn, by="source"), Verdict.CLOSED
    climb.tell_again(incident, turn, Occasion.HANDLED)
    return incident, Verdict.HANDLED


def _missing_proof(policy: Policy, note: str, photo: str) -> Verdict | None:
    if policy.proof is Proof.PHOTO and not photo:
        return Verdict.NEEDS_PHOTO
    if policy.proof is Proof.NOTE and not note.strip():
        return Verdict.NEEDS_NOTE
    return None


def _close(incident: Incident, event: Close, turn: Turn) -> tuple[Incident, Verdict]:
    if event.disposition is Disposition.CLEARED and not incident.quiet:
        return incident, Verdict.STILL_IN_ALARM
    unproven = event.disposition is Disposition.HANDLED and incident.status is not Status.HANDLED
    if unproven and (missing := _missing_proof(incident.policy, event.note, "")):
        return incident, missing
    incident = _heard_from(incident, event.actor, turn)
    closed = _closed(
        incident, event.disposition, turn, by="person", actor=event.actor, note=event.note
    )
    return closed, Verdict.CLOSED


def _escalate(incident: Incident, actor: Actor, turn: Turn) -> tuple[Incident, Verdict]:
    turn.note("escalated_by_a_person", actor=actor)
    incident = _heard_from(incident, actor, turn)
    if incident.status is Status.HANDLED:
        turn.note("reopened", reason="help_needed")
        incident = climb.reopen(incident, turn, Occasion.REOPENED)
    return climb.escalate(incident, turn), Verdict.ESCALATED


def _heard_from(incident: Incident, actor: Actor, turn: Turn) -> Incident:
    """Somebody who acts has certainly received the message."""
    return replace(
        incident,
        notices=tuple(
            replace(notice, receipt_at=turn.now, receipt_due=None)
            if notice.responder == actor.responder and notice.receipt_at is None
            else notice
            for notice in incident.notices
        ),
    )


def _closed(
    incident: Incident,
    disposition: Disposition,
    turn: Turn,
    *,
    by: str,
    actor: Actor | None = None,
    note: str = "",
) -> Incident:
    still = [key for key, source in incident.sources.items() if source.cleared_at is None]
    turn.note(
        "closed", actor=actor, disposition=disposition, by=by, note=note, still_in_alarm=still
    )
    incident = replace(incident, disposition=disposition, closed_at=turn.now)
    return _end(incident, Status.CLOSED, turn)


def _end(incident: Incident, status: Status, turn: Turn) -> Incident:
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


def _shifted(incident: Incident, delta: timedelta) -> Incident:
    def moved(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment + delta

    return replace(
        incident,
        rungs=tuple(
            replace(rung, due=moved(rung.due)) if rung.state is RungState.WAITING else rung
            for rung in incident.rungs
        ),
        notices=tuple(replace(n, receipt_due=moved(n.receipt_due)) for n in incident.notices),
        handle_by=moved(incident.handle_by),
        remind_at=moved(incident.remind_at),
        update_at=moved(incident.update_at),
    )
