"""What is decided is on disk before anybody is told: SQLite (or PostgreSQL) through SQLAlchemy.

Every function here blocks and belongs to the writer's thread. One commit takes everything that came
in while the one before it ran: incident, timeline and outbox stand or fall together.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Table, create_engine, event, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..core import codec
from ..core.agreement import Agreement
from ..core.detection import Watch
from ..core.errors import DomainError
from ..core.events import Entry
from ..core.evidence import Evidence, EvidenceKind
from ..core.model import Disposition, Incident, Status
from ..core.statistics import Case
from .outbox import Letter, LetterState
from .tables import (
    ACTIVE,
    AGREEMENT,
    EVIDENCE,
    INCIDENT,
    META,
    METADATA,
    OUTBOX,
    SCHEMA_VERSION,
    SIGNAL,
    TIMELINE,
    WATCH,
    Rows,
    SignalRow,
    agreement_row,
    entry_row,
    evidence_row,
    incident_row,
    letter_row,
    meta_row,
    signal_row,
    storable,
    upsert,
    utc,
    watch_row,
)

_LOGGER = logging.getLogger(__name__)

# Pages of write-ahead log after which SQLite folds it into the database: SQLite's own figure.
_FOLD_AFTER = 1000


class StoreError(Exception):
    """The database cannot be used. `key` names the repair issue."""

    def __init__(self, key: str, problem: str) -> None:
        """Keep the issue's key and what the database said."""
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


@dataclass(kw_only=True, slots=True)
class Batch:
    """Everything one commit writes; a later value of the same thing replaces the earlier."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    watches: dict[tuple[str, str], Watch] = field(default_factory=dict)
    entries: list[tuple[str, Entry]] = field(default_factory=list)
    signals: list[SignalRow] = field(default_factory=list)
    letters: dict[str, Letter] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    agreements: list[Agreement] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return any(getattr(self, one.name) for one in fields(self))

    def add(self, later: Batch) -> None:
        """Put a later batch on top of this one (after a commit that failed)."""
        self.incidents.update(later.incidents)
        self.watches.update(later.watches)
        self.entries.extend(later.entries)
        self.signals.extend(later.signals)
        self.letters.update(later.letters)
        self.settings.update(later.settings)
        self.evidence.update(later.evidence)
        self.agreements.extend(later.agreements)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """What the engine takes up again when it starts."""

    incidents: tuple[Incident, ...]
    watches: tuple[Watch, ...]
    letters: tuple[Letter, ...]
    settings: Mapping[str, str]
    agreements: tuple[Agreement, ...]


class Store:
    """The database of one community."""

    def __init__(self, url: str) -> None:
        """Keep the URL; nothing is opened yet."""
        self._url = url
        self._engine: Engine | None = None
        self._hash = ""
        self._statements: dict[Table, tuple[str, list[str] | None]] = {}

    def open(self) -> Snapshot:
        """Open, check and read. StoreError `database_corrupt`, `_newer` or `_unreachable`.

        A database that cannot be read whole is never taken for an empty one.
        """
        engine = create_engine(self._url, pool_size=2, max_overflow=0)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _durable)
        try:
            with engine.begin() as connection:
                if engine.dialect.name == "sqlite":
                    _check(connection)
                METADATA.create_all(connection)
                snapshot = self._read(connection)
        except DomainError as err:
            engine.dispose()
            key = "database_newer" if err.key == "document_newer" else "database_corrupt"
            raise StoreError(key, str(err)) from err
        except (SQLAlchemyError, ValueError) as err:
            engine.dispose()
            problem = str(getattr(err, "orig", err))
            broken = any(word in problem for word in ("malformed", "not a database", "corrupt"))
            broken = broken or isinstance(err, ValueError)
            key = "database_corrupt" if broken else "database_unreachable"
            raise StoreError(key, problem) from err
        except StoreError:
            engine.dispose()
            raise
        self._engine = engine
        return snapshot

    def _read(self, connection: Connection) -> Snapshot:
        settings = {str(key): str(value) for key, value in connection.execute(select(META))}
        version = settings.setdefault("schema", str(SCHEMA_VERSION))
        if int(version) > SCHEMA_VERSION:
            raise StoreError("database_newer", f"schema {version}, known {SCHEMA_VERSION}")
        self._write(connection, META, [meta_row("schema", str(SCHEMA_VERSION))])
        last = select(TIMELINE.c.hash).order_by(TIMELINE.c.id.desc()).limit(1)
        self._hash = str(connection.execute(last).scalar() or "")
        documents = connection.execute(select(INCIDENT.c.document).where(ACTIVE)).scalars()
        watches = connection.execute(select(WATCH.c.document)).scalars()
        letters = connection.execute(
            select(OUTBOX.c.document).where(OUTBOX.c.state != LetterState.DONE)
        ).scalars()
        agreements = connection.execute(
            select(AGREEMENT.c.document).order_by(AGREEMENT.c.valid_from, AGREEMENT.c.id)
        ).scalars()
        return Snapshot(
            incidents=tuple(codec.load(Incident, json.loads(row)) for row in documents),
            watches=tuple(codec.load(Watch, json.loads(row)) for row in watches),
            letters=tuple(codec.load(Letter, json.loads(row)) for row in letters),
            settings=settings,
            agreements=tuple(codec.load(Agreement, json.loads(row)) for row in agreements),
        )

    def commit(self, batch: Batch) -> None:
        """Write a batch in one transaction, or nothing of it (StoreError `recording_failed`).

        Ended incidents first: one that is taken over frees its loop and zone.
        """
        if self._engine is None:
            raise StoreError("recording_failed", "the database is closed")
        ordered = sorted(batch.incidents.values(), key=lambda one: one.status.active)
        rows: Rows = [
            (INCIDENT, [incident_row(one) for one in ordered]),
            (WATCH, [watch_row(one) for one in batch.watches.values()]),
            (TIMELINE, [entry_row(*one) for one in batch.entries]),
            (SIGNAL, [signal_row(one) for one in batch.signals]),
            (OUTBOX, [letter_row(one) for one in batch.letters.values()]),
            (META, [meta_row(*one) for one in batch.settings.items()]),
            (EVIDENCE, [evidence_row(one) for one in batch.evidence.values()]),
            (AGREEMENT, [agreement_row(one) for one in batch.agreements]),
        ]
        try:
            try:
                self._write_all(self._engine, rows)
            except ValueError:
                # Half a character, or one that the server has no room for: with it nothing else
                # would ever be recorded again.
                self._write_all(self._engine, storable(rows))
        except SQLAlchemyError as err:
            raise StoreError("recording_failed", str(getattr(err, "orig", err))) from err

    def _write_all(self, engine: Engine, rows: Rows) -> None:
        chained = self._hash
        with engine.begin() as connection:
            for table, of_table in rows:
                if table is TIMELINE:
                    for row in of_table:
                        said = f"{chained}{row['incident']}{row['entry']}"
                        chained = row["hash"] = hashlib.sha256(said.encode()).hexdigest()
                self._write(connection, table, of_table)
        self._hash = chained

    def _write(self, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
        """Insert rows, or replace those that have their key already.

        SQLAlchemy compiles an upsert anew each time, which costs more than the disk: its text is
        kept and handed to the driver.
        """
        if not rows:
            return
        if table not in self._statements:
            self._statements[table] = upsert(table, connection.dialect)
        text_, order = self._statements[table]
        values = [tuple(row[name] for name in order) if order else row for row in rows]
        connection.exec_driver_sql(text_, values)

    def incident(self, reference: str) -> Incident | None:
        """Find an incident by its id or number, ended ones too."""
        query = select(INCIDENT.c.document).where(
            (INCIDENT.c.id == reference) | (INCIDENT.c.number == reference)
        )
        with self._connect() as connection:
            document = connection.execute(query).scalar()
        return None if document is None else codec.load(Incident, json.loads(document))

    def incidents(
        self,
        *,
        status: Iterable[str] = (),
        loop: str | None = None,
        zone: str | None = None,
        since: datetime | None = None,
        limit: int = 100,
    ) -> list[Incident]:
        """List incidents, newest first."""
        query = select(INCIDENT.c.document).order_by(INCIDENT.c.opened_at.desc()).limit(limit)
        if chosen := list(status):
            query = query.where(INCIDENT.c.status.in_(chosen))
        if loop is not None:
            query = query.where(INCIDENT.c.loop == loop)
        if zone is not None:
            query = query.where(INCIDENT.c.zone == zone)
        if since is not None:
            query = query.where(INCIDENT.c.opened_at >= utc(since))
        with self._connect() as connection:
            documents = connection.execute(query).scalars().all()
        return [codec.load(Incident, json.loads(document)) for document in documents]

    def cases(self, *, since: datetime, after: str = "", limit: int = 500) -> dict[str, Case]:
        """Return what is counted of a period's incidents, a page at a time, by their ids.

        A page is as much as an alarm's commit may wait for: both belong to this one thread. Ids
        sort by time, so the last of a page is where the next begins.
        """
        query = (
            select(INCIDENT.c.id, INCIDENT.c.document)
            .where(INCIDENT.c.opened_at >= utc(since), INCIDENT.c.id > after)
            .order_by(INCIDENT.c.id)
            .limit(limit)
        )
        with self._connect() as connection:
            rows = connection.execute(query).all()
        return {row.id: _case(json.loads(row.document)["value"]) for row in rows}

    def timeline(self, incident: str) -> list[Entry]:
        """Return an incident's timeline, oldest first."""
        query = select(TIMELINE.c.entry).where(TIMELINE.c.incident == incident)
        with self._connect() as connection:
            rows = connection.execute(query.order_by(TIMELINE.c.id)).scalars().all()
        return [
            codec.load(Entry, {"version": codec.VERSION, "value": json.loads(row)}) for row in rows
        ]

    def evidence(self, incident: str) -> list[Evidence]:
        """Return what proves an incident (or a report, `report:<id>`), oldest first."""
        query = select(EVIDENCE.c.document).where(EVIDENCE.c.incident == incident)
        with self._connect() as connection:
            documents = connection.execute(query.order_by(EVIDENCE.c.at)).scalars().all()
        return [codec.load(Evidence, json.loads(document)) for document in documents]

    def curves(self, limit: int = 500) -> list[Evidence]:
        """Return the pieces of curve that were measured last, the oldest first."""
        query = select(EVIDENCE.c.document).where(EVIDENCE.c.kind == EvidenceKind.CURVE.value)
        with self._connect() as connection:
            documents = connection.execute(query.order_by(EVIDENCE.c.at.desc()).limit(limit))
            pieces = [json.loads(document) for document in documents.scalars()]
        return [codec.load(Evidence, piece) for piece in reversed(pieces)]

    def evidence_item(self, evidence_id: str) -> Evidence | None:
        """Return one piece of evidence."""
        query = select(EVIDENCE.c.document).where(EVIDENCE.c.id == evidence_id)
        with self._connect() as connection:
            document = connection.execute(query).scalar()
        return None if document is None else codec.load(Evidence, json.loads(document))

    def noted(
        self, kind: str, since: datetime, incident: str | None = None
    ) -> list[tuple[str, Entry]]:
        """Return the entries of a kind since a moment, with their incident, the oldest first.

        `incident`: of this one alone, by its index; else every line that was ever written is read.
        """
        query = select(TIMELINE.c.incident, TIMELINE.c.entry).where(
            TIMELINE.c.entry.contains(f'"kind":"{kind}"', autoescape=True)
        )
        if incident is not None:
            query = query.where(TIMELINE.c.incident == incident)
        with self._connect() as connection:
            rows = connection.execute(query.order_by(TIMELINE.c.id)).all()
        entries = [
            (about, codec.load(Entry, {"version": codec.VERSION, "value": json.loads(row)}))
            for about, row in rows
        ]
        # The text may stand in a note, too.
        return [row for row in entries if row[1].kind == kind and row[1].at >= since]

    def chain_intact(self) -> bool:
        """Recompute the timeline's hashes: false if anything in it was edited or taken out."""
        chained = ""
        with self._connect() as connection:
            for row in connection.execute(select(TIMELINE).order_by(TIMELINE.c.id)):
                said = f"{chained}{row.incident}{row.entry}"
                chained = hashlib.sha256(said.encode()).hexdigest()
                if chained != row.hash:
                    return False
        return chained == self._hash

    def hold_files(self, still: bool) -> None:  # noqa: FBT001  # handed over by position
        """Fold the write-ahead log into the database and then no more, or as usual again.

        A database server keeps its own files.
        """
        if self._engine is None or self._engine.dialect.name != "sqlite":
            return
        try:
            # Both connections of the pool: each folds by its own count of pages.
            with self._engine.connect() as one, self._engine.connect() as other:
                if still:
                    one.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                for connection in (one, other):
                    pages = 0 if still else _FOLD_AFTER
                    connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={pages}")
        except SQLAlchemyError as err:
            raise StoreError("recording_failed", str(getattr(err, "orig", err))) from err

    def close(self) -> None:
        """Close every connection; SQLite folds its write-ahead log into the file."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _connect(self) -> Connection:
        if self._engine is None:
            raise StoreError("recording_failed", "the database is closed")
        return self._engine.connect()


def _case(value: Mapping[str, Any]) -> Case:
    """Read the few fields that are counted; the whole document would cost ten times as much."""

    def moment(said: str | None) -> datetime | None:
        return None if said is None else datetime.fromisoformat(said)

    first = next(iter(value["acknowledgements"]), None)
    return Case(
        loop=value["loop"],
        status=Status(value["status"]),
        opened_at=datetime.fromisoformat(value["opened_at"]),
        acknowledged_at=moment(first and first["at"]),
        closed_at=moment(value["closed_at"]),
        disposition=value["disposition"] and Disposition(value["disposition"]),
        drill=value["drill"],
    )


def _durable(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _check(connection: Connection) -> None:
    problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if problem != "ok":
        raise StoreError("database_corrupt", str(problem))
