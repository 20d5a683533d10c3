"""Who is missed after a power cut: every device that the network knows, over real TCP."""

import time
from pathlib import Path

from custom_components.smart_community.field.zigbee.liveness import HOUR, UNLEARNED, Register
from tests.simulators.zigbee import VirtualCoordinator, devices

from .zigbee_ground import at_work, join


async def test_a_detector_that_died_before_anything_was_kept_of_it_is_missed_all_the_same(
    radio: VirtualCoordinator, tmp_path: Path
) -> None:
    smoke = radio.add(devices.smoke())
    async with at_work(radio, tmp_path) as network:
        await join(network, smoke)
        await smoke.zone.enrolled.wait()
    smoke.silent = True
    later = 0.0
    nothing_kept = Register()
    async with at_work(
        radio, tmp_path, register=nothing_kept, clock=lambda: time.time() + later
    ) as network:
        network.look_for_silence()
        assert network.silent == frozenset()
        later = UNLEARNED + HOUR
        network.look_for_silence()
        assert network.silent == {str(smoke.ieee)}
