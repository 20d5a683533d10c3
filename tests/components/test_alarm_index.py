"""The index behind the alarm trigger: who joins, who leaves, and what a registry change costs."""

from datetime import timedelta

import pytest
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import label_registry as lr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed_exact,
)

from custom_components.smart_community.alarm_index import alarm_index

from .alarm_ears import automation, detector, later, listen


@pytest.fixture
def label(hass: HomeAssistant) -> str:
    return lr.async_get(hass).async_create("Smoke").label_id


async def test_a_detector_that_joins_in_alarm_is_reported_once(
    hass: HomeAssistant, label: str
) -> None:
    one = detector(hass, "one", labels=[label])
    two = detector(hass, "two")
    ears = await listen(hass, automation({"label_id": label}))
    hass.states.async_set(one, "off")
    hass.states.async_set(two, "on")
    er.async_get(hass).async_update_entity(two, labels={label})
    await hass.async_block_till_done()
    assert ears.said == []
    await later(hass)
    assert ears.said == [(two, True, "joined_target")]
    er.async_get(hass).async_update_entity(two, name="Stairs")
    await later(hass)
    assert ears.said == []


async def test_an_alarm_before_the_index_knows_the_new_detector_is_not_missed(
    hass: HomeAssistant, label: str
) -> None:
    ears = await listen(hass, automation({"label_id": label}))
    new = detector(hass, "new", labels=[label])
    hass.states.async_set(new, "unknown")
    hass.states.async_set(new, "off")
    hass.states.async_set(new, "on")
    await later(hass)
    hass.states.async_set(new, "off")
    await hass.async_block_till_done()
    assert ears.said == [(new, True, "joined_target"), (new, False, "edge")]


async def test_a_detector_that_joins_without_a_state_is_found_with_its_first(
    hass: HomeAssistant, label: str
) -> None:
    ears = await listen(hass, automation({"label_id": label}))
    new = detector(hass, "new", labels=[label])
    await later(hass)
    hass.states.async_set(new, "on")
    await hass.async_block_till_done()
    assert ears.said == [(new, True, "found_at_start")]


async def test_a_detector_that_left_the_target_is_not_heard(
    hass: HomeAssistant, label: str
) -> None:
    one = detector(hass, "one", labels=[label])
    hass.states.async_set(one, "off")
    ears = await listen(hass, automation({"label_id": label}))
    er.async_get(hass).async_update_entity(one, labels=set())
    await later(hass)
    hass.states.async_set(one, "on")
    await hass.async_block_till_done()
    assert ears.said == []
    er.async_get(hass).async_update_entity(one, labels={label})
    await later(hass)
    assert ears.said == [(one, True, "joined_target")]


async def test_a_renamed_detector_stays_in_its_target(hass: HomeAssistant, label: str) -> None:
    detector(hass, "one", labels=[label])
    ears = await listen(hass, automation({"label_id": label}))
    er.async_get(hass).async_update_entity(
        "binary_sensor.one", new_entity_id="binary_sensor.stairs"
    )
    await later(hass)
    assert alarm_index(hass).watches()[0].sources == {"binary_sensor.stairs"}
    hass.states.async_set("binary_sensor.stairs", "on")
    await hass.async_block_till_done()
    assert ears.said == [("binary_sensor.stairs", True, "found_at_start")]


async def test_floors_areas_devices_and_labels_bring_their_detectors(
    hass: HomeAssistant, label: str
) -> None:
    floor = fr.async_get(hass).async_create("Third").floor_id
    area = ar.async_get(hass).async_create("Stairwell").id
    entry = MockConfigEntry()
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("test", "panel")}
    )
    panel = detector(hass, "panel", device_id=device.id, config_entry=entry)
    placed = detector(hass, "placed", area_id=area)
    targets = [
        {"floor_id": floor},
        {"area_id": area},
        {"device_id": device.id},
        {"label_id": label},
    ]
    await listen(hass, *(automation(one, key=f"a{at}") for at, one in enumerate(targets)))

    def found() -> list[set[str]]:
        return [set(one.sources) for one in alarm_index(hass).watches()]

    assert found() == [set(), {placed}, {panel}, set()]
    dr.async_get(hass).async_update_device(device.id, area_id=area, labels={label})
    await later(hass)
    assert found() == [set(), {placed, panel}, {panel}, {panel}]
    ar.async_get(hass).async_update(area, floor_id=floor)
    await later(hass)
    assert found() == [{placed, panel}, {placed, panel}, {panel}, {panel}]
    fr.async_get(hass).async_delete(floor)
    lr.async_get(hass).async_delete(label)
    await later(hass)
    assert found() == [set(), {placed, panel}, {panel}, set()]


async def test_a_place_brings_only_what_can_be_an_alarm(hass: HomeAssistant) -> None:
    area = ar.async_get(hass).async_create("Stairwell").id
    smoke = detector(hass, "smoke", area_id=area)
    door = detector(hass, "door", area_id=area, original_device_class="door")
    hot = detector(hass, "hot", area_id=area, domain="sensor", original_device_class="temperature")
    detector(hass, "lamp", area_id=area, domain="light", original_device_class=None)
    detector(hass, "low", area_id=area, entity_category=EntityCategory.DIAGNOSTIC)
    detector(hass, "hidden", area_id=area, hidden_by=er.RegistryEntryHider.USER)
    detector(hass, "gone", area_id=area, disabled_by=er.RegistryEntryDisabler.USER)
    sources_of = alarm_index(hass).sources_of
    assert sources_of({"area_id": area}) == {smoke, door}
    assert sources_of({"area_id": area}, {"device_class": ["smoke"]}) == {smoke}
    assert sources_of({"area_id": area}, {"kind": "above"}) == {hot}
    named = {"area_id": [area], "entity_id": ["light.lamp", "group.all"]}
    assert sources_of(named, {"device_class": ["door"]}) == {door, "light.lamp", "group.all"}
    assert sources_of({}) == set()


async def test_a_detector_without_unique_id_is_heard_when_it_is_named(
    hass: HomeAssistant,
) -> None:
    ears = await listen(hass, automation({"entity_id": "binary_sensor.template"}))
    await later(hass)
    hass.states.async_set("binary_sensor.template", "off")
    hass.states.async_set("binary_sensor.template", "on")
    await hass.async_block_till_done()
    assert ears.said == [("binary_sensor.template", True, "edge")]


async def test_an_import_that_never_falls_quiet_is_looked_at_after_five_seconds(
    hass: HomeAssistant, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listen(hass, automation({"label_id": label}))
    start = hass.loop.time()
    with monkeypatch.context() as clock:
        for passed in (0, 0.3, 4.8):
            clock.setattr(hass.loop, "time", lambda at=start + passed: at)
            detector(hass, f"d{int(passed * 10)}", labels=[label])
        async_fire_time_changed_exact(hass, dt_util.utcnow() + timedelta(seconds=0.1))
        assert not alarm_index(hass).watches()[0].sources
        async_fire_time_changed_exact(hass, dt_util.utcnow() + timedelta(seconds=0.3))
        assert len(alarm_index(hass).watches()[0].sources) == 3


async def test_the_last_trigger_takes_the_listeners_and_the_wait_with_it(
    hass: HomeAssistant, label: str
) -> None:
    before = hass.bus.async_listeners()
    await listen(hass, automation({"label_id": label}))
    detector(hass, "one", labels=[label])
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.a"}, blocking=True
    )
    after = hass.bus.async_listeners()
    assert not alarm_index(hass).watches()
    for event in ("area", "device", "entity", "floor", "label"):
        name = f"{event}_registry_updated"
        assert after.get(name, 0) <= before.get(name, 0) + (event == "entity")
    # What is left belongs to the automation component itself.
    assert alarm_index(hass)._timer is None
    assert alarm_index(hass)._listeners == []


async def test_an_automation_can_be_told_anew_what_is_in_alarm(
    hass: HomeAssistant, label: str
) -> None:
    one = detector(hass, "one", labels=[label])
    hass.states.async_set(one, "on")
    target = {"label_id": label}
    ears = await listen(hass, automation(target), automation(target, key="b"))
    assert len(ears.said) == 2
    alarm_index(hass).announce_again(["automation.b"])
    await hass.async_block_till_done()
    assert ears.told("b") == [(one, True)]
    assert ears.told("a") == []
