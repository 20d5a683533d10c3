"""A provider of voice calls and text messages over HTTP, as a user's script calls one.

POST /voice {"to", "text", "reference"}  ->  {"status": "answered" | "no_answer" | "busy"}
POST /sms   {"to", "text", "reference"}  ->  {"status": "delivered" | "refused"}

python -m tests.simulators.telephone_provider --port 5080
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from .http_far_end import HttpFarEnd


@dataclass(frozen=True)
class Call:
    """One call or text message."""

    kind: str
    to: str
    text: str
    status: str
    at: float


class TelephoneProvider(HttpFarEnd):
    """Answers as told, number by number; `error` is an HTTP status for everything."""

    def __init__(self, port: int = 0) -> None:
        super().__init__("/{kind:voice|sms}", self._take, port)
        self.calls: list[Call] = []
        self.statuses: dict[tuple[str, str], str] = {}
        self.error: int | None = None
        self.on_call: Callable[[Call], None] = lambda _: None
        self._news = asyncio.Condition()

    async def _take(self, request: web.Request) -> web.Response:
        if self.error is not None:
            return web.json_response({"status": "error"}, status=self.error)
        body, kind = await request.json(), request.match_info["kind"]
        usual = "answered" if kind == "voice" else "delivered"
        number = str(body["to"])  # a template makes a number of what looks like one
        status = self.statuses.get((kind, number), usual)
        call = Call(kind, number, body["text"], status, time.time())
        self.calls.append(call)
        self.on_call(call)
        async with self._news:
            self._news.notify_all()
        return web.json_response({"status": status, "reference": body.get("reference")})

    async def wait_for(self, wanted: Callable[[Call], bool], timeout: float) -> Call:
        """Wait for a call, also one that has been made already."""
        async with asyncio.timeout(timeout), self._news:
            while True:
                for call in self.calls:
                    if wanted(call):
                        return call
                await self._news.wait()


async def main() -> None:
    """Serve and show until the keyboard ends: `NUMBER voice busy` sets how a number answers."""
    parser = argparse.ArgumentParser(description="A simulated voice and SMS provider")
    parser.add_argument("--port", type=int, default=5080)
    options = parser.parse_args()

    def show(call: Call) -> None:
        print(f"{call.kind} to {call.to}: {call.text!r} -> {call.status}", flush=True)

    provider = TelephoneProvider(options.port)
    provider.on_call = show
    await provider.start()
    print(f"provider at {provider.url}", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        match line.split():
            case ["quit"]:
                break
            case [number, "voice" | "sms" as kind, status]:
                provider.statuses[kind, number] = status
    await provider.stop()


if __name__ == "__main__":
    asyncio.run(main())
