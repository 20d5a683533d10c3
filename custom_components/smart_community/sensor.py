"""Figures of a community: how much is open, how high it has climbed, what is due next."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_KIND, KIND_MODBUS_BUS, KIND_ZIGBEE_NETWORK
from .core.model import Incident, Tier
from .data import CommunityEntry, SmartCommunityEntry
from .engine.engine import Engine
from .entity import FollowingEntity
from .entity_modbus import async_setup_points
from .sensor_modbus import UnitFigure, UnitQuality
from .sensor_zigbee import Measurement, async_setup_zigbee_health
from .zigbee_entity import async_setup_zigbee_entities

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FigureDescription(SensorEntityDescription):
    """A figure and how it is read from the engine."""

    value: Callable[[Engine], int | str | datetime | None]


def _real(engine: Engine) -> list[Incident]:
    """Return what is running, the oldest first; a drill counts in no figure."""
    return [one for one in engine.active if not one.drill]


def _highest(engine: Engine) -> str | None:
    reached = [one.tier for one in _real(engine) if one.tier is not None]
    return max(reached, key=list(Tier).index).value if reached else None


FIGURES = (
    FigureDescription(
        key="open_incidents",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda engine: len(_real(engine)),
    ),
    FigureDescription(
        key="highest_tier",
        device_class=SensorDeviceClass.ENUM,
        options=[tier.value for tier in Tier],
        value=_highest,
    ),
    FigureDescription(
        key="oldest_open",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=lambda engine: next((one.opened_at for one in _real(engine)), None),
    ),
    FigureDescription(
        key="next_due",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=lambda engine: engine.next_due,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartCommunityEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the figures of this kind of entry."""
    if entry.data[CONF_KIND] == KIND_ZIGBEE_NETWORK:
        async_setup_zigbee_entities(entry, async_add_entities, Platform.SENSOR, Measurement)
        async_setup_zigbee_health(entry, async_add_entities)
        return
    if entry.data[CONF_KIND] == KIND_MODBUS_BUS:
        await async_setup_points(
            hass,
            entry,
            async_add_entities,
            platform=Platform.SENSOR,
            make=UnitFigure,
            whole=UnitQuality,
        )
        return
    community = cast("CommunityEntry", entry)
    async_add_entities(Figure(community, description) for description in FIGURES)


class Figure(FollowingEntity, SensorEntity):
    """One figure. Nothing about persons: every user of Home Assistant sees every state."""

    entity_description: FigureDescription

    def __init__(self, entry: CommunityEntry, description: FigureDescription) -> None:
        """Take the row."""
        super().__init__(entry, description.key)
        self.entity_description = description
        self._attr_translation_key = description.key

    @property
    @override
    def native_value(self) -> int | str | datetime | None:
        return self.entity_description.value(self.engine)
