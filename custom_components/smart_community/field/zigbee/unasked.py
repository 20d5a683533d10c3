"""What a device says of itself is no answer, whatever its number.

Device and coordinator number their messages each for itself, with a byte. zigpy 2.3 takes any but a
report for the answer to the request of the same number: an alarm that met a read of its zone was
gone, and of two hundred commands to a lock one was called refused, because the lock's own news that
its bolt had moved was read as the answer, and who opened it was lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from zigpy.application import ControllerApplication
from zigpy.device import ResponseKey
from zigpy.types import ZigbeePacket
from zigpy.zcl.clusters.closures import DoorLock
from zigpy.zcl.clusters.general import Alarms
from zigpy.zcl.clusters.security import IasZone
from zigpy.zcl.foundation import Direction

# What clusters tell without being asked, by their commands' numbers.
_NEWS: Final[dict[int, set[int]]] = {
    IasZone.cluster_id: {
        IasZone.ClientCommandDefs.status_change_notification.id,
        IasZone.ClientCommandDefs.enroll.id,
    },
    DoorLock.cluster_id: {
        DoorLock.ClientCommandDefs.operation_event_notification.id,
        DoorLock.ClientCommandDefs.programming_event_notification.id,
    },
    Alarms.cluster_id: {Alarms.ClientCommandDefs.alarm.id},
}
# Frame control of a cluster's own command from server to client (ZCL 07-5123, 2.4.1.1), without the
# bit that asks for no answer: type 1, not of a manufacturer, direction 1.
_TO_CLIENT: Final = 0b1001
_CONTROL: Final = 0b1111
_HEADER: Final = 3  # control, number, command


def is_news(cluster_id: int, frame: bytes) -> bool:
    """Say whether a frame tells what nobody asked for. Never raises, whatever it holds."""
    return (
        cluster_id in _NEWS
        and len(frame) >= _HEADER
        and frame[0] & _CONTROL == _TO_CLIENT
        and frame[2] in _NEWS[cluster_id]
    )


@contextmanager
def unasked(app: ControllerApplication, packet: ZigbeePacket) -> Iterator[None]:
    """Have zigpy deal with a packet, news among them, without taking news for an answer."""
    cluster_id, frame = packet.cluster_id, b""
    if cluster_id in _NEWS:
        frame = packet.data.serialize()
    if packet.src is None or packet.src_ep is None or not is_news(cluster_id, frame):
        yield
        return
    try:
        device: Any = app.get_device_with_address(packet.src)
    except KeyError:
        yield  # a device that is only joining
        return
    key = ResponseKey(
        endpoint_id=packet.src_ep,
        cluster_id=cluster_id,
        direction=Direction.Server_to_Client,
        tsn=frame[1],
    )
    asked = device._requests.pop(key, None)  # noqa: SLF001 - zigpy offers no other way
    try:
        yield
    finally:
        if asked is not None:
            device._requests[key] = asked  # noqa: SLF001
