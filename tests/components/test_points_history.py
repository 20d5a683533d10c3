"""A point table that is imported a second time: what was measured before goes on, as one series."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from homeassistant.components.recorder import history
from homeassistant.components.recorder.statistics import (
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from tests.simulators.modbus_server import FAMILIES, ModbusServer

from .modbus_entries import shown, until
from .recorded import Recorded, recorded
from .test_modbus_families import set_up
from .test_points import act
from .test_points_entities import OTHER, table

__all__ = ["recorded"]
LEVEL = "sensor.block_1_level"
# Home Assistant's short-term statistics are of so long each.
SHORT = timedelta(minutes=5)


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[ModbusServer]:
    async with ModbusServer() as server:
        server.units = {1: FAMILIES["dense"](), 2: FAMILIES["dense"]()}
        yield server


async def test_after_a_second_import_history_and_statistics_go_on_in_one_series(
    hass: HomeAssistant, recorded: Recorded, server: ModbusServer
) -> None:
    began = datetime.now(UTC)
    entry = await set_up(hass, server)
    await act(hass, "import_points", table=table())
    await until(lambda: shown(hass, LEVEL) == "4.0")
    server.units[1].input[40] = 50
    answer = await act(hass, "import_points", table=_changed())
    assert answer["points"] == {"added": 1, "changed": 2, "removed": 0, "unchanged": 0}
    await until(lambda: shown(hass, LEVEL) == "5.0")
    await until(lambda: shown(hass, "binary_sensor.block_2_hall") == "off")
    await recorded()
    recorder = get_instance(hass)
    await recorder.async_add_executor_job(recorder.block_till_done)

    found = await recorder.async_add_executor_job(
        history.state_changes_during_period, hass, began, None, LEVEL
    )
    # An entity that has another name is added anew: for a moment it has no state.
    values = [one.state for one in found[LEVEL] if one.state not in {"", "unknown", "unavailable"}]
    assert [value for value, _ in groupby(values)] == ["4.0", "5.0"]

    start = began.replace(minute=began.minute // 5 * 5, second=0, microsecond=0)
    while start < datetime.now(UTC):
        recorder.queue_task(StatisticsTask(start, False))
        start += SHORT
    await recorder.async_add_executor_job(recorder.block_till_done)
    kept = await recorder.async_add_executor_job(list_statistic_ids, hass)
    assert {one["statistic_id"] for one in kept} == {LEVEL}
    [rows] = (
        await recorder.async_add_executor_job(
            statistics_during_period,
            hass,
            began - SHORT,
            None,
            {LEVEL},
            "5minute",
            None,
            {"min", "max"},
        )
    ).values()
    assert (min(one["min"] for one in rows), max(one["max"] for one in rows)) == (4.0, 5.0)
    assert await hass.config_entries.async_unload(entry.entry_id)


def _changed() -> str:
    """The same points by other names, in other places, and one more."""
    renamed = table(area="Flat 202", labels="day", more=OTHER)
    return renamed.replace("Room 201", "Room 202").replace(",Level,", ",Tank level,")
