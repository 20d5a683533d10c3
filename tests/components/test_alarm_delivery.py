"""How alarms reach automations: storms, long runs, and modes that leave no room."""

import asyncio

import pytest
from homeassistant.core import HomeAssistant

from .alarm_ears import Ears, automation, later, listen

SMOKE = "binary_sensor.smoke"
TARGET = {"entity_id": SMOKE}


async def _storm(hass: HomeAssistant, state: str, size: int) -> list[str]:
    names = [f"binary_sensor.d{number}" for number in range(size)]
    for name in names:
        hass.states.async_set(name, state)
    return names


async def test_a_storm_is_one_run_and_one_bundle_for_each_of_28_automations(
    hass: HomeAssistant,
) -> None:
    names = await _storm(hass, "off", 1000)
    target = {"entity_id": names}
    keys = [f"loop{number}" for number in range(28)]
    ears = await listen(hass, *(automation(target, key=key) for key in keys))
    await _storm(hass, "on", 1000)
    assert [len(one["sources"]) for _, one in ears.runs] == [1] * 28  # at once, before any wait
    await hass.async_block_till_done()
    assert len(ears.runs) == 2 * 28
    for key in keys:
        assert ears.told(key) == [(name, True) for name in names]


async def test_what_comes_during_a_long_run_waits_for_a_second_at_most(
    hass: HomeAssistant,
) -> None:
    names = await _storm(hass, "off", 4)
    ears = await listen(hass, automation({"entity_id": names}))
    ears.at_work.clear()
    await _storm(hass, "on", 4)
    await asyncio.sleep(0)
    assert ears.told("a") == [(names[0], True)]
    await _later_and_free(hass, ears)
    assert ears.told("a") == [(name, True) for name in names]
    assert len(ears.runs) == 2


async def _later_and_free(hass: HomeAssistant, ears: Ears) -> None:
    """Let the second pass while the run goes on, and end all runs only then."""
    before = len(ears.runs)
    hass.loop.call_soon(ears.at_work.set)
    await later(hass)
    assert len(ears.runs) > before


async def test_a_bundle_goes_when_the_run_before_it_ends(hass: HomeAssistant) -> None:
    names = await _storm(hass, "off", 4)
    ears = await listen(hass, automation({"entity_id": names}))
    ears.at_work.clear()
    await _storm(hass, "on", 4)
    ears.at_work.set()
    await hass.async_block_till_done()
    assert [len(one["sources"]) for _, one in ears.runs] == [1, 3]


async def test_a_clear_does_not_wait_for_the_run_of_another_sources_alarm(
    hass: HomeAssistant,
) -> None:
    names = await _storm(hass, "off", 1)
    hass.states.async_set(SMOKE, "on")
    ears = await listen(hass, automation({"entity_id": [SMOKE, *names]}))
    ears.at_work.clear()
    ears.runs.clear()
    hass.states.async_set(names[0], "on")
    hass.states.async_set(SMOKE, "off")
    assert ears.said == [(names[0], True, "edge"), (SMOKE, False, "edge")]
    ears.at_work.set()
    await hass.async_block_till_done()


@pytest.mark.parametrize("mode", ["single", "queued", "parallel", "restart"])
async def test_an_alarm_and_its_end_keep_their_order_in_any_mode(
    hass: HomeAssistant, mode: str
) -> None:
    names = await _storm(hass, "off", 3)
    ears = await listen(hass, automation({"entity_id": names}, mode=mode))
    ears.at_work.clear()
    for _ in range(2):
        await _storm(hass, "on", 3)
        await _storm(hass, "off", 3)
    ears.at_work.set()
    for _ in range(4):
        await later(hass)
    told = ears.told("a")
    for name in names:
        assert [raised for one, raised in told if one == name] == [True, False, True, False]


async def test_mode_single_loses_nothing_during_a_run_of_minutes(hass: HomeAssistant) -> None:
    names = await _storm(hass, "off", 50)
    ears = await listen(hass, automation({"entity_id": names}, mode="single"))
    ears.at_work.clear()
    await _storm(hass, "on", 50)
    await asyncio.sleep(0)
    hass.loop.call_soon(ears.at_work.set)
    for _ in range(3):
        await later(hass)
    await _storm(hass, "off", 50)
    for _ in range(3):
        await later(hass)
    told = ears.told("a")
    assert sorted(told) == sorted((name, raised) for name in names for raised in (True, False))


async def test_an_alarm_is_offered_again_while_another_trigger_keeps_the_automation_busy(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    busy = automation(TARGET, mode="single")
    busy["triggers"].append({"trigger": "event", "event_type": "tier_reached"})
    busy["actions"][0]["data"]["trigger"] = (
        "{{ trigger if trigger.source is defined else "
        "{'source': 'tier', 'sources': ['tier'], 'raised': true, 'reason': 'tier'} }}"
    )
    hass.states.async_set(SMOKE, "off")
    ears = await listen(hass, busy)
    ears.at_work.clear()
    hass.bus.async_fire("tier_reached")
    await asyncio.sleep(0)
    hass.states.async_set(SMOKE, "on")
    hass.states.async_set(SMOKE, "off")
    assert "Already running" in caplog.text
    assert ears.said == [("tier", True, "tier")]
    ears.at_work.set()
    await hass.async_block_till_done()
    await later(hass)
    await later(hass)
    assert ears.said == [(SMOKE, True, "edge"), (SMOKE, False, "edge")]


async def test_an_alarm_that_conditions_refuse_is_not_offered_again(hass: HomeAssistant) -> None:
    hass.states.async_set(SMOKE, "off")
    never = {"condition": "template", "value_template": "{{ is_state('light.a', 'on') }}"}
    ears = await listen(hass, automation(TARGET, conditions=[never]))
    hass.states.async_set(SMOKE, "on")
    await hass.async_block_till_done()
    hass.states.async_set("light.a", "on")
    await later(hass)
    assert ears.said == []


async def test_one_broken_automation_does_not_silence_the_others(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    broken = automation(TARGET, key="broken")
    broken["triggers"][0]["variables"] = {"x": "{{ 1 / 0 }}"}
    hass.states.async_set(SMOKE, "off")
    ears = await listen(hass, broken, automation(TARGET))
    hass.states.async_set(SMOKE, "on")
    await hass.async_block_till_done()
    assert ears.told("a") == [(SMOKE, True)]
    assert "could not be told" in caplog.text


async def test_what_waits_is_dropped_with_its_automation_and_found_by_the_next(
    hass: HomeAssistant,
) -> None:
    names = await _storm(hass, "off", 3)
    ears = await listen(hass, automation({"entity_id": names}))
    ears.at_work.clear()
    await _storm(hass, "on", 3)
    for action in ("turn_off", "turn_on"):
        data = {"entity_id": "automation.a", "stop_actions": False}
        data = data if action == "turn_off" else {"entity_id": "automation.a"}
        await hass.services.async_call("automation", action, data, blocking=True)
    ears.at_work.set()
    await hass.async_block_till_done()
    await later(hass)
    assert {source for source, _ in ears.told("a")} == set(names)
    assert [one["reason"] for _, one in ears.runs] == ["edge", "attached"]
