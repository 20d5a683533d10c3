"""The reports that wait for their loops' automations."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from .core.model import Actor
from .engine.requests import Result
from .errors import refusal

# An automation runs 100 times in parallel and drops what comes above that, without a word to us. A
# report that waits for its turn here is late by hundredths of a second instead.
AT_ONCE: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a person has seen. `place`: a point of the zone's picture, each from 0 to 1."""

    id: str
    community: str
    loop: str
    zone: str
    zone_name: str
    at: datetime
    actor: Actor
    text: str = ""
    photo: str = ""
    place: tuple[float, float] | None = None
    sources: tuple[str, ...] = ()


def _turns() -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_ONCE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reports:
    """The reports that wait for their loops' automations; `turns`: for their turn before that."""

    waiting: dict[str, tuple[Report, asyncio.Future[Result]]] = field(default_factory=dict)
    turns: asyncio.Semaphore = field(default_factory=_turns)

    def find(self, report_id: str) -> Report:
        """Return a report that waits; a translated refusal for one that nobody has sent."""
        if report_id not in self.waiting:
            raise refusal("report_unknown", report=report_id)
        return self.waiting[report_id][0]

    def taken(self, report: Report, result: Result) -> None:
        """Tell whoever waits what became of a report."""
        _, future = self.waiting[report.id]
        if not future.done():
            future.set_result(result)
