"""Voice calls and text messages through whatever the user has: a notify entity or action, a script.

A script gets `number`, `title`, `message`, `incident` and `critical` as variables. If it returns
`receipt` (delivered, answered, read) that is a receipt; `failed`, or any other word, is a failure
with that reason, so that the next channel is tried at once.
"""

from homeassistant.components.notify.const import DOMAIN as NOTIFY
from homeassistant.components.script.const import DOMAIN as SCRIPT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..core.message import Message
from ..core.model import ChannelKind, DeliveryState
from ..core.ports import ChannelError, Outcome
from .address import Address

RECEIPTS = frozenset({"delivered", "answered", "read"})
HANDED_OVER = frozenset({"sent", "accepted"})


class Gateway:
    """One kind of message through the responder's own target."""

    def __init__(self, hass: HomeAssistant, kind: ChannelKind) -> None:
        """Take the kind, which decides whether words are spoken or written."""
        self._kind = kind
        self._hass = hass

    async def send(self, message: Message, address: Address) -> Outcome:
        """Call or write; delivered only if the script says so."""
        text = f"{message.title}\n{message.text}"
        if self._kind is ChannelKind.VOICE:
            text = message.spoken
        domain, _, name = address.target.partition(".")
        try:
            if domain == SCRIPT:
                return await self._script(name, message, text, address)
            if domain != NOTIFY:
                raise ChannelError("target_unknown")
            await self._notify(name, message, text, address)
        except HomeAssistantError as err:
            raise ChannelError(str(err) or type(err).__name__) from err
        return Outcome(state=DeliveryState.SENT)

    async def _script(self, name: str, message: Message, text: str, address: Address) -> Outcome:
        if not self._hass.services.has_service(SCRIPT, name):
            raise ChannelError("target_unknown")
        response = await self._hass.services.async_call(
            SCRIPT,
            name,
            {
                "number": address.number,
                "title": message.title,
                "message": text,
                "incident": message.incident,
                "critical": message.critical,
            },
            blocking=True,
            return_response=True,
        )
        receipt = str((response or {}).get("receipt", "")).lower()
        if receipt in RECEIPTS:
            return Outcome(state=DeliveryState.DELIVERED)
        if receipt and receipt not in HANDED_OVER:
            raise ChannelError(receipt)
        return Outcome(state=DeliveryState.SENT)

    async def _notify(self, name: str, message: Message, text: str, address: Address) -> None:
        target = f"{NOTIFY}.{name}"
        if self._hass.states.get(target) is not None:
            data = {"entity_id": target, "title": message.title, "message": text}
            await self._hass.services.async_call(NOTIFY, "send_message", data, blocking=True)
            return
        if not self._hass.services.has_service(NOTIFY, name):
            raise ChannelError("target_unknown")
        data = {"title": message.title, "message": text}
        if address.number:
            data["target"] = address.number
        await self._hass.services.async_call(NOTIFY, name, data, blocking=True)
