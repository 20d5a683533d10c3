"""Who is told on a step, over which channels, and who is told again when something changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from .due import Turn
from .events import UPDATE, Occasion, Send
from .model import (
    ChannelKind,
    DeliveryState,
    Incident,
    Notice,
    Responder,
    RungState,
    Status,
    Step,
    Tier,
)
from .roster import there

# Notices on these stay where they are until they are replaced or taken away; what was said or
# written otherwise is over.
REPLACED: Final = (ChannelKind.PUSH, ChannelKind.PERSISTENT)


def guidance(step: Step) -> bool:
    """Whether a step only speaks to a place ("please turn it down") and expects no answer."""
    return set(step.channels) == {ChannelKind.SPEAKER}


def whom(step: Step, incident: Incident, directory: Mapping[str, Responder]) -> list[Responder]:
    """Return the responders of a step: the one it names, or those of its tier that it concerns."""
    if step.responder is not None:
        named = directory.get(step.responder)
        return [named] if named is not None else []
    concerned = _concerned(step, incident, directory)
    on_duty = there(concerned, directory)
    # A gap in the roster must not silence an alarm. That a drill spares whoever stands in is none:
    # those who are away are not to be rung up for it.
    return [who for who in on_duty if _stands_in(who, incident)] if on_duty else concerned


def spared(step: Step, incident: Incident, directory: Mapping[str, Responder]) -> list[Responder]:
    """Return who would be told of an alarm and is not of the drill: from beyond its tier."""
    if not incident.drill:
        return []
    on_duty = there(_concerned(step, incident, directory), directory)
    return [who for who in on_duty if not _stands_in(who, incident)]


def _concerned(
    step: Step, incident: Incident, directory: Mapping[str, Responder]
) -> list[Responder]:
    return [
        who
        for who in directory.values()
        if who.tier is step.tier and who.sees(incident.loop, incident.zone)
    ]


def _stands_in(deputy: Responder, incident: Incident) -> bool:
    """Whether a deputy may be told: in a drill nobody beyond the tier that it names."""
    order = list(Tier)
    tiers = [order.index(step.tier) for step in incident.policy.ladder if step.tier is not None]
    return not incident.drill or order.index(deputy.tier) <= max(tiers, default=-1)


def ways(step: Step, responder: Responder, incident: Incident) -> tuple[ChannelKind, ...]:
    """Return the channels of a step to a responder, else the responder's own first; () for none.

    A loudspeaker is used only where the ladder names it: nobody wants a lift's alarm read out on
    the square because a phone was off.
    """
    channels = _channels(responder, incident)
    named = tuple(kind for kind in step.channels if kind in channels)
    if named or guidance(step):
        return named
    return _private(channels)[:1]


def _channels(responder: Responder, incident: Incident) -> tuple[ChannelKind, ...]:
    urgent = incident.policy.urgent and responder.urgent_channels
    return responder.urgent_channels if urgent else responder.channels


def _private(channels: tuple[ChannelKind, ...]) -> tuple[ChannelKind, ...]:
    return tuple(kind for kind in channels if kind is not ChannelKind.SPEAKER)


def resting(step: Step, responder: Responder, incident: Incident) -> datetime | None:
    """Until when a message is withheld: quiet hours hold for what no life may depend on."""
    if incident.policy.urgent or step.critical or guidance(step) or incident.drill:
        return None
    return responder.resting_until


def tell(incident: Incident, index: int, responder: Responder, turn: Turn) -> Incident:
    """Tell a responder on a step, over the step's channels at once, then the others in order."""
    step = incident.policy.ladder[index]
    first = ways(step, responder, incident)
    rest = tuple(kind for kind in _private(_channels(responder, incident)) if kind not in first)
    until = resting(step, responder, incident)
    # Nobody is asked to answer a loudspeaker, nor rung up about a digest that lies unread.
    unanswered = guidance(step) or step.digest is not None
    notice = Notice(
        step=index,
        responder=responder.key,
        tried=dict.fromkeys(first, DeliveryState.QUEUED),
        untried=() if unanswered else rest,
        receipt_due=None
        if unanswered or until is not None
        else turn.now + incident.policy.receipt_within,
        wake_at=until,
    )
    if until is not None:
        turn.note(
            "withheld",
            step=index,
            responder=responder.key,
            channel=first[0],
            reason="quiet_hours",
            until=until.isoformat(),
        )
        return replace(incident, notices=(*incident.notices, notice))
    # A channel that this step uses needs not be tried once more on behalf of an earlier step.
    others = tuple(
        replace(other, untried=tuple(kind for kind in other.untried if kind not in first))
        if other.responder == responder.key
        else other
        for other in incident.notices
    )
    occasion = Occasion.ALARM if step.digest is None else Occasion.DIGEST
    for kind in first:
        order(turn, index, responder.key, kind, critical=step.critical, occasion=occasion)
    return replace(incident, notices=(*others, notice))


def order(
    turn: Turn,
    step: int,
    responder: str,
    channel: ChannelKind,
    *,
    critical: bool,
    occasion: Occasion = Occasion.ALARM,
) -> None:
    """Order a step's message over one channel."""
    turn.effects.append(
        Send(
            step=step,
            responder=responder,
            channel=channel,
            occasion=occasion,
            critical=critical,
        )
    )


def ask_again(incident: Incident, index: int, responder: Responder, turn: Turn) -> Incident:
    """Remind a responder over every channel that was tried; one who is new is told."""
    notice = next(
        (n for n in incident.notices if (n.step, n.responder) == (index, responder.key)), None
    )
    if notice is None:
        return tell(incident, index, responder, turn)
    if resting(incident.policy.ladder[index], responder, incident) is not None:
        return incident
    for channel in notice.tried:
        turn.effects.append(
            Send(
                step=UPDATE,
                responder=responder.key,
                channel=channel,
                occasion=Occasion.REMINDER,
                critical=incident.policy.ladder[index].critical,
            )
        )
    return incident


def noticed(incident: Incident) -> tuple[tuple[str, ChannelKind], ...]:
    """Return who has a notice that can be replaced or taken away, and where."""
    return tuple(
        dict.fromkeys(
            (notice.responder, kind)
            for notice in incident.notices
            for kind in REPLACED
            if kind in notice.tried and notice.wake_at is None
        )
    )


def tell_again(incident: Incident, turn: Turn, occasion: Occasion) -> None:
    """Replace the notice of everyone who has been told where it can be replaced."""
    rings = occasion in {Occasion.OVERDUE, Occasion.REOPENED, Occasion.JOINT, Occasion.STORM}
    critical = {
        notice.responder
        for notice in incident.notices
        if rings and incident.policy.ladder[notice.step].critical
    }
    for responder, kind in noticed(incident):
        turn.effects.append(
            Send(
                step=UPDATE,
                responder=responder,
                channel=kind,
                occasion=occasion,
                critical=responder in critical,
            )
        )


def call_again(incident: Incident, turn: Turn, *, due: datetime) -> None:
    """Tell those of a storm's growth whom no notice reaches: by a call, a text message, a chat.

    Over one of the ways that were tried, if possible one that has not failed.
    """
    failed = DeliveryState.FAILED
    calls: dict[str, Send] = {}
    heard = {
        notice.responder
        for notice in incident.notices
        for kind in REPLACED
        if notice.tried.get(kind, failed) is not failed
    }
    for notice in incident.notices:
        tried = [kind for kind in _private(tuple(notice.tried)) if kind not in REPLACED]
        if tried and notice.responder not in {*heard, *calls}:
            calls[notice.responder] = Send(
                step=UPDATE,
                responder=notice.responder,
                channel=min(tried, key=lambda kind: notice.tried[kind] is failed),
                occasion=Occasion.STORM,
                critical=incident.policy.ladder[notice.step].critical,
            )
    if calls:
        turn.note("told_of_growth", due=due, sources=len(incident.sources), responders=list(calls))
        turn.effects.extend(calls.values())


def speak_again(incident: Incident, turn: Turn) -> None:
    """Let the loudspeakers that have spoken speak again: somebody else stands there now."""
    for step, rung in zip(incident.policy.ladder, incident.rungs, strict=True):
        if not guidance(step) or rung.state is not RungState.TAKEN:
            continue
        for responder in whom(step, incident, turn.directory):
            for channel in ways(step, responder, incident):
                order(turn, UPDATE, responder.key, channel, critical=step.critical)


def assign(incident: Incident, key: str, turn: Turn) -> Incident:
    """Give an incident to a responder: told like the step reached so far, if not told yet."""
    incident = replace(incident, assignee=key)
    tell_again(incident, turn, Occasion.ASSIGNED)
    responder = turn.directory.get(key)
    if responder is None or key in incident.told:
        return incident
    taken = [i for i, rung in enumerate(incident.rungs) if rung.state is RungState.TAKEN]
    index = max(taken, default=0)
    step = incident.policy.ladder[index]
    if not ways(step, responder, incident):
        return incident
    return tell(incident, index, responder, turn)


def stand_in(incident: Incident, notice: Notice, turn: Turn) -> Incident:
    """Tell the deputies of a responder who could not be reached; the same incident if none are."""
    absent = turn.directory.get(notice.responder)
    step = incident.policy.ladder[notice.step]
    for key in absent.deputies if absent is not None else ():
        deputy = turn.directory.get(key)
        if deputy is None or key in incident.told or not _stands_in(deputy, incident):
            continue
        if not ways(step, deputy, incident):
            continue
        turn.note("deputy_told", step=notice.step, responder=key, instead=notice.responder)
        incident = tell(incident, notice.step, deputy, turn)
    return incident


def wake(incident: Incident, turn: Turn) -> Incident:
    """Send what was withheld until now, if it still matters."""
    notices = []
    for notice in incident.notices:
        if notice.wake_at is None or notice.wake_at > turn.now:
            notices.append(notice)
            continue
        step = incident.policy.ladder[notice.step]
        unanswered = step.digest is not None or incident.status is not Status.OPEN
        due = None if unanswered else turn.now + incident.policy.receipt_within
        notices.append(replace(notice, wake_at=None, receipt_due=due))
        turn.note("told_after_rest", due=notice.wake_at, responder=notice.responder)
        for kind in notice.tried:
            order(turn, notice.step, notice.responder, kind, critical=step.critical)
    return replace(incident, notices=tuple(notices))
