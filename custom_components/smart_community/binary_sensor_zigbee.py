"""Binary sensors of a Zigbee network: alarms, the other bits of a zone, silence, the connection."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .zigbee_entity import ZigbeeDeviceEntity, ZigbeeHubEntity, ZigbeeStateEntity
from .zigbee_entity import async_setup_zigbee_entities as setup
from .zigbee_network import ZigbeeData

if TYPE_CHECKING:
    from zha.zigbee.device import Device


@callback
def async_setup_zigbee_binary_sensors(
    entry: ConfigEntry[Any], async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them, also those of devices that join later."""
    data: ZigbeeData = entry.runtime_data
    known: set[str] = set()

    @callback
    def show(devices: Sequence[Device]) -> None:
        new = [device for device in devices if str(device.ieee) not in known]
        known.update(str(device.ieee) for device in new)
        if new:
            async_add_entities([Silence(data, device) for device in new])

    data.network.listeners.devices.append(show)
    data.network.listeners.removed.append(known.discard)
    show(list(data.network.devices()))
    setup(entry, async_add_entities, Platform.BINARY_SENSOR, Zone)
    async_add_entities([Connection(data)])


class Zone(ZigbeeStateEntity, BinarySensorEntity):
    """Alarm or no alarm; no data while that is not known."""

    @override
    def _describe(self) -> None:
        if self._zha.device_class is not None:
            self._attr_device_class = BinarySensorDeviceClass(self._zha.device_class)

    @property
    @override
    def _unheard(self) -> bool:
        """Not of a battery, which is no fuller for not having been asked."""
        return super()._unheard and self.device_class != BinarySensorDeviceClass.BATTERY

    @property
    @override
    def is_on(self) -> bool | None:
        return None if self._unheard else bool(self._zha.is_on)


class Silence(ZigbeeDeviceEntity, BinarySensorEntity):
    """On while a device is silent for longer than its own longest healthy silence allows."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = "silence"

    def __init__(self, data: ZigbeeData, device: Device) -> None:
        """Take the device."""
        super().__init__(data, device, "silence")

    @property
    @override
    def available(self) -> bool:
        """Nobody knows who is silent while nobody listens."""
        return self._network.trouble is None

    @property
    @override
    def is_on(self) -> bool:
        return self._ieee in self._network.silent

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        known = self._network.register.of(self._ieee)
        if known is None:
            return {}
        return {
            "allowed_minutes": round(known.allowed / 60),
            "last_heard": datetime.fromtimestamp(known.heard_at, UTC) if self.is_on else None,
        }


class Connection(ZigbeeHubEntity, BinarySensorEntity):
    """Whether the coordinator is connected and has the right network."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, data: ZigbeeData) -> None:
        """Name it."""
        super().__init__(data, "connection")

    @property
    @override
    def is_on(self) -> bool:
        return self._network.trouble is None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        trouble = self._network.trouble
        return {"problem": trouble.value if trouble is not None else None}
