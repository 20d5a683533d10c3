"""Push to the Home Assistant companion app on every phone of a responder's users.

The app's notify action answers "done" when the relay refused the message too, so a push that was
handed over proves nothing. Over the local channel the app confirms; that is a receipt.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from typing import Any, Protocol, override

from homeassistant.components.mobile_app.const import CONF_USER_ID, DATA_PUSH_CHANNEL
from homeassistant.components.mobile_app.const import DOMAIN as MOBILE_APP
from homeassistant.components.mobile_app.util import get_notify_service
from homeassistant.components.notify.const import DOMAIN as NOTIFY
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.async_ import create_eager_task

from ..core.message import Message, path
from ..core.model import ChannelKind, DeliveryState, Responder
from ..core.ports import ChannelError, Outcome, Unanswered

_LOGGER = logging.getLogger(__name__)

# How long the app may take to confirm over the local channel; Home Assistant itself waits 10 s.
CONFIRM_WITHIN = 5.0


class Receipts(Protocol):
    """Who keeps account of what phones confirm."""

    def pushed(self, user: str, incident: str) -> None:
        """Note that a push about an incident is on its way to a user's phones."""

    def heard(self, user: str) -> None:
        """Note that a phone of a user has shown that it receives."""


class Budget(Protocol):
    """Who counts what each phone gets on a day; a phone is named by its registration's id."""

    def spend(self, phone: str, *, exempt: bool) -> bool:
        """Count a push; False if it is better not sent."""

    def refund(self, phone: str) -> None:
        """Take a push off the count: it did not go through the relay."""


class Companion(Unanswered):
    """The companion app: a push per phone, each in its own task; a hanging one delays no other."""

    kind = ChannelKind.PUSH

    def __init__(self, hass: HomeAssistant, receipts: Receipts, budget: Budget) -> None:
        """Keep the way to Home Assistant, and to whoever counts receipts and pushes."""
        self._hass = hass
        self._receipts = receipts
        self._budget = budget

    async def send(self, message: Message, responder: Responder) -> Outcome:
        """Push to every phone; delivered if one has confirmed, failed if none was reached.

        Withheld if each of them has had enough for today.
        """
        data = {"message": message.text, "title": message.title, "data": payload(message)}
        phones = registrations(self._hass, responder.users)
        if not phones:
            raise ChannelError("no_phone")
        open_ = [one for one in phones if self._budget.spend(one.entry_id, exempt=message.urgent)]
        reason = "daily_budget" if len(open_) < len(phones) else ""
        if not open_:
            return Outcome(state=DeliveryState.WITHHELD, reason=reason)
        for user in {one.data[CONF_USER_ID] for one in open_}:
            self._receipts.pushed(user, message.incident)
        results = await self._each(open_, data)
        for phone, result in zip(open_, results, strict=True):
            if result is DeliveryState.DELIVERED:
                self._receipts.heard(phone.data[CONF_USER_ID])
                self._budget.refund(phone.entry_id)
        states = [state for state in results if isinstance(state, DeliveryState)]
        if not states:
            raise ChannelError("; ".join(sorted({str(problem) for problem in results})))
        proven = DeliveryState.DELIVERED in states
        return Outcome(state=DeliveryState.DELIVERED if proven else states[0], reason=reason)

    @override
    async def withdraw(self, tag: str, responder: Responder) -> None:
        """Take the notice off every phone."""
        data = {"message": "clear_notification", "data": {"tag": tag}}
        await self._each(registrations(self._hass, responder.users), data)

    async def _each(
        self, phones: Iterable[ConfigEntry[Any]], data: dict[str, Any]
    ) -> list[DeliveryState | BaseException]:
        # Begun at once, not in the loop's next turn: an alarm waits for nothing that can wait.
        pushes = [create_eager_task(self._push(one.data[CONF_WEBHOOK_ID], data)) for one in phones]
        return await asyncio.gather(*pushes, return_exceptions=True)

    async def _push(self, webhook_id: str, data: dict[str, Any]) -> DeliveryState:
        service = get_notify_service(self._hass, webhook_id)
        if service is None or not self._hass.services.has_service(NOTIFY, service):
            raise ChannelError("phone_without_push")
        channel = self._local_channel(webhook_id)
        before = set(channel.pending_confirms) if channel is not None else set()
        try:
            await self._hass.services.async_call(NOTIFY, service, data, blocking=True)
        except HomeAssistantError as err:
            raise ChannelError(str(err) or type(err).__name__) from err
        if channel is not None and await self._confirmed(webhook_id, channel, before):
            return DeliveryState.DELIVERED
        return DeliveryState.SENT

    def _local_channel(self, webhook_id: str) -> Any:
        channel = self._hass.data.get(MOBILE_APP, {}).get(DATA_PUSH_CHANNEL, {}).get(webhook_id)
        return channel if getattr(channel, "support_confirm", False) else None

    async def _confirmed(self, webhook_id: str, channel: Any, before: set[str]) -> bool:
        """Whether the phone confirmed what was just pushed.

        Home Assistant tells nobody, but its channel keeps what is unconfirmed, and drops the whole
        channel when a confirmation does not come. So: gone from there, and the channel still up.
        """
        mine = set(channel.pending_confirms) - before
        for _ in range(int(CONFIRM_WITHIN / 0.05)):
            if self._local_channel(webhook_id) is not channel:
                return False
            if mine.isdisjoint(channel.pending_confirms):
                return True
            await asyncio.sleep(0.05)
        return False


def registrations(hass: HomeAssistant, users: Collection[str]) -> list[ConfigEntry[Any]]:
    """Return the entries of mobile_app that are phones of these users.

    Not those that an administrator has disabled: Home Assistant pushes nothing to them.
    """
    entries = hass.config_entries.async_entries(MOBILE_APP, include_disabled=False)
    return [entry for entry in entries if entry.data.get(CONF_USER_ID) in users]


def payload(message: Message) -> dict[str, Any]:
    """Return what the apps read, Android's and iOS's words together; each ignores the other's."""
    data: dict[str, Any] = {
        "tag": message.tag,
        "group": message.group,
        "url": path(message.incident),
        "clickAction": path(message.incident),
        "actions": [
            {
                "action": button.action,
                "title": button.title,
                **({"behavior": "textInput"} if button.asks else {}),
                **({"destructive": True} if button.destructive else {}),
            }
            for button in message.buttons
        ],
        "ttl": 0,
        "priority": "high",
        # Android's app says then that the notice has come; iOS has no such word.
        "confirmation": True,
    }
    if message.image:
        data["image"] = message.image
    if message.critical:
        data |= {
            "channel": "alarm_stream",
            "importance": "high",
            "persistent": True,
            "sticky": True,
            "push": {
                "interruption-level": "critical",
                "sound": {"name": "default", "critical": 1, "volume": 1.0},
            },
        }
    elif message.silent:
        data |= {
            "channel": "smart_community_updates",
            "importance": "low",
            "alert_once": True,
            "push": {"interruption-level": "passive", "sound": "none"},
        }
    else:
        data |= {
            "channel": "smart_community_alarms",
            "importance": "high",
            "push": {"interruption-level": "time-sensitive"},
        }
    return data
