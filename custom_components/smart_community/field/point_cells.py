"""The cells of a point table: what each column takes, and what is wrong with one that it does not.

A cell that is empty is the column's default. Nothing is guessed: a word that is nearly right is an
error that names the right ones, because a point read with the wrong scale looks like a point.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from .point import DataType, Kind, Lane, WordOrder

# A unit's address on the line (MODBUS over Serial Line V1.02, 2.2).
UNITS: Final = (1, 247)
ADDRESSES: Final = (0, 0xFFFF)
# What Home Assistant's registries show of a name without cutting it.
LONGEST_TEXT: Final = 100
# Inside one cell, so that the table's own separator need not be quoted; Chinese ones count too.
_SEVERAL: Final = re.compile(r"[|;,、；，]")
JOINED: Final = "|"

_YES: Final = frozenset({"on", "true", "yes", "1"})
_NO: Final = frozenset({"off", "false", "no", "0"})
_WORD_ORDERS: Final[Mapping[str, WordOrder]] = {
    "big": WordOrder.BIG,
    "abcd": WordOrder.BIG,
    "little": WordOrder.LITTLE,
    "cdab": WordOrder.LITTLE,
}


class Wrong(StrEnum):
    """Everything that can be wrong with a table; each has a sentence in texts/."""

    # The table as a whole
    ENCODING = "encoding"
    QUOTES = "quotes"
    EMPTY = "empty"
    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    COLUMN_TWICE = "column_twice"
    TOO_MANY_CELLS = "too_many_cells"
    TOO_MANY_POINTS = "too_many_points"
    # A cell by itself
    MISSING = "missing"
    NOT_A_NUMBER = "not_a_number"
    NOT_WHOLE = "not_whole"
    OUT_OF_BOUNDS = "out_of_bounds"
    NOT_ONE_OF = "not_one_of"
    TOO_LONG = "too_long"
    NOT_TEXT = "not_text"
    # A cell beside the others of its row
    BITS_ARE_BOOL = "bits_are_bool"
    ONLY_NUMBERS = "only_numbers"
    ONLY_BOOL = "only_bool"
    ONLY_WRITABLE_TABLES = "only_writable_tables"
    WRONG_UNIT_OF_MEASUREMENT = "wrong_unit_of_measurement"
    ORDER = "order"
    NO_AREA = "no_area"
    # A row beside the others
    ADDRESS_TWICE = "address_twice"
    OVERLAP = "overlap"
    TWO_FLOORS = "two_floors"
    TWO_NAMES = "two_names"


@dataclass(frozen=True, kw_only=True, slots=True)
class TableError:
    """One thing wrong, where it stands: line from 1 as an editor counts, column by its heading."""

    line: int
    column: str
    wrong: Wrong
    values: Mapping[str, str] = field(default_factory=dict)


class CellError(Exception):
    """What is wrong with one cell; its place is known to the caller."""

    def __init__(self, wrong: Wrong, **values: str) -> None:
        """Keep what is wrong, and the values of its sentence."""
        super().__init__(wrong)
        self.wrong = wrong
        self.values = values


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column: its heading, which is the point's own word, and what its cells say.

    `write` is the way back: for every value that `read` gives, `read(write(value))` is it again.
    """

    name: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    required: bool = False
    # A figure that may have a fraction, which spreadsheets write differently by country.
    fraction: bool = False
    # Left out of an export in which no point needs it.
    extra: bool = False


def text(cell: str) -> str:
    """Take words. They come to screens and speech, and back to spreadsheets: no commands in them.

    A spreadsheet runs a cell that begins with = or @ when the exported table is opened.
    """
    words = " ".join(cell.split())
    if len(words) > LONGEST_TEXT:
        raise CellError(Wrong.TOO_LONG, most=str(LONGEST_TEXT))
    if not words.isprintable() or words[:1] in {"=", "@"}:
        raise CellError(Wrong.NOT_TEXT)
    return words


def several(cell: str) -> tuple[str, ...]:
    """Take words that are separated by | or any comma; a word that stands twice counts once."""
    return tuple(dict.fromkeys(word for one in _SEVERAL.split(cell) if (word := text(one))))


def number(cell: str) -> float:
    """Take a figure. No thousands are grouped: 1,500 is one thing here and another there."""
    try:
        value = float(cell)
    except ValueError:
        raise CellError(Wrong.NOT_A_NUMBER) from None
    if not math.isfinite(value) or "_" in cell:
        raise CellError(Wrong.NOT_A_NUMBER)
    return value


def factor(cell: str) -> float:
    """Take a figure that is not 0: every reading would be the offset."""
    if not (value := number(cell)):
        raise CellError(Wrong.OUT_OF_BOUNDS, low="> 0", high="< 0")
    return value


def positive(cell: str) -> float:
    """Take a figure above 0."""
    if (value := number(cell)) <= 0:
        raise CellError(Wrong.OUT_OF_BOUNDS, low="> 0", high="∞")
    return value


def whole(cell: str, bounds: tuple[int, int]) -> int:
    """Take a whole number, decimal or as 0x hexadecimal, within bounds that both count."""
    try:
        value = int(cell, 16 if cell.lower().startswith("0x") else 10)
    except ValueError:
        raise CellError(Wrong.NOT_WHOLE) from None
    if "_" in cell:
        raise CellError(Wrong.NOT_WHOLE)
    if not bounds[0] <= value <= bounds[1]:
        raise CellError(Wrong.OUT_OF_BOUNDS, low=str(bounds[0]), high=str(bounds[1]))
    return value


def raws(cell: str) -> tuple[int, ...]:
    """Take raw values; which of them fit is known with the type."""
    return tuple(whole(one.strip(), (-(1 << 31), (1 << 32) - 1)) for one in _SEVERAL.split(cell))


def boolean(cell: str) -> bool:
    """Take on or off."""
    word = cell.lower()
    if word not in _YES | _NO:
        raise CellError(Wrong.NOT_ONE_OF, choices="on, off")
    return word in _YES


def one_of[E: StrEnum](choices: type[E]) -> Callable[[str], E]:
    """Return the reader of a closed set of words."""

    def read(cell: str) -> E:
        try:
            return choices(cell.lower())
        except ValueError:
            raise CellError(Wrong.NOT_ONE_OF, choices=", ".join(choices)) from None

    return read


def data_type(cell: str) -> tuple[DataType, WordOrder]:
    """Take a type; two registers with the low word first are `_little`, or CDAB as makers say."""
    name, _, order = re.sub(r"[\s/-]+", "_", cell.lower()).partition("_")
    try:
        kind = DataType(name)
        word_order = _WORD_ORDERS[order] if order else WordOrder.BIG
    except ValueError, KeyError:
        choices = [*DataType, *(f"{one}_little" for one in DataType if one.words > 1)]
        raise CellError(Wrong.NOT_ONE_OF, choices=", ".join(choices)) from None
    if order and kind.words == 1:
        raise CellError(Wrong.NOT_ONE_OF, choices=kind)
    return kind, word_order


def figure(value: float) -> str:
    """Write a figure so that it reads back the same, and 10 as 10."""
    return repr(value).removesuffix(".0")


def on_off(value: bool) -> str:  # noqa: FBT001 - a column's value, not a switch of the function
    """Write on or off."""
    return "on" if value else "off"


def type_name(value: tuple[DataType, WordOrder]) -> str:
    """Write a type with its word order where that is not the standard's."""
    kind, order = value
    return f"{kind}_{order}" if order is not WordOrder.BIG else str(kind)


COLUMNS: Final = (
    Column(name="unit", read=lambda cell: whole(cell, UNITS), required=True),
    Column(name="name", read=text, required=True),
    Column(name="kind", read=one_of(Kind), required=True),
    Column(name="address", read=lambda cell: whole(cell, ADDRESSES), required=True),
    Column(name="type", read=data_type, write=type_name),
    Column(name="scale", read=factor, write=figure, fraction=True),
    Column(name="offset", read=number, write=figure, fraction=True),
    Column(name="unit_of_measurement", read=text),
    Column(name="device_class", read=text),
    Column(name="area", read=text),
    Column(name="floor", read=text),
    Column(name="labels", read=several, write=JOINED.join),
    Column(name="lane", read=one_of(Lane)),
    Column(name="alarm_value", read=boolean, write=on_off),
    Column(name="unit_name", read=text, extra=True),
    Column(name="confirm", read=boolean, write=on_off, extra=True),
    Column(name="writable", read=boolean, write=on_off, extra=True),
    Column(name="minimum", read=number, write=figure, fraction=True, extra=True),
    Column(name="maximum", read=number, write=figure, fraction=True, extra=True),
    Column(name="step", read=positive, write=figure, fraction=True, extra=True),
    Column(
        name="no_values",
        read=raws,
        write=lambda values: JOINED.join(map(str, values)),
        extra=True,
    ),
    Column(name="stuck_after", read=positive, write=figure, fraction=True, extra=True),
)
BY_NAME: Final[Mapping[str, Column]] = {column.name: column for column in COLUMNS}
