"""The kinds of sources an alarm trigger knows, in real automations."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smart_community.const import (
    DATA_AGREED_LIMIT,
    DATA_AT_WORK,
    DATA_STILL_RAISED,
)
from custom_components.smart_community.core.agreement import Threshold

from .alarm_ears import Ears, automation, detector, listen


async def say(hass: HomeAssistant, entity_id: str, state: str, **attributes: Any) -> None:
    hass.states.async_set(entity_id, state, attributes)
    await hass.async_block_till_done()


async def wait(hass: HomeAssistant, freezer: FrozenDateTimeFactory, **span: float) -> None:
    freezer.tick(timedelta(**span))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


def values(ears: Ears) -> list[tuple[str, Any]]:
    said = [(one["source"], one["value"]) for _, one in ears.runs]
    ears.runs.clear()
    return said


async def test_a_state_that_is_named_is_an_alarm(hass: HomeAssistant) -> None:
    lock = "lock.door"
    ears = await listen(
        hass, automation({"entity_id": lock}, {"kind": "state", "states": ["jammed", "open"]})
    )
    for state in ("locked", "jammed", "open", "unavailable", "locked"):
        await say(hass, lock, state)
    assert ears.said == [(lock, True, "edge"), (lock, False, "edge")]


async def test_each_press_is_told_and_none_clears(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    button = "event.sos"
    await say(hass, button, dt_util.utcnow().isoformat(), event_type="single")
    ears = await listen(hass, automation({"entity_id": button}, {"kind": "event"}))
    for _ in range(2):
        freezer.tick(5)
        await say(hass, button, dt_util.utcnow().isoformat(), event_type="hold")
    assert [one["value"] for _, one in ears.runs] == ["hold", "hold"]
    assert ears.said == [(button, True, "event")] * 2


@pytest.mark.parametrize("before", ["unknown", "unavailable"])
async def test_the_first_press_of_a_new_button_is_told_and_an_old_one_is_not(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, before: str
) -> None:
    button = "event.sos"
    old = dt_util.utcnow().isoformat()
    await say(hass, button, before)
    freezer.tick(5)
    ears = await listen(hass, automation({"entity_id": button}, {"kind": "event"}))
    await say(hass, button, old, event_type="single")
    assert ears.said == []
    freezer.tick(5)
    pressed = dt_util.utcnow().isoformat()
    await say(hass, button, pressed, event_type="single")
    await say(hass, button, "unavailable")
    await say(hass, button, pressed, event_type="single")
    assert ears.said == [(button, True, "event")]


async def test_only_the_events_that_are_named_count(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    button = "event.sos"
    options = {"kind": "event", "events": ["hold"]}
    ears = await listen(hass, automation({"entity_id": button}, options))
    for kind in ("single", "hold", "single"):
        freezer.tick(5)
        await say(hass, button, dt_util.utcnow().isoformat(), event_type=kind)
    assert values(ears) == [(button, "hold")]


async def test_values_come_one_by_one_and_repeats_are_not_told(hass: HomeAssistant) -> None:
    bay = "sensor.bay"
    ears = await listen(hass, automation({"entity_id": bay}, {"kind": "value"}))
    for state in ("petrol", "petrol", "unknown", "petrol", "ev"):
        await say(hass, bay, state)
    assert values(ears) == [(bay, "petrol"), (bay, "ev")]


async def test_sound_is_averaged_by_energy_also_while_the_meter_shows_one_value(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    meter = "sensor.meter"
    await say(hass, meter, "60")
    ears = await listen(hass, automation({"entity_id": meter}, {"kind": "sound"}))
    await wait(hass, freezer, seconds=10)
    await wait(hass, freezer, seconds=5)
    await say(hass, meter, "70")
    await wait(hass, freezer, seconds=5)
    assert values(ears) == [(meter, 60.0), (meter, 67.4)]


async def test_a_meter_that_is_not_heard_says_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    meter = "sensor.meter"
    await say(hass, meter, "80")
    ears = await listen(hass, automation({"entity_id": meter}, {"kind": "sound"}))
    await wait(hass, freezer, seconds=2)
    await say(hass, meter, "unavailable")
    await wait(hass, freezer, seconds=8)
    await wait(hass, freezer, seconds=10)
    assert values(ears) == []


async def test_signs_of_life_are_told_once_a_minute_and_a_first_state_is_only_found(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    door = "binary_sensor.door"
    await say(hass, door, "off")
    ears = await listen(hass, automation({"entity_id": door}, {"kind": "activity"}))
    await say(hass, door, "on")
    await say(hass, door, "off")
    await wait(hass, freezer, seconds=61)
    await say(hass, door, "unavailable")
    await say(hass, door, "off")
    await say(hass, door, "on")
    assert ears.said == [(door, True, "attached"), (door, True, "edge"), (door, True, "edge")]


async def test_of_a_home_only_signs_of_life_are_watched(hass: HomeAssistant) -> None:
    home = ar.async_get(hass).async_create("Home")
    watched = [
        detector(hass, "motion", area_id=home.id, original_device_class="motion"),
        detector(hass, "lock", area_id=home.id, domain="lock", original_device_class=None),
        detector(hass, "water", area_id=home.id, domain="sensor", original_device_class="water"),
    ]
    for name, domain in (("temperature", "sensor"), ("smoke", "binary_sensor")):
        detector(hass, name, area_id=home.id, domain=domain, original_device_class=name)
    ears = await listen(hass, automation({"area_id": home.id}, {"kind": "activity"}))
    for entity_id in hass.states.async_entity_ids():
        hass.states.async_remove(entity_id)
    for number in range(2):
        for name in (*watched, "sensor.temperature", "binary_sensor.smoke"):
            hass.states.async_set(name, str(number))
    await hass.async_block_till_done()
    assert {source for one in ears.runs for source in one[1]["sources"]} == set(watched)


async def test_a_source_that_is_lost_or_low_is_a_fault(hass: HomeAssistant) -> None:
    smoke, charge, low = "binary_sensor.smoke", "sensor.charge", "binary_sensor.low"
    ears = await listen(
        hass,
        automation({"entity_id": [smoke, charge, low]}, {"kind": "fault", "battery_below": 15}),
    )
    battery = {"device_class": "battery"}
    for state in ("on", "unavailable", "unknown", "off"):
        await say(hass, smoke, state)
    for state in ("16", "14", "broken", "15"):
        await say(hass, charge, state, **battery)
    for state in ("off", "on", "off"):
        await say(hass, low, state, **battery)
    assert [one["value"] for _, one in ears.runs if one["raised"]] == [
        "unavailable",
        "battery",
        "battery",
    ]
    assert ears.said == [
        (source, raised, "edge") for source in (smoke, charge, low) for raised in (True, False)
    ]


async def test_in_the_flood_season_a_tighter_limit_holds(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    level = "sensor.level"
    options = {
        "kind": "above",
        "limit": 20,
        "season_limit": 5,
        "season_begins": "06-01",
        "season_ends": "09-30",
    }
    freezer.move_to("2026-05-31 12:00:00+00:00")
    ears = await listen(hass, automation({"entity_id": level}, options))
    for state in ("0", "10", "0"):
        await say(hass, level, state)
    assert ears.said == []
    freezer.move_to("2026-06-02 12:00:00+00:00")
    await say(hass, level, "10")
    assert ears.said == [(level, True, "edge")]


async def test_a_level_that_stands_still_is_judged_by_each_seasons_limit_from_its_first_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    level, lost = "sensor.level", "sensor.lost"
    options = {
        "kind": "above",
        "limit": 20,
        "season_limit": 5,
        "season_begins": "06-01",
        "season_ends": "09-30",
    }
    freezer.move_to("2026-05-31T23:59:50+08:00")
    ears = await listen(hass, automation({"entity_id": [level, lost]}, options))
    for state in ("10", "unavailable"):
        await say(hass, lost, state)
    await say(hass, level, "10")
    assert ears.said == []
    told = []
    for midnight in ("06-01", "06-02", "09-30", "10-01"):
        freezer.move_to(f"2026-{midnight}T00:10:01+08:00")
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        told.append(ears.said)
    assert told == [[(level, True, "edge")], [], [], [(level, False, "edge")]]


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "state", "events": ["x"]},
        {"kind": "event", "states": ["x"]},
        {"kind": "value", "limit": 3},
        {"kind": "above", "limit": 3, "every": "00:00:10"},
        {"kind": "above", "limit": 3, "season_limit": 1},
        {"kind": "above", "limit": 3, "season_limit": 1, "season_begins": "13-40"},
        {"kind": "nonsense"},
    ],
)
async def test_an_option_that_would_be_silent_is_refused(
    hass: HomeAssistant, options: dict[str, Any]
) -> None:
    config = [automation({"entity_id": "sensor.a"}, options)]
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    state = hass.states.get("automation.a")
    assert state is not None
    assert state.state == "unavailable"


@pytest.mark.parametrize(
    ("unit", "alarm", "calm"),
    [("mA", "400", "200"), ("A", "0.4", "0.2"), ("μA", "400000", "200000"), (None, "400", "200")],
)
async def test_a_limit_holds_for_sensors_in_any_unit_of_its_kind(
    hass: HomeAssistant, unit: str | None, alarm: str, calm: str
) -> None:
    sensor = "sensor.residual_current"
    options = {"kind": "above", "limit": 300, "unit": "mA"}
    ears = await listen(hass, automation({"entity_id": sensor}, options))
    for state in (calm, alarm, calm):
        await say(hass, sensor, state, **({"unit_of_measurement": unit} if unit else {}))
    assert ears.said == [(sensor, True, "edge"), (sensor, False, "edge")]


async def test_a_pressure_in_megapascal_is_no_millipascal(hass: HomeAssistant) -> None:
    sensor = "sensor.hydrant"
    options = {"kind": "below", "limit": 70, "unit": "kPa"}
    ears = await listen(hass, automation({"entity_id": sensor}, options))
    for state in ("0.4", "0.05"):
        await say(hass, sensor, state, unit_of_measurement="MPa")
    assert ears.said == [(sensor, True, "edge")]


@pytest.mark.parametrize(("gas", "alarm"), [("carbon_monoxide", 86), ("nitrogen_dioxide", 53)])
async def test_each_gas_has_a_weight_of_its_own(hass: HomeAssistant, gas: str, alarm: int) -> None:
    sensor = "sensor.air"
    options = {"kind": "above", "limit": 100, "unit": "μg/m³"}
    ears = await listen(hass, automation({"entity_id": sensor}, options))
    about = {"device_class": gas, "unit_of_measurement": "ppb"}
    await say(hass, sensor, str(alarm - 1), **about)
    assert ears.said == []
    await say(hass, sensor, str(alarm), **about)
    assert ears.said == [(sensor, True, "edge")]


async def test_a_limit_means_nothing_to_a_sensor_of_another_kind(hass: HomeAssistant) -> None:
    thermometer = "sensor.cable"
    options = {"kind": "above", "limit": 300, "unit": "mA"}
    ears = await listen(hass, automation({"entity_id": thermometer}, options))
    for state in ("20", "400"):
        await say(hass, thermometer, state, unit_of_measurement="°C")
    assert ears.said == []


async def test_a_level_that_is_watched_both_ways_is_not_cleared_by_being_a_number(
    hass: HomeAssistant,
) -> None:
    sensor = "sensor.level"
    ears = await listen(
        hass,
        automation({"entity_id": sensor}, {"kind": "above", "limit": 30}, key="limit"),
        automation({"entity_id": sensor}, key="state"),
    )
    hass.data[DATA_STILL_RAISED] = lambda _source, _loop: True
    for state in ("40", "unavailable", "45"):
        await say(hass, sensor, state)
    assert [name for name, one in ears.runs if not one["raised"]] == []
    assert ears.told("limit")[0] == (sensor, True)


async def test_a_value_out_of_its_range_is_an_alarm_at_both_ends(hass: HomeAssistant) -> None:
    level = "sensor.tank"
    options = {"kind": "outside", "limit": 1, "upper_limit": 3, "hysteresis": 0.2}
    ears = await listen(hass, automation({"entity_id": level}, options))
    hass.data[DATA_STILL_RAISED] = lambda _source, _loop: True
    for state in ("2", "0.9", "unavailable", "0.9", "1.1", "1.3", "3.1", "2.9", "2.7"):
        await say(hass, level, state)
    assert ears.said == [
        (level, False, "found_at_start"),
        (level, True, "edge"),
        (level, True, "returned_in_alarm"),
        (level, False, "edge"),
        (level, True, "edge"),
        (level, False, "edge"),
    ]


async def test_a_limit_that_was_agreed_goes_before_the_blueprints(hass: HomeAssistant) -> None:
    level = "sensor.level"
    agreed = {("waterlogging", level, (Threshold.LIMIT, "mm")): 30.0}
    hass.data[DATA_AGREED_LIMIT] = lambda *asked: agreed.get(asked)
    options = {"kind": "above", "limit": 20, "loop": "waterlogging", "unit": "mm"}
    ears = await listen(hass, automation({"entity_id": level}, options))
    for state in ("0", "25", "35"):
        await say(hass, level, state)
    assert values(ears) == [(level, 35.0)]


async def test_of_one_meter_an_average_is_made_of_the_levels_and_not_of_the_peaks(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """LAmax is no average, and LA90 is what was there when nobody was loud."""
    registry = er.async_get(hass)
    laeq, lamax, _la90 = (
        registry.async_get_or_create(
            "sensor", "smart_community", key, suggested_object_id=key, translation_key=key
        ).entity_id
        for key in ("laeq", "lamax", "la90")
    )
    meters = ("sensor.laeq", "sensor.lamax", "sensor.la90")
    ears = await listen(hass, automation({"entity_id": list(meters)}, {"kind": "sound"}))
    for level in ("50", "70", "50"):
        for meter in meters:
            await say(hass, meter, level)
        freezer.tick(1)
    await wait(hass, freezer, seconds=10)
    heard = {one["source"]: (one["value"], one["peak"]) for _, one in ears.runs}
    assert heard.keys() == {laeq, lamax}
    assert heard[lamax] == ("", "70")
    assert 50 < heard[laeq][0] < 70
    assert heard[laeq][1] == "70"


async def test_out_of_its_hours_a_meter_is_not_asked_unless_an_incident_waits_for_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    meter, at_work, raised = "sensor.meter", False, False
    hass.data[DATA_AT_WORK] = lambda _loop, _source, _said: at_work
    hass.data[DATA_STILL_RAISED] = lambda _source, _loop: raised
    await say(hass, meter, "60")
    options = {"kind": "sound", "loop": "square_dance_noise"}
    ears = await listen(hass, automation({"entity_id": meter}, options))
    await wait(hass, freezer, seconds=10)
    assert values(ears) == []
    raised = True
    await wait(hass, freezer, seconds=10)
    assert values(ears) == [(meter, 60.0)]
    raised, at_work = False, True
    await wait(hass, freezer, seconds=10)
    assert values(ears) == [(meter, 60.0)]
