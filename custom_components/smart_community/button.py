"""Buttons: what Zigbee devices can be asked to do, and pairing."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .button_zigbee import Pairing, Press
from .data import SmartCommunityEntry
from .zigbee_entity import async_setup_zigbee_entities
from .zigbee_network import ZigbeeData

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartCommunityEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add what the network's devices offer, and the network's own."""
    async_setup_zigbee_entities(entry, async_add_entities, Platform.BUTTON, Press)
    if isinstance(entry.runtime_data, ZigbeeData):
        async_add_entities([Pairing(entry.runtime_data)])
