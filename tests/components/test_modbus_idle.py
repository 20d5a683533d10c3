"""A point whose loops are all out of their hours is read in the slow lane, and in time again."""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smart_community.alarm_index import Wanted, alarm_index
from custom_components.smart_community.core.agreement import Term
from custom_components.smart_community.core.plan import Active
from custom_components.smart_community.field.modbus.unit import PolledUnit
from custom_components.smart_community.field.point import Lane
from tests.simulators.modbus_server import ModbusServer

from .modbus_entries import bus_entry, shown, until

UNITS = (1, 2, 3)
WATCHED = "binary_sensor.unit_input_1"


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        for address in UNITS:
            server.add_fire_panel(address, inputs=3)
        yield server


def panels(hass: HomeAssistant, server: ModbusServer) -> MockConfigEntry:
    units = [{"unit": one, "family": "fire_panel", "inputs": 3, "names": []} for one in UNITS]
    return bus_entry(hass, server, *units)


def lanes(unit: PolledUnit) -> dict[str, Lane]:
    return {point.key: job.lane for job in unit.jobs for point in job.points}


async def automate(hass: HomeAssistant, begins: str, ends: str) -> None:
    """Let a loop with hours watch the first input of each panel, and a loop of fire the second."""
    active = {"hours": [{"from": begins, "until": ends}]}
    rows = []
    for number, loop in enumerate(("nonmotor_parking", "smoke_single"), start=1):
        inputs = [f"binary_sensor.unit_input_{number}{which}" for which in ("", "_2", "_3")]
        trigger = {
            "trigger": "smart_community.alarm",
            "target": {"entity_id": inputs},
            "options": {"loop": loop, "active": active},
        }
        rows.append({"id": loop, "alias": loop, "triggers": [trigger], "actions": []})
    path = Path(hass.config.path("configuration.yaml"))
    path.write_text(json.dumps({"automation": rows}))
    await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()


class Unheard:
    """An attached trigger of a loop that nobody knows."""

    wanted = Wanted.of({"entity_id": [WATCHED]}, {})
    owner: str | None = None
    loop: str | None = "unheard_of"
    active: Active | None = None
    terms: frozenset[Term] = frozenset()

    def take(self, entity_id: str, state: State | None, context: Context) -> None: ...

    def join(self, entity_ids: Iterable[str], *, attaching: bool) -> None: ...

    def leave(self, entity_ids: Iterable[str]) -> None: ...


async def test_a_point_rests_while_every_loop_that_uses_it_is_out_of_its_hours(
    hass: HomeAssistant,
    server: ModbusServer,
    community: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The poller's own clock is the real one; what sleeps is woken by the clock that is moved.
    freezer.move_to("2026-11-24 12:00:00+00:00")
    await hass.config.async_set_time_zone("UTC")
    await automate(hass, "18:00:00", "22:00:00")
    bus = panels(hass, server)
    assert await hass.config_entries.async_setup(bus.entry_id)
    poller = bus.runtime_data.poller
    units = list(poller.units.values())

    async def look(time: str, later: float = 11) -> None:
        """Let the hours be looked at once more, at this time."""
        freezer.move_to(f"2026-11-24 {time}+00:00")
        # A timer that is fired early is no silence of the unit that is being asked.
        await until(lambda: not poller.line.lock.locked())
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=later))
        await hass.async_block_till_done()

    def watched() -> set[Lane]:
        return {lanes(unit)["input_1"] for unit in units}

    await until(lambda: watched() == {Lane.SLOW})
    assert {lanes(unit)["input_2"] for unit in units} == {Lane.FAST}, "lives depend on it: always"
    assert {lanes(unit)["input_3"] for unit in units} == {Lane.FAST}, "some automation may need it"
    await until(lambda: all(job.raw is not None for unit in units for job in unit.jobs))
    server.units[1].discrete[0] = True
    for _ in UNITS:
        await look("17:57:00")
    assert watched() == {Lane.SLOW}
    assert shown(hass, WATCHED) == "off"
    for _ in UNITS:
        await look("17:58:30")
    await until(lambda: watched() == {Lane.FAST})
    await look("17:58:35", later=1)  # the poller's own sleep is over; its slow block is not due
    await until(lambda: shown(hass, WATCHED) == "on")
    for _ in UNITS:
        await look("22:00:01")
    await until(lambda: watched() == {Lane.SLOW})

    await automate(hass, "18:00:00", "23:00:00")
    await look("22:00:12")
    await until(lambda: watched() == {Lane.FAST})
    await automate(hass, "18:00:00", "22:00:00")
    await look("22:00:23")
    await until(lambda: watched() == {Lane.SLOW})

    detach = alarm_index(hass).attach(Unheard())
    await look("22:00:34")
    await until(lambda: watched() == {Lane.FAST})
    assert "Nothing on Bus rests" in caplog.text
    detach()
    await look("22:01:40", later=61)
    await until(lambda: watched() == {Lane.SLOW})
    assert await hass.config_entries.async_unload(bus.entry_id)


async def test_nothing_rests_before_a_community_is_there(
    hass: HomeAssistant, server: ModbusServer
) -> None:
    bus = panels(hass, server)
    assert await hass.config_entries.async_setup(bus.entry_id)
    polled = bus.runtime_data.poller.units.values()
    assert {lane for unit in polled for lane in lanes(unit).values()} == {Lane.FAST}
    assert await hass.config_entries.async_unload(bus.entry_id)
