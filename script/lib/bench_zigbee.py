"""Zigbee, beside bare bellows and Home Assistant's own ZHA.

Virtual coordinators in this process, 50 devices each (49 smoke detectors and a lock); the hosts are
processes of their own. An alarm's time is from the moment the detector sends it to the stamp on
the host's own news of it (Home Assistant: the state's `last_changed`), on the same clock.

    limit          bellows and zigpy, no entity, no database (bench_zigbee_bare.py)
    ZHA            Home Assistant's own, which runs one network
    this project   1, 2 and 10 networks
"""

import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from script.lib.bench_zigbee_hosts import LIMIT, OURS, ZHA, Bare, Home, Host, Plant
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice

FOUND_WITHIN = 15.0


async def alarms(host: Host, count: int, seconds: float) -> list[float]:
    """Raise alarms at random moments; returns each one's seconds, infinity if not heard of."""
    chance = random.Random(1)
    found: list[float] = []
    while len(found) < count:
        host.seen.clear()
        chosen = chance.sample(
            host.plant.detectors, min(count - len(found), len(host.plant.detectors))
        )
        sent: dict[str, float] = {}
        for one in chosen:
            await asyncio.sleep(chance.uniform(0, 2 * seconds / count))
            sent[str(one.ieee)] = time.time()
            await one.alarm()
        await host.until(len(chosen))
        found += [
            next((at for on, at in host.seen.get(ieee, ()) if on), float("inf")) - began
            for ieee, began in sent.items()
        ]
        for one in chosen:
            await one.alarm(on=False)
        await host.until(2 * len(chosen))
    return sorted(found)


async def flood(host: Host, rounds: int) -> tuple[int, int, float]:
    """Raise and clear every detector's alarm, as fast as it is taken: (sent, heard, seconds)."""
    host.seen.clear()

    async def ring(radio: VirtualCoordinator) -> None:
        for turn in range(rounds):
            for device in radio.devices.values():
                if device not in host.plant.locks:
                    await device.alarm(on=turn % 2 == 0)

    began = time.time()
    await asyncio.gather(*(ring(radio) for radio in host.plant.radios))
    sent = rounds * len(host.plant.detectors)
    await host.until(sent)
    last = max((at for heard in host.seen.values() for _, at in heard), default=began)
    return sent, host.count(), last - began


async def resets(host: Host, rounds: int) -> tuple[int, int, float, int]:
    """Raise alarms while two radios are reset: (raised, not found, slowest seconds, resets).

    A detector clears its alarm once it has been heard of, and raises the next. One that was raised
    while its network was down counts as found within 15 s of the reconnection.
    """
    chance = random.Random(2)
    lost, slowest, count = 0, 0.0, 0

    async def ring(radio: VirtualCoordinator, device: VirtualDevice) -> None:
        nonlocal lost, slowest
        for turn in range(2 * rounds):
            on = turn % 2 == 0
            heard, raised = host.expect(device, on), time.time()
            await device.alarm(on)
            while not heard.done() and time.time() < max(raised, radio.connected_at) + FOUND_WITHIN:
                await asyncio.wait([heard], timeout=1)
            if not heard.done():
                lost += on
            elif on:
                slowest = max(slowest, heard.result() - max(raised, radio.connected_at))

    async def disturb(radio: VirtualCoordinator) -> None:
        nonlocal count
        while True:
            await asyncio.sleep(chance.uniform(1, 9))
            count += 1
            await chance.choice((radio.reset_ncp, radio.drop, lambda: radio.drop(abort=True)))()

    radios = host.plant.radios
    disturbing = [asyncio.create_task(disturb(radio)) for radio in radios[:2]]
    ringing = [
        ring(radio, device)
        for radio in radios
        for device in radio.devices.values()
        if device not in host.plant.locks
    ]
    await asyncio.gather(*ringing)
    for task in disturbing:
        task.cancel()
    return rounds * len(host.plant.detectors), lost, slowest, count


async def measure(name: str, networks: int, quick: bool) -> dict[str, Any]:
    """Run one host through everything."""
    plant = Plant(networks)
    await plant.start()
    row: dict[str, Any] = {"way": name, "networks": networks}
    with tempfile.TemporaryDirectory() as folder:
        host = Bare(plant) if name == LIMIT else Home(plant, name, Path(folder) / "home")
        try:
            async with host.run(row):
                await asyncio.sleep(5)
                if isinstance(host, Home) and host.phone is not None:
                    row["pushes"] = await host.pushed()
                row["alarms"] = await alarms(host, 40 if quick else 300, 5 if quick else 30)
                row["locks"] = sorted(await host.locked(20 if quick else 100))
                cpu = host.cpu()
                row["flood"] = await flood(host, 4 if quick else 20)
                row["flood_cpu"] = (host.cpu() - cpu) / row["flood"][0]
                if name == OURS and networks > 2:
                    row["resets"] = await resets(host, 2 if quick else 21)
        finally:
            if isinstance(host, Home):
                await host.close()
            await plant.stop()
    return row


def told(row: dict[str, Any]) -> str:
    """Return a row of the table."""

    def spread(values: Iterable[float]) -> str:
        ordered = sorted(values)
        at = [ordered[min(len(ordered) - 1, round(part * len(ordered)))] for part in (0.5, 0.99)]
        return " / ".join(f"{1000 * one:.1f}" for one in (*at, ordered[-1]))

    sent, heard, seconds = row["flood"]
    return " | ".join(
        (
            str(row["networks"]),
            row["way"],
            f"{row['start']:.1f} s",
            f"{row['memory']:.0f} MiB",
            spread(row["alarms"]),
            spread(row["pushes"]) if "pushes" in row else "",
            spread(row["locks"]),
            f"{heard / seconds:.0f}/s",
            f"{sent - heard} of {sent}",
            f"{1000 * row['flood_cpu']:.1f} ms",
        )
    )


HEAD = (
    "networks | way | start | memory | alarm p50 / p99 / max (ms) | alarm to push | lock"
    " | flat out | lost | CPU an alarm"
)


async def zigbee(quick: bool) -> None:
    """Table 6."""
    print("\n6. Zigbee: 50 devices a network\n")
    print(f"| {HEAD} |\n|{'---|' * (HEAD.count('|') + 1)}", flush=True)
    rows = []
    for networks in (1,) if quick else (1, 2, 10):
        for way in (LIMIT, ZHA, OURS) if networks == 1 else (LIMIT, OURS):
            rows.append(await measure(way, networks, quick))
            print(f"| {told(rows[-1])} |", flush=True)
    for row in rows:
        if "resets" in row:
            raised, lost, slowest, count = row["resets"]
            told_of = f"{lost} of {raised:,} alarms not found, the slowest after {slowest:.1f} s"
            print(f"\nTwo of {row['networks']} radios reset {count} times: {told_of}", flush=True)
    if path := os.environ.get("BENCH_ZIGBEE_ROWS"):
        Path(path).write_text(json.dumps(rows))
