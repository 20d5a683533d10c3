"""The core's values to and from plain JSON values, by their own annotations.

A stored document carries the version of this format. An older one is lifted by MIGRATIONS, a newer
one is refused: reading it as if it were ours could lose an incident's due times.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from .errors import DomainError

VERSION = 2


def _samples_by_meter(value: dict[str, Any]) -> dict[str, Any]:
    """Sort a watch's samples by their meters: in one list each reading had to look at all."""
    if not isinstance(value.get("samples"), list):
        return value
    by_meter: dict[str, list[dict[str, Any]]] = {}
    for sample in value["samples"]:
        kept = {name: said for name, said in sample.items() if name != "source"}
        by_meter.setdefault(sample["source"], []).append(kept)
    return {**value, "samples": by_meter}


def _handled_takes_away(value: dict[str, Any]) -> dict[str, Any]:
    """Let a waiting message that only said "handled" take its notice away, as is done now."""
    send = value.get("send")
    if not isinstance(send, dict) or send.get("occasion") != "handled":
        return value
    return {**value, "send": None}


def _from_1(value: dict[str, Any]) -> dict[str, Any]:
    return _handled_takes_away(_samples_by_meter(value))


# From version to the function that lifts a document to the next one.
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}


def dump(value: object) -> dict[str, Any]:
    """Turn a frozen value into a document of JSON values."""
    return {"version": VERSION, "value": plain(value)}


def load[T](kind: type[T], document: Mapping[str, Any]) -> T:
    """Turn a document back; DomainError `document_newer` or `document_broken`."""
    version = document.get("version")
    if not isinstance(version, int) or "value" not in document:
        raise DomainError("document_broken", problem="no version")
    if version > VERSION:
        raise DomainError("document_newer", version=str(version), known=str(VERSION))
    value = document["value"]
    try:
        for step in range(version, VERSION):
            value = MIGRATIONS[step](value)
        result = _typed(kind, value)
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise DomainError("document_broken", problem=f"{kind.__name__}: {err!r}") from err
    if not isinstance(result, kind):
        raise DomainError("document_broken", problem=f"not a {kind.__name__}")
    return result


def plain(value: object) -> Any:
    """JSON values of a value: times as ISO 8601, durations in seconds, sets sorted."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, (datetime, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    raise TypeError(type(value).__name__)


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _typed(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin is types.UnionType:
        if value is None:
            return None
        return _typed(next(arm for arm in get_args(kind) if arm is not type(None)), value)
    if origin is tuple:
        return tuple(_typed(get_args(kind)[0], item) for item in value)
    if origin is frozenset:
        return frozenset(_typed(get_args(kind)[0], item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        key, item = get_args(kind)
        return {_typed(key, name): _typed(item, entry) for name, entry in value.items()}
    if isinstance(kind, type) and issubclass(kind, (datetime, time)):
        return kind.fromisoformat(value)
    if kind is timedelta:
        return timedelta(seconds=value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _typed(hints[name], value[name]) for name in value})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value
