"""What counts after a connection: what is remembered of it is read again.

Zones and locks; and presence, contacts and outputs, which are occupancy or on and off. Measurements
are shown as they were until the next one or the device's silence (liveness.py): a sleeping
thermometer tells nobody that a door is shut, and to ask it takes the room of what does.

zha shows after a start what a zone said before it, and a notification that was sent while nobody
listened is never repeated by many detectors. So each of these counts as unproven until it has
answered or reported. Sleeping devices answer when they next wake: they are asked again whenever
they are heard. One that was asked in vain for `_PATIENCE` is `unheard` from then on: in reach as
far as anybody knows, its state unknown, and asked on. To show what it said before would be to say
that no alarm came meanwhile; to call it lost, that it should have spoken: how long it may be silent
is judged by liveness.py. A cluster that a quirk makes up from its maker's messages, or turns round,
cannot be asked at all, what is remembered would answer for it: it is unheard until its next word.

A zone that is not enrolled sends nothing (ZCL 07-5123, 8.2.2.2.3): it is enrolled again, and
counted in `not_enrolled` until it says that it is, or sends a notification.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from zha.application import Platform
from zha.zigbee.device import Device
from zhaquirks import LocalDataCluster
from zigpy.zcl import (
    AttributeReadEvent,
    AttributeReportedEvent,
    AttributeUpdatedEvent,
    Cluster,
)
from zigpy.zcl.clusters.closures import DoorLock
from zigpy.zcl.clusters.general import OnOff
from zigpy.zcl.clusters.measurement import OccupancySensing
from zigpy.zcl.clusters.security import IasZone

_LOGGER = logging.getLogger(__name__)

type ClusterKey = tuple[str, int, int]

# Reads of sleeping devices wait in the coordinator, which has room for a handful; more would keep
# commands to locks waiting behind detectors that sleep.
_AT_ONCE: Final = 6
_PATIENCE: Final = 90.0
_AGAIN: Final = (2.0, 5.0, 15.0, 60.0)
# Of one that sleeps on, mostly its next word is waited for; this is for an answer that got lost.
_ON_AND_ON: Final = 900.0
_ENROL_AGAIN: Final = (5.0, 30.0, 120.0, 900.0)
# Once it has answered to the enrolment, a device needs a moment to be in it.
_ENROLLED_AFTER: Final = 1.0

# The first one is the state; the others are asked in the same breath, because a sleeping device is
# awake for one question.
_ATTRIBUTES: Final[dict[int, tuple[str, ...]]] = {
    IasZone.cluster_id: (
        IasZone.AttributeDefs.zone_status.name,
        IasZone.AttributeDefs.zone_state.name,
    ),
    DoorLock.cluster_id: (DoorLock.AttributeDefs.lock_state.name,),
    OccupancySensing.cluster_id: (OccupancySensing.AttributeDefs.occupancy.name,),
    OnOff.cluster_id: (OnOff.AttributeDefs.on_off.name,),
}
# A burning room first: with many sleeping detectors the order decides.
_FIRST: Final = (
    IasZone.ZoneType.Fire_Sensor,
    IasZone.ZoneType.Carbon_Monoxide_Sensor,
    IasZone.ZoneType.Personal_Emergency_Device,
    IasZone.ZoneType.Water_Sensor,
)


def key_of(cluster: Cluster) -> ClusterKey:
    """Name a cluster across reconnections."""
    endpoint = cluster.endpoint
    return str(endpoint.device.ieee), endpoint.endpoint_id, cluster.cluster_id


def clusters_of(device: Device) -> list[Cluster]:
    """Return what of a device must be proven.

    Quirks turn the contacts of some makes round, so that what they say is a client's on and off.
    """
    found = [
        cluster
        for number, endpoint in device.device.endpoints.items()
        if number
        for cluster_id, cluster in endpoint.in_clusters.items()
        if cluster_id in _ATTRIBUTES
    ]
    known = {key_of(cluster) for cluster in found}
    for entity in device.platform_entities.values():
        cluster = entity.cluster
        shown = entity.PLATFORM is Platform.BINARY_SENSOR and cluster.is_client
        if shown and cluster.cluster_id in _ATTRIBUTES and key_of(cluster) not in known:
            found.append(cluster)
            known.add(key_of(cluster))
    return found


class Prover:
    """Proves the zones, locks, presence and outputs of one connection."""

    def __init__(self, changed: Callable[[], None], proven: Callable[[ClusterKey], None]) -> None:
        """Begin with nothing to prove.

        `proven` is called for each cluster that was, or is unheard from now on; `changed` when some
        are to be proven, or one is found to be enrolled or not.
        """
        self.unproven: set[ClusterKey] = set()
        self.unheard: set[ClusterKey] = set()
        self.not_enrolled: set[str] = set()
        self._changed = changed
        self._tell = proven
        self._tasks: set[asyncio.Task[None]] = set()
        self._at: dict[ClusterKey, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._heard: dict[str, asyncio.Event] = {}
        self._listening: list[Callable[[], None]] = []

    def prove(self, devices: Iterable[Device]) -> None:
        """Start proving devices; those already at it begin anew."""
        clusters = [cluster for device in devices for cluster in clusters_of(device)]
        for cluster in sorted(clusters, key=_urgency):
            key = key_of(cluster)
            self.unproven.add(key)
            self.unheard.discard(key)
            self._heard.setdefault(key[0], asyncio.Event())
            if (before := self._at.get(key)) is not None:
                before.cancel()  # an interview may have given it another cluster
            task = asyncio.create_task(self._prove(cluster, key), name=f"prove zone {key}")
            self._at[key] = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._changed()

    def forget(self, ieee: str) -> None:
        """Ask a device no more that was removed."""
        for key in [key for key in self._at if key[0] == ieee]:
            self._at.pop(key).cancel()
            self.unproven.discard(key)
            self.unheard.discard(key)
        self._heard.pop(ieee, None)
        self.not_enrolled.discard(ieee)

    def heard(self, ieee: str) -> None:
        """Take it that a device is awake just now: the best moment to ask it."""
        if (event := self._heard.get(ieee)) is not None:
            event.set()

    async def close(self) -> None:
        """Stop asking; everything is unproven until the next connection."""
        for unsubscribe in self._listening:
            unsubscribe()
        self._listening.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.unproven.clear()
        self.unheard.clear()
        self._heard.clear()
        self._at.clear()

    async def _prove(self, cluster: Cluster, key: ClusterKey) -> None:
        name = _ATTRIBUTES[cluster.cluster_id][0]
        said = asyncio.Event()
        answer: Mapping[str, object] | None = None

        def spoke(
            event: AttributeReadEvent | AttributeReportedEvent | AttributeUpdatedEvent,
        ) -> None:
            if event.attribute_name == name:
                said.set()
                self._proven(key)

        # What a quirk makes up answers from memory: only what is reported is news of it.
        reports_only = cluster.is_client or isinstance(cluster, LocalDataCluster)
        kinds = [AttributeReportedEvent.event_type, AttributeUpdatedEvent.event_type]
        listening = [
            cluster.on_event(kind, spoke)
            for kind in (kinds if reports_only else [*kinds, AttributeReadEvent.event_type])
        ]
        self._listening += listening
        try:
            if reports_only:
                self._give_up(key)
                await said.wait()
            async with asyncio.timeout(_PATIENCE):
                answer = await self._ask(cluster, key[0], said, _AGAIN)
        except TimeoutError:
            _LOGGER.info("%s does not answer; its state is unknown until it does", key[0])
            self._give_up(key)
            await _either(said, self._heard[key[0]], _ON_AND_ON)
            answer = await self._ask(cluster, key[0], said, (_ON_AND_ON,))
        finally:
            for unsubscribe in listening:
                unsubscribe()
                self._listening.remove(unsubscribe)
        if cluster.cluster_id == IasZone.cluster_id:
            state = (answer or {}).get(IasZone.AttributeDefs.zone_state.name)
            await self._enrol(cluster, key[0], enrolled=state == IasZone.ZoneState.Enrolled)

    async def _ask(
        self, cluster: Cluster, ieee: str, said: asyncio.Event, waits: Sequence[float]
    ) -> Mapping[str, object] | None:
        """Ask until there is an answer or a report; returns the answer.

        `waits`: between two questions, if it is not heard before; the last one again and again.
        """
        tries = 0
        while not said.is_set():
            self._heard[ieee].clear()
            async with self._room:
                answer = await ask(cluster, *_ATTRIBUTES[cluster.cluster_id])
            if said.is_set():
                return answer
            wait = waits[min(tries, len(waits) - 1)]
            tries += 1
            await _either(said, self._heard[ieee], wait)
        return None

    def _proven(self, key: ClusterKey) -> None:
        if key in self.unproven or key in self.unheard:
            self.unproven.discard(key)
            self.unheard.discard(key)
            self._tell(key)

    def _give_up(self, key: ClusterKey) -> None:
        if key in self.unproven:
            self.unproven.discard(key)
            self.unheard.add(key)
            self._tell(key)

    def _refused(self, ieee: str) -> None:
        if ieee not in self.not_enrolled:
            self.not_enrolled.add(ieee)
            self._changed()

    async def _enrol(self, cluster: Cluster, ieee: str, *, enrolled: bool) -> None:
        """See that a zone is enrolled, and enrol it again until it is. `enrolled`: it said so."""
        said = asyncio.Event()
        if enrolled:
            said.set()
        attribute = IasZone.AttributeDefs.zone_state.name

        def notified(event: AttributeUpdatedEvent) -> None:
            # Only a notification arrives as such an update: who sends one is enrolled.
            if event.attribute_name == _ATTRIBUTES[IasZone.cluster_id][0]:
                said.set()

        unsubscribe = cluster.on_event(AttributeUpdatedEvent.event_type, notified)
        self._listening.append(unsubscribe)
        tries = 0
        try:
            while not said.is_set():
                self._heard[ieee].clear()
                async with self._room:
                    answer = await ask(cluster, attribute)
                state = None if answer is None else answer.get(attribute)
                if state == IasZone.ZoneState.Enrolled or (answer is not None and state is None):
                    break  # what has no such word is older than it, and sends without
                wait = _ENROLLED_AFTER if not tries else _ENROL_AGAIN[min(tries - 1, 3)]
                tries += 1
                if answer is not None:
                    self._refused(ieee)
                    async with self._room:
                        await _write_enrolment(cluster)
                # By the clock: each refusal is a message, too, and would be answered at once.
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await said.wait()
                if answer is None:  # it sleeps, and is awake when it is next heard
                    await _either(said, self._heard[ieee], None)
        finally:
            unsubscribe()
            self._listening.remove(unsubscribe)
        if ieee in self.not_enrolled:
            self.not_enrolled.discard(ieee)
            self._changed()


async def ask(cluster: Cluster, *attributes: str) -> Mapping[str, object] | None:
    """Return what a device answers, without what it has not; None if it does not answer."""
    try:
        success: Mapping[str, object]
        success, _failure = await cluster.read_attributes(
            list(attributes), allow_cache=False, only_cache=False
        )
    except Exception as err:  # noqa: BLE001 - radio libraries let their own exceptions through
        names = ", ".join(attributes)
        _LOGGER.debug("%s of %s cannot be read: %r", names, key_of(cluster), err)
        return None
    return success


async def _write_enrolment(cluster: Cluster) -> None:
    """Tell a zone whom to notify, and that it is enrolled (auto-enroll-response)."""
    coordinator = cluster.endpoint.device.application.state.node_info.ieee
    try:
        await cluster.write_attributes({IasZone.AttributeDefs.cie_addr.name: coordinator})
        await cluster.enroll_response(
            enroll_response_code=IasZone.EnrollResponse.Success, zone_id=0
        )
    except Exception as err:  # noqa: BLE001 - as in `ask`
        _LOGGER.debug("%s cannot be enrolled: %r", key_of(cluster), err)


async def _either(one: asyncio.Event, other: asyncio.Event, within: float | None) -> None:
    """Wait for one of two events, at most `within` seconds."""
    waits = [asyncio.ensure_future(one.wait()), asyncio.ensure_future(other.wait())]
    try:
        await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _urgency(cluster: Cluster) -> int:
    if cluster.cluster_id != IasZone.cluster_id:
        return len(_FIRST) + list(_ATTRIBUTES).index(cluster.cluster_id)
    zone_type = cluster.get(IasZone.AttributeDefs.zone_type.name)
    return _FIRST.index(zone_type) if zone_type in _FIRST else len(_FIRST)
