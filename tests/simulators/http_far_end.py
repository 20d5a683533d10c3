"""A far end that listens on HTTP, on a port of its own."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler


class HttpFarEnd:
    """One route on 127.0.0.1; a port of 0 becomes a free one.

    While it `hangs` nobody is answered until it is `released`; `requests` counts what has come.
    """

    def __init__(self, route: str, handler: Handler, port: int = 0) -> None:
        self.port = port
        self._route = route
        self._handler = handler
        self._runner: web.AppRunner | None = None
        self.hangs = False
        self.released = asyncio.Event()
        self.requests = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_route("*", self._route, self._serve)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if self.hangs:
            await self.released.wait()
        return await self._handler(request)

    async def stop(self) -> None:
        """Stop listening, and let go of whoever waits."""
        self.released.set()
        if self._runner is not None:
            await self._runner.cleanup()
