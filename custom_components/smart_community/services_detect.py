"""What `signal` takes under `detect` and `active`, and the rules that these make."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.helpers import config_validation as cv

from .core.defaults import SHIPPED_ZONE_CLASS
from .core.errors import DomainError
from .core.noise import LIMITS, Noise, noise
from .core.plan import Active, Day
from .core.rule import Detect, Distinct
from .errors import translated
from .plan_words import active_of

# The reason that a trigger gives for a press or an unlocking: it has no end to wait for.
EVENT: Final = "event"

_DURATION = cv.positive_time_period
_LEVEL = probatio.Coerce(float)
_NOISE = {
    probatio.Required("period"): _DURATION,
    # A blueprint's input that was left empty is an empty text.
    probatio.Optional("class"): probatio.In(("", *LIMITS)),
    probatio.Optional("day"): _LEVEL,
    probatio.Optional("night"): _LEVEL,
    probatio.Optional("hysteresis", default=0.0): _LEVEL,
    probatio.Optional("burst"): _LEVEL,
}
DETECT: Final = {
    probatio.Optional("for"): _DURATION,
    probatio.Optional("count"): cv.positive_int,
    probatio.Optional("distinct"): probatio.Coerce(Distinct),
    probatio.Optional("within"): _DURATION,
    probatio.Optional("silence"): _DURATION,
    probatio.Optional("noise"): _NOISE,
    probatio.Optional("allowed"): probatio.All(cv.ensure_list, [cv.string]),
}


HOURS_ROW: Final = {
    probatio.Required("from"): cv.time,
    probatio.Required("until"): cv.time,
    probatio.Optional("days"): probatio.All(cv.ensure_list, [probatio.Coerce(Day)]),
}
ACTIVE: Final = {
    probatio.Optional("hours", default=[]): probatio.All(cv.ensure_list, [HOURS_ROW]),
    probatio.Optional("outside", default=False): cv.boolean,
    probatio.Optional("season"): {
        probatio.Required("from"): cv.string,
        probatio.Required("until"): cv.string,
    },
}


def sensible(active: dict[str, Any]) -> dict[str, Any]:
    """Check hours where a configuration is read; probatio.Invalid if they make no sense."""
    try:
        active_of(active)
    except DomainError as err:
        message = "a season goes from and until a day of the year, as MM-DD"
        raise probatio.Invalid(message, path=["season"]) from err
    return active


def hours_of(said: Mapping[str, Any] | None) -> Active | None:
    """Return the hours that a blueprint names; a translated error if they make no sense."""
    try:
        return None if said is None else active_of(said)
    except DomainError as err:
        raise translated(err) from err


def detect_of(said: Mapping[str, Any], zone_class: str = SHIPPED_ZONE_CLASS) -> Detect:
    """Return the rule that was said; a translated error if it could never be met.

    `zone_class`: the community's, which holds where noise is judged and no limit is named.
    """
    try:
        return Detect(
            # A dwell of zero, as a slider gives it, means "at once".
            dwell=said.get("for") or None,
            count=said.get("count"),
            distinct=said.get("distinct", Distinct.SOURCE),
            within=said.get("within"),
            silence=said.get("silence"),
            noise=_noise(said["noise"], zone_class) if "noise" in said else None,
            allowed=tuple(said.get("allowed", ())),
        )
    except DomainError as err:
        raise translated(err) from err


def _noise(said: Mapping[str, Any], zone_class: str) -> Noise:
    named = "day" in said or "night" in said
    return noise(
        said["period"],
        said.get("class") or (None if named else zone_class),
        day=said.get("day"),
        night=said.get("night"),
        hysteresis=said["hysteresis"],
        burst=said.get("burst"),
    )
