"""Tests of the channels, on demand or by themselves: what came back stands on record."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.util import dt as dt_util

from .core.codec import plain
from .core.events import Entry
from .core.model import Actor, DeliveryState, Responder
from .data import CommunityEntry
from .deeds import COMMUNITY_LOG
from .engine.engine import Engine

TESTED: Final = "tested"
# How long whoever has asked for a test looks on: who sleeps does not answer sooner or later.
RECEIPTS_WITHIN: Final = timedelta(seconds=30)
# A test that is older says nothing about a channel any more.
_REMEMBERED: Final = timedelta(days=62)


async def async_test_channels(
    entry: CommunityEntry,
    people: Iterable[Responder],
    wait: timedelta,
    *,
    actor: Actor | None = None,
    due: datetime | None = None,
    tell: Callable[[Mapping[str, Any]], None] | None = None,
) -> list[dict[str, Any]]:
    """Test every channel of each, put the result on record, and return its rows.

    `wait`: how long receipts are waited for. `due`: when it was due, if nobody asked for it.
    `tell`: is given each row as soon as it is known.
    """
    data = entry.runtime_data
    rows = await data.reachability.test(data.channels, people, wait, tell)
    line = Entry(kind=TESTED, at=dt_util.utcnow(), actor=actor, due=due, data={"rows": rows})
    await data.engine.note(COMMUNITY_LOG, line)
    return rows


async def async_tests_since(engine: Engine, since: datetime) -> list[dict[str, Any]]:
    """Return the tests since a moment, the oldest first: {at, due, rows}."""
    return [
        {"at": plain(entry.at), "due": plain(entry.due), **plain(entry.data)}
        for _, entry in await engine.noted(TESTED, since, COMMUNITY_LOG)
    ]


async def async_failed_last(engine: Engine) -> set[str]:
    """Return the responders whom no channel reached in their last test."""
    last: dict[str, list[Mapping[str, Any]]] = {}
    for test in await async_tests_since(engine, dt_util.utcnow() - _REMEMBERED):
        last |= {
            key: [row for row in test["rows"] if row["responder"] == key]
            for key in {row["responder"] for row in test["rows"]}
        }
    return {
        key
        for key, rows in last.items()
        if all(row["state"] == DeliveryState.FAILED for row in rows)
    }
