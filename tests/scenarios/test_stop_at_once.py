"""Whoever takes it on stops the others' phones at once, and the end takes every notice away."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.core import Context, ServiceCall, SupportsResponse
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN

from .scene import Scene

TIERS = ("property", "committee", "township")
LADDER = [
    {"tier": "property", "after": 0, "channels": ["push"]},
    {"tier": "committee", "after": 0, "channels": ["push"]},
    {"tier": "township", "after": "00:05:00", "channels": ["push"], "unless": "acknowledged"},
]


async def alarm(scene: Scene, ladder: Any = LADDER, **more: Any) -> None:
    said = {"loop": "smoke_single", "zone": "hall", "ladder": ladder, **more}
    await scene.hass.services.async_call(DOMAIN, "open_incident", said, blocking=True)
    await scene.settle()


def shade(scene: Scene, who: str) -> dict[str, Any]:
    return scene.relay.phones[f"token-{who}"].shade


async def test_taken_on_by_one_is_what_the_others_read_before_a_second_has_passed(
    scene: Scene,
) -> None:
    await alarm(scene)
    (before,) = shade(scene, "secretary").values()
    assert before.data["actions"]
    await scene.tap("guard", "ACKNOWLEDGE")  # the scene's clock stands meanwhile
    (after,) = shade(scene, "secretary").values()
    assert after.tag == before.tag  # replaced, not beside it
    assert "Guard" in after.message
    assert after.message != before.message
    assert after.data["channel"] == "smart_community_updates"  # in silence
    await scene.pass_time(minutes=6)
    assert shade(scene, "head") == {}  # the step that it stopped is not taken


async def test_handled_clears_every_phone_and_closed_what_has_come_since(scene: Scene) -> None:
    await alarm(scene)
    await scene.tap("guard", "ACKNOWLEDGE")
    assert shade(scene, "guard")
    assert shade(scene, "secretary")
    await scene.tap("guard", "HANDLED", "a burnt pot")
    (incident,) = scene.entry.runtime_data.engine.active
    assert incident.status == "handled"
    assert shade(scene, "guard") == {}
    assert shade(scene, "secretary") == {}
    await scene.pass_time(hours=25)  # nobody has closed it: they are asked
    (question,) = shade(scene, "secretary").values()
    assert "nobody has closed it" in question.message
    await scene.act("guard", "close", disposition="handled")
    await scene.settle()
    assert shade(scene, "guard") == {}
    assert shade(scene, "secretary") == {}
    await scene.pass_time(hours=1)
    assert shade(scene, "head") == {}


async def test_help_tells_the_next_tier_now(scene: Scene) -> None:
    await alarm(scene)
    await scene.tap("secretary", "HELP")
    (notice,) = shade(scene, "head").values()
    assert "hall" in notice.title


async def test_what_waits_behind_a_call_that_hangs_is_not_sent_once_it_is_stopped(
    scene: Scene,
) -> None:
    hung, calls = asyncio.Event(), []

    async def call(call: ServiceCall) -> dict[str, Any]:
        calls.append(str(call.data["message"]))
        await hung.wait()
        return {"receipt": "answered"}

    scene.hass.services.async_register(
        "script", "voice_guard", call, supports_response=SupportsResponse.OPTIONAL
    )
    twice = [
        {"tier": "property", "after": 0, "channels": ["voice"]},
        {"tier": "property", "after": 5, "channels": ["voice"], "unless": "acknowledged"},
    ]
    said = {"loop": "smoke_single", "zone": "hall", "ladder": twice}
    await scene.hass.services.async_call(DOMAIN, "open_incident", said, blocking=True)
    engine = scene.entry.runtime_data.engine
    scene.freezer.tick(timedelta(seconds=6))
    engine.tick()  # the second call is ordered, and waits for the first to end
    (incident,) = engine.active
    await scene.comes(lambda: len(engine.letters_waiting) == 2, lambda: str(calls))
    await scene.hass.services.async_call(
        DOMAIN,
        "acknowledge",
        {"incident": incident.id, "note": "seen"},
        blocking=True,
        context=Context(user_id=scene.users["secretary"].id),
    )
    hung.set()
    await scene.settle()
    assert len(calls) == 1
    rows = [row for row in await engine.timeline(incident.id) if row.data.get("step") == 1]
    assert [row.kind for row in rows][-1] == "cancelled"


async def test_of_a_hundred_that_wait_behind_a_relay_that_hangs_none_leaves_after_it_is_taken_on(
    scene: Scene, request: pytest.FixtureRequest
) -> None:
    """Told by the order in which the relay is asked, which no standing clock can flatter.

    The next that it hears after the acknowledgement is who has taken it on: at once for the phones
    that it answers for, and for the one that hangs as soon as that is let go. Another community's
    alarm, which nobody has taken on, is not held up by it.
    """
    other = MockConfigEntry(
        domain=DOMAIN,
        title="Other",
        data={"kind": "community"},
        subentries_data=[one.as_dict() for one in scene.entry.subentries.values()],
    )
    other.add_to_hass(scene.hass)
    assert await scene.hass.config_entries.async_setup(other.entry_id)
    request.addfinalizer(scene.relay.released.set)
    scene.relay.hanging.add("token-secretary")
    again = {"tier": "committee", "after": 1, "channels": ["push"], "unless": "acknowledged"}
    everybody = [{"tier": tier, "after": 0, "channels": ["push"]} for tier in TIERS]
    await alarm(scene, [*everybody, *[again] * 100], community=scene.entry.entry_id)
    scene.freezer.tick(timedelta(seconds=2))
    engine = scene.entry.runtime_data.engine
    engine.tick()
    await scene.comes(
        lambda: len(engine.letters_waiting) == 101, lambda: str(len(engine.letters_waiting))
    )
    before = len(scene.relay.asked)
    assert [token for token, _, _ in scene.relay.asked].count("token-secretary") == 1
    await scene.tap("guard", "ACKNOWLEDGE")
    after = scene.relay.asked[before:]
    assert {token for token, _, _ in after} == {"token-head", "token-guard"}
    assert all("Guard is on it" in message for _, _, message in after)
    await alarm(scene, everybody[1:2], zone="the other yard", community=other.entry_id)
    before = len(scene.relay.asked) - 1  # it has been asked for the other community's already
    scene.relay.released.set()
    await scene.comes(lambda: not engine.letters_waiting, lambda: str(engine.letters_waiting))
    told = scene.relay.asked[before:]
    assert [token for token, _, _ in told] == ["token-secretary"] * 2
    assert "the other yard" in told[0][1]
    assert "Guard is on it" in told[1][2]
    (notice,) = [one for one in shade(scene, "secretary").values() if "hall" in one.title]
    assert "Guard is on it" in notice.message
    assert await scene.hass.config_entries.async_unload(other.entry_id)
