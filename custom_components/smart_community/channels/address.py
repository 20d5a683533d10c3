"""Where a responder is reached over one channel."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final

PROVIDER: Final = "provider"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An entity or action of Home Assistant or `provider.<key>`, and what it needs to know.

    `number`: a telephone number, or whom a work chat calls by name. For a loudspeaker: `voice` is
    the text-to-speech entity, `quiet` the hours in which it is silent unless lives may depend on
    it, `pause` the shortest time between two announcements.
    """

    target: str
    number: str = ""
    voice: str = ""
    quiet: tuple[time, time] | None = None
    pause: timedelta = timedelta(0)
