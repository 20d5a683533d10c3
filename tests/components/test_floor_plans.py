"""Where a detector hangs on its area's picture, and who may say so."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from .screen import Open
from .test_incident import member, smoke


@pytest.fixture
def detectors(hass: HomeAssistant) -> list[str]:
    """Two detectors in an area with a plan, and one that is nowhere."""
    area = ar.async_get(hass).async_create("Building 3, floor 2", picture="/local/plan.png")
    registry = er.async_get(hass)
    found = []
    for number in range(3):
        entity = registry.async_get_or_create("binary_sensor", "demo", f"smoke {number}")
        if number < 2:
            registry.async_update_entity(entity.entity_id, area_id=area.id)
        found.append(entity.entity_id)
    return found


async def test_a_plan_shows_the_lit_detector_and_says_which_has_no_place_yet(
    hass: HomeAssistant,
    community: MockConfigEntry,
    screen: Open,
    detectors: list[str],
) -> None:
    owner = await screen(MockUser(name="owner", is_owner=True).add_to_hass(hass))
    guard = await screen(await member(hass, community, "guard"))
    first, second, _ = detectors
    place = {"entity_id": first, "x": 0.25, "y": 0.75}
    refused = await guard.ask("place", **place)
    assert refused["error"]["translation_key"] == "configure_not_permitted"
    assert (await owner.ask("place", **place))["success"]
    number = (await smoke(hass, community, detectors, zone="floor"))["number"]
    (plan,) = (await guard.ask("incident", incident=number))["result"]["plans"]
    assert (plan["name"], plan["picture"]) == ("Building 3, floor 2", "/local/plan.png")
    (spot,) = plan["spots"]
    assert (spot["entity_id"], spot["x"], spot["y"], spot["in_alarm"]) == (first, 0.25, 0.75, True)
    assert [one["entity_id"] for one in plan["missing"]] == [second]
    await smoke(hass, community, first, zone="floor", raised=False)
    (plan,) = (await guard.ask("incident", incident=number))["result"]["plans"]
    assert plan["spots"][0]["in_alarm"] is False


async def test_a_place_off_the_plan_or_of_nothing_is_refused(
    hass: HomeAssistant,
    community: MockConfigEntry,
    screen: Open,
    detectors: list[str],
) -> None:
    owner = await screen(MockUser(name="owner", is_owner=True).add_to_hass(hass))
    said = await owner.ask("place", entity_id=detectors[0], x=1.2, y=0)
    assert said["error"]["code"] == "invalid_format"
    said = await owner.ask("place", entity_id="binary_sensor.nothing", x=0, y=0)
    assert said["error"]["translation_key"] == "not_in_registry"


async def test_detectors_without_a_plan_have_none(
    hass: HomeAssistant,
    community: MockConfigEntry,
    screen: Open,
    detectors: list[str],
) -> None:
    guard = await screen(await member(hass, community, "guard"))
    number = (await smoke(hass, community, detectors[2]))["number"]
    assert (await guard.ask("incident", incident=number))["result"]["plans"] == []
