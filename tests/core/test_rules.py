"""Rules across loops and days: joint emergencies, quiet before closing, digests, guidance."""

from datetime import time, timedelta

import pytest

from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.events import (
    Acknowledge,
    Alarmed,
    Close,
    Delivered,
    Joined,
    Quieted,
    Withdraw,
)
from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.model import (
    ChannelKind,
    DeliveryState,
    Disposition,
    Severity,
    Status,
    Tier,
    Verdict,
)

from .people import (
    DAILY,
    GUARD,
    GUIDANCE,
    SECRETARY,
    SINGLE,
    Story,
    actor,
    after,
    minutes,
    responder,
    source,
)

PUSH = ChannelKind.PUSH
SQUARE = responder("square", Tier.PROPERTY, ChannelKind.SPEAKER)
GAS = Joined(incident="02", number="20261123-002", loop="gas_leak")
QUIET = policy(
    [{"tier": "property", "after": minutes(0)}, {"tier": "committee", "after": minutes(10)}],
    severity=Severity.MODERATE,
    quiet_for=minutes(5),
)


def clears(story: Story, **span: float) -> Verdict:
    story.until(**span)
    return story.happens(Quieted(sources=("d1",))).verdict


def alarms(story: Story, **span: float) -> Verdict:
    story.until(**span)
    return story.happens(Alarmed(sources={"d1": source(story.now)})).verdict


def test_gas_where_there_is_smoke_calls_the_next_step_at_once_and_tells_who_was_told() -> None:
    story = Story(SINGLE)
    story.until(seconds=5)
    story.happens(GAS)
    assert story.told("joint") == [(5, "guard", PUSH)]
    assert story.told()[-1] == (5, "guard", ChannelKind.VOICE)
    assert story.incident.joint == {"02": "gas_leak"}
    (pulled,) = [entry for entry in story.entries if entry.kind == "step_pulled"]
    assert pulled.data["reason"] == "joint"


def test_a_short_pause_of_a_source_is_the_same_incident_and_closes_nothing() -> None:
    story = Story(QUIET, people=(GUARD,))
    for minute in (1, 4, 7):
        assert clears(story, minutes=minute) is Verdict.CLEARED
        alarms(story, minutes=minute + 2)
    assert story.incident.status is Status.OPEN
    assert [who for _, who, how in story.told() if how == PUSH] == ["guard"]
    clears(story, minutes=9.5)
    story.until(minutes=14.4)
    assert story.incident.status is Status.OPEN
    story.until(minutes=14.5)
    assert story.incident.disposition is Disposition.CLEARED


def test_nobody_is_called_out_for_what_is_about_to_be_over_but_is_once_it_goes_on() -> None:
    story = Story(QUIET)
    clears(story, minutes=8)
    story.until(minutes=12)
    assert {who for _, who, _ in story.told()} == {"guard"}
    alarms(story, minutes=12)
    assert story.told()[-1][:2] == (720, "secretary")


def test_a_digest_is_told_once_at_its_time_and_then_lies_on_the_phone() -> None:
    # T0 is 02:00; the digest is told at 09:00.
    story = Story(DAILY, "garbage_off_hours", (GUARD,))
    clears(story, minutes=1)
    for hour in (1, 2, 3):
        alarms(story, hours=hour)
        clears(story, hours=hour, minutes=1)
    assert story.sent == []
    story.until(hours=8)
    assert story.sent == [(7 * 3600, "guard", PUSH, "digest")]
    assert story.incident.sources["d1"].times == 4
    assert story.incident.disposition is Disposition.CLEARED
    (withdrawn,) = [one for one in story.effects if isinstance(one, Withdraw)]
    assert withdrawn.responders == ()


def test_what_goes_on_for_days_is_told_once_a_day() -> None:
    story = Story(DAILY, "garbage_off_hours", (GUARD,))
    story.until(days=3)
    assert [seconds / 3600 for seconds, *_ in story.sent] == [7, 31, 55]


@pytest.mark.parametrize("said", [7, "weekly", timedelta(hours=9)])
def test_a_digest_is_daily_or_a_time_of_day(said: object) -> None:
    with pytest.raises(DomainError) as refused:
        policy([{"tier": "property", "after": minutes(0), "digest": said}], severity=Severity.MINOR)
    assert refused.value.key == "ladder_digest"


def test_a_digest_has_the_time_that_the_ladder_names() -> None:
    at_noon = [{"tier": "property", "after": minutes(0), "digest": time(12)}]
    story = Story(policy(at_noon, severity=Severity.MINOR), people=(GUARD,))
    story.until(hours=11)
    assert story.sent == [(10 * 3600, "guard", PUSH, "digest")]


def dancing(speaker: DeliveryState = DeliveryState.SENT, reason: str = "") -> Story:
    story = Story(GUIDANCE, "square_dance_noise", (GUARD, SECRETARY, SQUARE))
    if speaker is not DeliveryState.QUEUED:
        story.happens(
            Delivered(
                step=0,
                responder="square",
                channel=ChannelKind.SPEAKER,
                state=speaker,
                reason=reason,
            )
        )
    return story


def test_noise_that_ends_after_the_loudspeaker_has_spoken_was_ended_by_guidance() -> None:
    story = dancing()
    clears(story, minutes=1)
    story.until(minutes=5)
    assert story.incident.disposition is Disposition.GUIDED
    assert [who for _, who, _ in story.told()] == ["square"]


def test_noise_that_a_person_had_to_end_was_not_ended_by_guidance() -> None:
    told = dancing()
    clears(told, minutes=6)
    told.until(minutes=9)
    seen = dancing()
    seen.happens(Acknowledge(actor=actor(GUARD)))
    clears(seen, minutes=1)
    seen.until(minutes=5)
    assert told.incident.disposition is seen.incident.disposition is Disposition.CLEARED


@pytest.mark.parametrize(
    ("speaker", "reason"),
    [
        (DeliveryState.FAILED, "speaker_unavailable"),
        (DeliveryState.WITHHELD, "quiet_hours"),
        (DeliveryState.WITHHELD, "spoke_just_now"),
        (DeliveryState.QUEUED, ""),
    ],
)
def test_a_loudspeaker_that_was_silent_has_guided_nobody(
    speaker: DeliveryState, reason: str
) -> None:
    story = dancing(speaker, reason)
    clears(story, minutes=1)
    story.until(minutes=5)
    assert story.incident.disposition is Disposition.CLEARED


def test_a_penalty_is_recorded_with_the_decision() -> None:
    story = Story(SINGLE, "illegal_renovation")
    story.now = after(hours=1)
    close = Close(actor=actor(GUARD), disposition=Disposition.PENALTY)
    assert story.happens(close).verdict is Verdict.NEEDS_NOTE
    decided = Close(actor=actor(GUARD), disposition=Disposition.PENALTY, note="Wall to be rebuilt")
    assert story.happens(decided).verdict is Verdict.CLOSED
    assert [entry.data["note"] for entry in story.entries if entry.kind == "closed"] == [
        "Wall to be rebuilt"
    ]
