"""Phones that no longer receive: device_fault says whose they are, in one digest."""

from typing import Any

from homeassistant.helpers import entity_registry as er

from custom_components.smart_community.const import DOMAIN

from .scene import Scene


def phone(scene: Scene, who: str) -> Any:
    """The state of whether somebody's phone receives."""
    unique_id = f"{scene.entry.entry_id}_phone_{scene.users[who].id}"
    entity_id = er.async_get(scene.hass).async_get_entity_id("binary_sensor", DOMAIN, unique_id)
    return None if entity_id is None else scene.hass.states.get(entity_id)


async def alarm(scene: Scene, zone: str) -> None:
    """One alarm that the sanitation department is told of, over when it is."""
    ladder = [{"tier": "department", "after": 0, "channels": ["push"]}]
    said = {"loop": "garbage_overflow", "zone": zone, "ladder": ladder}
    await scene.hass.services.async_call(DOMAIN, "open_incident", said, blocking=True)
    await scene.settle()


async def test_phones_that_no_longer_receive_are_one_digest_that_says_whose_they_are(
    scene: Scene,
) -> None:
    await scene.automate("device_fault")
    assert phone(scene, "sanitation").state == "on"
    # One app is removed, another phone has nothing but a local channel that it does not hold.
    await scene.hass.config_entries.async_remove(scene.registration("urban").entry_id)
    police = scene.registration("police")
    local = {**police.data, "app_data": {"push_websocket_channel": True}}
    scene.hass.config_entries.async_update_entry(police, data=local)
    # The relay no longer knows the third: Home Assistant says "done" all the same.
    scene.relay.gone.add("token-sanitation")
    for zone in ("yard", "gate", "hall", "lift"):
        assert phone(scene, "sanitation").state == "on"
        await alarm(scene, zone)
    await scene.pass_time(minutes=1)
    scene.begin()
    faults = {
        "urban": "no_phone",
        "police": "not_connected",
        "sanitation": "silent",
    }
    for who, fault in faults.items():
        assert phone(scene, who).state == "off", who
        assert phone(scene, who).attributes["fault"] == fault
    await scene.pass_time(minutes=32)
    (incident,) = [one for one in scene.active if one.loop == "device_fault"]
    assert incident.zone_name == "Estate"
    assert {one.name for one in incident.sources.values()} == {
        f"Estate {who}: phone" for who in faults
    }
    assert [row[1:] for row in scene.told_since() if row[2] == "push"] == [("guard", "push")]
    # The verdict outlives a restart: nothing has been mended by it.
    await scene.restart()
    assert phone(scene, "sanitation").state == "off"
    # A push that comes, a channel that is held again and a phone that is registered end it.
    scene.relay.gone.clear()
    await alarm(scene, "bins")
    scene.hass.config_entries.async_update_entry(
        police, data={**local, "app_data": scene.registration("guard").data["app_data"]}
    )
    await scene.pass_time(minutes=1)
    assert [one.loop for one in scene.active].count("device_fault") == 1
    await scene.register(
        device_id="urban", webhook_id="webhook-urban-2", user_id=scene.users["urban"].id
    )
    await scene.pass_time(minutes=1)
    (fault,) = [one for one in scene.active if one.loop == "device_fault"]
    assert fault.quiet  # over once it has stayed so for an hour


async def test_an_iphone_that_confirms_nothing_is_no_fault(scene: Scene) -> None:
    entry = scene.registration("sanitation")
    scene.hass.config_entries.async_update_entry(entry, data={**entry.data, "os_name": "iOS"})
    scene.relay.gone.add("token-sanitation")
    for number in range(6):
        await alarm(scene, f"bin {number}")
    assert phone(scene, "sanitation").state == "on"


async def test_many_alarms_of_one_incident_in_a_cellar_are_no_fault(scene: Scene) -> None:
    scene.relay.gone.add("token-sanitation")
    for number in range(2):
        await alarm(scene, f"bin {number}")
    for _ in range(10):
        await alarm(scene, "bin 1")
    assert phone(scene, "sanitation").state == "on"


async def test_a_person_who_is_told_by_push_no_more_is_watched_no_more(scene: Scene) -> None:
    await scene.hass.config_entries.async_remove(scene.registration("head").entry_id)
    await scene.pass_time(minutes=1)
    assert phone(scene, "head").state == "off"
    entry = scene.entry
    (subentry,) = [one for one in entry.subentries.values() if one.data.get("key") == "head"]
    scene.hass.config_entries.async_update_subentry(
        entry, subentry, data={**subentry.data, "channels": ["sms"]}
    )
    await scene.settle()
    assert phone(scene, "head") is None
