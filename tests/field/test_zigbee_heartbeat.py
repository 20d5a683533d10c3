"""When a coordinator is given up: not while it is merely busy, over real TCP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custom_components.smart_community.field.zigbee.model import Pulse, Trouble
from custom_components.smart_community.field.zigbee.network import Network
from tests.simulators.waiting import until
from tests.simulators.zigbee import Fault, VirtualCoordinator, VirtualDevice, devices

from .zigbee_ground import at_work, join

PULSE = Pulse(every=0.05, within=0.3, busy=4)


@pytest.fixture
async def network(radio: VirtualCoordinator, tmp_path: Path) -> AsyncIterator[Network]:
    async with at_work(radio, tmp_path, pulse=PULSE) as network:
        yield network


@pytest.fixture
async def smoke(radio: VirtualCoordinator, network: Network) -> VirtualDevice:
    smoke = radio.add(devices.smoke())
    await join(network, smoke)
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


async def test_a_coordinator_that_neither_answers_nor_delivers_is_given_up_at_once(
    radio: VirtualCoordinator,
    network: Network,
    smoke: VirtualDevice,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "custom_components")
    radio.fault = Fault.HUNG
    await until(lambda: network.trouble is Trouble.LOST)
    # What was delivered before it fell mute may count for the first miss, not for the second.
    assert "No heartbeat, 3 in a row" not in caplog.text
