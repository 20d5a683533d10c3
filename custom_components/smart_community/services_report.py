"""The actions with which people bring what they have seen: reports, and evidence."""

from functools import partial
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from ulid_transform import ulid_now

from .const import DOMAIN
from .core.permits import Deed
from .data import community, find_incident
from .loops import LOOPS
from .report_desk import Report
from .reports import async_claim_photo, async_send_report
from .zones import zone_named

_POINT: Final = probatio.All(probatio.Coerce(float), probatio.Range(min=0, max=1))
_REPORT: Final = {
    probatio.Required("loop"): probatio.In(sorted(LOOPS)),
    probatio.Required("zone"): cv.string,
    probatio.Optional("text", default=""): cv.string,
    probatio.Optional("photo", default=""): cv.string,
    probatio.Inclusive("x", "place"): _POINT,
    probatio.Inclusive("y", "place"): _POINT,
    probatio.Optional("source", default=[]): cv.entity_ids,
    probatio.Optional("community"): cv.string,
}
_EVIDENCE: Final = {
    probatio.Required("incident"): cv.string,
    probatio.Required("photo"): cv.string,
}


def async_register_report_services(hass: HomeAssistant) -> None:
    """Register the actions; they are there before any community is."""
    for name, handler, schema in (
        ("report", _report, _REPORT),
        ("add_evidence", _add_evidence, _EVIDENCE),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            partial(handler, hass),
            schema=probatio.Schema(schema),
            supports_response=SupportsResponse.OPTIONAL,
        )


async def _report(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    said: dict[str, Any] = dict(call.data)
    entry = community(hass, said.get("community"))
    standing = await entry.runtime_data.deeds.check(Deed.REPORT, call.context)
    zone, zone_name = zone_named(hass, said["zone"])
    report = Report(
        id=ulid_now(),
        community=entry.entry_id,
        loop=said["loop"],
        zone=zone,
        zone_name=zone_name,
        at=dt_util.utcnow(),
        actor=standing.actor,
        text=said["text"],
        photo=said["photo"],
        place=(said["x"], said["y"]) if "x" in said else None,
        sources=tuple(said["source"]),
    )
    result, evidence = await async_send_report(hass, entry, report)
    incident = result.incident
    return {
        "verdict": result.verdict.value,
        "incident": incident.id if incident is not None else None,
        "number": incident.number if incident is not None else None,
        "evidence": evidence.id if evidence is not None else None,
    }


async def _add_evidence(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry, incident = await find_incident(hass, call.data["incident"])
    check = entry.runtime_data.deeds.check
    standing = await check(Deed.ADD_EVIDENCE, call.context, incident)
    evidence = await async_claim_photo(hass, entry, incident, call.data["photo"], standing.actor)
    return {"evidence": evidence.id, "digest": evidence.digest}
