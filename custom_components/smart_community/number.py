"""Numbers: settings of Zigbee devices, and registers of Modbus units that are set."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_KIND, KIND_MODBUS_BUS
from .data import SmartCommunityEntry
from .entity_modbus import async_setup_points
from .number_modbus import SetPoint
from .number_zigbee import Setting
from .zigbee_entity import async_setup_zigbee_entities

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartCommunityEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of this kind of entry."""
    if entry.data[CONF_KIND] == KIND_MODBUS_BUS:
        await async_setup_points(
            hass, entry, async_add_entities, platform=Platform.NUMBER, make=SetPoint
        )
        return
    async_setup_zigbee_entities(entry, async_add_entities, Platform.NUMBER, Setting)
