"""A point table on a bus at work: its points as entities in their places, changed by difference."""

import csv
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import label_registry as lr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.modbus_server import FAMILIES, ModbusServer, Unit
from tests.simulators.modbus_server.families import fire_panel

from .test_modbus_families import set_up, shown, until
from .test_points import EXAMPLE, act

HEADING = "unit,name,kind,address,type,scale,unit_of_measurement,device_class,area,floor,labels,unit_name\n"  # noqa: E501
SMOKE = "1,Room 201,discrete,0,bool,,,smoke,{area},{floor},{labels},Block 1\n"
TANK = "1,Level,input,40,uint16,0.1,cm,distance,,,,\n"
OTHER = "2,Hall,discrete,0,bool,,,smoke,Hall,Block 2,,Block 2\n"


def table(
    area: str = "Flat 201", floor: str = "Block 1", labels: str = "smoke|night", more: str = ""
) -> str:
    return HEADING + SMOKE.format(area=area, floor=floor, labels=labels) + TANK + more


@pytest.fixture
async def bus(
    hass: HomeAssistant, socket_enabled: None
) -> AsyncIterator[tuple[MockConfigEntry, ModbusServer]]:
    async with ModbusServer() as server:
        server.units = {1: FAMILIES["dense"](), 2: FAMILIES["dense"]()}
        entry = await set_up(hass, server)
        await act(hass, "import_points", table=table(more=OTHER))
        await until(lambda: shown(hass, "binary_sensor.block_1_room_201") == "off")
        await until(lambda: shown(hass, "sensor.block_1_level") == "4.0")
        await until(lambda: shown(hass, "binary_sensor.block_2_hall") == "off")
        yield entry, server
        assert await hass.config_entries.async_unload(entry.entry_id)


def smoke(hass: HomeAssistant) -> er.RegistryEntry:
    found = er.async_get(hass).async_get("binary_sensor.block_1_room_201")
    assert found is not None
    return found


def area(hass: HomeAssistant) -> tuple[str | None, str | None]:
    """The names of the detector's area and floor."""
    area_id = smoke(hass).area_id
    found = ar.async_get(hass).async_get_area(area_id) if area_id else None
    if found is None:
        return None, None
    floor = fr.async_get(hass).async_get_floor(found.floor_id) if found.floor_id else None
    return found.name, floor.name if floor else None


def labels(hass: HomeAssistant) -> set[str]:
    known = lr.async_get(hass)
    return {known.labels[label].name for label in smoke(hass).labels}


async def imported(hass: HomeAssistant, text: str) -> None:
    await act(hass, "import_points", table=text)
    await until(lambda: shown(hass, "binary_sensor.block_1_room_201") == "off")
    await hass.async_block_till_done()


async def test_points_stand_where_their_table_says(
    hass: HomeAssistant, bus: tuple[MockConfigEntry, ModbusServer]
) -> None:
    assert area(hass) == ("Flat 201", "Block 1")
    assert labels(hass) == {"smoke", "night"}
    level = er.async_get(hass).async_get("sensor.block_1_level")
    assert level is not None
    assert (level.area_id, level.labels) == (None, set())


async def test_a_second_table_moves_what_nobody_else_has_moved(
    hass: HomeAssistant, bus: tuple[MockConfigEntry, ModbusServer]
) -> None:
    before = smoke(hass)
    await imported(hass, table(area="Flat 202", floor="Block 9", labels="smoke|day"))
    assert area(hass) == ("Flat 202", "Block 9")
    assert labels(hass) == {"smoke", "day"}
    assert (smoke(hass).id, smoke(hass).unique_id) == (before.id, before.unique_id)
    await imported(hass, table(area="Flat 202", floor="Block 8", labels=""))
    assert area(hass) == ("Flat 202", "Block 8")
    assert labels(hass) == set()
    await imported(hass, table(area="", floor="", labels=""))
    assert area(hass) == (None, None)


async def test_what_a_person_has_chosen_stays(
    hass: HomeAssistant, bus: tuple[MockConfigEntry, ModbusServer]
) -> None:
    registry, known = er.async_get(hass), lr.async_get(hass)
    own_area = ar.async_get(hass).async_create("Ours")
    own_label = known.async_create("ours").label_id
    told = smoke(hass).labels - {known.async_get_label_by_name("night").label_id}
    registry.async_update_entity(
        smoke(hass).entity_id, area_id=own_area.id, labels=told | {own_label}
    )
    # The same table again is no difference, and one that changes only the name is none here.
    await imported(hass, table())
    await imported(hass, table().replace("Room 201", "Room 201 A"))
    assert (area(hass), labels(hass)) == (("Ours", None), {"smoke", "ours"})
    await imported(hass, table(area="Flat 202", labels="day"))
    assert (area(hass), labels(hass)) == (("Ours", None), {"day", "ours"})


async def test_a_floor_that_a_person_has_chosen_for_an_area_stays(
    hass: HomeAssistant, bus: tuple[MockConfigEntry, ModbusServer]
) -> None:
    areas, floors = ar.async_get(hass), fr.async_get(hass)
    own = floors.async_create("Our floor")
    areas.async_update(smoke(hass).area_id, floor_id=own.floor_id)
    await imported(hass, table(floor="Block 9"))
    assert area(hass) == ("Flat 201", "Our floor")


async def test_a_point_that_the_table_no_longer_has_goes_and_the_others_keep_their_data(
    hass: HomeAssistant, bus: tuple[MockConfigEntry, ModbusServer]
) -> None:
    _, server = bus
    said: list[str] = []

    @callback
    def changed(event: Event) -> None:
        if event.data["entity_id"] != "sensor.block_1_level":
            new = event.data["new_state"]
            said.append(f"{event.data['entity_id']}={new and new.state}")

    hass.bus.async_listen("state_changed", changed)
    connections = server.counted.connections
    await act(hass, "import_points", table=table().replace(TANK, ""))
    await until(lambda: shown(hass, "sensor.block_1_level") is None)
    assert er.async_get(hass).async_get("sensor.block_1_level") is None
    server.units[2].discrete[0] = True
    await until(lambda: shown(hass, "binary_sensor.block_2_hall") == "on")
    assert said == ["binary_sensor.block_2_hall=on"], "no other entity was touched"
    assert server.counted.connections == connections


def many(units: int) -> str:
    rows = (f"{unit},P {at},discrete,{at}\n" for unit in range(10, 10 + units) for at in range(200))
    return "unit,name,kind,address\n" + "".join(rows)


async def test_an_alarm_is_heard_in_the_middle_of_a_long_import(
    hass: HomeAssistant, bus: tuple[MockConfigEntry, ModbusServer]
) -> None:
    _, server = bus
    server.units |= {10 + unit: fire_panel(200) for unit in range(15)}
    await act(hass, "import_points", table=many(15))
    server.units[2].discrete[0] = True
    await until(lambda: shown(hass, "binary_sensor.block_2_hall") == "on")
    assert len(hass.states.async_all()) < 3000
    await until(lambda: len(hass.states.async_all()) > 3000, 60)


async def test_a_bus_that_is_unloaded_in_the_middle_of_an_import_has_it_when_it_is_back(
    hass: HomeAssistant,
    bus: tuple[MockConfigEntry, ModbusServer],
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry, _ = bus
    await act(hass, "import_points", table=many(3))
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: len(hass.states.async_all()) > 600, 60)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def plant_of(path: Path) -> dict[int, Unit]:
    """The units that a table describes, with values within its bounds and no contact in alarm."""
    units: dict[int, Unit] = {}
    for row in csv.DictReader(path.read_text("utf-8-sig").splitlines()):
        unit = units.setdefault(int(row["unit"]), Unit())
        at = int(row["address"])
        if row["kind"] in {"discrete", "coil"}:
            bits = unit.discrete if row["kind"] == "discrete" else unit.coils
            bits[at] = row["alarm_value"] == "off"
            continue
        low, high = float(row["minimum"] or 0), float(row["maximum"] or 100)
        raw = int((low + high) / 2 / float(row["scale"] or 1))
        unit.input |= {at: 0, at + 1: raw} if "32" in row["type"] else {at: raw}
    return units


async def test_the_shipped_table_of_2000_points_is_a_plant_that_is_read_whole(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    path = EXAMPLE / "points.en.csv"
    async with ModbusServer() as server:
        server.units = plant_of(path)
        entry = await set_up(hass, server)
        await act(hass, "import_points", table=path.read_text("utf-8-sig"))
        communication = 46  # a sensor for each unit, beside its points

        def whole() -> bool:
            states = hass.states.async_all()
            return len(states) == 2000 + communication and not {
                one.entity_id for one in states if one.state in {"unavailable", "unknown"}
            }

        await until(whole, 90)
        alarms = hass.states.async_all("binary_sensor")
        assert {one.state for one in alarms if one.attributes["device_class"] == "smoke"} == {"off"}
        assert shown(hass, "binary_sensor.fire_panel_1a_mains_fault") == "off"
        assert shown(hass, "sensor.noise_meter_1_laeq") == "80.0"
        assert shown(hass, "sensor.lifts_3_lift_2_trips") == str(50 << 16)
        assert shown(hass, "switch.garage_air_1_fan_8") == "off"
        reads = {request[:4] for request in server.requests}
        assert len(reads) < 250, "2,000 points, three holes in each fire panel's map and all"
        assert await hass.config_entries.async_unload(entry.entry_id)
