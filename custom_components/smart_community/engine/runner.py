"""The one writer: take what has come in, decide, commit once, then act.

Jobs are plain functions that run one after the other on the event loop against the incidents in
memory and fill a batch. While a batch is being committed further jobs gather: a storm of a thousand
signals costs two commits, not a thousand. Nobody is told anything before the commit that orders it,
with one exception: when recording fails (a full disk), people are told all the same.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from ulid_transform import ulid_now

from ..core.agreement import Agreement, Term, in_force, with_units
from ..core.detection import Watch
from ..core.due import next_due
from ..core.events import Announce, Entry, Event, Send, Withdraw
from ..core.incident import Transition, step
from ..core.model import ChannelKind, Incident, Responder
from ..core.plan import Active, Schedule
from ..core.tell import noticed
from .outbox import Letter
from .store import Batch, Store, StoreError

_LOGGER = logging.getLogger(__name__)

# How soon a failed commit is tried again when nothing else comes in.
RETRY_COMMIT = 5.0
# A storm's further alarms are put together for so long, in seconds: without it a thousand of them
# within a second are a thousand commits of an ever longer incident, and the first push waits
# among them.
GATHER = 0.03


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What the engine needs from the house, as functions, so that tests need no house.

    `zone`: the community's local time, by which hours of the day are meant. `schedule`: when a
    loop is at work in a zone, given the hours that its blueprint names. `places`: a zone and the
    greater ones that it lies in. `name`: what the whole community is called. `terms`: the limits
    that a loop compares with at present; `rules`: the other thresholds of its rules, None if that
    is not known.
    """

    now: Callable[[], datetime]
    directory: Callable[[], Mapping[str, Responder]]
    announce: Callable[[Incident, Announce], None]
    zone: Callable[[], tzinfo] = lambda: UTC
    places: Callable[[str], frozenset[str]] = lambda zone: frozenset((zone,))
    name: Callable[[], str] = str
    terms: Callable[[str], frozenset[Term]] = lambda _loop: frozenset()
    rules: Callable[[str], frozenset[Term] | None] = lambda _loop: None
    schedule: Callable[[str, str, Active | None], Schedule] = lambda _loop, _zone, said: Schedule(
        active=() if said is None else (said,)
    )


class Work:
    """One batch in the making: what jobs read, decide and order."""

    def __init__(self, runner: Runner, now: datetime) -> None:
        """Start an empty batch at `now`."""
        self.now = now
        self.batch = Batch()
        self.announcements: list[tuple[Incident, Announce]] = []
        self._runner = runner
        self._directory = runner.outlook.directory()

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """Incidents that are running."""
        return self._runner.incidents

    @property
    def watches(self) -> Mapping[tuple[str, str], Watch]:
        """Detections, by loop and zone."""
        return self._runner.watches

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings as they are now."""
        return self._runner.settings

    @property
    def zone(self) -> tzinfo:
        """The community's local time."""
        return self._runner.outlook.zone()

    def agreed(self, loop: str, zone: str) -> Mapping[Term, Agreement]:
        """Return what is agreed with the residents for a loop in a zone."""
        return in_force(self._runner.agreed, loop, self.places(zone), self.now)

    @property
    def whole(self) -> str:
        """What the whole community is called."""
        return self._runner.outlook.name()

    def places(self, zone: str) -> frozenset[str]:
        """Return a zone and the greater ones it lies in."""
        return self._runner.outlook.places(zone)

    def agree(self, agreement: Agreement) -> None:
        """Put an agreement on record."""
        self._runner.agreements.append(agreement)
        self.batch.agreements.append(agreement)

    def schedule(self, watch: Watch) -> Schedule:
        """When a watch's loop is at work."""
        return self._runner.outlook.schedule(watch.loop, watch.zone, watch.active)

    @property
    def directory(self) -> Mapping[str, Responder]:
        """The people, as they are at this moment."""
        return self._directory

    def step(self, incident: Incident, event: Event) -> Transition:
        """Let an event happen to an incident and take in what follows."""
        transition = step(
            incident, event, now=self.now, directory=self._directory.values(), local=self.zone
        )
        self.take(transition)
        return transition

    def take(self, transition: Transition) -> None:
        """Take a decision in: the incident, its timeline, its messages."""
        incident = transition.incident
        self._runner.incidents[incident.id] = incident
        self.batch.incidents[incident.id] = incident
        for effect in transition.effects:
            match effect:
                case Entry():
                    self.batch.entries.append((incident.id, effect))
                case Announce():
                    self.announcements.append((incident, effect))
                case Send(responder=responder, channel=channel):
                    self._post(incident, responder, channel, effect)
                case Withdraw(responders=responders):
                    for responder, kind in noticed(incident):
                        if responder in responders:
                            self._post(incident, responder, kind, None)

    def watch(self, watch: Watch) -> None:
        """Keep a detection."""
        self._runner.watches[watch.loop, watch.zone] = watch
        self.batch.watches[watch.loop, watch.zone] = watch

    def setting(self, key: str, value: str) -> None:
        """Keep a setting."""
        self._runner.settings[key] = value
        self.batch.settings[key] = value

    def _post(
        self, incident: Incident, responder: str, channel: ChannelKind, send: Send | None
    ) -> None:
        letter = Letter(
            id=ulid_now(),
            incident=incident.id,
            responder=responder,
            channel=channel,
            created_at=self.now,
            send=send,
        )
        self.batch.letters[letter.id] = letter


type Job[T] = Callable[[Work], T]


class Runner:
    """Runs jobs in batches; owns the running incidents, the detections and the settings."""

    def __init__(self, store: Store, executor: Executor, outlook: Outlook) -> None:
        """Start with nothing; `load` brings what was running."""
        self.outlook = outlook
        self.incidents: dict[str, Incident] = {}
        self.watches: dict[tuple[str, str], Watch] = {}
        self.settings: dict[str, str] = {}
        self.agreements: list[Agreement] = []
        self.committed: Callable[[Batch], None] = lambda _batch: None
        self._store = store
        self._executor = executor
        self._jobs: list[tuple[Job[object], asyncio.Future[object] | None]] = []
        self._unsaved = Batch()
        self._woken = asyncio.Event()
        self._closing = False
        self._committed_at = -GATHER
        self.problem: str | None = None
        self.orders = 0

    @property
    def agreed(self) -> list[Agreement]:
        """Every agreement on record, with its unit."""
        return with_units(self.agreements, self.outlook.terms)

    def submit(self, job: Job[object]) -> None:
        """Queue a job whose result nobody waits for."""
        self.orders += 1
        self._jobs.append((job, None))
        self._woken.set()

    async def run[T](self, job: Job[T], *, signal: bool = False) -> T:
        """Queue a job and wait until what it decided is on disk.

        `orders` counts all jobs but those of a `signal`, which may be taken in together.
        """
        self.orders += not signal
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.append((job, future))  # type: ignore[arg-type]  # T is the future's own
        self._woken.set()
        return await future

    async def work(self) -> None:
        """Run jobs until `close`, then those that are left; never cut in the middle of a commit."""
        while not self._closing or self._jobs:
            try:
                async with asyncio.timeout(RETRY_COMMIT if self._unsaved else None):
                    await self._woken.wait()
            except TimeoutError:
                pass
            await self._rest()
            self._woken.clear()
            await self._turn()
            self._committed_at = time.monotonic()

    async def _rest(self) -> None:
        """Let what comes right behind a batch gather; the first after a quiet moment never waits.

        The thread sleeps, not the loop's timer: a test whose time stands still goes on.
        """
        rest = GATHER - (time.monotonic() - self._committed_at)
        if rest > 0 and not self._closing:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._executor, time.sleep, min(rest, GATHER))

    def close(self) -> None:
        """Let `work` come to its end."""
        self._closing = True
        self._woken.set()

    async def _turn(self) -> None:
        jobs, self._jobs = self._jobs, []
        work = Work(self, self.outlook.now())
        answers: list[tuple[asyncio.Future[object], object, Exception | None]] = []
        for job, future in jobs:
            try:
                result, problem = job(work), None
            except Exception as err:
                # One caller's mistake is that caller's answer; the rest of the batch goes on.
                result, problem = None, err
                if future is None:
                    _LOGGER.exception("A job of the incident engine failed")
            if future is not None:
                answers.append((future, result, problem))
        await self._commit(work.batch)
        for incident_id in work.batch.incidents:
            if not self.incidents[incident_id].status.active:
                del self.incidents[incident_id]
        for future, result, problem in answers:
            if future.done():
                continue
            if problem is not None:
                future.set_exception(problem)
            else:
                future.set_result(result)
        self.committed(work.batch)
        for incident, announcement in work.announcements:
            try:
                self.outlook.announce(incident, announcement)
            except Exception:
                # Somebody's trigger or listener; the incident and its messages are on their way.
                _LOGGER.exception("An announcement of %s failed", incident.number)

    async def _commit(self, batch: Batch) -> None:
        """Write the batch; if that fails keep it, say so, and let people be told all the same."""
        self._unsaved.add(batch)
        if not self._unsaved:
            return
        writing, self._unsaved = self._unsaved, Batch()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._executor, self._store.commit, writing)
        except StoreError as err:
            self._unsaved = writing
            if self.problem is None:
                _LOGGER.exception("The incident engine cannot record")
            self.problem = err.problem
        else:
            if self.problem is not None:
                _LOGGER.info("The incident engine records again")
            self.problem = None

    def next_due(self) -> datetime | None:
        """When anything needs attention next."""
        dues = [due[0] for one in self.incidents.values() if (due := next_due(one)) is not None]
        dues += [watch.due for watch in self.watches.values() if watch.due is not None]
        return min(dues, default=None)

    def latest_overdue(self, now: datetime) -> timedelta:
        """How late the most overdue thing is, for the audit."""
        due = self.next_due()
        return max(now - due, timedelta(0)) if due is not None else timedelta(0)
