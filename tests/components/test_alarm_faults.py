"""Lost devices: one fault a device, one fault a coordinator, never a flood."""

from typing import Any

import pytest
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .alarm_ears import Ears, automation, listen

FAULT = {"kind": "fault"}


@pytest.fixture
def network(hass: HomeAssistant) -> MockConfigEntry:
    entry = MockConfigEntry(domain="test", title="Network")
    entry.add_to_hass(hass)
    return entry


def device(hass: HomeAssistant, entry: MockConfigEntry, name: str, *kinds: str) -> list[str]:
    """A device of a network, with an entity of each kind."""
    made = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("test", name)}, name=name
    )
    return [
        er.async_get(hass)
        .async_get_or_create(
            "binary_sensor",
            "test",
            f"{name}_{kind}",
            suggested_object_id=f"{name}_{kind}",
            config_entry=entry,
            device_id=made.id,
            original_device_class=kind,
        )
        .entity_id
        for kind in kinds
    ]


async def says(hass: HomeAssistant, state: str, *entity_ids: str, **attributes: Any) -> None:
    for entity_id in entity_ids:
        hass.states.async_set(entity_id, state, attributes)
        await hass.async_block_till_done()


def in_fault(ears: Ears) -> set[str]:
    """Which sources are told as faults, after all that was told."""
    faults: set[str] = set()
    for _, one in ears.runs:
        change = faults.update if one["raised"] else faults.difference_update
        change(one["sources"])
    return faults


async def test_a_device_is_one_fault_and_only_when_all_of_it_is_lost(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    smoke, tamper = device(hass, network, "a", "smoke", "tamper")
    (other,) = device(hass, network, "b", "smoke")
    await says(hass, "off", smoke, tamper, other)
    ears = await listen(hass, automation({"entity_id": [smoke, tamper, other]}, FAULT))
    await says(hass, "unavailable", tamper)
    assert ears.runs == []
    await says(hass, "unavailable", smoke)
    assert ears.said == [(smoke, True, "edge")]
    await says(hass, "off", tamper)
    assert ears.said == [(smoke, False, "edge")]


async def test_a_device_that_was_merely_not_heard_since_the_connection_is_no_fault(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    (smoke,) = device(hass, network, "a", "smoke")
    await says(hass, "off", smoke)
    ears = await listen(hass, automation({"entity_id": [smoke]}, FAULT))
    await says(hass, "unavailable", smoke)
    await says(hass, "unknown", smoke)
    assert in_fault(ears) == {smoke}
    await says(hass, "unknown", smoke, unheard=True)
    assert in_fault(ears) == set()


async def test_a_coordinator_that_is_down_is_one_fault_and_not_its_devices(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    entities = [device(hass, network, f"d{n:02}", "smoke")[0] for n in range(50)]
    elsewhere = "binary_sensor.elsewhere"
    await says(hass, "off", *entities, elsewhere)
    ears = await listen(hass, automation({"entity_id": [*entities, elsewhere]}, FAULT))
    await says(hass, "unavailable", *entities)
    assert in_fault(ears) == {entities[0]}
    await says(hass, "off", *entities[:49])
    assert in_fault(ears) == {entities[49]}
    await says(hass, "off", entities[49])
    assert in_fault(ears) == set()


async def test_a_coordinator_that_is_down_at_the_start_is_told_once(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    entities = [device(hass, network, f"d{n:02}", "smoke")[0] for n in range(20)]
    await says(hass, "unavailable", *entities)
    ears = await listen(hass, automation({"entity_id": entities}, FAULT))
    assert [one["sources"] for _, one in ears.runs] == [[entities[0]]]


async def test_a_device_that_says_that_it_is_cut_off_is_a_fault(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    contact, smoke = device(hass, network, "a", "connectivity", "smoke")
    await says(hass, "on", contact, device_class="connectivity")
    await says(hass, "off", smoke)
    ears = await listen(hass, automation({"entity_id": [contact, smoke]}, FAULT))
    await says(hass, "off", contact, device_class="connectivity")
    assert in_fault(ears) == {contact}
    await says(hass, "on", contact, device_class="connectivity")
    assert in_fault(ears) == set()


async def test_a_battery_is_a_fault_of_its_own(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    battery, smoke = device(hass, network, "a", "battery", "smoke")
    await says(hass, "off", battery, smoke)
    ears = await listen(hass, automation({"entity_id": [battery, smoke]}, FAULT))
    await says(hass, "on", battery, device_class="battery")
    assert [one["value"] for _, one in ears.runs] == ["battery"]
    await says(hass, "off", battery, device_class="battery")
    assert in_fault(ears) == set()


async def test_a_place_brings_in_batteries_though_they_are_diagnostic(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    (smoke,) = device(hass, network, "d1", "smoke")
    registry = er.async_get(hass)
    entry = registry.async_get(smoke)
    assert entry is not None
    battery, signal = (
        registry.async_get_or_create(
            "sensor",
            "test",
            kind,
            suggested_object_id=kind,
            config_entry=network,
            device_id=entry.device_id,
            original_device_class=kind,
            entity_category=EntityCategory.DIAGNOSTIC,
        ).entity_id
        for kind in ("battery", "signal_strength")
    )
    ears = await listen(hass, automation({"device_id": [entry.device_id]}, FAULT))
    await says(hass, "12", battery, device_class="battery")
    assert in_fault(ears) == {battery}
    # What says nothing of the device but shows its last value does not stand for it.
    await says(hass, "-70", signal, device_class="signal_strength")
    await says(hass, "unavailable", smoke, battery)
    assert len(in_fault(ears)) == 1


async def test_a_device_that_is_taken_away_is_no_fault_any_more(
    hass: HomeAssistant, network: MockConfigEntry
) -> None:
    (smoke,) = device(hass, network, "a", "smoke")
    (other,) = device(hass, network, "b", "smoke")
    await says(hass, "off", smoke, other)
    ears = await listen(hass, automation({"entity_id": [smoke, other]}, FAULT))
    await says(hass, "unavailable", smoke)
    hass.states.async_remove(smoke)
    await hass.async_block_till_done()
    assert in_fault(ears) == set()
