"""How many pushes a phone gets on a day: below what the companion's relay drops unseen.

The relay takes 500 pushes a phone and day and drops what comes after, an alarm like a digest. So
what no life depends on stops at 300, and the rest is left for what lives may depend on. A push that
the app confirmed over the local channel never went through the relay, and does not count.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .engine.engine import Engine

RELAY_DROPS_PAST: Final = 500
BUDGET: Final = 300
# Said so early that somebody can still see to the loop that floods the phone.
WARN_AT: Final = 240
# A phone may serve several communities: what it got from all of them counts.
DATA_BUDGETS: HassKey[list[PushBudget]] = HassKey("smart_community_push_budgets")
_KEPT: Final = "pushes:"


class PushBudget:
    """One community's part of what each phone got today; kept with its engine's settings.

    Days are the relay's, which begin at midnight UTC.
    """

    def __init__(self, hass: HomeAssistant, engine: Engine) -> None:
        """Begin with nothing; `start` brings what was sent today already."""
        self._hass = hass
        self._engine = engine
        self._sent: dict[str, tuple[str, int]] = {}

    def start(self) -> CALLBACK_TYPE:
        """Take up the counts of the engine, and count until the returned is called."""
        for key, text in self._engine.kept(_KEPT).items():
            day, _, count = text.partition("|")
            self._sent[key.removeprefix(_KEPT)] = (day, int(count or 0))
        budgets = self._hass.data.setdefault(DATA_BUDGETS, [])
        budgets.append(self)
        return lambda: budgets.remove(self)

    def spend(self, phone: str, *, exempt: bool) -> bool:
        """Count a push to a phone (its registration's id); False if it is better not sent.

        Counted before it is sent: a hundred at once must not all find the last one left.
        """
        if not exempt and self.used(phone) >= BUDGET:
            return False
        self._count(phone, 1)
        return True

    def refund(self, phone: str) -> None:
        """Take a push off the count: it did not go through the relay."""
        self._count(phone, -1)

    def used(self, phone: str) -> int:
        """How many pushes a phone got today, from all communities."""
        return sum(one.own.get(phone, 0) for one in self._hass.data[DATA_BUDGETS])

    @property
    def own(self) -> Mapping[str, int]:
        """What this community sent today, by phone."""
        today = _day(dt_util.utcnow())
        return {phone: count for phone, (day, count) in self._sent.items() if day == today}

    def _count(self, phone: str, by: int) -> None:
        today, count = _day(dt_util.utcnow()), max(self.own.get(phone, 0) + by, 0)
        self._sent[phone] = (today, count)
        self._engine.jot(f"{_KEPT}{phone}", f"{today}|{count}")


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
