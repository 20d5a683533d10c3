"""The user's own system over HTTPS: what is signed, and which call-backs are believed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.smart_community.channels.https import (
    SIGNATURE,
    TIMESTAMP,
    Https,
    ReceiptError,
    sign,
)
from custom_components.smart_community.core.model import ChannelKind, DeliveryState
from custom_components.smart_community.core.ports import ChannelError
from tests.simulators.http_far_end import HttpFarEnd

from .conftest import MESSAGE

HTTPS, SECRET = ChannelKind.HTTPS, "shared"


class OwnSystem(HttpFarEnd):
    """Checks the signature as the description says, and answers as told."""

    def __init__(self) -> None:
        super().__init__("/notify", self._take)
        self.got: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {}

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        stamp = request.headers[TIMESTAMP]
        if request.headers[SIGNATURE] != sign(SECRET, stamp, body):
            return web.json_response({}, status=401)
        self.got.append(json.loads(body))
        return web.json_response(self.answer)


@pytest.fixture
async def own(home: HomeAssistant) -> AsyncIterator[OwnSystem]:
    own = OwnSystem()
    await own.start()
    yield own
    await own.stop()


def provider(hass: HomeAssistant, own: OwnSystem, secret: str = SECRET) -> Https:
    return Https(
        hass,
        "own",
        url=f"{own.url}/notify",
        secret=secret,
        kinds=frozenset({HTTPS}),
        callback_url="http://ha/api/webhook/x",
    )


def receipt(
    reference: str, word: str, *, secret: str = SECRET, age: int = 0, **more: Any
) -> tuple[dict[str, str], bytes]:
    body = json.dumps({"reference": reference, "receipt": word, **more}).encode()
    stamp = str(int(dt_util.utcnow().timestamp()) - age)
    return {TIMESTAMP: stamp, SIGNATURE: sign(secret, stamp, body)}, body


async def test_a_message_is_signed_and_its_receipt_called_back_with(
    home: HomeAssistant, own: OwnSystem
) -> None:
    https = provider(home, own)
    sent = await https.send(HTTPS, MESSAGE, "room 12")
    (got,) = own.got
    assert got["reference"] == sent.reference
    assert (got["to"], got["title"]) == ("room 12", MESSAGE.title)
    assert got["callback"] == "http://ha/api/webhook/x"
    assert https.called_back(*receipt(sent.reference, "read"))
    heard = await https.follow(HTTPS, sent.reference, "")
    assert (heard.state, heard.reason) == (DeliveryState.DELIVERED, "read")


async def test_after_a_restart_a_receipt_is_still_waited_for(
    home: HomeAssistant, own: OwnSystem
) -> None:
    reference = (await provider(home, own).send(HTTPS, MESSAGE, "")).reference
    restarted = provider(home, own)
    waiting = asyncio.ensure_future(restarted.follow(HTTPS, reference, ""))
    await asyncio.sleep(0)
    assert restarted.called_back(*receipt(reference, "acknowledged"))
    assert (await waiting).acknowledged


async def test_a_receipt_may_be_the_answer_itself(home: HomeAssistant, own: OwnSystem) -> None:
    own.answer = {"receipt": "delivered"}
    sent = await provider(home, own).send(HTTPS, MESSAGE, "")
    assert (sent.state, sent.reference) == (DeliveryState.DELIVERED, "")
    own.answer = {"receipt": "failed", "reason": "pager off"}
    with pytest.raises(ChannelError, match="pager off"):
        await provider(home, own).send(HTTPS, MESSAGE, "")


async def test_a_failure_that_is_called_back_is_one(home: HomeAssistant, own: OwnSystem) -> None:
    https = provider(home, own)
    reference = (await https.send(HTTPS, MESSAGE, "")).reference
    https.called_back(*receipt(reference, "failed", reason="pager off"))
    with pytest.raises(ChannelError, match="pager off"):
        await https.follow(HTTPS, reference, "")


async def test_a_wrong_secret_is_refused_by_the_far_end(
    home: HomeAssistant, own: OwnSystem
) -> None:
    with pytest.raises(ChannelError, match="wrong_key"):
        await provider(home, own, "other").send(HTTPS, MESSAGE, "")


async def test_what_is_forged_old_or_mangled_is_not_believed(
    home: HomeAssistant, own: OwnSystem
) -> None:
    https = provider(home, own)
    reference = (await https.send(HTTPS, MESSAGE, "")).reference
    headers, body = receipt(reference, "read")
    rows = [
        (receipt(reference, "read", secret="other"), "wrong_signature"),
        ((headers, body + b" "), "wrong_signature"),
        (({}, body), "wrong_signature"),
        (receipt(reference, "read", age=301), "too_old"),
        (receipt(reference, "read", age=-301), "too_old"),
    ]
    for forged, why in rows:
        with pytest.raises(ReceiptError, match=why):
            https.called_back(*forged)
    for rubbish in (b"[]", b"{}", b"\xff"):
        stamp = headers[TIMESTAMP]
        signed = {TIMESTAMP: stamp, SIGNATURE: sign(SECRET, stamp, rubbish)}
        with pytest.raises(ReceiptError, match="not_understood"):
            https.called_back(signed, rubbish)
    assert https.called_back(headers, body)
    assert not https.called_back(headers, body)  # a replay
    assert not https.called_back(*receipt("another", "read"))
