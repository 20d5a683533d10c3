"""Puts a point's entity where its table says: area, floor and labels, once and by difference.

What the table last said is kept with the entity. A second import changes what the table changed and
nobody else did: an area that a person has chosen meanwhile stays, and so does a label they added.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import label_registry as lr

from .const import DOMAIN
from .field.point import Point


@callback
def async_place(hass: HomeAssistant, entity_id: str, point: Point) -> None:
    """Bring an entity's area and labels in line with its point."""
    registry = er.async_get(hass)
    found = registry.async_get(entity_id)
    if found is None:
        return
    before: Mapping[str, Any] = found.options.get(DOMAIN, {})
    says = {"area": point.area, "floor": point.floor, "labels": list(point.labels)}
    if says == {"area": None, "floor": None, "labels": [], **before}:
        return
    changes: dict[str, Any] = {}
    if point.area != before.get("area") and found.area_id == _area_id(hass, before.get("area")):
        changes["area_id"] = _area(hass, point.area) if point.area else None
    if point.area is not None and point.floor is not None:
        _put_on_floor(hass, point.area, point.floor, before.get("floor"))
    told: set[str] = set(before.get("labels", ()))
    gone, new = told - set(point.labels), set(point.labels) - told
    labels = found.labels - _labels(hass, gone, create=False) | _labels(hass, new, create=True)
    if labels != found.labels:
        changes["labels"] = labels
    if changes:
        registry.async_update_entity(entity_id, **changes)
    registry.async_update_entity_options(entity_id, DOMAIN, says)


def _area_id(hass: HomeAssistant, name: str | None) -> str | None:
    area = ar.async_get(hass).async_get_area_by_name(name) if name is not None else None
    return area.id if area is not None else None


def _area(hass: HomeAssistant, name: str) -> str:
    return ar.async_get(hass).async_get_or_create(name).id


def _put_on_floor(hass: HomeAssistant, area: str, floor: str, before: str | None) -> None:
    """Put an area on its floor if it is on none, or still where the table had put it."""
    areas, floors = ar.async_get(hass), fr.async_get(hass)
    found = areas.async_get_or_create(area)
    was = floors.async_get_floor_by_name(before) if before is not None else None
    if found.floor_id not in {None, was.floor_id if was is not None else None}:
        return
    wanted = floors.async_get_floor_by_name(floor) or floors.async_create(floor)
    if found.floor_id != wanted.floor_id:
        areas.async_update(found.id, floor_id=wanted.floor_id)


def _labels(hass: HomeAssistant, names: Iterable[str], *, create: bool) -> set[str]:
    labels = lr.async_get(hass)
    found = {name: labels.async_get_label_by_name(name) for name in names}
    return {
        (label or labels.async_create(name)).label_id
        for name, label in found.items()
        if create or label is not None
    }
