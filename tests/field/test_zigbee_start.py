"""A radio that goes away in the middle of a start: given up and found again, over real TCP."""

import asyncio
import time
from operator import le
from pathlib import Path

import pytest

from custom_components.smart_community.field.zigbee.liveness import Register
from custom_components.smart_community.field.zigbee.model import Coordinator, Identity, Trouble
from custom_components.smart_community.field.zigbee.network import Network, Settings
from tests.simulators.left_behind import sockets, workers
from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice, devices

from .zigbee_ground import NoWaiting, at_work, join

# When it goes away: upon which command of a start, that is left without an answer, and whether it
# hangs up or resets. Each would keep a start waiting, for ten seconds or for half a minute.
MOMENTS = (
    ("version", VirtualCoordinator.drop),  # the first command of a start
    ("getNetworkParameters", VirtualCoordinator.reset_ncp),
    ("sendUnicast", VirtualCoordinator.drop),  # the radio's interview of itself
    ("sendBroadcast", VirtualCoordinator.drop),  # the last one
)


def held() -> tuple[int, int, int]:
    """What this process holds of what a connection needs."""
    return workers(), len(asyncio.all_tasks()), sockets()


def shows_alarm(network: Network, smoke: VirtualDevice) -> bool:
    """Whether the network is at work, and its detector in alarm by its own word."""
    zone = network.entity(str(smoke.ieee), "binary_sensor", f"{smoke.ieee}-1-1280")
    proven = network.trouble is None and not network.prover.unproven
    return proven and zone is not None and bool(zone.state.is_on)


@pytest.mark.usefixtures("socket_enabled")
def test_an_alarm_is_found_after_a_start_that_lost_its_radio_and_nothing_is_left_of_that(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
            smoke = radio.add(devices.smoke())
            before = held()
            async with at_work(radio, tmp_path) as network:
                await join(network, smoke)
                await smoke.zone.enrolled.wait()
                troubles: list[Trouble | None] = []
                network.listeners.changed.append(lambda: troubles.append(network.trouble))
                for command, goes in MOMENTS:
                    asked = radio.ezsp.leave_unanswered(command)
                    await radio.drop()
                    await until(asked.done)
                    tries = radio.connections
                    await goes(radio)
                    await smoke.alarm()
                    await until(lambda: shows_alarm(network, smoke))
                    assert radio.connections == tries + 1
                    # Left to itself it ends, too: as a radio that does not answer.
                    assert set(troubles) == {Trouble.LOST, None}
                    await smoke.alarm(on=False)
                    await until(lambda: not shows_alarm(network, smoke))
            await until(lambda: all(map(le, held(), before, strict=True)))

    with asyncio.Runner(loop_factory=NoWaiting) as runner:
        runner.run(story())


@pytest.mark.usefixtures("socket_enabled")
async def test_a_radio_that_says_twice_that_it_has_reset_is_not_given_up(tmp_path: Path) -> None:
    async with VirtualCoordinator(formed=True) as radio:

        async def says_it_twice() -> None:
            await until(lambda: radio.connected)
            await radio.reset_ncp()
            await radio.reset_ncp()

        saying = asyncio.create_task(says_it_twice())
        async with at_work(radio, tmp_path):
            await saying
            assert radio.connections == 1


@pytest.mark.usefixtures("socket_enabled")
async def test_a_start_that_is_told_to_end_while_it_closes_by_itself_closes_to_the_end(
    tmp_path: Path,
) -> None:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
        settings = Settings(
            coordinator=Coordinator(path=radio.path),
            identity=Identity(extended_pan_id="another", ieee=str(radio.eui64)),
            database=tmp_path / "network.db",
            time_zone="UTC",
            country=None,
        )
        before = held()
        for turns in range(0, 12, 3):
            running = asyncio.create_task(Network(settings, Register(), time.time).run())
            await until(lambda: radio.connected)
            while radio.connected:  # it hangs up, and then closes its database
                await asyncio.sleep(0)
            for _ in range(turns):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.wait((running,))
            assert running.cancelled()
            await until(lambda: all(map(le, held(), before, strict=True)))
