"""Whether somebody may do what belongs to no incident: work the plant, unlock, change codes.

A bus or a Zigbee network serves whoever stands around it, so its own entry does not say whose a
device is: the device's area does, where a community names it, or its floor, as its own. What stands
in no such area is everybody's: whoever one community lets work it may. A community that names its
ground and is not loaded lets nobody but administrators and automations near it.
"""

from collections.abc import Sequence

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers.entity import Entity

from .const import CONF_AREAS, CONF_FLOORS, CONF_KIND, DOMAIN, KIND_COMMUNITY, SUBENTRY_RESPONDER
from .core.model import Actor
from .core.permits import Deed, Permit, Role, Standing, best, permit, role_of
from .data import CommunityEntry, communities
from .errors import refusal
from .zones import area_of, source_name

type Standings = list[tuple[CommunityEntry, Standing]]


async def async_check_plant(
    hass: HomeAssistant,
    context: Context | None,
    deed: Deed,
    key: str,
    *,
    name: str,
    area: ar.AreaEntry | None,
) -> None:
    """Refuse, with the translated error `key`, whoever may not do this to what stands in an area.

    Both answers stand on the record of the communities that were asked. Before there is a
    community, administrators and their automations try the plant out.
    """
    context = context or Context()
    asked = communities_of(hass, area)
    allowed, denied = await _standings(asked, context, deed)
    if allowed:
        for entry, standing in allowed:
            await entry.runtime_data.deeds.permitted(standing, deed, name)
        return
    if not denied and await _without_a_community(hass, context, deed):
        return
    await _record(denied, deed)
    raise refusal(key, name=name)


async def async_check_output(entity: Entity, context: Context | None) -> None:
    """Refuse, with `output_not_permitted`, whoever may not work an output."""
    await _check_working(entity, context, "output_not_permitted")


async def async_check_configuring(
    hass: HomeAssistant, context: Context | None, name: str, area: ar.AreaEntry | None = None
) -> None:
    """Refuse, with `configure_not_permitted`, whoever may not change how a network is set up."""
    await async_check_plant(
        hass, context, Deed.CONFIGURE, "configure_not_permitted", name=name, area=area
    )


async def async_check_unlocking(entity: Entity, context: Context | None) -> None:
    """Refuse, with `unlocking_not_permitted`, whom a community knows and its table does not let.

    A resident whom no community knows is Home Assistant's matter: the door may be their own. A
    community that is not loaded knows its people all the same, and lets none of them.
    """
    hass, context = entity.hass, context or Context()
    everywhere = [
        standing
        for entry in communities(hass)
        for standing in await entry.runtime_data.people.standings_of(context)
    ]
    strange = all(standing.role is Role.OUTSIDER for standing in everywhere)
    if strange and not _belongs_somewhere(hass, context):
        return
    await _check_working(entity, context, "unlocking_not_permitted")


def communities_of(hass: HomeAssistant, area: ar.AreaEntry | None) -> Sequence[CommunityEntry]:
    """Return the communities whose people work what stands in an area; those that are loaded."""
    owners = {
        entry.entry_id
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if entry.data.get(CONF_KIND) == KIND_COMMUNITY
        and area is not None
        and (
            area.id in entry.data.get(CONF_AREAS, ())
            or area.floor_id in entry.data.get(CONF_FLOORS, ())
        )
    }
    return [entry for entry in communities(hass) if not owners or entry.entry_id in owners]


async def _check_working(entity: Entity, context: Context | None, key: str) -> None:
    hass, entity_id = entity.hass, entity.entity_id
    name, area = source_name(hass, entity_id), area_of(hass, entity_id)
    await async_check_plant(hass, context, Deed.OPERATE, key, name=name, area=area)


def _belongs_somewhere(hass: HomeAssistant, context: Context) -> bool:
    """Whether somebody is among the responders of a community, loaded or not."""
    return any(
        context.user_id in subentry.data["users"]
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        for subentry in entry.subentries.values()
        if subentry.subentry_type == SUBENTRY_RESPONDER
    )


async def _standings(
    asked: Sequence[CommunityEntry], context: Context, deed: Deed
) -> tuple[Standings, Standings]:
    """Return as whom somebody is allowed and denied a deed, by community."""
    allowed: Standings = []
    denied: Standings = []
    for entry in asked:
        standing, answer = best(await entry.runtime_data.people.standings_of(context), deed)
        (allowed if answer is Permit.ALLOWED else denied).append((entry, standing))
    return allowed, denied


async def _record(denied: Standings, deed: Deed) -> None:
    for entry, standing in denied:
        await entry.runtime_data.deeds.refuse(None, standing.actor, deed, standing.role)


async def _without_a_community(hass: HomeAssistant, context: Context, deed: Deed) -> bool:
    user = await hass.auth.async_get_user(context.user_id) if context.user_id else None
    if context.user_id is not None and (user is None or not user.is_active):
        return False
    role = role_of(Actor(user_id=context.user_id), administrator=user is not None and user.is_admin)
    return permit(role, deed) is Permit.ALLOWED
