"""What must hold whatever happens, in any order and however often."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.core import codec
from custom_components.smart_community.core.due import next_due
from custom_components.smart_community.core.events import (
    Acknowledge,
    Alarmed,
    Assign,
    ClockJumped,
    Close,
    Comment,
    Delivered,
    Entry,
    Escalate,
    Event,
    Handle,
    Joined,
    Quieted,
    TakenOver,
    Tick,
    Withdraw,
)
from custom_components.smart_community.core.model import (
    ChannelKind,
    DeliveryState,
    Disposition,
    Incident,
    RungState,
    Status,
    Tier,
)
from custom_components.smart_community.core.storm import storm_zone

from .people import (
    ALL,
    DAILY,
    DIGEST,
    GUIDANCE,
    MULTIPLE,
    SINGLE,
    WATERLOGGING,
    Story,
    actor,
    after,
    responder,
    source,
)

ASLEEP = responder("asleep", Tier.PROPERTY, resting_until=after(hours=8), deputies=("guard",))
AWAY = responder("away", Tier.COMMITTEE, on_duty=False, deputies=("head", "gone"))
ACTORS = st.sampled_from([actor(who) for who in ALL])
SOURCES = st.sampled_from(["d1", "d2", "d3"])
EVENTS = st.one_of(
    st.builds(lambda key: Alarmed(sources={key: source()}), SOURCES),
    st.builds(lambda key: Quieted(sources=(key,)), SOURCES),
    st.builds(Acknowledge, actor=ACTORS),
    st.builds(Handle, actor=ACTORS, note=st.sampled_from(["", "done"])),
    st.builds(Close, actor=ACTORS, disposition=st.sampled_from(Disposition)),
    st.builds(Escalate, actor=ACTORS),
    st.builds(
        Assign, actor=ACTORS, responder=st.sampled_from([*(who.key for who in ALL), "nobody"])
    ),
    st.builds(Comment, actor=ACTORS, text=st.just("seen")),
    st.builds(Tick, late=st.sampled_from([None, "restart"])),
    st.builds(
        Delivered,
        step=st.integers(0, 4),
        responder=st.sampled_from([*(who.key for who in ALL), "nobody"]),
        channel=st.sampled_from(ChannelKind),
        state=st.sampled_from(DeliveryState),
    ),
    st.builds(lambda s: ClockJumped(by=timedelta(seconds=s)), st.integers(-5000, 5000)),
    st.just(TakenOver(by="02", by_number="2")),
    st.just(Joined(incident="03", number="3", loop="gas_leak")),
)
TURNS = st.lists(st.tuples(EVENTS, st.sampled_from([0, 1, 14, 61, 600, 4000, 90_000])), max_size=25)
STORIES = st.tuples(
    st.sampled_from([SINGLE, MULTIPLE, WATERLOGGING, DIGEST, GUIDANCE, DAILY]),
    st.sets(st.sampled_from([*ALL, ASLEEP, AWAY])).map(
        lambda people: tuple(sorted(people, key=lambda p: p.key))
    ),
    TURNS,
)


def _legal(story: Story) -> None:
    incident = story.incident
    due = next_due(incident)
    if incident.status.active:
        assert due is not None, "an incident that nobody will look at again"
        assert due[0] > story.now, "something due was left undone"
        assert all(rung.state is not RungState.SKIPPED for rung in incident.rungs)
        assert (incident.status is Status.ACKNOWLEDGED) == (incident.handle_by is not None)
    else:
        assert due is None
        assert all(rung.state in {RungState.TAKEN, RungState.SKIPPED} for rung in incident.rungs)
    for rung in incident.rungs:
        if rung.state is not RungState.TAKEN:
            assert (rung.state is RungState.WAITING) == (rung.due is not None)
    taken = [entry.data["step"] for entry in story.entries if entry.kind == "step_taken"]
    assert len(taken) == len(set(taken)), "a step was taken twice"
    assert {i for i, r in enumerate(incident.rungs) if r.state is RungState.TAKEN} == set(taken)


def _told(story: Story, turns: list[tuple[Event, int]]) -> list[Incident]:
    states = [story.incident]
    for event, seconds in turns:
        story.now += timedelta(seconds=seconds)
        story.happens(event)
        states.append(story.incident)
        _legal(story)
    return states


@given(STORIES, st.sampled_from(["floor:2", storm_zone("smoke_single", SINGLE)]))
def test_any_order_and_repetition_of_events_is_legal(
    story: tuple[Any, Any, Any], zone: str
) -> None:
    frozen, people, turns = story
    told = Story(frozen, people=people)
    told.incident = replace(told.incident, zone=zone)
    _legal(told)
    _told(told, turns)


@given(STORIES)
def test_an_ended_incident_never_changes_its_mind(story: tuple[Any, Any, Any]) -> None:
    frozen, people, turns = story
    states = _told(Story(frozen, people=people), turns)
    ends = [index for index, state in enumerate(states) if not state.status.active]
    for index in ends:
        assert states[index].status is states[ends[0]].status
        assert states[index].disposition is states[ends[0]].disposition


@given(STORIES)
def test_no_step_is_skipped_in_silence(story: tuple[Any, Any, Any]) -> None:
    frozen, people, turns = story
    told = Story(frozen, people=people)
    _told(told, turns)
    if told.incident.status.active:
        told.happens(TakenOver(by="02", by_number="2"))
    recorded = {
        step
        for entry in told.entries
        if entry.kind == "steps_skipped"
        for step in entry.data["steps"]
    }
    skipped = {i for i, r in enumerate(told.incident.rungs) if r.state is RungState.SKIPPED}
    assert skipped == recorded
    assert any(isinstance(effect, Withdraw) for effect in told.effects)


@given(STORIES)
def test_what_is_stored_is_what_was_decided(story: tuple[Any, Any, Any]) -> None:
    frozen, people, turns = story
    told = Story(frozen, people=people)
    for state in _told(told, turns):
        assert codec.load(Incident, codec.dump(state)) == state
    for entry in told.entries:
        again = codec.load(Entry, codec.dump(entry))
        assert (again.kind, again.at, again.due, again.actor) == (
            entry.kind,
            entry.at,
            entry.due,
            entry.actor,
        )


@given(st.lists(st.sampled_from([0, 1, 30, 600, 3600, 86_400, 800_000]), max_size=30))
def test_left_alone_an_incident_always_comes_back(waits: list[int]) -> None:
    story = Story(SINGLE, people=())
    for seconds in waits:
        story.now += timedelta(seconds=seconds)
        story.happens(Tick())
        _legal(story)
