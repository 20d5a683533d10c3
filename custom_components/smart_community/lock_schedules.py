"""When a code of a door lock opens: how it is said to an action, and told by one."""

from datetime import datetime, timedelta
from typing import Any, Final

import probatio
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from .errors import refusal
from .field.zigbee.model import CodeSlot, Period, WeekdaySchedule

_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# ZCL LocalTime counts from here.
_EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - by the clock on the wall
SCHEDULE: Final[dict[Any, Any]] = {
    probatio.Inclusive("days", "hours"): probatio.All(
        cv.ensure_list, probatio.Length(min=1), [probatio.In(_DAYS)]
    ),
    probatio.Inclusive("start", "hours"): cv.time,
    probatio.Inclusive("end", "hours"): cv.time,
    probatio.Inclusive("begins", "period"): cv.datetime,
    probatio.Inclusive("ends", "period"): cv.datetime,
}


def schedule_of(said: dict[str, Any]) -> WeekdaySchedule | Period | None:
    """Read when a code opens, None if always. Raises ServiceValidationError."""
    if "days" in said and "begins" in said:
        raise refusal("lock_hours_and_period")
    if "begins" in said:
        begins, ends = dt_util.as_local(said["begins"]), dt_util.as_local(said["ends"])
        if ends <= max(begins, dt_util.utcnow()):
            raise refusal("lock_period_over")
        return Period(begins=_seconds(begins), ends=_seconds(ends))
    if "days" not in said:
        return None
    schedule = WeekdaySchedule(
        days=sum(1 << _DAYS.index(day) for day in set(said["days"])),
        start_hour=said["start"].hour,
        start_minute=said["start"].minute,
        end_hour=said["end"].hour,
        end_minute=said["end"].minute,
    )
    if schedule.backwards:
        raise refusal("lock_hours_backwards")
    return schedule


def told(code: CodeSlot) -> dict[str, Any]:
    """Return a code's slot as an action answers it, in the words in which it was set."""
    answer: dict[str, Any] = {"slot": code.slot, "enabled": code.enabled, "type": code.kind}
    match code.schedule:
        case WeekdaySchedule() as hours:
            answer["days"] = [day for at, day in enumerate(_DAYS) if hours.days & 1 << at]
            answer["start"] = f"{hours.start_hour:02}:{hours.start_minute:02}"
            answer["end"] = f"{hours.end_hour:02}:{hours.end_minute:02}"
        case Period() as period:
            answer["begins"] = (_EPOCH + timedelta(seconds=period.begins)).isoformat(sep=" ")
            answer["ends"] = (_EPOCH + timedelta(seconds=period.ends)).isoformat(sep=" ")
    return answer


def _seconds(at: datetime) -> int:
    return int((at.replace(tzinfo=None) - _EPOCH).total_seconds())
