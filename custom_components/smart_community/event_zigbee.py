"""Events of a Zigbee network: what happens at door locks, what is pressed on remotes."""

from typing import TYPE_CHECKING, override

from homeassistant.components.event import EventDeviceClass, EventEntity
from homeassistant.core import callback

from .zigbee_entity import ZigbeeEntity

if TYPE_CHECKING:
    from zha.application.platforms import PlatformEntity
    from zha.application.platforms.event import EntityEventTriggeredEvent


class Happening(ZigbeeEntity, EventEntity):
    """What happens at a device."""

    @override
    def _describe(self) -> None:
        self._attr_event_types = list(self._zha.event_types)
        if self._zha.device_class is not None:
            self._attr_device_class = EventDeviceClass(self._zha.device_class)

    @override
    def _bind(self, source: PlatformEntity) -> None:
        super()._bind(source)
        self._unsubscribe.append(source.on_event("event_triggered", self._happened))

    @callback
    def _happened(self, event: EntityEventTriggeredEvent) -> None:
        self._trigger_event(event.triggered.event_type, event.triggered.event_attributes)
        self._write()
