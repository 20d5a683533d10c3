"""What a zone notifies holds, whatever zigpy makes of it.

Two things take an alarm away in zigpy 2.3. Device and coordinator number their messages each for
itself, and any but a report is taken for the answer to the request of the same number: an alarm
that met a read of its zone was gone. And an answer is written down a turn of the loop after it
came: one that was sent just before the alarm overwrites it. So each notification is looked after.
"""

import asyncio
from collections import deque
from typing import Any, Final

from zigpy.application import ControllerApplication
from zigpy.types import ZigbeePacket
from zigpy.zcl import Cluster
from zigpy.zcl.clusters.security import IasZone
from zigpy.zcl.foundation import Direction, ZCLHeader

from .zones import ClusterKey, key_of, read

_STATUS: Final = IasZone.AttributeDefs.zone_status.name
_ALARM: Final = IasZone.ZoneStatus.Alarm_1 | IasZone.ZoneStatus.Alarm_2
# An answer that came before is written down at once; one that a mesh held back, somewhat later.
_LOOKS: Final = (0.1, 2.0)
# A mesh repeats a frame whose acknowledgement was lost, also behind newer ones of the same zone.
_REPEATS: Final = 16


class Notified:
    """Looks after the notifications of one connection."""

    def __init__(self, app: ControllerApplication) -> None:
        """Begin with none."""
        self._app = app
        self._looks: dict[ClusterKey, asyncio.TimerHandle] = {}
        self._frames: dict[ClusterKey, deque[bytes]] = {}

    def hear(self, packet: ZigbeePacket) -> None:
        """Take a packet that zigpy has just dealt with; all but notifications of zones pass."""
        if packet.cluster_id != IasZone.cluster_id or packet.src is None:
            return
        try:
            device: Any = self._app.get_device_with_address(packet.src)
            zone = device.endpoints[packet.src_ep].in_clusters[IasZone.cluster_id]
            frame = packet.data.serialize()
            header, said = zone.deserialize(frame)
        except KeyError, ValueError, AttributeError:
            return  # a device that is only joining, or no ZCL: zigpy has said what it thinks of it
        control = header.frame_control
        if (
            control.is_cluster
            and control.direction == Direction.Server_to_Client
            and header.command_id == IasZone.ClientCommandDefs.status_change_notification.id
        ):
            frames = self._frames.setdefault(key_of(zone), deque(maxlen=_REPEATS))
            if frame in frames:
                return  # old news: zigpy has dropped it, and so it must not stand again
            frames.append(frame)
            if zone.get(_STATUS) != said.zone_status:
                zone.handle_message(header, said)
            self._look_later(zone, header, said, _LOOKS)

    def close(self) -> None:
        """Look after none any more."""
        for look in self._looks.values():
            look.cancel()
        self._looks.clear()

    def _look_later(
        self, zone: Cluster, header: ZCLHeader, said: Any, waits: tuple[float, ...]
    ) -> None:
        """Look again after a while; a newer notification takes the place of this one."""
        key = key_of(zone)
        if (before := self._looks.pop(key, None)) is not None:
            before.cancel()
        if waits:
            self._looks[key] = asyncio.get_running_loop().call_later(
                waits[0], self._look, zone, header, said, waits[1:]
            )

    def _look(self, zone: Cluster, header: ZCLHeader, said: Any, waits: tuple[float, ...]) -> None:
        self._look_later(zone, header, said, waits)
        if zone.get(_STATUS) == said.zone_status:
            return
        # Overwritten by an older answer, or by a newer one of a device that did not notify. An
        # alarm is shown until the device has been asked; the end of one is not taken on trust.
        if said.zone_status & _ALARM:
            zone.handle_message(header, said)
        self._app.create_task(read(zone, _STATUS), "zone status again")
