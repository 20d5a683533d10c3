"""A point whose loops are all out of their hours is read in the slow lane, and in time again."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.field.point import Lane
from tests.simulators.modbus_server import ModbusServer

from .modbus_entries import bus_entry

EVENING = {"hours": [{"from": "18:00:00", "until": "22:00:00"}]}


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.add_fire_panel(1, inputs=3)
        yield server


def automation(number: int, **options: Any) -> dict[str, Any]:
    target = {"entity_id": f"binary_sensor.unit_input_{number}"}
    trigger = {"trigger": "smart_community.alarm", "target": target, "options": options}
    return {"id": str(number), "alias": str(number), "triggers": [trigger], "actions": []}


async def lanes(hass: HomeAssistant, server: ModbusServer) -> dict[str, Lane]:
    """Set a bus up, and return in which lane each detector is read."""
    unit = {"unit": 1, "family": "fire_panel", "inputs": 3, "names": []}
    entry = bus_entry(hass, server, unit)
    assert await hass.config_entries.async_setup(entry.entry_id)
    jobs = entry.runtime_data.poller.units[1].jobs
    assert await hass.config_entries.async_unload(entry.entry_id)
    return {point.key: job.lane for job in jobs for point in job.points}


async def test_a_point_rests_while_every_loop_that_uses_it_is_out_of_its_hours(
    hass: HomeAssistant,
    server: ModbusServer,
    community: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to("2026-11-24 12:00:00+00:00")
    automations = [
        automation(1, loop="nonmotor_parking", active=EVENING),
        automation(2, loop="smoke_single", active=EVENING),  # where lives depend on it: always
    ]
    config = Path(hass.config.path("configuration.yaml"))
    config.write_text(json.dumps({"automation": automations}))
    await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()
    read = await lanes(hass, server)
    assert (read["input_1"], read["input_2"]) == (Lane.SLOW, Lane.FAST)
    assert read["input_3"] is Lane.FAST, "no loop watches it, somebody's automation may"
    freezer.move_to("2026-11-24 17:59:00+00:00")
    assert set((await lanes(hass, server)).values()) == {Lane.FAST}, "before the hours begin"


async def test_nothing_rests_before_a_community_is_there(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    assert set((await lanes(hass, server)).values()) == {Lane.FAST}
