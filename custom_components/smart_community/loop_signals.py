"""What the automations of a loop say with their calls of `signal`, their users' values in it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import probatio
from homeassistant.components.automation import DATA_COMPONENT, AutomationEntity
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError, TemplateError
from homeassistant.helpers import template

from .const import DOMAIN
from .core.agreement import Term, ruled
from .services_detect import DETECT, detect_of

_SIGNAL_ACTION: Final = f"{DOMAIN}.signal"
_DETECT: Final = probatio.Schema(DETECT)


def signals_of(hass: HomeAssistant, loop: str, entry_id: str) -> Iterator[Mapping[str, Any]]:
    """Return what the automations of a community say with their calls of `signal` for a loop.

    Of those at work: one that is switched off raises nothing, as one that names another community
    raises nothing here. One that names none is of the only one there is.
    """
    component = hass.data.get(DATA_COMPONENT)
    for automation in component.entities if component is not None else ():
        if isinstance(automation, AutomationEntity) and automation.is_on:
            for data in _signals(automation.action_script.sequence):
                if data.get("loop") == loop and (data.get("community") or entry_id) == entry_id:
                    yield data


def rules_of(hass: HomeAssistant, entry_id: str, loop: str) -> frozenset[Term] | None:
    """Return the thresholds that a loop's rules have, apart from limits; None if nobody can tell.

    Of all its rules: a lock that is forced is believed at once, wrong codes are counted.
    """
    found: set[Term] = set()
    said = list(signals_of(hass, loop, entry_id))
    for data in said:
        try:
            detect = _DETECT(template.render_complex(data.get("detect", {}), {}))
            found |= ruled(detect_of(detect))
        except probatio.Invalid, TemplateError, ServiceValidationError:
            return None
    return frozenset(found) if said else None


def _signals(step: Any) -> Iterator[Mapping[str, Any]]:
    """Find each call of our signal action in a script, however deep it stands."""
    if isinstance(step, Mapping):
        if step.get("action") == _SIGNAL_ACTION and isinstance(step.get("data"), Mapping):
            yield step["data"]
        for value in step.values():
            yield from _signals(value)
    elif isinstance(step, (list, tuple)):
        for one in step:
            yield from _signals(one)
