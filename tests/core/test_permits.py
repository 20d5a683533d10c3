"""The table of who may do what, cell by cell."""

import pytest

from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.message import Tap, Verb, parse_action
from custom_components.smart_community.core.model import Actor, Responder, Tier
from custom_components.smart_community.core.permits import (
    TABLE,
    Deed,
    Permit,
    Role,
    Standing,
    best,
    may_read,
    permit,
    role_of,
)
from tests.agreed_permissions import LETTERS, agreed

from .people import FIRE, GUARD, MULTIPLE, WATER, Story, responder
from .people import actor as actor_of


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("deed", Deed)
def test_every_cell_is_as_agreed(role: Role, deed: Deed) -> None:
    assert TABLE[role, deed] is LETTERS[agreed(role, deed)]


def test_a_department_has_a_say_in_its_own_loops_and_in_what_it_was_told_of() -> None:
    story = Story(MULTIPLE, "smoke_multiple")
    assert permit(Role.DEPARTMENT, Deed.HANDLE, story.incident, FIRE) is Permit.ALLOWED
    assert permit(Role.DEPARTMENT, Deed.HANDLE, story.incident, WATER) is Permit.DENIED
    assert permit(Role.DEPARTMENT, Deed.READ, story.incident, None) is Permit.DENIED


def _standing(who: Responder) -> Standing:
    return Standing(actor_of(who), Role(who.tier.value), who)


def test_whoever_belongs_to_two_responders_acts_as_the_one_that_may() -> None:
    story = Story(MULTIPLE, "smoke_multiple")
    two = [_standing(WATER), _standing(FIRE)]
    assert best(two, Deed.HANDLE, story.incident)[0].responder is FIRE
    assert may_read(two, story.incident)
    assert not may_read(two[:1], story.incident)


def test_of_two_that_may_the_one_that_was_told_acts() -> None:
    story = Story(MULTIPLE, "smoke_multiple")
    second = responder("aaa", Tier.PROPERTY)
    assert (
        best([_standing(second), _standing(GUARD)], Deed.HANDLE, story.incident)[0].responder
        is GUARD
    )


def test_a_department_of_another_zone_sees_nothing_of_it() -> None:
    story = Story(MULTIPLE, "smoke_multiple")  # on floor:2
    for zones, permitted in (({"floor:2"}, True), ({"floor:3"}, False), ({}, True)):
        there = responder("fire2", Tier.DEPARTMENT, zones=frozenset(zones))
        assert may_read([_standing(there)], story.incident) is permitted


def test_a_place_that_nobody_has_put_on_the_map_is_everybodys() -> None:
    there = responder("fire2", Tier.DEPARTMENT, zones=frozenset({"floor:3"}))
    assert there.sees("smoke_multiple", "source:binary_sensor.x")


def test_a_responders_tier_goes_before_the_right_to_configure() -> None:
    guard = Actor(user_id="u", responder="guard", tier=Tier.PROPERTY)
    assert role_of(guard, administrator=True) is Role.PROPERTY
    assert role_of(Actor(user_id="u"), administrator=True) is Role.ADMINISTRATOR
    assert role_of(Actor(user_id="u"), administrator=False) is Role.OUTSIDER
    assert role_of(Actor(), administrator=False) is Role.AUTOMATION


def test_an_action_name_carries_verb_incident_and_responder() -> None:
    said = parse_action("SMART_COMMUNITY_ACKNOWLEDGE_01ABC_fire_department_2")
    assert said == Tap(verb=Verb.ACKNOWLEDGE, incident="01ABC", responder="fire_department_2")
    assert parse_action("OPEN_GARAGE") is None


@pytest.mark.parametrize(
    "action", ["SMART_COMMUNITY_", "SMART_COMMUNITY_HELP_1", "SMART_COMMUNITY_DANCE_1_guard"]
)
def test_a_mangled_action_name_is_refused(action: str) -> None:
    with pytest.raises(DomainError):
        parse_action(action)
