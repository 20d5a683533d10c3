"""A restart in the middle of a window that counts, or of a time that a wrong kind must stay."""

from datetime import timedelta

import pytest
from homeassistant.util import dt as dt_util

from .scene import Scene


async def _happens(scene: Scene, door: str, **event: str) -> None:
    await scene.says(door, dt_util.utcnow().isoformat(), **event)


@pytest.mark.claims("restart")
async def test_lock_tamper_counts_wrong_codes_through_a_restart(scene: Scene) -> None:
    door = scene.thing("event", None, "unknown")
    await scene.automate("lock_tamper", detectors={"entity_id": door})
    for _ in range(3):
        await scene.pass_time(seconds=20)
        await _happens(scene, door, event_type="wrong_code")
    await scene.restart()
    for _ in range(2):
        assert scene.active == []
        await scene.pass_time(seconds=20)
        await _happens(scene, door, event_type="wrong_code")
    assert [one.loop for one in scene.active] == ["lock_tamper"]


@pytest.mark.claims("restart")
async def test_lock_tamper_forgets_wrong_codes_whose_window_ended_during_a_restart(
    scene: Scene,
) -> None:
    door = scene.thing("event", None, "unknown")
    await scene.automate("lock_tamper", detectors={"entity_id": door})
    for _ in range(4):
        await scene.pass_time(seconds=1)
        await _happens(scene, door, event_type="wrong_code")
    await scene.pass_time(minutes=4)
    await scene.restart()
    await scene.pass_time(minutes=2)
    await _happens(scene, door, event_type="wrong_code")
    assert scene.active == []


@pytest.mark.claims("restart")
async def test_group_rental_counts_keys_through_the_restarts_of_a_week(scene: Scene) -> None:
    door = scene.thing("event", None, "unknown")
    await scene.automate("group_rental", credentials=4, detectors={"entity_id": door})
    for key in ("a", "b", "a", "c"):
        await scene.pass_time(days=1)
        await _happens(scene, door, event_type="unlocked", credential=key)
        await scene.restart()
        assert scene.active == []
    await scene.pass_time(days=1)
    await _happens(scene, door, event_type="unlocked", credential="d")
    assert [one.loop for one in scene.active] == ["group_rental"]


@pytest.mark.claims("restart")
async def test_garage_overstay_of_a_wrong_kind_lasts_over_a_restart(scene: Scene) -> None:
    kind = scene.thing("sensor", None, "ev")
    await scene.automate("garage_overstay", kinds=[kind])
    await scene.says(kind, "fuel")
    await scene.pass_time(minutes=6)
    await scene.restart()
    await scene.pass_time(minutes=3, seconds=59)
    assert scene.active == []
    await scene.pass_time(seconds=1)
    (incident,) = scene.active
    await scene.restart()
    assert [one.id for one in scene.active] == [incident.id]
    await scene.says(kind, "ev")
    assert await scene.over() == [("garage_overstay", "closed", "cleared")]


@pytest.mark.claims("restart")
async def test_garage_overstay_of_a_wrong_kind_that_left_unseen_is_over(scene: Scene) -> None:
    kind = scene.thing("sensor", None, "ev")
    await scene.automate("garage_overstay", kinds=[kind])
    await scene.says(kind, "fuel")
    await scene.pass_time(minutes=6)
    scene.hass.states.async_set(kind, "unavailable")
    await scene.restart()
    await scene.says(kind, "empty")
    await scene.pass_time(minutes=20, steps=timedelta(minutes=5))
    assert scene.active == []
