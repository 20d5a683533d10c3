"""Locks: the door locks of Zigbee networks."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SmartCommunityEntry
from .lock_zigbee import DoorLock
from .zigbee_entity import async_setup_zigbee_entities

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartCommunityEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add what the network's devices offer."""
    async_setup_zigbee_entities(entry, async_add_entities, Platform.LOCK, DoorLock)
