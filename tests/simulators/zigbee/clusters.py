"""What the clusters of a community's devices do beyond keeping attributes."""

import asyncio
from typing import Any, override

from zigpy.zcl.clusters import general, security
from zigpy.zcl.foundation import Status

from .lock import LockCluster
from .zcl import Reply, ServedCluster

ZONE_STATUS, NOBODY = security.ZoneStatus, security.IasZone.AttributeDefs.cie_addr.type.convert
CIE_GONE = (NOBODY("00:00:00:00:00:00:00:00"), NOBODY("ff:ff:ff:ff:ff:ff:ff:ff"))


class Zone(ServedCluster):
    """IAS zone: tells nobody anything until it is enrolled (ZCL 8.2.2.2.3).

    Once the address of a CIE is written to it, it asks to be enrolled; the CIE's enrol response,
    asked for or not, makes it so.
    """

    enrols = True
    asked = 0

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolled = asyncio.Event()
        if self.get("zone_state") == security.ZoneState.Enrolled:
            self.enrolled.set()

    @override
    def written(self, name: str) -> None:
        if name == "cie_addr":
            if self.get("cie_addr") in CIE_GONE:
                self._enrol(security.ZoneState.Not_enrolled, 0xFF)
            elif self.enrols:
                self.ask()

    def ask(self) -> None:
        """Ask the CIE to be enrolled."""
        self.asked += 1
        self.notify("enroll", zone_type=self.get("zone_type"), manufacturer_code=0)

    def on_enroll_response(self, ask: Any) -> Status:
        """Be enrolled, if the CIE agrees."""
        if self.enrols and ask.enroll_response_code == security.EnrollResponse.Success:
            self._enrol(security.ZoneState.Enrolled, ask.zone_id)
        return Status.SUCCESS

    def _enrol(self, state: security.ZoneState, zone: int) -> None:
        self.set("zone_state", state)
        self.set("zone_id", zone)
        if state == security.ZoneState.Enrolled:
            self.enrolled.set()
        else:
            self.enrolled.clear()

    def change(self, bit: security.ZoneStatus, *, on: bool) -> None:
        """Set or clear a bit of the status and, if enrolled, tell the CIE."""
        status = self.get("zone_status")
        self.set("zone_status", status | bit if on else status & ~bit)
        self.tell()

    def tell(self) -> None:
        """Send the status as it is."""
        if self.enrolled.is_set():
            self.notify(
                "status_change_notification",
                zone_status=self.get("zone_status"),
                extended_status=0,
                zone_id=self.get("zone_id"),
                delay=0,
            )


class WarningDevice(ServedCluster):
    """IAS warning device; `sounding` is the warning mode in force, 0 for none."""

    sounding = 0
    duration = 0
    squawks = 0

    def on_start_warning(self, ask: Any) -> Status:
        """Sound, or stop."""
        self.sounding, self.duration = int(ask.warning.mode), int(ask.warning_duration)
        return Status.SUCCESS

    def on_squawk(self, _: Any) -> Status:
        """Give a short sign."""
        self.squawks += 1
        return Status.SUCCESS


class Switch(ServedCluster):
    """On/off server: reports each change, whoever made it."""

    def _turn(self, *, on: bool) -> Status:
        self.set("on_off", on)
        self.report("on_off")
        return Status.SUCCESS

    def on_on(self, _: Any) -> Status:
        """Turn on."""
        return self._turn(on=True)

    def on_off(self, _: Any) -> Status:
        """Turn off."""
        return self._turn(on=False)

    def on_toggle(self, _: Any) -> Status:
        """Turn over."""
        return self._turn(on=not self.get("on_off"))


class Identify(ServedCluster):
    """Identify: `identified` counts the requests a person would have seen blink."""

    identified = 0

    def on_identify(self, ask: Any) -> Status:
        """Blink."""
        self.identified += 1
        self.set("identify_time", ask.identify_time)
        return Status.SUCCESS

    def on_trigger_effect(self, _: Any) -> Status:
        """Blink in a certain way."""
        self.identified += 1
        return Status.SUCCESS


class Groups(ServedCluster):
    """Groups: membership, as controllers ask for it."""

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member_of: set[int] = set()

    def on_add(self, ask: Any) -> Reply:
        """Join a group."""
        self.member_of.add(int(ask.group_id))
        return Reply(
            name="add_response", values={"status": Status.SUCCESS, "group_id": ask.group_id}
        )

    def on_remove(self, ask: Any) -> Reply:
        """Leave a group."""
        known = int(ask.group_id) in self.member_of
        self.member_of.discard(int(ask.group_id))
        status = Status.SUCCESS if known else Status.NOT_FOUND
        return Reply(name="remove_response", values={"status": status, "group_id": ask.group_id})

    def on_get_membership(self, _: Any) -> Reply:
        """Say which groups it is in."""
        values = {"capacity": 16 - len(self.member_of), "groups": sorted(self.member_of)}
        return Reply(name="get_membership_response", values=values)


class OtaClient(ServedCluster):
    """OTA client: asks for an image when it is told there may be one; `offered` is the answer."""

    offered: Status | None = None

    def on_image_notify(self, _: Any) -> None:
        """Ask for the next image."""
        self.notify(
            "query_next_image",
            field_control=0,
            manufacturer_code=0x1049,
            image_type=1,
            current_file_version=1,
        )

    def on_query_next_image_response(self, ask: Any) -> None:
        """Hear that there is none, or which."""
        self.offered = ask.status


SERVERS: dict[int, type[ServedCluster]] = {
    security.IasZone.cluster_id: Zone,
    security.IasWd.cluster_id: WarningDevice,
    general.OnOff.cluster_id: Switch,
    general.Identify.cluster_id: Identify,
    general.Groups.cluster_id: Groups,
    LockCluster.cluster_id: LockCluster,
}
CLIENTS: dict[int, type[ServedCluster]] = {general.Ota.cluster_id: OtaClient}
