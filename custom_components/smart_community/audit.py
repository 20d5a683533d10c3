"""Proves every minute that what was due was done, and that every loop can hear its sources.

A ladder that stands still and a loop that nobody feeds look just like peace. Each is named here:
in the log, as a repair issue, and by the community's problem sensor.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from homeassistant.components.automation import automations_with_blueprint
from homeassistant.const import STATE_ON
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .alarm_index import alarm_index
from .const import DOMAIN
from .core.agreement import Hold
from .core.plan import Active, Day
from .data import CommunityEntry
from .loops import LOOPS
from .shipped import blueprint_path, loop_is_on
from .views import texts

_LOGGER = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)
LATE: Final = timedelta(minutes=1)
# What is looked for, by issue key, in the order in which the log names it.
STEP_LATE, OUTBOX_STUCK, RECORDING = "step_late", "outbox_stuck", "recording_failed"
LOOP_UNHEARD, LOOPS_UNUSED, NO_LOOP_YET = "loop_unheard", "loops_unused", "no_loop_yet"
NO_AUTOMATION: Final = "no_automation"
AGREEMENT_UNUSED: Final = "agreement_unused"
ALMANAC_ENDS: Final = "almanac_ends"
# Kinds of days that an order of the State Council shifts; and how long before the last year with an
# order ends it is said that the next has none.
_ORDERED: Final = frozenset((Day.WORKDAY, Day.RESTDAY, Day.HOLIDAY))
_AHEAD: Final = timedelta(days=31)
# Those with which a ladder must not be relied on; the dashboard says so to everybody.
FAULTS: Final = frozenset((STEP_LATE, OUTBOX_STUCK, RECORDING))


class Audit:
    """Looks once a minute, says it once when it breaks and once when it is cured."""

    def __init__(self, hass: HomeAssistant, entry: CommunityEntry) -> None:
        """Keep what is looked at."""
        self._hass = hass
        self._entry = entry
        self._raised: dict[str, Mapping[str, str]] = {}

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Look every minute until the returned function is called."""
        return async_track_time_interval(self._hass, self._look, EVERY)

    @callback
    def _look(self, _now: datetime) -> None:
        engine = self._entry.runtime_data.engine
        found: dict[str, Mapping[str, str]] = {}
        if (late := engine.overdue) > LATE:
            found[STEP_LATE] = {"minutes": str(int(late.total_seconds() // 60))}
        now = dt_util.utcnow()
        stuck = [one for one in engine.letters_waiting if now - one.created_at > LATE]
        if stuck:
            found[OUTBOX_STUCK] = {"count": str(len(stuck))}
        if (problem := engine.recording_problem) is not None:
            found[RECORDING] = {"problem": problem}
        found.update(self._deaf())
        if unused := self._unused():
            found[AGREEMENT_UNUSED] = {"agreements": unused}
        if (year := self._unordered()) is not None:
            found[ALMANAC_ENDS] = {"year": str(year)}
        self._say(found)

    def _deaf(self) -> dict[str, Mapping[str, str]]:
        """Find the loops that are on but would hear nothing.

        Named each: those on which lives may depend, and those that the community has begun to use.
        What it has never set up is one list, so that the rest is not lost in it; and before the
        first loop is set up that is all there is to say.
        """
        engine = self._entry.runtime_data.engine
        silent = {loop: self._unheard(loop) for loop in LOOPS}
        if set(silent.values()) == {NO_AUTOMATION}:
            return {NO_LOOP_YET: {}}
        found: dict[str, Mapping[str, str]] = {}
        unused = []
        for loop, why in silent.items():
            if why is None or not loop_is_on(self._hass, engine, loop):
                continue
            if why == NO_AUTOMATION and not LOOPS[loop].life_safety:
                unused.append(loop)
            else:
                found[f"{LOOP_UNHEARD}_{loop}"] = {"loop": self._names((loop,)), "why": why}
        if unused:
            found[LOOPS_UNUSED] = {"loops": self._names(unused)}
        return found

    def _unused(self) -> str:
        """Name the agreements that nothing goes by: the residents take them for kept."""
        words = texts(self._hass, self._hass.config.language)
        heard = {one.loop for one in alarm_index(self._hass).watches()}
        return str(words["message"]["comma"]).join(
            f"{words['loops'][one.loop]}: {words['thresholds'][one.threshold]} {one.value:g}"
            f" {one.measure}".rstrip()
            for one, held in self._entry.runtime_data.engine.agreements
            # Of a loop that no automation feeds it is said already that it hears nothing.
            if held in {Hold.UNUSED, Hold.AMBIGUOUS} and one.loop in heard
        )

    def _unordered(self) -> int | None:
        """Return the year whose shifted working days are missing soon, where anybody goes by them.

        Plans, loops' own hours, and the hours of people on duty.
        """
        data = self._entry.runtime_data
        used = set(data.plans.days)
        for watch in alarm_index(self._hass).watches():
            used |= watch.active.days if watch.active is not None else set()
        for who in data.people.responders.values():
            used |= Active(hours=who.duty).days
        last = data.plans.known_until
        ends = used & _ORDERED and dt_util.now().date() > last - _AHEAD
        return last.year + 1 if ends else None

    def _names(self, loops: Iterable[str]) -> str:
        words = texts(self._hass, self._hass.config.language)
        return str(words["message"]["comma"]).join(words["loops"][loop] for loop in loops)

    def _unheard(self, loop: str) -> str | None:
        """Say why a loop would hear nothing; None if it would hear."""
        automations = automations_with_blueprint(self._hass, blueprint_path(loop))
        attached = [
            one
            for one in alarm_index(self._hass).watches()
            if one.loop == loop or one.owner in automations
        ]
        if attached:
            return None if any(one.sources for one in attached) else "no_source"
        if any(self._hass.states.is_state(one, STATE_ON) for one in automations):
            return None  # It waits for something else than alarms: a person's report, a lock.
        return "automation_off" if automations else NO_AUTOMATION

    def _say(self, found: dict[str, Mapping[str, str]]) -> None:
        entry = self._entry
        problems = entry.runtime_data.problems
        for key in self._raised.keys() - found.keys():
            ir.async_delete_issue(self._hass, DOMAIN, f"{entry.entry_id}_{key}")
            problems.pop(key, None)
            _LOGGER.info("Audit of %s: %s is cured", entry.title, key)
        for key, values in found.items():
            if self._raised.get(key) == values:
                continue
            translation = f"{LOOP_UNHEARD}_{values['why']}" if "why" in values else key
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                f"{entry.entry_id}_{key}",
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR if key in FAULTS else ir.IssueSeverity.WARNING,
                translation_key=translation,
                translation_placeholders={**values, "community": entry.title},
            )
            problems[key] = translation
            _LOGGER.warning("Audit of %s: %s %s", entry.title, key, dict(values))
        self._raised = found
        for changed in entry.runtime_data.problems_changed:
            changed()
