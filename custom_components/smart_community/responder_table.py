"""The responders as a table: a line each, as an office keeps them, out and in again.

All or nothing: a table with one error changes nobody, and names every error with its line.
"""

import csv
import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from .config_flow_channels import ADDRESSED, channel_errors
from .config_flow_community import free_slug
from .config_flow_roster import roster_errors, shown_roster
from .const import SUBENTRY_RESPONDER
from .core.model import ChannelKind, Tier
from .data import CommunityEntry
from .departments import Department
from .errors import refusal
from .loops import LOOPS

_LISTS: Final = (
    "users",
    "channels",
    "loops",
    "areas",
    "floors",
    "deputies",
    "urgent_channels",
    "night_channels",
)
_PLAIN: Final = ("key", "tier", "language", "department", "duty", "quiet_from", "quiet_until")
_TARGETS: Final = tuple(f"{kind}_{part}" for kind in ADDRESSED for part in ("target", "number"))
COLUMNS: Final = ("name", *_PLAIN, *_LISTS, *_TARGETS)
# What a cell may hold, where it is not free.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "tier": frozenset(Tier),
    "language": frozenset({"en", "zh-Hans"}),
    "department": frozenset({"", *Department}),
    "channels": frozenset(ChannelKind),
    "urgent_channels": frozenset(ChannelKind),
    "night_channels": frozenset(ChannelKind),
    "loops": frozenset(LOOPS),
}


async def export_table(hass: HomeAssistant, entry: CommunityEntry) -> str:
    """Return the table as CSV; users by name, several values of a cell by semicolons."""
    names = {user.id: user.name or user.id for user in await hass.auth.async_get_users()}
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for subentry in _responders(entry).values():
        data = subentry.data
        row = {"name": subentry.title, **{key: data.get(key, "") for key in _PLAIN}}
        row |= {key: ";".join(data.get(key, ())) for key in _LISTS}
        row["users"] = ";".join(names.get(one, one) for one in data["users"])
        for kind, target in data["targets"].items():
            row |= {f"{kind}_{part}": target.get(part, "") for part in ("target", "number")}
        writer.writerow(row)
    return out.getvalue()


async def import_table(hass: HomeAssistant, entry: CommunityEntry, table: str) -> tuple[int, int]:
    """Add and change responders; whom the table does not name stays. Returns added and changed.

    Raises the translated refusal `responder_table` with every error and its line.
    """
    users = {
        user.name or user.id: user.id
        for user in await hass.auth.async_get_users()
        if user.is_active and not user.system_generated
    }
    there = _responders(entry)
    rows = list(csv.DictReader(io.StringIO(table.lstrip("\ufeff"))))
    errors = [] if rows else ["1: empty"]
    wanted: dict[str, tuple[str, dict[str, Any]]] = {}
    keys = set(there)
    for line, raw in enumerate(rows, 2):
        row = {str(key): (value or "").strip() for key, value in raw.items() if key is not None}
        wrong = _wrong(row, users)
        if not wrong:
            key = row.get("key") or free_slug(row["name"], keys)
            keys.add(key)
            data = _data(key, row, users, there.get(key))
            wrong = [*_form_errors(hass, entry, data)]
            if key in wanted:
                wrong.append(f"key: {key}")
            wanted[key] = (row["name"], data)
        errors += [f"{line}: {one}" for one in wrong]
    if errors:
        raise refusal("responder_table", errors="\n".join(errors[:50]))
    changed = 0
    for key, (name, data) in wanted.items():
        known = there.get(key)
        if known is None:
            subentry = ConfigSubentry(
                data=MappingProxyType(data),
                subentry_type=SUBENTRY_RESPONDER,
                title=name,
                unique_id=f"{SUBENTRY_RESPONDER}:{key}",
            )
            hass.config_entries.async_add_subentry(entry, subentry)
        elif hass.config_entries.async_update_subentry(entry, known, data=data, title=name):
            changed += 1
    return len(wanted.keys() - there.keys()), changed


def _responders(entry: CommunityEntry) -> dict[str, ConfigSubentry]:
    return {
        one.data["key"]: one
        for one in entry.subentries.values()
        if one.subentry_type == SUBENTRY_RESPONDER
    }


def _cells(text: str) -> list[str]:
    return [one.strip() for one in text.split(";") if one.strip()]


def _wrong(row: Mapping[str, str], users: Mapping[str, str]) -> list[str]:
    wrong = [] if row.get("name") else ["name: -"]
    for column, words in _WORDS.items():
        cells = _cells(row.get(column, "")) if column in _LISTS else [row.get(column, "")]
        wrong += [f"{column}: {cell or '-'}" for cell in cells if cell not in words]
    wrong += [f"users: {one}" for one in _cells(row.get("users", "")) if one not in users]
    return wrong


def _data(
    key: str, row: Mapping[str, str], users: Mapping[str, str], known: ConfigSubentry | None
) -> dict[str, Any]:
    targets: dict[str, dict[str, Any]] = dict(known.data["targets"]) if known is not None else {}
    for kind in ADDRESSED:
        if target := row.get(f"{kind}_target", ""):
            number = row.get(f"{kind}_number", "")
            targets[kind.value] = {
                **targets.get(kind.value, {}),
                "target": target,
                **({"number": number} if kind is not ChannelKind.SPEAKER else {}),
            }
        elif f"{kind}_target" in row:
            targets.pop(kind.value, None)
    data: dict[str, Any] = {
        "key": key,
        "tier": row["tier"],
        "language": row["language"],
        "users": [users[one] for one in _cells(row.get("users", ""))],
        "channels": _cells(row.get("channels", "")),
        "loops": _cells(row.get("loops", "")),
        "targets": targets,
    }
    for column in ("department", "duty", "quiet_from", "quiet_until"):
        if row.get(column):
            data[column] = row[column]
    for column in ("areas", "floors", "deputies", "urgent_channels", "night_channels"):
        if cells := _cells(row.get(column, "")):
            data[column] = cells
    return data


def _form_errors(hass: HomeAssistant, entry: CommunityEntry, data: Mapping[str, Any]) -> list[str]:
    """Ask the form itself: what it refuses, a table may not bring in."""
    said = {
        **data,
        **shown_roster(data),
        **{
            kind: {f"{kind}_{name}": value for name, value in target.items()}
            for kind, target in data["targets"].items()
        },
    }
    wrong, line = roster_errors(said)
    wrong |= channel_errors(hass, entry, said)
    return [
        f"{field}: {error}{f' ({line})' if error == 'duty_line' else ''}"
        for field, error in wrong.items()
    ]
