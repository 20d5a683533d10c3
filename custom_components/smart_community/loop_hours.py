"""Whether a loop is at work now: for conditions, and for what may rest while it sleeps."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .alarm_index import alarm_index
from .core.plan import Active
from .data import communities
from .shipped import loop_is_on


def loop_at_work(
    hass: HomeAssistant,
    loop: str,
    zone: str = "",
    said: Active | None = None,
    ahead: timedelta = timedelta(),
) -> bool:
    """Whether a loop is switched on and in its hours, in any community that is loaded.

    Now, or at a moment that lies `ahead`.
    """
    now = dt_util.utcnow() + ahead
    return any(
        loop_is_on(hass, entry.runtime_data.engine, loop)
        and entry.runtime_data.plans.schedule(loop, zone, said).open(now)
        for entry in communities(hass)
    )


def in_use(hass: HomeAssistant, entity_id: str, ahead: timedelta = timedelta()) -> bool:
    """Whether any loop that watches an entity is at work now, or at a moment `ahead`.

    What no loop watches, or only loops outside their hours, may be asked slowly or not at all.
    """
    return any(
        watch.loop is None
        or loop_at_work(hass, watch.loop, f"source:{entity_id}", watch.active, ahead)
        for watch in alarm_index(hass).watches_of(entity_id)
    )
