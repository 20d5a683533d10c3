"""A point table: read in every dress that spreadsheets give it, or not at all."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.smart_community.field.point import DataType, Kind, Lane, Point, WordOrder
from custom_components.smart_community.field.point_cells import COLUMNS, Wrong
from custom_components.smart_community.field.points_csv import (
    MOST_POINTS,
    PointTableError,
    UnitTable,
    Vocabulary,
    parse,
    render,
)

WORDS = Vocabulary(
    binary=frozenset({"smoke", "moisture", "problem"}),
    actuator=frozenset({"switch"}),
    measured={
        "temperature": frozenset({"°C", "°F"}),
        "ph": frozenset({None}),
        "sound_pressure": frozenset(),
    },
)
FIXED = (
    "unit,name,kind,address,type,scale,offset,unit_of_measurement,device_class,area,floor,labels,"
    "lane,alarm_value"
)
TABLE = f"""{FIXED}
1,Smoke 201,discrete,0,bool,,,,smoke,Flat 201,Floor 2,smoke|block a,fast,
1,Cabinet,input,40,int16,0.1,-5,°C,temperature,,,,slow,
3,烟感 301,discrete,7,bool,,,,smoke,三楼走廊,三层,烟感,fast,off
3,Energy,input,100,uint32_little,0.01,,,,,,,slow,
"""


def test_a_table_is_units_with_their_points() -> None:
    first, third = parse(TABLE, WORDS)
    assert (first.address, third.address) == (1, 3)
    assert first.points == (
        Point(
            key="discrete_0",
            name="Smoke 201",
            kind=Kind.DISCRETE,
            address=0,
            device_class="smoke",
            area="Flat 201",
            floor="Floor 2",
            labels=("smoke", "block a"),
            lane=Lane.FAST,
        ),
        Point(
            key="input_40",
            name="Cabinet",
            kind=Kind.INPUT,
            address=40,
            type=DataType.INT16,
            scale=0.1,
            offset=-5,
            unit_of_measurement="°C",
            device_class="temperature",
        ),
    )
    assert third.points[0].alarm_value is False
    assert third.points[0].name == "烟感 301"
    assert (third.points[1].type, third.points[1].word_order) == (
        DataType.UINT32,
        WordOrder.LITTLE,
    )
    assert render((first, third)) == TABLE


@pytest.mark.parametrize(
    "dressed",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("gb18030"),
        TABLE.encode("utf-16"),
        TABLE.replace(",", "\t").encode("utf-16"),
        TABLE.replace("\n", "\r\n").encode("utf-8-sig"),
        TABLE.replace("\n", "\r").encode(),
        ("sep=,\r\n" + TABLE.replace("\n", "\r\n")).encode("gb18030"),
        TABLE.replace(",", ";").replace("0.1", "0,1").replace("0.01", "0,01").encode(),
        ("sep=;\n" + TABLE.replace(",", ";")).encode(),
        TABLE.replace("unit,name", " Unit ,NAME").encode(),
        TABLE.replace("\n", ",,\n").encode(),
        (TABLE.replace("\n3", "\n,,,\n\n3") + "\n\n").encode(),
        ("\ufeff" + TABLE).encode(),
    ],
)  # fmt: skip
def test_every_dress_that_a_spreadsheet_gives_a_table_is_read(dressed: bytes) -> None:
    assert render(parse(dressed, WORDS)) == TABLE


def test_what_is_left_out_is_the_default_and_a_contact_is_read_fast() -> None:
    table = "kind,unit,address,name\ndiscrete,1,0x10,A\ninput,1,0,B\ncoil,1,3,C\nholding,1,0,D\n"
    (unit,) = parse(table, WORDS)
    assert [(p.key, p.type, p.lane) for p in unit.points] == [
        ("discrete_16", DataType.BOOL, Lane.FAST),
        ("input_0", DataType.UINT16, Lane.SLOW),
        ("coil_3", DataType.BOOL, Lane.SLOW),
        ("holding_0", DataType.UINT16, Lane.SLOW),
    ]


def test_a_makers_words_for_the_word_order_are_known() -> None:
    rows = ["uint32 CDAB", "float32-little", "int32_big", "FLOAT32/ABCD", "float32"]
    table = "unit,name,kind,address,type\n" + "".join(
        f"1,A,input,{2 * at},{word}\n" for at, word in enumerate(rows)
    )
    orders = [point.word_order for point in parse(table, WORDS)[0].points]
    assert orders == [WordOrder.LITTLE] * 2 + [WordOrder.BIG] * 3


def errors(table: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(PointTableError) as caught:
        parse(table, WORDS)
    return [(one.line, one.column, one.wrong) for one in caught.value.errors]


def test_every_error_is_told_at_once_with_its_line_and_column() -> None:
    table = f"""{FIXED},minimum,maximum,writable
0,A,discrete,0,bool,,,,smoke,,,,fast,,,,
1,,relay,-1,bool,,,,,,,,quick,maybe,,,

1,"B
B",discrete,0,uint16,0,x,,,,,,,,,,
1,C,input,1,bool,2,1,V,temperature,,,,,,,,
1,D,input,2,uint16,,,K,temperature,,Ground,,,on,9,5,
1,E,input,65535,uint32,,,,warmth,,,,,,,,yes
1,F,discrete,1.5,uint16_little,nan,1_0,,,,,,,,,,
1,=cmd(),discrete,9,bool,,,,,,,,,,,,,more
"""
    assert errors(table) == [
        (2, "unit", Wrong.OUT_OF_BOUNDS),
        (3, "name", Wrong.MISSING),
        (3, "kind", Wrong.NOT_ONE_OF),
        (3, "address", Wrong.OUT_OF_BOUNDS),
        (3, "lane", Wrong.NOT_ONE_OF),
        (3, "alarm_value", Wrong.NOT_ONE_OF),
        (5, "scale", Wrong.OUT_OF_BOUNDS),
        (5, "offset", Wrong.NOT_A_NUMBER),
        (7, "scale", Wrong.ONLY_NUMBERS),
        (7, "offset", Wrong.ONLY_NUMBERS),
        (7, "unit_of_measurement", Wrong.ONLY_NUMBERS),
        (7, "device_class", Wrong.NOT_ONE_OF),
        (8, "alarm_value", Wrong.ONLY_BOOL),
        (8, "maximum", Wrong.ORDER),
        (8, "floor", Wrong.NO_AREA),
        (8, "unit_of_measurement", Wrong.WRONG_UNIT_OF_MEASUREMENT),
        (9, "writable", Wrong.ONLY_WRITABLE_TABLES),
        (9, "address", Wrong.OUT_OF_BOUNDS),
        (9, "device_class", Wrong.NOT_ONE_OF),
        (10, "address", Wrong.NOT_WHOLE),
        (10, "type", Wrong.NOT_ONE_OF),
        (10, "scale", Wrong.NOT_A_NUMBER),
        (10, "offset", Wrong.NOT_A_NUMBER),
        (11, "", Wrong.TOO_MANY_CELLS),
        (11, "name", Wrong.NOT_TEXT),
    ]


def test_an_error_names_what_stands_there_and_what_may() -> None:
    with pytest.raises(PointTableError) as caught:
        parse("unit,name,kind,address,lane\n1,A,relay,0,\n900,B,coil,0,\n", WORDS)
    kind, unit = caught.value.errors
    assert dict(kind.values) == {"cell": "relay", "choices": "coil, discrete, holding, input"}
    assert dict(unit.values) == {"cell": "900", "low": "1", "high": "247"}


def test_rows_that_contradict_each_other_name_each_other() -> None:
    table = (
        "unit,name,kind,address,type,area,floor,unit_name\n"
        "1,A,input,10,uint32,Hall,Ground,Cabinet\n"
        "1,B,input,11,uint16,,,\n"
        "1,C,input,10,uint32,,,Closet\n"
        "2,D,input,10,uint32,Hall,First,\n"
        "1,E,holding,10,uint32,,,\n"
    )
    assert errors(table) == [
        (3, "address", Wrong.OVERLAP),
        (4, "unit_name", Wrong.TWO_NAMES),
        (4, "address", Wrong.ADDRESS_TWICE),
        (5, "floor", Wrong.TWO_FLOORS),
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (b"", [(1, "", Wrong.EMPTY)]),
        (FIXED.encode(), [(1, "", Wrong.EMPTY)]),
        (b"\0\0", [(1, "\0\0", Wrong.UNKNOWN_COLUMN)]),
        (f"{FIXED}\n1,A\xff".encode("latin-1"), [(2, "", Wrong.ENCODING)]),
        (f"{FIXED}\n1,烟,\n2,".encode() + b"\xff\xff", [(3, "", Wrong.ENCODING)]),
        (b"\xff\xfe" + "烟".encode("utf-16-le") + b"\n", [(1, "", Wrong.ENCODING)]),
        (b"x" * 300, [(1, "x" * 100, Wrong.UNKNOWN_COLUMN)]),
        (f'{FIXED}\n1,"A,coil,0\n'.encode(), [(2, "", Wrong.QUOTES)]),
        (b"unit,name,kind,adress\n1,A,coil,0\n", [(1, "adress", Wrong.UNKNOWN_COLUMN)]),
        (b"unit,name,kind,address,lane,lane\n", [(1, "lane", Wrong.COLUMN_TWICE)]),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(
    table: bytes, expected: list[tuple[int, str, Wrong]]
) -> None:
    assert errors(table)[: len(expected)] == expected


def test_a_table_without_its_columns_says_which() -> None:
    assert errors("unit,lane\n1,fast\n") == [
        (1, name, Wrong.MISSING_COLUMN) for name in ("name", "kind", "address")
    ]


def test_a_table_is_as_long_as_home_assistant_takes() -> None:
    rows = "".join(f"{1 + at % 100},P,discrete,{at // 100}\n" for at in range(MOST_POINTS))
    units = parse("unit,name,kind,address\n" + rows, WORDS)
    assert sum(len(unit.points) for unit in units) == MOST_POINTS
    too_many = f"unit,name,kind,address\n{rows}200,P,coil,0\n"
    assert errors(too_many) == [(MOST_POINTS + 2, "", Wrong.TOO_MANY_POINTS)]


WORD = (
    st.text(
        st.characters(exclude_categories=["C", "Z"], exclude_characters="|;,、；，"), min_size=1
    )
    .map(lambda word: word[:100])
    .filter(lambda word: word.isprintable() and word[0] not in "=@" and "\ufeff" not in word)
)
FIGURE = st.floats(allow_nan=False, allow_infinity=False)
MORE_THAN_NOTHING = st.floats(min_value=0, exclude_min=True, allow_infinity=False)


@st.composite
def points(draw: st.DrawFn, kind: Kind, address: int) -> Point:
    bits = kind.is_bit
    data = DataType.BOOL if bits else draw(st.sampled_from(DataType))
    area = draw(st.none() | WORD)
    values: dict[str, Any] = {
        "key": f"{kind}_{address}",
        "name": draw(WORD),
        "kind": kind,
        "address": address,
        "type": data,
        "lane": draw(st.sampled_from(Lane)),
        "area": area,
        "labels": tuple(dict.fromkeys(draw(st.lists(WORD, max_size=3)))),
        "writable": kind in {Kind.COIL, Kind.HOLDING} and draw(st.booleans()),
    }
    if data is DataType.BOOL:
        values["alarm_value"] = draw(st.booleans())
        values["confirm"] = draw(st.booleans())
        values["device_class"] = draw(st.none() | st.sampled_from(sorted(WORDS.binary)))
        return Point(**values)
    limits = sorted(draw(st.tuples(FIGURE, FIGURE)))
    known, units = draw(
        st.sampled_from(
            [(None, "W"), ("temperature", "°C"), ("ph", None), ("sound_pressure", "dB")]
        )
    )
    return Point(
        **values,
        word_order=draw(st.sampled_from(WordOrder)) if data.words == 2 else WordOrder.BIG,
        scale=draw(FIGURE.filter(bool)),
        offset=draw(FIGURE),
        device_class=known,
        unit_of_measurement=units,
        minimum=draw(st.none() | st.just(limits[0])),
        maximum=draw(st.none() | st.just(limits[1])),
        step=draw(st.none() | MORE_THAN_NOTHING),
        stuck_after=draw(st.none() | MORE_THAN_NOTHING),
        no_values=tuple(draw(st.lists(st.integers(-32768, 65535), max_size=2))),
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[UnitTable, ...]:
    addresses = draw(st.sets(st.integers(1, 247), min_size=1, max_size=3))
    units = []
    for address in sorted(addresses):
        places = draw(
            st.sets(
                st.tuples(st.sampled_from(Kind), st.integers(0, 0x7FFE)), min_size=1, max_size=4
            )
        )
        units.append(
            UnitTable(
                address=address,
                name=draw(st.none() | WORD),
                points=tuple(draw(points(kind, 2 * at)) for kind, at in sorted(places)),
            )
        )
    return tuple(units)


@settings(max_examples=150, deadline=None)
@given(tables(), st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
def test_what_is_exported_is_imported_as_the_same(
    table: tuple[UnitTable, ...], encoding: str
) -> None:
    written = render(table)
    assert parse(written, WORDS) == table
    assert render(parse(written.encode(encoding), WORDS)) == written


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda rest: f"{FIXED}\n{rest}".encode())
)
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    try:
        found: tuple[Any, ...] = parse(data, WORDS)
    except PointTableError as err:
        found = err.errors
    assert found


def test_columns_are_named_as_the_points_own_fields_and_the_contract_says() -> None:
    assert [column.name for column in COLUMNS if not column.extra] == FIXED.split(",")
    fields = set(Point.__dataclass_fields__) | {"unit", "unit_name"}
    assert {column.name for column in COLUMNS} <= fields
