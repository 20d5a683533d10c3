"""When a coordinator is given up: not while it is merely busy, over real TCP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from custom_components.smart_community.field.zigbee.liveness import Register
from custom_components.smart_community.field.zigbee.model import (
    Coordinator,
    Identity,
    Pulse,
    Trouble,
)
from custom_components.smart_community.field.zigbee.network import Network, Settings
from tests.simulators.zigbee import Fault, VirtualCoordinator, VirtualDevice, devices
from tests.simulators.zigbee_hosts import until

PULSE = Pulse(every=0.05, within=0.3, busy=4)


@pytest.fixture
async def network(radio: VirtualCoordinator, tmp_path: Path) -> AsyncIterator[Network]:
    formed = radio.tokens.network
    assert formed is not None
    identity = Identity(extended_pan_id=str(formed.parameters.extendedPanId), ieee=str(radio.eui64))
    settings = Settings(
        coordinator=Coordinator(path=radio.path),
        identity=identity,
        database=tmp_path / "network.db",
        time_zone="UTC",
        country=None,
        pulse=PULSE,
    )
    network = Network(settings, Register(None), time.time)
    running = asyncio.create_task(network.run())
    await until(lambda: network.trouble is None)
    yield network
    radio.fault = None
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.fixture
async def smoke(radio: VirtualCoordinator, network: Network) -> VirtualDevice:
    smoke = radio.add(devices.smoke())
    assert network.gateway is not None
    await network.gateway.application_controller.permit(60)
    await smoke.join()
    await smoke.zone.enrolled.wait()
    return smoke


async def talk(smoke: VirtualDevice) -> None:
    while True:
        await smoke.alarm()
        await smoke.alarm(on=False)
        await asyncio.sleep(0.02)


async def test_a_coordinator_that_is_slow_to_answer_is_kept_while_devices_are_heard(
    radio: VirtualCoordinator,
    network: Network,
    smoke: VirtualDevice,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "custom_components")
    talking = asyncio.create_task(talk(smoke))
    radio.fault = Fault.HUNG
    await until(lambda: "No heartbeat, 2 in a row" in caplog.text)
    assert network.trouble is None
    assert radio.connections == 1
    await until(lambda: network.trouble is Trouble.LOST)  # commands never come through
    assert f"No heartbeat, {PULSE.busy} in a row" in caplog.text
    talking.cancel()


async def test_a_coordinator_that_neither_answers_nor_delivers_is_given_up_at_the_first_miss(
    radio: VirtualCoordinator,
    network: Network,
    smoke: VirtualDevice,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "custom_components")
    radio.fault = Fault.HUNG
    await until(lambda: network.trouble is Trouble.LOST)
    assert "No heartbeat, 2 in a row" not in caplog.text
