"""A photo for a report that is still being written: kept for its sender until it is sent."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from ulid_transform import ulid_now

from .const import DOMAIN
from .core.permits import Deed
from .data import community
from .engine.evidence import EvidenceError
from .errors import failure, refusal
from .photos import body_of, cleaned, keeps_position, said

_MEDIA_TYPE: Final = "image/jpeg"


@callback
def async_serve_report_photos(hass: HomeAssistant) -> None:
    """Register the address; once for a run, and nothing where there is no HTTP server."""
    if "http" in hass.config.components:
        hass.http.register_view(ReportPhoto())


class ReportPhoto(HomeAssistantView):
    """`POST` a picture as the body; the answer's `photo` is what `report` takes.

    `?community=<entry id>` names the community where there are several.
    """

    url = f"/api/{DOMAIN}/photo"
    name = f"api:{DOMAIN}:photo"

    async def post(self, request: web.Request) -> web.Response:
        """Keep a photo of somebody who may report."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        try:
            entry = community(hass, request.query.get("community"))
            data = entry.runtime_data
            await data.deeds.check(Deed.REPORT, Context(user_id=user.id))
            content = await body_of(request)
            clean = partial(cleaned, content, position=keeps_position(entry))
            photo = await hass.async_add_executor_job(
                _keep, data.evidence.put_upload, user.id, clean
            )
        except HomeAssistantError as err:
            return self.json(said(err), HTTPStatus.BAD_REQUEST)
        return self.json({"photo": photo})


def _keep(put: Callable[[str, str, bytes, str], str], user: str, clean: Callable[[], bytes]) -> str:
    """Clean a photo and keep it. Blocks for as long as a large picture takes."""
    try:
        return put(ulid_now(), user, clean(), _MEDIA_TYPE)
    except ValueError as err:
        raise refusal("photo_unreadable", problem=str(err)) from err
    except EvidenceError as err:
        raise failure(err.key, problem=err.problem) from err
