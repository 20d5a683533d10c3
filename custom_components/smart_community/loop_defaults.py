"""What a community's options say once for all of its loops."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry

from .core.defaults import SHIPPED_TIMES, SHIPPED_ZONE_CLASS, Defaults
from .core.model import Severity

LOOP_DEFAULTS: Final = "loop_defaults"
ZONE_CLASS: Final = "zone_class"
SPEAKER: Final = "speaker"


def defaults_of(entry: ConfigEntry[Any]) -> Defaults:
    """Return a community's values; what it has not set is as shipped.

    Read with each signal, so that a change holds for every automation at once.
    """
    said = entry.options.get(LOOP_DEFAULTS, {})
    return Defaults(
        times={severity: times_of(severity, said.get(severity.value, {})) for severity in Severity},
        zone_class=said.get(ZONE_CLASS, SHIPPED_ZONE_CLASS),
    )


def times_of(severity: Severity, said: Mapping[str, Any]) -> Mapping[str, timedelta]:
    """Return the times of loops of a severity. `said`: durations as a form stores them."""
    return {
        name: timedelta(**said[name]) if name in said else shipped
        for name, shipped in SHIPPED_TIMES[severity].items()
    }


def speaker_of(entry: ConfigEntry[Any]) -> Mapping[str, Any]:
    """Return what holds for loudspeakers of responders that say nothing of their own."""
    said: Mapping[str, Any] = entry.options.get(LOOP_DEFAULTS, {}).get(SPEAKER, {})
    return said
