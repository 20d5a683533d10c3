"""Who wants to hear of a network."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from zha.zigbee.device import Device

from .zones import ClusterKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Listeners:
    """Called in the event loop, must not raise.

    `changed`: up, down, or something is not as it was. `proven`: of one cluster, that it was. A
    connection proves hundreds, each in a turn of its own: to have every entity look each time would
    take seconds. `devices`: devices with their entities are there, or have others now. `removed`: a
    device is gone for good.
    """

    changed: list[Callable[[], None]] = field(default_factory=list)
    proven: dict[ClusterKey, list[Callable[[], None]]] = field(default_factory=dict)
    devices: list[Callable[[Sequence[Device]], None]] = field(default_factory=list)
    removed: list[Callable[[str], None]] = field(default_factory=list)

    def tell_proven(self, key: ClusterKey) -> None:
        """Tell those of a cluster, a turn later: its entities know by then what it said."""
        asyncio.get_running_loop().call_soon(self._tell_proven, key)

    def _tell_proven(self, key: ClusterKey) -> None:
        for proven in list(self.proven.get(key, ())):
            proven()
