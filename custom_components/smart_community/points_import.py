"""Brings a bus's units in line with a point table: by difference, and all of it or nothing.

The points live in their unit's subentry, as rows without what is a default. Home Assistant writes
its entries to disk as one file, at once and whole, so a power cut leaves the old table or the new.
What the table does not name (a unit, or a family's unit) stays as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback

from .const import SUBENTRY_UNIT
from .errors import refusal
from .field.modbus.families import POINT_TABLE, points_of
from .field.points_csv import MOST_POINTS, PointTableError, UnitTable, parse
from .point_words import told, vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitChange:
    """What a table makes of one unit; `subentry` is None for a unit that is new."""

    table: UnitTable
    subentry: ConfigSubentry | None
    title: str
    data: dict[str, Any]
    added: int
    changed: int
    removed: int
    unchanged: int
    # Kept apart: Home Assistant changes the subentry in place, and nothing differs afterwards.
    differs: bool


async def async_parse(hass: HomeAssistant, data: str | bytes) -> tuple[UnitTable, ...]:
    """Read a table, off the loop: thousands of rows take a while. Raises a translated error."""
    try:
        return await hass.async_add_executor_job(parse, data, vocabulary())
    except PointTableError as err:
        raise refusal("point_table_wrong", errors=told(hass, err)) from err


@callback
def async_changes(entry: ConfigEntry[Any], tables: Iterable[UnitTable]) -> tuple[UnitChange, ...]:
    """Return what the table would change. Raises a translated error if it cannot be applied."""
    units = {int(one.data["unit"]): one for one in unit_subentries(entry)}
    changes = tuple(_change(entry, table, units.get(table.address)) for table in tables)
    others = {
        str(one.table.address)
        for one in changes
        if one.subentry is not None and one.subentry.data["family"] != POINT_TABLE
    }
    if others:
        raise refusal("unit_has_a_family", units=", ".join(sorted(others)))
    named = {one.table.address for one in changes}
    kept = sum(len(points_of(one.data)) for at, one in units.items() if at not in named)
    total = kept + sum(len(one.table.points) for one in changes)
    if total > MOST_POINTS:
        raise refusal("bus_full", points=str(total), most=str(MOST_POINTS))
    return changes


@callback
def async_apply_changes(
    hass: HomeAssistant, entry: ConfigEntry[Any], changes: Iterable[UnitChange]
) -> None:
    """Change the subentries; the bus's own listener does the rest, unit by unit."""
    for change in changes:
        if change.subentry is None:
            subentry = ConfigSubentry(
                data=MappingProxyType(change.data),
                subentry_type=SUBENTRY_UNIT,
                title=change.title,
                unique_id=f"unit:{change.table.address}",
            )
            hass.config_entries.async_add_subentry(entry, subentry)
        elif change.differs:
            hass.config_entries.async_update_subentry(
                entry, change.subentry, data=change.data, title=change.title
            )


def unit_subentries(entry: ConfigEntry[Any]) -> list[ConfigSubentry]:
    """Return the units of a bus."""
    return [one for one in entry.subentries.values() if one.subentry_type == SUBENTRY_UNIT]


def tables_of(entry: ConfigEntry[Any], unit: int | None = None) -> tuple[UnitTable, ...]:
    """Return the bus's point tables, or one unit's, as they would be imported."""
    return tuple(
        UnitTable(
            address=int(one.data["unit"]),
            name=one.data.get("unit_name"),
            points=points_of(one.data),
        )
        for one in unit_subentries(entry)
        if one.data["family"] == POINT_TABLE and unit in {None, int(one.data["unit"])}
    )


def counts(changes: Iterable[UnitChange]) -> dict[str, dict[str, int]]:
    """Count what is new, changed, gone and as it was, of units and of points."""
    changes = tuple(changes)
    new = sum(one.subentry is None for one in changes)
    touched = sum(one.differs for one in changes)
    return {
        "units": {"added": new, "changed": touched - new, "unchanged": len(changes) - touched},
        "points": {
            "added": sum(one.added for one in changes),
            "changed": sum(one.changed for one in changes),
            "removed": sum(one.removed for one in changes),
            "unchanged": sum(one.unchanged for one in changes),
        },
    }


def _change(
    entry: ConfigEntry[Any], table: UnitTable, subentry: ConfigSubentry | None
) -> UnitChange:
    data: dict[str, Any] = {
        "unit": table.address,
        "family": POINT_TABLE,
        "points": [point.plain() for point in table.points],
    }
    if table.name is not None:
        data["unit_name"] = table.name
    title = _title(entry, table, subentry)
    old = {point["key"]: point for point in (subentry.data.get("points", ()) if subentry else ())}
    new = {point["key"]: point for point in data["points"]}
    return UnitChange(
        table=table,
        subentry=subentry,
        title=title,
        data=data,
        differs=subentry is None or (subentry.title, dict(subentry.data)) != (title, data),
        added=len(new.keys() - old.keys()),
        changed=sum(old[key] != new[key] for key in new.keys() & old.keys()),
        removed=len(old.keys() - new.keys()),
        unchanged=sum(old[key] == new[key] for key in new.keys() & old.keys()),
    )


def _title(entry: ConfigEntry[Any], table: UnitTable, subentry: ConfigSubentry | None) -> str:
    """Return what the unit is called: as the table says, unless a person named it otherwise."""
    if subentry is None:
        return table.name or f"{entry.title} {table.address}"
    before = subentry.data.get("unit_name")
    untouched = before is not None and subentry.title == before
    generated = subentry.title == f"{entry.title} {table.address}"
    return table.name if table.name and (untouched or generated) else subentry.title
