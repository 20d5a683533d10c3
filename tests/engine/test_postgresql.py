"""The same engine on a PostgreSQL server, as a town would run it, with the server killed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from custom_components.smart_community.core.events import Acknowledge
from custom_components.smart_community.core.model import Actor, Status, Tier
from custom_components.smart_community.engine.store import Store, StoreError

from .conftest import House, request
from .postgresql import Server, server


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
async def house(postgresql: Server, tmp_path: Path) -> AsyncIterator[House]:
    _execute(postgresql, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    house = House(tmp_path / "unused", url=postgresql.url)
    await house.open()
    yield house
    if house.engine is not None:
        await house.engine.stop()


def _execute(postgresql: Server, statement: str) -> None:
    database = create_engine(postgresql.url)
    with database.begin() as connection:
        connection.execute(text(statement))
    database.dispose()


async def test_an_incident_climbs_and_a_restart_takes_it_up(house: House) -> None:
    assert house.engine is not None
    opened = await house.engine.signal(request("d1", "d2"))
    await house.settle()
    await house.crash()
    engine = await house.open()
    assert [set(one.sources) for one in engine.active] == [{"d1", "d2"}]
    await house.pass_time(minutes=3)
    assert house.phones.told == ["guard", "secretary"]
    assert opened.incident is not None
    kinds = [entry.kind for entry in await engine.timeline(opened.incident.id)]
    assert kinds.count("step_taken") == 2
    store = Store(house.url)
    store.open()
    assert store.chain_intact()
    store.close()


async def test_a_server_that_dies_stops_no_message_and_is_caught_up_with(
    house: House, postgresql: Server
) -> None:
    assert house.engine is not None
    engine = house.engine
    await engine.signal(request("d1"))
    await house.settle()
    postgresql.kill()
    await engine.signal(request("d2", zone="floor:3"))
    await house.settle()
    assert engine.recording_problem is not None
    assert house.phones.told == ["guard", "guard"]
    postgresql.start()
    await house.settle()
    assert engine.recording_problem is None
    await house.crash()
    engine = await house.open()
    assert {one.zone for one in engine.active} == {"floor:2", "floor:3"}


async def test_ended_incidents_are_found_by_number(house: House) -> None:
    assert house.engine is not None
    opened = (await house.engine.signal(request("d1"))).incident
    assert opened is not None
    guard = Actor(responder="guard", tier=Tier.PROPERTY)
    await house.engine.act(opened.id, Acknowledge(actor=guard))
    await house.engine.signal(request("d1", raised=False))
    await house.settle()
    assert not house.engine.active
    found = await house.engine.find(opened.number)
    assert found is not None
    assert (found.id, found.status) == (opened.id, Status.CLOSED)


async def test_a_database_of_a_newer_version_is_refused(house: House, postgresql: Server) -> None:
    await house.crash()
    _execute(postgresql, "UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pytest.raises(StoreError) as refused:
        await house.open()
    assert refused.value.key == "database_newer"


def test_a_server_that_is_away_is_an_unreachable_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        Store(f"postgresql://smart@/postgres?host={tmp_path}").open()
    assert refused.value.key == "database_unreachable"


async def test_what_the_server_has_no_room_for_is_kept_as_a_mark(house: House) -> None:
    assert house.engine is not None
    zone = "floor:" + "9" * 300
    await house.engine.signal(request("hall\0", zone=zone))
    assert house.engine.recording_problem is None
    await house.crash()
    engine = await house.open()
    assert [(one.zone, len(one.sources)) for one in engine.active] == [(zone, 1)]
