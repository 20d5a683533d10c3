"""A storm: so many incidents of one loop at once that nobody could deal with each by itself.

The first `COUNT` within `WITHIN` are incidents of their own; what comes on top joins one more,
which lists each source with its place, and whose ladder is climbed once. When fewer come, they are
incidents of their own again.

Invariants (tests/core/test_storm.py): in no span of `WITHIN` more than `COUNT` are apart; below
that rate each is apart, also after a clock was set back.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from .codec import plain
from .detection import Watch
from .model import STORM_ZONE, Policy, Source

# One person deals with about 144 alarms a day (EEMUA 191); ten within a minute is past reading.
COUNT: Final = 10
WITHIN: Final = timedelta(minutes=1)


def surge(opened: Sequence[datetime], now: datetime) -> tuple[bool, tuple[datetime, ...]]:
    """Say whether one more is too many at `now`, and what is to be remembered of the times.

    `opened`: when the last ones came, apart or not, the oldest first. A time that is yet to come (a
    clock was set back) proves nothing.
    """
    recent = [one for one in opened if timedelta(0) <= now - one < WITHIN]
    return len(recent) >= COUNT, (*recent, now)[-COUNT:]


def storm_zone(loop: str, policy: Policy) -> str:
    """Return the zone in which a storm lives: one for all of a loop who are told alike.

    An automation whose ladder somebody has edited has a storm of its own, or the responder whom
    only that ladder names would never hear of its places. What else two may differ in (a camera)
    tells nobody.
    """
    told = json.dumps(plain((policy.ladder, policy.severity)), sort_keys=True)
    return f"{STORM_ZONE}{loop}:{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def collapses(watch: Watch) -> bool:
    """Whether incidents of a watch may join a storm.

    Noise may not: its curve is evidence of one place.
    """
    return watch.detect.noise is None


def placed(source: Source, zone_name: str) -> str:
    """Name a source with its place, which in a storm the incident does not tell."""
    return source.name if zone_name in source.name else f"{zone_name} · {source.name}"
