"""A test read of what a point table would set up, for a person who is about to import it.

It is a help and no hurdle: a table may be imported before its units are wired.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, zip_longest
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .field.modbus.line import NoData
from .field.point import Point, Value
from .field.points_csv import UnitTable
from .modbus_bus import async_read_unit
from .point_words import figure, ranges
from .points_import import UnitChange
from .views import texts

# Whoever waits for a form longer than this, in seconds, takes it for broken. A silent unit costs a
# time-out, so of a line that is all silent the first dozen or so are found.
_READ_WITHIN: Final = 10.0
# Enough to recognise each unit by; nobody reads a thousand values in a form.
_MOST_SHOWN: Final = 20


async def async_test_read(
    hass: HomeAssistant, entry: ConfigEntry[Any], changes: Iterable[UnitChange]
) -> str:
    """Read each unit that would change; returns what it says, or why it says nothing, by line.

    In Home Assistant's language, as `point_words.told`. Empty where nothing would change.
    """
    words = texts(hass, hass.config.language)["point_table"]["read"]
    touched = [one.table for one in changes if one.differs]
    read: list[Iterator[str]] = []
    lacks: dict[str, list[int]] = {}
    deadline = hass.loop.time() + _READ_WITHIN
    for table in touched:
        try:
            async with asyncio.timeout_at(deadline):
                values = await async_read_unit(hass, entry, table.address, table.points)
        except TimeoutError:
            lacks.setdefault(words["no_time"], []).append(table.address)
        except NoData as lack:
            lacks.setdefault(words["lacks"][lack.quality], []).append(table.address)
        except HomeAssistantError as err:
            lacks.setdefault(str(err), []).append(table.address)
        else:
            read.append(_said(words, table, values))
    return "\n".join(chain(_shown(read), _lacking(words, lacks)))


def _said(
    words: Mapping[str, Any], table: UnitTable, values: Mapping[str, Value | None]
) -> Iterator[str]:
    for point in table.points:
        value = _value(words, point, values[point.key])
        yield words["value"].format(unit=table.address, point=point.name, value=value)


def _value(words: Mapping[str, Any], point: Point, value: Value | None) -> str:
    if value is None:
        return str(words["none"])
    if isinstance(value, bool):
        return str(words["on" if value else "off"])
    return figure(point, value)


def _shown(read: Iterable[Iterator[str]]) -> Iterator[str]:
    """Yield a line of each unit in turn, so that each is seen as long as there is room."""
    lines = (line for row in zip_longest(*read) for line in row if line is not None)
    yield from islice(lines, _MOST_SHOWN)
    if next(lines, None) is not None:
        yield "- …"


def _lacking(words: Mapping[str, Any], lacks: Mapping[str, list[int]]) -> Iterator[str]:
    for problem, units in lacks.items():
        yield words["lack"].format(units=ranges(units), problem=problem)
