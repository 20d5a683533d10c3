"""The lock trigger in real automations: whose events it hears, and each of them once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.alarm_index import alarm_index

from .alarm_ears import Ears, automation, listen

LOCK = "lock.flat"
EVENTS = "event.flat"


def heard(target: dict[str, Any], **options: Any) -> dict[str, Any]:
    one = automation(target, options)
    one["triggers"][0]["trigger"] = "smart_community.lock_event"
    return one


def said(ears: Ears) -> list[tuple[str, str, str | None]]:
    found = [(one["source"], one["event"], one["credential"]) for _, one in ears.runs]
    ears.runs.clear()
    return found


async def tell(hass: HomeAssistant, event_type: str, **attributes: Any) -> None:
    """An event entity says something now."""
    now = dt_util.utcnow().isoformat(timespec="milliseconds")
    hass.states.async_set(EVENTS, now, {"event_type": event_type, **attributes})
    await hass.async_block_till_done()


async def show(hass: HomeAssistant, *states: str, **attributes: Any) -> None:
    for state in states:
        hass.states.async_set(LOCK, state, attributes)
        await hass.async_block_till_done()


def device(hass: HomeAssistant, event_types: Sequence[str] = ("unlocked", "wrong_code")) -> str:
    """A lock and its event entity, as one device of some other integration."""
    entry = MockConfigEntry(domain="test")
    entry.add_to_hass(hass)
    made = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("test", "flat")}
    )
    registry = er.async_get(hass)
    for domain, capabilities in (("lock", None), ("event", {"event_types": list(event_types)})):
        registry.async_get_or_create(
            domain,
            "test",
            "flat",
            suggested_object_id="flat",
            device_id=made.id,
            capabilities=capabilities,
        )
    return made.id


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("unlocked", "unlocked"),
        ("manual_unlock", "unlocked"),
        ("access_granted", "unlocked"),
        ("Auto Lock", "locked"),
        ("unlock_failure_invalid_pin_or_id", "wrong_code"),
        ("lock_picking", "tamper"),
        ("hijacking_alarm", "forced"),
    ],
)
async def test_locks_of_all_makes_are_heard_in_the_same_words(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, word: str, event: str
) -> None:
    ears = await listen(hass, heard({"entity_id": EVENTS}))
    freezer.tick(1)
    await tell(hass, word, user_id=7)
    assert said(ears) == [(EVENTS, event, "7")]


async def test_what_is_no_lock_event_is_nobodys_business(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    ears = await listen(hass, heard({"entity_id": EVENTS}))
    for word in ("ring", "turn_on_child_lock", ""):
        freezer.tick(1)
        await tell(hass, word)
    assert said(ears) == []


async def test_only_the_chosen_events_are_told_with_their_credential(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    ears = await listen(hass, heard({"entity_id": EVENTS}, events=["wrong_code"]))
    freezer.tick(1)
    await tell(hass, "unlocked", credential="3")
    freezer.tick(1)
    await tell(hass, "wrong_code", method="keypad")
    assert [one["method"] for _, one in ears.runs] == ["keypad"]
    assert said(ears) == [(EVENTS, "wrong_code", None)]


async def test_an_event_from_before_a_start_or_an_outage_is_not_told_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    before = dt_util.utcnow() - timedelta(hours=9)
    restored = (before.isoformat(timespec="milliseconds"), {"event_type": "unlocked"})
    ears = await listen(hass, heard({"entity_id": EVENTS}))
    hass.states.async_set(EVENTS, *restored)  # restored after the automation was armed
    hass.states.async_set(EVENTS, "unavailable")
    hass.states.async_set(EVENTS, *restored)
    await hass.async_block_till_done()
    assert said(ears) == []
    freezer.tick(1)
    await tell(hass, "unlocked")
    assert said(ears) == [(EVENTS, "unlocked", None)]


@pytest.mark.parametrize("before", [None, "unknown", "unavailable"])
async def test_the_first_event_of_all_is_told(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, before: str | None
) -> None:
    if before is not None:
        hass.states.async_set(EVENTS, before)
    ears = await listen(hass, heard({"entity_id": EVENTS}))
    freezer.tick(1)
    await tell(hass, "tamper")
    assert said(ears) == [(EVENTS, "tamper", None)]


async def test_an_event_is_told_though_the_clock_was_set_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await tell(hass, "locked")
    ears = await listen(hass, heard({"entity_id": EVENTS}))
    freezer.tick(-3600)
    await tell(hass, "unlocked")
    assert said(ears) == [(EVENTS, "unlocked", None)]


async def test_a_lock_without_events_is_heard_by_its_state(hass: HomeAssistant) -> None:
    await show(hass, "locked")
    ears = await listen(hass, heard({"entity_id": LOCK}))
    await show(hass, "unlocking", "unlocked", "open", changed_by="card 5")
    assert said(ears) == [(LOCK, "unlocked", "card 5")]
    await show(hass, "jammed", "unavailable", "unlocked", "locked")
    assert said(ears) == [(LOCK, "locked", None)]


async def test_a_lock_that_was_opened_out_of_reach_is_told_on_its_return(
    hass: HomeAssistant,
) -> None:
    ears = await listen(hass, heard({"entity_id": LOCK}))
    await show(hass, "locked")  # the first reading is a bearing
    assert said(ears) == []
    await show(hass, "unavailable", "unlocked")
    assert said(ears) == [(LOCK, "unlocked", None)]


@pytest.mark.parametrize("target", ["device", "lock"])
async def test_a_lock_with_events_is_told_once_whether_device_or_lock_is_chosen(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, target: str
) -> None:
    made = device(hass)
    await show(hass, "locked")
    chosen = {"device_id": made} if target == "device" else {"entity_id": LOCK}
    ears = await listen(hass, heard(chosen))
    freezer.tick(1)
    await show(hass, "unlocked")
    await tell(hass, "unlocked", credential="2")
    assert said(ears) == [(EVENTS, "unlocked", "2")]
    freezer.tick(1)
    await tell(hass, "wrong_code")
    assert said(ears) == [(EVENTS, "wrong_code", None)]


async def test_a_doorbell_on_the_same_device_does_not_silence_the_lock(hass: HomeAssistant) -> None:
    made = device(hass, ("ring",))
    await show(hass, "locked")
    ears = await listen(hass, heard({"device_id": made}))
    await show(hass, "unlocked")
    assert said(ears) == [(LOCK, "unlocked", None)]


async def test_the_audit_sees_which_loop_the_trigger_feeds(hass: HomeAssistant) -> None:
    await show(hass, "locked")
    await listen(hass, heard({"entity_id": LOCK}, loop="lock_tamper"))
    (watch,) = alarm_index(hass).watches()
    assert (watch.owner, watch.loop, watch.sources) == ("automation.a", "lock_tamper", {LOCK})
