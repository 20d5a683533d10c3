"""Buttons of a Zigbee network: identify a device, reset a value, and let devices join."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.const import EntityCategory

from .may import async_check_configuring
from .zigbee_entity import ZigbeeEntity, ZigbeeHubEntity
from .zigbee_network import ZigbeeData
from .zigbee_pairing import PAIRING_TIME, async_permit
from .zones import area_of, source_name


class Press(ZigbeeEntity, ButtonEntity):
    """One thing to be done by a device."""

    @override
    def _describe(self) -> None:
        if self._zha.device_class is not None:
            self._attr_device_class = ButtonDeviceClass(self._zha.device_class)

    @override
    async def async_press(self) -> None:
        """Do it. Raises HomeAssistantError."""
        await self._tell(lambda source: source.async_press())


class Pairing(ZigbeeHubEntity, ButtonEntity):
    """Lets devices join for a few minutes, through any router of the network."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_translation_key = "pairing"

    def __init__(self, data: ZigbeeData) -> None:
        """Name it."""
        super().__init__(data, "pairing")

    @property
    @override
    def available(self) -> bool:
        return self._network.trouble is None

    @override
    async def async_press(self) -> None:
        """Open the network for whoever may set it up. Raises HomeAssistantError."""
        hass, entity_id = self.hass, self.entity_id
        name, area = source_name(hass, entity_id), area_of(hass, entity_id)
        await async_check_configuring(hass, self._context, name, area)
        await async_permit(self._data, PAIRING_TIME)
