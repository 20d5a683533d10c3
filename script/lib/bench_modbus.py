"""Modbus, beside Home Assistant's own YAML integration and the fewest requests there can be.

Dense units of 200 points (80 alarm inputs, 20 coils, 80 values in 100 input registers, 20 holding
registers) on simulated gateways in this process; Home Assistant is a process of its own. Alarm
inputs are asked for each second, the rest each half minute. An alarm's time is from the bit at the
unit to the entity's state, by Home Assistant's own stamp on the same clock.

    plain          one YAML entity a point
    virtual_count  YAML's only way to merge reads: runs of equal points without a gap
"""

import asyncio
import contextlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from tests.simulators.hass_process import HomeAssistant
from tests.simulators.modbus_server import FAMILIES, Fault, ModbusServer, Wire

OURS, PLAIN, VIRTUAL = "this project", "YAML plain", "YAML virtual_count"
TICKS = os.sysconf("SC_CLK_TCK")
UNIT_POINTS, ALARMS = 200, 80
# Name, kind, first address, how many, YAML's data type, alarm input.
RUNS = (
    ("d", "discrete", 0, ALARMS, "", True),
    ("c", "coil", 0, 20, "", False),
    ("w", "input", 0, 60, "uint16", False),
    ("l", "input", 60, 20, "uint32", False),
    ("h", "holding", 0, 20, "uint16", False),
)
FAST, SLOW = 1, 30
# Alarms are set over this long, and waited for no longer than so long after the last.
FLIPS_OVER, GIVE_UP = 12.0, 20.0
# A freed line and a faulty unit's first time-outs settle before anything is timed.
SETTLE = 6.0
LINE = 0.025


@dataclass(frozen=True)
class Phase:
    """What is measured: alarms with this delay a request, one unit in ten with this fault."""

    name: str
    delay: float = LINE
    fault: Fault | None = None


AT_25, DEAD, AT_0 = Phase("line"), Phase("dead", fault=Fault.SILENT), Phase("none", delay=0.0)
OTHER_FAULTS = tuple(Phase(one, fault=one) for one in (Fault.BUSY, Fault.GARBAGE, Fault.TRUNCATED))


@dataclass
class Plant:
    """Gateways with their units; with a baud rate they are lines that RTU frames are carried on."""

    buses: int
    units_a_bus: int
    baud: int = 0
    servers: list[ModbusServer] = field(default_factory=list)

    async def start(self) -> None:
        for _ in range(self.buses):
            server = ModbusServer(wire=Wire.RTU if self.baud else Wire.TCP)
            server.timing.baud = self.baud
            for address in range(1, self.units_a_bus + 1):
                server.units[address] = FAMILIES["dense"]()
            await server.start()
            self.servers.append(server)

    async def stop(self) -> None:
        for server in self.servers:
            await server.stop()

    @property
    def points(self) -> int:
        return self.buses * self.units_a_bus * UNIT_POINTS

    def delay(self, seconds: float) -> None:
        """Set what a request takes, where its bytes do not say it themselves."""
        for server in self.servers:
            server.timing.flat = 0.0 if self.baud else seconds

    def clear(self) -> None:
        for server in self.servers:
            for unit in server.units.values():
                unit.discrete.update(dict.fromkeys(range(ALARMS), False))

    def forget(self) -> None:
        for server in self.servers:
            server.requests.clear()
            server.counted.requests = 0

    def units(self) -> Iterator[tuple[int, int]]:
        for bus in range(self.buses):
            yield from ((bus, address) for address in range(1, self.units_a_bus + 1))

    def spoil(self, fault: Fault | None) -> set[tuple[int, int]]:
        """Give one unit in ten a fault, evenly spread; returns which, none if it is repaired."""
        count = max(self.buses * self.units_a_bus // 10, 1)
        units = list(self.units())
        chosen = set(units[:: len(units) // count][:count])
        for bus, address in chosen:
            self.servers[bus].units[address].fault = fault
        return chosen if fault is not None else set()

    @property
    def fewest(self) -> int:
        """The fewest requests that read everything: each run of a table is one."""
        return self.buses * self.units_a_bus * 4

    @property
    def reads(self) -> int:
        """How many different requests have been made."""
        return sum(len({one[:4] for one in server.requests}) for server in self.servers)

    @property
    def step(self) -> float:
        """Seconds from one request of a line to the next, where they follow on each other."""
        steps = [
            later.at - one.at
            for server in self.servers
            for one, later in pairwise(server.requests)
            if later.at - one.at < 2 * LINE  # longer is a line on which nothing was due
        ]
        return statistics.mean(steps) if steps else float("nan")


async def own_step(plant: Plant) -> float:
    """Return what the line itself takes from one request to the next, from a client that only asks.

    It is more than the delay: the simulator and the machine take their part, of any client.
    """
    server = plant.servers[0]
    reader, writer = await asyncio.open_connection(server.host, server.port)
    request = bytes([0, 1, 0, 0, 0, 6, 1, 2, 0, 0, 0, ALARMS])
    for _ in range(80):
        writer.write(request)
        await reader.readexactly(9 + ALARMS // 8)
    writer.close()
    await writer.wait_closed()
    return plant.step


class Way:
    """A Home Assistant that reads the plant in one of the ways."""

    def __init__(self, name: str, folder: Path, plant: Plant) -> None:
        self.name = name
        self.plant = plant
        self.home = HomeAssistant(folder)

    async def prepare(self) -> None:
        """Set everything up, and stop: what is measured is a start like any other."""
        hubs = [] if self.name == OURS else [self._hub(bus) for bus in range(self.plant.buses)]
        self.home.prepare(yaml.safe_dump({"modbus": hubs}) if hubs else "")
        await self.home.start()
        await self.home.onboard()
        if self.name == OURS:
            for bus, server in enumerate(self.plant.servers):
                form = {"name": f"b{bus}", "host": "127.0.0.1", "port": server.port}
                over = "tcp"
                if self.plant.baud:
                    over = "rtu_over_tcp"
                    form["baudrate"] = str(self.plant.baud)
                steps = ("modbus_bus", f"modbus_{over}")
                entry = await self.home.add_entry("modbus_bus", form, steps)
                table = {"bus": entry, "table": self._table(bus)}
                await self.home.action("smart_community.import_points", table)
        await asyncio.sleep(12)  # registries are written ten seconds after a change
        await self.home.stop()
        self.home.finish_onboarding()

    def _table(self, bus: int) -> str:
        rows = ["unit,name,kind,address,type,device_class,lane,unit_name"]
        for address in range(1, self.plant.units_a_bus + 1):
            for name, kind, first, count, data, fast in RUNS:
                step = 2 if data.endswith("32") else 1
                lane, smoke = ("fast", "smoke") if fast else ("slow", "")
                rows += [
                    f"{address},{name} {n},{kind},{first + n * step},{data or 'bool'},{smoke},"
                    f"{lane},b{bus}u{address}"
                    for n in range(count)
                ]
        return "\n".join(rows)

    def _hub(self, bus: int) -> dict[str, Any]:
        sensors: list[dict[str, Any]] = []
        binary: list[dict[str, Any]] = []
        for address in range(1, self.plant.units_a_bus + 1):
            for name, kind, first, count, data, fast in RUNS:
                step = 2 if data.endswith("32") else 1
                kinds = {"discrete": "discrete_input"}
                row = {"input_type": kinds.get(kind, kind), "device_address": address}
                row["scan_interval"] = FAST if fast else SLOW
                row |= {"data_type": data} if data else {}
                rows = sensors if data else binary
                for n in range(1 if self.name == VIRTUAL else count):
                    # virtual_count gives the first its bare name and numbers the others.
                    number = "" if self.name == VIRTUAL else f" {n}"
                    words = f"b{bus}u{address} {name}{number}"
                    one = {"name": words, "unique_id": words, "address": first + n * step}
                    if self.name == VIRTUAL:
                        one["virtual_count"] = count - 1
                    rows.append(row | one)
        port = self.plant.servers[bus].port
        hub = {"name": f"b{bus}", "type": "tcp", "host": "127.0.0.1", "port": port}
        return hub | {"sensors": sensors, "binary_sensors": binary}

    def entity(self, bus: int, address: int, number: int) -> str:
        suffix = "" if self.name == VIRTUAL and number == 0 else f"_{number}"
        return f"binary_sensor.b{bus}u{address}_d{suffix}"

    def cpu(self) -> float:
        """CPU seconds of the process so far."""
        fields = Path(f"/proc/{self.home.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Resident MiB."""
        status = Path(f"/proc/{self.home.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def places(self, flips: int, but: set[tuple[int, int]]) -> list[tuple[int, int, int]]:
        """Choose alarm inputs of units in good health: bus, unit, number."""
        healthy = [one for one in self.plant.units() if one not in but]
        places = [(*one, number) for one in healthy for number in range(ALARMS)]
        return random.Random(1).sample(places, min(flips, len(places)))

    async def alarms(
        self, chosen: list[tuple[int, int, int]], over: float = FLIPS_OVER
    ) -> list[float]:
        """Set alarm inputs at random moments; returns each one's seconds, infinity if not seen."""
        chance = random.Random(2)
        wanted = {self.entity(*place): place for place in chosen}
        seen: dict[str, float] = {}
        done = asyncio.Event()
        async with self.home.websocket(self.home.owner) as ws:
            await ws.command("subscribe_events", event_type="state_changed")

            async def listen() -> None:
                while not done.is_set():
                    new = (await ws.event())["data"]["new_state"] or {}
                    if new.get("state") == "on" and new["entity_id"] in wanted:
                        stamp = datetime.fromisoformat(new["last_changed"]).timestamp()
                        seen.setdefault(new["entity_id"], stamp)
                    if len(seen) == len(wanted):
                        done.set()

            listening = asyncio.create_task(listen())
            set_at: dict[str, float] = {}
            for entity, (bus, address, number) in wanted.items():
                await asyncio.sleep(chance.uniform(0, 2 * over / len(wanted)))
                set_at[entity] = time.time()
                self.plant.servers[bus].units[address].discrete[number] = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GIVE_UP):
                    await done.wait()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        self.plant.clear()
        return sorted(seen.get(one, float("inf")) - at for one, at in set_at.items())


async def measure(way: Way, phases: tuple[Phase, ...], flips: int) -> dict[str, Any]:
    """Run one way through its phases."""
    plant = way.plant
    await way.prepare()
    row: dict[str, Any] = {"way": way.name, "buses": plant.buses, "points": plant.points}
    row["baud"] = plant.baud
    plant.delay(LINE)
    plant.forget()
    if not plant.baud:
        row["limit"] = await own_step(plant) * plant.fewest / plant.buses
        plant.forget()
    row["start"] = await way.home.start()
    row["memory"] = way.memory()
    # The slow points once through, so that every request has been made.
    await asyncio.sleep(15 + plant.fewest / plant.buses * LINE * 2)
    # A plain entity is a request, and not all of them have had their turn by now.
    row["requests"] = plant.points if way.name == PLAIN else plant.reads
    row["fewest"] = plant.fewest
    for phase in phases:
        plant.delay(phase.delay)
        spoiled = plant.spoil(phase.fault)
        await asyncio.sleep(SETTLE)
        plant.forget()
        cpu = way.cpu()
        began = time.monotonic()
        row[phase.name] = await way.alarms(way.places(flips, spoiled))
        lasted = time.monotonic() - began
        asked = sum(one.counted.requests for one in plant.servers)
        row[f"{phase.name}_cpu"] = (way.cpu() - cpu) / lasted
        row[f"{phase.name}_rate"] = asked / lasted
        if phase is AT_25 and "limit" in row:
            row["cycle"] = plant.step * row["requests"] / plant.buses
        if spoiled and way.name == OURS:
            # In alarm when they are repaired, all at once.
            plant.spoil(None)
            back = [(bus, address, 0) for bus, address in spoiled]
            row[f"{phase.name}_back"] = (await way.alarms(back, over=0.01))[-1]
    await way.home.close()
    return row


def told(row: dict[str, Any]) -> str:
    """Return a row of the table."""

    def load(name: str) -> str:
        return f"{row[f'{name}_rate']:.0f}/s, {row[f'{name}_cpu']:.1%}" if name in row else "-"

    return " | ".join(
        (
            f"{row['points']:,} on {row['buses']}"
            + (f", {row['baud']} baud" if row["baud"] else ""),
            row["way"],
            f"{row['requests']:,} ({row['requests'] / row['fewest']:.2f})",
            f"{row['cycle']:.2f} s ({row['cycle'] / row['limit']:.2f})" if "limit" in row else "-",
            *(seen(row.get(name)) for name in ("line", "dead", "none")),
            load("line"),
            load("none"),
            f"{row['start']:.1f} s",
            f"{row['memory']:.0f} MiB",
        )
    )


def seen(found: list[float] | None) -> str:
    """Return p50 / p95 / p99 / max, or how many alarms were not seen."""
    if found is None:
        return "-"
    late = sum(one == float("inf") for one in found)
    if late:
        return f"{late} of {len(found)} not seen"
    at = [found[min(len(found) - 1, round(part * len(found)))] for part in (0.5, 0.95, 0.99)]
    return " / ".join(f"{one:.2f}" for one in (*at, found[-1]))


HEAD = (
    "points on buses | way | requests a cycle (of the fewest) | cycle at 25 ms (of the line's own)"
    " | alarm at 25 ms | with one unit in ten dead | without a delay | load at 25 ms | without"
    " | start | memory"
)


async def alone() -> str:
    """Return what Home Assistant takes by itself."""
    with tempfile.TemporaryDirectory() as folder:
        way = Way(PLAIN, Path(folder) / "home", Plant(0, 0))
        try:
            await way.prepare()
            start, memory = await way.home.start(), way.memory()
            await asyncio.sleep(SETTLE)
            cpu = way.cpu()
            await asyncio.sleep(FLIPS_OVER)
            load = (way.cpu() - cpu) / FLIPS_OVER
        finally:
            await way.home.close()
    return f"Home Assistant alone: start {start:.1f} s, {memory:.0f} MiB, CPU {load:.1%}"


async def modbus(quick: bool) -> None:
    """Table 5."""
    runs: list[tuple[Plant, str, tuple[Phase, ...]]] = []
    for buses, units in [(1, 5)] if quick else [(1, 5), (10, 5), (1, 50)]:
        most = OTHER_FAULTS if buses > 1 or quick else ()
        runs.append((Plant(buses, units), OURS, (AT_25, DEAD, *most, AT_0)))
        runs.append((Plant(buses, units), VIRTUAL, (AT_25, DEAD, AT_0)))
        # Ten thousand single requests: one figure is enough, and takes its time.
        if buses == 1:
            phases = (AT_25, DEAD, AT_0) if units == 5 else (AT_25,)
            runs.append((Plant(buses, units), PLAIN, phases))
    runs.append((Plant(1, 5, baud=9600), OURS, (AT_25, DEAD)))
    print(f"\n5. Modbus: alarms as p50 / p95 / p99 / max in seconds\n\n   {await alone()}\n")
    print(f"| {HEAD} |\n|{'---|' * (HEAD.count('|') + 1)}", flush=True)
    for plant, name, phases in runs:
        await plant.start()
        with tempfile.TemporaryDirectory() as folder:
            way = Way(name, Path(folder) / "home", plant)
            try:
                row = await measure(way, phases, 60 if quick else 200)
            finally:
                await way.home.close()
                await plant.stop()
        print(f"| {told(row)} |", flush=True)
        for phase in phases:
            if f"{phase.name}_back" in row:
                back = row[f"{phase.name}_back"]
                print(f"   {phase.name}: the others {seen(row[phase.name])}, back {back:.1f} s")
