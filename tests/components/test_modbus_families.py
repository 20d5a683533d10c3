"""Every family as entities, over TCP from a unit that stands for it; and outputs at work."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.field.point import DataType, Kind, Lane, Point
from tests.simulators.modbus_server import FAMILIES, Fault, ModbusServer, Writes

from .modbus_entries import bus_entry, shown, until
from .translated import assert_said

COUNTS: Mapping[str, Mapping[str, int]] = {
    "fire_panel": {"inputs": 16},
    "water_level": {"levels": 2, "leaks": 8},
    "electrical_fire": {"cables": 4},
    "gas_panel": {"channels": 8},
    "waste_bin": {"bins": 4},
    "pump": {"pumps": 2},
    "outputs": {"outputs": 8},
}
NO_DATA = {"unknown", "unavailable"}
# A few states of each: what its simulated unit says, in the words of the entity.
SHOWN = {
    "fire_panel": {"binary_sensor.unit_input_16": "off", "binary_sensor.unit_mains_fault": "off"},
    "water_level": {"sensor.unit_level_2": "36.0", "binary_sensor.unit_leak_8": "off"},
    "noise_meter": {
        "sensor.unit_laeq": "48.2",
        "sensor.unit_lamax": "55.7",
        "sensor.unit_accuracy_class": "2",
        "sensor.unit_calibrated_on": "2026-03-15",
    },
    "electrical_fire": {
        "sensor.unit_residual_current": "24",
        "sensor.unit_cable_temperature_4": "26.0",
        "binary_sensor.unit_cable_temperature_alarm_4": "off",
    },
    "water_quality": {
        "sensor.unit_tank_level": "182.0",
        "sensor.unit_turbidity": "0.31",
        "sensor.unit_free_chlorine": "0.45",
        "sensor.unit_outlet_pressure": "380",
        "sensor.unit_ph": "7.4",
    },
    "gas_panel": {
        "sensor.unit_combustible_gas_1": "0.0",
        "sensor.unit_carbon_monoxide_8": "2",
        "binary_sensor.unit_gas_high_alarm_8": "off",
    },
    "lift": {
        "sensor.unit_floor": "1",
        "sensor.unit_trips": "48213",
        "binary_sensor.unit_person_trapped": "off",
        "binary_sensor.unit_door": "off",
    },
    "waste_bin": {"sensor.unit_fill_level_4": "47", "sensor.unit_bin_temperature_1": "22.6"},
    "pump": {
        "sensor.unit_pump_2_hours_run": "1205",
        "binary_sensor.unit_pump_1_running": "off",
        "switch.unit_pump_2": "off",
    },
    "outputs": {"switch.unit_output_8": "off", "binary_sensor.unit_output_8_feedback": "off"},
}


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        yield server


async def set_up(
    hass: HomeAssistant, server: ModbusServer, *units: Mapping[str, Any]
) -> MockConfigEntry:
    entry = bus_entry(hass, server, *units)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


def why(hass: HomeAssistant, entity_id: str) -> tuple[str, str] | None:
    """Return an entity's state and the quality that stands beside it."""
    found = hass.states.get(entity_id)
    return None if found is None else (found.state, found.attributes["quality"])


@pytest.mark.parametrize("family", SHOWN)
async def test_a_unit_of_each_family_is_shown_as_what_it_says(
    hass: HomeAssistant, server: ModbusServer, family: str
) -> None:
    server.units[1] = FAMILIES[family]()
    entry = await set_up(hass, server, {"unit": 1, "family": family, **COUNTS.get(family, {})})
    await until(lambda: shown(hass, "sensor.unit_communication") == "good")
    await until(lambda: not {one.state for one in hass.states.async_all()} & NO_DATA)
    for entity_id, said in SHOWN[family].items():
        assert shown(hass, entity_id) == said, entity_id
    assert await hass.config_entries.async_unload(entry.entry_id)


def test_every_family_is_tried() -> None:
    assert set(SHOWN) == set(FAMILIES) - {"dense", "stride"}


async def test_why_a_unit_has_no_data_stands_on_its_device(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    server.units[1] = FAMILIES["noise_meter"]()
    entry = await set_up(hass, server, {"unit": 1, "family": "noise_meter"})
    await until(lambda: shown(hass, "sensor.unit_laeq") == "48.2")
    server.units[1].fault = Fault.BUSY
    await until(lambda: shown(hass, "sensor.unit_communication") == "busy")
    said = hass.states.get("sensor.unit_communication")
    assert said is not None
    assert said.attributes["points_without_data"] == 7
    assert "busy" in said.attributes["reason"]
    assert why(hass, "sensor.unit_laeq") == ("unavailable", "busy")
    server.units[1].fault = Fault.OUT_OF_RANGE
    await until(lambda: shown(hass, "sensor.unit_communication") == "out_of_range", 15)
    assert why(hass, "sensor.unit_laeq") == ("unavailable", "out_of_range")
    server.units[1].fault = None
    await until(lambda: shown(hass, "sensor.unit_communication") == "good", 15)
    assert shown(hass, "sensor.unit_laeq") == "48.2"
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_value_that_does_not_move_is_stuck_and_moves_again(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    server.units[1] = FAMILIES["dense"]()
    level = Point(
        key="input_40",
        kind=Kind.INPUT,
        address=40,
        type=DataType.UINT16,
        lane=Lane.FAST,
        stuck_after=0.5,
        name="Level",
    )
    data = {"unit": 1, "family": "point_table", "points": [level.plain()]}
    entry = await set_up(hass, server, data)
    await until(lambda: why(hass, "sensor.unit_level") == ("unavailable", "stuck"))
    server.units[1].input[40] = 41
    await until(lambda: why(hass, "sensor.unit_level") == ("41", "good"))
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_point_table_is_shown_where_it_says_and_changes_by_difference(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    server.units[1] = FAMILIES["dense"]()
    smoke = Point(
        key="discrete_4",
        kind=Kind.DISCRETE,
        address=4,
        device_class="smoke",
        lane=Lane.FAST,
        alarm_value=False,
        name="Room 201",
        area="Building 3",
    )
    level = Point(
        key="input_60",
        kind=Kind.INPUT,
        address=60,
        type=DataType.UINT32,
        scale=0.001,
        unit_of_measurement="m³",
        device_class="water",
        name="Meter",
    )
    data = {"unit": 1, "family": "point_table", "points": [smoke.plain(), level.plain()]}
    entry = await set_up(hass, server, data)
    await until(lambda: shown(hass, "binary_sensor.unit_room_201") == "on")
    registry = er.async_get(hass)
    found = registry.async_get("binary_sensor.unit_room_201")
    assert found is not None
    assert ar.async_get(hass).async_get_area(found.area_id).name == "Building 3"
    await until(lambda: shown(hass, "sensor.unit_meter") == "3932.221")  # 60 << 16 | 61, in litres
    subentry = next(iter(entry.subentries.values()))
    written = len(server.units[1].written)
    renamed = {**smoke.plain(), "name": "Room 202"}
    hass.config_entries.async_update_subentry(
        entry, subentry, data={**data, "points": [renamed]}, title="Unit"
    )
    await until(lambda: shown(hass, "sensor.unit_meter") is None)
    state = hass.states.get("binary_sensor.unit_room_201")
    assert state is not None
    assert state.name == "Unit Room 202"
    assert state.state == "on", "what was read stays known"
    assert len(server.units[1].written) == written
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def outputs(hass: HomeAssistant, server: ModbusServer) -> AsyncIterator[MockConfigEntry]:
    server.units[1] = FAMILIES["outputs"]()
    entry = await set_up(
        hass, server, {"unit": 1, "family": "outputs", "outputs": 8, "names": ["Gate"]}
    )
    await until(lambda: shown(hass, "switch.unit_gate") == "off")
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


async def switch(hass: HomeAssistant, to: str, context: Context | None = None) -> None:
    await hass.services.async_call(
        "switch",
        f"turn_{to}",
        {"entity_id": "switch.unit_gate"},
        blocking=True,
        context=context,
    )


async def test_an_output_is_written_read_back_and_shown_as_it_is(
    hass: HomeAssistant, server: ModbusServer, outputs: MockConfigEntry
) -> None:
    await switch(hass, "on")
    assert server.units[1].coils[0] is True
    assert [tuple(one.values) for one in server.units[1].written] == [(1,)]
    await until(lambda: shown(hass, "switch.unit_gate") == "on")


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (Writes.REFUSED, "output_refused"),
        (Writes.IGNORED, "output_not_verified"),
        (Fault.SILENT, "output_no_answer"),
        (Fault.BUSY, "output_no_answer"),
        (Fault.ILLEGAL_ADDRESS, "output_refused"),
        (None, "output_not_sent"),
    ],
)
async def test_an_output_that_did_not_move_is_said_to_have_not(
    hass: HomeAssistant,
    server: ModbusServer,
    outputs: MockConfigEntry,
    wrong: Writes | Fault | None,
    key: str,
) -> None:
    if isinstance(wrong, Writes):
        server.units[1].writes = wrong
    else:
        server.units[1].fault = wrong
        await server.refuse(wrong is None)  # or the gateway is away
        await until(lambda: shown(hass, "switch.unit_gate") == "unavailable")
    with pytest.raises(HomeAssistantError) as error:
        await switch(hass, "on")
    assert error.value.translation_key == key
    assert_said(f"exceptions.{key}.message", set(error.value.translation_placeholders or {}))
    server.units[1].fault = None
    await server.refuse(False)
    await until(lambda: shown(hass, "switch.unit_gate") == "off", 15)


async def test_an_output_is_not_worked_twice_in_a_second(
    hass: HomeAssistant, server: ModbusServer, outputs: MockConfigEntry
) -> None:
    await switch(hass, "on")
    with pytest.raises(HomeAssistantError) as error:
        await switch(hass, "off")
    assert error.value.translation_key == "output_too_soon"
    assert server.units[1].coils[0] is True


async def test_only_who_may_operate_the_plant_does(
    hass: HomeAssistant,
    server: ModbusServer,
    outputs: MockConfigEntry,
    hass_admin_user: MockUser,
    hass_read_only_user: MockUser,
) -> None:
    stranger = MockUser(name="Stranger").add_to_hass(hass)
    stranger.mock_policy({"entities": True})
    with pytest.raises(HomeAssistantError) as error:
        await switch(hass, "on", Context(user_id=stranger.id))
    assert error.value.translation_key == "output_not_permitted"
    assert not server.units[1].written
    await switch(hass, "on", Context(user_id=hass_admin_user.id))
    assert server.units[1].coils[0] is True


async def test_a_guard_of_a_community_works_its_gates_and_the_township_does_not(
    hass: HomeAssistant, server: ModbusServer, outputs: MockConfigEntry, community: MockConfigEntry
) -> None:
    users = {}
    for key in ("guard", "head"):
        user = users[key] = MockUser(name=key).add_to_hass(hass)
        user.mock_policy({"entities": True})
        subentry = next(one for one in community.subentries.values() if one.data["key"] == key)
        hass.config_entries.async_update_subentry(
            community, subentry, data={**subentry.data, "users": [user.id]}
        )
    await hass.async_block_till_done()
    with pytest.raises(HomeAssistantError) as error:
        await switch(hass, "on", Context(user_id=users["head"].id))
    assert error.value.translation_key == "output_not_permitted"
    await switch(hass, "on", Context(user_id=users["guard"].id))
    assert server.units[1].coils[0] is True
