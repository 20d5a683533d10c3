"""Floor plans: an area's picture, and where on it a detector hangs.

The place is kept with the entity in Home Assistant's own registry, like its name and its area: it
goes when the detector goes, and needs no table of ours.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .core.model import Incident
from .zones import area_of

_OPTION: Final = "on_plan"


def floor_plans(hass: HomeAssistant, incident: Incident) -> list[dict[str, Any]]:
    """Return the plans on which an incident's detectors are, each with all that hang there.

    A detector without a place is among `missing`, by its entity id and name. x and y count from the
    upper left corner, as shares of the picture's width and height.
    """
    areas: dict[str, ar.AreaEntry] = {}
    for source in incident.sources:
        area = area_of(hass, source)
        if area is not None and area.picture:
            areas[area.id] = area
    return [_plan(hass, area, incident) for area in areas.values()]


def _plan(hass: HomeAssistant, area: ar.AreaEntry, incident: Incident) -> dict[str, Any]:
    registry = er.async_get(hass)
    spots, missing = [], []
    for key, source in incident.sources.items():
        found = area_of(hass, key)
        if found is None or found.id != area.id:
            continue
        entity = registry.async_get(key)
        place = _kept(entity).get(_OPTION) if entity is not None else None
        one = {"entity_id": key, "name": source.name, "in_alarm": source.cleared_at is None}
        if place is None:
            missing.append(one)
        else:
            spots.append({**one, "x": place[0], "y": place[1]})
    return {
        "area": area.id,
        "name": area.name,
        "picture": area.picture,
        "spots": spots,
        "missing": missing,
    }


def place_on_plan(hass: HomeAssistant, entity_id: str, place: tuple[float, float]) -> bool:
    """Keep where a detector hangs; false for one that the registry does not know."""
    registry = er.async_get(hass)
    if (entity := registry.async_get(entity_id)) is None:
        return False
    options = {**_kept(entity), _OPTION: list(place)}
    registry.async_update_entity_options(entity_id, DOMAIN, options)
    return True


def _kept(entity: er.RegistryEntry) -> Mapping[str, Any]:
    return entity.options.get(DOMAIN) or {}
