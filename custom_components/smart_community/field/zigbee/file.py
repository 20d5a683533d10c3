"""The database of one network, looked at before zigpy opens it.

What zigpy has opened and cannot read or write it leaves open, its thread with it, and the
supervisor tries again each minute.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

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
