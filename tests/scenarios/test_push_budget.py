"""How many pushes a phone gets on a day, over restarts, communities and both ways to it."""

from typing import Any

import pytest
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.push_budget import BUDGET, WARN_AT
from tests.components.conftest import responder
from tests.components.translated import assert_said

from .scene import Scene

LADDER = [{"tier": "property", "after": 0, "channels": ["push"]}]


async def sent_today(scene: Scene, who: str, count: int) -> None:
    """Put down how many pushes a phone has had today, as the community keeps it; start again."""
    day = "2026-11-23"
    key = f"pushes:{scene.registration(who).entry_id}"
    await scene.entry.runtime_data.engine.keep(key, f"{day}|{count}")
    await scene.restart()


async def alarm(scene: Scene, zone: str, **more: Any) -> str:
    said = {"loop": "garbage_overflow", "zone": zone, "ladder": LADDER, **more}
    said.setdefault("community", scene.entry.entry_id)
    answer = await scene.hass.services.async_call(
        DOMAIN, "open_incident", said, blocking=True, return_response=True
    )
    await scene.settle()
    return str(answer["incident"])


def pushed(scene: Scene, who: str) -> int:
    return len(scene.relay.phones[f"token-{who}"].history)


async def test_a_phone_that_has_had_enough_gets_only_what_lives_may_depend_on(
    scene: Scene,
) -> None:
    await sent_today(scene, "guard", BUDGET - 1)
    await alarm(scene, "yard")
    assert pushed(scene, "guard") == 1
    incident = await alarm(scene, "gate")
    assert pushed(scene, "guard") == 1
    engine = scene.entry.runtime_data.engine
    (row,) = [one for one in await engine.timeline(incident) if one.kind == "withheld"]
    assert (row.data["responder"], row.data["reason"]) == ("guard", "daily_budget")
    await scene.restart()  # grants no second budget
    await alarm(scene, "hall")
    assert pushed(scene, "guard") == 1
    await alarm(scene, "cellar", severity="extreme")
    assert pushed(scene, "guard") == 2
    # The relay's day begins at midnight UTC, eight in the morning here.
    await scene.pass_time(hours=23, minutes=1)
    before = pushed(scene, "guard")
    await alarm(scene, "lift")
    assert pushed(scene, "guard") == before + 1


async def test_each_phone_of_a_person_has_its_own_budget(scene: Scene) -> None:
    await scene.register(
        device_id="guard-2",
        webhook_id="webhook-2",
        app_data={**scene.registration("guard").data["app_data"], "push_token": "token-secretary"},
    )
    await sent_today(scene, "guard", BUDGET)
    incident = await alarm(scene, "yard")
    assert (pushed(scene, "guard"), pushed(scene, "secretary")) == (0, 1)
    (row,) = [
        one
        for one in await scene.entry.runtime_data.engine.timeline(incident)
        if one.data.get("channel") == "push"
    ]
    assert (row.kind, row.data["reason"]) == ("sent", "daily_budget")


async def test_what_another_community_sent_to_the_phone_counts(scene: Scene) -> None:
    guard = responder("guard", "property", {"push": ""}, (scene.users["guard"].id,))
    other = MockConfigEntry(
        domain=DOMAIN, title="Other", data={"kind": "community"}, subentries_data=[guard]
    )
    other.add_to_hass(scene.hass)
    assert await scene.hass.config_entries.async_setup(other.entry_id)
    await sent_today(scene, "guard", BUDGET)
    await alarm(scene, "yard", community=other.entry_id)
    assert pushed(scene, "guard") == 0


@pytest.mark.parametrize(("count", "warned"), [(WARN_AT - 1, False), (WARN_AT, True)])
async def test_it_is_said_before_the_budget_is_used_up(
    scene: Scene, count: int, warned: bool
) -> None:
    await sent_today(scene, "guard", count)
    await scene.pass_time(minutes=11)
    issue = f"{scene.entry.entry_id}_push_budget_{scene.registration('guard').entry_id}"
    found = ir.async_get(scene.hass).async_get_issue(DOMAIN, issue)
    assert (found is not None) == warned
    if found is not None:
        given = set(found.translation_placeholders)
        assert_said("issues.push_budget.title", given)
        assert_said("issues.push_budget.description", given)
        await scene.pass_time(hours=23)
        assert ir.async_get(scene.hass).async_get_issue(DOMAIN, issue) is None
