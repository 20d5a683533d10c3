"""How long a network waits before it tries again, with a coordinator that is away over real TCP."""

import asyncio
from pathlib import Path

import pytest

from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator

from .zigbee_ground import NoWaiting, at_work


@pytest.mark.usefixtures("socket_enabled")
def test_waits_double_up_to_a_minute_and_begin_anew_once_it_was_at_work(tmp_path: Path) -> None:
    loop = NoWaiting()

    async def story() -> None:
        async with (
            VirtualCoordinator(formed=True, boots_on_connect=True) as radio,
            at_work(radio, tmp_path) as network,
        ):
            for away in (8, 2):
                loop.waits.clear()
                await radio.refuse(True)
                await until(lambda away=away: len(loop.waits) >= away, 60)
                assert loop.waits[:8] == [2, 4, 8, 16, 32, 60, 60, 60][: len(loop.waits)]
                await radio.refuse(False)
                await until(lambda: network.trouble is None, 60)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(story())
