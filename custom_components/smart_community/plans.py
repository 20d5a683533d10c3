"""The plans of a community, read from its subentries, and what they mean for a loop in a zone."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .almanac import Almanac
from .const import SUBENTRY_PLAN
from .core.plan import Active, Day, Plan, Schedule, schedule
from .loops import LOOPS
from .plan_words import plan_of
from .zones import places_of


class Plans:
    """What a community has set about when its loops are at work."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any], almanac: Almanac) -> None:
        """Read what is set."""
        self._hass = hass
        self._entry = entry
        self._calendar = almanac.days
        self.known_until = almanac.known_until
        self._plans: tuple[Plan, ...] = ()
        self.read()

    def read(self) -> bool:
        """Read the subentries again; whether anything has changed."""
        before = self._plans
        self._plans = tuple(
            plan_of(subentry.title, subentry.data)
            for subentry in self._entry.subentries.values()
            if subentry.subentry_type == SUBENTRY_PLAN
        )
        return self._plans != before

    @property
    def standing(self) -> tuple[Plan, ...]:
        """The plans as they stand now."""
        return self._plans

    @property
    def days(self) -> frozenset[Day]:
        """The kinds of days that any plan names."""
        said = [plan.active for plan in self._plans]
        said += [plan.pause.active for plan in self._plans if plan.pause is not None]
        return frozenset().union(*(one.days for one in said if one is not None))

    def schedule(self, loop: str, zone: str, said: Active | None) -> Schedule:
        """When a loop is at work in a zone. Where lives may depend on it: always."""
        tz = dt_util.get_default_time_zone()
        if loop in LOOPS and LOOPS[loop].life_safety:
            return Schedule(zone=tz, calendar=self._calendar)
        places = places_of(self._hass, zone)
        return schedule(self._plans, loop, places, said, zone=tz, calendar=self._calendar)
