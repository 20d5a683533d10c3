"""Who is told on a step, over which channels, and who is told again when something changes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from .due import Turn
from .events import UPDATE, Occasion, Send
from .model import ChannelKind, DeliveryState, Incident, Notice, Responder, RungState, Step

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
    return [
        who
        for who in directory.values()
        if who.tier is step.tier and who.sees(incident.loop, incident.zone)
    ]


def ways(step: Step, responder: Responder) -> tuple[ChannelKind, ...]:
    """Return the channels of a step to a responder, else the responder's own first; () for none.

    A loudspeaker is used only where the ladder names it: nobody wants a lift's alarm read out on
    the square because a phone was off.
    """
    named = tuple(kind for kind in step.channels if kind in responder.channels)
    if named or guidance(step):
        return named
    return _private(responder)[:1]


def _private(responder: Responder) -> tuple[ChannelKind, ...]:
    return tuple(kind for kind in responder.channels if kind is not ChannelKind.SPEAKER)


def tell(incident: Incident, index: int, responder: Responder, turn: Turn) -> Incident:
    """Tell a responder on a step, over the step's channels at once, then the others in order."""
    step = incident.policy.ladder[index]
    first = ways(step, responder)
    rest = tuple(kind for kind in _private(responder) if kind not in first)
    # Nobody is asked to answer a loudspeaker, nor rung up about a digest that lies unread.
    unanswered = guidance(step) or step.digest is not None
    notice = Notice(
        step=index,
        responder=responder.key,
        tried=dict.fromkeys(first, DeliveryState.QUEUED),
        untried=() if unanswered else rest,
        receipt_due=None if unanswered else turn.now + incident.policy.receipt_within,
    )
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
            if kind in notice.tried
        )
    )


def tell_again(incident: Incident, turn: Turn, occasion: Occasion) -> None:
    """Replace the notice of everyone who has been told where it can be replaced."""
    rings = occasion in {Occasion.OVERDUE, Occasion.REOPENED, Occasion.JOINT}
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


def speak_again(incident: Incident, turn: Turn) -> None:
    """Let the loudspeakers that have spoken speak again: somebody else stands there now."""
    for step, rung in zip(incident.policy.ladder, incident.rungs, strict=True):
        if not guidance(step) or rung.state is not RungState.TAKEN:
            continue
        for responder in whom(step, incident, turn.directory):
            for channel in ways(step, responder):
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
    return tell(incident, index, responder, turn) if ways(step, responder) else incident
