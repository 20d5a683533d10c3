"""Hears every message of one device, and what becomes of its entities."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from zha.application.const import ZHA_DEVICE_ENTITY_ADDED_EVENT, ZHA_DEVICE_ENTITY_REMOVED_EVENT
from zha.zigbee.device import Device


class Ear:
    """Listens to one device, also after an interview gave it another zigpy device."""

    def __init__(
        self,
        device: Device,
        heard: Callable[[str, float], None],
        entities_changed: Callable[[Device], None],
    ) -> None:
        """Begin to listen. `heard` gets the address and seconds since the epoch."""
        self.device = device
        self._ieee = str(device.ieee)
        self._heard = heard
        self._radio: Any = None

        def changed(_event: Any) -> None:
            entities_changed(device)

        self._unsubscribe = [
            device.on_event(kind, changed)
            for kind in (ZHA_DEVICE_ENTITY_ADDED_EVENT, ZHA_DEVICE_ENTITY_REMOVED_EVENT)
        ]
        self.listen()

    def listens(self) -> bool:
        """Say whether it listens to the device as zigpy has it now."""
        return self._radio is self.device.device

    def listen(self) -> None:
        """Listen to the device as zigpy has it now."""
        self._forget()
        self._radio = self.device.device
        self._radio.add_listener(self)

    def device_last_seen_updated(self, at: datetime) -> None:
        """Take a message's time from zigpy, which calls this by its name."""
        self._heard(self._ieee, at.timestamp())

    def close(self) -> None:
        """Hear no more."""
        self._forget()
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def _forget(self) -> None:
        if self._radio is not None:
            with suppress(ValueError):
                self._radio.remove_listener(self)
            self._radio = None
