"""Photos from a phone's camera: cleaned, kept as evidence, shown to those who may read.

What a camera writes beside the picture (where and when, by which device) is left out: a neighbour's
flat must not be found by the position in a report about it. A community may want the position, for
what is reported from grounds without rooms; then that alone is kept. The picture itself is turned
upright and made no larger than a court or a department needs.
"""

import struct
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

from aiohttp import web
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util import dt as dt_util
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from ulid_transform import ulid_now

from .const import CONF_PHOTO_POSITION
from .core.evidence import Evidence, EvidenceKind
from .core.permits import Deed
from .data import CommunityEntry, communities, find_incident
from .engine.evidence import EvidenceError
from .errors import failure, refusal

# A phone's picture at its best is some 12 MB; what is more is a film or a mistake.
MAX_UPLOAD: Final = 20 * 1024 * 1024
# Above this a picture of a few kilobytes could fill the memory when it is unpacked.
MAX_PIXELS: Final = 120_000_000
_LONGEST_SIDE: Final = 2560
# A notice is looked at within a day; an address that lives longer is one that is passed on.
_SIGNED_FOR: Final = timedelta(hours=24)
_FORMATS: Final = ("JPEG", "PNG", "WEBP")


@callback
def async_serve_photos(hass: HomeAssistant) -> None:
    """Register the addresses; once for a run, and nothing where there is no HTTP server."""
    if "http" in hass.config.components:
        hass.http.register_view(PhotoUpload())
        hass.http.register_view(EvidenceShow())


def evidence_url(hass: HomeAssistant, evidence_id: str) -> str:
    """Return a signed address of a picture, for a push."""
    path = f"/api/smart_community/evidence/{evidence_id}"
    return async_sign_path(hass, path, _SIGNED_FOR, use_content_user=True)


def cleaned(content: bytes, *, position: bool = False) -> bytes:
    """Return a picture as a JPEG without anything but the picture; ValueError if it is none.

    `position`: where it was taken stays, too. Blocks for as long as a large picture takes.
    """
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                message = f"{picture.width} x {picture.height} pixels"
                raise ValueError(message)
            # JPEGs are read at a fraction of their size where that is enough.
            picture.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            exif = _position(picture) if position else b""
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as err:
        raise ValueError(str(err)) from err
    upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    upright.info.clear()
    out = BytesIO()
    upright.save(out, "JPEG", quality=88, optimize=True, exif=exif)
    return out.getvalue()


def _position(picture: Image.Image) -> bytes:
    """Return what a camera wrote about where it was, and nothing else; b"" for nothing readable."""
    kept = Image.Exif()
    try:
        found = dict(picture.getexif().get_ifd(ExifTags.IFD.GPSInfo))
        kept[ExifTags.IFD.GPSInfo] = found
        return kept.tobytes() if found else b""
    except ValueError, TypeError, SyntaxError, OSError, struct.error, ZeroDivisionError:
        return b""


def keeps_position(entry: CommunityEntry) -> bool:
    """Whether a community wants to know where a photo was taken."""
    return bool(entry.data.get(CONF_PHOTO_POSITION))


async def async_keep_photo(
    hass: HomeAssistant, entry: CommunityEntry, incident: str, content: bytes, by: str
) -> Evidence:
    """Clean a photo, write it and put it on record. `incident`: an id, or `report:<id>`.

    Raises the translated errors `photo_unreadable`, `evidence_not_written`.
    """
    data = entry.runtime_data
    try:
        picture = await hass.async_add_executor_job(
            partial(cleaned, content, position=keeps_position(entry))
        )
    except ValueError as err:
        raise refusal("photo_unreadable", problem=str(err)) from err
    key = ulid_now()
    try:
        name, digest = await hass.async_add_executor_job(
            partial(data.evidence.keep, key, picture, "image/jpeg")
        )
    except EvidenceError as err:
        raise failure(err.key, problem=err.problem) from err
    evidence = Evidence(
        id=key,
        incident=incident,
        kind=EvidenceKind.PHOTO,
        at=dt_util.utcnow(),
        digest=digest,
        media_type="image/jpeg",
        file=name,
        by=by,
    )
    await data.engine.add_evidence(evidence)
    return evidence


class PhotoUpload(HomeAssistantView):
    """`POST` a picture as the body; the answer's `id` is what `handle` takes as its photo."""

    url = "/api/smart_community/photos/{incident}"
    name = "api:smart_community:photos"

    async def post(self, request: web.Request, incident: str) -> web.Response:
        """Keep a photo of an incident, from somebody who may add evidence to it."""
        hass = request.app[KEY_HASS]
        context = Context(user_id=request[KEY_HASS_USER].id)
        try:
            entry, found = await find_incident(hass, incident)
            standing = await entry.runtime_data.deeds.check(Deed.ADD_EVIDENCE, context, found)
            content = await body_of(request)
            evidence = await async_keep_photo(
                hass, entry, found.id, content, standing.actor.responder or standing.actor.name
            )
        except HomeAssistantError as err:
            return self.json(said(err), HTTPStatus.BAD_REQUEST)
        return self.json({"id": evidence.id, "digest": evidence.digest})


class EvidenceShow(HomeAssistantView):
    """`GET` a piece of evidence; a browser's <img> uses a signed address."""

    url = "/api/smart_community/evidence/{evidence}"
    name = "api:smart_community:evidence"

    async def get(self, request: web.Request, evidence: str) -> web.Response:
        """Give it to somebody who may read its incident, if the file is what was kept."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        for entry in communities(hass):
            data = entry.runtime_data
            if (item := await data.engine.evidence_item(evidence)) is None:
                continue
            try:
                _, incident = await find_incident(hass, item.incident)
                # Home Assistant's own user comes by a signed address only, as a push carries it:
                # a phone fetches a notice's picture without logging in.
                if not user.system_generated:
                    await data.deeds.read(incident, Context(user_id=user.id))
                content = await hass.async_add_executor_job(data.evidence.read, item)
            except HomeAssistantError as err:
                return self.json(said(err), HTTPStatus.FORBIDDEN)
            except EvidenceError as err:
                return self.json({"message": err.problem, "key": err.key}, HTTPStatus.GONE)
            return web.Response(
                body=content,
                content_type=item.media_type,
                headers={
                    "Cache-Control": "private, max-age=86400",
                    "Content-Disposition": "inline",
                },
            )
        return self.json({"message": evidence, "key": "evidence_gone"}, HTTPStatus.NOT_FOUND)


async def body_of(request: web.Request) -> bytes:
    """Read at most what a photo may have: Home Assistant's own limit is for forms."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_chunked(64 * 1024):
        size += len(chunk)
        if size > MAX_UPLOAD:
            raise refusal("photo_too_large", limit=str(MAX_UPLOAD // 1024 // 1024))
        chunks.append(chunk)
    return b"".join(chunks)


def said(err: HomeAssistantError) -> dict[str, Any]:
    """Say an error as the websocket does, so that the browser finds its sentence."""
    return {
        "message": str(err),
        "translation_domain": err.translation_domain,
        "translation_key": err.translation_key,
        "translation_placeholders": err.translation_placeholders,
    }
