"""Door locks of a Zigbee network. A command is done when the bolt says so, not when it was sent."""

from typing import Any, override

from homeassistant.components.lock import LockEntity

from .errors import failure
from .field.zigbee.model import LockError
from .may import async_check_unlocking
from .zigbee_entity import ZigbeeStateEntity


class DoorLock(ZigbeeStateEntity, LockEntity):
    """One door lock."""

    @property
    @override
    def is_locked(self) -> bool | None:
        return None if self._unheard else bool(self._zha.is_locked)

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Lock. Raises HomeAssistantError if the lock did not."""
        await self._operate(lock=True)

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock, for whoever may. Raises HomeAssistantError if the lock did not."""
        await async_check_unlocking(self, self._context)
        await self._operate(lock=False)

    async def _operate(self, *, lock: bool) -> None:
        locks = self._network.locks

        async def operate(source: Any) -> None:
            try:
                await locks.operate(source.cluster, lock=lock)
            except LockError as err:
                raise failure(err.problem, device=self._data.name_of(self._ieee)) from err

        await self._do(operate, within=None)  # it keeps its own time, by step
