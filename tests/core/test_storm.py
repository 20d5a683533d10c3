"""What is a storm, and what is merely a bad minute."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import custom_components.smart_community
from custom_components.smart_community.core.events import (
    UPDATE,
    Acknowledge,
    Alarmed,
    Close,
    Delivered,
    Handle,
    Occasion,
    Quieted,
    Send,
)
from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.message import Message, compose
from custom_components.smart_community.core.model import (
    Closes,
    DeliveryState,
    Disposition,
    Severity,
    Source,
    Status,
    Verdict,
)
from custom_components.smart_community.core.storm import COUNT, WITHIN, placed, storm_zone, surge

from .people import GUARD, PUSH, SECRETARY, SMS, T0, VOICE, Story, actor, after, minutes, source

# As the shipped gas leak's: the committee is called, and has no notice that could be replaced.
GAS = policy(
    [
        {"tier": "property", "after": minutes(0)},
        {"tier": "committee", "after": minutes(0), "channels": ["voice", "sms"]},
    ],
    severity=Severity.EXTREME,
    closes=Closes.PERSON,
)
TEXTS = json.loads(
    (Path(custom_components.smart_community.__file__).parent / "texts" / "en.json").read_text()
)

GAPS = st.lists(st.sampled_from([0, 0, 0, 1, 5, 6, 7, 60, 3600]), max_size=80)


def _apart(gaps: list[int]) -> tuple[list[datetime], list[datetime]]:
    """Return when alarms came, and which of them were incidents of their own."""
    kept: tuple[datetime, ...] = ()
    came: list[datetime] = []
    apart: list[datetime] = []
    for gap in gaps:
        came.append(came[-1] + timedelta(seconds=gap) if came else T0)
        storms, kept = surge(kept, came[-1])
        assert len(kept) <= COUNT
        if not storms:
            apart.append(came[-1])
    return came, apart


@given(GAPS)
def test_in_no_minute_more_than_ten_are_incidents_of_their_own(gaps: list[int]) -> None:
    _, apart = _apart(gaps)
    for first, later in zip(apart, apart[COUNT:], strict=False):
        assert later - first >= WITHIN


@given(GAPS)
def test_what_has_fewer_than_ten_before_it_in_a_minute_is_an_incident_of_its_own(
    gaps: list[int],
) -> None:
    came, apart = _apart(gaps)
    for number, at in enumerate(came):
        before = [one for one in came[:number] if at - one < WITHIN]
        assert len(before) >= COUNT or at in apart


def test_openings_that_are_yet_to_come_prove_no_storm() -> None:
    tomorrow = tuple(after(days=1, seconds=number) for number in range(COUNT))
    assert surge(tomorrow, T0) == (False, (T0,))


def test_in_a_storm_a_source_is_named_with_its_place() -> None:
    source = Source(name="Smoke", first_at=T0, last_at=T0)
    assert placed(source, "Floor 2") == "Floor 2 · Smoke"
    assert placed(source, "Smoke") == "Smoke"


def _storm() -> Story:
    story = Story(GAS, "gas_leak", people=(GUARD, SECRETARY))
    story.incident = replace(story.incident, zone=storm_zone("gas_leak", GAS))
    return story


def _joins(story: Story, key: str, *, at: float) -> None:
    story.until(seconds=at)
    story.happens(Alarmed(sources={key: source(story.now, f"Flat {key}")}))


def _pushed(story: Story) -> Message:
    news = Send(step=UPDATE, responder="guard", channel=PUSH, occasion=Occasion.STORM)
    return compose(story.incident, news, GUARD, texts=TEXTS, names={}, zone=UTC)


def _verbs(message: Message) -> Iterable[str]:
    return [button.action.split("_")[2] for button in message.buttons]


def test_a_storm_is_not_called_false_by_one_press_on_a_notice() -> None:
    story = _storm()
    assert _verbs(_pushed(story)) == ["ACKNOWLEDGE", "HELP"]
    story.happens(Acknowledge(actor=actor(GUARD)))
    assert _verbs(_pushed(story)) == ["HANDLED", "HELP"]


def test_a_storm_is_no_false_alarm_while_one_of_its_places_is_in_alarm() -> None:
    story = _storm()
    _joins(story, "d2", at=5)
    story.happens(Quieted(sources=("d1",)))
    false = Close(actor=actor(GUARD), disposition=Disposition.FALSE_ALARM)
    assert story.happens(false).verdict is Verdict.STILL_IN_ALARM
    assert story.incident.status is Status.OPEN
    story.happens(Quieted(sources=("d2",)))
    assert story.happens(false).verdict is Verdict.CLOSED


def test_a_storms_message_names_the_places_that_have_just_joined() -> None:
    story = _storm()
    for number in range(2, 8):
        _joins(story, f"d{number}", at=number)
    assert "Flat d7, Flat d6, Flat d5, Flat d4 and 3 more" in _pushed(story).text
    _joins(story, "d2", at=9)
    assert "Flat d2, Flat d7, Flat d6, Flat d5 and 3 more" in _pushed(story).text


def test_who_is_only_called_is_called_again_of_further_places_every_two_minutes_at_most() -> None:
    story = _storm()
    for at in (30, 40, 160, 170, 180):
        _joins(story, f"at {at}", at=at)
    story.until(minutes=9)
    heard = story.told("storm")
    assert [one for one in heard if one[1] == "secretary"] == [
        (150.0, "secretary", VOICE),
        (280.0, "secretary", VOICE),
    ]
    assert [at for at, who, _ in heard if who == "guard"] == [30.0, 45.0, 160.0, 175.0, 190.0]


def test_who_could_not_be_called_hears_of_further_places_in_writing() -> None:
    story = _storm()
    failed = Delivered(step=1, responder="secretary", channel=VOICE, state=DeliveryState.FAILED)
    story.happens(failed)
    _joins(story, "d2", at=30)
    story.until(minutes=3)
    assert (150.0, "secretary", SMS) in story.told("storm")


def test_nobody_is_called_of_further_places_once_all_is_handled() -> None:
    story = _storm()
    _joins(story, "d2", at=30)
    story.happens(Handle(actor=actor(GUARD)))
    story.until(minutes=10)
    assert [one for one in story.told("storm") if one[1] == "secretary"] == []


def test_automations_of_a_loop_share_a_storm_if_they_tell_the_same_people_as_loudly() -> None:
    zone = storm_zone("gas_leak", GAS)
    assert storm_zone("gas_leak", replace(GAS, camera="camera.gate")) == zone
    assert storm_zone("gas_leak", replace(GAS, severity=Severity.MINOR)) != zone
    assert storm_zone("gas_leak", replace(GAS, ladder=GAS.ladder[:1])) != zone
