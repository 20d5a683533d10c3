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
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from tests.simulators.hass_process import HomeAssistant
from tests.simulators.modbus_server import FAMILIES, Fault, ModbusServer

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
FLIPS_OVER, GIVE_UP = 20.0, 30.0
LINE = 0.025


@dataclass
class Plant:
    """Gateways with their units."""

    buses: int
    units_a_bus: int
    servers: list[ModbusServer] = field(default_factory=list)

    async def start(self) -> None:
        for _ in range(self.buses):
            server = ModbusServer()
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
        for server in self.servers:
            server.timing.flat = seconds

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

    def kill(self, dead: bool) -> set[tuple[int, int]]:
        """Silence one unit in ten (the first of every other bus where there are several)."""
        count = max(self.buses * self.units_a_bus // 10, 1)
        units = list(self.units())
        chosen = set(units[:: len(units) // count][:count])
        for bus, address in chosen:
            self.servers[bus].units[address].fault = Fault.SILENT if dead else None
        return chosen

    @property
    def fewest(self) -> int:
        """The fewest requests that read everything: each run of a table is one."""
        return self.buses * self.units_a_bus * 4

    @property
    def reads(self) -> int:
        """How many different requests have been made."""
        return sum(len({one[:4] for one in server.requests}) for server in self.servers)

    def cycle(self) -> tuple[float, float]:
        """Return seconds of a first reading of everything, and the line's own share of them.

        Alarm inputs are asked again meanwhile: what that takes is taken off in proportion.
        """
        spans: list[tuple[float, float]] = []
        for server in self.servers:
            firsts: dict[tuple[int, ...], float] = {}
            for one in server.requests:
                firsts.setdefault(one[:4], one.at)
            if len(firsts) < 2:
                continue
            begin, end = min(firsts.values()), max(firsts.values())
            made = sum(begin <= one.at < end for one in server.requests)
            spans.append(((end - begin) / made * len(firsts), len(firsts) * server.timing.flat))
        return max(spans, default=(float("nan"), float("nan")))


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
                entry = await self.home.add_entry("modbus_bus", form)
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

    async def alarms(self, flips: int, but: set[tuple[int, int]]) -> list[float]:
        """Set alarm inputs at random moments; returns each one's seconds, infinity if not seen."""
        chance = random.Random(1)
        places = [
            (bus, address, number)
            for bus, address in self.plant.units()
            if (bus, address) not in but
            for number in range(ALARMS)
        ]
        chosen = chance.sample(places, min(flips, len(places)))
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
                await asyncio.sleep(chance.uniform(0, 2 * FLIPS_OVER / len(wanted)))
                set_at[entity] = time.time()
                self.plant.servers[bus].units[address].discrete[number] = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GIVE_UP):
                    await done.wait()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        self.plant.clear()
        return sorted(seen.get(one, float("inf")) - at for one, at in set_at.items())


async def measure(way: Way, flips: int) -> dict[str, Any]:
    """Run one way through everything; the plant is as it was afterwards."""
    plant = way.plant
    await way.prepare()
    row: dict[str, Any] = {"way": way.name, "buses": plant.buses, "points": plant.points}
    plant.delay(LINE)
    plant.forget()
    row["start"] = await way.home.start()
    row["memory"] = way.memory()
    # The slow points once through, so that every request has been made.
    await asyncio.sleep(min(SLOW + 5, 15 + plant.fewest * LINE))
    row["requests"], row["fewest"] = plant.reads, plant.fewest
    row["cycle"], row["limit"] = plant.cycle()
    dead: set[tuple[int, int]] = set()
    for name, delay, silent in (("line", LINE, False), ("dead", LINE, True), ("none", 0.0, False)):
        plant.delay(delay)
        if silent or dead:
            dead = plant.kill(silent)
        # A freed line and a dead unit's first time-outs settle before anything is timed.
        await asyncio.sleep(10)
        before, cpu = sum(one.counted.requests for one in plant.servers), way.cpu()
        began = time.monotonic()
        row[name] = await way.alarms(flips, dead)
        lasted = time.monotonic() - began
        asked = sum(one.counted.requests for one in plant.servers) - before
        row[f"{name}_cpu"] = (way.cpu() - cpu) / lasted
        row[f"{name}_rate"] = asked / lasted
    await way.home.close()
    return row


def told(row: dict[str, Any]) -> str:
    """Return a row of the table."""

    def alarms(name: str) -> str:
        found = row[name]
        late = sum(one == float("inf") for one in found)
        if late:
            return f"{late} of {len(found)} not seen"
        at = [found[min(len(found) - 1, round(part * len(found)))] for part in (0.5, 0.95, 0.99)]
        return " / ".join(f"{one:.2f}" for one in (*at, found[-1]))

    loads = [f"{row[f'{name}_rate']:.0f}/s {row[f'{name}_cpu']:.1%}" for name in ("line", "none")]
    return " | ".join(
        (
            f"{row['points']:,} on {row['buses']}",
            row["way"],
            f"{row['requests']} ({row['requests'] / row['fewest']:.2f})",
            f"{row['cycle']:.2f} s ({row['cycle'] / row['limit']:.2f})",
            alarms("line"),
            alarms("dead"),
            alarms("none"),
            *loads,
            f"{row['start']:.1f} s",
            f"{row['memory']:.0f} MiB",
        )
    )


HEAD = (
    "points on buses | way | requests a cycle (of the fewest) | cycle at 25 ms (of the line's own)"
    " | alarm at 25 ms | with one unit in ten dead | without a delay | load at 25 ms | without"
    " | start | memory"
)


async def modbus(quick: bool) -> None:
    """Table 5."""
    plants = [(1, 5), (1, 50), (10, 5)]
    flips = 60 if quick else 200
    print("\n5. Modbus: alarms as p50 / p95 / p99 / max in seconds\n")
    print(f"| {HEAD} |\n|{'---|' * (HEAD.count('|') + 1)}", flush=True)
    rows = []
    for buses, units in plants[:1] if quick else plants:
        # One entity a request on ten thousand points takes minutes for each figure: measured
        # beforehand (issue's own figures), and not again each time.
        ways = (OURS, VIRTUAL, PLAIN) if buses * units <= 5 else (OURS, VIRTUAL)
        for name in ways:
            plant = Plant(buses, units)
            await plant.start()
            with tempfile.TemporaryDirectory() as folder:
                way = Way(name, Path(folder) / "home", plant)
                try:
                    rows.append(await measure(way, flips))
                finally:
                    await way.home.close()
                    await plant.stop()
            print(f"| {told(rows[-1])} |", flush=True)
    if path := os.environ.get("BENCH_MODBUS_ROWS"):
        Path(path).write_text(json.dumps(rows))
