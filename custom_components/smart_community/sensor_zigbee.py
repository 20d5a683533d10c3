"""Sensors of a Zigbee network's devices: battery, temperature, humidity, link quality."""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import PERCENTAGE, EntityCategory
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .zigbee_entity import ZigbeeEntity, ZigbeeHubEntity
from .zigbee_network import ZigbeeData

# Enough to see where a router is missing; an attribute is no table.
_WEAKEST: Final = 5


class Measurement(ZigbeeEntity, SensorEntity):
    """One measured value."""

    @override
    def _describe(self) -> None:
        state = self._zha
        if state.device_class is not None:
            self._attr_device_class = SensorDeviceClass(state.device_class)
        if state.state_class is not None:
            self._attr_state_class = SensorStateClass(state.state_class)
        self._attr_native_unit_of_measurement = getattr(state, "unit", None)
        self._attr_suggested_display_precision = state.suggested_display_precision
        if (options := getattr(state, "options", None)) is not None:
            self._attr_options = list(options)

    @property
    @override
    def native_value(self) -> StateType:
        value: StateType = self._zha.native_value
        return value


@callback
def async_setup_zigbee_health(
    entry: ConfigEntry[Any], async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add what tells a network's health."""
    data: ZigbeeData = entry.runtime_data
    async_add_entities(Health(data, description) for description in HEALTH)


@dataclass(frozen=True, kw_only=True)
class HealthDescription(SensorEntityDescription):
    """One figure of a network's health: its value, and what stands behind it."""

    value: Callable[[ZigbeeData], int | None]
    behind: Callable[[ZigbeeData], dict[str, Any]]


def _links(data: ZigbeeData) -> list[tuple[int, str]]:
    """Link quality of each device's last message."""
    return [
        (int(device.lqi), str(device.ieee))
        for device in data.network.devices()
        if device.lqi is not None
    ]


def _neighbors(data: ZigbeeData) -> list[tuple[int, str, str]]:
    """Link quality between routers and whom they hear, as of the last scan."""
    return [
        (int(neighbor.lqi), str(router), str(neighbor.ieee))
        for router, heard in data.network.neighbors.items()
        for neighbor in heard
    ]


def _weakest(data: ZigbeeData) -> dict[str, dict[str, int]]:
    """Return the weakest few of both kinds by name; only those are looked up."""

    def name(ieee: str) -> str:
        return data.entry.title if ieee == data.entry.data["ieee"] else data.name_of(ieee)

    return {
        "devices": {name(ieee): lqi for lqi, ieee in nsmallest(_WEAKEST, _links(data))},
        "neighbors": {
            f"{name(router)} - {name(other)}": lqi
            for lqi, router, other in nsmallest(_WEAKEST, _neighbors(data))
        },
    }


HEALTH: Final = (
    HealthDescription(
        key="silent_devices",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda data: len(data.network.silent),
        behind=lambda data: {"devices": sorted(data.name_of(ieee) for ieee in data.network.silent)},
    ),
    HealthDescription(
        key="weakest_link",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda data: min(
            (*(lqi for lqi, _ in _links(data)), *(lqi for lqi, _, _ in _neighbors(data))),
            default=None,
        ),
        behind=_weakest,
    ),
    HealthDescription(
        key="channel_energy",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        value=lambda data: data.energy_here,
        behind=lambda data: {str(channel): value for channel, value in data.network.energy.items()},
    ),
)


class Health(ZigbeeHubEntity, SensorEntity):
    """One figure; looked at with the network's survey, not with every message."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    entity_description: HealthDescription

    def __init__(self, data: ZigbeeData, description: HealthDescription) -> None:
        """Take the row."""
        super().__init__(data, description.key)
        self.entity_description = description
        self._attr_translation_key = description.key

    @property
    @override
    def available(self) -> bool:
        return self._network.trouble is None

    @property
    @override
    def native_value(self) -> int | None:
        return self.entity_description.value(self._data)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return self.entity_description.behind(self._data)
