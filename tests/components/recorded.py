"""Home Assistant's own recorder at work, and all that it has written down."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.setup import async_setup_component

type Recorded = Callable[[], Awaitable[str]]


@pytest.fixture
async def recorded(hass: HomeAssistant, tmp_path: Path) -> Recorded:
    """Record from now on, to a file; gives every row of every table of it.

    To be named before what has entities: Home Assistant sets its recorder up first.
    """
    file = tmp_path / "recorder.db"
    async_initialize_recorder(hass)
    config = {"db_url": f"sqlite:///{file}", "commit_interval": 0}
    assert await async_setup_component(hass, "recorder", {"recorder": config})
    await hass.async_block_till_done()

    async def dump() -> str:
        await hass.async_block_till_done()
        await get_instance(hass).async_block_till_done()
        with closing(sqlite3.connect(file)) as database:
            return "\n".join(database.iterdump())

    return dump
