"""How an incident climbs its ladder: what is due, who is told, and what silence does.

Everything here returns a changed copy and writes what it did into the turn, so that no step is
ever skipped, taken or pulled forward without a line of the timeline saying so.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from .due import Turn, due_of, next_due
from .ending import closed, closed_by_itself
from .events import Announce, Delivered, Occasion
from .model import (
    DeliveryState,
    Disposition,
    Incident,
    Notice,
    Rung,
    RungState,
    Status,
)
from .tell import (
    ask_again,
    call_again,
    guidance,
    order,
    spared,
    stand_in,
    tell,
    tell_again,
    wake,
    ways,
    whom,
)

# Further detectors are told together: the first alarm jumps the queue, a storm is two messages.
UPDATE_EVERY = timedelta(minutes=2)
# In a storm each further one is another place, and lives may depend on it: sooner, and it rings.
STORM_EVERY = timedelta(seconds=15)
# Handled but not closed: asked about once a day, so that nothing stays half done for ever.
REMIND_HANDLED = timedelta(hours=24)
REMIND_AT_MOST = timedelta(hours=24)
# Nobody could be told at all: somebody may become reachable any minute.
RETRY_NOBODY = timedelta(minutes=1)
RETRY_NOBODY_AT_MOST = timedelta(minutes=10)

_LAST_WORDS = {
    DeliveryState.DELIVERED,
    DeliveryState.FAILED,
    DeliveryState.CANCELLED,
    DeliveryState.WITHHELD,
}


def take_due(incident: Incident, turn: Turn, late: str | None = None) -> Incident:
    """Do everything that is due by now, in the order in which it came due."""
    while (due := next_due(incident)) is not None and due[0] <= turn.now:
        moment, why = due
        match why:
            case "step":
                incident = _take_rung(incident, _first(incident, RungState.WAITING), turn, late)
            case "receipt":
                incident = _no_receipt(incident, moment, turn)
            case "handle_within":
                turn.note("reopened", due=moment, reason="handle_within", late=late)
                incident = reopen(incident, turn, Occasion.OVERDUE)
            case "close":
                incident, _ = closed_by_itself(incident, turn)
            case "wake":
                incident = wake(incident, turn)
            case "reminder":
                incident = remind(incident, turn, due=moment, late=late)
            case _:
                incident = _tell_growth(incident, turn, due=moment)
    return incident


def _tell_growth(incident: Incident, turn: Turn, *, due: datetime) -> Incident:
    if incident.update_at is not None and incident.update_at <= turn.now:
        turn.note("told_of_growth", due=due, sources=len(incident.sources))
        storm = incident.storm and incident.policy.urgent
        tell_again(incident, turn, Occasion.STORM if storm else Occasion.GROWN)
        incident = replace(incident, update_at=None, updated_at=turn.now)
    if incident.call_at is not None and incident.call_at <= turn.now:
        call_again(incident, turn, due=due)
        incident = replace(incident, call_at=None)
    return incident


def _first(incident: Incident, *states: RungState) -> int:
    """Index of the rung to be taken next among those in the given states; -1 if there is none."""
    candidates = [
        (rung.due or incident.level_at + incident.policy.ladder[index].after, index)
        for index, rung in enumerate(incident.rungs)
        if rung.state in states
    ]
    return min(candidates)[1] if candidates else -1


def _take_rung(incident: Incident, index: int, turn: Turn, late: str | None) -> Incident:
    step, rung = incident.policy.ladder[index], incident.rungs[index]
    told_before = any(
        other.tier is step.tier and incident.rungs[number].taken_at is not None
        for number, other in enumerate(incident.policy.ladder)
    )
    incident = _with_rung(incident, index, replace(rung, state=RungState.TAKEN, taken_at=turn.now))
    chosen = whom(step, incident, turn.directory)
    reachable = [responder for responder in chosen if ways(step, responder, incident)]
    turn.note(
        "step_taken",
        due=rung.due,
        step=index,
        tier=step.tier,
        responders=[responder.key for responder in reachable],
        unreachable=[responder.key for responder in chosen if responder not in reachable],
        spared=[responder.key for responder in spared(step, incident, turn.directory)],
        late=late,
        pulled=rung.pulled,
    )
    for responder in reachable:
        incident = tell(incident, index, responder, turn)
    incident = _wait_for_morning(incident, index, turn)
    if step.tier is not None and not told_before:
        turn.effects.append(Announce(what="escalated", tier=step.tier))
    # A loudspeaker speaks to a place. Where there is none the guidance is left out; that is no
    # reason to get people up before their time.
    if not reachable and not guidance(step):
        incident = pull_next(incident, turn, "nobody_reachable")
    return _remind_if_exhausted(incident, turn)


def _wait_for_morning(incident: Incident, index: int, turn: Turn) -> Incident:
    """Let later steps keep their distance from one whose people are all asleep.

    At the end of the quiet hours they would all be told at once, or somebody's superior be called
    at night because they sleep: nobody has let anything lie yet. Critical steps wait for nobody.
    """
    told = [notice.wake_at for notice in incident.notices if notice.step == index]
    wakes = [moment for moment in told if moment is not None]
    if not told or len(wakes) < len(told):
        return incident
    ladder, wait = incident.policy.ladder, min(wakes) - turn.now
    later = {
        number: replace(rung, due=rung.due + wait)
        for number, (step, rung) in enumerate(zip(ladder, incident.rungs, strict=True))
        if rung.state is RungState.WAITING
        and rung.due is not None
        and step.after > ladder[index].after
        and not step.critical
        and step.digest is None
    }
    for number, rung in later.items():
        incident = _with_rung(incident, number, rung)
    if later:
        until = f"{min(wakes).astimezone(turn.zone):%H:%M}"
        turn.note("steps_wait", steps=list(later), until=until)
    return incident


def delivered(incident: Incident, event: Delivered, turn: Turn) -> Incident:
    """Note what a channel reports; a failure goes on to the next channel, then the next step."""
    index = next(
        (
            number
            for number, notice in enumerate(incident.notices)
            if (notice.step, notice.responder) == (event.step, event.responder)
        ),
        None,
    )
    if index is None or incident.notices[index].tried.get(event.channel) in _LAST_WORDS:
        return incident
    turn.note(
        event.state,
        step=event.step,
        responder=event.responder,
        channel=event.channel,
        reason=event.reason,
    )
    notice = incident.notices[index]
    notice = replace(notice, tried={**notice.tried, event.channel: event.state})
    if event.state is DeliveryState.DELIVERED and notice.receipt_at is None:
        notice = replace(notice, receipt_at=turn.now, receipt_due=None)
    incident = _with_notice(incident, index, notice)
    if event.state is DeliveryState.FAILED and all(
        state is DeliveryState.FAILED for state in notice.tried.values()
    ):
        return _next_channel(incident, index, turn, failed=True)
    return incident


def _no_receipt(incident: Incident, due: datetime, turn: Turn) -> Incident:
    index = next(n for n, notice in enumerate(incident.notices) if notice.receipt_due == due)
    notice = incident.notices[index]
    turn.note("no_receipt", due=due, step=notice.step, responder=notice.responder)
    return _next_channel(incident, index, turn, failed=False)


def _next_channel(incident: Incident, index: int, turn: Turn, *, failed: bool) -> Incident:
    """Go on to the responder's next channel; past the last, see whether the step reached anyone."""
    notice = incident.notices[index]
    if notice.receipt_at is not None:
        return incident
    if notice.untried and notice.receipt_due is not None:
        channel, *rest = notice.untried
        critical = incident.policy.ladder[notice.step].critical
        order(turn, notice.step, notice.responder, channel, critical=critical)
        return _with_notice(
            incident,
            index,
            replace(
                notice,
                tried={**notice.tried, channel: DeliveryState.QUEUED},
                untried=tuple(rest),
                receipt_due=turn.now + incident.policy.receipt_within,
            ),
        )
    if notice.receipt_due is None:  # an acknowledgement has ended the chase
        return incident
    incident = _with_notice(incident, index, replace(notice, receipt_due=None))
    of_step = [other for other in incident.notices if other.step == notice.step]
    if any(other.receipt_at or other.receipt_due or other.wake_at for other in of_step):
        return incident
    stood_in = stand_in(incident, notice, turn)
    if stood_in is not incident:
        return stood_in
    all_failed = failed and all(
        state is DeliveryState.FAILED for other in of_step for state in other.tried.values()
    )
    # A delivery that certainly failed is never waited out. One that is merely unconfirmed is,
    # unless lives may depend on it: a sanitation department must not be called at night because
    # a guard did not tap.
    if all_failed or incident.policy.urgent:
        return pull_next(incident, turn, "every_delivery_failed" if all_failed else "no_receipt")
    return incident


def grant_receipts(incident: Incident, turn: Turn) -> Incident:
    """Let receipts that came due while nobody could give one have their time again."""
    fresh = turn.now + incident.policy.receipt_within
    return replace(
        incident,
        notices=tuple(
            replace(notice, receipt_due=fresh)
            if notice.receipt_due is not None and notice.receipt_due <= turn.now
            else notice
            for notice in incident.notices
        ),
    )


def pull_next(incident: Incident, turn: Turn, why: str) -> Incident:
    """Take the next waiting step now instead of at its time, and say why."""
    index = _first(incident, RungState.WAITING)
    if index < 0:
        return incident
    rung = incident.rungs[index]
    if rung.due is None or rung.due <= turn.now or incident.policy.ladder[index].digest is not None:
        return incident
    turn.note("step_pulled", due=rung.due, step=index, reason=why)
    return _with_rung(incident, index, replace(rung, due=turn.now, pulled=why))


def escalate(incident: Incident, turn: Turn) -> Incident:
    """Take the next step at a person's word, also one that an acknowledgement holds back."""
    index = _first(incident, RungState.WAITING, RungState.HELD)
    if index < 0:
        return remind(incident, turn, due=None, late=None)
    rung = replace(
        incident.rungs[index], state=RungState.WAITING, due=turn.now, pulled="by_a_person"
    )
    incident = _with_rung(incident, index, rung)
    return _take_rung(incident, index, turn, None)


def hold(incident: Incident, indexes: Iterable[int]) -> Incident:
    """Hold steps back: an acknowledgement or a handling stops them for now."""
    for index in indexes:
        incident = _with_rung(
            incident, index, replace(incident.rungs[index], state=RungState.HELD, due=None)
        )
    return incident


def reopen(incident: Incident, turn: Turn, occasion: Occasion) -> Incident:
    """Open again: held steps come due with their old distances, and those told are told so."""
    ladder = incident.policy.ladder
    base = max(
        (s.after for s, r in zip(ladder, incident.rungs, strict=True) if r.taken_at is not None),
        default=timedelta(0),
    )
    rungs = tuple(
        replace(
            rung,
            state=RungState.WAITING,
            due=due_of(step, turn.now + max(step.after - base, timedelta(0)), turn.zone),
        )
        if rung.state is RungState.HELD
        else rung
        for step, rung in zip(ladder, incident.rungs, strict=True)
    )
    incident = replace(
        incident,
        status=Status.OPEN,
        rungs=rungs,
        acknowledgements=(),
        handle_by=None,
        handled_at=None,
        remind_at=None,
        update_at=None,
        updated_at=turn.now,
    )
    tell_again(incident, turn, occasion)
    return _remind_if_exhausted(incident, turn)


def remind(incident: Incident, turn: Turn, *, due: datetime | None, late: str | None) -> Incident:
    """Ask again: the last step's people while nobody has taken it on, else whoever handled it.

    A drill ends here instead: its ladder has been climbed, and an exercise nags nobody.
    """
    if incident.drill:
        return closed(incident, Disposition.TEST, turn, by="ladder")
    turn.note("reminder", due=due, number=incident.reminders + 1, late=late)
    if incident.status is Status.HANDLED:
        tell_again(incident, turn, Occasion.REMINDER)
        return replace(
            incident, remind_at=turn.now + REMIND_HANDLED, reminders=incident.reminders + 1
        )
    incident = replace(incident, remind_at=None, reminders=incident.reminders + 1)
    taken = [i for i, rung in enumerate(incident.rungs) if rung.state is RungState.TAKEN]
    for index in reversed(taken):
        # Chosen anew: whoever has become reachable since is told now.
        step = incident.policy.ladder[index]
        chosen = [who for who in whom(step, incident, turn.directory) if ways(step, who, incident)]
        for responder in chosen:
            incident = ask_again(incident, index, responder, turn)
        if chosen:
            break
    return _remind_if_exhausted(incident, turn)


def _remind_if_exhausted(incident: Incident, turn: Turn) -> Incident:
    """Past the last step of an open incident a reminder is due, each time twice as far off."""
    if incident.status is not Status.OPEN or incident.remind_at is not None:
        return incident
    if any(rung.state is RungState.WAITING for rung in incident.rungs):
        return incident
    digest = next((step for step in incident.policy.ladder if step.digest is not None), None)
    if digest is not None:
        # Once a day is once a day, also for what goes on.
        tomorrow = due_of(digest, turn.now + timedelta(minutes=1), turn.zone)
        return replace(incident, remind_at=tomorrow)
    if incident.notices:
        first, most = incident.policy.handle_within, REMIND_AT_MOST
    else:
        first, most = RETRY_NOBODY, RETRY_NOBODY_AT_MOST
    wait = min(first * 2 ** min(incident.reminders, 10), most)
    return replace(incident, remind_at=turn.now + wait)


def _with_rung(incident: Incident, index: int, rung: Rung) -> Incident:
    rungs = list(incident.rungs)
    rungs[index] = rung
    return replace(incident, rungs=tuple(rungs))


def _with_notice(incident: Incident, index: int, notice: Notice) -> Incident:
    notices = list(incident.notices)
    notices[index] = notice
    return replace(incident, notices=tuple(notices))
