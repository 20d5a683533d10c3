"""Whoever takes it on stops the others' phones at once, and the end takes every notice away."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.core import Context, ServiceCall, SupportsResponse

from custom_components.smart_community.const import DOMAIN

from .scene import Scene

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
