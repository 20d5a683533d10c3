"""What a user's own action does not manage stands on the timeline, and the ladder climbs on."""

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError

from .conftest import Estate


async def test_an_action_that_fails_is_told_on_the_timeline_and_stops_no_ladder(
    hass: HomeAssistant, estate: Estate
) -> None:
    async def jammed(_call: ServiceCall) -> None:
        raise HomeAssistantError("The gate is jammed")

    hass.services.async_register("gate", "open", jammed)
    detector = estate.detector(1, "smoke")
    await estate.automate(
        "smoke_single",
        detectors={"entity_id": detector},
        actions_property=[{"action": "gate.open"}],
    )
    estate.set(detector, "on")
    await estate.settle()
    (incident,) = estate.active
    rows = await estate.entry.runtime_data.engine.timeline(incident.id)
    (row,) = [row for row in rows if row.kind == "action_failed"]
    assert row.data["reason"] == "The gate is jammed"
    await estate.pass_time(minutes=4)
    rows = await estate.entry.runtime_data.engine.timeline(incident.id)
    steps = [row.data["tier"] for row in rows if row.kind == "step_taken"]
    assert steps == ["property", "property", "committee"]
    assert [row.kind for row in rows].count("action_failed") == 1
