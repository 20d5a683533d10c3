"""What can go wrong between a coordinator and whoever is connected to it."""

import random
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What a coordinator does wrong while it is set."""

    SILENT = "silent"  # neither reads nor writes: power is there, firmware is not
    HUNG = "hung"  # the link acknowledges, the stack behind it never answers
    NAK_STORM = "nak_storm"  # every frame of the host is answered with a NAK
    CORRUPT = "corrupt"  # one bit of a frame flips on its way to the host
    GARBAGE = "garbage"  # random bytes between frames
    SLOW = "slow"  # every answer comes `delay` seconds late
    BUSY = "busy"  # the stack's send queue is full
    WRONG_VERSION = "wrong_version"  # a protocol no host speaks
    STRANGER = "stranger"  # something else listens at this address


@dataclass(kw_only=True)
class Faults:
    """The fault in force, and how often it strikes.

    Chance is seeded: a test that fails fails again.
    """

    fault: Fault | None = None
    rate: float = 1.0
    delay: float = 0.3
    struck: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def strikes(self, fault: Fault) -> bool:
        """Whether this fault befalls what is going on right now."""
        if self.fault is not fault or (self.rate < 1 and self.chance.random() >= self.rate):
            return False
        self.struck += 1
        return True
