"""A drill climbs the ladder that the user's own automation has, with the user's times."""

from homeassistant.core import HomeAssistant

from custom_components.smart_community.const import DOMAIN

from .conftest import Estate


async def test_the_ladder_of_the_loops_automation_is_exercised(
    hass: HomeAssistant, estate: Estate
) -> None:
    detector = {"entity_id": estate.detector(1, "smoke")}
    await estate.automate("smoke_multiple", detectors=detector, department_after={"minutes": 7})
    answer = await hass.services.async_call(
        DOMAIN,
        "drill",
        {"loop": "smoke_multiple", "zone": "yard", "up_to": "department"},
        blocking=True,
        return_response=True,
    )
    await estate.settle()
    (incident,) = estate.active
    assert incident.id == answer["incident"]
    assert [(step.tier, step.after.total_seconds()) for step in incident.policy.ladder] == [
        ("property", 0),
        ("committee", 15),
        ("department", 420),
    ]
    assert incident.policy.ladder[0].critical
