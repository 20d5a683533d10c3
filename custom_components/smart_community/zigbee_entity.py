"""What all entities of Zigbee devices have in common: zha's state, shown only while it is believed.

An entity outlives its zha entity: after a lost connection there is a new gateway with new ones, and
this one binds itself to its successor by address and unique id.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType, UndefinedType

from .const import ATTR_UNHEARD, DOMAIN
from .errors import failure
from .may import async_check_output
from .zigbee_network import ZigbeeData

if TYPE_CHECKING:
    from zha.application.platforms import EntityStateChangedEvent, PlatformEntity
    from zha.zigbee.device import Device
    from zigpy.types import EUI64

    from .field.zigbee.network import Network

# Long enough for a sleeping device's next poll of its parent, short enough for who stands there.
_TOLD_WITHIN: Final = 10.0

type Make = Callable[[ZigbeeData, PlatformEntity], Entity]


@callback
def async_setup_zigbee_entities(
    entry: ConfigEntry[Any],
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    make: Make,
) -> None:
    """Add what the devices offer on a platform, also those that join later."""
    data: ZigbeeData = entry.runtime_data
    network = data.network
    known: dict[EUI64, set[str]] = {}

    def wanted(source: PlatformEntity) -> bool:
        # Three in ten are switched off, as by default: made, each would be looked at and dropped.
        registry = er.async_get(data.hass)
        unique_id = _unique_id(data, source)
        found = registry.async_get_entity_id(platform, DOMAIN, unique_id)
        return found is None or registry.entities[found].disabled_by is None

    @callback
    def show(devices: Sequence[Device]) -> None:
        # All at once: each call is a task of its own, and a start brings hundreds of devices.
        new: list[PlatformEntity] = []
        for device in devices:
            seen = known.setdefault(device.ieee, set())
            found = [
                source
                for source in network.entities(device)
                if str(source.PLATFORM) == str(platform) and source.unique_id not in seen
            ]
            seen.update(source.unique_id for source in found)
            new += found
        if new:
            async_add_entities([make(data, source) for source in new if wanted(source)])

    @callback
    def forget(ieee: str) -> None:
        known.pop(network.address(ieee), None)

    network.listeners.devices.append(show)
    network.listeners.removed.append(forget)
    show(list(network.devices()))


def _unique_id(data: ZigbeeData, source: PlatformEntity) -> str:
    """Name an entity in the registry: the same detector in two networks has two."""
    return f"{data.entry.entry_id}_{source.unique_id}"


class ZigbeeEntity(Entity):
    """An entity of a Zigbee device."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, data: ZigbeeData, source: PlatformEntity) -> None:
        """Take over what zha says of the entity."""
        self._data = data
        self._network = data.network
        self._source: PlatformEntity | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        device = source.device
        self._ieee = str(device.ieee)
        self._key = (self._ieee, source.endpoint.id, source.cluster.cluster_id)
        self._zha: Any = source.state
        self._shown = (False, False)
        self._generation = -1
        self._binding = False
        meta = self._zha
        self._attr_unique_id = _unique_id(data, source)
        self._attr_entity_registry_enabled_default = meta.entity_registry_enabled_default
        if meta.entity_category is not None:
            self._attr_entity_category = EntityCategory(meta.entity_category)
        if meta.translation_key is not None:
            self._attr_translation_key = meta.translation_key
        if meta.translation_placeholders is not None:
            self._attr_translation_placeholders = meta.translation_placeholders
        self.device_entry = data.device(self._ieee)
        self._describe()

    @property
    @override
    def name(self) -> str | UndefinedType | None:
        """Our words, else Home Assistant's for the device class or in its ZHA, else zha's own."""
        if self._zha.primary:
            return None
        key = self._name_translation_key
        if key is not None and key in self.platform_data.platform_translations:
            return super().name
        if self._zha.translation_key is None and self.device_class is not None:
            return super().name
        key = f"component.zha.entity.{self.platform_data.domain}.{self.translation_key}.name"
        if (said := self._data.words.get(key)) is not None:
            return self._substitute_name_placeholders(said)
        fallback: str | None = self._zha.fallback_name
        return fallback if fallback is not None else super().name

    @property
    @override
    def available(self) -> bool:
        """Not while the network is down or the device silent."""
        return (
            self._source is not None
            and bool(self._zha.available)
            and self._network.in_reach(self._ieee)
        )

    @property
    def _unheard(self) -> bool:
        """Whether its state is of before this connection, and no longer to be told."""
        return False

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the network, and zha's entity through it."""
        listeners = self._network.listeners
        for told in (listeners.changed, listeners.proven.setdefault(self._key, [])):
            told.append(self._follow)
            self.async_on_remove(partial(told.remove, self._follow))
        self.async_on_remove(self._release)
        self._look()
        self._shown = self.available, self._unheard  # Home Assistant writes it next

    @callback
    def _follow(self) -> None:
        """Bind to zha's entity as it is now; write what that changes."""
        other = self._look()
        now = self.available, self._unheard
        if now != self._shown or (other and now[0]):
            self._write()

    def _look(self) -> bool:
        """Bind to zha's entity as it is now, without a write; say whether it is another one."""
        if self._generation == self._network.generation:
            return False
        self._generation = self._network.generation
        unique_id = self._zha.unique_id
        source = self._network.entity(self._ieee, self.platform_data.domain, unique_id)
        if source is self._source:
            return False
        self._release()
        self._source = source
        if source is not None:
            self._binding = True
            try:
                self._bind(source)
            finally:
                self._binding = False
        return True

    def _bind(self, source: PlatformEntity) -> None:
        """Subscribe; the first call brings the whole state, before it returns."""
        self._unsubscribe.append(source.subscribe_state(self._state_changed))

    @callback
    def _release(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        self._source = None

    @callback
    def _state_changed(self, event: EntityStateChangedEvent) -> None:
        self._zha = dataclasses.replace(self._zha, **event.state_diff)
        self._describe()
        if not self._binding:
            self._write()

    def _write(self) -> None:
        self._shown = self.available, self._unheard
        self.async_write_ha_state()

    def _describe(self) -> None:
        """Take what may change with the state: options, limits, device class."""

    async def _tell(
        self, command: Callable[[Any], Awaitable[None]], within: float | None = _TOLD_WITHIN
    ) -> None:
        """Have zha's entity do something for whoever may, in time. Raises HomeAssistantError."""
        await async_check_output(self, self._context)
        await self._do(command, within)

    async def _do(
        self, command: Callable[[Any], Awaitable[None]], within: float | None = _TOLD_WITHIN
    ) -> None:
        """Have zha's entity do something, whoever asks. Raises HomeAssistantError."""
        if self._source is None or self._network.trouble is not None:
            raise failure("zigbee_network_down", network=self._data.entry.title)
        try:
            async with asyncio.timeout(within):
                await command(self._source)
        except HomeAssistantError:
            raise
        # Radio libraries let failures of their own through on a lost connection.
        except Exception as err:
            raise failure("zigbee_no_answer", device=self._data.name_of(self._ieee)) from err
        self._write()


class ZigbeeStateEntity(ZigbeeEntity):
    """An entity whose state may have changed while nobody listened: shown once it is proven.

    What only happens (a lock's events) needs no proof, and what is set or measured is no emergency.
    """

    @property
    @override
    def available(self) -> bool:
        """Nor while its state is still to be proven."""
        return super().available and self._key not in self._network.prover.unproven

    @property
    @override
    def _unheard(self) -> bool:
        return self._key in self._network.prover.unheard

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        return {ATTR_UNHEARD: True} if self._unheard else None


class ZigbeeDeviceEntity(Entity):
    """An entity of ours about a device, which is no entity of zha's."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, data: ZigbeeData, device: Device, key: str) -> None:
        """Name the entity by its key."""
        self._network = data.network
        self._ieee = str(device.ieee)
        self._attr_unique_id = f"{data.entry.entry_id}_{self._ieee}-{key}"
        self.device_entry = data.device(self._ieee)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the network."""
        _follow_network(self, self._network)


class ZigbeeHubEntity(Entity):
    """An entity of the network itself."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, data: ZigbeeData, key: str) -> None:
        """Name the entity by its key."""
        self._data = data
        self._network = data.network
        self._attr_unique_id = f"{data.entry.entry_id}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, data.entry.entry_id)})

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the network."""
        _follow_network(self, self._network)


def _follow_network(entity: Entity, network: Network) -> None:
    """Have an entity written with each change of the network that is one of its own."""
    changed = network.listeners.changed

    def look() -> tuple[bool, StateType, Mapping[str, Any] | None]:
        return entity.available, entity.state, entity.extra_state_attributes

    shown = look()

    @callback
    def follow() -> None:
        nonlocal shown
        if (now := look()) != shown:
            shown = now
            entity.async_write_ha_state()

    changed.append(follow)
    entity.async_on_remove(partial(changed.remove, follow))
