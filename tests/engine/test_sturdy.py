"""What fails in one place stays there: the engine's one task outlives it, and so does all else."""

import asyncio
from datetime import timedelta
from typing import override

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smart_community.core.model import Verdict
from custom_components.smart_community.core.plan import Active, Schedule
from custom_components.smart_community.core.rule import Detect
from custom_components.smart_community.engine.clock import Clock

from .conftest import START, House, request

DWELL = Detect(dwell=timedelta(seconds=30))
BROKEN = "floor:9"


class Shaky(House):
    """A house whose plan for one floor cannot be read."""

    asked = 0

    @override
    def schedule(self, loop: str, zone: str, said: Active | None) -> Schedule:
        if zone == BROKEN and self.now > START:
            self.asked += 1
            raise LookupError(zone)
        return super().schedule(loop, zone, said)


@pytest.fixture
async def house(house: House) -> House:
    """The usual house, with one floor whose plan breaks after the start."""
    house.__class__ = Shaky
    await house.crash()
    await house.open()
    return house


async def test_what_fails_at_one_floor_keeps_no_other_from_its_time(house: House) -> None:
    assert house.engine is not None
    for zone in (BROKEN, "floor:2"):
        waiting = await house.engine.signal(request(f"{zone}:d1", zone=zone, detect=DWELL))
        assert waiting.verdict is Verdict.PENDING
    house.now += timedelta(seconds=31)
    house.engine.tick()
    await house.settle()
    assert [one.zone for one in house.engine.active] == ["floor:2"]
    assert house.phones.told == ["guard"]
    assert house.engine.overdue == timedelta(seconds=1)


async def test_what_cannot_be_done_is_asked_for_once_a_second(
    house: House, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    assert isinstance(house, Shaky)
    assert house.engine is not None
    freezer.move_to(START)
    clock = Clock(hass, house.engine)
    house.engine.changed.append(clock.rearm)
    await house.engine.signal(request("d1", zone=BROKEN, detect=DWELL))
    for asked in (1, 2):
        house.now += timedelta(seconds=31)
        freezer.move_to(house.now)
        async_fire_time_changed(hass, house.now)
        for _ in range(100):
            await asyncio.sleep(0)
            await house.engine.keep("turn", "of the writer")
        assert house.asked == asked
    clock.stop()


@pytest.mark.parametrize("where", ["changed", "announced"])
async def test_a_listener_that_fails_ends_nothing(house: House, where: str) -> None:
    assert house.engine is not None

    def fails(*_: object) -> None:
        raise LookupError(where)

    if where == "changed":
        house.engine.changed.append(fails)
    else:
        house.said = type("Deaf", (list,), {"append": fails})()
    opened = await house.engine.signal(request("d1"))
    joined = await house.engine.signal(request("d2"))
    await house.settle()
    assert (opened.verdict, joined.verdict) == (Verdict.OPENED, Verdict.JOINED)
    assert house.phones.told == ["guard"]


async def test_half_a_character_in_a_name_is_kept_as_a_mark_and_everything_else_whole(
    house: House,
) -> None:
    assert house.engine is not None
    opened = await house.engine.signal(request("hall \ud83d"))
    await house.engine.signal(request("stair", zone="floor:3"))
    await house.settle()
    assert house.engine.recording_problem is None
    await house.crash()
    engine = await house.open()
    assert [set(one.sources) for one in engine.active] == [{"hall \ufffd"}, {"stair"}]
    assert opened.incident is not None
    assert "opened" in [entry.kind for entry in await engine.timeline(opened.incident.id)]
    assert house.phones.told == ["guard", "guard"]
