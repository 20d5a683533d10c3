"""The actions for Zigbee networks: pairing, removing, interviewing again, and the codes of locks.

A code is never given to an action: Home Assistant records what actions are called with. An action
draws a code and hands it back in its response, which nothing records; a code of one's own comes
over the websocket (`websocket_zigbee.py`).
"""

import secrets
from functools import partial
from typing import Any, Final

import probatio
from homeassistant.core import (
    Context,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trace import trace_id_get

from .const import DOMAIN
from .core.permits import Deed
from .errors import failure, refusal
from .field.zigbee.model import LockError, LockProblem, Period, WeekdaySchedule
from .lock_schedules import SCHEDULE, schedule_of, told
from .may import async_check_configuring, async_check_plant
from .zigbee_network import ZigbeeData, ieee_of, networks
from .zigbee_pairing import PAIRING_TIME, async_permit
from .zones import area_of, area_of_device

SLOT: Final = probatio.All(probatio.Coerce(int), probatio.Range(min=1, max=1000))
_LOCK: Final = {probatio.Required("lock"): cv.entity_id, probatio.Required("slot"): SLOT}
_READ: Final = {probatio.Required("lock"): cv.entity_id, probatio.Optional("slot"): SLOT}
_PERMIT: Final[dict[Any, Any]] = {
    probatio.Optional("network"): cv.string,
    probatio.Optional("seconds", default=PAIRING_TIME): probatio.All(
        probatio.Coerce(int), probatio.Range(min=0, max=254)
    ),
    probatio.Optional("router"): cv.string,
    probatio.Optional("area"): cv.string,
}
_DEVICE: Final[dict[Any, Any]] = {probatio.Required("device"): cv.string}


def async_register_zigbee_services(hass: HomeAssistant) -> None:
    """Register the actions; what changes a network is for administrators, as its set-up is."""
    for name, handler, schema, response in (
        ("permit_join", _permit, _PERMIT, SupportsResponse.NONE),
        ("remove_device", _remove, _DEVICE, SupportsResponse.NONE),
        ("reinterview", _reinterview, _DEVICE, SupportsResponse.NONE),
        ("set_lock_code", _set_code, {**_LOCK, **SCHEDULE}, SupportsResponse.ONLY),
        ("list_lock_codes", _list_codes, _READ, SupportsResponse.ONLY),
        ("clear_lock_code", _clear_code, _LOCK, SupportsResponse.NONE),
        (
            "enable_lock_code",
            _enable_code,
            {**_LOCK, probatio.Required("enabled"): cv.boolean},
            SupportsResponse.NONE,
        ),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            partial(handler, hass),
            schema=probatio.Schema(schema),
            supports_response=response,
        )


async def async_set_lock_code(
    hass: HomeAssistant,
    context: Context | None,
    lock: str,
    slot: int,
    *,
    schedule: WeekdaySchedule | Period | None,
    code: str | None,
) -> str:
    """Set a code, one that is drawn if none is given; returns it. Raises HomeAssistantError."""
    data, cluster = await _lock(hass, context, lock)
    locks = data.network.locks
    try:
        shortest, longest = await locks.code_lengths(cluster)
        if code is None:
            length = min(max(shortest, 6), longest)
            code = "".join(secrets.choice("0123456789") for _ in range(length))
        elif not (code.isascii() and code.isdigit() and shortest <= len(code) <= longest):
            raise refusal("lock_code_invalid", shortest=str(shortest), longest=str(longest))
        await locks.set_code(cluster, slot, code, schedule)
    except LockError as err:
        raise _said(err.problem, lock) from err
    return code


async def _set_code(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    said = call.data
    if trace_id_get() is not None:
        raise refusal("lock_code_in_script")
    schedule = schedule_of(dict(said))
    code = await async_set_lock_code(
        hass, call.context, said["lock"], said["slot"], schedule=schedule, code=None
    )
    return {"code": code}


async def _list_codes(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Ask a lock about one slot, or about each: a lock that sleeps takes a second for every one."""
    data, cluster = await _lock(hass, call.context, call.data["lock"])
    locks = data.network.locks
    try:
        if (slot := call.data.get("slot")) is not None:
            slots = [slot]
        else:
            slots = list(range(1, await locks.code_slots(cluster) + 1))
        found = [await locks.code_slot(cluster, one) for one in slots]
    except LockError as err:
        raise _said(err.problem, call.data["lock"]) from err
    return {"codes": [told(code) for code in found if code is not None]}


async def _clear_code(hass: HomeAssistant, call: ServiceCall) -> None:
    data, cluster = await _lock(hass, call.context, call.data["lock"])
    try:
        await data.network.locks.clear_code(cluster, call.data["slot"])
    except LockError as err:
        raise _said(err.problem, call.data["lock"]) from err


async def _enable_code(hass: HomeAssistant, call: ServiceCall) -> None:
    data, cluster = await _lock(hass, call.context, call.data["lock"])
    enabled: bool = call.data["enabled"]
    try:
        await data.network.locks.enable_code(cluster, call.data["slot"], enabled=enabled)
    except LockError as err:
        raise _said(err.problem, call.data["lock"]) from err


async def _permit(hass: HomeAssistant, call: ServiceCall) -> None:
    router = _device(hass, call.data["router"]) if "router" in call.data else None
    data = router[0] if router is not None else _network(hass, call.data.get("network"))
    name = router[0].name_of(router[2]) if router is not None else data.entry.title
    at = router[1].id if router is not None else data.hub_id
    await async_check_configuring(hass, call.context, name, area_of_device(hass, at))
    await async_permit(
        data,
        call.data["seconds"],
        router=router[1] if router is not None else None,
        router_ieee=router[2] if router is not None else None,
        area_id=call.data.get("area"),
    )


async def _remove(hass: HomeAssistant, call: ServiceCall) -> None:
    data, ieee = await _configurable(hass, call)
    await data.remove(ieee)


async def _reinterview(hass: HomeAssistant, call: ServiceCall) -> None:
    data, ieee = await _configurable(hass, call)
    network = data.network
    found = network.device(ieee)
    if found is None or network.gateway is None or network.trouble is not None:
        raise failure("zigbee_network_down", network=data.entry.title)
    try:
        await network.gateway.async_reinterview_device(found.ieee)
    # Radio libraries let failures of their own through; a sleeping device has not answered.
    except Exception as err:
        raise failure("zigbee_no_answer", device=data.name_of(ieee)) from err


async def _configurable(hass: HomeAssistant, call: ServiceCall) -> tuple[ZigbeeData, str]:
    """Return the device that is named, for whoever may change how its network is set up."""
    data, device, ieee = _device(hass, call.data["device"])
    area = area_of_device(hass, device.id)
    await async_check_configuring(hass, call.context, data.name_of(ieee), area)
    return data, ieee


def _network(hass: HomeAssistant, entry_id: str | None) -> ZigbeeData:
    """Return the network that is meant: named, or the only one."""
    loaded = [one for one in networks(hass) if not entry_id or one.entry.entry_id == entry_id]
    if not loaded:
        raise refusal("zigbee_network_missing")
    if len(loaded) > 1:
        names = ", ".join(one.entry.title for one in loaded)
        raise refusal("zigbee_network_ambiguous", names=names)
    return loaded[0]


def _device(hass: HomeAssistant, device_id: str) -> tuple[ZigbeeData, dr.DeviceEntry, str]:
    """Return a device of one of our networks, with its address."""
    found = dr.async_get(hass).async_get(device_id)
    if isinstance(found, dr.DeviceEntry):
        for data in networks(hass):
            if (ieee := ieee_of(data, found)) is not None:
                return data, found, ieee
    raise refusal("zigbee_device_unknown", device=device_id)


async def _lock(
    hass: HomeAssistant, context: Context | None, entity_id: str
) -> tuple[ZigbeeData, Any]:
    """Return a lock's cluster for whoever may change its codes."""
    entry = er.async_get(hass).async_get(entity_id)
    if entry is None or entry.domain != "lock" or entry.device_id is None:
        raise refusal("zigbee_lock_unknown", lock=entity_id)
    data, _, ieee = _device(hass, entry.device_id)
    await async_check_plant(
        hass,
        context,
        Deed.LOCK_CODES,
        "lock_codes_not_permitted",
        name=data.name_of(ieee),
        area=area_of(hass, entity_id),
    )
    unique_id = entry.unique_id.removeprefix(f"{data.entry.entry_id}_")
    source = data.network.entity(ieee, "lock", unique_id)
    if source is None or data.network.trouble is not None:
        raise failure("zigbee_network_down", network=data.entry.title)
    return data, source.cluster


def _said(problem: LockProblem, lock: str) -> Exception:
    return failure(problem, device=lock)
