"""What a community has on disk of alarms, read from outside while it is written."""

import asyncio
import contextlib
import json
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

_EVERY = 0.1
# Verdicts of an alarm that has an incident of its own, or is one more of its open incident.
_INCIDENT = ("opened", "joined", "reopened")


class Record:
    """The record of one community. An alarm is in it once its incident is on disk with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.alarms: Counter[str] = Counter()  # by the detectors' entities
        self._read_to = 0
        self._news = asyncio.Event()

    @contextlib.asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Read on meanwhile what comes from now on, and count from nothing."""
        self.alarms.clear()
        self._read_to = await asyncio.to_thread(self._last)
        reading = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def until(self, entity: str, count: int, deadline: float) -> float | None:
        """Wait until an entity has had this many alarms; when it was seen, None if it was not."""
        while self.alarms[entity] < count:
            if (left := deadline - time.time()) <= 0:
                return None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, 1)):
                    await self._news.wait()
        return time.time()

    async def told(self) -> int:
        """Return how many alarms the incidents count of their detectors."""
        return await asyncio.to_thread(self._counted)

    async def _follow(self) -> None:
        while True:
            rows = await asyncio.to_thread(self._new)
            if rows:
                self._read_to = rows[-1][0]
                self.alarms.update(
                    source for _, source, raised, verdict in rows if raised and verdict in _INCIDENT
                )
                news, self._news = self._news, asyncio.Event()
                news.set()
            await asyncio.sleep(_EVERY)

    def _database(self) -> contextlib.closing[sqlite3.Connection]:
        return contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True))

    def _last(self) -> int:
        with self._database() as database:
            return int(database.execute("SELECT COALESCE(MAX(id), 0) FROM signal").fetchone()[0])

    def _new(self) -> list[tuple[int, str, bool, str]]:
        query = "SELECT id, source, raised, verdict FROM signal WHERE id > ? ORDER BY id"
        with self._database() as database:
            return database.execute(query, (self._read_to,)).fetchall()

    def _counted(self) -> int:
        with self._database() as database:
            documents = database.execute("SELECT document FROM incident").fetchall()
        return sum(
            source["times"]
            for (document,) in documents
            for source in json.loads(document)["value"]["sources"].values()
        )
