"""The responders as a table: a line each, as an office keeps them, out and in again.

All or nothing: a table with one error changes nobody, and names every error with its line.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .channels.speaker import TTS
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
_TIMES: Final = ("quiet_from", "quiet_until")
# What the table says of an address, beside its target; a pause is written as hours:minutes:seconds.
_PARTS: Final[Mapping[ChannelKind, tuple[str, ...]]] = {
    kind: ("voice", *_TIMES, "pause") if kind is ChannelKind.SPEAKER else ("number",)
    for kind in ADDRESSED
}
_TARGETS: Final = tuple(
    f"{kind}_{part}" for kind, parts in _PARTS.items() for part in ("target", *parts)
)
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
    """Return the table as CSV; users by name, several values of a cell by semicolons.

    What it says comes back by `import_table` as it was.
    """
    names = {user: name for name, user in _named(await hass.auth.async_get_users()).items()}
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for subentry in _responders(entry).values():
        writer.writerow(_row(subentry, names))
    return out.getvalue()


async def import_table(hass: HomeAssistant, entry: CommunityEntry, table: str) -> tuple[int, int]:
    """Add and change responders; whom it does not name, and what it has no column for, stays.

    Returns how many were added and how many changed.
    Raises the translated refusal `responder_table` with every error and its line.
    """
    users = _named(await hass.auth.async_get_users())
    there = _responders(entry)
    rows = list(csv.DictReader(io.StringIO(table.lstrip("\ufeff"))))
    errors = [] if rows else ["1: empty"]
    wanted: dict[str, tuple[str, dict[str, Any]]] = {}
    keys = set(there)
    for line, raw in enumerate(rows, 2):
        row = {str(key): (value or "").strip() for key, value in raw.items() if key is not None}
        known = there.get(row.get("key", ""))
        row = {**(_row(known, {}) if known is not None else {}), **row}
        # Whoever has left stays where the table found them.
        left = {one: one for one in known.data["users"]} if known is not None else {}
        wrong = _wrong(row, {**left, **users})
        if not wrong:
            key = row.get("key") or free_slug(row["name"], keys)
            keys.add(key)
            data = _data(key, row, {**left, **users})
            wrong = [*_form_errors(hass, entry, data)]
            if key in wanted:
                wrong.append(f"key: {key}")
            wanted[key] = (row["name"], data)
        errors += [f"{line}: {one}" for one in wrong]
    errors = errors or _together(there, wanted)
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


def _row(subentry: ConfigSubentry, names: Mapping[str, str]) -> dict[str, str]:
    """Return a responder as a line; `names`: user ids to what the table calls them."""
    data = subentry.data
    row = {"name": subentry.title, **{key: data.get(key, "") for key in _PLAIN}}
    row |= {key: ";".join(data.get(key, ())) for key in _LISTS}
    row["users"] = ";".join(names.get(one, one) for one in data["users"])
    for kind, target in data["targets"].items():
        row |= {
            f"{kind}_{part}": _cell(target.get(part, ""))
            for part in ("target", *_PARTS[ChannelKind(kind)])
        }
    return row


def _cell(value: str | Mapping[str, float]) -> str:
    """Return a part of an address as a cell: text as it is, a duration as hours:minutes:seconds."""
    if isinstance(value, str):
        return value
    minutes, seconds = divmod(round(timedelta(**value).total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _named(users: Iterable[User]) -> dict[str, str]:
    """Return people by what a table calls them: the name, or the id where a name is no name."""
    people = [user for user in users if user.is_active and not user.system_generated]
    count = Counter(user.name for user in people)
    found = {user.id: user.id for user in people}
    for user in people:
        if user.name and count[user.name] == 1 and user.name == user.name.strip().replace(";", ""):
            found[user.name] = user.id
    return found


def _together(
    there: Mapping[str, ConfigSubentry], wanted: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> list[str]:
    """Return what does not fit together once all of it is in: names, and deputies."""
    names = {key: one.title for key, one in there.items()}
    names |= {key: name for key, (name, _) in wanted.items()}
    count = Counter(name.casefold() for name in names.values())
    twice = sorted({name for name in names.values() if count[name.casefold()] > 1})
    return [f"name: {name}" for name in twice] + [
        f"deputies: {one}"
        for _, data in wanted.values()
        for one in data.get("deputies", ())
        if one not in names
    ]


def _cells(text: str) -> list[str]:
    return [one.strip() for one in text.split(";") if one.strip()]


def _wrong(row: Mapping[str, str], users: Mapping[str, str]) -> list[str]:
    wrong = [] if row.get("name") else ["name: -"]
    for column, words in _WORDS.items():
        cells = _cells(row.get(column, "")) if column in _LISTS else [row.get(column, "")]
        wrong += [f"{column}: {cell or '-'}" for cell in cells if cell not in words]
    wrong += [f"users: {one}" for one in _cells(row.get("users", "")) if one not in users]
    wrong += [
        f"{column}: {row[column]}"
        for column in (*_TIMES, *(f"{ChannelKind.SPEAKER}_{part}" for part in _TIMES))
        if row.get(column) and dt_util.parse_time(row[column]) is None
    ]
    voice, pause = (row.get(f"{ChannelKind.SPEAKER}_{part}", "") for part in ("voice", "pause"))
    if voice and not voice.startswith(f"{TTS}."):
        wrong.append(f"speaker_voice: {voice}")
    if pause and _pause(pause) is None:
        wrong.append(f"speaker_pause: {pause}")
    return wrong


def _pause(cell: str) -> dict[str, int] | None:
    """Read hours:minutes:seconds as the form's own duration; None if it is not one."""
    found = re.fullmatch(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?", cell)
    if found is None:
        return None
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return {"hours": hours, "minutes": minutes, "seconds": seconds}


def _data(key: str, row: Mapping[str, str], users: Mapping[str, str]) -> dict[str, Any]:
    targets: dict[str, dict[str, Any]] = {}
    for kind, parts in _PARTS.items():
        address = {part: row.get(f"{kind}_{part}", "") for part in ("target", *parts)}
        if address["target"]:
            # A number stands there also when it is empty, as the form stores it.
            said = {part: one for part, one in address.items() if one or part == "number"}
            pause = {"pause": _pause(said["pause"])} if "pause" in said else {}
            targets[kind.value] = {**said, **pause}
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
