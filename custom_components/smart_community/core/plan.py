"""When a loop is at work: hours by kind of day, seasons, and windows of maintenance.

Hours are those of a clock on the wall, so that "until 22:00" means what residents read on theirs,
also on the days on which summer time begins or ends. Hours that cross midnight belong to the day on
which they begin. A plan mutes; it never forgets: what is raised when it opens is looked at then.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from .errors import DomainError

# A season may keep a loop asleep for most of a year; past that nothing opens any more.
_HORIZON: Final = 400
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


class Day(StrEnum):
    """Kinds of days. A shifted working Saturday is `sat` and `workday`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    WORKDAY = "workday"
    RESTDAY = "restday"
    HOLIDAY = "holiday"
    SCHOOL_HOLIDAY = "school_holiday"
    SPRING_FESTIVAL_EVE = "spring_festival_eve"
    SPRING_FESTIVAL = "spring_festival"
    LANTERN_FESTIVAL = "lantern_festival"
    QINGMING = "qingming"
    DRAGON_BOAT = "dragon_boat"
    MID_AUTUMN = "mid_autumn"


type Calendar = Callable[[date], frozenset[Day]]
_WEEK: Final = tuple(Day)[:7]
_WEEKEND: Final = frozenset((Day.SAT, Day.SUN))


def plain_calendar(day: date) -> frozenset[Day]:
    """Tell kinds of days by the week alone, without any country's holidays."""
    weekday = _WEEK[day.weekday()]
    return frozenset((weekday, Day.RESTDAY if weekday in _WEEKEND else Day.WORKDAY))


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """From `begins` until `ends` (equal: the whole day) on days of some kinds (none named: all)."""

    begins: time
    ends: time
    days: frozenset[Day] = frozenset()

    def cover(self, local: datetime, calendar: Calendar) -> bool:
        """Whether a moment of local time lies in them."""
        now, today = local.time(), local.date()
        if self.begins < self.ends:
            return self.begins <= now < self.ends and self._on(today, calendar)
        if self.begins == self.ends:
            return self._on(today, calendar)
        if now >= self.begins:
            return self._on(today, calendar)
        return now < self.ends and self._on(today - _DAY, calendar)

    def _on(self, day: date, calendar: Calendar) -> bool:
        return not self.days or not self.days.isdisjoint(calendar(day))


@dataclass(frozen=True, kw_only=True, slots=True)
class Season:
    """A part of every year, first and last day included; it may cross New Year."""

    begins: str
    ends: str

    def __post_init__(self) -> None:
        """Refuse what is no day of any year."""
        for day in (self.begins, self.ends):
            try:
                date.fromisoformat(f"2000-{day}")
            except ValueError as err:
                raise DomainError("plan_season", day=day) from err

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        today = day.strftime("%m-%d")
        if self.begins <= self.ends:
            return self.begins <= today <= self.ends
        return today >= self.begins or today <= self.ends


@dataclass(frozen=True, kw_only=True, slots=True)
class Active:
    """When a loop is at work: in its hours (none: always), or `outside` them, in its season."""

    hours: tuple[Hours, ...] = ()
    outside: bool = False
    season: Season | None = None

    @property
    def days(self) -> frozenset[Day]:
        """The kinds of days that any of its hours names."""
        return frozenset().union(*(one.days for one in self.hours))

    def covers(self, local: datetime, calendar: Calendar) -> bool:
        """Whether a moment of local time is one of them."""
        if self.season is not None and not self.season.holds(local.date()):
            return False
        if not self.hours:
            return True
        return any(one.cover(local, calendar) for one in self.hours) is not self.outside


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A window of maintenance: between two moments (either may be open), within hours if there are.

    A window with neither would mute its loops for good, which is what their switches are for.
    """

    begins: datetime | None = None
    ends: datetime | None = None
    active: Active = Active()

    def __post_init__(self) -> None:
        """Refuse a window that never ends or never begins."""
        if self.begins is None and self.ends is None and not self.active.hours:
            raise DomainError("plan_pause_endless")
        if self.begins is not None and self.ends is not None and self.begins >= self.ends:
            raise DomainError("plan_pause_order")

    def covers(self, moment: datetime, local: datetime, calendar: Calendar) -> bool:
        """Whether a moment lies in the window."""
        if self.begins is not None and moment < self.begins:
            return False
        if self.ends is not None and moment >= self.ends:
            return False
        return self.active.covers(local, calendar)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a community has set for some loops in some zones (none named: all)."""

    name: str
    loops: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    active: Active | None = None
    pause: Pause | None = None

    def concerns(self, loop: str, places: frozenset[str]) -> bool:
        """Whether it is about this loop in one of these places."""
        return (not self.loops or loop in self.loops) and (
            not self.zones or not self.zones.isdisjoint(places)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """When one loop is at work in one place: any of `active` (none: always), and no pause."""

    active: tuple[Active, ...] = ()
    pauses: tuple[Pause, ...] = ()
    zone: tzinfo = UTC
    calendar: Calendar = plain_calendar

    def open(self, moment: datetime) -> bool:
        """Whether the loop is at work at a moment."""
        local = moment.astimezone(self.zone)
        if any(pause.covers(moment, local, self.calendar) for pause in self.pauses):
            return False
        return not self.active or any(one.covers(local, self.calendar) for one in self.active)

    def opens_after(self, moment: datetime) -> datetime | None:
        """Return when the loop, asleep at `moment`, is at work again; None if not within a year."""
        asleep = moment
        for edge in self._edges(moment):
            if self.open(edge):
                return self._first(asleep, edge)
            asleep = edge
        return None

    def _first(self, asleep: datetime, awake: datetime) -> datetime:
        """Find the second at which it opens between two edges.

        The clock skips an hour in spring: what opens at 02:30 then opens at the skip itself.
        """
        while awake - asleep > _SECOND:
            middle = asleep + (awake - asleep) / 2
            if self.open(middle):
                awake = middle
            else:
                asleep = middle
        return awake.replace(microsecond=0)

    def _edges(self, moment: datetime) -> Iterable[datetime]:
        """Every moment after this one at which anything may begin or end, in order."""
        rules = [*self.active, *(pause.active for pause in self.pauses)]
        walls = {time(0)}
        walls |= {at for rule in rules for row in rule.hours for at in (row.begins, row.ends)}
        ends = sorted(
            pause.ends for pause in self.pauses if pause.ends is not None and pause.ends > moment
        )
        first = moment.astimezone(self.zone).date()
        for number in range(-1, _HORIZON):
            day = first + number * _DAY
            today = {
                datetime.combine(day, wall, self.zone).replace(fold=fold).astimezone(UTC)
                for wall in walls
                for fold in (0, 1)
            }
            until = max(today)
            today |= {end for end in ends if end <= until}
            ends = [end for end in ends if end > until]
            yield from sorted(edge for edge in today if edge > moment)


def schedule(
    plans: Iterable[Plan],
    loop: str,
    places: frozenset[str],
    said: Active | None,
    *,
    zone: tzinfo,
    calendar: Calendar,
) -> Schedule:
    """Put together what holds for a loop in a place: the community's word goes before `said`.

    `said`: the hours that the loop's blueprint names. Of the community's plans those that name the
    loop go before those that name only the zone, both together before either.
    """
    mine = [plan for plan in plans if plan.concerns(loop, places)]
    hours = [plan for plan in mine if plan.active is not None]
    closest = max((_closeness(plan) for plan in hours), default=0)
    chosen = [plan.active for plan in hours if _closeness(plan) == closest]
    if not hours and said is not None:
        chosen = [said]
    return Schedule(
        active=tuple(one for one in chosen if one is not None),
        pauses=tuple(plan.pause for plan in mine if plan.pause is not None),
        zone=zone,
        calendar=calendar,
    )


def _closeness(plan: Plan) -> int:
    return 2 * bool(plan.loops) + bool(plan.zones)
