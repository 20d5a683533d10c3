"""Whether somebody may do what belongs to no incident: work the plant, change a lock's codes."""

from homeassistant.core import Context, HomeAssistant

from .core.model import Actor
from .core.permits import Deed, Permit, Role, best, permit, role_of
from .data import communities


async def async_may(hass: HomeAssistant, context: Context | None, deed: Deed) -> bool:
    """Whether whoever stands behind a context may do this in any community here.

    A bus or a Zigbee network belongs to no community: one house's gateway often serves several.
    Before there is a community, administrators and their automations try the plant out.
    """
    context = context or Context()
    loaded = communities(hass)
    for entry in loaded:
        standings = await entry.runtime_data.people.standings_of(context)
        if best(standings, deed)[1] is Permit.ALLOWED:
            return True
    if loaded:
        return False
    user = await hass.auth.async_get_user(context.user_id) if context.user_id else None
    if context.user_id is not None and (user is None or not user.is_active):
        return False
    role = role_of(Actor(user_id=context.user_id), administrator=user is not None and user.is_admin)
    return permit(role, deed) is Permit.ALLOWED


async def async_may_unlock(hass: HomeAssistant, context: Context | None) -> bool:
    """Whether whoever stands behind a context may unlock a door, where Home Assistant lets them.

    Whoever a community knows is held to its table as with all that stands on the site; a resident
    whom no community knows is Home Assistant's matter: the door may be their own.
    """
    if await async_may(hass, context, Deed.OPERATE):
        return True
    for entry in communities(hass):
        standings = await entry.runtime_data.people.standings_of(context or Context())
        if any(standing.role is not Role.OUTSIDER for standing in standings):
            return False
    return True
