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
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from script.lib.bench_zigbee_hosts import LIMIT, OURS, WATCHED, ZHA, Bare, Home, Host
from script.lib.bench_zigbee_plant import DETECTORS, GIVE_UP, Plant
from tests.simulators.zigbee import Fault, VirtualCoordinator, VirtualDevice

FOUND_WITHIN = 15.0
PAUSE = 10.0  # fifty alarms a second in all, and as many ends: four minutes of resets


@dataclass
class Resets:
    """How alarms went while radios were reset. `slowest`: seconds until one was on disk.

    `counted`: how many the incidents say that their detectors raised.
    """

    raised: int
    lost: int = 0
    slowest: float = 0.0
    resets: int = 0
    counted: int = 0


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
            next((at for word, at in host.seen.get(ieee, ()) if word == "on"), float("inf")) - began
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
            for device in host.plant.of(radio):
                await device.alarm(on=turn % 2 == 0)

    began = time.time()
    await asyncio.gather(*(ring(radio) for radio in host.plant.radios))
    sent = rounds * len(host.plant.detectors)
    await host.until(sent)
    last = max((at for heard in host.seen.values() for _, at in heard), default=began)
    return sent, host.count(), last - began


async def resets(host: Home, rounds: int) -> Resets:
    """Raise alarms of every detector while two radios are reset at random.

    A detector clears its alarm once that is on disk in an incident, and raises the next once the
    end was heard of. One that was raised while its network was down counts as found within 15 s of
    the reconnection.
    """
    assert host.record is not None
    chance, record = random.Random(2), host.record
    entities = {ieee: entity for entity, ieee in host.entities.items()}
    done = Resets(raised=rounds * len(host.plant.detectors))
    before = await record.told()

    async def ring(radio: VirtualCoordinator, device: VirtualDevice) -> None:
        ieee = str(device.ieee)
        for turn in range(1, rounds + 1):
            await asyncio.sleep(chance.uniform(0, PAUSE))
            raised = time.time()
            await device.alarm()
            at = None
            while at is None and time.time() < due(radio, raised):
                at = await record.until(entities[ieee], turn, due(radio, raised))
            if at is None:
                done.lost += 1
                record.alarms[entities[ieee]] += 1
            else:
                done.slowest = max(done.slowest, at - max(raised, radio.connected_at))
            await asyncio.sleep(chance.uniform(0, PAUSE))
            heard, ended = host.expect(ieee, "off"), time.time()
            await device.alarm(on=False)
            while not heard.done() and time.time() < due(radio, ended):
                await asyncio.wait([heard], timeout=1)

    async def disturb(radio: VirtualCoordinator) -> None:
        while True:
            while not radio.stack.up:
                await asyncio.sleep(0.1)
            await asyncio.sleep(chance.uniform(1, 9))
            done.resets += 1
            await chance.choice((radio.reset_ncp, radio.drop, lambda: radio.drop(abort=True)))()

    radios = host.plant.radios
    async with record.followed():
        disturbing = [asyncio.create_task(disturb(radio)) for radio in radios[:2]]
        ringing = [ring(radio, device) for radio in radios for device in host.plant.of(radio)]
        await asyncio.gather(*ringing)
        for task in disturbing:
            task.cancel()
    done.counted = await record.told() - before
    return done


def due(radio: VirtualCoordinator, since: float) -> float:
    """Until when news must be heard: 15 s from its sending, or from its network's return.

    A network that is not back within two minutes is as good as lost.
    """
    up = radio.connected and radio.stack.up
    back = max(radio.connected_at, radio.stack.up_at) if up else min(time.time(), since + 120)
    return max(since, back) + FOUND_WITHIN


async def shown(host: Home) -> dict[str, float]:
    """Lose a coordinator in three ways: seconds until one of its detectors is unavailable."""
    radio = host.plant.radios[0]
    detector = str(host.plant.of(radio)[0].ieee)
    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "disconnected": lambda: radio.drop(abort=True),
        "reset": radio.reset_ncp,
        "hung": lambda: _set(radio, Fault.SILENT),
    }
    took = {}
    for name, lose in ways.items():
        began = time.time()
        gone = host.expect(detector, "unavailable")
        await lose()
        async with asyncio.timeout(GIVE_UP):
            took[name] = await gone - began
        back = host.expect(detector, "off")
        await _set(radio, None)
        async with asyncio.timeout(2 * GIVE_UP):
            await back
    return took


async def _set(radio: VirtualCoordinator, fault: Fault | None) -> None:
    radio.fault = fault


async def found(host: Home) -> float:
    """Raise watched alarms while their network is down: seconds from its return to the last one.

    Each is found when it is on disk in an incident: one of its own, or that of a storm.
    """
    assert host.record is not None
    radio = host.plant.radios[-1]
    late = host.plant.detectors[-WATCHED:]
    entities = {ieee: entity for entity, ieee in host.entities.items()}
    async with host.record.followed():
        await radio.refuse(True)
        for one in late:
            await one.alarm()
        await radio.refuse(False)
        until = time.time() + 4 * GIVE_UP
        seen = [await host.record.until(entities[str(one.ieee)], 1, until) for one in late]
    for one in late:
        await one.alarm(on=False)
    return max(at or float("inf") for at in seen) - radio.connected_at


async def measure(name: str, plant: Plant, quick: bool) -> dict[str, Any]:
    """Run one host through everything."""
    networks = len(plant.radios)
    row: dict[str, Any] = {"way": name, "networks": networks}
    with tempfile.TemporaryDirectory() as folder:
        host = Bare(plant) if name == LIMIT else Home(plant, name, Path(folder) / "home")
        ours = host if isinstance(host, Home) and name == OURS else None
        try:
            async with host.run(row):
                await plant.quiet()
                if ours is not None:
                    row["pushes"] = await ours.pushed()
                if ours is not None and networks > 2:
                    row["shown"] = await shown(ours)
                    row["found"] = await found(ours)
                    await plant.quiet()
                row["alarms"] = await alarms(host, 40 if quick else 300, 5 if quick else 30)
                row["locks"] = sorted(await host.locked(20 if quick else 100))
                if ours is not None:
                    await ours.loop("some", False)  # the same work as ZHA's
                cpu = host.cpu()
                row["flood"] = await flood(host, 4 if quick else 20)
                row["flood_cpu"] = (host.cpu() - cpu) / row["flood"][0]
                if ours is not None and networks > 2:
                    await plant.quiet()
                    await ours.loop("every", True)
                    row["resets"] = asdict(await resets(ours, 4 if quick else 21))
        finally:
            if isinstance(host, Home):
                await host.close()
    return row


async def spread(networks: int) -> dict[str, Any]:
    """Measure a start with one network's devices divided among many: what gateways cost alone."""
    plant = await Plant.started(networks, (DETECTORS + 1) // networks - 1)
    row: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in ("pairing", "home"):
                host = Home(plant, OURS, Path(folder) / name)
                try:
                    if name == "pairing":
                        await host.pair()
                    else:
                        async with host.run(row):
                            pass
                finally:
                    await host.close()
        finally:
            await plant.stop()
    return row


def told(row: dict[str, Any]) -> str:
    """Return a row of the table."""

    def spread(values: Iterable[float]) -> str:
        ordered = sorted(values)
        at = [ordered[min(len(ordered) - 1, round(part * len(ordered)))] for part in (0.5, 0.99)]
        return " / ".join(f"{1000 * one:.1f}" for one in (*at, ordered[-1]))

    sent, heard, _ = row["flood"]
    return " | ".join(
        (
            str(row["networks"]),
            row["way"],
            f"{row['start']:.1f} s",
            f"{row['memory']:.0f} / {row['memory later']:.0f} MiB",
            spread(row["alarms"]),
            spread(row["pushes"]) if "pushes" in row else "",
            spread(row["locks"]),
            f"{_rate(row):.0f}/s",
            f"{sent - heard} of {sent}",
            f"{1000 * row['flood_cpu']:.1f} ms",
        )
    )


HEAD = (
    "networks | way | start | memory (after a minute) | alarm p50 / p99 / max (ms) | alarm to push"
    " | lock | flat out | lost | CPU an alarm"
)


async def zigbee(quick: bool) -> None:
    """Table 6."""
    print("\n6. Zigbee: 50 devices a network\n")
    sizes = (1, 3) if quick else (1, 2, 10)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        plant = await Plant.started(sizes[-1])
        try:
            host = Home(plant, OURS, Path(folder) / "home")
            try:
                seconds = await host.pair()
            finally:
                await host.close()
            count = len(plant.radios) * (DETECTORS + 1)
            print(f"{count} devices of {sizes[-1]} networks paired in {seconds:.0f} s\n")
            print(f"| {HEAD} |\n|{'---|' * (HEAD.count('|') + 1)}", flush=True)
            for networks in sizes:
                for way in (LIMIT, ZHA, OURS) if networks == 1 else (LIMIT, OURS):
                    if way == LIMIT:  # it has no database: its own devices, paired by itself
                        bare = await Plant.started(networks)
                        try:
                            rows.append(await measure(way, bare, quick))
                        finally:
                            await bare.stop()
                    else:
                        rows.append(await measure(way, plant.part(networks), quick))
                    print(f"| {told(rows[-1])} |", flush=True)
        finally:
            await plant.stop()
    rows[-1]["spread"] = await spread(sizes[-1])
    print("\n" + "\n".join(_goals(rows)), flush=True)
    if path := os.environ.get("BENCH_ZIGBEE_ROWS"):
        Path(path).write_text(json.dumps(rows))


def _goals(rows: list[dict[str, Any]]) -> list[str]:
    """Say how what was measured stands to what was wanted."""
    zha = next(one for one in rows if one["way"] == ZHA)
    ours = [one for one in rows if one["way"] == OURS]
    one, most = ours[0], ours[-1]
    said = []

    def goal(what: str, value: float, most_: float, unit: str = "") -> None:
        met = "met" if value <= most_ else "NOT met"
        said.append(f"{what}: {value:.2f}{unit} (goal {most_:g}{unit}: {met})")

    for row, times in ((one, 1.2), (most, 1.3)):
        ratio = _median(row["alarms"]) / _median(zha["alarms"])
        goal(f"alarm, median, {row['networks']} networks, of ZHA's", ratio, times)
    goal("ZHA's alarms per second, of ours", _rate(zha) / _rate(one), 1)
    goal(f"start of {most['networks']} networks", most["start"], 4, " s")
    for when in ("memory", "memory later"):
        said_of = f"{when}, {most['networks']} networks, of one's"
        goal(f"{said_of}, the same devices in all", most["spread"][when] / one[when], 1.2)
        goal(f"{said_of}, as many devices in each", most[when] / one[when], 1.2)
    for row in ours:
        if "shown" not in row:
            continue
        networks = f"{row['networks']} networks"
        for way, seconds in row["shown"].items():
            goal(f"{networks}, a coordinator {way} is shown", seconds, FOUND_WITHIN, " s")
        what = f"{networks}, {WATCHED} alarms raised while down are incidents after"
        goal(what, row["found"], FOUND_WITHIN, " s")
        done = Resets(**row["resets"])
        what = f"{networks}, {done.raised:,} alarms, two radios reset {done.resets} times"
        goal(f"{what}: lost", done.lost, 0)
        goal("the slowest was an incident, on disk, after", done.slowest, FOUND_WITHIN, " s")
        goal("alarms that the incidents do not count", done.raised - done.counted, 0)
    return said


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _rate(row: dict[str, Any]) -> float:
    _sent, heard, seconds = row["flood"]
    return heard / seconds
