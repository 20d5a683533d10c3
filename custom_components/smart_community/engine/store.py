"""What is decided is on disk before anybody is told: SQLite (or PostgreSQL) through SQLAlchemy.

Every function here blocks and belongs to the writer's thread. One commit takes everything that came
in while the one before it ran: incident, timeline and outbox stand or fall together.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..core import codec
from ..core.detection import Signal, Watch
from ..core.errors import DomainError
from ..core.events import Entry
from ..core.model import Incident
from .outbox import Letter, LetterState

_LOGGER = logging.getLogger(__name__)

SCHEMA_VERSION: Final = 1

_METADATA = MetaData()
_META = Table("meta", _METADATA, Column("key", String(64), primary_key=True), Column("value", Text))
_INCIDENT = Table(
    "incident",
    _METADATA,
    Column("id", String(32), primary_key=True),
    Column("number", String(32), unique=True),
    Column("loop", String(64)),
    Column("zone", String(255)),
    Column("status", String(16), index=True),
    Column("active", Boolean),
    Column("opened_at", String(40), index=True),
    Column("document", Text),
)
# One running incident per loop and zone is the database's word, not a check made before.
_ACTIVE = _INCIDENT.c.active.is_(True)
Index(
    "one_active_per_loop_and_zone",
    _INCIDENT.c.loop,
    _INCIDENT.c.zone,
    unique=True,
    sqlite_where=text("active"),
    postgresql_where=text("active"),
)
_TIMELINE = Table(
    "timeline",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("incident", String(32), index=True),
    Column("entry", Text),
    Column("hash", String(64)),
)
_SIGNAL = Table(
    "signal",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", String(40), index=True),
    Column("loop", String(64)),
    Column("zone", String(255)),
    Column("source", String(255)),
    Column("raised", Boolean),
    Column("value", Text),
    Column("verdict", String(32)),
    Column("incident", String(32)),
)
_WATCH = Table(
    "watch",
    _METADATA,
    Column("loop", String(64), primary_key=True),
    Column("zone", String(255), primary_key=True),
    Column("document", Text),
)
_OUTBOX = Table(
    "outbox",
    _METADATA,
    Column("id", String(160), primary_key=True),
    Column("incident", String(32), index=True),
    Column("state", String(16), index=True),
    Column("document", Text),
)


class StoreError(Exception):
    """The database cannot be used. `key` names the repair issue."""

    def __init__(self, key: str, problem: str) -> None:
        """Keep the issue's key and what the database said."""
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalRow:
    """A signal as it is kept: what was said, and what became of it."""

    loop: str
    zone: str
    signal: Signal
    verdict: str
    incident: str | None


@dataclass(kw_only=True, slots=True)
class Batch:
    """Everything one commit writes; a later value of the same thing replaces the earlier."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    watches: dict[tuple[str, str], Watch] = field(default_factory=dict)
    entries: list[tuple[str, Entry]] = field(default_factory=list)
    signals: list[SignalRow] = field(default_factory=list)
    letters: dict[str, Letter] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return any(
            (self.incidents, self.watches, self.entries, self.signals, self.letters, self.settings)
        )

    def add(self, later: Batch) -> None:
        """Put a later batch on top of this one (after a commit that failed)."""
        self.incidents.update(later.incidents)
        self.watches.update(later.watches)
        self.entries.extend(later.entries)
        self.signals.extend(later.signals)
        self.letters.update(later.letters)
        self.settings.update(later.settings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """What the engine takes up again when it starts."""

    incidents: tuple[Incident, ...]
    watches: tuple[Watch, ...]
    letters: tuple[Letter, ...]
    settings: Mapping[str, str]


class Store:
    """The database of one community."""

    def __init__(self, url: str) -> None:
        """Keep the URL; nothing is opened yet."""
        self._url = url
        self._engine: Engine | None = None
        self._hash = ""

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
                _METADATA.create_all(connection)
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
        settings = {str(key): str(value) for key, value in connection.execute(select(_META))}
        version = settings.setdefault("schema", str(SCHEMA_VERSION))
        if int(version) > SCHEMA_VERSION:
            raise StoreError("database_newer", f"schema {version}, known {SCHEMA_VERSION}")
        _upsert(connection, _META, [{"key": "schema", "value": str(SCHEMA_VERSION)}])
        last = select(_TIMELINE.c.hash).order_by(_TIMELINE.c.id.desc()).limit(1)
        self._hash = str(connection.execute(last).scalar() or "")
        documents = connection.execute(select(_INCIDENT.c.document).where(_ACTIVE)).scalars()
        watches = connection.execute(select(_WATCH.c.document)).scalars()
        letters = connection.execute(
            select(_OUTBOX.c.document).where(_OUTBOX.c.state == LetterState.QUEUED)
        ).scalars()
        return Snapshot(
            incidents=tuple(codec.load(Incident, json.loads(row)) for row in documents),
            watches=tuple(codec.load(Watch, json.loads(row)) for row in watches),
            letters=tuple(codec.load(Letter, json.loads(row)) for row in letters),
            settings=settings,
        )

    def commit(self, batch: Batch) -> None:
        """Write a batch in one transaction, or nothing of it (StoreError `recording_failed`)."""
        if self._engine is None:
            raise StoreError("recording_failed", "the database is closed")
        chained = self._hash
        rows = []
        for incident, entry in batch.entries:
            document = _json(codec.plain(entry))
            chained = hashlib.sha256(f"{chained}{incident}{document}".encode()).hexdigest()
            rows.append({"incident": incident, "entry": document, "hash": chained})
        try:
            with self._engine.begin() as connection:
                # Ended incidents first: one that is taken over frees its loop and zone.
                ordered = sorted(batch.incidents.values(), key=lambda one: one.status.active)
                _upsert(connection, _INCIDENT, [_incident_row(one) for one in ordered])
                _upsert(connection, _WATCH, [_watch_row(one) for one in batch.watches.values()])
                if rows:
                    connection.execute(insert(_TIMELINE), rows)
                if batch.signals:
                    connection.execute(insert(_SIGNAL), [_signal_row(s) for s in batch.signals])
                _upsert(connection, _OUTBOX, [_letter_row(one) for one in batch.letters.values()])
                _upsert(
                    connection,
                    _META,
                    [{"key": key, "value": value} for key, value in batch.settings.items()],
                )
        except SQLAlchemyError as err:
            raise StoreError("recording_failed", str(getattr(err, "orig", err))) from err
        self._hash = chained

    def incident(self, reference: str) -> Incident | None:
        """Find an incident by its id or number, ended ones too."""
        query = select(_INCIDENT.c.document).where(
            (_INCIDENT.c.id == reference) | (_INCIDENT.c.number == reference)
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
        query = select(_INCIDENT.c.document).order_by(_INCIDENT.c.opened_at.desc()).limit(limit)
        if chosen := list(status):
            query = query.where(_INCIDENT.c.status.in_(chosen))
        if loop is not None:
            query = query.where(_INCIDENT.c.loop == loop)
        if zone is not None:
            query = query.where(_INCIDENT.c.zone == zone)
        if since is not None:
            query = query.where(_INCIDENT.c.opened_at >= _utc(since))
        with self._connect() as connection:
            documents = connection.execute(query).scalars().all()
        return [codec.load(Incident, json.loads(document)) for document in documents]

    def timeline(self, incident: str) -> list[Entry]:
        """Return an incident's timeline, oldest first."""
        query = select(_TIMELINE.c.entry).where(_TIMELINE.c.incident == incident)
        with self._connect() as connection:
            rows = connection.execute(query.order_by(_TIMELINE.c.id)).scalars().all()
        return [
            codec.load(Entry, {"version": codec.VERSION, "value": json.loads(row)}) for row in rows
        ]

    def chain_intact(self) -> bool:
        """Recompute the timeline's hashes: false if anything in it was edited or taken out."""
        chained = ""
        with self._connect() as connection:
            for row in connection.execute(select(_TIMELINE).order_by(_TIMELINE.c.id)):
                said = f"{chained}{row.incident}{row.entry}"
                chained = hashlib.sha256(said.encode()).hexdigest()
                if chained != row.hash:
                    return False
        return chained == self._hash

    def close(self) -> None:
        """Close every connection; SQLite folds its write-ahead log into the file."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _connect(self) -> Connection:
        if self._engine is None:
            raise StoreError("recording_failed", "the database is closed")
        return self._engine.connect()


def _durable(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _check(connection: Connection) -> None:
    problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if problem != "ok":
        raise StoreError("database_corrupt", str(problem))


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _utc(moment: datetime) -> str:
    """Write a time so that the order of the text is the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _incident_row(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "number": incident.number,
        "loop": incident.loop,
        "zone": incident.zone,
        "status": incident.status.value,
        "active": incident.status.active,
        "opened_at": _utc(incident.opened_at),
        "document": _json(codec.dump(incident)),
    }


def _watch_row(watch: Watch) -> dict[str, Any]:
    return {"loop": watch.loop, "zone": watch.zone, "document": _json(codec.dump(watch))}


def _signal_row(row: SignalRow) -> dict[str, Any]:
    return {
        "at": _utc(row.signal.at),
        "loop": row.loop,
        "zone": row.zone,
        "source": row.signal.source,
        "raised": row.signal.raised,
        "value": row.signal.value,
        "verdict": row.verdict,
        "incident": row.incident,
    }


def _letter_row(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "incident": letter.incident,
        "state": letter.state.value,
        "document": _json(codec.dump(letter)),
    }
