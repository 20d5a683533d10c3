"""One Zigbee network at work: connected, watched, connected again, and never believed blindly.

zha reports a lost connection once and does nothing more; a coordinator that falls mute is noticed
only when something is asked. So this keeps its own heartbeat, gives a lost gateway up at once (its
entities are "no data" in the same turn of the loop), and builds a new one with growing waits.
After that, zones and locks are proven (zones.py) before they are shown.

One network never waits for another: each has its own supervisor, connection, database and thread.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from zha.application import Platform
from zha.application.const import (
    ZHA_GW_MSG_CONNECTION_LOST,
    ZHA_GW_MSG_DEVICE_FULL_INIT,
    ZHA_GW_MSG_DEVICE_REMOVED,
)
from zha.application.gateway import DeviceFullInitEvent, DeviceRemovedEvent
from zha.application.platforms import PlatformEntity
from zha.zigbee.device import Device
from zigpy.types import EUI64, Channels
from zigpy.zdo.types import Neighbor

from .ear import Ear
from .extra import extra_entities
from .guard import GuardedGateway, new_gateway, trouble_of
from .listeners import Listeners
from .liveness import Register
from .lock import Locks, prepare_locks
from .model import NEEDS_A_PERSON, Coordinator, Identity, Pulse, Trouble
from .zones import Prover

_LOGGER = logging.getLogger(__name__)

_SHORTEST: Final = 2.0
_LONGEST: Final = 60.0
# 2 s of it is the wait for a network coordinator's reset frame; the rest is a database of hundreds
# of devices on a slow disk.
_CONNECT_WITHIN: Final = 60.0
# What was heard last is still on its way to a slow disk; given up, the database keeps its thread.
_CLOSE_WITHIN: Final = 30.0
_FAIL_WITHIN: Final = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a network is made of. `database`: its own file, also for the backups of its settings."""

    coordinator: Coordinator
    identity: Identity
    database: Path
    time_zone: str
    country: str | None
    pulse: Pulse = field(default_factory=Pulse)


class Network:
    """A network and its supervisor. `trouble` is None while it is at work."""

    def __init__(self, settings: Settings, register: Register, clock: Callable[[], float]) -> None:
        """Begin without a connection. `clock`: seconds since the epoch."""
        self.settings = settings
        self.register = register
        self.listeners = Listeners()
        self.gateway: GuardedGateway | None = None
        # One whose radio still starts: what it remembers is there already, and is not believed.
        self._coming: GuardedGateway | None = None
        self.trouble: Trouble | None = Trouble.STARTING
        self.detail = ""
        self.found: Identity | None = None
        self.silent: frozenset[str] = frozenset()
        self.energy: dict[int, int] = {}
        self.prover = Prover(self._changed, self.listeners.tell_proven)
        self.locks = Locks()
        # Counts what makes entities look for their zha entity anew; everything else is a glance.
        self.generation = 0
        self._clock = clock
        self._telling: asyncio.Handle | None = None
        self._lost: asyncio.Event = asyncio.Event()
        self._extra: dict[str, list[PlatformEntity]] = {}
        self._ears: dict[str, Ear] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Keep the network at work until cancelled; leaves nothing behind then."""
        wait = _SHORTEST
        while True:
            try:
                gateway = await self._connect()
            except Exception as err:  # noqa: BLE001 - a supervisor that dies of it is no use
                self._note(err)
            else:
                # It works, if not for long: to be deaf for a minute between two resets costs more
                # than to ask all zones again.
                wait = _SHORTEST
                try:
                    await self._serve(gateway)
                finally:
                    await self._close(gateway)
            await asyncio.sleep(_LONGEST if self.trouble in NEEDS_A_PERSON else wait)
            wait = min(2 * wait, _LONGEST)

    # What entities ask

    def devices(self) -> Iterator[Device]:
        """Return the devices of the network, the coordinator not among them."""
        if (gateway := self.gateway or self._coming) is not None:
            for device in list(gateway.devices.values()):
                if not device.is_coordinator:
                    yield device

    def entities(self, device: Device) -> Iterator[PlatformEntity]:
        """Return what a device offers, with what zha has no word for."""
        for entity in list(device.platform_entities.values()):
            if entity.PLATFORM is not Platform.VIRTUAL:
                yield entity
        yield from self._extra.get(str(device.ieee), ())

    def entity(self, ieee: str, platform: str, unique_id: str) -> PlatformEntity | None:
        """Return one entity as it is now, None while there is no connection."""
        device = self.device(ieee)
        if device is None:
            return None
        found = device.platform_entities.get((Platform(platform), unique_id))
        if found is not None:
            return found
        return next((one for one in self._extra.get(ieee, ()) if one.unique_id == unique_id), None)

    def device(self, ieee: str) -> Device | None:
        """Return a device, None if it is unknown or there is no connection."""
        if (gateway := self.gateway or self._coming) is None:
            return None
        return gateway.get_device(EUI64.convert(ieee))

    @property
    def neighbors(self) -> Mapping[EUI64, Sequence[Neighbor]]:
        """Whom each router heard at the last scan of the network, and how well."""
        gateway = self.gateway
        return {} if gateway is None else gateway.application_controller.topology.neighbors

    def address(self, ieee: str) -> EUI64:
        """Return an address as the radio wants it. Raises ValueError."""
        return EUI64.convert(ieee)

    def in_reach(self, ieee: str) -> bool:
        """Say whether a device can be heard, as far as anybody knows."""
        return self.trouble is None and ieee not in self.silent

    def look_for_silence(self) -> None:
        """Judge who is silent for too long; to be called every minute or so."""
        silent = self.register.silent(self._clock()) if self.trouble is None else self.silent
        if silent != self.silent:
            for ieee in silent - self.silent:
                _LOGGER.warning("%s is silent for longer than ever", ieee)
            self.silent = silent
            self._changed()

    @property
    def channel(self) -> int | None:
        """The radio channel, None while there is no connection."""
        return None if self.gateway is None else int(self.gateway.state.network_info.channel)

    async def survey(self) -> None:
        """Measure the energy on each channel, if the radio can."""
        if self.gateway is None or self.trouble is not None:
            return
        try:
            found = await self.gateway.energy_scan(Channels.ALL_CHANNELS, 4, 1)
        except Exception as err:  # noqa: BLE001 - radio libraries raise what they like
            _LOGGER.debug("The channels cannot be scanned: %r", err)
            return
        self.energy = {int(channel): round(energy / 2.55) for channel, energy in found.items()}
        self._changed()

    # Connection

    async def _connect(self) -> GuardedGateway:
        settings = self.settings
        self._lost.clear()
        gateway = await new_gateway(
            settings.coordinator,
            settings.identity,
            database=settings.database,
            time_zone=settings.time_zone,
            country=settings.country,
        )
        gateway.on_event(
            ZHA_GW_MSG_CONNECTION_LOST, lambda event: self._lose(str(event.exception or ""))
        )
        gateway.remembered = partial(self._remembered, gateway)
        try:
            async with gateway.start.within(_CONNECT_WITHIN):
                await gateway.async_initialize()
                await gateway.async_initialize_devices_and_entities()
        except BaseException:
            await self._close(gateway)
            raise
        return gateway

    async def _serve(self, gateway: GuardedGateway) -> None:
        """Be at work until the connection is lost."""
        self._up(gateway)
        beat = asyncio.create_task(self._beat(gateway), name="zigbee heartbeat")
        try:
            await self._lost.wait()
        finally:
            self._down()  # also when it was told to end
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    def _remembered(self, gateway: GuardedGateway) -> None:
        """Have entities for what is remembered, without a state: a start has no time for it later.

        Nothing of it is believed before the connection, and the prover, say so.
        """
        self._coming = gateway
        self._show(list(self.devices()))

    def _up(self, gateway: GuardedGateway) -> None:
        _LOGGER.info("Network %s is at work", self.settings.identity.extended_pan_id)
        self.gateway, self._coming = gateway, None
        self.trouble, self.detail, self.found = None, "", None
        self.register.listen(self._clock())
        gateway.on_event(ZHA_GW_MSG_DEVICE_FULL_INIT, self._device_initialized)
        gateway.on_event(ZHA_GW_MSG_DEVICE_REMOVED, self._device_removed)
        # Before anybody looks: what is remembered must not be shown for a moment.
        self.prover.prove(self.devices())
        self._show([one for one in self.devices() if str(one.ieee) not in self._ears])
        self._changed_now()

    def _lose(self, detail: str) -> None:
        if self.trouble is None:
            _LOGGER.warning("Network %s is lost", self.settings.identity.extended_pan_id)
        self._lost.set()
        self._down(detail)

    def _down(self, detail: str = "") -> None:
        if self.trouble is not None:
            return
        self.trouble, self.detail = Trouble.LOST, detail
        self.register.deaf(self._clock())
        self._changed_now()

    def _note(self, err: Exception) -> None:
        """Keep why there is no connection; said once, then only if it changes."""
        trouble, self.found = trouble_of(err)
        detail = str(err) or type(err).__name__
        level = logging.DEBUG if trouble is self.trouble else logging.WARNING
        name = self.settings.identity.extended_pan_id
        _LOGGER.log(level, "Network %s: %s (%s)", name, trouble, detail)
        self.trouble, self.detail = trouble, detail
        self._changed()

    async def _close(self, gateway: GuardedGateway) -> None:
        """End a gateway, to the end also when the supervisor is cancelled meanwhile."""
        closing = asyncio.ensure_future(self._close_now(gateway))
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await asyncio.wait((closing,))
            raise

    async def _close_now(self, gateway: GuardedGateway) -> None:
        """Leave neither socket nor thread, whatever state the gateway is in."""
        # Commands that were under way fail by themselves now; see the note in guard.py.
        await asyncio.sleep(_FAIL_WITHIN if self._lost.is_set() else 0)
        await self.prover.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for ear in self._ears.values():
            ear.close()
        self._ears.clear()
        self.gateway = self._coming = None
        self.generation += 1
        self._changed_now()  # entities let go of what is about to end
        for entities in self._extra.values():
            for entity in entities:
                await entity.on_remove()
        self._extra.clear()
        try:
            async with asyncio.timeout(_CLOSE_WITHIN):
                await gateway.close()
        except Exception:
            _LOGGER.warning("A lost Zigbee connection did not close", exc_info=True)

    async def _beat(self, gateway: GuardedGateway) -> None:
        loop = asyncio.get_running_loop()
        app: Any = gateway.application_controller
        pulse = self.settings.pulse
        missed = 0
        while True:
            await asyncio.sleep(pulse.every)
            asked_at = loop.time()
            try:
                async with asyncio.timeout(pulse.within):
                    await app.watchdog_feed()
            except Exception as err:  # noqa: BLE001 - whatever it is, it was no answer
                missed += 1
                _LOGGER.debug("No heartbeat, %d in a row: %r", missed, err)
                if missed < pulse.busy and app.heard_at >= asked_at:
                    continue
                self._lose(str(err))
                return
            missed = 0

    # Devices

    def _device_initialized(self, event: DeviceFullInitEvent) -> None:
        device = self.device(str(event.device_info.ieee))
        if device is None or device.is_coordinator:
            return
        # Joined, joined again or interviewed again: nothing of before is to be believed.
        self.prover.prove([device])
        self._show([device])
        task = asyncio.create_task(prepare_locks(device), name="prepare locks")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _device_removed(self, event: DeviceRemovedEvent) -> None:
        ieee = str(event.device_info.ieee)
        if (ear := self._ears.pop(ieee, None)) is not None:
            ear.close()
        self._extra.pop(ieee, None)
        self.prover.forget(ieee)
        self.register.forget(ieee)
        self.silent -= {ieee}
        for removed in self.listeners.removed:
            removed(ieee)

    def _show(self, devices: Sequence[Device]) -> None:
        if not devices:
            return
        for device in devices:
            self.register.expect(str(device.ieee), device.last_seen, self._clock())
            self._listen_to(device)
        self._entities_changed(*devices)

    def _listen_to(self, device: Device) -> None:
        ieee = str(device.ieee)
        ear = self._ears.get(ieee)
        if ear is None or ear.device is not device:
            if ear is not None:
                ear.close()
            self._ears[ieee] = Ear(device, self.heard, self._entities_changed)
            self._replace_extra(device)
        elif not ear.listens():
            self._replace_extra(device)  # interviewed again: its clusters are others now
            ear.listen()

    def _replace_extra(self, device: Device) -> None:
        ieee = str(device.ieee)
        for old in self._extra.pop(ieee, ()):
            task = asyncio.create_task(old.on_remove(), name="forget zigbee entity")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._extra[ieee] = list(extra_entities(device))
        for entity in self._extra[ieee]:
            entity.on_add()

    def heard(self, ieee: str, at: float) -> None:
        """Note that a device said something."""
        self.register.heard(ieee, at)
        self.prover.heard(ieee)
        if ieee in self.silent:
            self.silent -= {ieee}
            self._changed()

    def _entities_changed(self, *devices: Device) -> None:
        self.generation += 1
        for shown in self.listeners.devices:
            shown(devices)
        self._changed()

    def _changed(self) -> None:
        """Tell what changed, once for all that this turn of the loop brings."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_soon(self._changed_now)

    def _changed_now(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        for changed in list(self.listeners.changed):
            changed()
