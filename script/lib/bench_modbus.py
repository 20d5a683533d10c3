"""Modbus, beside Home Assistant's own YAML integration and the fewest requests there can be.

Dense units of 200 points (80 alarm inputs, 20 coils, 80 values in 100 input registers, 20 holding
registers) on simulated gateways in this process, one measured value in ten moving each second; Home
Assistant is a process of its own. Alarm inputs are asked for each second, the rest each half
minute. An alarm's time is from the bit at the unit to the entity's state, by Home Assistant's own
stamp on the same clock.

A value is wrong if the unit has not held it of late: each that is written, and all that stand there
at the end of a phase. CPU is what ten seconds take in which values move and nobody listens.

    plain          one YAML entity a point
    virtual_count  YAML's only way to merge reads: runs of equal points without a gap
    with holes     the same points, each eight addresses, and refused addresses between some
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from script.lib.bench_modbus_plant import HOLED, LINE, Plant
from script.lib.bench_modbus_truth import Truth
from script.lib.bench_modbus_way import OURS, PLAIN, SLOW, VIRTUAL, Watch, Way
from tests.simulators.modbus_server import Fault

# A started Home Assistant and a faulty unit's first time-outs settle before anything is timed.
WARM, SETTLE, SETTLE_FAULT = 8.0, 2.0, 6.0
READ_WITHIN = 90.0


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What is measured: alarms with this delay a request, one unit in ten with this fault."""

    name: str
    delay: float = LINE
    fault: Fault | None = None


AT_25 = Phase(name="25 ms")
AT_0 = Phase(name="0 ms", delay=0.0)
DEAD = Phase(name="25 ms, one in ten dead", fault=Fault.SILENT)
OTHERS = tuple(
    Phase(name=f"25 ms, one in ten {words}", fault=fault)
    for fault, words in (
        (Fault.BUSY, "busy"),
        (Fault.GARBAGE, "garbling"),
        (Fault.TRUNCATED, "truncating"),
    )
)
ALL = (AT_25, DEAD, AT_0)
# Nothing is in alarm and nobody listens, in seconds: what the reading takes by itself.
QUIET = 10.0
USUAL = Watch(alarms=200, over=8.0, give_up=10.0)
# A thousand single requests take a line 26 s: only so is its last alarm seen.
PATIENT = Watch(alarms=60, over=6.0, give_up=30.0)
QUICK = Watch(alarms=40, over=3.0, give_up=6.0)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way of reading one plant, through its phases."""

    buses: int
    units: int
    way: str
    phases: tuple[Phase, ...] = ALL
    watches: Mapping[Phase, Watch] = field(default_factory=dict)
    baud: int = 0
    holed: bool = False
    # What a quick run makes of it.
    quick: tuple[Phase, ...] = ()

    def plant(self) -> Plant:
        """Make its far end."""
        more = {"runs": HOLED} if self.holed else {}
        return Plant(buses=self.buses, units_a_bus=self.units, baud=self.baud, **more)

    @property
    def name(self) -> str:
        """What stands in front of its figures."""
        points = f"{self.buses * self.units * 200:,} on {self.buses}"
        baud = f", {self.baud:,} baud" if self.baud else ""
        return f"{points}{baud}{', with holes' if self.holed else ''} | {self.way}"


_SEEN = {AT_25: PATIENT}
ROWS = (
    Row(buses=1, units=5, way=OURS, quick=(AT_25, DEAD, *OTHERS)),
    Row(buses=1, units=5, way=VIRTUAL, quick=(AT_25, DEAD)),
    Row(buses=1, units=5, way=PLAIN, watches=_SEEN),
    Row(buses=1, units=5, way=OURS, holed=True, phases=(AT_25,)),
    Row(buses=1, units=5, way=OURS, baud=9600, phases=(AT_25, DEAD)),
    Row(buses=1, units=5, way=VIRTUAL, baud=9600, phases=(AT_25, DEAD)),
    Row(buses=10, units=5, way=OURS, phases=(AT_25, DEAD, *OTHERS, AT_0), quick=(AT_25,)),
    Row(buses=10, units=5, way=VIRTUAL),
    Row(buses=10, units=5, way=PLAIN, watches=_SEEN),
    Row(buses=1, units=50, way=OURS),
    Row(buses=1, units=50, way=VIRTUAL),
    # Four minutes a cycle: nothing more is learned from looking longer.
    Row(buses=1, units=50, way=PLAIN, phases=(AT_25, AT_0)),
)
HEAD = (
    "points on buses | way | line | requests a cycle (of the fewest) | cycle (of the line's own)"
    " | alarm p50 / p95 / p99 / max | max, of what alarm blocks alone take | wrong of values shown"
    " | requests/s | CPU (s a cycle) | start | memory"
)


async def measure(row: Row, way: Way, *, quick: bool) -> AsyncIterator[str]:
    """Run one way through its phases, and tell each."""
    plant = way.plant
    await way.prepare()
    plant.delay(LINE)
    plant.forget()
    await plant.ask_alone()
    start = f"{await way.home.start():.1f} s | {way.memory():.0f} MiB"
    # The slow points once through, so that every request has been made, and every hole found: a
    # line too slow for its alarms takes a minute for the rest.
    await asyncio.sleep(WARM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READ_WITHIN):
            while plant.reads < plant.fewest:
                await asyncio.sleep(1)
    if row.holed:
        await asyncio.sleep(SLOW)
        plant.forget()
        await asyncio.sleep(SLOW + SETTLE)
    # A plain entity is a request, and not all of them have had their turn by now.
    requests = plant.points if way.name == PLAIN else plant.reads
    of = f"{requests:,} ({requests / plant.fewest:.2f})"
    for phase in row.quick if quick else row.phases:
        watch = QUICK if quick else row.watches.get(phase, USUAL)
        plant.delay(phase.delay)
        load = "-"
        if phase is AT_25:
            await asyncio.sleep(SETTLE)
            load = await spent(way, requests)
        async with way.watched():
            spoiled = plant.spoil(phase.fault)
            await asyncio.sleep(SETTLE_FAULT if spoiled else SETTLE)
            plant.forget()
            began = time.monotonic()
            found = await way.alarms(way.places(watch.alarms, spoiled), watch)
            asked = plant.asked / (time.monotonic() - began)
            cycle = most = "-"
            if phase is AT_25:
                took, least = plant.cycle(requests, way.lanes if way.name == OURS else None)
                cycle = f"{took:.2f} s ({took / least:.2f})"
                most = share_of_least(plant, way, found)
            await way.judge_all()
            back = ""
            if spoiled and way.name == OURS:
                # In alarm when they are repaired, all at once.
                plant.spoil(None)
                again = Watch(alarms=len(spoiled), over=0.01, give_up=USUAL.give_up)
                heard = await way.alarms([(*one, 0) for one in spoiled], again)
                back = f"   {len(spoiled)} repaired while in alarm: heard after {heard[-1]:.1f} s"
        line = "9,600 baud" + phase.name.removeprefix("25 ms") if row.baud else phase.name
        yield (
            f"| {row.name} | {line} | {of} | {cycle} | {seen(found, watch)} | {most}"
            f" | {told_wrong(way)} | {asked:.0f} | {load} | {start} |"
        )
        start = " | "
        if back:
            yield back


async def spent(way: Way, requests: int) -> str:
    """Return the CPU that the reading alone takes: its share, and the seconds of a cycle."""
    way.plant.forget()
    cpu = way.cpu()
    await asyncio.sleep(QUIET)
    cpu = way.cpu() - cpu
    return f"{cpu / QUIET:.1%} ({cpu / max(way.plant.asked, 1) * requests:.3f})"


def told_wrong(way: Way) -> str:
    """Return how many of the values shown were wrong, and the first of them; counts anew."""
    wrong, shown = way.truth.wrong, way.truth.shown
    way.truth = Truth(way.plant)
    return f"{len(wrong)} of {shown:,}" + (f" ({wrong[0]})" if wrong else "")


def share_of_least(plant: Plant, way: Way, found: list[float]) -> str:
    """Return the last alarm's time in parts of the least there could be, where that is known.

    Where the alarm blocks of a line take longer than they are meant to rest, a bit that comes right
    behind the answer to its own block waits for all the others and for its own again, and nobody
    could hear it sooner. Where they do not, how often they are asked is a choice.
    """
    alone = (plant.units_a_bus + 1) * (LINE + plant.overhead)
    if plant.baud or alone < way.lanes[0] or found[-1] == float("inf"):
        return "-"
    return f"{found[-1] / alone:.2f} of {alone:.2f} s"


def seen(found: list[float], watch: Watch) -> str:
    """Return p50 / p95 / p99 / max, and how many alarms were not seen."""
    late = sum(one == float("inf") for one in found)
    at = [found[min(len(found) - 1, round(part * len(found)))] for part in (0.5, 0.95, 0.99)]
    told = " / ".join("none" if one == float("inf") else f"{one:.2f}" for one in (*at, found[-1]))
    return f"{told} ({late} of {len(found)} not within {watch.give_up:.0f} s)" if late else told


async def alone() -> str:
    """Return what Home Assistant takes by itself."""
    with tempfile.TemporaryDirectory() as folder:
        way = Way(PLAIN, Path(folder) / "home", Plant(0, 0))
        try:
            await way.prepare()
            start, memory = await way.home.start(), way.memory()
            await asyncio.sleep(SETTLE_FAULT)
            cpu = way.cpu()
            await asyncio.sleep(USUAL.over)
            load = (way.cpu() - cpu) / USUAL.over
        finally:
            await way.home.close()
    return f"Home Assistant alone: start {start:.1f} s, {memory:.0f} MiB, CPU {load:.1%}"


async def modbus(quick: bool) -> None:
    """Table 5; quick, a few alarms on a few of its lines."""
    began = time.monotonic()
    print(f"\n5. Modbus: alarms in seconds\n\n   {await alone()}\n")
    print(f"| {HEAD} |\n|{'---|' * (HEAD.count('|') + 1)}", flush=True)
    for row in ROWS:
        if not quick or row.quick:
            await told(row, quick=quick)
    print(f"\n   {(time.monotonic() - began) / 60:.0f} minutes", flush=True)


async def told(row: Row, *, quick: bool) -> None:
    """Measure one way, and print it."""
    plant = row.plant()
    await plant.start()
    with tempfile.TemporaryDirectory() as folder:
        way = Way(row.way, Path(folder) / "home", plant)
        try:
            async for line in measure(row, way, quick=quick):
                print(line, flush=True)
        finally:
            await way.home.close()
            await plant.stop()
