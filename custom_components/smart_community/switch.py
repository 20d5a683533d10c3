"""A switch per loop. Its state is in the engine's store: a kill loses nothing of it."""

from typing import Any, cast, override

from homeassistant.components.automation import automations_with_blueprint
from homeassistant.components.switch import SwitchEntity
from homeassistant.const import STATE_OFF, STATE_ON, EntityCategory, Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alarm_index import alarm_index
from .const import CONF_KIND, DOMAIN, KIND_MODBUS_BUS, KIND_ZIGBEE_NETWORK
from .core.permits import Deed
from .data import CommunityEntry, SmartCommunityEntry
from .entity import CommunityEntity
from .entity_modbus import async_setup_points
from .errors import refusal
from .loops import LOOPS
from .shipped import blueprint_path, loop_is_on
from .switch_modbus import Output
from .switch_zigbee import Outlet
from .views import texts
from .zigbee_entity import async_setup_zigbee_entities

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartCommunityEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of this kind of entry: loops, outlets, outputs."""
    if entry.data[CONF_KIND] == KIND_ZIGBEE_NETWORK:
        async_setup_zigbee_entities(entry, async_add_entities, Platform.SWITCH, Outlet)
        return
    if entry.data[CONF_KIND] == KIND_MODBUS_BUS:
        await async_setup_points(
            hass, entry, async_add_entities, platform=Platform.SWITCH, make=Output
        )
        return
    community = cast("CommunityEntry", entry)
    async_add_entities(LoopSwitch(community, loop) for loop in LOOPS)


class LoopSwitch(CommunityEntity, SwitchEntity):
    """Switches one loop on and off. A life-safety loop that is off stands in the repairs."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, entry: CommunityEntry, loop: str) -> None:
        """Take the loop."""
        super().__init__(entry, f"loop_{loop}")
        self._attr_translation_key = f"loop_{loop}"
        self._loop = loop

    @override
    async def async_added_to_hass(self) -> None:
        """Warn again after a restart, and look every minute whether an automation uses the loop."""
        self._warn()
        listeners = self.entry.runtime_data.problems_changed
        listeners.append(self._look)
        self.async_on_remove(lambda: listeners.remove(self._look))

    @callback
    def _look(self) -> None:
        """Show what has changed, also by a repair."""
        self._warn()
        self.async_write_ha_state()

    @property
    @override
    def is_on(self) -> bool:
        return loop_is_on(self.hass, self.engine, self._loop)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on, and look at what is in alarm already."""
        await self._check(STATE_ON)
        await self.engine.switch_loop(self._loop, on=True)
        self.async_write_ha_state()
        self._warn()
        ir.async_delete_issue(self.hass, DOMAIN, self._issue("ask"))
        automations = automations_with_blueprint(self.hass, blueprint_path(self._loop))
        alarm_index(self.hass).announce_again(automations)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off: signals are still recorded, as muted. A life-saver needs a person's word.

        Only a person reads the repairs: an automation, or a slip of the thumb, ends here, also
        where no automation uses the loop yet: the one that does some day must find it on.
        """
        await self._check(STATE_OFF)
        if LOOPS[self._loop].life_safety and self.engine.loop_on(self._loop):
            self._ask()
            raise refusal("life_safety_needs_word", loop=self._loop)
        await self.engine.switch_loop(self._loop, on=False)
        self.async_write_ha_state()
        self._warn()

    async def _check(self, wanted: str) -> None:
        word = texts(self.hass, self.hass.config.language)["timeline"]["values"][wanted]
        await self.entry.runtime_data.deeds.check(
            Deed.SWITCH_LOOP, self._context or Context(), what=f"{self.name}: {word}"
        )

    def _issue(self, what: str) -> str:
        return f"{self.entry.entry_id}_life_safety_{what}_{self._loop}"

    def _ask(self) -> None:
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            self._issue("ask"),
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="life_safety_ask",
            translation_placeholders={"loop": self._loop, "community": self.entry.title},
            data={"loop": self._loop, "community": self.entry.entry_id},
        )

    def _warn(self) -> None:
        issue = self._issue("off")
        # One that is shipped off and that nobody has touched was never relied on.
        if not LOOPS[self._loop].life_safety or self.engine.loop_on(self._loop):
            ir.async_delete_issue(self.hass, DOMAIN, issue)
            return
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key="life_safety_off",
            translation_placeholders={"loop": self._loop, "community": self.entry.title},
        )
