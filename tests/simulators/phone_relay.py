"""The push relay: what stands on the internet between Home Assistant and a phone.

Home Assistant posts each push to it with the phone's token. It can be told to fail in the ways
that the real one and the networks before it do.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from aiohttp import web

# What the real relay lets through to one phone in a day.
DAILY_LIMIT = 500


class Fault(StrEnum):
    """How the relay fails."""

    NONE = "none"
    # Answers "internal error".
    BROKEN = "broken"
    # Answers "too many".
    LIMITED = "limited"
    # Takes the push and never answers; Home Assistant gives up after 10 s.
    HANGS = "hangs"
    # Says that all is well, and the phone never hears of it: no network, no battery.
    LOSES = "loses"


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One post of Home Assistant; `at` is time.time(), `clock` time.perf_counter(), on arrival."""

    body: dict[str, Any]
    fault: Fault
    at: float
    clock: float


class Relay:
    """An HTTP server on `host`; set `fault` and `delay` (seconds before it answers) at any time."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.fault = Fault.NONE
        self.delay = 0.0
        self.received: list[Received] = []
        self._phones: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._sent: Counter[str] = Counter()
        self._stopped = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where Home Assistant is told to post."""
        return f"http://{self.host}:{self.port}/push"

    async def start(self) -> None:
        """Listen; with port 0, on a free one that stays from then on."""
        app = web.Application(client_max_size=0)
        app.router.add_post("/push", self._push)
        self._stopped.clear()
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening; what hangs is let go."""
        self._stopped.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def attach(self, push_token: str, deliver: Callable[[dict[str, Any]], None]) -> None:
        """Route what comes for a token to a phone."""
        self._phones[push_token] = deliver

    async def _push(self, request: web.Request) -> web.Response:
        at, clock = time.time(), time.perf_counter()
        body = await request.json()
        fault = self.fault
        self.received.append(Received(body=body, fault=fault, at=at, clock=clock))
        if self.delay:
            await asyncio.sleep(self.delay)
        token = body["push_token"]
        match fault:
            case Fault.HANGS:
                await self._stopped.wait()
                return self._refused(503, "InternalError", "stopped", token)
            case Fault.BROKEN:
                return self._refused(500, "InternalError", "sending failed", token)
            case Fault.LIMITED:
                return self._refused(429, "RateLimited", "too many notifications today", token)
        if token not in self._phones:
            return self._refused(404, "InvalidToken", "no such phone", token)
        self._sent[token] += 1
        if fault is not Fault.LOSES:
            self._phones[token](body)
        answer = {"messageId": f"{len(self.received)}", "sentPayload": {}, "target": token}
        return web.json_response({**answer, **self._limits(token)}, status=201)

    def _refused(self, status: int, kind: str, message: str, token: str) -> web.Response:
        body = {"errorType": kind, "message": message, "target": token, **self._limits(token)}
        return web.json_response(body, status=status)

    def _limits(self, token: str) -> dict[str, Any]:
        sent = self._sent[token]
        limits = {
            "successful": sent,
            "errors": 0,
            "total": sent,
            "maximum": DAILY_LIMIT,
            "remaining": DAILY_LIMIT - sent,
            "resetsAt": time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 86400)),
        }
        return {"rateLimits": limits}
