"""Who is on duty, on which channels, and when nobody is.

Duty is a weekly pattern of wall-clock hours by kinds of days (core/plan.py), changed by swaps. It
decides who is told first, never whether anybody is: where nobody of a tier is on duty, all are
told, since a gap in a table must not silence an alarm.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from .errors import DomainError
from .model import Responder, Tier
from .plan import Calendar, Day, Hours

_DAY: Final = timedelta(days=1)
_WEEK: Final = tuple(Day)[:7]
# What a line of a duty table may call days, beside the names of core/plan.py.
_WORDS: Final[dict[str, frozenset[Day]]] = {
    **{day.value: frozenset({day}) for day in Day},
    "daily": frozenset(),
    "每天": frozenset(),
    "工作日": frozenset({Day.WORKDAY}),
    "休息日": frozenset({Day.RESTDAY}),
    "节假日": frozenset({Day.HOLIDAY}),
    **{f"周{name}": frozenset({day}) for name, day in zip("一二三四五六日", _WEEK, strict=True)},
}
_SHIFT: Final = re.compile(r"^(?P<days>\S+)\s+(?P<from>\d?\d:\d\d)\s*[-–~]\s*(?P<to>\d?\d:\d\d)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Swap:
    """One responder stands in for another for a while; `instead` may be "": just away.

    A stand-in is on duty, and a deputy of whoever is away.
    """

    away: str
    instead: str
    begins: datetime
    ends: datetime

    def __post_init__(self) -> None:
        """Refuse a swap that ends before it begins, or with oneself."""
        if self.begins >= self.ends:
            raise DomainError("swap_order")
        if self.away == self.instead:
            raise DomainError("swap_self")

    def covers(self, moment: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.begins <= moment < self.ends


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """None of these responders of a tier, nor a deputy, is on duty from `begins` until `ends`.

    `responders`: the keys of all whom some incident concerns, in order.
    """

    tier: Tier
    responders: tuple[str, ...]
    begins: datetime
    ends: datetime


def parse_duty(text: str) -> tuple[Hours, ...]:
    """Read a duty table: a line a shift, as in `mon-fri 08:00-20:00` or `sat,holiday 20:00-08:00`.

    24:00 is midnight; equal times are the whole day. Raises DomainError `duty_line` with the line
    that is not understood. No line: always on duty.
    """
    return tuple(_shift(line.strip()) for line in text.splitlines() if line.strip())


def _shift(line: str) -> Hours:
    found = _SHIFT.match(line)
    try:
        if found is None:
            raise DomainError("duty_line", line=line[:60])
        return Hours(
            begins=_clock(found["from"]),
            ends=_clock(found["to"]),
            days=_days(found["days"].lower()),
        )
    except (ValueError, KeyError) as err:
        raise DomainError("duty_line", line=line[:60]) from err


def _clock(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours) % 24 if minutes == "00" and hours == "24" else int(hours), int(minutes))


def _days(text: str) -> frozenset[Day]:
    days: set[Day] = set()
    for part in re.split(r"[,，、]", text):
        first, dash, last = part.partition("-")
        if not dash:
            if not (named := _WORDS[part]):
                return frozenset()  # "daily" beside anything is daily
            days |= named
            continue
        (start,), (end,) = _WORDS[first], _WORDS[last]
        begins, ends = _WEEK.index(start), _WEEK.index(end)
        if begins > ends:  # over the weekend
            ends += len(_WEEK)
        days.update(_WEEK[index % len(_WEEK)] for index in range(begins, ends + 1))
    return frozenset(days)


def at(
    responders: Iterable[Responder],
    moment: datetime,
    *,
    zone: tzinfo,
    calendar: Calendar,
    swaps: Iterable[Swap] = (),
) -> dict[str, Responder]:
    """Return everybody as of a moment: on duty or not, resting or not, on which channels."""
    local = moment.astimezone(zone)
    now = [swap for swap in swaps if swap.covers(moment)]
    return {one.key: _as_of(one, local, calendar, now) for one in responders}


def _as_of(one: Responder, local: datetime, calendar: Calendar, swaps: list[Swap]) -> Responder:
    rest = _rest_ends(one.quiet, local)
    # Whoever stands in covers what the other covers, of whichever tier and loops they are.
    stand_ins = (swap.instead for swap in swaps if swap.away == one.key and swap.instead)
    channels = one.night_channels if rest is not None and one.night_channels else one.channels
    return replace(
        one,
        channels=channels,
        deputies=(*stand_ins, *one.deputies),
        on_duty=_on_duty(one, local, calendar, swaps),
        resting_until=rest,
    )


def _on_duty(one: Responder, local: datetime, calendar: Calendar, swaps: Iterable[Swap]) -> bool:
    if any(swap.away == one.key for swap in swaps):
        return False
    if any(swap.instead == one.key for swap in swaps):
        return True
    return not one.duty or any(hours.cover(local, calendar) for hours in one.duty)


def _rest_ends(quiet: tuple[time, time] | None, local: datetime) -> datetime | None:
    """When quiet hours that hold now end; None if none hold."""
    if quiet is None:
        return None
    begins, ends = quiet
    if not Hours(begins=begins, ends=ends).cover(local, lambda _day: frozenset()):
        return None
    end = datetime.combine(local.date(), ends, local.tzinfo)
    return (end if end > local else end + _DAY).astimezone(UTC)


def there(concerned: Iterable[Responder], directory: Mapping[str, Responder]) -> list[Responder]:
    """Return those of them who are on duty, then the deputies on duty of those who are not.

    A deputy who is away has deputies, too: whoever stands in for a stand-in covers both.
    """
    asked = list(concerned)
    found = {who.key: who for who in asked if who.on_duty}
    absent = [who for who in asked if not who.on_duty]
    seen = {who.key for who in asked}
    for who in absent:  # grows while it is gone through
        for key in who.deputies:
            deputy = directory.get(key)
            if deputy is None or key in seen:
                continue
            seen.add(key)
            if deputy.on_duty:
                found[key] = deputy
            else:
                absent.append(deputy)
    return list(found.values())


def gaps(
    responders: Iterable[Responder],
    begins: datetime,
    ends: datetime,
    *,
    zone: tzinfo,
    calendar: Calendar,
    swaps: Iterable[Swap] = (),
) -> list[Gap]:
    """Return when nobody whom some incident concerns will be on duty, the earliest first.

    Asked of each tier by what its people see: water on duty is no help where fire has nobody.
    """
    everybody, changes = list(responders), list(swaps)
    edges = sorted({begins, ends, *_edges(everybody, changes, begins, ends, zone)})
    groups = [(tier, group) for tier in Tier for group in _groups(everybody, tier)]
    found: dict[frozenset[str], list[Gap]] = {group: [] for _, group in groups}
    for start, end in pairwise(edges):
        now = at(everybody, start, zone=zone, calendar=calendar, swaps=changes)
        for tier, group in groups:
            if there((now[key] for key in group), now):
                continue
            mine = found[group]
            if mine and mine[-1].ends == start:
                mine[-1] = replace(mine[-1], ends=end)
            else:
                keys = tuple(sorted(group))
                mine.append(Gap(tier=tier, responders=keys, begins=start, ends=end))
    return sorted((gap for mine in found.values() for gap in mine), key=lambda gap: gap.begins)


def _groups(responders: Iterable[Responder], tier: Tier) -> list[frozenset[str]]:
    """Return who of a tier can be all that an incident concerns, the smallest groups only.

    A greater group has nobody only when the smaller ones within it have nobody either.
    """
    mine = [one for one in responders if one.tier is tier]
    # "" and "floor:" are the loops and the places that nobody looks after in particular.
    loops = {"", *(loop for one in mine for loop in one.loops)}
    zones = {"floor:", *(zone for one in mine for zone in one.zones)}
    # Loops and places that the same people see are one: a community has hundreds of areas.
    by_loop = {frozenset(one.loops for one in mine if loop in one.loops): loop for loop in loops}
    by_zone = {frozenset(one.zones for one in mine if zone in one.zones): zone for zone in zones}
    seen = {
        frozenset(one.key for one in mine if one.sees(loop, zone))
        for loop in by_loop.values()
        for zone in by_zone.values()
    } - {frozenset()}
    return sorted((one for one in seen if not any(other < one for other in seen)), key=sorted)


def _edges(
    responders: Iterable[Responder],
    swaps: Iterable[Swap],
    begins: datetime,
    ends: datetime,
    zone: tzinfo,
) -> Iterator[datetime]:
    """Every moment in between at which somebody may come on or off duty."""
    walls = {time(0)}
    walls |= {at for one in responders for row in one.duty for at in (row.begins, row.ends)}
    day = begins.astimezone(zone).date()
    while day <= ends.astimezone(zone).date():
        for wall in walls:
            edge = datetime.combine(day, wall, zone).astimezone(UTC)
            if begins < edge < ends:
                yield edge
        day += _DAY
    for swap in swaps:
        yield from (edge for edge in (swap.begins, swap.ends) if begins < edge < ends)
