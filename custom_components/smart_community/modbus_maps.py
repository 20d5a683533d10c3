"""What was learned of the units' maps, kept over restarts: finding a hole costs requests."""

from typing import Any, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .field.modbus.plan import Barrier
from .field.point import Kind

_VERSION = 1
# Losing it to a power cut costs the search again and nothing else.
_SAVE_AFTER = 10.0

type _Stored = dict[str, list[list[Any]]]


class LearnedMaps:
    """The barriers of one bus's units, by subentry."""

    def __init__(self, store: Store[_Stored], known: _Stored) -> None:
        """Take the store and what it held."""
        self._store = store
        self._known = known

    @classmethod
    async def load(cls, hass: HomeAssistant, entry: ConfigEntry[Any]) -> Self:
        """Read what is kept for a bus."""
        store = _store(hass, entry)
        return cls(store, await store.async_load() or {})

    def of(self, subentry_id: str) -> set[Barrier]:
        """Return what is known of a unit; a record that is damaged is as good as none."""
        try:
            return {(Kind(kind), int(at)) for kind, at in self._known.get(subentry_id, [])}
        except TypeError, ValueError:
            return set()

    @callback
    def keep(self, subentry_id: str, barriers: set[Barrier]) -> None:
        """Keep what is known of a unit now."""
        self._known[subentry_id] = sorted([kind.value, at] for kind, at in barriers)
        self._store.async_delay_save(lambda: self._known, _SAVE_AFTER)

    @callback
    def forget(self, subentry_id: str) -> None:
        """Forget a unit that was removed, or is another one now."""
        if self._known.pop(subentry_id, None) is not None:
            self._store.async_delay_save(lambda: self._known, _SAVE_AFTER)


async def async_remove_maps(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Remove what is kept for a bus that is removed."""
    await _store(hass, entry).async_remove()


def _store(hass: HomeAssistant, entry: ConfigEntry[Any]) -> Store[_Stored]:
    return Store(hass, _VERSION, f"{DOMAIN}.modbus_{entry.entry_id}")
