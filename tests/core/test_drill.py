"""A drill climbs the real ladder up to a tier, ends by itself and says who was reached."""

from datetime import timedelta
from typing import Any

import pytest

from custom_components.smart_community.core.drill import Reached, drill_zone, exercise, reached
from custom_components.smart_community.core.due import next_due
from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.events import Acknowledge, Delivered, Tick
from custom_components.smart_community.core.incident import open_incident
from custom_components.smart_community.core.model import (
    Closes,
    DeliveryState,
    Disposition,
    Proof,
    Responder,
    Tier,
)

from .people import ALL, GUARD, MULTIPLE, PUSH, SECRETARY, T0, Story, actor, minutes, responder

PEOPLE = {one.key: one for one in ALL}


class Drill(Story):
    """A story that is an exercise."""

    def __init__(self, up_to: Tier, people: tuple[Responder, ...] = ALL) -> None:
        self.people = people
        self.now = T0
        self.sent: list[tuple[float, str, str, str]] = []
        self.entries: list[Any] = []
        self.effects: list[Any] = []
        self.take(
            open_incident(
                incident_id="01J",
                number="20261123-001",
                loop="smoke_multiple",
                zone=drill_zone("floor:2"),
                zone_name="Floor 2",
                policy=exercise(MULTIPLE, up_to, PEOPLE),
                sources={},
                now=T0,
                directory=people,
                drill=True,
            )
        )

    def got(self, step: int, who: str, channel: str, state: str, reason: str = "") -> None:
        self.happens(
            Delivered(
                step=step,
                responder=who,
                channel=channel,
                state=DeliveryState(state),
                reason=reason,
            )
        )


def test_an_exercise_is_the_real_ladder_up_to_its_tier() -> None:
    cut = exercise(MULTIPLE, Tier.COMMITTEE, PEOPLE)
    assert cut.ladder == MULTIPLE.ladder[:2]
    assert (cut.proof, cut.closes, cut.takes_over) == (Proof.NOTHING, Closes.SOURCE, ())
    with pytest.raises(DomainError, match="drill_empty"):
        exercise(
            Drill(Tier.TOWNSHIP).incident.policy.__class__(
                ladder=MULTIPLE.ladder[3:],
                handle_within=minutes(10),
                receipt_within=minutes(1),
                severity=MULTIPLE.severity,
            ),
            Tier.PROPERTY,
            PEOPLE,
        )


@pytest.mark.parametrize("up_to", Tier)
def test_it_never_reaches_beyond_its_tier_whatever_happens(up_to: Tier) -> None:
    drill = Drill(up_to)
    drill.until(hours=48)
    tiers = [PEOPLE[who].tier for _, who, _ in drill.told()]
    assert max(tiers, key=list(Tier).index) is up_to
    assert drill.incident.disposition is Disposition.TEST
    assert next_due(drill.incident) is None


def test_it_ends_by_itself_and_nags_nobody() -> None:
    drill = Drill(Tier.PROPERTY)
    drill.until(hours=48)
    assert drill.told("reminder") == []
    assert drill.entries[-1].kind != "reminder"
    closed = next(one for one in drill.entries if one.kind == "closed")
    assert closed.at - T0 <= timedelta(hours=1)


def test_a_drill_that_is_acknowledged_ends_too() -> None:
    drill = Drill(Tier.COMMITTEE)
    drill.happens(Acknowledge(actor=actor(GUARD)))
    drill.until(hours=48)
    assert drill.incident.disposition is Disposition.TEST


def test_zones_hold_in_a_drill_too() -> None:
    there = responder("there", Tier.PROPERTY, zones=frozenset({"floor:2"}))
    elsewhere = responder("elsewhere", Tier.PROPERTY, zones=frozenset({"floor:3"}))
    drill = Drill(Tier.PROPERTY, (there, elsewhere))
    assert [who for _, who, _ in drill.told()] == ["there"]


def test_the_report_tells_who_was_reached_by_what_after_how_long_and_who_not() -> None:
    drill = Drill(Tier.DEPARTMENT)
    drill.now = T0 + timedelta(seconds=2)
    drill.got(0, "guard", PUSH, "sent")
    drill.now = T0 + timedelta(seconds=9)
    drill.happens(Acknowledge(actor=actor(GUARD)))
    drill.now = T0 + timedelta(seconds=15)
    drill.happens(Tick())
    drill.now = T0 + timedelta(seconds=40)
    drill.got(1, "secretary", "voice", "failed", "busy")
    drill.got(1, "secretary", "sms", "delivered")
    drill.until(minutes=2)
    drill.got(2, "fire", PUSH, "failed", "no_phone")
    assert reached(drill.incident, drill.entries) == [
        Reached(responder="guard", told_after=0, reached_after=9, by="answer", channels=("push",)),
        Reached(
            responder=SECRETARY.key,
            told_after=15,
            reached_after=40,
            by="sms",
            channels=("voice", "sms"),
            problems=("voice: busy",),
        ),
        Reached(
            responder="fire",
            told_after=120,
            channels=("push",),
            problems=("push: no_phone",),
        ),
    ]


def test_whoever_is_away_is_not_rung_up_because_the_stand_in_is_beyond_the_tier() -> None:
    away = responder("away", Tier.PROPERTY, on_duty=False, deputies=("secretary",))
    drill = Drill(Tier.PROPERTY, (away, SECRETARY))
    drill.until(hours=48)
    assert drill.told() == []
    taken = next(one for one in drill.entries if one.kind == "step_taken")
    assert taken.data["spared"] == ["secretary"]
    assert "responders" not in taken.data
    assert drill.incident.disposition is Disposition.TEST
    alarm = Story(MULTIPLE, "smoke_multiple", people=(away, SECRETARY))
    assert [who for _, who, _ in alarm.told()] == ["secretary"]


def test_no_deputy_from_beyond_the_tier_stands_in() -> None:
    away = responder("away", Tier.PROPERTY, on_duty=False, deputies=("head",))
    desk = responder("desk", Tier.PROPERTY, deputies=("head",))
    head = responder("head", Tier.TOWNSHIP)
    drill = Drill(Tier.PROPERTY, (away, desk, head))
    drill.got(0, "desk", PUSH, "failed", "no_phone")
    drill.until(hours=1)
    assert {who for _, who, _ in drill.told()} == {"desk"}
