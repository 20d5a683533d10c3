"""The ways of evidence over HTTP: photos in from whoever may report, files out to whoever may see.

Both ask the one table of permissions. Links in a push are signed instead, by Home Assistant itself,
since a phone fetches a notice's picture without logging in.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.auth.models import User
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.core import HomeAssistant
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from ulid_transform import ulid_now

from .const import DOMAIN
from .core.evidence import Evidence
from .core.permits import Deed, Permit, best, may_read
from .data import CommunityEntry, communities, community
from .engine.evidence import EvidenceError
from .errors import refusal
from .evidence_photo import LARGEST, clean_photo

_PATH: Final = f"/api/{DOMAIN}/evidence"
# A notice is looked at within a day; a link that lives longer is a link that is passed on.
_SIGNED_FOR: Final = timedelta(hours=24)


def evidence_url(hass: HomeAssistant, evidence_id: str) -> str:
    """Return a signed link to a file, for a picture in a push or a dashboard."""
    return async_sign_path(hass, f"{_PATH}/{evidence_id}", _SIGNED_FOR, use_content_user=True)


class UploadView(HomeAssistantView):
    """Takes a photo from a phone's camera, for a report or as a proof, and answers with its id."""

    url = f"/api/{DOMAIN}/photo"
    name = f"api:{DOMAIN}:photo"

    async def post(self, request: web.Request) -> web.Response:
        """Take the field `file` of a form; `community` names the entry if there are several."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        try:
            form = await request.post()
        except web.HTTPRequestEntityTooLarge:
            return _problem(self, "photo_too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except ValueError:
            return _problem(self, "photo_missing", HTTPStatus.BAD_REQUEST)
        file = form.get("file")
        if not isinstance(file, web.FileField):
            return _problem(self, "photo_missing", HTTPStatus.BAD_REQUEST)
        entry = community(hass, str(form.get("community", "")))
        data = entry.runtime_data
        standing, answer = best(data.people.standings(user), Deed.REPORT)
        if answer is Permit.DENIED:
            await data.deeds.refuse(None, standing.actor, Deed.REPORT, standing.role)
            return _problem(self, f"not_permitted_{standing.role}", HTTPStatus.FORBIDDEN)
        keep_position = bool(entry.data.get("keep_position"))

        def keep() -> str:
            content, media_type = clean_photo(
                file.file.read(LARGEST + 1), keep_position=keep_position
            )
            return data.evidence.put_upload(ulid_now(), user.id, content, media_type)

        try:
            photo = await hass.async_add_executor_job(keep)
        except EvidenceError as err:
            return _problem(self, err.key, HTTPStatus.BAD_REQUEST, err.problem)
        return self.json({"photo": photo})


class EvidenceView(HomeAssistantView):
    """Gives a file out as it was kept, or says that it is not what was kept."""

    url = f"{_PATH}/{{evidence_id}}"
    name = f"api:{DOMAIN}:evidence"

    async def get(self, request: web.Request, evidence_id: str) -> web.Response:
        """Answer with the file's content."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        found = await _find(hass, evidence_id)
        if found is None:
            return _problem(self, "evidence_unknown", HTTPStatus.NOT_FOUND)
        entry, evidence = found
        if not await _may_see(entry, evidence, user):
            return _problem(self, "not_permitted_outsider", HTTPStatus.FORBIDDEN)
        try:
            content = await hass.async_add_executor_job(entry.runtime_data.evidence.read, evidence)
        except EvidenceError as err:
            return _problem(self, err.key, HTTPStatus.GONE, err.problem)
        headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, content_type=evidence.media_type, headers=headers)


def register_views(hass: HomeAssistant) -> None:
    """Register the views; they cannot be taken away again."""
    hass.http.register_view(UploadView())
    hass.http.register_view(EvidenceView())


async def _find(hass: HomeAssistant, evidence_id: str) -> tuple[CommunityEntry, Evidence] | None:
    for entry in communities(hass):
        evidence = await entry.runtime_data.engine.evidence_item(evidence_id)
        if evidence is not None:
            return entry, evidence
    return None


async def _may_see(entry: CommunityEntry, evidence: Evidence, user: User) -> bool:
    """Whether a user may see a file. Home Assistant's own user comes by a signed link only."""
    if user.system_generated:
        return True
    data = entry.runtime_data
    incident = await data.engine.find(evidence.incident)
    return incident is not None and may_read(data.people.standings(user), incident)


def _problem(
    view: HomeAssistantView, key: str, status: HTTPStatus, problem: str = ""
) -> web.Response:
    """Say what is wrong; `message_code` is the sentence's key under exceptions."""
    said = refusal(key, problem=problem, number="-")
    return view.json_message(str(said), status, message_code=key)
