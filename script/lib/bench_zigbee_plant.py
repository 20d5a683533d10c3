"""The plant that bench_zigbee.py tries hosts on: coordinators and the devices around them."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice, devices

DETECTORS = 49
GIVE_UP = 60.0


@dataclass
class Plant:
    """Coordinators with networks formed before, and 50 devices around each.

    `each`: how many of them are detectors; the last device is a lock. `databases`: what a host
    wrote of each network when its devices were paired.
    """

    radios: list[VirtualCoordinator]
    each: int = DETECTORS
    databases: list[Path] = field(default_factory=list)

    @classmethod
    async def started(cls, networks: int, each: int = DETECTORS) -> Plant:
        """Put up new coordinators, their devices within reach and not paired."""
        radios = [VirtualCoordinator(formed=True) for _ in range(networks)]
        for radio in radios:
            await radio.start()
            for _ in range(each):
                radio.add(devices.smoke())
            radio.add(devices.lock())
        return cls(radios, each)

    def part(self, networks: int) -> Plant:
        """Give the first networks of it."""
        return Plant(self.radios[:networks], self.each, self.databases[:networks])

    @property
    def detectors(self) -> list[VirtualDevice]:
        return [one for radio in self.radios for one in self.of(radio)]

    @property
    def locks(self) -> list[VirtualDevice]:
        return [[*radio.devices.values()][-1] for radio in self.radios]

    def of(self, radio: VirtualCoordinator) -> list[VirtualDevice]:
        """Give the detectors around one coordinator."""
        return [*radio.devices.values()][: self.each]

    async def stop(self) -> None:
        for radio in self.radios:
            await radio.stop()

    async def up(self) -> None:
        """Wait until a host has all networks at work."""
        async with asyncio.timeout(GIVE_UP):
            while not all(radio.stack.up for radio in self.radios):
                await asyncio.sleep(0.05)

    async def pair(self) -> float:
        """Let every device join, one after the other on each network; seconds that took."""
        began = time.monotonic()

        async def fill(radio: VirtualCoordinator) -> None:
            for device in radio.devices.values():
                while not radio.stack.up:  # a host that lost it comes back
                    await asyncio.sleep(0.1)
                radio.air.permitted_until = float("inf")
                await device.join()
                if device not in self.locks:
                    async with asyncio.timeout(GIVE_UP):
                        await device.zone.enrolled.wait()

        await asyncio.gather(*(fill(radio) for radio in self.radios))
        return time.monotonic() - began

    async def quiet(self, seconds: float = 3.0) -> None:
        """Wait until no host has asked a device anything for a while, at most a minute."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GIVE_UP):
                sent = -1
                while sent != (now := sum(r.stack.tokens.frame_counter for r in self.radios)):
                    sent = now
                    await asyncio.sleep(seconds)
