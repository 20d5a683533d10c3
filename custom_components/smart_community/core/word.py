"""What a person's word does to an incident."""

from dataclasses import replace

from . import climb
from .due import Turn
from .ending import called, closed
from .events import (
    Acknowledge,
    Announce,
    Assign,
    Close,
    Comment,
    Escalate,
    Handle,
    Occasion,
    Withdraw,
    Word,
)
from .model import (
    Acknowledgement,
    Actor,
    Closes,
    Disposition,
    Incident,
    Policy,
    Proof,
    RungState,
    Status,
    Verdict,
)
from .tell import assign, tell_again

_BY_ITSELF = frozenset((Disposition.CLEARED, Disposition.GUIDED))


def said(incident: Incident, word: Word, turn: Turn) -> tuple[Incident, Verdict]:
    """Do what a person says, if the incident's state allows it; the verdict tells."""
    match word:
        case Acknowledge(actor=actor):
            return _acknowledge(incident, actor, turn)
        case Handle():
            return _handle(incident, word, turn)
        case Close():
            return _close(incident, word, turn)
        case Escalate(actor=actor):
            return _escalate(incident, actor, turn)
        case Assign(actor=actor, responder=key):
            turn.note("assigned", actor=actor, responder=key)
            return assign(incident, key, turn), Verdict.ASSIGNED
        case Comment(actor=actor, text=text):
            turn.note("comment", actor=actor, note=text)
            return incident, Verdict.RECORDED


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
    tell_again(incident, turn, Occasion.ACKNOWLEDGED)
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
        call_at=None,
        assignee=event.actor.responder or incident.assignee,
        remind_at=turn.now + climb.REMIND_HANDLED,
        notices=tuple(replace(notice, receipt_due=None) for notice in incident.notices),
    )
    turn.effects.append(Announce(what="handled"))
    # While it is watched for coming back (`close_at`) it stays handled until then.
    over = incident.close_at is None or incident.close_at <= turn.now
    if incident.quiet and over and incident.policy.closes is Closes.SOURCE:
        return closed(incident, Disposition.HANDLED, turn, by="source"), Verdict.CLOSED
    turn.effects.append(Withdraw(responders=called(incident)))
    return incident, Verdict.HANDLED


def _missing_proof(policy: Policy, note: str, photo: str) -> Verdict | None:
    if policy.proof is Proof.PHOTO and not photo:
        return Verdict.NEEDS_PHOTO
    if policy.proof is Proof.NOTE and not note.strip():
        return Verdict.NEEDS_NOTE
    return None


def _close(incident: Incident, event: Close, turn: Turn) -> tuple[Incident, Verdict]:
    # One word on a storm is a word on hundreds of places: those that still sound would be told to
    # nobody any more, as the same episode opens nothing new.
    unsettled = incident.storm and event.disposition is Disposition.FALSE_ALARM
    if (unsettled or event.disposition in _BY_ITSELF) and not incident.quiet:
        return incident, Verdict.STILL_IN_ALARM
    if event.disposition is Disposition.PENALTY and not event.note.strip():
        return incident, Verdict.NEEDS_NOTE  # the note is the decision
    unproven = event.disposition is Disposition.HANDLED and incident.status is not Status.HANDLED
    if unproven and (missing := _missing_proof(incident.policy, event.note, "")):
        return incident, missing
    incident = _heard_from(incident, event.actor, turn)
    ended = closed(
        incident, event.disposition, turn, by="person", actor=event.actor, note=event.note
    )
    return ended, Verdict.CLOSED


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
