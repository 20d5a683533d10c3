"""Home Assistant's words for a point table, and the table's errors in the words of a person."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_UNITS,
    NON_NUMERIC_DEVICE_CLASSES,
    SensorDeviceClass,
)
from homeassistant.components.switch.const import SwitchDeviceClass
from homeassistant.core import HomeAssistant

from .field.point import Point, Value
from .field.point_cells import TableError
from .field.points_csv import PointTableError, Vocabulary
from .views import texts

# A message with more lines than this hides what is around it; a check by the action says them all.
_MOST_TOLD: Final = 100


def vocabulary() -> Vocabulary:
    """Return the device classes that Home Assistant has, and the units that each allows."""
    return Vocabulary(
        binary=frozenset(BinarySensorDeviceClass),
        actuator=frozenset(SwitchDeviceClass),
        measured={
            one: frozenset(_units(one))
            for one in SensorDeviceClass
            if one not in NON_NUMERIC_DEVICE_CLASSES
        },
    )


def _units(device_class: SensorDeviceClass) -> Iterator[str | None]:
    """Yield the units a device class allows; none at all where it takes any."""
    for unit in DEVICE_CLASS_UNITS.get(device_class, ()):
        yield None if unit is None else str(unit)


def told(hass: HomeAssistant, err: PointTableError) -> str:
    """Return what is wrong with a table, a line each, as far as a message helps."""
    lines = told_in_full(hass, err)
    shown = lines[:_MOST_TOLD]
    if len(lines) > len(shown):
        more = texts(hass, hass.config.language)["point_table"]["more"]
        shown.append(more.format(count=len(lines) - len(shown)))
    return "\n".join(shown)


def told_in_full(hass: HomeAssistant, err: PointTableError) -> list[str]:
    """Return everything wrong with a table, a line each; the same in many lines is said once.

    In Home Assistant's language: what fills a sentence is not translated again by the frontend.
    """
    words = texts(hass, hass.config.language)["point_table"]
    return [_line(words, one, lines) for one, lines in _grouped(err.errors)]


def _line(words: Mapping[str, Any], error: TableError, lines: list[int]) -> str:
    problem = words["wrong"][error.wrong].format(**error.values)
    place = words["cell" if error.column else "line"]
    return str(place.format(lines=ranges(lines), column=error.column, problem=problem))


def _grouped(errors: Iterable[TableError]) -> Iterator[tuple[TableError, list[int]]]:
    """Yield each error once with its lines, in the order in which they first come."""
    found: dict[tuple[Any, ...], tuple[TableError, list[int]]] = {}
    for error in errors:
        same = (error.column, error.wrong, *sorted(error.values.items()))
        found.setdefault(same, (error, []))[1].append(error.line)
    yield from found.values()


def figure(point: Point, value: Value) -> str:
    """Write a figure with its unit, if it has one."""
    return f"{value} {point.unit_of_measurement or ''}".rstrip()


def ranges(lines: list[int]) -> str:
    """Write 2, 3, 4, 9 as 2-4, 9."""
    runs = [
        [line for _, line in run]
        for _, run in groupby(enumerate(lines), lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(f"{run[0]}-{run[-1]}" if run[1:] else str(run[0]) for run in runs)
