"""A thousand places in alarm at once: few incidents, all places listed, nobody told of each."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from custom_components.smart_community.core.detection import Signal
from custom_components.smart_community.core.events import Acknowledge
from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.model import Closes, Severity, Status, Verdict
from custom_components.smart_community.core.noise import noise
from custom_components.smart_community.core.rule import Detect
from custom_components.smart_community.core.storm import COUNT
from custom_components.smart_community.engine.requests import Result

from .conftest import LADDER, START, House, request
from .test_engine import GUARD

ORDINARY = policy(LADDER, severity=Severity.MINOR)
SOS = policy(LADDER, severity=Severity.EXTREME, closes=Closes.PERSON)


async def _alarm(house: House, number: int, **more: Any) -> Result:
    assert house.engine is not None
    key = f"door{number}"
    said = {"loop": "unit_door_open", "policy": ORDINARY, "at": house.now, **more}
    return await house.engine.signal(
        request(key, zone=f"source:{key}", zone_name=f"Door {number}", **said)
    )


async def _storm(house: House, count: int, **more: Any) -> list[Result]:
    results = await asyncio.gather(*(_alarm(house, number, **more) for number in range(count)))
    await house.settle()
    return results


async def test_a_thousand_places_are_ten_incidents_and_one_that_lists_all_the_rest(
    house: House,
) -> None:
    assert house.engine is not None
    results = await _storm(house, 1000)
    assert len(house.engine.active) == COUNT + 1
    storm = next(one for one in house.engine.active if one.storm)
    assert len(storm.sources) == 1000 - COUNT
    listed = [key for one in house.engine.active for key in one.sources]
    assert sorted(listed) == sorted(f"door{number}" for number in range(1000))
    assert storm.sources["door999"].name == "Door 999 · door999"
    assert [one.verdict for one in results].count(Verdict.JOINED) == 1000 - COUNT - 1
    assert all(one.incident is not None for one in results)
    # Each incident's first step, and no more until the news of the rest.
    assert house.phones.told == ["guard"] * (COUNT + 1)
    await house.pass_time(minutes=2)
    assert house.phones.told == ["guard"] * (COUNT + 2)
    timeline = await house.engine.timeline(storm.id)
    told = [key for e in timeline if e.kind in {"opened", "alarm"} for key in e.data["sources"]]
    assert sorted(told) == sorted(storm.sources)


async def test_where_lives_may_depend_on_it_the_rest_is_told_within_seconds_and_rings(
    house: House,
) -> None:
    assert house.engine is not None
    sos = {"loop": "sos", "policy": SOS}
    await _storm(house, 100, **sos)
    house.phones.got.clear()
    await house.pass_time(seconds=14)
    assert house.phones.told == []
    await house.pass_time(seconds=1)
    assert house.phones.told == ["guard"]
    # However many more come, a phone rings four times a minute for them at most.
    storm = next(one for one in house.engine.active if one.storm)
    house.phones.got.clear()
    for number in range(100, 700, 60):
        await house.pass_time(seconds=6)
        await asyncio.gather(*(_alarm(house, one, **sos) for one in range(number, number + 60)))
    await house.settle()
    rung = [who for who, tag in house.phones.got if tag.endswith(storm.id) and who == "guard"]
    assert len(rung) == 4
    assert sum(len(one.sources) for one in house.engine.active) == 700


async def test_a_storm_is_the_same_storm_after_a_restart(house: House) -> None:
    await _storm(house, 15)
    await house.crash()
    engine = await house.open()
    result = await _alarm(house, 15)
    assert result.verdict is Verdict.JOINED
    assert len(engine.active) == COUNT + 1
    assert len(next(one for one in engine.active if one.storm).sources) == 6
    # What stands there is found again, and is known.
    assert (await _alarm(house, 12, edge=False)).verdict is Verdict.KNOWN


async def test_after_the_storm_each_is_an_incident_of_its_own_again(house: House) -> None:
    assert house.engine is not None
    await _storm(house, 15)
    await house.pass_time(minutes=1)
    assert (await _alarm(house, 20)).verdict is Verdict.OPENED
    assert len(house.engine.active) == COUNT + 2


async def test_who_is_named_by_one_automation_alone_hears_of_its_places_in_a_storm_of_its_own(
    house: House,
) -> None:
    assert house.engine is not None
    edited = policy(
        [{"responder": "head", "after": timedelta(0), "channels": ["push"]}, *LADDER],
        severity=Severity.MINOR,
    )
    await _storm(house, COUNT + 2)
    assert "head" not in house.phones.told
    await asyncio.gather(*(_alarm(house, one, policy=edited) for one in (COUNT + 2, COUNT + 3)))
    await house.settle()
    storms = [sorted(one.sources) for one in house.engine.active if one.storm]
    assert storms == [[f"door{one}", f"door{one + 1}"] for one in (COUNT, COUNT + 2)]
    assert house.phones.told.count("head") == 1


async def test_each_place_clears_for_itself_and_the_last_ends_the_storm(house: House) -> None:
    assert house.engine is not None
    await _storm(house, COUNT + 2)
    storm = next(one for one in house.engine.active if one.storm)
    first = await _alarm(house, COUNT, raised=False)
    assert (first.verdict, first.incident and first.incident.id) == (Verdict.CLEARED, storm.id)
    # In alarm again it is part of the storm that it was part of, and news to who took it on.
    await house.pass_time(minutes=2)
    await house.engine.act(storm.id, Acknowledge(actor=GUARD))
    await house.settle()
    house.phones.got.clear()
    again = await _alarm(house, COUNT)
    assert again.incident is not None
    assert (again.incident.id, again.incident.sources[f"door{COUNT}"].times) == (storm.id, 2)
    await house.pass_time(minutes=2)
    assert [who for who, tag in house.phones.got if tag.endswith(storm.id)] == ["guard"]
    for number in (COUNT, COUNT + 1):
        last = await _alarm(house, number, raised=False)
    assert last.verdict is Verdict.CLEARED_BY_ITSELF


async def test_who_takes_a_storm_on_hears_of_each_place_that_joins(house: House) -> None:
    assert house.engine is not None
    await _storm(house, COUNT + 1)
    storm = next(one for one in house.engine.active if one.storm)
    await house.engine.act(storm.id, Acknowledge(actor=GUARD))
    await house.settle()
    house.phones.got.clear()
    await _alarm(house, COUNT + 1)
    await house.pass_time(minutes=2)
    assert house.phones.got == [("guard", f"smart_community_{storm.id}")]


async def test_a_greater_storm_takes_over_the_lesser_incident_of_each_place_that_joins(
    house: House,
) -> None:
    assert house.engine is not None
    greater = policy(LADDER, severity=Severity.EXTREME, takes_over=["unit_door_open"])
    await _storm(house, COUNT, loop="night_intrusion", policy=greater)
    lesser = [await _alarm(house, number) for number in (COUNT, COUNT + 1)]
    for number in (COUNT, COUNT + 1):
        await _alarm(house, number, loop="night_intrusion", policy=greater)
    storm = next(one for one in house.engine.active if one.storm)
    ids = [one.incident.id for one in lesser if one.incident is not None]
    assert list(storm.children) == ids
    for incident_id in ids:
        ended = await house.engine.find(incident_id)
        assert ended is not None
        assert (ended.status, ended.parent) == (Status.SUPERSEDED, storm.id)


async def test_a_storm_is_not_taken_over_with_the_places_that_the_greater_one_is_not_about(
    house: House,
) -> None:
    assert house.engine is not None
    await _storm(house, COUNT + 3)
    storm = next(one for one in house.engine.active if one.storm)
    greater = policy(LADDER, severity=Severity.EXTREME, takes_over=["unit_door_open"])
    await _alarm(house, COUNT, loop="night_intrusion", policy=greater)
    assert house.engine.running(storm.id) is not None


async def test_what_is_one_emergency_in_a_place_is_one_in_a_storm_too(house: House) -> None:
    assert house.engine is not None
    gas = policy(LADDER, severity=Severity.EXTREME, joint=["unit_door_open"])
    door = (await _alarm(house, COUNT)).incident
    await _storm(house, COUNT + 2, loop="gas_leak", policy=gas)
    storm = next(one for one in house.engine.active if one.storm)
    assert door is not None
    assert storm.joint == {door.id: "unit_door_open"}


async def test_reports_and_noise_are_about_one_place_each(house: House) -> None:
    """A photo and a penalty, or a curve: evidence of one place proves nothing about another."""
    assert house.engine is not None
    signal, places = house.engine.signal, range(COUNT + 2)
    renovation = {"loop": "illegal_renovation", "apart": True}
    reports = [request(f"report:{one}", zone=f"zone:{one}", **renovation) for one in places]
    for result in await asyncio.gather(*map(signal, reports)):
        assert result.verdict is Verdict.OPENED
    rule = Detect(noise=noise(timedelta(minutes=1), "1"))
    for second in range(0, 71, 10):
        house.now = START + timedelta(seconds=second)
        dance = request(loop="square_dance_noise", detect=rule)
        said = Signal(source="m", name="m", raised=True, at=house.now, value="80")
        heard = [replace(dance, zone=f"area:{one}", signals=(said,)) for one in places]
        await asyncio.gather(*map(signal, heard))
    assert not any(one.storm for one in house.engine.active)
    assert len(house.engine.active) == 2 * (COUNT + 2)
