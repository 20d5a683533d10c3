"""A measured value against a limit with hysteresis.

Invariants (tests/core/test_limit.py): past the limit is an alarm, `hysteresis` inside it is none,
and no value between the two changes what was said before; a tighter limit never clears what a wider
one raises.
"""

import math
from dataclasses import dataclass, replace
from datetime import date

from .edge import Level
from .plan import Season


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """An alarm is a value past `limit`, in its season past `season_limit`; or also above `upper`.

    `above`: past is more than the limit, else less. Both ends of a range are one limit (`above`
    false): two would each clear what the other has raised. All in one unit, the caller's.
    """

    above: bool
    limit: float
    hysteresis: float = 0.0
    upper: float | None = None
    season: Season | None = None
    season_limit: float = 0.0

    def holding(self, day: date, agreed: float | None, agreed_upper: float | None) -> Limit:
        """Return what holds on a day.

        What is agreed with the residents goes before the season, and the season before the rest.
        """
        limit = self.limit
        if self.season is not None and self.season.holds(day):
            limit = self.season_limit
        if agreed is not None:
            limit = agreed
        upper = self.upper if agreed_upper is None or self.upper is None else agreed_upper
        return replace(self, limit=limit, upper=upper, season=None)

    def judge(self, value: float | None) -> Level:
        """Say what a value means; `NONE` for none and for what is no number.

        In a range narrower than twice its hysteresis the middle clears: else nothing would.
        """
        if value is None or not math.isfinite(value):
            return Level.NONE
        over = value - self.limit if self.above else self.limit - value
        inside = self.hysteresis
        if self.upper is not None:
            over = max(over, value - self.upper)
            inside = min(inside, abs(self.upper - self.limit) / 2)
        if over > 0:
            return Level.RAISED
        return Level.CLEAR if over <= -inside else Level.BETWEEN
