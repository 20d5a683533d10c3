"""The table of who may do what, cell by cell."""

import pytest

from custom_components.smart_community.core.errors import DomainError
from custom_components.smart_community.core.message import Tap, Verb, parse_action
from custom_components.smart_community.core.model import Actor, Tier
from custom_components.smart_community.core.permits import (
    TABLE,
    Deed,
    Permit,
    Role,
    permit,
    role_of,
)

from .people import FIRE, MULTIPLE, WATER, Story

#        read, signal, open, acknowledge, handle, close, escalate: y(es), w(hy), n(o)
EXPECTED = {
    Role.PROPERTY: "yyyyyyy",
    Role.COMMITTEE: "yyyyyyy",
    Role.DEPARTMENT: "ynyyyyy",
    Role.TOWNSHIP: "ynyyyyy",
    Role.ADMINISTRATOR: "yyywwwy",
    Role.AUTOMATION: "yyynwwy",
    Role.OUTSIDER: "nnnnnnn",
}
LETTERS = {"y": Permit.ALLOWED, "w": Permit.NEEDS_REASON, "n": Permit.DENIED}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("deed", Deed)
def test_every_cell_is_as_agreed(role: Role, deed: Deed) -> None:
    assert TABLE[role, deed] is LETTERS[EXPECTED[role][list(Deed).index(deed)]]


def test_a_department_has_a_say_in_its_own_loops_and_in_what_it_was_told_of() -> None:
    story = Story(MULTIPLE, "smoke_multiple")
    assert permit(Role.DEPARTMENT, Deed.HANDLE, story.incident, FIRE) is Permit.ALLOWED
    assert permit(Role.DEPARTMENT, Deed.HANDLE, story.incident, WATER) is Permit.DENIED
    assert permit(Role.DEPARTMENT, Deed.READ, story.incident, None) is Permit.DENIED


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
