"""Who is told on a step and how: loudspeakers, zones, and an incident that is given to somebody."""

from dataclasses import replace
from datetime import UTC

from custom_components.smart_community.core.events import (
    Acknowledge,
    Alarmed,
    Assign,
    Comment,
    Delivered,
    Quieted,
)
from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.message import compose
from custom_components.smart_community.core.model import (
    ChannelKind,
    DeliveryState,
    Severity,
    Tier,
    Verdict,
)

from .people import (
    FIRE,
    GUARD,
    PUSH,
    SECRETARY,
    VOICE,
    Story,
    actor,
    after,
    minutes,
    responder,
    source,
)

SPEAKER = ChannelKind.SPEAKER
SQUARE = responder("square", Tier.PROPERTY, SPEAKER)
DANCING = policy(
    [
        {"tier": "property", "after": minutes(0), "channels": ["speaker"]},
        {"tier": "property", "after": minutes(5)},
    ],
    severity=Severity.MINOR,
)
ALARM = policy([{"tier": "property", "after": minutes(0)}], severity=Severity.EXTREME)


def test_guidance_goes_to_the_loudspeaker_alone_and_to_people_at_their_own_time() -> None:
    story = Story(DANCING, "square_dance_noise", (GUARD, SQUARE))
    assert story.told() == [(0, "square", SPEAKER)]
    story.until(minutes=5)
    assert story.told() == [(0, "square", SPEAKER), (300, "guard", PUSH)]


def test_guidance_without_a_loudspeaker_gets_nobody_up_before_their_time() -> None:
    story = Story(DANCING, "square_dance_noise", (GUARD,))
    assert story.told() == []
    story.until(minutes=5)
    assert story.told() == [(300, "guard", PUSH)]


def test_a_loudspeaker_that_is_broken_gets_nobody_up_before_their_time_either() -> None:
    story = Story(DANCING, "square_dance_noise", (GUARD, SQUARE))
    story.happens(
        Delivered(
            step=0,
            responder="square",
            channel=SPEAKER,
            state=DeliveryState.FAILED,
            reason="speaker_unavailable",
        )
    )
    assert story.told() == [(0, "square", SPEAKER)]


def test_the_loudspeaker_speaks_again_to_whoever_comes_next_and_once_to_a_crowd() -> None:
    story = Story(replace(DANCING, quiet_for=minutes(10)), "square_dance_noise", (GUARD, SQUARE))
    story.until(minutes=1)
    story.happens(Quieted(sources=("d1",)))
    story.until(minutes=2)
    for key in ("d1", "d2"):
        story.happens(Alarmed(sources={key: source(after(minutes=2), key)}))
    assert story.told() == [(0, "square", SPEAKER), (120, "square", SPEAKER)]


def test_an_alarm_is_never_read_out_on_the_square_because_a_phone_was_off() -> None:
    desk = responder("desk", Tier.PROPERTY, PUSH, SPEAKER)
    story = Story(ALARM, people=(desk, SQUARE))
    story.until(minutes=10)
    assert {how for _, _, how, _ in story.sent} == {PUSH}
    assert story.entries[1].data["unreachable"] == ["square"]


def test_only_those_whose_zone_it_is_are_told() -> None:
    second = responder("second", Tier.PROPERTY, zones=frozenset({"floor:2", "area:hall"}))
    third = responder("third", Tier.PROPERTY, zones=frozenset({"floor:3"}))
    assert [who for _, who, _ in Story(ALARM, people=(second, third)).told()] == ["second"]


def test_an_incident_is_given_to_somebody_who_is_told_and_the_others_see_it() -> None:
    story = Story(ALARM, people=(GUARD, SECRETARY, FIRE))
    story.now = after(seconds=20)
    given = story.happens(Assign(actor=actor(GUARD), responder="secretary"))
    assert given.verdict is Verdict.ASSIGNED
    assert story.incident.assignee == "secretary"
    assert story.told()[-1] == (20, "secretary", VOICE)
    assert story.told("assigned") == [(20, "guard", PUSH)]
    story.happens(Acknowledge(actor=actor(SECRETARY)))
    assert story.incident.status == "acknowledged"


def test_giving_it_to_somebody_who_was_told_rings_there_alone() -> None:
    story = Story(ALARM, people=(GUARD, responder("second", Tier.PROPERTY)))
    story.happens(Assign(actor=actor(GUARD), responder="second"))
    assert [who for _, who, _ in story.told("assigned")] == ["guard", "second"]
    words = {
        "message": {
            "title": "",
            "drill": "{title}",
            "occasion": {"assigned": "{who}"},
            "guidance": {},
            "where": "",
            "quiet": "",
            "number": "",
            "spoken": "",
            "somebody": "?",
            "comma": ",",
            "and_more": "",
            "buttons": {"acknowledge": "", "false": "", "help": ""},
        },
        "loops": {},
    }
    orders = [one for one in story.effects if getattr(one, "occasion", "") == "assigned"]
    silent = {
        send.responder: compose(
            story.incident,
            send,
            responder(send.responder, Tier.PROPERTY),
            texts=words,
            names={},
            zone=UTC,
        ).silent
        for send in orders
    }
    assert silent == {"guard": True, "second": False}


def test_somebody_who_has_left_the_list_meanwhile_can_still_be_named() -> None:
    story = Story(ALARM, people=(GUARD,))
    story.happens(Assign(actor=actor(GUARD), responder="gone"))
    assert story.incident.assignee == "gone"
    assert story.incident.told == ("guard",)


def test_a_comment_stands_on_the_timeline_and_changes_nothing() -> None:
    story = Story(ALARM, people=(GUARD,))
    before = story.incident
    story.happens(Comment(actor=actor(GUARD), text="Only toast"))
    assert story.incident == before
    assert story.entries[-1].data == {"note": "Only toast"}
