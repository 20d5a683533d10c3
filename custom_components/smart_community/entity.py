"""What the entities of a community have in common."""

from typing import override

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity

from .const import DOMAIN
from .data import CommunityEntry


class CommunityEntity(Entity):
    """An entity of the community's device."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: CommunityEntry, key: str) -> None:
        """Name the entity by its key; the community is the device."""
        self.entry = entry
        self.engine = entry.runtime_data.engine
        self._attr_unique_id = f"{entry.entry_id}_{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer="Smart Community",
            name=entry.title,
        )


class FollowingEntity(CommunityEntity):
    """One that shows what the engine knows: written after every commit, so keep it cheap."""

    @override
    async def async_added_to_hass(self) -> None:
        """Write the state after every change in the engine."""
        self.engine.changed.append(self.async_write_ha_state)
        self.async_on_remove(lambda: self.engine.changed.remove(self.async_write_ha_state))
