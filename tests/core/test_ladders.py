"""The shipped ladders as timelines: who is told at which second, and what people's words do."""

from datetime import timedelta
from itertools import pairwise

import pytest

from custom_components.smart_community.core.due import next_due
from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.events import (
    Acknowledge,
    Alarmed,
    ClockJumped,
    Close,
    Delivered,
    Escalate,
    Handle,
    Quieted,
    TakenOver,
    Tick,
    Withdraw,
)
from custom_components.smart_community.core.ladder import parse_ladder, policy
from custom_components.smart_community.core.model import (
    DeliveryState,
    Disposition,
    RungState,
    Severity,
    Status,
    Tier,
    Verdict,
)

from .people import (
    DIGEST,
    FIRE,
    GUARD,
    HEAD,
    MULTIPLE,
    PUSH,
    SECRETARY,
    SINGLE,
    SMS,
    T0,
    VOICE,
    WATER,
    WATERLOGGING,
    Story,
    actor,
    after,
    responder,
    source,
)


def received(story: Story, step: int, who: str, channel: str) -> None:
    story.happens(
        Delivered(step=step, responder=who, channel=channel, state=DeliveryState.DELIVERED)
    )


def test_smoke_single_rings_then_calls_then_tells_the_committee() -> None:
    story = Story(SINGLE)
    received(story, 0, "guard", PUSH)
    story.until(seconds=15)
    received(story, 1, "guard", VOICE)
    story.until(minutes=3)
    assert story.told() == [
        (0, "guard", PUSH),
        (15, "guard", VOICE),
        (180, "secretary", SMS),
    ]


def test_an_acknowledgement_holds_the_steps_unless_acknowledged() -> None:
    story = Story(SINGLE)
    story.now = after(seconds=10)
    story.happens(Acknowledge(actor=actor(GUARD)))
    story.until(minutes=9)
    assert story.told() == [(0, "guard", PUSH)]
    assert [rung.state for rung in story.incident.rungs] == [
        RungState.TAKEN,
        RungState.HELD,
        RungState.HELD,
    ]


def test_held_steps_come_back_with_their_old_distances() -> None:
    story = Story(SINGLE)
    story.now = after(seconds=10)
    story.happens(Acknowledge(actor=actor(GUARD)))
    story.until(minutes=10, seconds=10)
    assert story.incident.status is Status.OPEN
    assert story.told("overdue") == [(610, "guard", PUSH)]
    received(story, 0, "guard", PUSH)
    story.until(minutes=10, seconds=25)
    received(story, 1, "guard", VOICE)
    story.until(minutes=13, seconds=10)
    assert story.told()[1:] == [(625, "guard", VOICE), (790, "secretary", SMS)]


def test_in_the_emergency_only_handled_stops_the_climb() -> None:
    story = Story(MULTIPLE, "smoke_multiple")
    received(story, 0, "guard", PUSH)
    story.now = after(seconds=5)
    story.happens(Acknowledge(actor=actor(GUARD)))
    story.until(seconds=15)
    received(story, 1, "secretary", VOICE)
    story.until(minutes=2)
    received(story, 2, "fire", PUSH)
    story.until(minutes=10)
    assert [(at, who) for at, who, _ in story.told()] == [
        (0, "guard"),
        (15, "secretary"),
        (15, "secretary"),
        (120, "fire"),
        (600, "head"),
        (600, "head"),
        (600, "head"),
    ]
    story.happens(Handle(actor=actor(GUARD), note="put out"))
    story.sent.clear()
    story.until(hours=23)
    assert story.sent == []


def test_waterlogging_stops_before_the_township_only_by_the_departments_word() -> None:
    for who, reaches in ((GUARD, True), (WATER, False)):
        story = Story(WATERLOGGING, "waterlogging")
        for step, key, channel in ((0, "water", PUSH), (1, "guard", PUSH), (2, "secretary", SMS)):
            received(story, step, key, channel)
        story.happens(Acknowledge(actor=actor(who)))
        story.until(minutes=30)
        assert ("head" in {key for _, key, _ in story.told()}) is reaches


def test_a_department_sees_only_its_own_loops() -> None:
    story = Story(MULTIPLE, "smoke_multiple")
    story.until(minutes=2)
    told = {key for _, key, _ in story.told()}
    assert "fire" in told
    assert "water" not in told


def test_nobody_reachable_takes_the_next_step_at_once_and_says_so() -> None:
    story = Story(SINGLE, people=(SECRETARY,))
    assert story.told() == [(0, "secretary", SMS)]
    reasons = [e.data["reason"] for e in story.entries if e.kind == "step_pulled"]
    assert reasons == ["nobody_reachable", "nobody_reachable"]


def test_with_nobody_at_all_the_ladder_is_tried_again_until_somebody_is_there() -> None:
    story = Story(SINGLE, people=())
    assert story.sent == []
    story.until(minutes=1)
    story.people = (SECRETARY,)
    story.until(minutes=4)
    assert ("secretary", SMS) in {(who, how) for _, who, how, _ in story.sent}


def test_a_failed_push_goes_to_the_next_channel_and_then_to_the_next_step() -> None:
    story = Story(SINGLE)
    failed = DeliveryState.FAILED
    story.happens(Delivered(step=0, responder="guard", channel=PUSH, state=failed, reason="x"))
    assert story.told()[-1] == (0, "guard", VOICE)
    story.happens(Delivered(step=0, responder="guard", channel=VOICE, state=failed, reason="y"))
    pulled = [e for e in story.entries if e.kind == "step_pulled"]
    assert pulled[0].data["reason"] == "every_delivery_failed"


def test_silence_goes_to_the_next_channel_and_if_lives_may_depend_to_the_next_step() -> None:
    story = Story(MULTIPLE, "smoke_multiple", people=(GUARD, SECRETARY, HEAD))
    story.until(seconds=15)
    received(story, 1, "secretary", VOICE)
    story.until(seconds=30)
    assert (30, "guard", VOICE) in story.told()
    story.until(seconds=60)
    assert any(e.data.get("reason") == "no_receipt" for e in story.entries)
    assert any(who == "head" and at <= 60 for at, who, _ in story.told())


def test_silence_about_a_small_matter_waits_for_the_ladders_own_time() -> None:
    story = Story(DIGEST, "garbage_overflow")
    story.until(minutes=119)
    assert {who for _, who, _ in story.told()} == {"guard"}
    story.until(minutes=120)
    assert "secretary" in {who for _, who, _ in story.told()}


def test_an_answered_call_is_no_receipt_for_the_push_before_it() -> None:
    """A receipt belongs to its message: who picks up a call may not know of what lies unread.

    Whoever heard of it presses a key, and that stops the climb; a call that was merely answered may
    have been answered by a machine.
    """
    story = Story(SINGLE)
    story.until(seconds=15)
    received(story, 1, "guard", VOICE)
    story.until(seconds=60)
    (silence,) = [e for e in story.entries if e.kind == "no_receipt"]
    assert (silence.data["step"], silence.data["responder"]) == (0, "guard")
    (pulled,) = [e for e in story.entries if e.kind == "step_pulled"]
    assert (pulled.data["step"], pulled.data["reason"]) == (2, "no_receipt")
    assert (60, "secretary", SMS) in story.told()
    # The guard is not rung again for the push: the call was that other way.
    assert [how for _, who, how in story.told() if who == "guard"] == [PUSH, VOICE]


def test_a_channel_that_a_later_step_uses_is_not_tried_twice() -> None:
    story = Story(SINGLE)
    story.until(minutes=2)
    assert [how for _, who, how in story.told() if who == "guard"].count(VOICE) == 1


def test_further_detectors_are_told_together_every_two_minutes() -> None:
    story = Story(SINGLE)
    story.happens(Acknowledge(actor=actor(GUARD)))
    for second in range(1, 100):
        story.now = after(seconds=second)
        story.happens(Alarmed(sources={f"d{second + 1}": source(story.now)}))
    story.until(minutes=10)
    assert [at for at, _, _ in story.told("grown")] == [120]
    assert len(story.incident.sources) == 100


def test_an_alarm_after_handling_opens_it_again() -> None:
    story = Story(SINGLE)
    story.happens(Handle(actor=actor(GUARD)))
    assert story.incident.status is Status.HANDLED
    assert story.happens(Alarmed(sources={"d1": source()})).verdict is Verdict.REOPENED
    assert story.incident.status is Status.OPEN
    assert next_due(story.incident) is not None


def test_a_source_closes_only_where_the_loop_lets_it() -> None:
    fire, water = Story(SINGLE), Story(WATERLOGGING, "waterlogging")
    assert fire.happens(Quieted(sources=("d1",))).verdict is Verdict.CLEARED
    assert water.happens(Quieted(sources=("d1",))).verdict is Verdict.CLEARED_BY_ITSELF
    assert water.incident.disposition is Disposition.CLEARED
    handled = Story(WATERLOGGING, "waterlogging")
    handled.happens(Handle(actor=actor(WATER)))
    assert handled.happens(Quieted(sources=("d1",))).verdict is Verdict.CLOSED
    assert handled.incident.disposition is Disposition.HANDLED


def test_proof_is_asked_for() -> None:
    story = Story(MULTIPLE, "smoke_multiple")
    assert story.happens(Handle(actor=actor(GUARD), note=" ")).verdict is Verdict.NEEDS_NOTE
    assert story.incident.status is Status.OPEN
    close = Close(actor=actor(GUARD), disposition=Disposition.HANDLED)
    assert story.happens(close).verdict is Verdict.NEEDS_NOTE
    cleared = Close(actor=actor(GUARD), disposition=Disposition.CLEARED)
    assert story.happens(cleared).verdict is Verdict.STILL_IN_ALARM
    assert story.happens(Handle(actor=actor(GUARD), note="pan")).verdict is Verdict.HANDLED


def test_closing_withdraws_the_notices_and_records_what_was_not_needed() -> None:
    story = Story(SINGLE)
    story.happens(Close(actor=actor(GUARD), disposition=Disposition.FALSE_ALARM))
    assert story.effects[-2] == Withdraw(responders=("guard",))
    skipped = next(e for e in story.entries if e.kind == "steps_skipped")
    assert skipped.data["steps"] == [1, 2]
    closed = next(e for e in story.entries if e.kind == "closed")
    assert closed.data["still_in_alarm"] == ["d1"]


def test_help_takes_the_next_step_also_a_held_one() -> None:
    story = Story(SINGLE)
    story.happens(Acknowledge(actor=actor(GUARD)))
    story.happens(Escalate(actor=actor(GUARD)))
    assert story.told()[-1][1:] == ("guard", VOICE)
    story.happens(Escalate(actor=actor(GUARD)))
    assert story.told()[-1][1:] == ("secretary", SMS)
    story.happens(Escalate(actor=actor(GUARD)))
    assert story.told("reminder")


def test_past_the_last_step_people_are_asked_again_ever_more_seldom() -> None:
    story = Story(DIGEST, "garbage_overflow", people=(GUARD,))
    story.until(days=3)
    times = sorted({at for at, _, _ in story.told("reminder")})
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == sorted(gaps)
    assert max(gaps) <= timedelta(hours=24).total_seconds()
    assert len(times) >= 4


def test_a_clock_that_was_set_moves_what_is_due_and_not_what_was() -> None:
    story = Story(SINGLE)
    before = next_due(story.incident)
    story.now = after(days=1000)
    story.happens(ClockJumped(by=timedelta(days=1000)))
    due = next_due(story.incident)
    assert before is not None
    assert due is not None
    assert due[0] - before[0] == timedelta(days=1000)
    assert story.incident.opened_at == T0


def test_what_was_late_after_a_restart_says_when_it_was_due() -> None:
    story = Story(SINGLE)
    story.now = after(minutes=30)
    story.happens(Tick(late="restart"))
    late = [e for e in story.entries if e.kind == "step_taken" and e.data.get("late")]
    assert [(e.due, e.at) for e in late] == [
        (after(seconds=15), after(minutes=30)),
        (after(minutes=3), after(minutes=30)),
    ]


def test_a_greater_event_ends_the_lesser() -> None:
    story = Story(SINGLE)
    story.happens(TakenOver(by="02", by_number="20261123-002"))
    assert (story.incident.status, story.incident.parent) == (Status.SUPERSEDED, "02")
    assert story.happens(Acknowledge(actor=actor(GUARD))).verdict is Verdict.ALREADY_ENDED


def test_a_named_responder_is_told_whatever_the_tier() -> None:
    named = policy([{"responder": "head", "after": timedelta(0)}], severity=Severity.MINOR)
    assert Story(named).told() == [(0, "head", PUSH)]


def test_a_responder_without_the_steps_channel_is_told_by_his_own() -> None:
    only_sms = responder("guard", Tier.PROPERTY, SMS)
    assert Story(SINGLE, people=(only_sms, FIRE)).told()[0] == (0, "guard", SMS)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"after": timedelta(0)}, "ladder_tier_or_responder"),
        ({"tier": "property", "responder": "x", "after": timedelta(0)}, "ladder_tier_or_responder"),
        ({"tier": "property"}, "ladder_after"),
        ({"tier": "property", "after": timedelta(-1)}, "ladder_after"),
        ({"tier": "king", "after": timedelta(0)}, "ladder_word"),
        ({"tier": "property", "after": timedelta(0), "channels": "push"}, "ladder_channels"),
        ({"tier": "property", "after": timedelta(0), "channels": ["pigeon"]}, "ladder_word"),
        ({"tier": "property", "after": timedelta(0), "unless": "open"}, "ladder_unless"),
    ],
)
def test_a_wrong_row_is_named_by_its_number(row: dict[str, object], key: str) -> None:
    good = {"tier": "property", "after": timedelta(0)}
    with pytest.raises(DomainError) as refused:
        parse_ladder([good, row])
    assert refused.value.key == key
    assert refused.value.values["step"] == "2"
