"""Faults put together: a device is one fault, not its entities; a coordinator one, not its devices.

A device is lost when all of its watched entities are, or when it says itself that it is cut off.
When all watched devices of one config entry are lost (two at least), its coordinator, bus or
cloud is: the first of its entities speaks for it, and what was told of its devices is taken back.
When one of them is back, the rest are faults of their own again. Phones are each their own.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .alarm_kinds import Said
from .alarm_reading import DISCONNECTED, LOST
from .core.edge import Reason
from .phones import is_phone

_LOST: Final = (LOST, DISCONNECTED)


class Faults:
    """Folds what single entities say; kept up change by change, however many are lost at once."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin without any entity."""
        self._hass = hass
        self._device: dict[str, str] = {}
        self._members: defaultdict[str, set[str]] = defaultdict(set)
        self._hub: dict[str, str] = {}
        self._devices: defaultdict[str, set[str]] = defaultdict(set)
        self._values: dict[str, str] = {}
        self._lost: defaultdict[str, set[str]] = defaultdict(set)
        self._told: dict[str, str] = {}

    def watch(self, entity_ids: Iterable[str]) -> None:
        """Take entities in, each under its device and its config entry."""
        registry = er.async_get(self._hass)
        for entity_id in entity_ids:
            entry = registry.async_get(entity_id)
            if entry is None or is_phone(entry):
                device = hub = entity_id
            else:
                device = entry.device_id or entity_id
                hub = entry.config_entry_id or device
            self._device[entity_id] = device
            self._members[device].add(entity_id)
            self._hub[device] = hub
            self._devices[hub].add(device)

    def forget(self, entity_id: str) -> None:
        """Let an entity go."""
        device = self._device.pop(entity_id, None)
        if device is None:
            return
        self._values.pop(entity_id, None)
        self._members[device].discard(entity_id)
        if not self._members[device]:
            hub = self._hub.pop(device)
            self._told.pop(device, None)
            del self._members[device]
            self._devices[hub].discard(device)
            self._lost[hub].discard(device)

    def fold(self, said: Iterable[tuple[str, Said]]) -> list[tuple[str, Said]]:
        """Return what is to be told: what is raised and taken back in one go is not."""
        out: dict[str, Said] = {}
        for entity_id, one in said:
            for source, told in self._fold(entity_id, one):
                if source in out and out[source].raised is not told.raised:
                    del out[source]
                else:
                    out[source] = told
        return list(out.items())

    def _fold(self, entity_id: str, said: Said) -> Iterable[tuple[str, Said]]:
        lost = said.raised and said.value in _LOST
        if not lost and entity_id not in self._values:
            yield entity_id, said  # a battery, or the end of what was told before a restart
            return
        if lost:
            self._values[entity_id] = str(said.value)
        else:
            del self._values[entity_id]
        device = self._device[entity_id]
        hub = self._hub[device]
        was, now = device in self._lost[hub], self._is_lost(device)
        if was == now:
            return
        (self._lost[hub].add if now else self._lost[hub].discard)(device)
        yield from self._tell(hub, device, said.reason)

    def _is_lost(self, device: str) -> bool:
        values = [self._values.get(one) for one in self._members[device]]
        return DISCONNECTED in values or None not in values

    def _tell(self, hub: str, device: str, reason: Reason) -> Iterable[tuple[str, Said]]:
        """Bring what is told of a config entry up to date, after one of its devices changed."""
        devices, lost = self._devices[hub], self._lost[hub]
        whole = len(lost) > 1 and len(lost) == len(devices)
        before = hub in self._told and hub not in devices
        if whole and not before:
            yield from self._take_back(devices)
            yield from self._raise(hub, min(min(self._members[one]) for one in devices), reason)
        elif before and not whole:
            yield from self._take_back((hub,))
            for one in sorted(lost):
                yield from self._raise(one, min(self._members[one]), reason)
        elif not whole and device in lost:
            yield from self._raise(device, min(self._members[device]), reason)
        elif not whole:
            yield from self._take_back((device,))

    def _raise(self, key: str, source: str, reason: Reason) -> Iterable[tuple[str, Said]]:
        self._told[key] = source
        yield source, Said(raised=True, reason=reason, value=LOST)

    def _take_back(self, keys: Iterable[str]) -> Iterable[tuple[str, Said]]:
        for key in sorted(keys):
            if key in self._told:
                yield self._told.pop(key), Said(raised=False, reason=Reason.EDGE)
