"""A system of the user's own, over HTTPS: signed requests, and receipts that it calls back with.

Both ways the body is signed: `X-Smart-Community-Signature` is the hexadecimal HMAC-SHA256, with the
shared secret, of `X-Smart-Community-Timestamp` (seconds), a full stop and the body.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from ulid_transform import ulid_now

from ..core.message import Message
from ..core.model import ChannelKind, DeliveryState
from ..core.ports import ChannelError, Outcome
from .http import encoded, post

TIMESTAMP: Final = "X-Smart-Community-Timestamp"
SIGNATURE: Final = "X-Smart-Community-Signature"
# A receipt that is older was recorded by somebody and is played back.
FRESH_FOR: Final = 300

_STATES: Final[Mapping[str, Outcome]] = {
    "delivered": Outcome(state=DeliveryState.DELIVERED),
    "answered": Outcome(state=DeliveryState.DELIVERED, reason="answered"),
    "read": Outcome(state=DeliveryState.DELIVERED, reason="read"),
    "acknowledged": Outcome(state=DeliveryState.DELIVERED, reason="key_pressed", acknowledged=True),
}


class ReceiptError(Exception):
    """A call-back that is not believed; the reason is a word for the log."""


class Https:
    """One far end. It may answer with a receipt at once, or call back with the `reference`."""

    def __init__(
        self,
        hass: HomeAssistant,
        key: str,
        *,
        url: str,
        secret: str,
        kinds: frozenset[ChannelKind],
        callback_url: str = "",
    ) -> None:
        """Take the address, the shared secret, and where receipts are to be sent."""
        self.key = key
        self.kinds = kinds
        self._hass = hass
        self._url = url
        self._secret = secret
        self._callback_url = callback_url
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}

    async def send(self, kind: ChannelKind, message: Message, number: str) -> Outcome:
        """Post the message; wait for a call-back later unless the answer is a receipt."""
        reference = ulid_now()
        body = encoded(
            {
                "reference": reference,
                "channel": kind.value,
                "to": number,
                "title": message.title,
                "message": message.text,
                "spoken": message.spoken,
                "incident": message.incident,
                "critical": message.critical,
                "callback": self._callback_url,
            }
        )
        # Before it is posted: a fast far end calls back before its answer is read.
        self._expect(reference)
        handed_over = False
        try:
            answer = await post(self._hass, self._url, body, self._signed(body))
            if (said := answer.get("receipt")) is not None:
                return outcome(str(said), str(answer.get("reason", "")))
            handed_over = True
        finally:
            if not handed_over:
                del self._waiting[reference]
        return Outcome(state=DeliveryState.SENT, reference=reference)

    async def follow(self, kind: ChannelKind, reference: str, number: str) -> Outcome:
        """Wait for the call-back."""
        try:
            return await self._expect(reference)
        finally:
            self._waiting.pop(reference, None)

    def called_back(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Take a receipt: whether somebody waits for it. ReceiptError if it is not to be believed.

        A replay finds nobody waiting, since a message has one receipt.
        """
        stamp = headers.get(TIMESTAMP, "")
        signature = headers.get(SIGNATURE, "")
        if not hmac.compare_digest(sign(self._secret, stamp, body), signature.lower()):
            raise ReceiptError("wrong_signature")
        if not stamp.isdigit() or abs(dt_util.utcnow().timestamp() - int(stamp)) > FRESH_FOR:
            raise ReceiptError("too_old")
        try:
            told: Any = json.loads(body)
            reference, said = str(told["reference"]), str(told["receipt"])
            reason = str(told.get("reason", ""))
        except (ValueError, TypeError, KeyError, AttributeError) as err:
            raise ReceiptError("not_understood") from err
        waiting = self._waiting.get(reference)
        if waiting is None or waiting.done():
            return False
        try:
            waiting.set_result(outcome(said, reason))
        except ChannelError as err:
            waiting.set_exception(err)
        return True

    def _expect(self, reference: str) -> asyncio.Future[Outcome]:
        if reference not in self._waiting:
            self._waiting[reference] = asyncio.get_running_loop().create_future()
        return self._waiting[reference]

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp = _seconds(dt_util.utcnow())
        return {TIMESTAMP: stamp, SIGNATURE: sign(self._secret, stamp, body)}


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Return the signature of a body at a time."""
    return hmac.digest(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hex()


def outcome(said: str, reason: str) -> Outcome:
    """Read a receipt's word; any but the known ones is a failure with that reason."""
    if said in {"sent", "accepted"}:
        return Outcome(state=DeliveryState.SENT)
    if (known := _STATES.get(said)) is not None:
        return known
    raise ChannelError(reason or said)


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
