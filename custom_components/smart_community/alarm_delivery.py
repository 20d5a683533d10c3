"""How what an alarm trigger finds reaches its automation: at once, then in bundles."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.core import Context, HassJob, HomeAssistant, callback
from homeassistant.helpers.trace import script_execution_cv, trace_cv
from homeassistant.helpers.trigger import TriggerActionRunner

from .core.edge import Reason

_LOGGER = logging.getLogger(__name__)

# A second detector is worth one second to a person who is reading about the first, not more.
_PATIENCE: Final = 1.0
# What an automation's script says when its mode left no room for a run.
_NO_ROOM: Final = frozenset({"failed_single", "failed_max_runs"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One thing to tell the automation.

    `order`: place in the order of arrival. `apart`: only told together with the same value.
    `more`: further variables of the run; only what has the same is told together.
    """

    order: int
    source: str
    raised: bool
    reason: Reason
    value: float | str | None
    context: Context
    apart: bool = False
    more: tuple[tuple[str, str | None], ...] = ()


class Delivery:
    """Hands reports to one automation, several in one run while it is at work.

    A report starts a run at once unless a run of its kind (raised, cleared) or about its source is
    going on; then it waits for the end of that, at most `_PATIENCE`. What the automation's mode
    turns away waits for a run to end, and is offered again each `_PATIENCE` if that run is not
    ours (a tier's action). Reports about one source keep their order.
    """

    def __init__(self, hass: HomeAssistant, run_action: TriggerActionRunner) -> None:
        """Begin with nothing to tell."""
        self._hass = hass
        self._run_action = run_action
        self._waiting: list[Report] = []
        self._runs: dict[asyncio.Task[Any], list[Report]] = {}
        self._busy = {True: 0, False: 0}
        self._unsettled: Counter[str] = Counter()
        self._turned_away = False
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        # Stopping Home Assistant cancels the wait: what waits is found again at the next start.
        self._job = HassJob(self._overdue, "alarm delivery", cancel_on_shutdown=True)

    @callback
    def put(self, reports: Iterable[Report]) -> None:
        """Take reports, each of another source."""
        ready: list[Report] = []
        for report in reports:
            hold = self._turned_away or self._busy[report.raised] or self._unsettled[report.source]
            self._unsettled[report.source] += 1
            (self._waiting if hold else ready).append(report)
        self._start(ready)
        self._arm()

    @callback
    def close(self) -> None:
        """Drop what waits: the next one attached looks at what is in alarm then."""
        self._closed = True
        self._waiting.clear()
        self._arm()

    def _arm(self) -> None:
        if not self._waiting:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        elif self._timer is None:
            self._timer = self._hass.loop.call_later(
                _PATIENCE, self._hass.async_run_hass_job, self._job
            )

    @callback
    def _overdue(self) -> None:
        self._timer = None
        if not (self._turned_away and self._runs):
            self._release(overdue=True)
        self._arm()

    def _release(self, *, overdue: bool) -> None:
        """Start runs for what may go: of each source the oldest report.

        The next one of a source goes when that run is over, or with the next wait: two runs started
        in one instant are a coin toss in mode `restart`.
        """
        ready: list[Report] = []
        rest: list[Report] = []
        passed: set[str] = set()
        if not overdue:
            passed.update(report.source for bundle in self._runs.values() for report in bundle)
        for report in self._waiting:
            hold = report.source in passed or (not overdue and self._busy[report.raised])
            passed.add(report.source)
            (rest if hold else ready).append(report)
        self._waiting = rest
        self._start(ready)

    def _start(self, reports: list[Report]) -> None:
        bundles: dict[tuple[Any, ...], list[Report]] = {}
        for report in reports:
            value = report.value if report.apart else None
            alike = (report.raised, report.reason, value, report.more)
            bundles.setdefault(alike, []).append(report)
        for bundle in bundles.values():
            first = bundle[0]
            # Before the run starts: what its first step changes may come back here at once.
            self._busy[first.raised] += 1
            try:
                task = self._run_action(_payload(bundle), _description(bundle), first.context)
            except Exception:
                # A user's trigger variable that does not render must not cost the others.
                _LOGGER.exception(
                    "The alarm of %s could not be told to an automation", first.source
                )
                self._busy[first.raised] -= 1
                self._settle(bundle)
                continue
            self._runs[task] = bundle
            # Called in the next turn of the loop, also for a run that is over by now: what comes
            # in this turn, 1,000 detectors of one dead riser, is one bundle.
            task.add_done_callback(self._ended)

    def _settle(self, bundle: list[Report]) -> None:
        for report in bundle:
            self._unsettled[report.source] -= 1
            if not self._unsettled[report.source]:
                del self._unsettled[report.source]

    @callback
    def _ended(self, task: asyncio.Task[Any]) -> None:
        bundle = self._runs.pop(task)
        self._busy[bundle[0].raised] -= 1
        if self._closed:
            return
        self._turned_away = _turned_away(task)
        if self._turned_away:
            self._waiting = sorted([*bundle, *self._waiting], key=lambda report: report.order)
        else:
            self._settle(bundle)
            self._release(overdue=False)
        self._arm()


def _turned_away(task: asyncio.Task[Any]) -> bool:
    """Say whether an automation's mode kept a run from taking its first step.

    Its answer alone does not tell: it is empty too when the conditions said no, and to offer
    that again would be to ask the conditions until they give in.
    """
    context = task.get_context()
    stop = context.get(script_execution_cv)
    if stop is None or stop.script_execution != "cancelled":
        return stop is not None and stop.script_execution in _NO_ROOM
    # Mode `restart`: a later run overtook this one. What had begun is as its user wants it.
    return not any(step.startswith("action/") for step in context.get(trace_cv) or ())


def _payload(bundle: list[Report]) -> dict[str, Any]:
    first = bundle[0]
    return {
        "source": first.source,
        "sources": [report.source for report in bundle],
        "raised": first.raised,
        "value": first.value,
        "reason": first.reason.value,
        **dict(first.more),
    }


def _description(bundle: list[Report]) -> str:
    first = bundle[0]
    more = f" and {len(bundle) - 1} more" if len(bundle) > 1 else ""
    return f"alarm {'raised' if first.raised else 'cleared'} by {first.source}{more}"
