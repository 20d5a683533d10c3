"""Firmware of a Zigbee network's devices: which they run, and newer ones that were provided."""

from typing import Any, override

from homeassistant.components.update import UpdateDeviceClass, UpdateEntity, UpdateEntityFeature

from .zigbee_entity import ZigbeeEntity


class Firmware(ZigbeeEntity, UpdateEntity):
    """The firmware of one device."""

    _attr_device_class = UpdateDeviceClass.FIRMWARE
    _attr_supported_features = UpdateEntityFeature.INSTALL | UpdateEntityFeature.PROGRESS

    @override
    def _describe(self) -> None:
        # Images are not fetched (docs/decisions.md): one entity a device that never has news.
        self._attr_entity_registry_enabled_default = False

    @property
    @override
    def installed_version(self) -> str | None:
        version: str | None = self._zha.installed_version
        return version

    @property
    @override
    def latest_version(self) -> str | None:
        version: str | None = self._zha.latest_version
        return version

    @property
    @override
    def in_progress(self) -> bool | None:
        running: bool | None = self._zha.in_progress
        return running

    @property
    @override
    def update_percentage(self) -> float | None:
        percentage: float | None = self._zha.update_percentage
        return percentage

    @override
    async def async_install(self, version: str | None, backup: bool, **kwargs: Any) -> None:
        """Install it, which takes minutes to hours. Raises HomeAssistantError."""
        await self._tell(lambda source: source.async_install(version=version), within=None)
