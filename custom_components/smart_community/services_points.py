"""The actions for point tables: import, check and export what a contractor hands over."""

from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import probatio
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .const import CONF_KIND, DOMAIN, KIND_MODBUS_BUS
from .errors import refusal
from .field.point_cells import UNITS
from .field.points_csv import PointTableError, UnitTable, render
from .may import async_check_configuring
from .point_words import told_in_full
from .points_import import async_apply_changes, async_changes, async_parse, counts, tables_of

# 10,000 points of the longest rows are two thirds of this; a larger file is no point table.
_LARGEST: Final = 8 * 1024 * 1024

_IMPORT = probatio.Schema(
    {
        probatio.Optional("bus"): cv.string,
        probatio.Optional("table"): str,
        probatio.Optional("file"): cv.path,
        probatio.Optional("check_only", default=False): cv.boolean,
    }
)
_EXPORT = probatio.Schema(
    {
        probatio.Optional("bus"): cv.string,
        probatio.Optional("unit"): probatio.All(
            probatio.Coerce(int), probatio.Range(min=UNITS[0], max=UNITS[1])
        ),
    }
)


def async_register_points_services(hass: HomeAssistant) -> None:
    """Register the actions; for administrators, as the units themselves are."""
    hass.services.async_register(
        DOMAIN,
        "import_points",
        partial(_import, hass),
        schema=_IMPORT,
        supports_response=SupportsResponse.OPTIONAL,
    )
    hass.services.async_register(
        DOMAIN,
        "export_points",
        partial(_export, hass),
        schema=_EXPORT,
        supports_response=SupportsResponse.ONLY,
    )


async def _import(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = _bus(hass, call.data.get("bus"))
    await async_check_configuring(hass, call.context, f"{entry.title}: {call.service}")
    try:
        tables = await _tables(hass, call)
    except ServiceValidationError as err:
        wrong, asked = err.__cause__, call.return_response and call.data["check_only"]
        if not asked or not isinstance(wrong, PointTableError):
            raise
        # A check was made and this is what it found; an error could not say all of it.
        return {"errors": [*told_in_full(hass, wrong)]}
    changes = async_changes(entry, tables)
    if not call.data["check_only"]:
        async_apply_changes(hass, entry, changes)
    return cast("ServiceResponse", counts(changes))


async def _export(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = _bus(hass, call.data.get("bus"))
    await async_check_configuring(hass, call.context, f"{entry.title}: {call.service}")
    tables = tables_of(entry, call.data.get("unit"))
    if not tables:
        raise refusal("no_point_table", bus=entry.title)
    points = sum(len(table.points) for table in tables)
    return {"table": render(tables), "units": len(tables), "points": points}


def _bus(hass: HomeAssistant, name: str | None) -> ConfigEntry[Any]:
    """Find the bus that is meant: by its id or title, or the only one."""
    buses = [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.data.get(CONF_KIND) == KIND_MODBUS_BUS
    ]
    found = [one for one in buses if name in {None, one.entry_id, one.title}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.title for one in buses)
    if not buses:
        raise refusal("bus_missing")
    if not found:
        raise refusal("bus_unknown", bus=name or "", names=names)
    raise refusal("bus_ambiguous", names=names)


async def _tables(hass: HomeAssistant, call: ServiceCall) -> tuple[UnitTable, ...]:
    if ("table" in call.data) == ("file" in call.data):
        raise refusal("table_or_file")
    if "table" in call.data:
        return await async_parse(hass, call.data["table"])
    path = Path(call.data["file"])
    if not await hass.async_add_executor_job(hass.config.is_allowed_path, str(path)):
        raise refusal("path_not_allowed", path=str(path))
    return await async_parse(hass, await hass.async_add_executor_job(_read, path))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as err:
        raise refusal("file_unreadable", path=str(path), problem=err.strerror or str(err)) from err
    if len(data) > _LARGEST:
        raise refusal("file_too_large", path=str(path), most=str(_LARGEST // 1024 // 1024))
    return data
