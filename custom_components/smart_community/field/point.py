"""A point of a device, and a reading of it. A reading that failed is "no data", never off."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Quality(StrEnum):
    """What a value is worth. Everything but `good` means: no data."""

    GOOD = "good"
    NOT_READ = "not_read"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    GARBLED = "garbled"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One input of a unit. `device_class` is Home Assistant's word; `part` is read in one go."""

    key: str
    address: int
    part: str
    device_class: str
    number: int | None = None
    diagnostic: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What is known of a point. `value` is None unless the quality is good."""

    value: bool | None
    quality: Quality
    at: datetime | None = None
    reason: str = ""


UNREAD = Reading(value=None, quality=Quality.NOT_READ)
