"""A Zigbee network at work on a virtual coordinator over real TCP, without Home Assistant."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, override

from custom_components.smart_community.field.zigbee.liveness import Register
from custom_components.smart_community.field.zigbee.model import Coordinator, Identity, Pulse
from custom_components.smart_community.field.zigbee.network import Network, Settings
from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice

# By which its task is told from those of the libraries.
SUPERVISOR = "supervisor"


class NoWaiting(asyncio.SelectorEventLoop):
    """A loop in which the supervisor's long waits are noted and over at once."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    @override
    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, **more: Any
    ) -> asyncio.TimerHandle:
        task = asyncio.current_task(self)
        if delay >= 1 and task is not None and task.get_name() == SUPERVISOR:
            self.waits.append(delay)
            delay = 0
        return super().call_later(delay, callback, *args, **more)


@asynccontextmanager
async def at_work(
    radio: VirtualCoordinator,
    folder: Path,
    *,
    register: Register | None = None,
    clock: Callable[[], float] = time.time,
    pulse: Pulse | None = None,
) -> AsyncIterator[Network]:
    """Run the network of a coordinator; `folder` is where its database is kept."""
    formed = radio.tokens.network
    assert formed is not None
    identity = Identity(extended_pan_id=str(formed.parameters.extendedPanId), ieee=str(radio.eui64))
    settings = Settings(
        coordinator=Coordinator(path=radio.path),
        identity=identity,
        database=folder / "network.db",
        time_zone="UTC",
        country=None,
        pulse=pulse or Pulse(),
    )
    network = Network(settings, register or Register(), clock)
    running = asyncio.create_task(network.run(), name=SUPERVISOR)
    try:
        await until(lambda: network.trouble is None)
        yield network
    finally:
        radio.fault = None
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def join(network: Network, device: VirtualDevice) -> None:
    """Let a device join, and wait until it is a device of the network."""
    assert network.gateway is not None
    await network.gateway.application_controller.permit(60)
    await device.join()
    await until(lambda: any(str(one.ieee) == str(device.ieee) for one in network.devices()))
