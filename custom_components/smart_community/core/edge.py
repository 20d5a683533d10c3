"""What one source's readings say one after the other: edges, outages, and what is found at a start.

What is remembered of a source, and what a reading makes of it (`!` is reported):

    remembered   in alarm                   not in alarm              no reading
    NEW          RAISED  ! first            CLEAR  ! if on record     NEW
    CLEAR        RAISED  ! edge             CLEAR                     CLEAR_LOST
    RAISED       RAISED                     CLEAR  ! edge             RAISED_LOST
    CLEAR_LOST   RAISED  ! returned         CLEAR  ! if on record     CLEAR_LOST
    RAISED_LOST  RAISED  ! returned         CLEAR  ! edge             RAISED_LOST

Between a limit and its hysteresis a source stays what it was; a new one is what is on record.
RAISED_LOST to CLEAR is an edge: it was seen to begin and to end, only not the moment of its end.

Invariants (tests/core/test_limit.py): what is on record is the verdict of the last reading that
had one; no reading changes nothing; a restart at any point, which forgets everything but the
record, leaves the same on record as none.
"""

from collections.abc import Callable
from enum import Enum, StrEnum, auto
from typing import Final


class Reason(StrEnum):
    """Why an alarm is reported."""

    EDGE = "edge"
    FOUND_AT_START = "found_at_start"
    RETURNED_IN_ALARM = "returned_in_alarm"
    ATTACHED = "attached"
    JOINED_TARGET = "joined_target"
    EVENT = "event"


class Level(Enum):
    """What one reading says."""

    RAISED = auto()
    CLEAR = auto()
    BETWEEN = auto()
    NONE = auto()


class Memory(Enum):
    """What is remembered of a source since it is watched."""

    NEW = auto()
    CLEAR = auto()
    RAISED = auto()
    CLEAR_LOST = auto()
    RAISED_LOST = auto()


_LOST: Final = {Memory.CLEAR: Memory.CLEAR_LOST, Memory.RAISED: Memory.RAISED_LOST}


def advance(
    memory: Memory, level: Level, first: Reason, on_record: Callable[[], bool]
) -> tuple[Memory, tuple[bool, Reason] | None]:
    """Return what is remembered after a reading, and what to report: raised or not, and why.

    `first`: the reason given for a first reading. `on_record`: whether the source's loop has an
    episode of it that has not ended; asked only where the memory does not know.
    """
    lost = memory in _LOST.values()
    was_raised = memory in (Memory.RAISED, Memory.RAISED_LOST)
    if level is Level.NONE:
        return _LOST.get(memory, memory), None
    if level is Level.BETWEEN:
        if memory is Memory.NEW:
            was_raised = on_record()
        return (Memory.RAISED if was_raised else Memory.CLEAR), None
    reason = first if memory is Memory.NEW else Reason.RETURNED_IN_ALARM if lost else Reason.EDGE
    if level is Level.RAISED:
        return Memory.RAISED, None if memory is Memory.RAISED else (True, reason)
    if was_raised:
        return Memory.CLEAR, (False, Reason.EDGE)
    if memory is not Memory.CLEAR and on_record():
        return Memory.CLEAR, (False, reason)
    return Memory.CLEAR, None
