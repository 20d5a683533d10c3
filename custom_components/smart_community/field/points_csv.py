"""A contractor's point table (CSV): read whole or not at all, written so that it reads the same.

    unit,name,kind,address,type,scale,offset,unit_of_measurement,device_class,area,floor,labels,lane,alarm_value
    1,Smoke 201,discrete,0,bool,,,,smoke,Flat 201,Floor 2,smoke|block a,fast,
    1,Pump room level,input,40,uint16,0.1,,cm,distance,Pump room,Basement,,fast,

`unit`, `name`, `kind` and `address` must be there, the rest may be empty or left out; the columns
may stand in any order. `address` is the one in the request, from 0: holding register 40001 of a
maker's handbook is `holding,0`. Further columns, where a unit needs them: unit_name, confirm,
writable, minimum, maximum, step, no_values, stuck_after; they mean what `Point` says of them.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from itertools import groupby
from typing import Any, Final

from .point import DataType, Kind, Lane, Point, WordOrder
from .point_cells import (
    BY_NAME,
    COLUMNS,
    LONGEST_TEXT,
    CellError,
    Column,
    TableError,
    Wrong,
)

# Home Assistant keeps no more entities of one config entry.
MOST_POINTS: Final = 10_000
# Comma, and what spreadsheets write where the comma is the decimal sign, or as "Unicode text".
_SEPARATORS: Final = ",;\t"
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_REQUIRED: Final = frozenset(column.name for column in COLUMNS if column.required)
_DEFAULTS: Final[Mapping[str, Any]] = {
    one.name: one.default for one in fields(Point) if one.default is not MISSING
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """Home Assistant's words: which device classes there are, and the units each allows.

    A class without units takes any. `actuator` are those of a bool that can be written.
    """

    binary: frozenset[str]
    actuator: frozenset[str]
    measured: Mapping[str, frozenset[str | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitTable:
    """The points of one unit, in the table's order, and the unit's name if the table has one."""

    address: int
    points: tuple[Point, ...]
    name: str | None = None


class PointTableError(Exception):
    """The table cannot be taken. `errors` is everything that is wrong with it, by line."""

    def __init__(self, errors: Iterable[TableError]) -> None:
        """Keep the errors in the order in which an editor shows them."""
        self.errors = tuple(sorted(errors, key=lambda one: one.line))
        super().__init__(f"{len(self.errors)} errors in a point table")


@dataclass(kw_only=True, slots=True)
class _Row:
    """A line whose cells are all in order."""

    line: int
    values: Mapping[str, Any]


@dataclass(kw_only=True, slots=True)
class _Reading:
    """A table being read: its separator, its columns, and what was found wrong so far."""

    words: Vocabulary
    separator: str = ","
    errors: list[TableError] = field(default_factory=list)

    def wrong(self, line: int, column: str, wrong: Wrong, **values: str) -> None:
        self.errors.append(TableError(line=line, column=column, wrong=wrong, values=values))


def decode(data: bytes) -> str:
    """Return the text of a file that a spreadsheet wrote: UTF-8, GB18030, or UTF-16 with its mark.

    Raises PointTableError for anything else. Text of another national encoding can look like
    GB18030; its names are then wrong in a way that is seen at once, and nothing else is.
    """
    marked = next(((mark, one) for mark, one in _BOMS if data.startswith(mark)), None)
    encodings = [marked[1]] if marked else ["utf-8", "gb18030"]
    data = data.removeprefix(marked[0]) if marked else data
    at = 0
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as err:
            at = max(at, err.start)  # what reads furthest is what it was meant to be
    line = data[:at].count(b"\n") + 1
    raise PointTableError([TableError(line=line, column="", wrong=Wrong.ENCODING)])


def parse(table: bytes | str, words: Vocabulary) -> tuple[UnitTable, ...]:
    """Return the units of a table by address. Raises PointTableError with all that is wrong."""
    content = decode(table) if isinstance(table, bytes) else table.removeprefix("\ufeff")
    reading = _Reading(words=words)
    rows = list(_rows(reading, content))
    _compare(reading, rows)
    if not rows and not reading.errors:
        reading.wrong(1, "", Wrong.EMPTY)
    if reading.errors:
        raise PointTableError(reading.errors)
    by_unit = sorted(rows, key=lambda row: row.values["unit"])
    return tuple(
        _unit(address, list(rows)) for address, rows in groupby(by_unit, lambda r: r.values["unit"])
    )


def _unit(address: int, rows: Sequence[_Row]) -> UnitTable:
    named = (row.values.get("unit_name") for row in rows)
    return UnitTable(
        address=address,
        name=next((name for name in named if name is not None), None),
        points=tuple(_point(row.values) for row in rows),
    )


def _lines(reading: _Reading, content: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that have anything in them, each with the line on which it begins."""
    first, _, rest = content.partition("\n")
    skipped = 0
    if (mark := first.strip().lower()).startswith("sep=") and len(mark) > len("sep="):
        content, skipped, first = rest, 1, rest.partition("\n")[0]
    headings = BY_NAME.keys()
    reading.separator = max(
        _SEPARATORS,
        key=lambda one: len(headings & {c.strip(' "\r').lower() for c in first.split(one)}),
    )
    lines = csv.reader(io.StringIO(content, newline=""), delimiter=reading.separator, strict=True)
    begins = skipped + 1
    try:
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield begins, [cell.strip() for cell in cells]
            begins = skipped + lines.line_num + 1
    except csv.Error:
        reading.wrong(begins, "", Wrong.QUOTES)


def _rows(reading: _Reading, content: str) -> Iterator[_Row]:
    lines = _lines(reading, content)
    line, heading = next(lines, (1, []))
    columns = _columns(reading, line, heading) if heading else ()
    if not columns:
        return
    for count, (at, cells) in enumerate(lines):
        if count == MOST_POINTS:
            reading.wrong(at, "", Wrong.TOO_MANY_POINTS, most=str(MOST_POINTS))
            return
        if (values := _cells(reading, at, columns, cells)) is not None:
            yield _Row(line=at, values=values)


def _columns(reading: _Reading, line: int, heading: list[str]) -> tuple[Column, ...]:
    """Return what stands under which heading; none at all if a heading is wrong."""
    names = [name.lower() for name in heading]
    while names and not names[-1]:
        names.pop()  # the empty columns that a spreadsheet has to the right of its table
    for index, name in enumerate(names):
        if name not in BY_NAME:
            choices = ", ".join(one for one in BY_NAME if one not in names)
            reading.wrong(line, name[:LONGEST_TEXT], Wrong.UNKNOWN_COLUMN, choices=choices)
        elif name in names[:index]:
            reading.wrong(line, name, Wrong.COLUMN_TWICE)
    for column in COLUMNS:
        if column.required and column.name not in names:
            reading.wrong(line, column.name, Wrong.MISSING_COLUMN)
    return () if reading.errors else tuple(BY_NAME[name] for name in names)


def _cells(
    reading: _Reading, line: int, columns: Sequence[Column], cells: list[str]
) -> Mapping[str, Any] | None:
    """Return the row's values, defaults left out; None if anything in it is wrong."""
    before = len(reading.errors)
    if any(cells[len(columns) :]):
        reading.wrong(line, "", Wrong.TOO_MANY_CELLS, columns=str(len(columns)))
    values: dict[str, Any] = {}
    for index, column in enumerate(columns):
        cell = cells[index] if index < len(cells) else ""
        if column.fraction and reading.separator == ";":
            # Spreadsheets separate by semicolons only where the comma is the decimal sign.
            cell = cell.replace(",", ".")
        try:
            if cell:
                values[column.name] = column.read(cell)
            elif column.required:
                raise CellError(Wrong.MISSING)  # noqa: TRY301 - one place says where it is
        except CellError as err:
            reading.wrong(line, column.name, err.wrong, cell=cell[:40], **err.values)
    if len(reading.errors) == before:
        _together(reading, line, values)
    return values if len(reading.errors) == before else None


def _together(reading: _Reading, line: int, values: dict[str, Any]) -> None:
    """Set what follows from the other cells of the row, and find what contradicts them."""
    kind: Kind = values["kind"]
    default = DataType.BOOL if kind.is_bit else DataType.UINT16
    data, order = values.setdefault("type", (default, WordOrder.BIG))
    values["type"], values["word_order"] = data, order
    # An input that nobody said anything about is a contact, and a contact may be an alarm.
    values.setdefault("lane", Lane.FAST if kind is Kind.DISCRETE else Lane.SLOW)
    is_bool = data is DataType.BOOL
    if kind.is_bit and not is_bool:
        reading.wrong(line, "type", Wrong.BITS_ARE_BOOL, cell=str(data))
        return
    for name in _ONLY_BOOL if not is_bool else _ONLY_NUMBERS:
        if name in values:
            reading.wrong(line, name, Wrong.ONLY_NUMBERS if is_bool else Wrong.ONLY_BOOL)
    if values.get("writable") and kind in {Kind.DISCRETE, Kind.INPUT}:
        reading.wrong(line, "writable", Wrong.ONLY_WRITABLE_TABLES, cell=str(kind))
    if values["address"] + data.words > 1 << 16:
        most = str((1 << 16) - data.words)
        reading.wrong(line, "address", Wrong.OUT_OF_BOUNDS, low="0", high=most)
    if values.get("minimum", -float("inf")) > values.get("maximum", float("inf")):
        reading.wrong(line, "maximum", Wrong.ORDER)
    if "floor" in values and "area" not in values:
        reading.wrong(line, "floor", Wrong.NO_AREA)
    _device_class(reading, line, values)


_ONLY_NUMBERS: Final = (
    "scale",
    "offset",
    "unit_of_measurement",
    "minimum",
    "maximum",
    "step",
    "no_values",
    "stuck_after",
)
_ONLY_BOOL: Final = ("alarm_value", "confirm")


def _device_class(reading: _Reading, line: int, values: Mapping[str, Any]) -> None:
    words, given = reading.words, values.get("device_class")
    if given is None:
        return
    if values["type"] is DataType.BOOL:
        choices = words.binary | (words.actuator if values.get("writable") else frozenset())
    else:
        choices = frozenset(words.measured)
    if given not in choices:
        said = ", ".join(sorted(choices))
        reading.wrong(line, "device_class", Wrong.NOT_ONE_OF, cell=given, choices=said)
        return
    unit, allowed = values.get("unit_of_measurement"), words.measured.get(given)
    if values["type"] is not DataType.BOOL and allowed and unit not in allowed:
        said = ", ".join(sorted(one or "-" for one in allowed))
        reading.wrong(
            line,
            "unit_of_measurement",
            Wrong.WRONG_UNIT_OF_MEASUREMENT,
            cell=unit or "",
            device_class=given,
            choices=said,
        )


def _compare(reading: _Reading, rows: Sequence[_Row]) -> None:
    """Find rows that contradict an earlier one."""
    for column, shared, wrong in (
        ("unit_name", "unit", Wrong.TWO_NAMES),
        ("floor", "area", Wrong.TWO_FLOORS),
    ):
        said: dict[Any, _Row] = {}
        for row in rows:
            if column not in row.values:
                continue
            first = said.setdefault(row.values[shared], row)
            if first.values[column] != row.values[column]:
                reading.wrong(row.line, column, wrong, other=str(first.line))
    taken: dict[tuple[int, Kind, int], _Row] = {}
    for row in rows:
        unit, kind, address = (row.values[name] for name in ("unit", "kind", "address"))
        others: dict[int, _Row] = {}
        for at in range(address, address + row.values["type"].words):
            first = taken.setdefault((unit, kind, at), row)
            if first is not row:
                others[first.line] = first
        for other in others.values():
            same = other.values["address"] == address
            wrong = Wrong.ADDRESS_TWICE if same else Wrong.OVERLAP
            reading.wrong(row.line, "address", wrong, other=str(other.line))


def _point(values: Mapping[str, Any]) -> Point:
    kind, address = values["kind"], values["address"]
    own = {name: value for name, value in values.items() if name not in {"unit", "unit_name"}}
    return Point(key=f"{kind}_{address}", **own)


def render(units: Iterable[UnitTable]) -> str:
    """Return the table that `parse` reads as these units.

    By unit and in the points' order; what is a default is left empty, and a column beyond the
    fixed ones is there only if a point needs it.
    """
    lines = [
        _line(unit, point)
        for unit in sorted(units, key=lambda u: u.address)
        for point in unit.points
    ]
    columns = [
        column for column in COLUMNS if not column.extra or any(line[column.name] for line in lines)
    ]
    out = io.StringIO()
    writer = csv.DictWriter(
        out, [column.name for column in columns], extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _line(unit: UnitTable, point: Point) -> dict[str, str]:
    values: dict[str, Any] = {
        "unit": unit.address,
        "unit_name": unit.name,
        "type": (point.type, point.word_order),
        "lane": point.lane,
    }
    for column in COLUMNS:
        value = getattr(point, column.name, None)
        if column.name not in values and value != _DEFAULTS.get(column.name):
            values[column.name] = value
    return {
        column.name: "" if (value := values.get(column.name)) is None else column.write(value)
        for column in COLUMNS
    }
