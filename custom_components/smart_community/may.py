"""Whether somebody may do what belongs to no incident: work the plant, unlock, change codes."""

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers.entity import Entity

from .core.model import Actor
from .core.permits import Deed, Permit, Role, Standing, best, permit, role_of
from .data import CommunityEntry, communities
from .errors import refusal

type Denied = list[tuple[CommunityEntry, Standing]]


async def async_check_plant(
    hass: HomeAssistant, context: Context | None, deed: Deed, key: str, **values: str
) -> None:
    """Refuse, with the translated error `key`, whoever may not do this in any community here.

    A bus or a Zigbee network belongs to no community: one house's gateway often serves several. So
    a refusal stands on record in each of them. Before there is a community, administrators and
    their automations try the plant out.
    """
    context = context or Context()
    denied = await _denied(hass, context, deed)
    if denied is None or (not denied and await _before_any_community(hass, context, deed)):
        return
    await _record(denied, deed)
    raise refusal(key, **values)


async def async_check_output(entity: Entity, context: Context | None) -> None:
    """Refuse, with `output_not_permitted`, whoever may not work an output."""
    name = str(entity.name or entity.entity_id)
    await async_check_plant(entity.hass, context, Deed.OPERATE, "output_not_permitted", name=name)


async def async_check_unlocking(hass: HomeAssistant, context: Context | None, lock: str) -> None:
    """Refuse, with `unlocking_not_permitted`, whom a community knows and its table does not let.

    A resident whom no community knows is Home Assistant's matter: the door may be their own.
    """
    denied = await _denied(hass, context or Context(), Deed.OPERATE)
    if not denied or all(standing.role is Role.OUTSIDER for _, standing in denied):
        return
    await _record(denied, Deed.OPERATE)
    raise refusal("unlocking_not_permitted", lock=lock)


async def _denied(hass: HomeAssistant, context: Context, deed: Deed) -> Denied | None:
    """Return in which communities, and as whom, somebody is denied; None if one of them allows."""
    denied: Denied = []
    for entry in communities(hass):
        standings = await entry.runtime_data.people.standings_of(context)
        standing, answer = best(standings, deed)
        if answer is Permit.ALLOWED:
            return None
        denied.append((entry, standing))
    return denied


async def _record(denied: Denied, deed: Deed) -> None:
    for entry, standing in denied:
        await entry.runtime_data.deeds.refuse(None, standing.actor, deed, standing.role)


async def _before_any_community(hass: HomeAssistant, context: Context, deed: Deed) -> bool:
    user = await hass.auth.async_get_user(context.user_id) if context.user_id else None
    if context.user_id is not None and (user is None or not user.is_active):
        return False
    role = role_of(Actor(user_id=context.user_id), administrator=user is not None and user.is_admin)
    return permit(role, deed) is Permit.ALLOWED
