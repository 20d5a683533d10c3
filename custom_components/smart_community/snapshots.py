"""A camera's picture of the moment at which an incident opened: evidence, and shown in the push."""

import logging
from collections.abc import Callable
from io import BytesIO
from typing import Final

from homeassistant.components.camera import async_get_image
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util
from PIL import Image
from ulid_transform import ulid_now

from .core.events import Entry, Pictured
from .core.evidence import Evidence, EvidenceKind
from .core.model import Incident
from .data import SIGNAL_INCIDENT, Announcement, CommunityEntry
from .engine.evidence import EvidenceError

_LOGGER = logging.getLogger(__name__)

# A camera that takes longer shows the street after the event.
_WITHIN: Final = 10


@callback
def async_look_on(hass: HomeAssistant, entry: CommunityEntry) -> Callable[[], None]:
    """Take a picture of whatever opens, also long after the signal: a dwell may end in the night.

    A drill has nothing to be seen.
    """

    @callback
    def announced(said: Announcement) -> None:
        incident = said.incident
        camera = incident.policy.camera
        if said.what != "opened" or not camera or incident.drill:
            return
        if said.entry_id == entry.entry_id:
            look = _take_snapshot(hass, entry, incident, camera)
            entry.async_create_background_task(hass, look, f"picture from {camera}")

    return async_dispatcher_connect(hass, SIGNAL_INCIDENT, announced)


async def _take_snapshot(
    hass: HomeAssistant, entry: CommunityEntry, incident: Incident, camera: str
) -> None:
    """Keep a picture; whatever goes wrong is a line of the timeline and delays no alarm."""
    data = entry.runtime_data
    try:
        image = await async_get_image(hass, camera, timeout=_WITHIN)
        await hass.async_add_executor_job(_look_at, image.content)
        evidence_id = ulid_now()
        name, digest = await hass.async_add_executor_job(
            data.evidence.keep, evidence_id, image.content, image.content_type
        )
    except (HomeAssistantError, EvidenceError, OSError, Image.DecompressionBombError) as err:
        _LOGGER.debug("No picture of %s from %s: %s", incident.number, camera, err)
        missed = Entry(kind="no_picture", at=dt_util.utcnow(), data={"sources": [camera]})
        await data.engine.note(incident.id, missed)
        return
    await data.engine.add_evidence(
        Evidence(
            id=evidence_id,
            incident=incident.id,
            kind=EvidenceKind.SNAPSHOT,
            at=dt_util.utcnow(),
            digest=digest,
            media_type=image.content_type,
            file=name,
            data={"source": camera},
        )
    )
    await async_show(entry, incident, evidence_id)


def _look_at(content: bytes) -> None:
    """Raise OSError for what is no picture: a camera in trouble may answer with a page about it."""
    Image.open(BytesIO(content)).close()


async def async_show(entry: CommunityEntry, incident: Incident, evidence_id: str) -> None:
    """Show a picture to those who were told of a running incident, now and with what follows."""
    data = entry.runtime_data
    for ended in [one for one in data.pictures if data.engine.running(one) is None]:
        del data.pictures[ended]
    if data.engine.running(incident.id) is not None:
        data.pictures[incident.id] = evidence_id
        await data.engine.act(incident.id, Pictured())
