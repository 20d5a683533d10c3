"""Where a source is: Home Assistant's floors and areas are the zones."""

from enum import StrEnum
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr

from .phones import shows_phone

# Loops whose unplaced sources are one incident: what each needs is the same round with a ladder,
# and fifty devices that nobody has placed yet must not be fifty messages.
_UNPLACED_TOGETHER: Final = frozenset({"device_fault"})


class ZoneBy(StrEnum):
    """What counts as one place for a loop."""

    SOURCE = "source"
    AREA = "area"
    FLOOR = "floor"
    COMMUNITY = "community"


def source_name(hass: HomeAssistant, entity_id: str) -> str:
    """Return what people call a source; its entity id if it has no name (or no state yet)."""
    state = hass.states.get(entity_id)
    return state.name if state is not None else entity_id


def zone_of(
    hass: HomeAssistant, entity_id: str, by: ZoneBy, community: tuple[str, str], loop: str = ""
) -> tuple[str, str]:
    """Key and name of the zone of a source, for a loop.

    A source without a floor counts by its area, one without an area by itself: an alarm is never
    refused because nobody has placed the detector yet. Faults of devices without an area are the
    community's, unless each device is to be an incident. A person's phone is nowhere
    else than in the community: all that no longer receive are one incident. `community`: the
    entry's id and title.
    """
    if by is ZoneBy.COMMUNITY or shows_phone(hass, entity_id):
        return f"community:{community[0]}", community[1]
    area = area_of(hass, entity_id) if by is not ZoneBy.SOURCE else None
    if area is None and by is not ZoneBy.SOURCE and loop in _UNPLACED_TOGETHER:
        return f"community:{community[0]}", community[1]
    if area is None:
        return f"source:{entity_id}", source_name(hass, entity_id)
    if by is ZoneBy.FLOOR and area.floor_id is not None:
        floor = fr.async_get(hass).async_get_floor(area.floor_id)
        if floor is not None:
            return f"floor:{floor.floor_id}", floor.name
    return f"area:{area.id}", area.name


def zone_named(hass: HomeAssistant, zone: str) -> tuple[str, str]:
    """Key and name of a zone that is named: a floor's or area's id, or any words."""
    if (floor := fr.async_get(hass).async_get_floor(zone)) is not None:
        return f"floor:{floor.floor_id}", floor.name
    if (area := ar.async_get(hass).async_get_area(zone)) is not None:
        return f"area:{area.id}", area.name
    return f"zone:{zone}", zone


def area_of(hass: HomeAssistant, entity_id: str) -> ar.AreaEntry | None:
    """Return the area that an entity, or else its device, is in."""
    entity = er.async_get(hass).async_get(entity_id)
    if entity is None:
        return None
    if entity.area_id is not None:
        return ar.async_get(hass).async_get_area(entity.area_id)
    return area_of_device(hass, entity.device_id) if entity.device_id is not None else None


def area_of_device(hass: HomeAssistant, device_id: str) -> ar.AreaEntry | None:
    """Return the area that a device is in."""
    device = dr.async_get(hass).async_get(device_id)
    if device is None or device.area_id is None:
        return None
    return ar.async_get(hass).async_get_area(device.area_id)


def places_of(hass: HomeAssistant, zone: str) -> frozenset[str]:
    """Return a zone and the greater ones it lies in: what holds on a floor holds in its rooms."""
    kind, _, key = zone.partition(":")
    area = area_of(hass, key) if kind == "source" else None
    if kind == "area":
        area = ar.async_get(hass).async_get_area(key)
    places = {zone}
    if area is not None:
        places.add(f"area:{area.id}")
        if area.floor_id is not None:
            places.add(f"floor:{area.floor_id}")
    return frozenset(places)
