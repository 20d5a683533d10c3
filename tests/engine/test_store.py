"""The store refuses what it cannot read whole, and never pretends to be empty."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from custom_components.smart_community.core import codec
from custom_components.smart_community.core.codec import VERSION
from custom_components.smart_community.core.events import Occasion, Send
from custom_components.smart_community.core.model import ChannelKind
from custom_components.smart_community.engine.outbox import Letter
from custom_components.smart_community.engine.store import Store, StoreError

from .conftest import START, House, request


async def _filled(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1"))
    await house.settle()
    await house.crash()


@pytest.mark.parametrize("damage", ["header", "middle", "garbage"])
async def test_a_damaged_database_is_refused_and_left_as_it_is(house: House, damage: str) -> None:
    await _filled(house)
    content = bytearray(house.path.read_bytes())
    match damage:
        case "header":
            content[:16] = b"not a database!!"
        case "middle":
            half = len(content) // 2 // 4096 * 4096
            content[half : half + 8192] = b"\xa5" * 8192
        case _:
            content = bytearray(b"\x00\xff" * 5000)
    house.path.write_bytes(content)
    with pytest.raises(StoreError) as refused:
        await house.open()
    assert refused.value.key == "database_corrupt"
    assert house.path.read_bytes() == content


async def test_a_database_of_a_newer_version_is_refused(house: House) -> None:
    await _filled(house)
    with sqlite3.connect(house.path) as database:
        database.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    database.close()
    with pytest.raises(StoreError) as refused:
        await house.open()
    assert refused.value.key == "database_newer"


async def test_a_document_of_a_newer_version_is_refused(house: House) -> None:
    await _filled(house)
    with sqlite3.connect(house.path) as database:
        database.execute(
            "UPDATE incident SET document = replace(document, ?, ?)",
            (f'"version":{VERSION}', f'"version":{VERSION + 1}'),
        )
    database.close()
    with pytest.raises(StoreError) as refused:
        await house.open()
    assert refused.value.key == "database_newer"


def test_a_folder_that_is_not_there_is_an_unreachable_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        Store(f"sqlite:///{tmp_path}/nowhere/incidents.db").open()
    assert refused.value.key == "database_unreachable"


async def test_the_timelines_hash_chain_shows_an_edited_line(house: House) -> None:
    await _filled(house)
    store = Store(f"sqlite:///{house.path}")
    store.open()
    assert store.chain_intact()
    store.close()
    with sqlite3.connect(house.path) as database:
        database.execute("UPDATE timeline SET entry = replace(entry, 'd1', 'd9') WHERE id = 1")
    database.close()
    store.open()
    assert not store.chain_intact()
    store.close()


async def test_every_commit_is_synchronous_and_in_the_write_ahead_log(house: House) -> None:
    store = Store(f"sqlite:///{house.path.with_name('other.db')}")
    store.open()
    with store._connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    store.close()


async def test_a_full_disk_stops_no_message_and_is_reported_until_it_is_cured(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    assert house.engine is not None
    engine = house.engine
    await engine.signal(request("d1"))
    await house.settle()
    # SQLite's own "database or disk is full": no page may be added any more.
    store = engine._store
    assert store._engine is not None
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def full(database: sqlite3.Connection, *_: object) -> None:
        database.execute(f"PRAGMA max_page_count={pages}")

    from sqlalchemy import event  # noqa: PLC0415 - beside the one listener that needs it

    event.listen(store._engine, "checkout", full)
    for number in range(40):
        await engine.signal(request(f"d{number + 2}", loop=f"loop{number}"))
    for _ in range(3):
        await house.settle()
    assert engine.recording_problem is not None
    assert "full" in engine.recording_problem
    assert house.phones.told.count("guard") == 41

    event.remove(store._engine, "checkout", full)

    def roomy(database: sqlite3.Connection, *_: object) -> None:
        database.execute("PRAGMA max_page_count=1000000")

    event.listen(store._engine, "checkout", roomy)
    await house.settle()
    assert engine.recording_problem is None
    await house.crash()
    engine = await house.open()
    assert len(engine.active) == 41


async def test_two_running_incidents_of_one_loop_and_zone_cannot_be_stored(house: House) -> None:
    await _filled(house)
    database = create_engine(f"sqlite:///{house.path}")
    with database.begin() as connection, pytest.raises(Exception, match="UNIQUE"):
        connection.execute(
            text(
                "INSERT INTO incident SELECT 'other', 'other', loop, zone, status, active,"
                " opened_at, document FROM incident"
            )
        )
    database.dispose()


def test_a_message_of_an_older_version_that_only_said_handled_takes_its_notice_away() -> None:
    send = Send(responder="guard", channel=ChannelKind.PUSH, step=0, occasion=Occasion.REMINDER)
    letter = Letter(
        id="l1",
        incident="i1",
        responder="guard",
        channel=ChannelKind.PUSH,
        created_at=START,
        send=send,
    )
    document = codec.dump(letter)
    document["version"] = 1
    document["value"]["send"]["occasion"] = "handled"
    assert codec.load(Letter, document) == replace(letter, send=None)
