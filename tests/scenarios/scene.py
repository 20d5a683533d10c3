"""Plays a loop from its field to its end, and keeps who was told when and how.

What is expected is written as a table, one row a moment: time since the field's first word, who,
and the ways in which they were told (`push!` is critical). Nobody else may have been told.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smart_community.const import DOMAIN
from tests.blueprints.conftest import Estate
from tests.components.conftest import FarEnd
from tests.components.test_plans import add_plan
from tests.simulators.companion_phone import Notice, Relay

# The engine gathers for some hundredths of a second, and the bus is asked every 0.8 s.
_AT_ONCE = timedelta(seconds=3)
_BLINK = timedelta(seconds=1)
_PAUSE = 0.05
LOUDSPEAKER = "media_player.yard"
_REAL_PAUSE = partial(time.sleep, _PAUSE)
_PATIENCE = 400


def telephone(hass: HomeAssistant, name: str, end: FarEnd) -> None:
    """A user's own scripts for calls and text messages, ending in a list."""

    def taken(way: str) -> Callable[[ServiceCall], Any]:
        async def take(call: ServiceCall) -> dict[str, Any] | None:
            end.calls.append({"kind": way, "who": name, "at": dt_util.utcnow(), **call.data})
            return {"receipt": end.receipt} if call.return_response else None

        return take

    for way in ("voice", "sms"):
        hass.services.async_register(
            "script", f"{way}_{name}", taken(way), supports_response=SupportsResponse.OPTIONAL
        )


def loudspeaker(hass: HomeAssistant, end: FarEnd) -> None:
    """A media player in the yard, and a voice that speaks on it."""

    async def speak(call: ServiceCall) -> None:
        end.calls.append(
            {"kind": "speaker", "who": "yard", "at": dt_util.utcnow(), "text": call.data["message"]}
        )

    hass.states.async_set(LOUDSPEAKER, "idle")
    hass.states.async_set("tts.voice", "unknown")
    hass.services.async_register("tts", "speak", speak)


class Scene(Estate):
    """The estate of the blueprint tests, with a bus, people's phones, and a clock of its own."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        far_end: FarEnd,
        freezer: FrozenDateTimeFactory,
        *,
        relay: Relay,
        users: Mapping[str, User],
    ) -> None:
        super().__init__(hass, entry, far_end, freezer)
        self.relay = relay
        self.users = users
        self.began = dt_util.utcnow()
        for phone in relay.phones.values():
            phone.on_notice = self._pushed

    def _pushed(self, notice: Notice) -> None:
        # As Android's app says of each notice that asks for it.
        if notice.data.get("confirmation"):
            self.hass.bus.async_fire(
                "mobile_app_notification_received",
                {"tag": notice.tag},
                context=Context(user_id=self.users[notice.phone].id),
            )
        # A notice that is replaced in silence or taken away rings nobody.
        silent = notice.data.get("channel") == "smart_community_updates"
        if notice.message != "clear_notification" and not silent:
            way = "push!" if notice.critical else "push"
            self.far_end.calls.append(
                {"kind": way, "who": notice.phone, "at": dt_util.utcnow(), "text": notice.message}
            )

    def registration(self, who: str) -> ConfigEntry[Any]:
        """What the app on somebody's phone has registered."""
        entries = self.hass.config_entries.async_entries("mobile_app")
        return next(one for one in entries if one.data["device_id"] == who)

    async def register(self, **data: Any) -> None:
        """Let the app register another phone, like the guard's but for these data."""
        entry = MockConfigEntry(
            domain="mobile_app",
            title=data["device_id"],
            data={**self.registration("guard").data, **data},
        )
        entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(entry.entry_id)

    def thing(self, domain: str, device_class: str | None, state: str, **attributes: Any) -> str:
        """An entity of another integration, in the corridor."""
        registry = er.async_get(self.hass)
        number = sum(one.platform == "other" for one in registry.entities.values())
        made = registry.async_get_or_create(
            domain,
            "other",
            f"{device_class}{number}",
            original_device_class=device_class,
            capabilities=attributes or None,
        )
        registry.async_update_entity(made.entity_id, area_id=self.area.id)
        if device_class is not None:
            attributes["device_class"] = device_class
        self.hass.states.async_set(made.entity_id, state, attributes)
        return made.entity_id

    async def plan_for_summer_evenings(self) -> None:
        """Let the community plan that its loops are at work on summer evenings alone."""
        await add_plan(
            self.hass,
            self.entry,
            "hours",
            season_begins="06-01",
            season_ends="08-31",
            **{"from": "18:00:00", "until": "22:00:00"},
        )

    async def says(self, entity_id: str, state: str, **attributes: Any) -> None:
        """What the other integration reports next."""
        before = self.hass.states.get(entity_id).attributes
        self.hass.states.async_set(entity_id, state, {**before, **attributes})
        await self.settle()

    async def seen(self, entity_id: str, wanted: Callable[[str | None], bool]) -> None:
        """Wait until the field has brought a state.

        The poller's rounds and its socket know only real time: the scene's clock goes along with
        it meanwhile.
        """
        await self.comes(
            lambda: wanted(getattr(self.hass.states.get(entity_id), "state", None)),
            lambda: f"{entity_id} stays {self.hass.states.get(entity_id)}",
        )

    async def pushed(self, who: str, wanted: Callable[[Notice], bool]) -> Notice:
        """Wait until somebody's phone shows such a notice."""
        shade = self.relay.phones[f"token-{who}"].shade
        found: list[Notice] = []

        def shown() -> bool:
            found[:] = [one for one in shade.values() if wanted(one)]
            return bool(found)

        await self.comes(shown, lambda: f"{who} is shown {shade}")
        return found[0]

    async def comes(self, met: Callable[[], bool], instead: Callable[[], str]) -> None:
        """Wait for what comes over real sockets."""
        for _ in range(_PATIENCE):
            if met():
                return
            await asyncio.get_running_loop().run_in_executor(None, _REAL_PAUSE)
            self.freezer.tick(_PAUSE)
            async_fire_time_changed(self.hass)
        raise TimeoutError(instead())

    @asynccontextmanager
    async def real_time(self) -> AsyncIterator[None]:
        """Let the scene's clock go along with the real one: a radio's stack knows no other."""

        async def run() -> None:
            while True:
                await asyncio.get_running_loop().run_in_executor(None, _REAL_PAUSE)
                self.freezer.tick(_PAUSE)
                async_fire_time_changed(self.hass)

        ticking = asyncio.create_task(run())
        try:
            yield
        finally:
            ticking.cancel()

    async def _field(self) -> None:
        """Let what is on its way on sockets arrive."""
        for _ in range(25):
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)

    @override
    async def settle(self) -> None:
        """Wait until runs, commits and messages have come to rest."""
        for _ in range(3):
            await self._field()
            await self.hass.async_block_till_done()
            await self.entry.runtime_data.engine.timeline("-")

    @override
    async def pass_time(
        self, *, steps: timedelta | None = None, heard: str = "", **span: float
    ) -> None:
        """Let time pass, stopping wherever anything is due (and every `steps`).

        `heard`: a meter that is heard all the while. One answer that a busy machine loses costs two
        real seconds, in which a scene's minutes would pass without a reading.
        """
        end = dt_util.utcnow() + timedelta(**span)
        while (now := dt_util.utcnow()) < end:
            if heard:
                await self.seen(heard, lambda state: state != "unavailable")
                now = dt_util.utcnow()
            due = self.entry.runtime_data.engine.next_due
            stop = min(end, now + steps) if steps is not None else end
            if due is not None and now < due < stop:
                stop = due
            self.freezer.tick(stop - now)
            async_fire_time_changed(self.hass)
            await self.settle()

    async def until(self, clock: str, *, steps: timedelta | None = None, heard: str = "") -> None:
        """Let time pass until so long after the scene began (`h:mm:ss` or `m:ss`)."""
        left = self.began + _span(clock) - dt_util.utcnow()
        await self.pass_time(seconds=left.total_seconds(), steps=steps, heard=heard)

    async def at_clock(
        self, clock: str, *, steps: timedelta | None = None, heard: str = ""
    ) -> None:
        """Let time pass until the clock on the wall says so."""
        hours, minutes = clock.split(":")
        now = dt_util.now()
        then = now.replace(hour=int(hours), minute=int(minutes), second=0, microsecond=0)
        await self.pass_time(seconds=(then - now).total_seconds(), steps=steps, heard=heard)

    async def at_date(self, day: str) -> None:
        """Let the days pass until noon of a day."""
        then = dt_util.parse_datetime(f"{day}T12:00:00+08:00")
        assert then is not None
        await self.pass_time(seconds=(then - dt_util.utcnow()).total_seconds())

    def begin(self) -> None:
        """Count from now, and forget what was told before."""
        self.began = dt_util.utcnow()
        self.far_end.calls.clear()

    def told_since(self) -> list[tuple[str, str, str]]:
        """Rows of who was told when and how."""
        rows: dict[tuple[datetime, str], list[str]] = {}
        for call in self.far_end.calls:
            rows.setdefault((call["at"], call["who"]), []).append(call["kind"])
        return [(_clock(at - self.began), who, " ".join(ways)) for (at, who), ways in rows.items()]

    def expect(self, table: str, *, late: timedelta = _AT_ONCE) -> None:
        """Compare with the table; a moment may be three seconds `late`, nothing else may differ.

        What the field said a blink before the scene began makes it a second early.
        """
        wanted = [line.split(maxsplit=2) for line in table.strip().splitlines()]
        told = self.told_since()
        shown = "\n".join(f"{clock:>9}  {who:<11}{ways}" for clock, who, ways in told)
        want = {(who, way): [] for _, who, ways in wanted for way in ways.split()}
        have: dict[tuple[str, str], list[timedelta]] = {}
        for clock, who, ways in wanted:
            for way in ways.split():
                want[who, way].append(_span(clock))
        for clock, who, ways in told:
            for way in ways.split():
                have.setdefault((who, way), []).append(_span(clock))
        assert want.keys() == have.keys(), f"told:\n{shown}"
        for key, moments in want.items():
            assert len(moments) == len(have[key]), f"{key}, told:\n{shown}"
            for moment, at in zip(moments, have[key], strict=True):
                assert moment - _BLINK <= at <= moment + late, f"{key}, told:\n{shown}"

    async def tap(self, who: str, verb: str, words: str = "") -> None:
        """Press a button of the notice on somebody's phone."""
        notice = list(self.relay.phones[f"token-{who}"].shade.values())[-1]
        self.hass.bus.async_fire(
            "mobile_app_notification_action",
            {"action": notice.action(verb), "tag": notice.tag, "reply_text": words},
            context=Context(user_id=self.users[who].id),
        )
        await self.settle()

    async def dealt_with(self, who: str, words: str = "") -> None:
        """Let somebody say by two taps that they are on it, and that it is done."""
        await self.tap(who, "ACKNOWLEDGE")
        await self.tap(who, "HANDLED", words)

    async def act(self, who: str, action: str, **data: Any) -> dict[str, Any]:
        """Let a person call an action on the only incident there is."""
        return await self.call(who, action, incident=self.active[0].id, **data)

    async def call(self, who: str, action: str, **data: Any) -> dict[str, Any]:
        """Let a person call an action."""
        answer: dict[str, Any] = await self.hass.services.async_call(
            DOMAIN,
            action,
            data,
            blocking=True,
            return_response=True,
            context=Context(user_id=self.users[who].id),
        )
        await self.settle()
        return answer

    async def ended(self) -> list[tuple[str, str, str | None]]:
        """Loop, status and disposition of every incident, the oldest first."""
        found = await self.entry.runtime_data.engine.incidents()
        return [(one.loop, one.status.value, one.disposition) for one in reversed(found)]

    async def over(self) -> list[tuple[str, str, str | None]]:
        """Let the time pass in which what is quiet is watched for coming back; then as `ended`."""
        closing = [one.close_at for one in self.active if one.close_at is not None]
        assert closing, "nothing waits to be over"
        await self.pass_time(seconds=(max(closing) - dt_util.utcnow()).total_seconds())
        return await self.ended()

    async def close(self) -> None:
        """Leave no socket and no timer behind."""
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)


def _span(clock: str) -> timedelta:
    *_, hours, minutes, seconds = (
        ("0", *clock.split(":")) if clock.count(":") == 1 else clock.split(":")
    )
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))


def _clock(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
