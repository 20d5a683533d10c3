"""Binary sensors: a bus's inputs, and whether a community's engine and phones do their part."""

from typing import Any, cast, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .binary_sensor_modbus import Input
from .binary_sensor_phone import async_setup_phones
from .binary_sensor_zigbee import async_setup_zigbee_binary_sensors
from .const import CONF_KIND, KIND_MODBUS_BUS, KIND_ZIGBEE_NETWORK
from .data import CommunityEntry, SmartCommunityEntry
from .entity import CommunityEntity
from .entity_modbus import async_setup_points

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartCommunityEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of this kind of entry."""
    if entry.data[CONF_KIND] == KIND_MODBUS_BUS:
        await async_setup_points(
            hass, entry, async_add_entities, platform=Platform.BINARY_SENSOR, make=Input
        )
    elif entry.data[CONF_KIND] == KIND_ZIGBEE_NETWORK:
        async_setup_zigbee_binary_sensors(entry, async_add_entities)
    else:
        community = cast("CommunityEntry", entry)
        async_add_entities([EngineProblem(community)])
        await async_setup_phones(hass, community, async_add_entities)


class EngineProblem(CommunityEntity, BinarySensorEntity):
    """On while the audit finds something undone: late steps, stuck messages, deaf loops."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = "engine_problem"

    def __init__(self, entry: CommunityEntry) -> None:
        """Name it."""
        super().__init__(entry, "engine_problem")

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the audit."""
        listeners = self.entry.runtime_data.problems_changed
        listeners.append(self.async_write_ha_state)
        self.async_on_remove(lambda: listeners.remove(self.async_write_ha_state))

    @property
    @override
    def is_on(self) -> bool:
        return bool(self.entry.runtime_data.problems)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"problems": sorted(self.entry.runtime_data.problems.values())}
