"""The timeline as a person reads it: a line an event, in either language, due beside actual."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from .events import Entry


def lines(
    entries: Iterable[Entry],
    *,
    texts: Mapping[str, Any],
    names: Mapping[str, str],
    zone: tzinfo,
) -> list[str]:
    """Render a timeline. `names`: responder keys and entity ids to what people call them."""
    return [line(entry, texts=texts, names=names, zone=zone) for entry in entries]


def line(entry: Entry, *, texts: Mapping[str, Any], names: Mapping[str, str], zone: tzinfo) -> str:
    """Render one entry: when, who, what; and when it was due if that was another moment."""
    words = texts["timeline"]
    data = {key: _worded(key, value, texts, names) for key, value in entry.data.items()}
    data.setdefault("reason", "")
    data["who"] = _who(entry, words)
    text = words["kinds"][entry.kind].format_map(_Blank(data)).rstrip()
    details = [
        words["details"][key].format(value=data[key])
        for key in words["details"]
        if data.get(key) and "{" + key + "}" not in words["kinds"][entry.kind]
    ]
    if entry.due is not None:
        details.insert(0, words["due"].format(due=_time(entry.due, zone)))
    tail = words["tail"].format(details=words["comma"].join(details)) if details else ""
    return f"{_time(entry.at, zone)}  {text}{tail}"


_NAMED = 6


class _Blank(dict[str, str]):
    """A value that an entry does not carry reads as nothing, not as an error."""

    def __missing__(self, key: str) -> str:
        return ""


def _who(entry: Entry, words: Mapping[str, Any]) -> str:
    if entry.actor is None:
        return ""
    nameless = "automation" if entry.actor.user_id is None else "somebody"
    return entry.actor.name or str(words[nameless])


def _worded(key: str, value: object, texts: Mapping[str, Any], names: Mapping[str, str]) -> str:
    comma = str(texts["timeline"]["comma"])
    if isinstance(value, (list, tuple)):
        if key in {"plan", "steps", "held"}:
            return comma.join(str(item + 1 if isinstance(item, int) else item) for item in value)
        shown = [names.get(str(item), str(item)) for item in value[:_NAMED]]
        more = f" +{len(value) - _NAMED}" if len(value) > _NAMED else ""
        return comma.join(shown) + more
    if key == "step" and isinstance(value, int):
        return str(value + 1)
    if isinstance(value, float):
        return f"{value:g}"
    if key == "reason":
        return worded_reason(str(value), texts)
    table = texts.get(
        {
            "tier": "tiers",
            "channel": "channels",
            "deed": "deeds",
            "loop": "loops",
            "threshold": "thresholds",
        }.get(key, ""),
        {},
    )
    worded = table.get(str(value)) or texts["timeline"]["values"].get(str(value))
    return str(worded or names.get(str(value), str(value)))


def worded_reason(value: str, texts: Mapping[str, Any]) -> str:
    """Word a reason; of several providers each with its own ("first: no_balance; second: ...")."""
    known, parts = texts["timeline"]["values"], []
    for part in value.split("; "):
        who, colon, why = part.rpartition(": ")
        parts.append(f"{who}{colon}{known.get(why, why)}")
    return str(texts["timeline"]["comma"]).join(parts)


def _time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M:%S")
