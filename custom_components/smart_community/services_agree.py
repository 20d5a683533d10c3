"""The actions for thresholds that are agreed with the residents: put on record, and listed."""

import csv
import io
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from ulid_transform import ulid_now

from .alarm_index import alarm_index
from .const import DOMAIN
from .core.agreement import Agreement, Hold, Term, Threshold, unit_of
from .core.codec import plain
from .core.errors import DomainError
from .core.permits import Deed, concerned
from .data import communities, community
from .errors import translated
from .loops import LOOPS
from .zones import zone_named

_AGREE: Final = {
    probatio.Required("loop"): probatio.In(sorted(LOOPS)),
    probatio.Optional("zone", default=""): cv.string,
    probatio.Required("threshold"): probatio.Coerce(Threshold),
    probatio.Exclusive("value", "value"): probatio.Coerce(float),
    probatio.Exclusive("duration", "value"): cv.positive_time_period,
    probatio.Optional("unit"): cv.string,
    probatio.Required("agreed_by"): cv.string,
    probatio.Optional("valid_from"): cv.datetime,
    probatio.Optional("community"): cv.string,
}
_COLUMNS: Final = (
    "loop",
    "zone_name",
    "threshold",
    "value",
    "unit",
    "agreed_by",
    "valid_from",
    "in_force",
    "hold",
    "recorded_at",
    "recorded_by",
)
_LIST: Final = {
    probatio.Optional("loop"): probatio.In(sorted(LOOPS)),
    probatio.Optional("community"): cv.string,
}


def async_register_agree_services(hass: HomeAssistant) -> None:
    """Register the actions; they are there before any community is."""
    for name, handler, schema, response in (
        ("agree", _agree, _AGREE, SupportsResponse.OPTIONAL),
        ("list_agreements", _list, _LIST, SupportsResponse.ONLY),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            partial(handler, hass),
            schema=probatio.Schema(schema),
            supports_response=response,
        )


def agreed_limit(hass: HomeAssistant, loop: str, entity_id: str, term: Term) -> float | None:
    """Return the limit that is agreed for a source of a loop, if there is one."""
    for entry in communities(hass):
        held = entry.runtime_data.engine.agreed(loop, f"source:{entity_id}").get(term)
        if held is not None:
            return held.value
    return None


async def _agree(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    said: dict[str, Any] = dict(call.data)
    entry = community(hass, said.get("community"))
    standing = await entry.runtime_data.deeds.check(Deed.AGREE, call.context)
    zone, zone_name = zone_named(hass, said["zone"]) if said["zone"] else ("", "")
    value = said["duration"].total_seconds() if "duration" in said else said.get("value")
    now = dt_util.utcnow()
    index = alarm_index(hass)
    try:
        agreement = Agreement(
            id=ulid_now(),
            loop=said["loop"],
            threshold=said["threshold"],
            value=value,
            agreed_by=said["agreed_by"],
            valid_from=dt_util.as_utc(said["valid_from"]) if "valid_from" in said else now,
            recorded_at=now,
            recorded_by=standing.actor.name or standing.role,
            zone=zone,
            zone_name=zone_name,
            unit=unit_of(
                said["loop"], said["threshold"], said.get("unit"), index.terms(said["loop"])
            ),
        )
    except DomainError as err:
        raise translated(err) from err
    await entry.runtime_data.engine.agree(agreement)
    # A source between the old limit and the new one is in alarm, or is not any more.
    index.announce_again(
        one.owner for one in index.watches() if one.loop == agreement.loop and one.owner is not None
    )
    return {"agreement": agreement.id}


async def _list(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Every agreement that concerns the caller, the oldest first: if it holds, or why not."""
    entry = community(hass, call.data.get("community"))
    engine = entry.runtime_data.engine
    await entry.runtime_data.deeds.check(Deed.READ, call.context)
    standings = await entry.runtime_data.people.standings_of(call.context)
    found: list[dict[str, Any]] = []
    for one, held in engine.agreements:
        if call.data.get("loop") in {None, one.loop} and concerned(standings, one.loop):
            in_force = held is Hold.IN_FORCE and one.value is not None
            found.append(
                {**plain(one), "unit": one.measure, "in_force": in_force, "hold": held.value}
            )
    return {"agreements": [*found], "csv": _table(found)}


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return agreements as a table for a spreadsheet, values in the unit beside them."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
