"""The actions of smart_community: what automations, scripts, dashboards and people call."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .core.defaults import Defaults, filled
from .core.detection import Signal
from .core.errors import DomainError
from .core.ladder import policy
from .core.model import Closes, Disposition, Incident, Policy, Proof, Severity, Verdict
from .core.permits import Deed, may_read
from .data import CommunityEntry, communities, community, find_incident
from .engine.requests import OpenRequest, Result, SignalRequest
from .errors import refusal, translated
from .loop_defaults import defaults_of
from .loops import LOOPS
from .reading import async_read_incident
from .reports import of_report, reported
from .services_detect import ACTIVE, DETECT, EVENT, detect_of, hours_of
from .views import incident_view
from .zones import ZoneBy, source_name, zone_named, zone_of

_DURATION = cv.positive_time_period
# A blueprint's input that was left empty is an empty text: the community's own value holds.
_OR_EMPTY = probatio.Any("", _DURATION)
_MOST_LISTED: Final = 1000
STEP = {
    probatio.Optional("tier"): cv.string,
    probatio.Optional("responder"): cv.string,
    probatio.Required("after"): _OR_EMPTY,
    probatio.Optional("channels"): probatio.All(cv.ensure_list, [cv.string]),
    probatio.Optional("unless"): cv.string,
    probatio.Optional("by"): cv.string,
    probatio.Optional("critical"): cv.boolean,
    probatio.Optional("digest"): probatio.Any("", "daily", cv.time),
}
POLICY = {
    probatio.Required("ladder"): probatio.All(cv.ensure_list, [STEP]),
    probatio.Optional("handle_within"): _OR_EMPTY,
    probatio.Optional("receipt_within"): _OR_EMPTY,
    probatio.Optional("severity"): probatio.Coerce(Severity),
    probatio.Optional("proof"): probatio.Coerce(Proof),
    probatio.Optional("closes"): probatio.Coerce(Closes),
    probatio.Optional("takes_over"): probatio.All(cv.ensure_list, [cv.string]),
    probatio.Optional("joint"): probatio.All(cv.ensure_list, [cv.string]),
    probatio.Optional("quiet_for"): _OR_EMPTY,
}
_SIGNAL = {
    probatio.Required("loop"): cv.string,
    probatio.Optional("source", default=[]): cv.entity_ids,
    probatio.Optional("report"): cv.string,
    probatio.Optional("camera"): probatio.Any("", cv.entity_id),
    probatio.Optional("raised"): cv.boolean,
    probatio.Optional("value"): cv.string,
    probatio.Optional("peak"): cv.string,
    probatio.Optional("reason"): cv.string,
    probatio.Optional("at"): cv.datetime,
    probatio.Exclusive("zone", "zone"): cv.string,
    probatio.Exclusive("zone_by", "zone"): probatio.Coerce(ZoneBy),
    probatio.Optional("detect", default={}): DETECT,
    probatio.Optional("active"): ACTIVE,
    probatio.Optional("community"): cv.string,
    **POLICY,
}
_OPEN = {
    probatio.Required("loop"): cv.string,
    probatio.Required("zone"): cv.string,
    probatio.Optional("summary", default=""): cv.string,
    probatio.Optional("sources", default=[]): cv.entity_ids,
    probatio.Optional("community"): cv.string,
    **POLICY,
}
_WHICH = {probatio.Required("incident"): cv.string}
_NOTE = {probatio.Optional("note", default=""): cv.string}
_LIST = {
    probatio.Optional("status", default=[]): probatio.All(cv.ensure_list, [cv.string]),
    probatio.Optional("loop"): cv.string,
    probatio.Optional("zone"): cv.string,
    probatio.Optional("since"): cv.datetime,
    probatio.Optional("limit", default=100): probatio.All(
        cv.positive_int, probatio.Range(min=1, max=_MOST_LISTED)
    ),
}

type Handler = Callable[[HomeAssistant, ServiceCall], Coroutine[Any, Any, ServiceResponse]]


def async_register_services(hass: HomeAssistant) -> None:
    """Register every action; they are there before any community is."""
    for name, (handler, schema, response) in _ACTIONS.items():
        hass.services.async_register(
            DOMAIN,
            name,
            partial(handler, hass),
            schema=probatio.Schema(schema),
            supports_response=response,
        )


async def _signal(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    await entry.runtime_data.deeds.check(Deed.SIGNAL, call.context)
    loop = _loop(call.data["loop"])
    defaults = defaults_of(entry)
    frozen = policy_of(call.data, loop, defaults)
    detect = detect_of(call.data["detect"], defaults.zone_class)
    active = hours_of(call.data.get("active"))
    report = reported(entry, call)
    zones = _heard(hass, call, entry) if report is None else of_report(report)
    if not zones:
        raise refusal("signal_without_source")
    signal = entry.runtime_data.engine.signal
    # All at once: one after the other a thousand zones would wait for a thousand commits.
    results = await asyncio.gather(
        *(
            signal(
                SignalRequest(
                    loop=loop,
                    zone=zone,
                    zone_name=zone_name,
                    signals=tuple(signals),
                    detect=detect,
                    policy=frozen,
                    active=active,
                    summary=report.text if report is not None else "",
                    # A person has seen each: its photo and its penalty are about one place.
                    apart=report is not None,
                )
            )
            for (zone, zone_name), signals in zones.items()
        )
    )
    if report is not None:
        entry.runtime_data.reports.taken(report, results[0])
    # Sources in several zones are several answers; the one that opened something speaks for all.
    first = min(results, key=lambda result: result.verdict is not Verdict.OPENED)
    return _answer(first, zones=[_answer(result) for result in results])


def _heard(
    hass: HomeAssistant, call: ServiceCall, entry: CommunityEntry
) -> dict[tuple[str, str], list[Signal]]:
    """Return what the sources say, by the zone that each is in."""
    at, reason = _at(call), call.data.get("reason", "edge")
    zones: dict[tuple[str, str], list[Signal]] = {}
    for entity_id in call.data["source"]:
        signal = Signal(
            source=entity_id,
            name=source_name(hass, entity_id),
            raised=call.data.get("raised", True),
            value=call.data.get("value"),
            peak=call.data.get("peak"),
            at=at,
            edge=reason in {"edge", EVENT},
            momentary=reason == EVENT,
        )
        zones.setdefault(_zone(hass, call, entity_id, entry), []).append(signal)
    return zones


async def _open_incident(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    await entry.runtime_data.deeds.check(Deed.OPEN, call.context)
    loop = call.data["loop"]
    zone, zone_name = zone_named(hass, call.data["zone"])
    now = dt_util.utcnow()
    result = await entry.runtime_data.engine.open(
        OpenRequest(
            loop=loop,
            zone=zone,
            zone_name=zone_name,
            policy=policy_of(call.data, loop, defaults_of(entry)),
            sources=tuple(
                Signal(source=one, name=source_name(hass, one), raised=True, at=now)
                for one in call.data["sources"]
            ),
            summary=call.data["summary"],
        )
    )
    return _answer(result)


async def _acknowledge(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry, incident = await find_incident(hass, call.data["incident"])
    deeds = entry.runtime_data.deeds
    return _answer(await deeds.acknowledge(incident, call.context, call.data["note"]))


async def _handle(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry, incident = await find_incident(hass, call.data["incident"])
    note, photo = call.data["note"], call.data["photo"]
    return _answer(await entry.runtime_data.deeds.handle(incident, call.context, note, photo))


async def _close(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry, incident = await find_incident(hass, call.data["incident"])
    deeds, disposition = entry.runtime_data.deeds, call.data["disposition"]
    return _answer(await deeds.close(incident, call.context, disposition, call.data["note"]))


async def _escalate(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry, incident = await find_incident(hass, call.data["incident"])
    return _answer(await entry.runtime_data.deeds.escalate(incident, call.context))


async def _assign(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry, incident = await find_incident(hass, call.data["incident"])
    deeds = entry.runtime_data.deeds
    return _answer(await deeds.assign(incident, call.context, call.data["responder"]))


async def _comment(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry, incident = await find_incident(hass, call.data["incident"])
    deeds = entry.runtime_data.deeds
    return _answer(await deeds.comment(incident, call.context, call.data["text"]))


async def _get_incident(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    language = call.data.get("language", hass.config.language)
    _, _, view = await async_read_incident(hass, call.data["incident"], call.context, language)
    return view


async def _list_incidents(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    filters = dict(call.data)
    if "since" in filters:
        filters["since"] = dt_util.as_utc(filters["since"])
    if "zone" in filters:
        filters["zone"] = zone_named(hass, filters["zone"])[0]
    limit = filters.pop("limit")
    found: list[tuple[Incident, str]] = []
    for entry in communities(hass):
        data = entry.runtime_data
        standings = await data.people.standings_of(call.context)
        # Cut after filtering: a department's incidents may lie far behind everybody's newest.
        for incident in await data.engine.incidents(**filters, limit=_MOST_LISTED):
            if may_read(standings, incident):
                found.append((incident, entry.entry_id))
    found.sort(key=lambda one: one[0].opened_at, reverse=True)
    return {
        "incidents": [
            {**incident_view(incident), "community": entry_id}
            for incident, entry_id in found[:limit]
        ]
    }


def _answer(result: Result, **more: Any) -> dict[str, Any]:
    incident = result.incident
    return {
        "verdict": result.verdict.value,
        "incident": incident.id if incident is not None else None,
        "number": incident.number if incident is not None else None,
        **more,
    }


def _loop(key: str) -> str:
    if key not in LOOPS:
        raise refusal("loop_unknown", loop=key, known=", ".join(LOOPS))
    return key


def policy_of(said: Mapping[str, Any], key: str, defaults: Defaults) -> Policy:
    """Return what an incident of a loop freezes, from the fields of an action.

    What they leave empty is the community's to say.
    """
    loop = LOOPS.get(key)
    severity = said.get("severity") or (loop.severity if loop else Severity.MODERATE)
    data = filled(said, severity, defaults)
    try:
        return policy(
            data["ladder"],
            severity=severity,
            handle_within=data.get("handle_within"),
            receipt_within=data.get("receipt_within"),
            proof=data.get("proof") or (loop.proof if loop else Proof.NOTHING),
            closes=data.get("closes") or (loop.closes if loop else Closes.PERSON),
            takes_over=data.get("takes_over", ()),
            joint=data.get("joint", ()),
            quiet_for=data.get("quiet_for") or timedelta(0),
            camera=data.get("camera", ""),
        )
    except DomainError as err:
        raise translated(err) from err


def _at(call: ServiceCall) -> datetime:
    """When the source said it; a time in the future would make a dwell wait for it."""
    now = dt_util.utcnow()
    said = call.data.get("at")
    return now if said is None else min(dt_util.as_utc(said), now)


def _zone(
    hass: HomeAssistant, call: ServiceCall, entity_id: str, entry: CommunityEntry
) -> tuple[str, str]:
    if "zone" in call.data:
        return zone_named(hass, call.data["zone"])
    by = call.data.get("zone_by", ZoneBy.AREA)
    return zone_of(hass, entity_id, by, (entry.entry_id, entry.title), call.data["loop"])


_OPTIONAL, _ONLY = SupportsResponse.OPTIONAL, SupportsResponse.ONLY
_ACTIONS: Final[dict[str, tuple[Handler, dict[Any, Any], SupportsResponse]]] = {
    "signal": (_signal, _SIGNAL, _OPTIONAL),
    "open_incident": (_open_incident, _OPEN, _OPTIONAL),
    "acknowledge": (_acknowledge, {**_WHICH, **_NOTE}, _OPTIONAL),
    "handle": (
        _handle,
        {**_WHICH, **_NOTE, probatio.Optional("photo", default=""): cv.string},
        _OPTIONAL,
    ),
    "close": (
        _close,
        {**_WHICH, **_NOTE, probatio.Required("disposition"): probatio.Coerce(Disposition)},
        _OPTIONAL,
    ),
    "escalate": (_escalate, _WHICH, _OPTIONAL),
    "assign": (_assign, {**_WHICH, probatio.Required("responder"): cv.string}, _OPTIONAL),
    "comment": (
        _comment,
        {**_WHICH, probatio.Required("text"): probatio.All(cv.string, probatio.Length(min=1))},
        _OPTIONAL,
    ),
    "get_incident": (_get_incident, {**_WHICH, probatio.Optional("language"): cv.string}, _ONLY),
    "list_incidents": (_list_incidents, _LIST, _ONLY),
}
