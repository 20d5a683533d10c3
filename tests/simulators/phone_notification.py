"""A notification as a phone shows it, and the text drawing of it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

WIDTH = 46


class Os(StrEnum):
    """The two apps; each reads its own words in the data and ignores the other's."""

    ANDROID = "Android"
    IOS = "iOS"


class Via(StrEnum):
    """The way a notification came."""

    RELAY = "relay"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A button under a notification; `asks` for words when it is pressed."""

    action: str
    title: str
    asks: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """One push as it arrived; `at` is time.time(), `clock` is time.perf_counter()."""

    phone: str
    os: Os
    title: str
    message: str
    data: Mapping[str, Any]
    via: Via
    at: float
    clock: float

    @property
    def tag(self) -> str:
        """What makes a later notification replace this one; empty if nothing does."""
        return str(self.data.get("tag", ""))

    @property
    def group(self) -> str:
        """What it is stacked with."""
        return str(self.data.get("group", ""))

    @property
    def clears(self) -> bool:
        """Whether it is the order to take a notification away."""
        return self.message == "clear_notification"

    @property
    def critical(self) -> bool:
        """Whether it sounds at once through silent mode and doze, on this phone's system.

        Android needs all three: without ttl 0 and high priority a dozing phone gets it late.
        """
        if self.os is Os.IOS:
            push = self.data.get("push", {})
            sound = push.get("sound")
            loud = isinstance(sound, Mapping) and sound.get("critical") == 1
            return loud or push.get("interruption-level") == "critical"
        return (
            str(self.data.get("channel", "")).startswith("alarm_stream")
            and self.data.get("ttl") == 0
            and self.data.get("priority") == "high"
        )

    @property
    def actions(self) -> tuple[Button, ...]:
        """The buttons; Android shows three at most."""
        rows = self.data.get("actions", [])
        return tuple(
            Button(
                action=row["action"],
                title=row["title"],
                asks=row["action"] == "REPLY" or row.get("behavior", "").lower() == "textinput",
            )
            for row in (rows[:3] if self.os is Os.ANDROID else rows)
        )

    def button(self, wanted: str) -> Button:
        """Return a button by its action, by a word between underscores in it, or by its title."""
        for button in self.actions:
            if wanted in (button.action, button.title) or f"_{wanted}_" in f"_{button.action}_":
                return button
        raise LookupError(wanted, [button.action for button in self.actions])


def drawn(notification: Notification) -> str:
    """Return the notification as a box of text, its buttons numbered from 1."""
    heading = f"{notification.phone} · {notification.title}"
    rows = [*_wrapped(f"(!) {heading}" if notification.critical else heading)]
    for line in notification.message.splitlines():
        rows += _wrapped(line)
    for number, button in enumerate(notification.actions, 1):
        rows += _wrapped(f"[{number}] {button.title}{' …' if button.asks else ''}")
    edge = "─" * (WIDTH + 2)
    body = [f"│ {row}{' ' * (WIDTH - _columns(row))} │" for row in rows]
    return "\n".join([f"┌{edge}┐", *body, f"└{edge}┘"])


def _columns(text: str) -> int:
    """How many columns a terminal needs; a Chinese character takes two, an accent none."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def _wrapped(text: str) -> list[str]:
    """Break at blanks where there are any; Chinese has none and breaks anywhere."""
    rows = [""]
    for word in text.split(" "):
        rest = f" {word}" if rows[-1] else word
        if _columns(rows[-1] + rest) > WIDTH and _columns(word) <= WIDTH and rows[-1]:
            rows.append("")
            rest = word
        for letter in rest:
            if _columns(rows[-1] + letter) > WIDTH:
                rows.append("")
            rows[-1] += letter
    return rows
