"""Entities that zha has no word for: a zone's other bits, what happens at locks and remotes.

They are zha entities of ours, made for one network's devices. They are not put into zha's registry
of entity classes, which Home Assistant's own ZHA shares with us.
"""

from collections.abc import Iterator
from typing import Any, Final, override

from zha.application.const import ZHA_EVENT
from zha.application.platforms import EntityCategory, PlatformEntity
from zha.application.platforms.binary_sensor import BinarySensor
from zha.application.platforms.binary_sensor.const import BinarySensorDeviceClass
from zha.application.platforms.event import BaseEvent
from zha.application.platforms.event.const import EventDeviceClass
from zha.zigbee.device import Device, ZHAEvent
from zha.zigbee.endpoint import Endpoint
from zigpy.zcl import Cluster
from zigpy.zcl.clusters.closures import DoorLock
from zigpy.zcl.clusters.general import Alarms, OnOff
from zigpy.zcl.clusters.security import IasAce, IasZone

_Status = IasZone.ZoneStatus
_Operation = DoorLock.OperationEvent

# What a lock says (ZCL 07-5123, 7.3.2.17.1) in the trigger's words.
OPERATIONS: Final = {
    _Operation.Lock: "locked",
    _Operation.OnTouchLock: "locked",
    _Operation.KeyLock: "locked",
    _Operation.AutoLock: "locked",
    _Operation.ScheduleLock: "locked",
    _Operation.Manual_Lock: "locked",
    _Operation.Unlock: "unlocked",
    _Operation.KeyUnlock: "unlocked",
    _Operation.ScheduleUnlock: "unlocked",
    _Operation.Manual_Unlock: "unlocked",
    _Operation.LockFailureInvalidPINorID: "wrong_code",
    _Operation.LockFailureInvalidSchedule: "wrong_code",
    _Operation.UnlockFailureInvalidPINorID: "wrong_code",
    _Operation.UnlockFailureInvalidSchedule: "wrong_code",
    _Operation.Non_Access_User_Operational_Event: "wrong_code",
}
# ZCL 07-5123, table 7-12: the alarms of the door lock cluster.
ALARMS: Final = {0x00: "jammed", 0x04: "tamper", 0x05: "tamper", 0x06: "forced"}
LOCK_EVENTS: Final = [
    "unlocked",
    "locked",
    "wrong_code",
    "tamper",
    "forced",
    "jammed",
    "code_changed",
]
# What a remote, a keypad or a call button says that no quirk describes (ZCL 3.8.2.3, 8.3.2.3).
_SAID_BY: Final = {
    OnOff.cluster_id: {"on", "off", "toggle"},
    IasAce.cluster_id: {"emergency", "fire", "panic"},
}
_NOBODY: Final = 0xFFFF


class ZoneBit(BinarySensor):
    """One more bit of an alarm zone. `mask`: the bits that turn it on."""

    _attribute_name = "zone_status"
    _told: bool | None = None
    mask: int

    @override
    @classmethod
    def parse(cls, value: bool | int) -> bool:
        return bool(value & cls.mask)

    @override
    def handle_attribute_updated(self, event: Any) -> None:
        """Pass over what leaves this bit alone: making a state costs more than an alarm's lookup.

        Each notification comes to three of these, and hardly ever is one of them meant.
        """
        if (on := self.is_on) is not self._told:
            self._told = on
            super().handle_attribute_updated(event)


class ZoneTamper(ZoneBit):
    """Somebody opened or moved the detector."""

    _unique_id_suffix = "tamper"
    _attr_device_class = BinarySensorDeviceClass.TAMPER
    mask = _Status.Tamper


class ZoneBattery(ZoneBit):
    """The detector's battery is low or defective."""

    _unique_id_suffix = "battery"
    _attr_device_class = BinarySensorDeviceClass.BATTERY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    mask = _Status.Battery | _Status.Battery_Defect


class ZoneTrouble(ZoneBit):
    """The detector reports a fault of its own, or of its mains."""

    _unique_id_suffix = "trouble"
    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    mask = _Status.Trouble | _Status.AC_mains


class LockOperations(BaseEvent):
    """What happens at a door lock: who opened it and how, wrong codes, tampering."""

    _unique_id_suffix = "operations"
    _attr_translation_key = "lock_operation"
    _attr_event_types = LOCK_EVENTS

    @override
    def on_add(self) -> None:
        super().on_add()
        _listen(self, self._cluster)
        if (alarms := self._endpoint.zigpy_endpoint.in_clusters.get(Alarms.cluster_id)) is not None:
            _listen(self, alarms)

    def cluster_command(self, _tsn: int, command_id: int, args: Any) -> None:
        """Take a command of the lock's cluster, or of its alarms'. Never the code in it."""
        notifications = DoorLock.ClientCommandDefs
        if command_id == notifications.operation_event_notification.id:
            if (event := OPERATIONS.get(args.operation_event_code)) is not None:
                self._trigger_event(
                    event,
                    {
                        "method": args.operation_event_source.name.lower(),
                        "credential": _slot(args.user_id),
                    },
                )
        elif command_id == notifications.programming_event_notification.id:
            self._trigger_event(
                "code_changed",
                {
                    "method": args.program_event_source.name.lower(),
                    "credential": _slot(args.user_id),
                },
            )
        elif command_id == Alarms.ClientCommandDefs.alarm.id and hasattr(args, "alarm_code"):
            ours = args.cluster_id == DoorLock.cluster_id
            if ours and (event := ALARMS.get(args.alarm_code)) is not None:
                self._trigger_event(event, {"method": None, "credential": None})


class Presses(BaseEvent):
    """What is pressed on a remote, a keypad or a call button."""

    _unique_id_suffix = "presses"
    _attr_translation_key = "button_press"
    _attr_device_class = EventDeviceClass.BUTTON

    def __init__(self, endpoint: Endpoint, device: Device, *, cluster: Cluster) -> None:
        """Take the device's own list of what it can say."""
        self._attr_event_types = presses_of(device)
        super().__init__(endpoint=endpoint, device=device, cluster=cluster)

    @override
    def on_add(self) -> None:
        super().on_add()
        self._on_remove_callbacks.append(self.device.on_event(ZHA_EVENT, self._pressed))

    def _pressed(self, event: ZHAEvent) -> None:
        command = str(event.data.get("command"))
        if command in self.event_types:
            self._trigger_event(command, {"endpoint": event.data.get("endpoint_id")})


def presses_of(device: Device) -> list[str]:
    """Return what a device's buttons can say, as its quirk or its alarm cluster lists it."""
    commands = {
        str(trigger["command"])
        for trigger in device.device_automation_triggers.values()
        if trigger.get("command")
    }
    for endpoint in device.endpoints.values():
        for cluster_id, said in _SAID_BY.items():
            # A switch that also sends is no remote: what it sends goes to its own lamp.
            sends = cluster_id in endpoint.zigpy_endpoint.out_clusters
            if sends and cluster_id not in endpoint.zigpy_endpoint.in_clusters:
                commands |= said
    return sorted(commands - {"device_offline"})


def extra_entities(device: Device) -> Iterator[PlatformEntity]:
    """Return the entities of ours that a device has."""
    pressed = False
    for endpoint in device.endpoints.values():
        clusters = endpoint.zigpy_endpoint.in_clusters
        if (zone := clusters.get(IasZone.cluster_id)) is not None:
            for kind in (ZoneTamper, ZoneBattery, ZoneTrouble):
                yield kind(endpoint=endpoint, device=device, cluster=zone)
        if (lock := clusters.get(DoorLock.cluster_id)) is not None:
            yield LockOperations(endpoint=endpoint, device=device, cluster=lock)
        basic = next(iter(clusters.values()), None)
        if not pressed and basic is not None and presses_of(device):
            pressed = True
            yield Presses(endpoint=endpoint, device=device, cluster=basic)


def _listen(entity: LockOperations, cluster: Cluster) -> None:
    cluster.add_listener(entity)

    def forget() -> None:
        cluster.remove_listener(entity)

    entity._on_remove_callbacks.append(forget)  # noqa: SLF001 - this entity's own, see Presses


def _slot(user_id: int) -> str | None:
    """Return the code's slot as people count it, from 1; None if no code was used."""
    return None if user_id == _NOBODY else str(user_id + 1)
