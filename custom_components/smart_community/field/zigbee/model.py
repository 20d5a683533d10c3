"""The words of this room: what a coordinator is, which network it has, and what can be wrong.

Importing this costs nothing; everything else here brings in zha, which takes seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self
from urllib.parse import urlsplit


class Trouble(StrEnum):
    """Why a network is not at work. Those in `NEEDS_A_PERSON` do not heal by waiting."""

    STARTING = "starting"
    CANNOT_CONNECT = "cannot_connect"
    NO_RADIO = "no_radio"
    LOST = "lost"
    BLANK = "blank"
    OTHER_NETWORK = "other_network"
    DATABASE = "database"
    CANNOT_RESTORE = "cannot_restore"


NEEDS_A_PERSON: Final = frozenset({Trouble.BLANK, Trouble.OTHER_NETWORK, Trouble.DATABASE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Coordinator:
    """How a coordinator is reached. `path`: a serial device, or `socket://host:port`."""

    path: str
    radio_type: str = "ezsp"
    baudrate: int = 115200
    flow_control: str | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Read an entry's data."""
        return cls(
            path=data["path"],
            radio_type=data["radio_type"],
            baudrate=int(data["baudrate"]),
            flow_control=data["flow_control"],
        )

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port, None for a serial device. Raises ValueError if it is neither."""
        if "://" not in self.path:
            return None
        parts = urlsplit(self.path)
        if parts.scheme not in {"socket", "tcp"} or not parts.hostname or not parts.port:
            raise ValueError(self.path)
        return parts.hostname, parts.port


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """When a coordinator is given up: asked every so many seconds, answered within so many.

    One that hangs shows within 12 s: past ten, bellows would time out first, and forgives itself
    four times in a row. One that still delivers what devices say is not hung but busy,
    as with hundreds of them joining: it is given up only after `busy` misses in a row. Beginning
    anew would close the door that a person opened for pairing; the price is that commands may fail
    for about a minute before it shows.
    """

    every: float = 3.0
    within: float = 9.0
    busy: int = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Which network this is, and who coordinates it; both as zigpy prints them."""

    extended_pan_id: str
    ieee: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Read an entry's data."""
        return cls(extended_pan_id=data["extended_pan_id"], ieee=data["ieee"])


class NetworkError(Exception):
    """A network that cannot be worked with. `found`: the network that is there instead."""

    def __init__(self, trouble: Trouble, detail: str = "", found: Identity | None = None) -> None:
        """Keep what is wrong."""
        super().__init__(f"{trouble}: {detail}" if detail else trouble.value)
        self.trouble = trouble
        self.detail = detail
        self.found = found


class LockProblem(StrEnum):
    """Why a lock did not do what it was told."""

    REFUSED = "lock_refused"
    NO_ANSWER = "lock_no_answer"
    NOT_MOVED = "lock_not_moved"
    CODE_TWICE = "lock_code_twice"
    NO_ROOM = "lock_no_room"
    NOT_SUPPORTED = "lock_not_supported"


class LockError(Exception):
    """A lock did not do what it was told. Never carries a code."""

    def __init__(self, problem: LockProblem) -> None:
        """Keep the reason."""
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekdaySchedule:
    """When a code opens. `days`: bits from Sunday = 1 (ZCL DayMask); times in the lock's clock."""

    days: int
    start_hour: int
    start_minute: int
    end_hour: int
    end_minute: int

    @property
    def backwards(self) -> bool:
        """Whether the hours end before they begin: a lock counts them within one day."""
        return (self.start_hour, self.start_minute) >= (self.end_hour, self.end_minute)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """When a code opens: from one moment to another, in seconds since 2000 by the lock's clock.

    That clock goes by local time (ZCL LocalTime).
    """

    begins: int
    ends: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeSlot:
    """What a lock says of one code, never the code.

    `kind`: the user's type in ZCL's word, such as `unrestricted` or `week_day_schedule_user`.
    `schedule` is None for other kinds, and where the lock has the kind but no hours.
    """

    slot: int
    enabled: bool
    kind: str
    schedule: WeekdaySchedule | Period | None
