"""One unit on a line: its points, the requests that read them, and what was last read."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf
from typing import Final

from modbus_connection import ModbusUnit

from ..point import UNREAD, DataType, Lane, Point, Quality, Reading, Value
from .decode import Judge, Raw, places, says_nothing, value_of
from .learn import Learner, Recheck
from .line import NoData
from .plan import Barrier, Block, Reach, plan_lanes

_LOGGER = logging.getLogger(__name__)

# How often a block of each lane is asked for, in seconds. Alarms a little more than once a second:
# within one second an alarm is in its state, and the rest is for the request and the way.
EVERY: Final = {Lane.FAST: 0.8, Lane.SLOW: 30.0}
# A unit that failed rests, then twice as long: after an RTU time-out a late answer would be taken
# for the next one. A single lost frame costs its points these two seconds.
FIRST_REST = 2.0
# Where detectors hang on a unit, it is heard again within ten seconds of its return: so long, and
# what its probe may wait for its turn.
LONGEST_REST_OF_ALARMS = 7.0
LONGEST_REST = 60.0
# A block of which everything was refused is a unit in trouble, or the wrong map: searched again.
_SEARCH_AGAIN = 60.0
# What was learned of a unit's map is asked again so often, in seconds, and when the unit is back
# after it failed, as one that was replaced is. So long after that it is not asked again.
_RECHECK_EVERY = 86400.0
_RECHECK_APART = 3600.0

_NOTHING: Final = NoData(Quality.NO_VALUE, "every register says 0xFFFF")

type Listener = Callable[[str], None]


@dataclass(kw_only=True, slots=True, eq=False)
class Job:
    """A request that is made again and again.

    `raw`: its last answer, None where nothing that it said counts any more. `unsettled`: the keys
    of the points of which an answer equal to that one says something new all the same.
    """

    block: Block
    lane: Lane
    points: tuple[Point, ...]
    due: float
    raw: Raw | None = None
    at: datetime | None = None
    unsettled: frozenset[str] = frozenset()
    _spans: tuple[slice, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find each point's place in an answer, once and not with each of them."""
        self._spans = tuple(self.block.span(one) for one in self.points)

    def news(self, raw: Raw) -> Sequence[Point]:
        """Return the points of which an answer says something new."""
        if (before := self.raw) is None:
            return self.points
        return [
            one
            for one, span in zip(self.points, self._spans, strict=True)
            if one.key in self.unsettled or raw[span] != before[span]
        ]

    def confirms(self, key: str) -> bool:
        """Whether each answer since has said the same of a point, without its being noted."""
        return self.raw is not None and key not in self.unsettled


@dataclass(kw_only=True, slots=True, eq=False)
class PolledUnit:
    """One unit. `changed` is told the key of each point whose value or quality changed.

    `barriers` is what was learned of the unit's map, to be kept with it: `learned` is called when
    it grows; `ailing` when a point gets or loses its data. `rest` is how long a unit that failed is
    left alone, until `due`, and `why` it failed, `failures` how often it has so far; `short_probes`
    how many in a row it was not given the time that any unit may think;
    `took` is how long its answers take of late, the longest counting most; `heard` when it answered
    last; `writing` is held while it is written, one output after the other; `search` is the job
    whose block is being searched for holes, which is not made meanwhile (no job: what was learned
    is asked again), last asked at `searched_at`.
    """

    unit: ModbusUnit
    points: tuple[Point, ...]
    changed: Listener
    readings: dict[str, Reading] = field(default_factory=dict)
    barriers: set[Barrier] = field(default_factory=set)
    learned: Callable[[], None] = lambda: None
    ailing: Callable[[], None] = lambda: None
    reach: Reach = field(default_factory=Reach)
    rest: float = 0.0
    due: float = 0.0
    took: float = 0.0
    jobs: list[Job] = field(init=False)
    fast: list[Job] = field(init=False)
    slow: list[Job] = field(init=False)
    why: Quality | None = field(default=None, init=False)
    failures: int = field(default=0, init=False)
    heard: float = field(default=0.0, init=False)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    short_probes: int = field(default=0, init=False)
    search: tuple[Job, Learner] | tuple[None, Recheck] | None = field(default=None, init=False)
    searched_at: float = field(default=0.0, init=False)
    _idle: frozenset[str] = field(default=frozenset(), init=False)
    _search_at: dict[Block, float] = field(default_factory=dict, init=False)
    _recheck_at: float = field(default=0.0, init=False)
    _may_recheck_at: float = field(default=0.0, init=False)
    _suspects: set[str] = field(default_factory=set, init=False)
    _judges: dict[str, Judge] = field(init=False)
    _places: dict[str, int] = field(init=False)
    _read_by: dict[str, Job] = field(init=False)

    def __post_init__(self) -> None:
        """Plan the requests."""
        self._judges = {one.key: Judge(point=one) for one in self.points if _wants_judge(one)}
        self._places = {one.key: places(one) for one in self.points}
        self.jobs = []
        self._replan(0.0)

    @property
    def longest_rest(self) -> float:
        """How long the unit may be left alone after failures."""
        return LONGEST_REST_OF_ALARMS if self.fast else LONGEST_REST

    @property
    def cheapest_first(self) -> list[Job]:
        """The requests, the detectors' first, and of those the shortest."""
        return sorted(self.jobs, key=lambda one: (one.lane is not Lane.FAST, one.block.count))

    def reading(self, key: str) -> Reading:
        """Return what is known of a point, with the time it was last confirmed."""
        known = self.readings.get(key, UNREAD)
        job = self._read_by.get(key)
        if known.quality is Quality.GOOD and job is not None and job.confirms(key):
            return replace(known, at=job.at)
        return known

    def set_idle(self, keys: Collection[str], now: float) -> None:
        """Move points between the lanes; what was read stays known."""
        if self._idle != (idle := frozenset(keys)):
            self._idle = idle
            self._replan(now)

    def keep(self, former: PolledUnit) -> None:
        """Keep what is known of the points that stay as they were in `former`."""
        mine = {point.key: _unnamed(point) for point in self.points}
        for point in former.points:
            if point.key in former.readings and mine.get(point.key) == _unnamed(point):
                self.readings[point.key] = former.reading(point.key)
        self.rest, self.due, self.why = former.rest, former.due, former.why
        self.took = former.took

    def read_soon(self, point: Point) -> None:
        """Read a point before everything else, because it was written."""
        if (job := self._read_by.get(point.key)) is not None:
            job.due, job.raw = 0.0, None

    def take(self, job: Job, raw: Raw, now: float) -> None:
        """Note what a request brought at `now` (monotonic), and tell of the points that changed."""
        job.at = datetime.now(UTC)
        if raw == job.raw and not job.unsettled:
            return
        if _says_nothing(job.block, raw):
            job.raw = None
            self.lack(job.points, _NOTHING)
        else:
            news = job.news(raw)
            job.raw = raw
            job.unsettled = self._note_all(job.block, news, raw, now)
        if self._suspects and self._suspects.intersection(one.key for one in job.points):
            job.due = 0.0
        elif any(self.readings.get(one.key, UNREAD).value is None for one in job.points):
            # What has no data is looked at again before its lane's time.
            job.due = min(job.due, now + LONGEST_REST_OF_ALARMS)

    def lack(self, points: Iterable[Point], lack: NoData) -> None:
        """Note why there is no data, and tell of the points that had some."""
        reading = Reading(
            value=None, quality=lack.quality, at=datetime.now(UTC), reason=lack.reason
        )
        for point in points:
            self._suspects.discard(point.key)
            self._note(point, reading)

    def refused(self, job: Job, lack: NoData, now: float) -> None:
        """One request is refused; the unit lives. Begins to search its map where that may help."""
        if job not in self.jobs:
            return  # planned anew meanwhile, and what took its place is asked at once
        job.raw = None
        points: Iterable[Point] = job.points
        if lack.illegal:
            job.due = now + self.longest_rest
            if self._begins_to_search(job, now):
                # What was never read is not known to be refused until the search has come to it.
                points = (one for one in points if one.key in self.readings)
        self.lack(points, lack)

    def _begins_to_search(self, job: Job, now: float) -> bool:
        if self.search is not None or now < self._search_at.get(job.block, now):
            return False
        learner = Learner(job.block, job.points)
        if learner.ask is not None:
            self.search, self.searched_at = (job, learner), now
        return self.search is not None

    def unheard(self, lack: NoData, now: float) -> None:
        """Nobody could ask: no point has data, and everything is read as soon as somebody can."""
        for job in self.jobs:
            job.raw = None
            job.due = min(job.due, now)
        for judge in self._judges.values():
            judge.forget()
        self.lack(self.points, lack)

    def failed(self, lack: NoData, now: float) -> None:
        """Nothing can be read: no point has data, and the unit is left alone for a while."""
        self.search, self.why = None, lack.quality
        self.failures += 1
        self.unheard(lack, now)
        self.rest = min(self.rest * 2 or FIRST_REST, self.longest_rest)
        self.due = now + self.rest

    def answers(self, now: float) -> bool:
        """Note that the unit lives; returns whether it is back. Then everything is read at once."""
        self.heard = now
        if now >= (self._may_recheck_at if self.rest else self._recheck_at or inf):
            self._recheck(now)
        self._recheck_at = self._recheck_at or now + _RECHECK_EVERY
        if not self.rest:
            return False
        self.rest, self.why = 0.0, None
        for job in self.jobs:
            job.due = min(job.due, now)
        return True

    def searched(self, block: Block, raw: Raw | None, now: float) -> None:
        """Take the answer to what the search asked; None: refused."""
        if self.search is None or self.search[1].ask != block:
            return  # planned anew meanwhile
        job, learner = self.search
        self.searched_at = now
        learner.told(answered=raw is not None)
        if job is None or isinstance(learner, Recheck):
            # Its values are those of other requests, which tell for themselves what changed.
            if learner.ask is None:
                self.search = None
            return
        if raw is not None:
            points = [one for one in job.points if block.holds(one)]
            if _says_nothing(block, raw):
                self.lack(points, _NOTHING)
            else:
                self._note_all(block, points, raw, now)
        if learner.ask is not None:
            return
        self.search = None
        self._search_at[job.block] = now + _SEARCH_AGAIN
        if not learner.hopeless:
            self.barriers |= learner.barriers
            self._replan(now)
            self.learned()

    def _recheck(self, now: float) -> None:
        """Begin to ask again what was learned."""
        if self.search is not None:
            return
        self._may_recheck_at, self._recheck_at = now + _RECHECK_APART, now + _RECHECK_EVERY

        def across(barrier: Barrier) -> Block | None:
            kind, at = barrier
            plan = plan_lanes(self.points, self._idle, self.reach, self.barriers - {barrier})
            blocks = (block for _, block in plan if block.kind is kind)
            return next((block for block in blocks if block.address < at < block.end), None)

        def gone(barrier: Barrier) -> None:
            self.barriers.discard(barrier)
            self._replan(now)
            self.learned()

        recheck = Recheck(self.barriers, across, gone)
        if recheck.ask is not None:
            self.search, self.searched_at = (None, recheck), now

    def _replan(self, now: float) -> None:
        before = {(job.lane, job.block): job for job in self.jobs}
        self.jobs = []
        left = self.points
        for lane, block in plan_lanes(self.points, self._idle, self.reach, self.barriers):
            # A fast point inside a slow block is its own request's alone: of two that each know
            # their last answer, one would keep the other's old value for news.
            points = tuple(point for point in left if block.holds(point))
            left = tuple(point for point in left if not block.holds(point))
            job = before.get((lane, block))
            if job is None or job.points != points:
                # It knows no answer: in one to the same block for other points a point that is new
                # to it has a value that was never noted, and that would be no news.
                job = Job(block=block, lane=lane, points=points, due=now)
            self.jobs.append(job)
        if self.search is not None and self.search[0] not in (None, *self.jobs):
            self.search = None  # the block that takes its place is searched when it is refused
        self.fast = [job for job in self.jobs if job.lane is Lane.FAST]
        self.slow = [job for job in self.jobs if job.lane is Lane.SLOW]
        self._read_by = {point.key: job for job in self.jobs for point in job.points}

    def _note_all(
        self, block: Block, points: Iterable[Point], raw: Raw, now: float
    ) -> frozenset[str]:
        """Note values of a block; returns of which points the same answer again would say more."""
        return frozenset(
            one.key for one in points if not self._note_one(one, raw[block.span(one)], now)
        )

    def _note_one(self, point: Point, raw: Raw, now: float) -> bool:
        value = value_of(point, raw, self._places[point.key])
        judge = self._judges.get(point.key)
        if judge is not None:
            quality, reason = judge.judge(raw, value, now)
            if quality is not Quality.GOOD:
                self.lack([point], NoData(quality, reason))
                return False
        elif value is None:
            self.lack([point], NoData(Quality.NO_VALUE, "not a number"))
            return True
        if not self._confirmed(point, value):
            return False
        self._note(point, Reading(value=value, quality=Quality.GOOD, at=datetime.now(UTC)))
        return judge is None or not judge.watches_time

    def _confirmed(self, point: Point, value: Value | None) -> bool:
        """Whether a point that asks for it is on for the second time running."""
        if not point.confirm or value is not True or self._is_on(point):
            self._suspects.discard(point.key)
            return True
        if point.key in self._suspects:
            self._suspects.discard(point.key)
            return True
        self._suspects.add(point.key)
        return False

    def _is_on(self, point: Point) -> bool:
        return self.readings.get(point.key, UNREAD).value is True

    def _note(self, point: Point, reading: Reading) -> None:
        before = self.readings.get(point.key, UNREAD)
        self.readings[point.key] = reading
        if (before.value, before.quality) == (reading.value, reading.quality):
            return
        try:
            self.changed(point.key)
        except Exception:
            # The reading is noted; one listener must not cost the other points theirs.
            _LOGGER.exception("Telling of %s failed", point.key)
        if before.quality is not reading.quality:
            self.ailing()


def _says_nothing(block: Block, raw: Raw) -> bool:
    return not block.kind.is_bit and says_nothing([int(word) for word in raw])


def _unnamed(point: Point) -> Point:
    """Return a point without what has no bearing on its value."""
    return replace(point, name=None, number=None, area=None, floor=None, labels=())


def _wants_judge(point: Point) -> bool:
    limits = (point.minimum, point.maximum, point.step, point.stuck_after)
    ruled = bool(point.no_values) or any(one is not None for one in limits)
    return ruled or point.type is DataType.FLOAT32
