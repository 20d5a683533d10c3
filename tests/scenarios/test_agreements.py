"""Agreements of an older version, and those that no rule goes by: kept, or it says why not."""

from datetime import timedelta

from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from custom_components.smart_community.core.agreement import Agreement, Threshold

from .scene import Scene

MEETING = "Owners, 12 March"


async def _recorded_before_limits_had_a_unit(
    scene: Scene, loop: str, threshold: Threshold, value: float
) -> None:
    now = dt_util.utcnow()
    old = Agreement(
        id=f"{loop} {threshold}",
        loop=loop,
        threshold=threshold,
        value=value,
        agreed_by=MEETING,
        valid_from=now - timedelta(days=1),
        recorded_at=now,
    )
    await scene.entry.runtime_data.engine.agree(old)


async def _holds(scene: Scene) -> tuple[list[str], bool]:
    """What the list says of each agreement, and whether the repairs complain of one."""
    listed = await scene.call("secretary", "list_agreements")
    await scene.pass_time(minutes=2, steps=timedelta(minutes=1))
    issue = f"{scene.entry.entry_id}_agreement_unused"
    complains = ir.async_get(scene.hass).async_get_issue("smart_community", issue) is not None
    return [one["hold"] for one in listed["agreements"]], complains


async def test_a_limit_that_was_agreed_before_limits_had_a_unit_is_kept_over_a_restart(
    scene: Scene,
) -> None:
    tank = scene.thing("sensor", "distance", "180", unit_of_measurement="cm")
    await scene.automate("water_supply_fault")
    await _recorded_before_limits_had_a_unit(scene, "water_supply_fault", Threshold.UPPER_LIMIT, 4)
    await scene.restart()
    assert await _holds(scene) == (["in_force"], False)
    await scene.says(tank, "350")
    await scene.pass_time(minutes=11)
    assert scene.active == []
    await scene.says(tank, "450")
    await scene.pass_time(minutes=11)
    (incident,) = scene.active
    view = await scene.call("secretary", "get_incident", incident=incident.number)
    (quoted,) = [one["line"] for one in view["timeline"] if one["kind"] == "agreed"]
    assert quoted.endswith("4 m")


async def test_an_agreement_that_nothing_goes_by_says_so_in_list_and_repairs(
    scene: Scene,
) -> None:
    await scene.automate("electrical_fire")
    await _recorded_before_limits_had_a_unit(scene, "electrical_fire", Threshold.LIMIT, 90)
    assert await _holds(scene) == (["ambiguous"], True)
    said = {"loop": "electrical_fire", "agreed_by": MEETING}
    await scene.call("secretary", "agree", **said, threshold="limit", value=90, unit="°C")
    await scene.call("secretary", "agree", **said, threshold="count", value=3)
    assert await _holds(scene) == (["ambiguous", "in_force", "unused"], True)


async def test_of_a_loop_with_two_rules_what_either_goes_by_is_in_force(scene: Scene) -> None:
    door = scene.thing("event", None, "unknown")
    await scene.automate("lock_tamper", detectors={"entity_id": door})
    said = {"loop": "lock_tamper", "agreed_by": MEETING}
    await scene.call("secretary", "agree", **said, threshold="count", value=3)
    await scene.call("secretary", "agree", **said, threshold="for", duration={"minutes": 1})
    await scene.says(door, dt_util.utcnow().isoformat(), event_type="tamper")
    assert await _holds(scene) == (["in_force", "unused"], True)
