"""One POST of JSON, with every way in which it can go wrong as a reason for the timeline."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..core.ports import ChannelError

# Nobody's answer to an alarm is longer; a far end gone mad must not fill the memory.
_LONGEST_ANSWER: Final = 64 * 1024


async def post(
    hass: HomeAssistant, url: str, body: bytes, headers: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """Post JSON and return the JSON object that comes back; the caller bounds the time."""
    sent = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    try:
        async with async_get_clientsession(hass).post(url, data=body, headers=sent) as response:
            raw = await response.content.read(_LONGEST_ANSWER)
            status = response.status
    except aiohttp.ClientConnectorDNSError as err:
        raise ChannelError("dns_down") from err
    except aiohttp.InvalidURL as err:
        raise ChannelError("url_invalid") from err
    except aiohttp.ClientError as err:
        raise ChannelError("cannot_connect") from err
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise ChannelError("wrong_key")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ChannelError("rate_limited")
    if status >= HTTPStatus.BAD_REQUEST:
        raise ChannelError("provider_error")
    try:
        answer = json.loads(raw) if raw.strip() else {}
    except ValueError as err:
        raise ChannelError("not_understood") from err
    if not isinstance(answer, Mapping):
        raise ChannelError("not_understood")
    return answer


def encoded(value: object) -> bytes:
    """Write JSON as it is signed and sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
