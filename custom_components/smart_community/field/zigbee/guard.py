"""zha's gateway, kept from ever changing a network by itself.

zha forms a network on a coordinator that has none, zigpy writes the last backup onto one that was
swapped: right for a hobbyist with one stick, wrong for a community where coordinators sit behind
addresses that a switch may mix up. Here a coordinator is used only if it has the network that the
entry was made for; anything else is said, and a person decides.
"""

import asyncio
import logging
import math
import sqlite3
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final, override
from weakref import WeakSet
from zoneinfo import ZoneInfo

import zhaquirks
import zhaquirks.legacy
from zha.application.const import RadioType
from zha.application.gateway import Gateway
from zha.application.helpers import (
    CoordinatorConfiguration,
    DeviceOptions,
    QuirksConfiguration,
    ZHAConfiguration,
    ZHAData,
)
from zha.zigbee.device import DeviceStatus
from zigpy.application import ControllerApplication
from zigpy.backups import NetworkBackup
from zigpy.config import (
    CONF_DATABASE,
    CONF_DEVICE,
    CONF_DEVICE_BAUDRATE,
    CONF_DEVICE_FLOW_CONTROL,
    CONF_DEVICE_PATH,
    CONF_NWK_BACKUP_ENABLED,
    CONF_NWK_BACKUP_PERIOD,
    CONF_OTA,
    CONF_OTA_ENABLED,
)
from zigpy.exceptions import (
    CorruptDatabase,
    NetworkNotFormed,
    NetworkSettingsInconsistent,
    TransientConnectionError,
)
from zigpy.state import State
from zigpy.types import PacketPriority
from zigpy.util import CatchingTaskMixin

from .file import look_at, with_whole_database
from .liveness import CEILING
from .model import Coordinator, Identity, NetworkError, Trouble
from .notified import Notified
from .start import Start
from .unasked import unasked

_LOGGER = logging.getLogger(__name__)

# Mains-powered devices are asked by zha itself when they fall silent. Sleeping ones cannot be:
# their silence is judged by what they have shown (liveness.py), so zha's fixed time is put out of
# the way for them.
_MAINS_SILENCE: Final = 2 * 3600
# Three tries at half a second's distance, and some.
_SETTLED_WITHIN: Final = 5.0
_CONFIRMED_AFTER: Final = 0.2
# A coordinator that is not there has refused by then, and nothing was made for it.
_REFUSED_WITHIN: Final = 0.1
# When what a connection must ask of its zones has been asked (zones.py).
_BACKED_UP_AFTER: Final = 120.0


def identity_of(state: State | NetworkBackup) -> Identity:
    """Return which network a connected coordinator has, or a backup is of."""
    return Identity(
        extended_pan_id=str(state.network_info.extended_pan_id), ieee=str(state.node_info.ieee)
    )


def trouble_of(err: Exception) -> tuple[Trouble, Identity | None]:
    """Say what kept a coordinator from being used, and which network was found instead."""
    match err:
        case NetworkError():
            return err.trouble, err.found
        case NetworkSettingsInconsistent():
            return Trouble.OTHER_NETWORK, identity_of(err.new_state)
        case NetworkNotFormed():
            return Trouble.BLANK, None
        case sqlite3.Error() | CorruptDatabase():
            return Trouble.DATABASE, None
        case TimeoutError():  # an OSError, too: it was connected to, and does not answer
            return Trouble.NO_RADIO, None
        case OSError() | TransientConnectionError():
            return Trouble.CANNOT_CONNECT, None
        case _:
            return Trouble.NO_RADIO, None


def radio_config(coordinator: Coordinator, database: Path | None = None) -> dict[str, Any]:
    """Return zigpy's configuration for a coordinator."""
    config: dict[str, Any] = {
        CONF_DEVICE: {
            CONF_DEVICE_PATH: coordinator.path,
            CONF_DEVICE_BAUDRATE: coordinator.baudrate,
            CONF_DEVICE_FLOW_CONTROL: coordinator.flow_control,
        },
        CONF_OTA: {CONF_OTA_ENABLED: False},
        CONF_NWK_BACKUP_ENABLED: False,  # see GuardedGateway, which chooses a better moment
        CONF_DATABASE: str(database) if database is not None else None,
    }
    if coordinator.radio_type == RadioType.ezsp.name:
        # One event loop for all: a thread each doubles latency at ten networks.
        config["use_thread"] = False
    return config


def _guarded(
    controller: Any,
    identity: Identity,
    start: Start,
    meanwhile: Callable[[], Coroutine[Any, Any, None]],
) -> type[ControllerApplication]:
    """Return the radio's controller, made to refuse every network but one.

    `start` is told of its connection; `meanwhile`: what is done while it connects.
    """

    class Guarded(with_whole_database(controller)):  # type: ignore[misc] # one of several
        """Never forms, never restores, never runs a network that is not the entry's."""

        def __init__(self, config: dict[str, Any]) -> None:
            super().__init__(config)
            self._callers: WeakSet[asyncio.Task[Any]] = WeakSet()
            self._notified = Notified(self)
            # When a device was last heard through this radio, in the loop's time.
            self.heard_at = -math.inf

        @override
        async def connect(self) -> None:
            doing = asyncio.create_task(meanwhile(), name="make zigbee devices")
            try:
                await super().connect()
                start.connected()
                await doing
            finally:
                doing.cancel()
                await asyncio.gather(doing, return_exceptions=True)

        @override
        def connection_lost(self, exc: Exception | None) -> None:
            start.lost(exc)
            super().connection_lost(exc)

        @override
        async def disconnect(self) -> None:
            start.over()
            await super().disconnect()

        @override
        async def request(self, *args: Any, **kwargs: Any) -> None:
            if (task := asyncio.current_task()) is not None:
                self._callers.add(task)
            await super().request(*args, **kwargs)

        @override
        def packet_received(self, packet: Any) -> None:
            self.heard_at = asyncio.get_running_loop().time()
            with unasked(self, packet):
                super().packet_received(packet)
            self._notified.hear(packet)

        @override
        def create_task(
            self, target: Coroutine[Any, Any, Any], name: str | None = None
        ) -> asyncio.Task[Any]:
            task: asyncio.Task[Any] = super().create_task(_unheeded(target), name)
            return task

        async def settled(self) -> None:
            """Wait until nobody has anything to say over this radio any more, once it is shut."""
            self._notified.close()
            await _silent(self._callers)

        @override
        async def initialize(self, *, auto_form: bool = False) -> None:
            try:
                await super().initialize(auto_form=False)
            except NetworkNotFormed as err:
                raise NetworkError(Trouble.BLANK) from err

        @override
        async def load_network_info(self, *, load_devices: bool = False) -> None:
            await super().load_network_info(load_devices=load_devices)
            if (found := identity_of(self.state)) != identity:
                raise NetworkError(Trouble.OTHER_NETWORK, found=found)

    return Guarded


async def _silent(callers: WeakSet[asyncio.Task[Any]]) -> None:
    """Wait until no task has anything to say any more.

    zigpy answers each report in a task of its own, kept in one set for all networks of the process,
    and such a task tries three times before it finds the radio gone.
    """

    def talking() -> set[asyncio.Task[Any]]:
        return {task for task in callers if task is not here and not task.done()}

    here, clock = asyncio.current_task(), asyncio.get_running_loop().time
    until = clock() + _SETTLED_WITHIN
    while (left := until - clock()) > 0 and talking():
        await asyncio.wait(talking(), timeout=left)
        await asyncio.sleep(0)  # who waited behind them for the device has its turn now
    # The only name of that set.
    for task in talking() & CatchingTaskMixin._tasks:  # noqa: SLF001
        task.cancel()


class GuardedGateway(Gateway):
    """A gateway for one network and no other."""

    identity: Identity
    start: Start
    # Called once what is remembered of the devices is made, while the radio still starts.
    remembered: Callable[[], None] = staticmethod(lambda: None)
    _backing_up: asyncio.TimerHandle | None = None
    _ending: asyncio.Future[None] | None = None

    @override
    async def async_initialize(self) -> None:
        """Connect, and back the network's settings up daily; the first time when it is quiet.

        A backup asks the radio some three hundred things, at a start just when each detector is to
        be asked whether it rings. A network that has none yet does not wait for one.
        """
        await super().async_initialize()
        backups = self.application_controller.backups
        period = 60 * self.application_controller.config[CONF_NWK_BACKUP_PERIOD]
        if backups.backups:
            self._backing_up = asyncio.get_running_loop().call_later(
                _BACKED_UP_AFTER, backups.start_periodic_backups, period
            )
        else:
            backups.start_periodic_backups(period)

    @override
    async def load_devices(self) -> None:
        """Leave out what zha would make here and, once more, after this.

        An alarm that comes before its entity is made is kept by its zone, and that is asked again
        (zones.py).
        """

    @override
    async def async_initialize_devices_and_entities(self) -> None:
        """Make what was not made while the radio started; then ask what hangs on the mains."""
        app: Any = self.application_controller
        await self._make(app.devices.values())
        self.async_create_background_task(self._ask_mains(), "ask zigbee devices on the mains")

    async def _remember(self) -> None:
        """Make the devices while the radio starts: for two seconds a start has nothing else to do.

        The coordinator's own is made when the radio has said which one it is.
        """
        await asyncio.sleep(_REFUSED_WITHIN)
        app: Any = self.application_controller
        await self._make(
            device
            for device in list(app.devices.values())
            if device.node_desc is None or not device.node_desc.is_coordinator
        )
        self.remembered()

    async def _make(self, devices: Iterable[Any]) -> None:
        """Make devices with their entities from what is remembered of them.

        The loop has its turn between two: a house with hundreds holds up no alarm of another.
        """
        for device in list(devices):
            made = self.get_or_create_device(device)
            if made.status is not DeviceStatus.INITIALIZED:
                await made.async_initialize(from_cache=True)
                await asyncio.sleep(0)

    async def _ask_mains(self) -> None:
        async with self.request_priority(PacketPriority.LOW):
            await self.async_fetch_updated_state_mains()
        self.config.allow_polling = True

    async def close(self) -> None:
        """Shut the gateway down, and see the last of what it had to say.

        What zigpy does of itself is stopped first, and the coordinator given a moment to confirm
        the frame that is under way: bellows reports one that fails after its sender is gone as an
        error that nobody handles.
        """
        if self._backing_up is not None:
            self._backing_up.cancel()
        app: Any = self.application_controller
        if app is not None:
            app.backups.stop_periodic_backups()
            app.topology.stop_periodic_scans()
            for task in (app._watchdog_task, *app._tasks):  # noqa: SLF001 - as its own shutdown does
                if task is not None:
                    task.cancel()
            await asyncio.sleep(_CONFIRMED_AFTER)
        await self.shutdown()
        if app is not None:
            await app.settled()

    @override
    async def shutdown(self) -> None:
        """Shut down once, and to the end: zha does not begin again where it was cancelled.

        A start that fails shuts down by itself, and may be told to end in the middle of that.
        """
        if self._ending is None:
            self._ending = asyncio.ensure_future(super().shutdown())
        await asyncio.shield(self._ending)

    @override
    def get_application_controller_data(
        self,
    ) -> tuple[Any, dict[str, Any]]:
        controller, config = super().get_application_controller_data()
        return _guarded(controller, self.identity, self.start, self._remember), config


async def _unheeded(target: Coroutine[Any, Any, Any]) -> Any:
    """Run what zigpy starts and nobody waits for, such as the end of a pairing.

    Its failure on a lost connection is no news: it would be logged as an error nobody handled.
    """
    try:
        return await target
    except Exception as err:  # noqa: BLE001 - whatever it is, nobody waits for it
        _LOGGER.debug("Left undone: %r", err)
        return None


async def new_gateway(
    coordinator: Coordinator,
    identity: Identity,
    *,
    database: Path,
    time_zone: str,
    country: str | None,
) -> GuardedGateway:
    """Return a gateway that is not connected yet, its quirks loaded (in the executor).

    Raises NetworkError if its database cannot be used.
    """
    await asyncio.to_thread(look_at, database)
    config = ZHAData(
        config=ZHAConfiguration(
            coordinator_configuration=CoordinatorConfiguration(
                path=coordinator.path,
                baudrate=coordinator.baudrate,
                flow_control=coordinator.flow_control,  # type: ignore[arg-type] # a literal there
                radio_type=coordinator.radio_type,
            ),
            quirks_configuration=QuirksConfiguration(
                enabled=True,
                setup_function=zhaquirks.setup,
                uninitialized_packet_handler=zhaquirks.legacy.handle_message_from_uninitialized_sender,
            ),
            device_options=DeviceOptions(
                consider_unavailable_battery=int(2 * CEILING),
                consider_unavailable_mains=_MAINS_SILENCE,
            ),
        ),
        zigpy_config=radio_config(coordinator, database),
        local_timezone=ZoneInfo(time_zone),
        country_code=country,
    )
    gateway = await GuardedGateway.async_from_config(config)
    gateway.identity = identity
    gateway.start = Start()
    return gateway
