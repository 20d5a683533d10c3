"""Actions about the people: testing their channels, swapping duty, figures of what they did."""

import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
from ulid_transform import ulid_now

from .channel_tests import RECEIPTS_WITHIN, async_test_channels
from .const import DOMAIN
from .core.codec import plain
from .core.errors import DomainError
from .core.model import Responder
from .core.permits import Deed
from .core.roster import Swap
from .core.statistics import figures
from .data import CommunityEntry, community
from .errors import refusal, translated
from .people import SWAP
from .period import async_period, async_record
from .responder_table import export_table, import_table
from .views import lines_view

_COMMUNITY: Final[dict[Any, Any]] = {probatio.Optional("community"): cv.string}
_TEST: Final[dict[Any, Any]] = {
    probatio.Optional("responder"): cv.string,
    probatio.Optional("wait", default=RECEIPTS_WITHIN): cv.positive_time_period,
    **_COMMUNITY,
}
_SWAP: Final[dict[Any, Any]] = {
    probatio.Required("away"): cv.string,
    probatio.Optional("instead", default=""): cv.string,
    probatio.Required("begins"): cv.datetime,
    probatio.Required("ends"): cv.datetime,
    **_COMMUNITY,
}
_STATISTICS: Final[dict[Any, Any]] = {
    probatio.Optional("period", default=timedelta(days=30)): cv.positive_time_period,
    **_COMMUNITY,
}
_IMPORT: Final[dict[Any, Any]] = {probatio.Required("table"): str, **_COMMUNITY}

type Handler = Callable[[HomeAssistant, ServiceCall], Coroutine[Any, Any, ServiceResponse]]


def async_register_people_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, (handler, schema, response) in _ACTIONS.items():
        hass.services.async_register(
            DOMAIN,
            name,
            partial(handler, hass),
            schema=probatio.Schema(schema),
            supports_response=response,
        )


async def _test(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    data = entry.runtime_data
    standing = await data.deeds.check(Deed.TEST, call.context)
    named = call.data.get("responder")
    people = [_named(entry, named)] if named else list(data.people.responders.values())
    rows: list[Any] = await async_test_channels(
        entry, people, call.data["wait"], actor=standing.actor
    )
    return {"tests": rows}


async def _swap(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    data = entry.runtime_data
    await data.deeds.check(
        Deed.SWAP_DUTY, call.context, what=f"{call.data['away']} → {call.data['instead'] or '-'}"
    )
    away = _named(entry, call.data["away"]).key
    instead = call.data["instead"] and _named(entry, call.data["instead"]).key
    begins, ends = (dt_util.as_utc(call.data[name]) for name in ("begins", "ends"))
    try:
        swap = Swap(away=away, instead=instead, begins=begins, ends=ends)
    except DomainError as err:
        raise translated(err) from err
    await data.engine.keep(f"{SWAP}{ulid_now()}", json.dumps(plain(swap), sort_keys=True))
    data.reachability.look()
    return {"away": away, "instead": instead}


async def _statistics(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    data = entry.runtime_data
    await data.deeds.check(Deed.STATISTICS, call.context)
    standings = await data.people.standings_of(call.context)
    since = dt_util.utcnow() - call.data["period"]
    period = await async_period(entry, standings, since)
    record = await async_record(data.engine, standings, since)
    cases = list(period.cases.values())
    loops = sorted({case.loop for case in cases if not case.drill})
    return {
        "all": plain(figures(cases)),
        "loops": {
            loop: plain(figures(case for case in cases if case.loop == loop)) for loop in loops
        },
        "withheld": list[JsonValueType](period.withheld),
        "tests": list[JsonValueType](period.tests),
        "record": list[JsonValueType](
            await lines_view(hass, record, data.people.names, hass.config.language)
        ),
    }


async def _export(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    await entry.runtime_data.deeds.check(Deed.DIRECTORY, call.context, what=call.service)
    return {"table": await export_table(hass, entry)}


async def _import(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    await entry.runtime_data.deeds.check(Deed.DIRECTORY, call.context, what=call.service)
    added, changed = await import_table(hass, entry, call.data["table"])
    return {"added": added, "changed": changed}


def _named(entry: CommunityEntry, name: str) -> Responder:
    known = entry.runtime_data.people.responders.values()
    for one in known:
        if name in {one.key, one.name}:
            return one
    raise refusal("responder_unknown", responder=name, known=", ".join(one.name for one in known))


_OPTIONAL, _ONLY = SupportsResponse.OPTIONAL, SupportsResponse.ONLY
_ACTIONS: Final[dict[str, tuple[Handler, dict[Any, Any], SupportsResponse]]] = {
    "test_channels": (_test, _TEST, _OPTIONAL),
    "swap_duty": (_swap, _SWAP, _OPTIONAL),
    "statistics": (_statistics, _STATISTICS, _ONLY),
    "export_responders": (_export, _COMMUNITY, _ONLY),
    "import_responders": (_import, _IMPORT, _OPTIONAL),
}
