"""Loops that are one emergency when both are in alarm in one place."""

from dataclasses import replace

from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.model import Severity

from .conftest import LADDER, House, request

GAS = policy(LADDER, severity=Severity.EXTREME, joint=["smoke_single"])


async def test_gas_and_smoke_in_one_place_raise_each_other_whichever_comes_first(
    house: House,
) -> None:
    for first, second in (("smoke_single", "gas_leak"), ("gas_leak", "smoke_single")):
        assert house.engine is not None
        house.phones.got.clear()
        for loop in (first, second):
            one = request(f"{loop}1", loop=loop, zone=f"zone:{first}")
            await house.engine.signal(replace(one, policy=GAS) if loop == "gas_leak" else one)
        await house.settle()
        running = {one.loop: one for one in house.engine.active if one.zone == f"zone:{first}"}
        assert running[first].joint == {running[second].id: second}
        assert running[second].joint == {running[first].id: first}
        assert house.phones.told.count("secretary") == 2


async def test_gas_in_another_place_is_an_incident_of_its_own(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1"))
    await house.engine.signal(request("g1", loop="gas_leak", zone="floor:9", policy=GAS))
    assert [one.joint for one in house.engine.active] == [{}, {}]
