"""What came before a time-out: the library knows it, and says of all of it "no answer in time".

    what came                        what the library makes of it      told by
    "busy"                           it asks again until our time is   the number of the attempt
    a part of the answer             it waits for the rest             what is left in its buffer
    an answer to something else      it throws it away                 its log

It has no interface for any of this (tmodbus 0.6.2). Where it changes, what came is called no
answer, and nothing else: no value hangs on what is found here, only the reason that is shown.
"""

import logging
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, override

from ..point import Quality

_TRANSPORT: Final = "tmodbus.transport."
_DISCARDED: Final = (
    (
        "Received unexpected response",
        (Quality.WRONG_TRANSACTION, "only an answer to another request came in time"),
    ),
    (
        "Received UDP packet with invalid",
        (Quality.GARBLED, "only a datagram that is not Modbus came in time"),
    ),
    ("Received UDP packet", (Quality.TRUNCATED, "only a part of an answer came in time")),
    ("Discarding", (Quality.GARBLED, "only bytes that are no answer of this unit came in time")),
)


@dataclass(kw_only=True, slots=True, eq=False)
class Ear:
    """Hears what the library throws away on the connections that are made under it."""

    heard: tuple[Quality, str] | None = None


# A connection reads in the context in which it was made, so a line's warnings find its own ear. One
# that another integration made on a shared line has none: what is thrown away there is no answer.
EAR: Final[ContextVar[Ear | None]] = ContextVar("ear", default=None)


class _Listener(logging.Filter):
    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if (ear := EAR.get()) is not None:
            said = str(record.msg)
            found = (told for begins, told in _DISCARDED if said.startswith(begins))
            ear.heard = next(found, ear.heard)
        return True


def listen() -> None:
    """Listen to what the library says of the bytes that it throws away; twice is once."""
    for name in ("async_tcp", "async_udp", "async_rtu"):
        logger = logging.getLogger(_TRANSPORT + name)
        if not any(isinstance(one, _Listener) for one in logger.filters):
            logger.addFilter(_Listener())


def came(err: TimeoutError, ear: Ear) -> tuple[Quality, str] | None:
    """Return what came before a time-out, and in words; None: nothing."""
    try:
        return _seen(err) or ear.heard
    except AttributeError, TypeError, ValueError:
        # A library that has changed costs the reason; an error here would cost the time-out itself.
        return ear.heard


def _seen(err: TimeoutError) -> tuple[Quality, str] | None:
    """Return what the frames say in which the library was waiting."""
    frames = traceback.walk_tb(err.__cause__.__traceback__ if err.__cause__ is not None else None)
    for frame, _ in frames:
        name, seen = frame.f_globals.get("__name__", ""), frame.f_locals
        if name == _TRANSPORT + "async_smart" and _attempt(seen) > 1:
            return Quality.BUSY, "busy, and still busy when asked again"
        if name.startswith(_TRANSPORT) and (left := _left(seen)):
            return left
    return None


def _attempt(seen: dict[str, Any]) -> int:
    attempt = seen.get("attempt")
    return int(attempt.retry_state.attempt_number) if attempt is not None else 1


def _left(seen: dict[str, Any]) -> tuple[Quality, str] | None:
    """Return what is in the buffer. An answer begins as its request: transaction, or unit."""
    request = seen.get("request_frame") or seen.get("request_adu")
    left = bytes(getattr(seen.get("self"), "_buffer", b""))
    if not request or not left:
        return None
    # The highest bit of a function is set in an exception. A single byte is what the search for the
    # next frame always leaves of garbage.
    head = [one & 0x7F == two & 0x7F for one, two in zip(left[:2], request, strict=False)]
    if len(head) > 1 and all(head):
        return Quality.TRUNCATED, f"only {len(left)} bytes of the answer came in time"
    return Quality.GARBLED, f"only {len(left)} bytes that are no answer of this unit came in time"
