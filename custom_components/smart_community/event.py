"""One event entity per loop: what happened to its incidents, for history and logbook."""

from typing import cast, override

from homeassistant.components.event import EventEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_KIND, KIND_ZIGBEE_NETWORK
from .data import (
    SIGNAL_INCIDENT,
    Announcement,
    CommunityEntry,
    SmartCommunityEntry,
    public_zone,
)
from .entity import CommunityEntity
from .event_zigbee import Happening
from .loops import LOOPS
from .zigbee_entity import async_setup_zigbee_entities

PARALLEL_UPDATES = 0

EVENTS = ["opened", "escalated", "acknowledged", "handled", "closed", "superseded"]


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartCommunityEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity per loop."""
    if entry.data[CONF_KIND] == KIND_ZIGBEE_NETWORK:
        async_setup_zigbee_entities(entry, async_add_entities, Platform.EVENT, Happening)
        return
    community = cast("CommunityEntry", entry)
    async_add_entities(LoopEvents(community, loop) for loop in LOOPS)


class LoopEvents(CommunityEntity, EventEntity):
    """What happens to the incidents of one loop."""

    _attr_event_types = EVENTS

    def __init__(self, entry: CommunityEntry, loop: str) -> None:
        """Take the loop."""
        super().__init__(entry, f"incident_{loop}")
        self._attr_translation_key = f"incident_{loop}"
        self._loop = loop

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to announcements; the engine's every change is none of this entity's business."""
        self.async_on_remove(async_dispatcher_connect(self.hass, SIGNAL_INCIDENT, self._announced))

    @callback
    def _announced(self, said: Announcement) -> None:
        incident = said.incident
        if said.entry_id == self.entry.entry_id and incident.loop == self._loop:
            self._trigger_event(
                said.what,
                {
                    "number": incident.number,
                    "zone_name": public_zone(self.entry, incident),
                    "tier": said.tier,
                    "disposition": incident.disposition,
                    "exercise": incident.drill,
                },
            )
            self.async_write_ha_state()
