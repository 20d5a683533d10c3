"""The hosts that a virtual coordinator is tried with: the zha library, and bellows alone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import zhaquirks
import zhaquirks.legacy
from bellows.zigbee.application import ControllerApplication
from zha.application.gateway import Gateway
from zha.application.helpers import (
    CoordinatorConfiguration,
    QuirksConfiguration,
    ZHAConfiguration,
    ZHAData,
)

from .waiting import until
from .zigbee import VirtualCoordinator, VirtualDevice

FOUND = "device_fully_initialized"
# What zha, zigpy and bellows do as long as they run; every other task of theirs comes to an end
FOREVER = ("_loop", "_worker", "pre_permit", "wrapper")
LIBRARIES = ("/zha/", "/zigpy/", "/bellows/")


async def settled() -> None:
    """Wait until the host has said what it has to say to devices.

    zigpy does that in tasks of its own, which fail loudly once the radio is gone.
    """

    async with asyncio.timeout(30):
        while tasks := {task for task in asyncio.all_tasks() if _ends(task)}:
            await asyncio.wait(tasks)


def _ends(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return (
        code is not None
        and not code.co_name.endswith(FOREVER)
        and any(library in code.co_filename for library in LIBRARIES)
    )


class ZhaHost:
    """A zha Gateway and what it has told."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.events: list[Any] = []
        gateway.on_all_events(self.events.append)

    def entity(self, device: VirtualDevice, platform: str) -> Any:
        """Give a device's first entity of this platform."""
        entities = self.gateway.devices[device.ieee].platform_entities
        return next(one for (kind, _), one in entities.items() if kind == platform)

    async def pair(self, device: VirtualDevice, parent: VirtualDevice | None = None) -> None:
        """Let a device join and wait until it is interviewed and configured."""
        before = self._found()
        await device.join(parent)
        await until(lambda: self._found() >= before + 2)

    def _found(self) -> int:
        return sum(event.event == FOUND for event in self.events)


@contextlib.asynccontextmanager
async def zha(
    radio: VirtualCoordinator, folder: Path, *, backup: bool = False
) -> AsyncIterator[ZhaHost]:
    """Run a Gateway, unmodified, on this coordinator.

    A backup at the start reads some 290 entries of the radio's tables, half a second that most
    tests can do without.
    """
    data = ZHAData(
        config=ZHAConfiguration(
            coordinator_configuration=CoordinatorConfiguration(
                path=radio.path, baudrate=115200, flow_control=None, radio_type="ezsp"
            ),
            quirks_configuration=QuirksConfiguration(
                enabled=True,
                setup_function=zhaquirks.setup,
                uninitialized_packet_handler=zhaquirks.legacy.handle_message_from_uninitialized_sender,
            ),
        ),
        zigpy_config={
            "database_path": str(folder / f"{radio.port}.db"),
            "use_thread": False,
            "backup_enabled": backup,
            "ota": {"enabled": False},
        },
        local_timezone=ZoneInfo("UTC"),
        country_code="CN",
    )
    gateway = await Gateway.async_from_config(data)
    await gateway.async_initialize()
    try:
        await gateway.async_initialize_devices_and_entities()
        yield ZhaHost(gateway)
    finally:
        await settled()
        await gateway.shutdown()


@contextlib.asynccontextmanager
async def bare(radio: VirtualCoordinator, **config: Any) -> AsyncIterator[ControllerApplication]:
    """Run bellows without zha on this coordinator; forms a network if there is none."""
    app = await ControllerApplication.new(
        {
            "device": {"path": radio.path},
            "use_thread": False,
            "backup_enabled": False,
            "topology_scan_enabled": False,
            "ota": {"enabled": False},
            **config,
        },
        auto_form=True,
    )
    try:
        yield app
    finally:
        await settled()
        await app.shutdown()
