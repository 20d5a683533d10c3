"""Signals that come at once are taken in together: faster, and with the same end as one by one."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from custom_components.smart_community.core.events import Close
from custom_components.smart_community.core.model import Disposition, Incident, Verdict
from custom_components.smart_community.core.rule import Detect

from .conftest import House, request
from .test_engine import GUARD

PAIR = {"loop": "smoke_multiple", "detect": Detect(count=2, within=timedelta(seconds=60))}
# Source, raised, and what else: what a moment may bring, in this order.
MOMENTS: dict[str, list[tuple[str, bool, dict[str, Any]]]] = {
    "one after the other": [("a", True, {}), ("b", True, {}), ("c", True, {})],
    "raised and cleared": [("a", True, {}), ("b", True, {}), ("a", False, {}), ("c", True, {})],
    "all over": [("a", True, {}), ("b", True, {}), ("a", False, {}), ("b", False, {})],
    "twice": [("a", True, {}), ("b", True, {}), ("a", True, {}), ("a", True, {})],
    "two loops": [("a", True, {}), ("a", True, PAIR), ("b", True, {}), ("b", True, PAIR)],
    "two places": [("a", True, {}), ("b", True, {"zone": "floor:9"}), ("c", True, {})],
    "found and seen": [("a", True, {}), ("b", True, {"edge": False}), ("a", True, {"edge": False})],
}


def _facts(incidents: list[Incident]) -> list[Any]:
    return sorted(
        (
            one.loop,
            one.zone,
            one.status.value,
            sorted(
                (key, source.cleared_at is None, source.times)
                for key, source in one.sources.items()
            ),
        )
        for one in incidents
    )


@pytest.mark.parametrize("moment", MOMENTS)
async def test_at_once_or_one_by_one_ends_in_the_same_incidents(house: House, moment: str) -> None:
    assert house.engine is not None
    requests = [request(key, raised=raised, **more) for key, raised, more in MOMENTS[moment]]
    await asyncio.gather(*map(house.engine.signal, requests))
    await house.settle()
    at_once = _facts(await house.engine.incidents())
    await house.crash()
    house.path = house.path.with_name("again.db")
    engine = await house.open()
    for one in requests:
        await engine.signal(one)
    assert _facts(await engine.incidents()) == at_once


async def test_the_first_of_many_opens_and_the_rest_join(house: House) -> None:
    assert house.engine is not None
    results = await asyncio.gather(*(house.engine.signal(request(f"d{n}")) for n in range(5)))
    assert [one.verdict for one in results] == [Verdict.OPENED, *[Verdict.JOINED] * 4]
    assert len({one.incident.id for one in results if one.incident is not None}) == 1


async def test_an_alarm_behind_a_persons_word_is_not_covered_by_it(house: House) -> None:
    """Closed is what was in alarm when it was said; the detector that comes after is a new one."""
    assert house.engine is not None
    first = (await house.engine.signal(request("d0"))).incident
    assert first is not None
    results = await asyncio.gather(
        house.engine.signal(request("d1")),
        house.engine.act(first.id, Close(actor=GUARD, disposition=Disposition.FALSE_ALARM)),
        house.engine.signal(request("d2")),
    )
    assert [one.verdict for one in results] == [Verdict.JOINED, Verdict.CLOSED, Verdict.OPENED]
    assert [list(one.sources) for one in house.engine.active] == [["d2"]]


async def test_what_fails_for_one_bundle_is_the_answer_of_each_in_it(house: House) -> None:
    """And of nobody else."""
    assert house.engine is not None
    broken = request("a", detect=None)
    results = await asyncio.gather(
        house.engine.signal(broken),
        house.engine.signal(request("b", detect=None)),
        house.engine.signal(request("c", zone="floor:3")),
        return_exceptions=True,
    )
    assert [isinstance(one, Exception) for one in results] == [True, True, False]
