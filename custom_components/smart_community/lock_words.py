"""What locks of all makes say, in this project's five words.

An event type that is not listed here is none of the trigger's business (a lock that plays a sound).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final


class LockEvent(StrEnum):
    """What happens at a door lock."""

    UNLOCKED = "unlocked"
    LOCKED = "locked"
    WRONG_CODE = "wrong_code"
    TAMPER = "tamper"
    FORCED = "forced"


# The words of our own entities first, then of ZHA and Zigbee2MQTT (ZCL 07-5123, 7.3.2.17), UniFi
# Access, Ring, and the locks that speak Xiaomi's MiBeacon.
_WORDS: Final[Mapping[LockEvent, tuple[str, ...]]] = {
    LockEvent.UNLOCKED: (
        "unlocked",
        "unlock",
        "key_unlock",
        "manual_unlock",
        "keypad_unlock",
        "rfid_unlock",
        "fingerprint_unlock",
        "schedule_unlock",
        "access_granted",
        "intercom_unlock",
        "unlock_outside_the_door",
        "unlock_inside_the_door",
    ),
    LockEvent.LOCKED: (
        "locked",
        "lock",
        "key_lock",
        "manual_lock",
        "keypad_lock",
        "rfid_lock",
        "fingerprint_lock",
        "auto_lock",
        "one_touch_lock",
        "schedule_lock",
        "lock_outside_the_door",
        "lock_inside_the_door",
    ),
    LockEvent.WRONG_CODE: (
        "wrong_code",
        "invalid_code",
        "unlock_failure_invalid_pin_or_id",
        "unlock_failure_invalid_schedule",
        "lock_failure_invalid_pin_or_id",
        "lock_failure_invalid_schedule",
        "non_access_user_operational_event",
        "access_denied",
        "match_failed",
        "frequent_unlocking_with_incorrect_password",
        "frequent_unlocking_with_wrong_fingerprints",
        "the_wrong_key_is_frequently_unlocked",
        "error_nfc_frequently_unlocks",
        "failure_to_unlock_frequently_in_multiple_ways",
        "unlocking_the_face_frequently_fails",
        "failure_to_unlock_the_vein_frequently",
        "palmprints_frequently_fail_to_unlock",
    ),
    LockEvent.TAMPER: ("tamper", "tampered", "lock_picking", "foreign_body_in_the_keyhole"),
    LockEvent.FORCED: ("forced", "forced_open", "hijacking_alarm"),
}
_EVENT_OF: Final[Mapping[str, LockEvent]] = {
    word: event for event, words in _WORDS.items() for word in words
}
# Which key, card, code or finger it was: the first of these that an event carries.
_CREDENTIALS: Final = ("credential", "code_slot", "user_id", "key_id", "actor", "changed_by")
_METHODS: Final = ("method", "source", "authentication")


def lock_event(event_type: object) -> LockEvent | None:
    """Return what an event type of any make means, None if it is no lock's."""
    return _EVENT_OF.get(str(event_type).lower().replace(" ", "_").replace("-", "_"))


def speaks_of_locks(event_types: Iterable[object]) -> bool:
    """Say whether an event entity with these types belongs to a lock."""
    return any(lock_event(one) is not None for one in event_types)


def credential(attributes: Mapping[str, Any]) -> str | None:
    """Return which credential was used, as the lock names it; never a code."""
    return _first(attributes, _CREDENTIALS)


def method(attributes: Mapping[str, Any]) -> str | None:
    """Return how it was used: keypad, rfid, manual, ... as the lock says."""
    return _first(attributes, _METHODS)


def _first(attributes: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next(
        (str(attributes[name]) for name in names if attributes.get(name) not in (None, "")), None
    )
