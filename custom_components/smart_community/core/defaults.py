"""What a community sets once for all of its loops, so that an automation names only its target.

A value that a loop's automation names goes before the community's, and one that is agreed with the
residents before both. An incident freezes what was in force when it opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from .model import Severity, Tier

HANDLE_WITHIN: Final = "handle_within"
RECEIPT_WITHIN: Final = "receipt_within"
QUIET_FOR: Final = "quiet_for"


def after(tier: Tier) -> str:
    """Return the name of the time after which a tier is told."""
    return f"{tier.value}_after"


_COMMITTEE, _DEPARTMENT, _TOWNSHIP = map(after, (Tier.COMMITTEE, Tier.DEPARTMENT, Tier.TOWNSHIP))

# What a community begins with: the times of docs/loops.md that several loops of a severity share.
# A time that none of them leaves to the community is not here, since to change it would do nothing.
SHIPPED_TIMES: Final[Mapping[Severity, Mapping[str, timedelta]]] = {
    Severity.EXTREME: {
        _COMMITTEE: timedelta(seconds=15),
        _DEPARTMENT: timedelta(minutes=2),
        _TOWNSHIP: timedelta(minutes=10),
        HANDLE_WITHIN: timedelta(minutes=15),
        RECEIPT_WITHIN: timedelta(seconds=30),
    },
    Severity.SEVERE: {
        _DEPARTMENT: timedelta(minutes=30),
        HANDLE_WITHIN: timedelta(hours=1),
        RECEIPT_WITHIN: timedelta(minutes=1),
        QUIET_FOR: timedelta(minutes=10),
    },
    Severity.MODERATE: {
        _COMMITTEE: timedelta(minutes=15),
        _DEPARTMENT: timedelta(minutes=30),
        HANDLE_WITHIN: timedelta(minutes=30),
        RECEIPT_WITHIN: timedelta(minutes=5),
        QUIET_FOR: timedelta(minutes=10),
    },
    Severity.MINOR: {
        HANDLE_WITHIN: timedelta(minutes=30),
        RECEIPT_WITHIN: timedelta(minutes=15),
        QUIET_FOR: timedelta(minutes=5),
    },
}
# Class 1, residential: what most communities are (GB 3096-2008, 4).
SHIPPED_ZONE_CLASS: Final = "1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """A community's values. `zone_class`: of GB 3096-2008, by which noise is judged.

    `times`: by severity of the loop, then by name; `<tier>_after` since the opening,
    `handle_within` since the acknowledgement, `quiet_for` since the last source cleared.
    """

    times: Mapping[Severity, Mapping[str, timedelta]]
    zone_class: str


def left_empty(said: object) -> bool:
    """Whether an input of a blueprint was left to the community: an empty text, never a zero."""
    return said in ("", None)


def filled(said: Mapping[str, Any], severity: Severity, defaults: Defaults) -> dict[str, Any]:
    """Return a policy's fields with the community's value wherever one was left empty.

    A step's `after` stays empty where the community has none for its tier; the ladder refuses it.
    """
    times = defaults.times[severity]
    full = dict(said)
    for name in (HANDLE_WITHIN, RECEIPT_WITHIN, QUIET_FOR):
        if name in full and left_empty(full[name]):
            # Where the community has no value of its own the ladder's rule holds (core/ladder.py).
            full[name] = times.get(name)
    full["ladder"] = [_timed(row, times) for row in said["ladder"]]
    return full


def _timed(row: Mapping[str, Any], times: Mapping[str, timedelta]) -> Mapping[str, Any]:
    if not left_empty(row.get("after")):
        return row
    return {**row, "after": times.get(f"{row.get('tier')}_after")}


def out_of_order(times: Mapping[str, timedelta]) -> bool:
    """Whether a higher tier would be told before a lower one."""
    said = [times[name] for name in map(after, Tier) if name in times]
    return said != sorted(said)
