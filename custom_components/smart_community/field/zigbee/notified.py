"""What a zone notifies holds, whatever zigpy makes of it.

zigpy 2.3 writes an answer down a turn of the loop after it came: one that was sent just before the
alarm overwrites it. So each notification is looked after.
"""

import asyncio
from collections import deque
from typing import Any, Final

from zigpy.application import ControllerApplication
from zigpy.types import ZigbeePacket
from zigpy.zcl import Cluster
from zigpy.zcl.clusters.security import IasZone

from .unasked import is_news
from .zones import ask

_STATUS: Final = IasZone.AttributeDefs.zone_status.name
_ALARM: Final = IasZone.ZoneStatus.Alarm_1 | IasZone.ZoneStatus.Alarm_2
_LEAST: Final = 5  # control, number, command, and the status in two octets (8.2.2.4.1)
# An answer that came before is written down at once; one that a mesh held back, somewhat later.
_LOOKS: Final = (0.1, 2.0)
# A mesh repeats a frame whose acknowledgement was lost, also behind newer ones of the same zone.
_REPEATS: Final = 16


class Notified:
    """Looks after the notifications of one connection."""

    def __init__(self, app: ControllerApplication) -> None:
        """Begin with none."""
        self._app = app
        self._looks: dict[Cluster, asyncio.TimerHandle] = {}
        self._frames: dict[Cluster, deque[bytes]] = {}

    def hear(self, packet: ZigbeePacket) -> None:
        """Take a packet that zigpy has just dealt with; all but notifications of zones pass.

        zigpy's own reading of a frame costs as much as everything else an alarm takes here, so it
        is done a second time only for an alarm that did not arrive.
        """
        if packet.cluster_id != IasZone.cluster_id or packet.src is None:
            return
        frame = packet.data.serialize()
        status = _status(frame)
        if status is None:
            return
        try:
            device: Any = self._app.get_device_with_address(packet.src)
            zone = device.endpoints[packet.src_ep].in_clusters[IasZone.cluster_id]
        except KeyError, ValueError, AttributeError:
            return  # a device that is only joining: zigpy has said what it thinks of it
        frames = self._frames.setdefault(zone, deque(maxlen=_REPEATS))
        if frame in frames:
            return  # old news: zigpy has dropped it, and so it must not stand again
        frames.append(frame)
        self._look_later(zone, frame, status, _LOOKS)

    def close(self) -> None:
        """Look after none any more."""
        for look in self._looks.values():
            look.cancel()
        self._looks.clear()

    def _look_later(
        self, zone: Cluster, frame: bytes, status: int, waits: tuple[float, ...]
    ) -> None:
        """Look again after a while; a newer notification takes the place of this one."""
        if (before := self._looks.pop(zone, None)) is not None:
            before.cancel()
        if waits:
            self._looks[zone] = asyncio.get_running_loop().call_later(
                waits[0], self._look, zone, frame, status, waits[1:]
            )

    def _look(self, zone: Cluster, frame: bytes, status: int, waits: tuple[float, ...]) -> None:
        self._look_later(zone, frame, status, waits)
        if zone.get(_STATUS) == status:
            return
        # Overwritten by an older answer, or by a newer one of a device that did not notify. An
        # alarm is shown until the device has been asked; the end of one is not taken on trust.
        if status & _ALARM:
            _handle(zone, frame)
        self._app.create_task(ask(zone, _STATUS), "zone status again")


def _status(frame: bytes) -> int | None:
    """Return what a zone notifies; None for any other frame, and for one that is cut short."""
    notification = IasZone.ClientCommandDefs.status_change_notification.id
    if len(frame) < _LEAST or not is_news(IasZone.cluster_id, frame) or frame[2] != notification:
        return None
    return int.from_bytes(frame[3:5], "little")


def _handle(zone: Any, frame: bytes) -> None:
    """Have zigpy take a notification, whose rest may be cut short."""
    try:
        header, said = zone.deserialize(frame)
    except ValueError, KeyError:
        return
    zone.handle_message(header, said)
