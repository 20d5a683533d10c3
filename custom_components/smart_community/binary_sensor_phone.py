"""Whether a person's phone receives: one entity a user, as their fault is one line of a digest."""

from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import CommunityEntry
from .entity import CommunityEntity
from .phones import PHONE, is_phone


async def async_setup_phones(
    hass: HomeAssistant, entry: CommunityEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an entity for each user who is pushed to, and take away those of users who are not."""
    known: set[str] = set()
    registry = er.async_get(hass)

    async def follow() -> None:
        users = {
            user.id: user
            for user_id in entry.runtime_data.phones.users
            if (user := await hass.auth.async_get_user(user_id)) is not None and user.is_active
        }
        wanted = {_unique_id(entry, user_id) for user_id in users}
        for one in er.async_entries_for_config_entry(registry, entry.entry_id):
            # Left behind it would be unavailable for good, which is a fault that nobody can mend.
            if is_phone(one) and one.unique_id not in wanted:
                registry.async_remove(one.entity_id)
        added = users.keys() - known
        known.clear()
        known.update(users)
        async_add_entities(PhoneReceives(entry, key, users[key].name or key) for key in added)

    @callback
    def changed() -> None:
        entry.async_create_task(hass, follow(), "smart_community phones")

    entry.runtime_data.responders_added.append(changed)
    await follow()
    entry.async_on_unload(entry.runtime_data.phones.start())


def _unique_id(entry: CommunityEntry, user_id: str) -> str:
    return f"{entry.entry_id}_{PHONE}_{user_id}"


class PhoneReceives(CommunityEntity, BinarySensorEntity):
    """On while what is pushed to a user reaches a phone, as far as anybody can tell."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = PHONE

    def __init__(self, entry: CommunityEntry, user_id: str, name: str) -> None:
        """Name whose phone it is: the digest says it in these words."""
        super().__init__(entry, f"{PHONE}_{user_id}")
        self._user_id = user_id
        self._attr_translation_placeholders = {"person": name}

    @override
    async def async_added_to_hass(self) -> None:
        """Follow what is known of the phones."""
        listeners = self.entry.runtime_data.phones.changed
        listeners.append(self.async_write_ha_state)
        self.async_on_remove(lambda: listeners.remove(self.async_write_ha_state))

    @property
    @override
    def is_on(self) -> bool:
        return self.entry.runtime_data.phones.fault(self._user_id) is None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"fault": self.entry.runtime_data.phones.fault(self._user_id)}
