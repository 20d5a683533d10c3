"""Whether everybody can be reached: tests of the channels, gaps of the roster, dead addresses.

A responder nobody can reach and a night without anybody on duty look like any other, until an
alarm comes.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.components.mobile_app.const import DOMAIN as MOBILE_APP
from homeassistant.components.notify.const import DOMAIN as NOTIFY
from homeassistant.components.script.const import DOMAIN as SCRIPT
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .channels.address import PROVIDER
from .channels.companion import registrations
from .channels.exchange import Provider
from .const import DOMAIN
from .core.message import trial
from .core.model import ChannelKind, DeliveryState, Responder
from .core.ports import Channel, ChannelError
from .core.roster import gaps
from .people import People
from .push_budget import BUDGET, RELAY_DROPS_PAST, WARN_AT, PushBudget
from .views import texts

EVERY: Final = timedelta(minutes=10)
# Far enough ahead that somebody can still be found.
AHEAD: Final = timedelta(days=7)
_SEND_WITHIN: Final = 15.0


class Reachability:
    """Looks every ten minutes at who could not be reached, and when nobody will be on duty."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        people: People,
        providers: Callable[[], Iterable[Provider]],
        budget: PushBudget,
    ) -> None:
        """Keep what is looked at."""
        self._hass = hass
        self._entry = entry
        self._people = people
        self._providers = providers
        self._budget = budget
        self._raised: set[str] = set()
        # Responders whose last test failed on every channel; a test that works takes them off.
        self.failed: set[str] = set()

    @callback
    def start(self, failed: set[str]) -> CALLBACK_TYPE:
        """Look until the returned function is called; `failed`: whose last test had failed."""
        self.failed = failed
        return async_track_time_interval(self._hass, self._tick, EVERY)

    @callback
    def _tick(self, _now: datetime) -> None:
        self.look()

    @callback
    def look(self) -> None:
        """Say what is wrong as repair issues, and take back what is cured."""
        entry, people = self._entry, self._people
        now = dt_util.utcnow()
        found: dict[str, tuple[str, dict[str, str]]] = {}
        for responder in people.responders.values():
            if responder.key in self.failed or not self._leads_somewhere(responder):
                issue = f"{entry.entry_id}_unreachable_{responder.key}"
                found[issue] = ("responder_unreachable", {"responder": responder.name})
        zone = dt_util.get_default_time_zone()
        for gap in gaps(
            people.responders.values(),
            now,
            now + AHEAD,
            zone=zone,
            calendar=people.calendar,
            swaps=people.swaps(),
        ):
            issue = f"{entry.entry_id}_duty_gap_{'+'.join(gap.responders)}"
            if issue not in found:  # the first of each group
                words = texts(self._hass, self._hass.config.language)
                comma = str(words["message"]["comma"])
                said = {
                    "tier": words["tiers"][gap.tier],
                    "responders": comma.join(people.names[key] for key in gap.responders),
                    "begins": gap.begins.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                    "ends": gap.ends.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                }
                found[issue] = ("duty_gap", said)
        for phone in self._hass.config_entries.async_entries(MOBILE_APP):
            used = self._budget.used(phone.entry_id)
            if phone.entry_id in self._budget.own and used >= WARN_AT:
                said = {"phone": phone.title, "count": str(used), "budget": str(BUDGET)}
                found[f"{entry.entry_id}_push_budget_{phone.entry_id}"] = (
                    "push_budget",
                    {**said, "dropped": str(RELAY_DROPS_PAST)},
                )
        for gone in self._raised - found.keys():
            ir.async_delete_issue(self._hass, DOMAIN, gone)
        for issue, (key, values) in found.items():
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue,
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key=key,
                translation_placeholders={**values, "community": entry.title},
            )
        self._raised = set(found)

    async def test(
        self,
        channels: Mapping[ChannelKind, Channel],
        responders: Iterable[Responder],
        wait: timedelta,
        tell: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> list[dict[str, Any]]:
        """Send a test to every channel of each; `wait`: how long receipts are waited for.

        `tell` is given each row of the answer as soon as it is known.
        """

        async def attempt(responder: Responder, kind: ChannelKind) -> dict[str, Any]:
            row = await self._try(channels.get(kind), responder, kind, wait)
            if tell is not None:
                tell(row)
            return row

        tried = [
            (responder, kind)
            for responder in responders
            for kind in (*responder.channels, *responder.urgent_channels)
        ]
        tried = list(dict.fromkeys(tried))
        rows = await asyncio.gather(*(attempt(*one) for one in tried))
        for key in {responder.key for responder, _ in tried}:
            states = [row["state"] for row in rows if row["responder"] == key]
            failed = all(state == DeliveryState.FAILED for state in states)
            (self.failed.add if failed else self.failed.discard)(key)
        self.look()
        return list(rows)

    async def _try(
        self, channel: Channel | None, responder: Responder, kind: ChannelKind, wait: timedelta
    ) -> dict[str, Any]:
        begun = self._hass.loop.time()
        state, reason = DeliveryState.FAILED, ""
        message = trial(texts(self._hass, responder.language), responder.name)
        try:
            if channel is None:
                raise ChannelError("no_channel")  # noqa: TRY301  # one place words every failure
            async with asyncio.timeout(_SEND_WITHIN):
                outcome = await channel.send(message, responder)
            state, reason = outcome.state, outcome.reason
            if outcome.reference and wait:
                async with asyncio.timeout(wait.total_seconds()):
                    outcome = await channel.follow(outcome.reference, responder)
                state, reason = outcome.state, outcome.reason
        except ChannelError as err:
            state, reason = DeliveryState.FAILED, str(err)
        except TimeoutError:
            reason = "time_out" if state is DeliveryState.FAILED else "no_receipt"
        seconds = round(self._hass.loop.time() - begun, 1)
        return {
            "responder": responder.key,
            "channel": kind.value,
            "state": state.value,
            "reason": reason,
            "seconds": seconds,
        }

    def _leads_somewhere(self, responder: Responder) -> bool:
        """Whether at least one channel does, as far as one can tell without using it."""
        return any(self._leads(responder, kind) for kind in responder.channels)

    def _leads(self, responder: Responder, kind: ChannelKind) -> bool:
        if kind is ChannelKind.PERSISTENT:
            return True
        if kind is ChannelKind.PUSH:
            return bool(registrations(self._hass, responder.users))
        address = self._people.addresses.get((responder.key, kind))
        if address is None:
            return False
        domain, _, name = address.target.partition(".")
        if domain == PROVIDER:
            return any(name == provider.key for provider in self._providers())
        if self._hass.states.get(address.target) is not None:
            return True
        return domain in {NOTIFY, SCRIPT} and self._hass.services.has_service(domain, name)
