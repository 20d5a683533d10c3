"""The alarm trigger in real automations: what is reported, why, how often and in which order."""

import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import Context, CoreState, Event, HomeAssistant, callback
from homeassistant.helpers.trigger import async_get_all_descriptions
from homeassistant.setup import async_setup_component

from custom_components.smart_community.alarm_index import alarm_index
from custom_components.smart_community.const import DATA_STILL_RAISED

from .alarm_ears import automation, listen

SMOKE = "binary_sensor.smoke"
TARGET = {"entity_id": SMOKE}
METER = "sensor.meter"


async def _say(hass: HomeAssistant, entity_id: str, *states: str | None) -> None:
    for state in states:
        if state is None:
            hass.states.async_remove(entity_id)
        else:
            hass.states.async_set(entity_id, state)
        await hass.async_block_till_done()


async def test_an_alarm_and_its_end_are_edges(hass: HomeAssistant) -> None:
    hass.states.async_set(SMOKE, "off")
    ears = await listen(hass, automation(TARGET))
    await _say(hass, SMOKE, "on", "off")
    assert ears.runs[0][1]["sources"] == [SMOKE]
    assert ears.runs[0][1]["value"] is None
    assert ears.said == [(SMOKE, True, "edge"), (SMOKE, False, "edge")]


@pytest.mark.parametrize("before", [None, "unknown", "unavailable"])
async def test_a_detector_whose_first_reading_is_an_alarm_is_found(
    hass: HomeAssistant, before: str | None
) -> None:
    await _say(hass, SMOKE, "off", before)
    ears = await listen(hass, automation(TARGET))
    await _say(hass, SMOKE, "on", "off")
    assert ears.said == [(SMOKE, True, "found_at_start"), (SMOKE, False, "edge")]


@pytest.mark.parametrize("outage", [None, "unknown", "unavailable"])
@pytest.mark.parametrize("before", ["off", "on"])
async def test_a_detector_that_returns_in_alarm_is_reported_whatever_it_was(
    hass: HomeAssistant, before: str, outage: str | None
) -> None:
    ears = await listen(hass, automation(TARGET))
    await _say(hass, SMOKE, before)
    ears.runs.clear()
    await _say(hass, SMOKE, outage, "on")
    assert ears.said == [(SMOKE, True, "returned_in_alarm")]


async def test_an_alarm_that_ended_during_an_outage_is_cleared(hass: HomeAssistant) -> None:
    ears = await listen(hass, automation(TARGET))
    await _say(hass, SMOKE, "on", "unavailable", "unknown", "off")
    assert ears.said == [(SMOKE, True, "found_at_start"), (SMOKE, False, "edge")]


async def test_an_alarm_that_is_on_when_the_automation_comes_is_attached(
    hass: HomeAssistant,
) -> None:
    hass.states.async_set(SMOKE, "on")
    ears = await listen(hass, automation(TARGET))
    assert ears.said == [(SMOKE, True, "attached")]
    for action in ("turn_off", "turn_on"):
        await hass.services.async_call(
            "automation", action, {"entity_id": "automation.a"}, blocking=True
        )
    await hass.async_block_till_done()
    assert ears.said == [(SMOKE, True, "attached")]


async def test_an_automation_that_is_reloaded_reports_what_is_in_alarm(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    hass.config.config_dir = str(tmp_path)
    ears = await listen(hass, automation(TARGET))
    await _say(hass, SMOKE, "off", "on")
    assert ears.said == [(SMOKE, True, "edge")]
    config = {"automation": [automation(TARGET, description="changed")]}
    (tmp_path / "configuration.yaml").write_text(json.dumps(config))
    await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()
    assert ears.said == [(SMOKE, True, "attached")]


@pytest.mark.parametrize("when", ["before_arming", "before_running", "after"])
async def test_an_alarm_at_start_is_found_whenever_its_state_comes(
    hass: HomeAssistant, when: str
) -> None:
    hass.set_state(CoreState.not_running)
    ears = await listen(hass, automation(TARGET))
    if when == "before_arming":
        hass.states.async_set(SMOKE, "on")
    elif when == "before_running":

        @callback
        def returns(_event: Event) -> None:
            hass.states.async_set(SMOKE, "on")

        hass.bus.async_listen_once("homeassistant_started", returns)
    await hass.async_start()
    await hass.async_block_till_done()
    if when == "after":
        hass.states.async_set(SMOKE, "on")
        await hass.async_block_till_done()
    assert ears.said == [(SMOKE, True, "found_at_start")]


async def test_lost_contact_and_repeated_readings_say_nothing(hass: HomeAssistant) -> None:
    ears = await listen(hass, automation(TARGET))
    await _say(hass, SMOKE, "off", "unavailable", "off", "unknown", None, "off", "on")
    assert ears.said == [(SMOKE, True, "edge")]
    hass.states.async_set(SMOKE, "on", {"battery": 20})
    hass.states.async_set(SMOKE, "on", force_update=True)
    await _say(hass, SMOKE, "unavailable", "unknown", None)
    assert ears.said == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ((), "attached"),
        (("off",), "found_at_start"),
        (("off", "unavailable", "off"), "found_at_start"),
    ],
)
async def test_a_quiet_source_with_an_open_episode_is_cleared_once(
    hass: HomeAssistant, path: tuple[str, ...], reason: str
) -> None:
    record = {SMOKE}
    hass.data[DATA_STILL_RAISED] = lambda source, _loop: source in record
    if not path:
        hass.states.async_set(SMOKE, "off")
    ears = await listen(hass, automation(TARGET))
    for state in path:
        await _say(hass, SMOKE, state)
        record.clear()
    assert ears.said == [(SMOKE, False, reason)]


async def test_a_quiet_source_that_returns_is_cleared_if_its_episode_is_open(
    hass: HomeAssistant,
) -> None:
    hass.states.async_set(SMOKE, "off")
    ears = await listen(hass, automation(TARGET))
    hass.data[DATA_STILL_RAISED] = lambda source, _loop: source == SMOKE
    await _say(hass, SMOKE, "unavailable", "off")
    assert ears.said == [(SMOKE, False, "returned_in_alarm")]


@pytest.mark.parametrize(
    ("kind", "readings"),
    [
        ("above", ("50", "55", "55.1", "70", "53", "55.2", "52", "54")),
        ("below", ("60", "55", "54.9", "10", "57", "54", "58", "56")),
    ],
)
async def test_a_value_is_an_alarm_past_the_limit_until_it_is_behind_the_hysteresis(
    hass: HomeAssistant, kind: str, readings: tuple[str, ...]
) -> None:
    options = {"kind": kind, "limit": 55, "hysteresis": 3}
    ears = await listen(hass, automation({"entity_id": METER}, options))
    await _say(hass, METER, *readings)
    assert [one["value"] for _, one in ears.runs] == [float(readings[2]), float(readings[6])]
    assert ears.said == [(METER, True, "edge"), (METER, False, "edge")]
    await _say(hass, METER, "nan", "inf", "fault", "unknown", readings[-1])
    assert ears.said == []
    await _say(hass, METER, "unavailable", readings[3])
    assert ears.said == [(METER, True, "returned_in_alarm")]


@pytest.mark.parametrize("on_record", [True, False])
async def test_a_first_value_between_limit_and_hysteresis_is_what_is_on_record(
    hass: HomeAssistant, *, on_record: bool
) -> None:
    hass.data[DATA_STILL_RAISED] = lambda _source, _loop: on_record
    options = {"kind": "above", "limit": 55, "hysteresis": 3}
    ears = await listen(hass, automation({"entity_id": METER}, options))
    await _say(hass, METER, "54")
    assert ears.said == []
    await _say(hass, METER, "50")
    assert ears.said == ([(METER, False, "edge")] if on_record else [])


async def test_what_another_loop_has_on_record_is_not_ones_own(hass: HomeAssistant) -> None:
    """Two loops watch one level, each with its limit: what the lower one raised the other has not.

    Taken for its own, the value that then passes the higher limit would never be told.
    """
    hass.data[DATA_STILL_RAISED] = lambda _source, loop: loop == "waterlogging"
    options = {"kind": "above", "limit": 55, "hysteresis": 10, "loop": "pump_room_flood"}
    ears = await listen(hass, automation({"entity_id": METER}, options))
    await _say(hass, METER, "50", "60")
    assert ears.said == [(METER, True, "edge")]


async def test_a_group_that_is_named_is_watched_as_itself(hass: HomeAssistant) -> None:
    hass.states.async_set(SMOKE, "off")
    config = {"stairs": {"name": "stairs", "entities": [SMOKE]}}
    assert await async_setup_component(hass, "group", {"group": config})
    await hass.async_block_till_done()
    ears = await listen(hass, automation({"entity_id": "group.stairs"}))
    await _say(hass, SMOKE, "on")
    assert ears.said == [("group.stairs", True, "edge")]


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "above"},
        {"kind": "state", "limit": 3},
        {"kind": "below", "limit": "much"},
        {"kind": "below", "limit": ".nan"},
        {"kind": "above", "limit": 3, "hysteresis": -1},
        {"device_class": "smoek"},
        {"sensitivity": 3},
    ],
)
async def test_a_trigger_that_could_never_fire_as_meant_is_refused(
    hass: HomeAssistant, options: dict[str, Any]
) -> None:
    config = {"automation": [automation(TARGET, options)]}
    assert await async_setup_component(hass, "automation", config)
    await hass.async_block_till_done()
    state = hass.states.get("automation.a")
    assert state is not None
    assert state.state == "unavailable"


async def test_the_context_of_the_first_change_is_the_parent(hass: HomeAssistant) -> None:
    ears = await listen(hass, automation(TARGET))
    cause = Context()
    hass.states.async_set(SMOKE, "on", context=cause)
    await hass.async_block_till_done()
    assert ears.calls[0].context.parent_id == cause.id


async def test_every_field_that_is_offered_is_taken(hass: HomeAssistant) -> None:
    season = {"season_limit": 1, "season_begins": "06-01", "season_ends": "09-30"}
    common = {"device_class": ["smoke"], "loop": "smoke_single"}
    taken: list[dict[str, Any]] = [
        {
            "kind": "above",
            "limit": 3,
            "unit": "mA",
            "hysteresis": 1,
            **season,
            "active": {"season": {"from": "06-01", "until": "09-30"}},
            **common,
        },
        {"kind": "state", "states": ["on"]},
        {"kind": "event", "events": ["single"]},
        {"kind": "outside", "limit": 1, "upper_limit": 3, "unit": "m"},
        {"kind": "sound", "every": "00:00:10"},
        {"kind": "fault", "battery_below": 10, "phones": True, "community": ""},
    ]
    await listen(hass, *(automation(TARGET, one, f"a{n}") for n, one in enumerate(taken)))
    described = (await async_get_all_descriptions(hass))["smart_community.alarm"]
    assert described is not None
    assert set(described["fields"]) == {option for one in taken for option in one}
    assert ("automation.a0", "smoke_single") in [
        (one.owner, one.loop) for one in alarm_index(hass).watches()
    ]
