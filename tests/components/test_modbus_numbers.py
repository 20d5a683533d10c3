"""Registers that are set, over a real socket: within their bounds, read back, refused, by whom."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.field.modbus.decode import holds, raw_of
from custom_components.smart_community.field.point import DataType, Kind, Point
from tests.simulators.modbus_server import Fault, ModbusServer, Unit, Writes

from .modbus_entries import shown, until
from .test_modbus_families import set_up
from .test_points import act
from .translated import assert_said

TABLE = """\
unit,name,kind,address,type,scale,unit_of_measurement,device_class,writable,minimum,maximum,unit_name
1,Fan speed,holding,0,uint16,0.1,Hz,frequency,on,10,50,Plant
1,Offset,holding,10,int32_little,,,,on,,,Plant
1,Set point,holding,20,float32,,°C,temperature,on,-40,,Plant
1,Running,holding,30,bool,,,,on,,,Plant
"""
SPEED = "number.plant_fan_speed"


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.units[1] = Unit(holding={0: 250, 10: 0, 11: 0, 20: 0x41A4, 21: 0, 30: 0})
        yield server


@pytest.fixture
async def plant(hass: HomeAssistant, server: ModbusServer) -> AsyncIterator[MockConfigEntry]:
    entry = await set_up(hass, server)
    await act(hass, "import_points", table=TABLE)
    await until(lambda: shown(hass, SPEED) == "25.0")
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


async def put(
    hass: HomeAssistant, value: float, entity_id: str = SPEED, context: Context | None = None
) -> None:
    data = {"entity_id": entity_id, "value": value}
    await hass.services.async_call("number", "set_value", data, blocking=True, context=context)


async def test_a_register_that_is_written_is_a_number_with_the_tables_bounds(
    hass: HomeAssistant, server: ModbusServer, plant: MockConfigEntry
) -> None:
    speed = hass.states.get(SPEED)
    assert speed is not None
    said = {key: speed.attributes[key] for key in ("min", "max", "step", "unit_of_measurement")}
    assert said == {"min": 10, "max": 50, "step": 0.1, "unit_of_measurement": "Hz"}
    assert speed.attributes["device_class"] == "frequency"
    await until(lambda: shown(hass, "number.plant_set_point") == "20.5")
    await until(lambda: shown(hass, "switch.plant_running") == "off")  # a bool is switched
    await put(hass, 31.5)
    assert server.units[1].holding[0] == 315
    await until(lambda: shown(hass, SPEED) == "31.5")
    await put(hass, -2, "number.plant_offset")
    assert (server.units[1].holding[10], server.units[1].holding[11]) == (0xFFFE, 0xFFFF)
    await put(hass, 21.25, "number.plant_set_point")
    await until(lambda: shown(hass, "number.plant_set_point") == "21.25")
    with pytest.raises(HomeAssistantError):
        await put(hass, 51)
    assert len(server.units[1].written) == 3


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (Writes.REFUSED, "output_refused"),
        (Writes.IGNORED, "output_not_verified"),
        (Fault.SILENT, "output_no_answer"),
    ],
)
async def test_a_number_that_was_not_set_is_said_to_have_not(
    hass: HomeAssistant,
    server: ModbusServer,
    plant: MockConfigEntry,
    wrong: Writes | Fault,
    key: str,
) -> None:
    if isinstance(wrong, Writes):
        server.units[1].writes = wrong
    else:
        server.units[1].fault = wrong
    with pytest.raises(HomeAssistantError) as error:
        await put(hass, 40)
    assert error.value.translation_key == key
    assert_said(f"exceptions.{key}.message", set(error.value.translation_placeholders or {}))
    assert server.units[1].holding[0] == 250
    server.units[1].fault = None
    await until(lambda: shown(hass, SPEED) == "25.0")


async def test_a_number_is_set_by_who_may_and_not_twice_in_a_second(
    hass: HomeAssistant,
    server: ModbusServer,
    plant: MockConfigEntry,
    hass_admin_user: MockUser,
) -> None:
    stranger = MockUser(name="Stranger").add_to_hass(hass)
    stranger.mock_policy({"entities": True})
    admin = Context(user_id=hass_admin_user.id)
    with pytest.raises(HomeAssistantError) as error:
        await put(hass, 40, context=Context(user_id=stranger.id))
    assert error.value.translation_key == "output_not_permitted"
    await put(hass, 30, context=admin)
    with pytest.raises(HomeAssistantError) as error:
        await put(hass, 40, context=admin)
    assert error.value.translation_key == "output_too_soon"
    assert [tuple(one.values) for one in server.units[1].written] == [(300,)]


async def test_no_number_at_all_is_refused_and_not_written(
    hass: HomeAssistant, server: ModbusServer, plant: MockConfigEntry
) -> None:
    with pytest.raises(HomeAssistantError) as error:
        await put(hass, float("nan"), "number.plant_set_point")
    assert error.value.translation_key == "output_no_room"
    assert_said("exceptions.output_no_room.message", {"name", "value"})
    assert not server.units[1].written


@pytest.mark.parametrize("data", [one for one in DataType if one is not DataType.BOOL])
@pytest.mark.parametrize("more", [{}, {"scale": 0.1}, {"scale": -2.0, "offset": 7.0}])
def test_what_registers_hold_fits_them_and_nothing_beyond_does(
    data: DataType, more: dict[str, Any]
) -> None:
    point = Point(key="one", kind=Kind.HOLDING, address=0, type=data, **more)
    low, high = holds(point)
    assert len(raw_of(point, low)) == len(raw_of(point, high)) == data.words
    if data is not DataType.FLOAT32:
        for beyond in (low - abs(point.scale), high + abs(point.scale)):
            with pytest.raises(ValueError, match=r"-?\d"):
                raw_of(point, beyond)
