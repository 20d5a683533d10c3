"""A browser's end of the dashboard's websocket."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant

_CLOSED = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)
type Open = Callable[[User], Awaitable[Screen]]


async def token_of(hass: HomeAssistant, user: User) -> str:
    """Log a user in; returns what their browser or phone shows with each request."""
    refresh = await hass.auth.async_create_refresh_token(user, "http://example.test/")
    return hass.auth.async_create_access_token(refresh)


class Screen:
    """A browser's websocket."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def call(
        self, domain: str, action: str, *, answers: bool | None = None, **data: Any
    ) -> dict[str, Any]:
        """Call an action as Home Assistant's own pages do; all of ours answer unless `answers`."""
        await self._socket.send_json_auto_id(
            {
                "type": "call_service",
                "domain": domain,
                "service": action,
                "service_data": data,
                "return_response": domain == "smart_community" if answers is None else answers,
            }
        )
        return await self._socket.receive_json(timeout=30)

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a command; its answer, or the error that it was refused with."""
        await self._socket.send_json_auto_id({"type": f"smart_community/{kind}", **fields})
        return await self._socket.receive_json(timeout=10)

    async def subscribe(self, **fields: Any) -> dict[str, Any]:
        """Subscribe; returns the snapshot."""
        assert (await self.ask("subscribe", **fields))["success"]
        assert (await self.event())["kind"] == "words"
        return await self.event()

    async def event(self) -> dict[str, Any]:
        message = await self._socket.receive_json(timeout=10)
        assert message["type"] == "event", message
        return message["event"]

    async def closed(self) -> bool:
        """Wait until Home Assistant has closed the connection."""
        async with asyncio.timeout(30):
            while (await self._socket.receive()).type not in _CLOSED:
                pass
        return True

    async def unsubscribe(self) -> None:
        await self._socket.send_json_auto_id({"type": "unsubscribe_events", "subscription": 1})
        assert (await self._socket.receive_json())["success"]
