"""What `signal` takes under `detect`, and the rule that it makes."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.helpers import config_validation as cv

from .core.detection import Detect, Distinct
from .core.errors import DomainError
from .core.noise import LIMITS, Noise, noise
from .errors import translated

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


def detect_of(said: Mapping[str, Any]) -> Detect:
    """Return the rule that was said; a translated error if it could never be met."""
    try:
        return Detect(
            # A dwell of zero, as a slider gives it, means "at once".
            dwell=said.get("for") or None,
            count=said.get("count"),
            distinct=said.get("distinct", Distinct.SOURCE),
            within=said.get("within"),
            silence=said.get("silence"),
            noise=_noise(said["noise"]) if "noise" in said else None,
            allowed=tuple(said.get("allowed", ())),
        )
    except DomainError as err:
        raise translated(err) from err


def _noise(said: Mapping[str, Any]) -> Noise:
    return noise(
        said["period"],
        said.get("class") or None,
        day=said.get("day"),
        night=said.get("night"),
        hysteresis=said["hysteresis"],
    )
