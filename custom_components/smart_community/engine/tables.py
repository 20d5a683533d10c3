"""The database's tables, and how each value becomes a row of one."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Boolean, Column, Dialect, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects import postgresql, sqlite

from ..core import codec
from ..core.agreement import Agreement
from ..core.detection import Signal, Watch
from ..core.events import Entry
from ..core.evidence import Evidence
from ..core.model import Incident
from .outbox import Letter

SCHEMA_VERSION: Final = 1

METADATA = MetaData()
META = Table("meta", METADATA, Column("key", Text, primary_key=True), Column("value", Text))
INCIDENT = Table(
    "incident",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Text, unique=True),
    Column("loop", Text),
    Column("zone", Text),
    Column("status", Text, index=True),
    Column("active", Boolean),
    Column("opened_at", Text, index=True),
    Column("document", Text),
)
# One running incident per loop and zone is the database's word, not a check made before.
ACTIVE = INCIDENT.c.active.is_(True)
Index(
    "one_active_per_loop_and_zone",
    INCIDENT.c.loop,
    INCIDENT.c.zone,
    unique=True,
    sqlite_where=text("active"),
    postgresql_where=text("active"),
)
TIMELINE = Table(
    "timeline",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("incident", Text, index=True),
    Column("entry", Text),
    Column("hash", Text),
)
SIGNAL = Table(
    "signal",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Text, index=True),
    Column("loop", Text),
    Column("zone", Text),
    Column("source", Text),
    Column("raised", Boolean),
    Column("value", Text),
    Column("verdict", Text),
    Column("incident", Text),
)
WATCH = Table(
    "watch",
    METADATA,
    Column("loop", Text, primary_key=True),
    Column("zone", Text, primary_key=True),
    Column("document", Text),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("incident", Text, index=True),
    Column("state", Text, index=True),
    Column("document", Text),
)
EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("incident", Text, index=True),
    Column("kind", Text),
    Column("at", Text, index=True),
    Column("digest", Text),
    Column("document", Text),
)
AGREEMENT = Table(
    "agreement",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("loop", Text, index=True),
    Column("valid_from", Text),
    Column("document", Text),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalRow:
    """A signal as it is kept: what was said, and what became of it."""

    loop: str
    zone: str
    signal: Signal
    verdict: str
    incident: str | None


# What one commit writes, table by table in this order.
type Rows = list[tuple[Table, list[dict[str, Any]]]]


def upsert(table: Table, dialect: Dialect) -> tuple[str, list[str] | None]:
    """Return the statement's text, and its parameters' order if the driver counts them."""
    columns = [column for column in table.columns if column is not table.autoincrement_column]
    keys = [column.name for column in table.primary_key]
    statement = (postgresql if dialect.name == "postgresql" else sqlite).insert(table)
    changed = {c.name: statement.excluded[c.name] for c in columns if c.name not in keys}
    if table.autoincrement_column is None:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    names = [column.name for column in columns]
    compiled = statement.compile(dialect=dialect, column_keys=names)
    return str(compiled), compiled.positiontup


def plain_json(value: object) -> str:
    """Write JSON in one way only: a hash is taken of it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def utc(moment: datetime) -> str:
    """Write a time so that the order of the text is the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def storable(rows: Rows) -> Rows:
    """Return rows with what no UTF-8 column holds (half a surrogate pair, NUL) as U+FFFD."""

    def whole(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        halves = value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-16", "surrogatepass")
        return halves.decode("utf-16", "replace")

    return [
        (table, [{name: whole(value) for name, value in row.items()} for row in of_table])
        for table, of_table in rows
    ]


def meta_row(key: str, value: str) -> dict[str, Any]:
    """Return a setting's row."""
    return {"key": key, "value": value}


def incident_row(incident: Incident) -> dict[str, Any]:
    """Return an incident's row: what is searched for beside the document."""
    return {
        "id": incident.id,
        "number": incident.number,
        "loop": incident.loop,
        "zone": incident.zone,
        "status": incident.status.value,
        "active": incident.status.active,
        "opened_at": utc(incident.opened_at),
        "document": plain_json(codec.dump(incident)),
    }


def watch_row(watch: Watch) -> dict[str, Any]:
    """Return a detection's row."""
    return {"loop": watch.loop, "zone": watch.zone, "document": plain_json(codec.dump(watch))}


def entry_row(incident: str, entry: Entry) -> dict[str, Any]:
    """Return the row of a timeline's entry; its hash is the writer's, in order."""
    return {"incident": incident, "entry": plain_json(codec.plain(entry))}


def signal_row(row: SignalRow) -> dict[str, Any]:
    """Return a signal's row."""
    return {
        "at": utc(row.signal.at),
        "loop": row.loop,
        "zone": row.zone,
        "source": row.signal.source,
        "raised": row.signal.raised,
        "value": row.signal.value,
        "verdict": row.verdict,
        "incident": row.incident,
    }


def agreement_row(agreement: Agreement) -> dict[str, Any]:
    """Return the row of an agreement."""
    return {
        "id": agreement.id,
        "loop": agreement.loop,
        "valid_from": utc(agreement.valid_from),
        "document": plain_json(codec.dump(agreement)),
    }


def evidence_row(evidence: Evidence) -> dict[str, Any]:
    """Return the row of a piece of evidence."""
    return {
        "id": evidence.id,
        "incident": evidence.incident,
        "kind": evidence.kind.value,
        "at": utc(evidence.at),
        "digest": evidence.digest,
        "document": plain_json(codec.dump(evidence)),
    }


def letter_row(letter: Letter) -> dict[str, Any]:
    """Return a message's row."""
    return {
        "id": letter.id,
        "incident": letter.incident,
        "state": letter.state.value,
        "document": plain_json(codec.dump(letter)),
    }
