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
from datetime import UTC, datetime, timedelta, tzinfo

from . import climb
from .due import Turn, planned
from .ending import end, settled, stirred, when_quiet
from .events import (
    Alarmed,
    Announce,
    ClockJumped,
    Delivered,
    Effect,
    Event,
    Joined,
    Occasion,
    Pictured,
    Quieted,
    Stirred,
    TakenOver,
    Tick,
)
from .model import (
    Closes,
    Incident,
    Policy,
    Responder,
    RungState,
    Source,
    Status,
    Verdict,
    aware,
)
from .tell import speak_again, tell_again
from .word import said


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
    local: tzinfo = UTC,
) -> Transition:
    """Open an incident and take the steps that are due at once.

    `children` are the lesser incidents it takes over: it starts with the time of their first alarm.
    `local`: the community's time, by which digests are told.
    """
    aware(now, "now")
    turn = Turn(now=now, directory={who.key: who for who in directory}, zone=local)
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
        rungs=planned(policy.ladder, now, local),
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
    incident: Incident,
    event: Event,
    *,
    now: datetime,
    directory: Iterable[Responder],
    local: tzinfo = UTC,
) -> Transition:
    """Decide what an event does to an incident at `now`. Never raises for a legal value."""
    aware(now, "now")
    turn = Turn(now=now, directory={who.key: who for who in directory}, zone=local)
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
        case Stirred(until=until):
            incident, verdict = stirred(incident, until), Verdict.PENDING
        case Quieted():
            incident, verdict = _quieted(incident, event, turn)
        case Delivered():
            incident, verdict = climb.delivered(incident, event, turn), Verdict.RECORDED
        case TakenOver():
            turn.note("superseded", by=event.by, number=event.by_number)
            incident = end(replace(incident, parent=event.by), Status.SUPERSEDED, turn)
            verdict = Verdict.TAKEN_OVER
        case Joined():
            incident, verdict = _joined(incident, event, turn), Verdict.JOINED
        case Pictured():
            tell_again(incident, turn, Occasion.PICTURE)
            verdict = Verdict.RECORDED
        case ClockJumped(by=delta):
            turn.note("clock_jumped", seconds=delta.total_seconds())
            incident, verdict = _shifted(incident, delta), Verdict.RECORDED
        case Tick():
            late, verdict = event.late, Verdict.NOTHING_DUE
            if late is not None:
                incident = climb.grant_receipts(incident, turn)
        case _:
            incident, verdict = said(incident, event, turn)
    before = len(turn.effects)
    incident = climb.take_due(incident, turn, late)
    if isinstance(event, Tick) and len(turn.effects) > before:
        verdict = Verdict.ESCALATED
    return Transition(incident=incident, verdict=verdict, effects=tuple(turn.effects))


def _alarmed(incident: Incident, event: Alarmed, turn: Turn) -> tuple[Incident, Verdict]:
    merged = dict(incident.sources)
    was_quiet = incident.quiet
    new = []
    for key, source in event.sources.items():
        known = merged.get(key)
        # In a storm a source is a place of its own: in alarm again it is as much news as another.
        if known is None or (incident.storm and known.cleared_at is not None):
            new.append(key)
        if known is None:
            merged[key] = source
        else:
            merged[key] = replace(source, first_at=known.first_at, times=known.times + 1)
    turn.note("alarm", sources=list(event.sources), new=len(new))
    incident = replace(incident, sources=merged, children=(*incident.children, *event.children))
    if not incident.quiet:
        incident = replace(incident, close_at=None)
    urgent_storm = incident.storm and incident.policy.urgent
    if new and urgent_storm and incident.call_at is None:
        incident = replace(incident, call_at=turn.now + climb.UPDATE_EVERY)
    if incident.status is Status.HANDLED:
        turn.note("reopened", reason="alarm_again")
        return climb.reopen(incident, turn, Occasion.REOPENED), Verdict.REOPENED
    if was_quiet:
        speak_again(incident, turn)
    if new and incident.update_at is None:
        told_at = incident.updated_at or incident.opened_at
        every = climb.STORM_EVERY if urgent_storm else climb.UPDATE_EVERY
        incident = replace(incident, update_at=max(told_at + every, turn.now))
    return incident, Verdict.JOINED


def _quieted(incident: Incident, event: Quieted, turn: Turn) -> tuple[Incident, Verdict]:
    raised = [
        key
        for key in event.sources
        if key in incident.sources and incident.sources[key].cleared_at is None
    ]
    if not raised:
        return settled(incident, turn), Verdict.NOTHING_TO_CLEAR
    merged = dict(incident.sources)
    for key in raised:
        merged[key] = replace(merged[key], cleared_at=turn.now)
    incident = replace(incident, sources=merged)
    turn.note("cleared", sources=raised, quiet=incident.quiet)
    if not incident.quiet or incident.policy.closes is Closes.PERSON:
        return incident, Verdict.CLEARED
    return when_quiet(incident, turn)


def _joined(incident: Incident, event: Joined, turn: Turn) -> Incident:
    """Another incident in the same place makes both one emergency: nobody waits for the next step.

    Gas where there is smoke is no pot on a stove; those who are on their way must know.
    """
    turn.note("joint", loop=event.loop, number=event.number)
    incident = replace(incident, joint={**incident.joint, event.incident: event.loop})
    if incident.notices:
        tell_again(incident, turn, Occasion.JOINT)
    return climb.pull_next(incident, turn, "joint")


def _shifted(incident: Incident, delta: timedelta) -> Incident:
    def moved(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment + delta

    return replace(
        incident,
        rungs=tuple(
            replace(rung, due=moved(rung.due)) if rung.state is RungState.WAITING else rung
            for rung in incident.rungs
        ),
        notices=tuple(
            replace(n, receipt_due=moved(n.receipt_due), wake_at=moved(n.wake_at))
            for n in incident.notices
        ),
        handle_by=moved(incident.handle_by),
        remind_at=moved(incident.remind_at),
        update_at=moved(incident.update_at),
        call_at=moved(incident.call_at),
        close_at=moved(incident.close_at),
    )
