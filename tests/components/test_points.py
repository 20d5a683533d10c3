"""A point table through the action: units of a bus, by difference, or nothing and every reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.field.point import DataType, Kind
from custom_components.smart_community.field.point_cells import Wrong
from custom_components.smart_community.field.points_csv import decode
from custom_components.smart_community.point_words import vocabulary

from .translated import COMPONENT, LANGUAGES

EXAMPLE = Path(__file__).parents[2] / "config_examples" / "point_table"
TABLE = """unit,name,kind,address,type,device_class,unit_of_measurement,scale,lane,unit_name
5,Smoke 201,discrete,0,bool,smoke,,,fast,Cabinet B1
5,Temperature,input,40,int16,temperature,°C,0.1,slow,
9,泵房水位,input,0,uint16,distance,cm,0.1,slow,泵房
"""


@pytest.fixture
async def bus(hass: HomeAssistant) -> MockConfigEntry:
    assert await async_setup_component(hass, DOMAIN, {})
    return add_bus(hass, "Line 1")


def add_bus(hass: HomeAssistant, title: str, **subentries: Any) -> MockConfigEntry:
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title,
        data={"kind": "modbus_bus", "transport": "tcp", "host": "127.0.0.1", "port": 1},
        **subentries,
    )
    entry.add_to_hass(hass)
    return entry


async def act(hass: HomeAssistant, action: str, **data: Any) -> Any:
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


def units(entry: MockConfigEntry) -> dict[int, Any]:
    return {one.data["unit"]: one for one in entry.subentries.values()}


async def test_a_table_makes_units_and_comes_back_the_same(
    hass: HomeAssistant, bus: MockConfigEntry
) -> None:
    answer = await act(hass, "import_points", table=TABLE)
    assert answer == {
        "units": {"added": 2, "changed": 0, "unchanged": 0},
        "points": {"added": 3, "changed": 0, "removed": 0, "unchanged": 0},
    }
    found = units(bus)
    assert (found[5].title, found[5].unique_id, found[9].title) == ("Cabinet B1", "unit:5", "泵房")
    assert found[5].data["points"][1] == {
        "key": "input_40",
        "kind": Kind.INPUT,
        "address": 40,
        "type": DataType.INT16,
        "scale": 0.1,
        "unit_of_measurement": "°C",
        "device_class": "temperature",
        "name": "Temperature",
    }
    exported = await act(hass, "export_points")
    assert (exported["units"], exported["points"]) == (2, 3)
    again = await act(hass, "import_points", table=exported["table"])
    assert again["units"] == {"added": 0, "changed": 0, "unchanged": 2}
    assert again["points"]["unchanged"] == 3
    assert (await act(hass, "export_points"))["table"] == exported["table"]
    only = await act(hass, "export_points", unit=9)
    assert only["points"] == 1
    assert "泵房水位" in only["table"]


async def test_a_second_table_changes_only_what_differs(
    hass: HomeAssistant, bus: MockConfigEntry
) -> None:
    await act(hass, "import_points", table=TABLE)
    before = units(bus)
    kept, ids = before[9].data, {at: one.subentry_id for at, one in before.items()}
    heading, smoke, _, _ = TABLE.splitlines()
    table = "\n".join(
        (heading, smoke.replace("Smoke 201", "Smoke 202"), "5,New,discrete,1,,smoke,,,,")
    )
    check = await act(hass, "import_points", table=table, check_only=True)
    assert check["points"] == {"added": 1, "changed": 1, "removed": 1, "unchanged": 0}
    assert len(units(bus)[5].data["points"]) == 2
    assert await act(hass, "import_points", table=table) == check
    after = units(bus)
    assert {at: one.subentry_id for at, one in after.items()} == ids
    assert [point["name"] for point in after[5].data["points"]] == ["Smoke 202", "New"]
    assert after[9].data is kept


async def test_a_name_that_a_person_gave_a_unit_stays(
    hass: HomeAssistant, bus: MockConfigEntry
) -> None:
    await act(hass, "import_points", table="unit,name,kind,address\n5,A,coil,0\n")
    assert units(bus)[5].title == "Line 1 5"
    await act(hass, "import_points", table=TABLE)
    assert units(bus)[5].title == "Cabinet B1"
    hass.config_entries.async_update_subentry(bus, units(bus)[5], title="Ours")
    await act(hass, "import_points", table=TABLE.replace("Cabinet B1", "Cabinet B2"))
    assert units(bus)[5].title == "Ours"


async def refused(hass: HomeAssistant, **data: Any) -> ServiceValidationError:
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "import_points", **data)
    return caught.value


async def test_a_table_that_is_wrong_changes_nothing_and_says_everything(
    hass: HomeAssistant, bus: MockConfigEntry
) -> None:
    rows = "".join(f"5,P{at},relay,{at},,,,,,\n" for at in range(50))
    err = await refused(hass, table=f"{TABLE}{rows}0,Last,coil,x,,,,,,\n")
    assert err.translation_key == "point_table_wrong"
    assert (err.translation_placeholders or {})["errors"].splitlines() == [
        "Line 5-54, column kind: “relay” is none of: coil, discrete, holding, input.",
        "Line 55, column unit: “0” is not between 1 and 247.",
        "Line 55, column address: “x” is not a whole number.",
    ]
    assert not bus.subentries


async def test_a_table_of_errors_is_told_as_far_as_it_helps(
    hass: HomeAssistant, bus: MockConfigEntry
) -> None:
    hass.config.language = "zh-Hans"
    rows = "".join(f"5,P,coil,x{at}\n" for at in range(150))
    err = await refused(hass, table=f"unit,name,kind,address\n{rows}")
    lines = (err.translation_placeholders or {})["errors"].splitlines()
    assert lines[0] == "第 2 行，address 列：“x0”不是整数。"
    assert len(lines) == 101
    assert lines[-1].startswith("另有 50 处。")


async def test_a_check_returns_every_error_however_many_there_are(
    hass: HomeAssistant, bus: MockConfigEntry
) -> None:
    rows = "".join(f"5,P,coil,x{at}\n" for at in range(150))
    table = f"unit,name,kind,address\n{rows}"
    answer = await act(hass, "import_points", table=table, check_only=True)
    assert answer == {
        "errors": [
            f"Line {at + 2}, column address: “x{at}” is not a whole number." for at in range(150)
        ]
    }
    with pytest.raises(ServiceValidationError):  # nobody would see what is returned
        await hass.services.async_call(
            DOMAIN, "import_points", {"table": table, "check_only": True}, blocking=True
        )


async def test_a_unit_with_a_family_is_not_replaced_by_a_table(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    data = {"unit": 5, "family": "fire_panel", "inputs": 4, "names": []}
    panel = {"subentry_type": "unit", "title": "Panel", "unique_id": "unit:5", "data": data}
    entry = add_bus(hass, "Line", subentries_data=[panel])
    err = await refused(hass, table=TABLE)
    assert (err.translation_key, err.translation_placeholders) == (
        "unit_has_a_family",
        {"units": "5"},
    )
    assert len(entry.subentries) == 1
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "export_points")
    assert caught.value.translation_key == "no_point_table"


async def test_a_bus_takes_no_more_points_than_home_assistant_keeps(
    hass: HomeAssistant, bus: MockConfigEntry
) -> None:
    heading = "unit,name,kind,address\n"
    most = "".join(f"{1 + at // 2000},P,discrete,{at % 2000}\n" for at in range(10_000))
    assert (await act(hass, "import_points", table=heading + most))["units"]["added"] == 5
    err = await refused(hass, table=f"{heading}6,P,coil,0\n")
    assert (err.translation_key, err.translation_placeholders) == (
        "bus_full",
        {"points": "10001", "most": "10000"},
    )


async def test_the_bus_is_named_where_there_are_several(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    assert (await refused(hass, table=TABLE)).translation_key == "bus_missing"
    first, second = add_bus(hass, "Line 1"), add_bus(hass, "Line 2")
    assert (await refused(hass, table=TABLE)).translation_key == "bus_ambiguous"
    assert (await refused(hass, table=TABLE, bus="Line 3")).translation_key == "bus_unknown"
    await act(hass, "import_points", table=TABLE, bus="Line 2")
    await act(hass, "import_points", table=TABLE, bus=first.entry_id)
    assert len(first.subentries) == len(second.subentries) == 2


async def test_a_file_is_read_from_where_home_assistant_may(
    hass: HomeAssistant, bus: MockConfigEntry, tmp_path: Path
) -> None:
    path = tmp_path / "points.csv"
    assert (await refused(hass)).translation_key == "table_or_file"
    assert (await refused(hass, table=TABLE, file=str(path))).translation_key == "table_or_file"
    assert (await refused(hass, file=str(path))).translation_key == "path_not_allowed"
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    assert (await refused(hass, file=str(path))).translation_key == "file_unreadable"
    path.write_bytes(b"x" * (8 * 1024 * 1024 + 1))
    assert (await refused(hass, file=str(path))).translation_key == "file_too_large"
    path.write_bytes(TABLE.encode("gb18030"))
    await act(hass, "import_points", file=str(path))
    assert units(bus)[9].title == "泵房"


async def test_only_an_administrator_imports_and_exports(
    hass: HomeAssistant, bus: MockConfigEntry, hass_read_only_user: MockUser
) -> None:
    context = Context(user_id=hass_read_only_user.id)
    for action, data in (("import_points", {"table": TABLE}), ("export_points", {})):
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call(
                DOMAIN, action, data, blocking=True, context=context, return_response=True
            )
        assert refused.value.translation_key == "configure_not_permitted"
    assert not bus.subentries


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_shipped_table_of_2000_points_is_imported_and_comes_back(
    hass: HomeAssistant, bus: MockConfigEntry, language: str
) -> None:
    hass.config.allowlist_external_dirs = {str(EXAMPLE)}
    path = EXAMPLE / f"points.{language}.csv"
    answer = await act(hass, "import_points", file=str(path))
    assert answer["points"]["added"] == 2000
    exported = await act(hass, "export_points")
    assert exported["table"] == decode(path.read_bytes())


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_wrong_with_a_table_has_its_sentence(language: str) -> None:
    texts = json.loads((COMPONENT / "texts" / f"{language}.json").read_text())
    assert set(texts["point_table"]["wrong"]) == set(Wrong)


def test_home_assistants_own_words_are_what_a_table_may_say() -> None:
    words = vocabulary()
    assert "smoke" in words.binary
    assert "outlet" in words.actuator
    assert {"°C", "°F", "K"} <= words.measured["temperature"]
    assert words.measured["ph"] == {None}
    assert "timestamp" not in words.measured
