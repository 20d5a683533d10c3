"""What a community rehearses by itself: a monthly test of the channels, and drills.

Whatever happens to the house, nothing is done twice: that it was begun is on disk before the first
message goes out. What was missed is made up for on the next working day.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .channel_tests import async_test_channels
from .const import DOMAIN
from .core.drill import within
from .core.model import Tier
from .core.rehearsal import GRACE, Rhythm, made_up, next_due
from .data import CommunityEntry
from .exercises import async_exercise

_LOGGER = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)
TEST: Final = "test"
DRILL: Final = "drill"
# What a new community begins with: it finds out within a month whom it cannot reach. Not on the
# hour, when the work chats refuse what everybody sends at once (Feishu's guide to its robots).
DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    TEST: {"enabled": True, "day": 1, "at": "10:10:00", "tiers": [tier.value for tier in Tier]}
}
_KEPT: Final = "rehearsal:"
_RECEIPTS_WITHIN: Final = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    """How far a rehearsal is, as it is kept. Times are ISO 8601, "" for none.

    `rhythm`: what was set when it was written. `after`: what came due until then is done with.
    `made_up`: when what was missed is made up for. `left`: who is still asleep and tested later.
    """

    rhythm: str
    after: str
    made_up: str = ""
    due: str = ""
    left: tuple[str, ...] = ()


class Rehearsals:
    """Looks every minute whether something is due; a clock that jumps is a clock like any other."""

    def __init__(self, hass: HomeAssistant, entry: CommunityEntry) -> None:
        """Take the community, which has been set up."""
        self._hass = hass
        self._entry = entry
        self._busy = False

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Look until the returned function is called."""
        return async_track_time_interval(self._hass, self._tick, EVERY)

    @callback
    def _tick(self, now: datetime) -> None:
        if not self._busy:
            self._busy = True
            self._entry.async_create_background_task(self._hass, self._look(now), "rehearsals")

    async def _look(self, now: datetime) -> None:
        try:
            for kind in (TEST, DRILL):
                await self._look_at(kind, now)
        finally:
            self._busy = False

    async def _look_at(self, kind: str, now: datetime) -> None:
        said = self._entry.options.get(kind, {})
        state = self._state(kind)
        if not said.get("enabled"):
            if state is not None:
                await self._entry.runtime_data.engine.keep(f"{_KEPT}{kind}", "")
            return
        rhythm = rhythm_of(said)
        if state is None or state.rhythm != str(rhythm):
            # What lies before somebody set it was never due.
            await self._keep(kind, _State(rhythm=str(rhythm), after=now.isoformat()))
            return
        if state.left:
            await self._test(now, state)
            return
        when = self._due(rhythm, state)
        if when > now:
            return
        if now - when > GRACE:
            again = made_up(rhythm, now, zone=self._zone, calendar=self._calendar)
            _LOGGER.warning(
                "The %s of %s that was due %s was missed; it is made up for %s",
                kind,
                self._entry.title,
                when.astimezone(self._zone).strftime("%Y-%m-%d %H:%M"),
                again.astimezone(self._zone).strftime("%Y-%m-%d %H:%M"),
            )
            await self._keep(kind, replace(state, made_up=again.isoformat()))
            return
        begun = _State(rhythm=state.rhythm, after=now.isoformat(), due=when.isoformat())
        if kind == DRILL:
            await self._keep(kind, begun)
            await self._drill(now, said)
            return
        people = self._entry.runtime_data.people.responders.values()
        keys = tuple(one.key for one in people if one.tier in said["tiers"])
        await self._test(now, replace(begun, left=keys))

    def _due(self, rhythm: Rhythm, state: _State) -> datetime:
        if state.made_up:
            return datetime.fromisoformat(state.made_up)
        after = datetime.fromisoformat(state.after)
        return next_due(rhythm, after, zone=self._zone, calendar=self._calendar)

    async def _test(self, now: datetime, state: _State) -> None:
        """Test those who are awake; whoever has quiet hours is tested when they end."""
        people = self._entry.runtime_data.people.at(now)
        there = [people[key] for key in state.left if key in people]
        awake = [one for one in there if one.resting_until is None]
        left = tuple(one.key for one in there if one.resting_until is not None)
        if awake or left != state.left:
            await self._keep(TEST, replace(state, left=left))
        if awake:
            due = datetime.fromisoformat(state.due)
            await async_test_channels(self._entry, awake, _RECEIPTS_WITHIN, due=due)

    async def _drill(self, now: datetime, said: Mapping[str, Any]) -> None:
        """Hold the drill, or say in the repairs why it was not held."""
        entry, up_to = self._entry, Tier(said["up_to"])
        asleep = [
            one.name
            for one in entry.runtime_data.people.at(now).values()
            if within(one.tier, up_to) and one.on_duty and one.resting_until is not None
        ]
        reason = ", ".join(asleep)
        if not asleep:
            try:
                await async_exercise(self._hass, entry, said["loop"], said["zone"], up_to)
            except HomeAssistantError as err:
                reason = str(err)
        issue = f"{entry.entry_id}_drill_not_held"
        if not reason:
            ir.async_delete_issue(self._hass, DOMAIN, issue)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="drill_asleep" if asleep else "drill_not_held",
            translation_placeholders={"community": entry.title, "reason": reason},
        )

    def _state(self, kind: str) -> _State | None:
        text = self._entry.runtime_data.engine.kept_as(f"{_KEPT}{kind}")
        if not text:
            return None
        said = json.loads(text)
        return _State(**{**said, "left": tuple(said["left"])})

    async def _keep(self, kind: str, state: _State) -> None:
        text = json.dumps(asdict(state), sort_keys=True)
        await self._entry.runtime_data.engine.keep(f"{_KEPT}{kind}", text)

    @property
    def _zone(self) -> Any:
        return dt_util.get_default_time_zone()

    @property
    def _calendar(self) -> Any:
        return self._entry.runtime_data.people.calendar


def rhythm_of(said: Mapping[str, Any]) -> Rhythm:
    """Read a section of the options."""
    return Rhythm(
        day=int(said["day"]),
        at=time.fromisoformat(said["at"]),
        every=int(said.get("every", 1)),
    )
