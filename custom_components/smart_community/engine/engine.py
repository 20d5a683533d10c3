"""The incident engine: signals in, incidents kept, people told, nothing forgotten.

Everything that decides is in core/; everything that writes is in runner.py; this puts them together
and is what actions, taps and entities talk to.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from ..core.agreement import LIMITS, Agreement, Hold, Term, hold, in_force
from ..core.detection import shifted
from ..core.due import next_due
from ..core.errors import DomainError
from ..core.events import (
    Acknowledge,
    ClockJumped,
    Delivered,
    Entry,
    Event,
    Tick,
)
from ..core.evidence import Evidence
from ..core.model import Actor, DeliveryState, Incident
from ..core.noise import Noise
from ..core.statistics import Case
from .bundle import Bundler
from .opener import Opener
from .outbox import Letter, LetterState, Outbox
from .requests import OpenRequest, Result, SignalRequest
from .runner import Outlook, Runner, Work
from .store import Batch, Store

_LOGGER = logging.getLogger(__name__)

LOOP_OFF = "off"


class Engine:
    """One community's incidents."""

    def __init__(self, store: Store, outlook: Outlook) -> None:
        """Put the parts together; `start` opens the store."""
        self._store = store
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="smart_community_store")
        self._outlook = outlook
        self._runner = Runner(store, self._executor, outlook)
        self._runner.committed = self._committed
        self._opener = Opener(self.loop_on)
        self._bundler = Bundler(self._runner, self._opener)
        self._outbox: Outbox | None = None
        self._late: str | None = None
        self._stopped = False
        self._task: asyncio.Task[None] | None = None
        self.changed: list[Callable[[], None]] = []

    async def start(self, make_outbox: Callable[[Callable[[Letter], None]], Outbox]) -> None:
        """Open the store and take up what was running; StoreError if that cannot be done safely."""
        loop = asyncio.get_running_loop()
        snapshot = await loop.run_in_executor(self._executor, self._store.open)
        runner = self._runner
        runner.incidents = {one.id: one for one in snapshot.incidents}
        runner.watches = {(one.loop, one.zone): one for one in snapshot.watches}
        runner.settings = dict(snapshot.settings)
        runner.agreements = list(snapshot.agreements)
        self._outbox = make_outbox(self._letter_done)
        for letter in snapshot.letters:
            self._outbox.post(letter)
        self._late = "restart" if snapshot.incidents else None
        # The engine's own task: Home Assistant cancels background tasks before it stops, and a
        # commit must not be cut.
        self._task = loop.create_task(runner.work(), name="smart_community engine")

    def open_outbox(self) -> None:
        """Start sending: the channels are there."""
        if self._outbox is not None:
            self._outbox.open()
        self.tick()

    async def stop(self) -> None:
        """Write what is left and close the store. Nothing is lost by being killed instead."""
        if self._stopped:
            return
        self._stopped = True
        if self._task is not None:
            self._runner.close()
            await self._task
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._store.close)
        await loop.run_in_executor(None, self._executor.shutdown)

    @property
    def active(self) -> list[Incident]:
        """Running incidents, the oldest first."""
        return sorted(self._runner.incidents.values(), key=lambda one: one.opened_at)

    def running(self, incident_id: str) -> Incident | None:
        """Return a running incident by its id."""
        return self._runner.incidents.get(incident_id)

    @property
    def next_due(self) -> datetime | None:
        """When the clock has to wake the engine."""
        return self._runner.next_due()

    @property
    def overdue(self) -> timedelta:
        """How late the most overdue thing is."""
        return self._runner.latest_overdue(self._outlook.now())

    @property
    def recording_problem(self) -> str | None:
        """What the database says while it cannot record; None when it can."""
        return self._runner.problem

    @property
    def letters_waiting(self) -> list[Letter]:
        """Messages that are not yet out."""
        return self._outbox.waiting if self._outbox is not None else []

    def still_raised(self, source: str, loop: str | None = None) -> bool:
        """Whether a loop (None: any) has an episode of a source on record that has not ended.

        Another loop's says nothing: with its own limit it may be in alarm where this one is not.
        """
        return any(
            watch.raised(source)
            for watch in self._runner.watches.values()
            if loop is None or watch.loop == loop
        )

    def loop_on(self, loop: str, *, default: bool = True) -> bool:
        """Whether a loop is switched on."""
        return self._runner.settings.get(f"loop:{loop}", "on" if default else LOOP_OFF) != LOOP_OFF

    async def switch_loop(self, loop: str, *, on: bool) -> None:
        """Switch a loop on or off, durably."""
        await self._runner.run(lambda work: work.setting(f"loop:{loop}", "on" if on else LOOP_OFF))
        self.replan()

    def replan(self) -> None:
        """Look again at what sleeps: a plan was changed, or a loop was switched on."""
        for key, watch in self._runner.watches.items():
            if watch.asleep_until is not None:
                self._runner.submit(partial(self._look_at, key))

    async def hold_files(self, *, still: bool) -> None:
        """Keep the database's files copyable while it is written; StoreError if that fails."""
        await self._read(self._store.hold_files, still)

    def kept(self, prefix: str) -> dict[str, str]:
        """Return the settings whose key begins so."""
        settings = self._runner.settings
        return {key: value for key, value in settings.items() if key.startswith(prefix)}

    def kept_as(self, key: str) -> str:
        """Return one setting; "" if it was never kept."""
        return self._runner.settings.get(key, "")

    async def keep(self, key: str, value: str) -> None:
        """Keep a setting, durably."""
        await self._runner.run(lambda work: work.setting(key, value))

    def jot(self, key: str, value: str) -> None:
        """Keep a setting with the next commit: a count that a kill may lose one of."""
        self._runner.submit(lambda work: work.setting(key, value))

    async def noted(
        self, kind: str, since: datetime, incident: str | None = None
    ) -> list[tuple[str, Entry]]:
        """Return the timelines' entries of a kind, with their incident, the oldest first.

        `incident`: of this one's timeline alone; without it the whole record is read through.
        """
        return await self._read(self._store.noted, kind, since, incident)

    async def signal(self, request: SignalRequest) -> Result:
        """Take signals in; answered once they are on disk."""
        return await self._bundler.signal(request)

    async def open(self, request: OpenRequest) -> Result:
        """Open an incident without a detection."""
        return await self._runner.run(partial(self._opener.open, request))

    async def act(self, incident_id: str, event: Event) -> Result:
        """Let a person's deed happen to a running incident."""
        return await self._runner.run(partial(self._act, incident_id, event))

    async def note(self, incident_id: str, entry: Entry) -> None:
        """Put a line on a timeline that no decision follows from: a refusal, a report."""
        await self._runner.run(lambda work: work.batch.entries.append((incident_id, entry)))

    def tick(self) -> None:
        """Do what is due, each thing as a job of its own: what fails at one holds up no other."""
        now = self._outlook.now()
        late, self._late = self._late, None
        for key, watch in self._runner.watches.items():
            if watch.due is not None and watch.due <= now:
                self._runner.submit(partial(self._look_at, key))
        for incident in self._runner.incidents.values():
            due = next_due(incident)
            if due is not None and due[0] <= now:
                self._runner.submit(partial(self._happen, incident.id, Tick(late=late)))

    def clock_jumped(self, by: timedelta) -> None:
        """Move everything that is due along with a clock that was set."""
        for key in self._runner.watches:
            self._runner.submit(partial(self._shift, key, by))
        for incident_id in self._runner.incidents:
            self._runner.submit(partial(self._happen, incident_id, ClockJumped(by=by)))

    async def find(self, reference: str) -> Incident | None:
        """Find an incident by id or number, running or ended."""
        for incident in self._runner.incidents.values():
            if reference in {incident.id, incident.number}:
                return incident
        return await self._read(self._store.incident, reference)

    async def incidents(self, **filters: Any) -> list[Incident]:
        """List incidents, newest first; filters as in Store.incidents."""
        return await self._read(partial(self._store.incidents, **filters))

    async def timeline(self, incident_id: str) -> list[Entry]:
        """Return an incident's timeline."""
        return await self._read(self._store.timeline, incident_id)

    async def cases(self, since: datetime) -> dict[str, Case]:
        """Return by id what is counted of all that opened since then, the oldest first."""
        found: dict[str, Case] = {}
        while page := await self._read(
            partial(self._store.cases, since=since, after=max(found, default=""))
        ):
            found |= page
        return found

    def noise_rule(self, loop: str, zone: str) -> Noise | None:
        """Return the rule that a loop measures noise by in a zone, with what is agreed in it."""
        watch = self._runner.watches.get((loop, zone))
        return None if watch is None else watch.detect.noise

    @property
    def agreements(self) -> tuple[tuple[Agreement, Hold], ...]:
        """Every agreement on record, in the order in which they were made, and if it holds now."""
        every, now = self._runner.agreed, self._outlook.now()
        # Asked once a loop: to answer, every automation is gone through.
        terms, rules = cache(self._outlook.terms), cache(self._outlook.rules)
        places = self._outlook.places
        return tuple(
            (
                one,
                hold(
                    one,
                    every,
                    places(one.zone),
                    now,
                    (terms if one.threshold in LIMITS else rules)(one.loop),
                ),
            )
            for one in every
        )

    def agreed(self, loop: str, zone: str) -> Mapping[Term, Agreement]:
        """Return what is agreed with the residents for a loop in a zone, as of now."""
        return in_force(self._runner.agreed, loop, self._outlook.places(zone), self._outlook.now())

    async def agree(self, agreement: Agreement) -> None:
        """Put an agreement on record; it holds from its day on."""
        await self._runner.run(lambda work: work.agree(agreement))

    async def add_evidence(self, evidence: Evidence, actor: Actor | None = None) -> None:
        """Put evidence on record, with its digest on the incident's timeline.

        The file is kept before (EvidenceFiles.keep): a row never promises what is not there.
        """
        await self._runner.run(partial(self._opener.evidence, evidence, actor))

    async def evidence(self, incident: str) -> list[Evidence]:
        """Return what proves an incident (or a report, `report:<id>`), oldest first."""
        return await self._read(self._store.evidence, incident)

    async def curves(self) -> list[Evidence]:
        """Return the pieces of curve that were measured last, the oldest first."""
        return await self._read(self._store.curves)

    async def evidence_item(self, evidence_id: str) -> Evidence | None:
        """Return one piece of evidence."""
        return await self._read(self._store.evidence_item, evidence_id)

    async def _read[T](self, query: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, query, *args)

    def _act(self, incident_id: str, event: Event, work: Work) -> Result:
        incident = work.incidents.get(incident_id)
        if incident is None:
            raise DomainError("incident_ended", incident=incident_id)
        transition = work.step(incident, event)
        return Result(verdict=transition.verdict, incident=transition.incident)

    def _happen(self, incident_id: str, event: Event, work: Work) -> None:
        incident = work.incidents.get(incident_id)
        if incident is not None and incident.status.active:
            work.step(incident, event)

    def _look_at(self, key: tuple[str, str], work: Work) -> None:
        self._opener.due(work.watches[key], work)

    def _shift(self, key: tuple[str, str], by: timedelta, work: Work) -> None:
        watch = work.watches[key]
        # Hours are the clock's own: what sleeps is looked at by the new time.
        asleep = None if watch.asleep_until is None else work.now
        work.watch(replace(shifted(watch, by), asleep_until=asleep))

    def _committed(self, batch: Batch) -> None:
        if self._outbox is not None:
            for letter in batch.letters.values():
                if letter.state is LetterState.QUEUED:
                    self._outbox.post(letter)
        for changed in list(self.changed):
            try:
                changed()
            except Exception:
                # What only shows the incidents must not end the task that keeps them.
                _LOGGER.exception("What follows the incident engine failed")

    def _letter_done(self, letter: Letter) -> None:
        self._runner.submit(partial(self._record_letter, letter))

    def _record_letter(self, letter: Letter, work: Work) -> None:
        work.batch.letters[letter.id] = letter
        send, incident = letter.send, work.incidents.get(letter.incident)
        if send is None or letter.result is None:
            return
        if incident is None:
            _LOGGER.debug("A message of the ended incident %s: %s", letter.incident, letter)
            return
        # What was handed over and is heard of no more is no news.
        followed = letter.reference and letter.state is LetterState.DONE
        if send.step >= 0 and not (followed and letter.result is DeliveryState.SENT):
            event = Delivered(
                step=send.step,
                responder=letter.responder,
                channel=letter.channel,
                state=letter.result,
                reason=letter.reason,
            )
            incident = work.step(incident, event).incident
        responder = work.directory.get(letter.responder)
        if letter.acknowledged and responder is not None:
            actor = Actor(responder=responder.key, tier=responder.tier, name=responder.name)
            work.step(incident, Acknowledge(actor=actor))
