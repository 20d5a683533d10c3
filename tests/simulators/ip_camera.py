"""An IP camera that hands out the picture of the moment over HTTP."""

from aiohttp import web

from .http_far_end import HttpFarEnd


class IpCamera(HttpFarEnd):
    """A camera; `sees` is what a look shows, and None a camera that is broken."""

    def __init__(self) -> None:
        super().__init__("/snapshot.jpg", self._look)
        self.sees: bytes | None = None

    async def _look(self, _: web.Request) -> web.Response:
        if self.sees is None:
            return web.Response(status=500)
        return web.Response(body=self.sees, content_type="image/jpeg")
