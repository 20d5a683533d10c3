"""The database of one network: looked at before zigpy opens it, then opened whole or not at all.

What zigpy has opened and cannot read or write it leaves open, its thread with it, and the
supervisor tries again each minute.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, override

from zigpy.application import ControllerApplication

from .model import NetworkError, Trouble


def look_at(path: Path) -> None:
    """Read all of a database and write to it what it holds; a new one is made. Blocks.

    Raises NetworkError for a file that is damaged, that may not be written, or whose disk is full.
    What SQLite can read is not judged further: a network with a doubtful index hears its alarms.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                for _ in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - its own names
                    pass
            (version,) = database.execute("PRAGMA user_version").fetchone()
            database.execute(f"PRAGMA user_version = {version:d}")
    except (sqlite3.Error, OSError) as err:
        raise NetworkError(Trouble.DATABASE, str(err)) from err


def with_whole_database(controller: Any) -> Any:
    """Return the radio's controller, made to have its database open whole or not at all.

    One that cannot be used is a NetworkError.
    """

    class Whole(controller):  # type: ignore[misc] # one of several, known when it runs
        @override
        @classmethod
        async def new(cls, *args: Any, **kwargs: Any) -> ControllerApplication:
            return await _whole(super().new(*args, **kwargs))

        @override
        async def _load_db(self) -> None:
            await _opened(super()._load_db(), self)

    return Whole


async def _whole(
    opening: Coroutine[Any, Any, ControllerApplication],
) -> ControllerApplication:
    """Open the database, whole or not at all: half opened it keeps its thread for good."""
    to_the_end = asyncio.ensure_future(opening)
    try:
        return await asyncio.shield(to_the_end)
    except asyncio.CancelledError:
        with suppress(NetworkError):  # it cannot be used: whoever is told to end must end even so
            await (await to_the_end).shutdown()
        raise


async def _opened(loading: Coroutine[Any, Any, None], app: Any) -> None:
    """Load a database; one whose content makes no sense is closed again, which zigpy leaves."""
    try:
        await loading
    except Exception as err:
        opened = app._dblistener  # noqa: SLF001 - zigpy itself forgets to close it here
        if opened is not None:
            await opened.shutdown()
        raise NetworkError(Trouble.DATABASE, str(err) or type(err).__name__) from err
