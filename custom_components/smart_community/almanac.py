"""The days of China: public holidays, working days shifted for them, feasts of the lunar calendar.

The dates come from the library that Home Assistant's own holiday calendar uses. For a year whose
order the State Council has not published yet, it knows the holidays but not the shifted days: then
each Saturday and Sunday is a day of rest. The audit says so a month before. Feasts of the lunar
calendar are known until 2100.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import holidays
from homeassistant.util import dt as dt_util

from .core.plan import Calendar, Day, plain_calendar

# The library's names in Chinese. The feasts of the new year are counted from its first day: not
# each of them was a holiday in each year, and the days off after it bear its name too.
_FEASTS: Final = {
    "清明节": Day.QINGMING,
    "端午节": Day.DRAGON_BOAT,
    "中秋节": Day.MID_AUTUMN,
}
_FROM_NEW_YEAR: Final = {
    Day.SPRING_FESTIVAL_EVE: timedelta(days=-1),
    Day.SPRING_FESTIVAL: timedelta(0),
    Day.LANTERN_FESTIVAL: timedelta(days=14),
}
# Most provinces: summer by the calendar, winter around the Spring Festival. A community whose
# schools differ sets a season of its own.
_SUMMER: Final = ((7, 1), (8, 31))
_WINTER: Final = (timedelta(days=18), timedelta(days=14))
# What the library calls a day off that is worked for on another.
_SHIFTED: Final = "调休"


@dataclass(frozen=True, kw_only=True, slots=True)
class Almanac:
    """The calendar, and the last day up to which its shifted working days are known."""

    days: Calendar
    known_until: date


def load_almanac() -> Almanac:
    """Return the calendar of China. Blocks: it imports the library and reckons some years."""
    year = dt_util.now().year
    # From some years ago: a library that is never updated must still say how far it goes.
    china = holidays.country_holidays("CN", years=range(year - 6, year + 3), language="zh_CN")
    ordered = {day.year for day, name in china.items() if _SHIFTED in name}

    @lru_cache(maxsize=1000)
    def days(day: date) -> frozenset[Day]:
        marks = set(plain_calendar(day)) - {Day.WORKDAY, Day.RESTDAY}
        marks.add(Day.WORKDAY if china.is_working_day(day) else Day.RESTDAY)
        names = set(china.get_list(day))
        if names:
            marks.add(Day.HOLIDAY)
        marks |= {feast for name, feast in _FEASTS.items() if name in names}
        if _SUMMER[0] <= (day.month, day.day) <= _SUMMER[1]:
            marks.add(Day.SCHOOL_HOLIDAY)
        first_days = (
            one for one in china.get_named("春节", lookup="exact") if one.year == day.year
        )
        if (new_year := min(first_days, default=None)) is not None:
            if new_year - _WINTER[0] <= day <= new_year + _WINTER[1]:
                marks.add(Day.SCHOOL_HOLIDAY)
            marks |= {feast for feast, after in _FROM_NEW_YEAR.items() if day == new_year + after}
        return frozenset(marks)

    return Almanac(days=days, known_until=date(max(ordered, default=year - 7), 12, 31))
