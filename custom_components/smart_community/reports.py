"""A person's report: from the hand that sends it to the incident that its loop opens.

The loop's own blueprint decides what is made of a report. Whoever sends one waits for that and is
told the incident's number, or that no automation has taken it: a report is never lost in silence.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .core.detection import Signal
from .core.events import Entry
from .core.evidence import Evidence, EvidenceKind
from .core.model import Actor, Incident, Verdict
from .data import CommunityEntry
from .engine.evidence import EvidenceError
from .engine.requests import Result
from .errors import failure, refusal
from .report_desk import Report, Reports
from .snapshots import async_show

# The triggers that are attached: each says whether it takes a report, and starts its automation.
DATA_EARS: HassKey[list[Callable[[Report], bool]]] = HassKey(f"{DOMAIN}_report_ears")
# An automation that runs takes a report within a second; one that has other things to do first
# (a question to somebody) still answers the person at the phone.
TAKEN_WITHIN: Final = 15.0


async def async_send_report(
    hass: HomeAssistant, entry: CommunityEntry, report: Report
) -> tuple[Result, Evidence | None]:
    """Let the loop's automation have a report; return its incident and what its photo became.

    A photo that the disk does not take costs no incident: that stands on the timeline, and the
    photo can be added until tomorrow. Raises `report_unheard` if no automation takes it,
    `report_muted` if its loop sleeps, and `photo_unknown` for a photo that this person has not
    brought.
    """
    data = entry.runtime_data
    if report.photo:
        await _upload(hass, entry, report.photo, report.actor)
    async with data.reports.turns:
        result = await _taken(hass, data.reports, report)
    incident = result.incident
    if incident is None:
        key = "report_off" if result.verdict is Verdict.MUTED_LOOP_OFF else "report_muted"
        raise refusal(key, loop=report.loop)
    said = {"note": report.text, "place": list(report.place or ())}
    kept = {key: value for key, value in said.items() if value}
    line = Entry(kind="reported", at=report.at, actor=report.actor, data=kept)
    await data.engine.note(incident.id, line)
    if not report.photo:
        return result, None
    try:
        evidence = await async_claim_photo(
            hass, entry, incident, report.photo, report.actor, place=report.place
        )
    except HomeAssistantError as err:
        said = {"reason": (err.translation_placeholders or {}).get("problem", str(err))}
        line = Entry(kind="photo_lost", at=dt_util.utcnow(), actor=report.actor, data=said)
        await data.engine.note(incident.id, line)
        return result, None
    return result, evidence


async def _taken(hass: HomeAssistant, reports: Reports, report: Report) -> Result:
    """Return what a loop's automation has made of a report."""
    future: asyncio.Future[Result] = hass.loop.create_future()
    reports.waiting[report.id] = (report, future)
    try:
        # All of them hear it; a copy, since what an automation does may attach or detach one.
        ears = hass.data.setdefault(DATA_EARS, [])
        if not sum(ear(report) for ear in tuple(ears)):
            raise refusal("report_unheard", loop=report.loop)
        async with asyncio.timeout(TAKEN_WITHIN):
            return await future
    except TimeoutError as err:
        raise refusal("report_unheard", loop=report.loop) from err
    finally:
        del reports.waiting[report.id]


async def async_claim_photo(
    hass: HomeAssistant,
    entry: CommunityEntry,
    incident: Incident,
    photo: str,
    actor: Actor,
    *,
    place: tuple[float, float] | None = None,
) -> Evidence:
    """Make a photo that a person has brought evidence of an incident, and show it to the told.

    Raises the translated errors `photo_unknown`, `evidence_not_written`.
    """
    data = entry.runtime_data
    content, media_type = await _upload(hass, entry, photo, actor)
    try:
        name, digest = await hass.async_add_executor_job(
            data.evidence.keep, photo, content, media_type
        )
    except EvidenceError as err:
        raise failure(err.key, problem=err.problem) from err
    evidence = Evidence(
        id=photo,
        incident=incident.id,
        kind=EvidenceKind.PHOTO,
        at=dt_util.utcnow(),
        digest=digest,
        media_type=media_type,
        file=name,
        by=actor.responder or actor.user_id or "",
        data={"x": place[0], "y": place[1]} if place else {},
    )
    await data.engine.add_evidence(evidence, actor)
    await hass.async_add_executor_job(data.evidence.drop_upload, photo)
    await async_show(entry, incident, photo)
    return evidence


async def _upload(
    hass: HomeAssistant, entry: CommunityEntry, photo: str, actor: Actor
) -> tuple[bytes, str]:
    take = entry.runtime_data.evidence.take_upload
    try:
        return await hass.async_add_executor_job(take, photo, actor.user_id)
    except EvidenceError as err:
        raise refusal(err.key, problem=err.problem) from err


def reported(entry: CommunityEntry, call: ServiceCall) -> Report | None:
    """Return the report that an automation signals about, if it does."""
    report_id = call.data.get("report")
    return entry.runtime_data.reports.find(report_id) if report_id else None


def of_report(report: Report) -> dict[tuple[str, str], list[Signal]]:
    """Return what a report says: one press, so to speak, by a person, in the zone they named."""
    signal = Signal(
        source=f"report:{report.id}",
        name=report.actor.name or report.loop,
        raised=True,
        at=report.at,
        momentary=True,
    )
    return {(report.zone, report.zone_name): [signal]}
