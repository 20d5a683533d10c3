"""A Home Assistant that reads the bench's plant, with this project or by itself."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from custom_components.smart_community.field.modbus.unit import EVERY
from custom_components.smart_community.field.point import Lane
from script.lib.bench_modbus_plant import ALARMS, Plant
from script.lib.bench_modbus_truth import ON_NEWS, STANDING, Truth
from script.lib.spent import cpu_of, memory_of
from tests.simulators.hass_process import HomeAssistant

OURS, PLAIN, VIRTUAL = "this project", "YAML plain", "YAML virtual_count"
# What YAML is told; this project has its own two lanes.
FAST, SLOW = 1, 30
# An import of ten thousand points is whole after half a minute.
SHOWN_WITHIN = 180.0
_YAML_KINDS = {"discrete": "discrete_input", "coils": "coil"}
_OUR_KINDS = {"coils": "coil"}
# How often it is looked whether every alarm is seen by now; their times are Home Assistant's own.
_LOOKS = 0.02


@dataclass(frozen=True, kw_only=True)
class Watch:
    """So many alarms at random moments over so many seconds; so long waited for after the last."""

    alarms: int
    over: float
    give_up: float


class Way:
    """A Home Assistant that reads the plant in one of the ways."""

    def __init__(self, name: str, folder: Path, plant: Plant) -> None:
        """Take a folder of its own."""
        self.name = name
        self.plant = plant
        self.home = HomeAssistant(folder)
        self.truth = Truth(plant)
        self._on: dict[str, float] = {}

    @property
    def lanes(self) -> tuple[float, float]:
        """How often it asks for alarm inputs, and for the rest."""
        return (EVERY[Lane.FAST], EVERY[Lane.SLOW]) if self.name == OURS else (FAST, SLOW)

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
        async with asyncio.timeout(SHOWN_WITHIN):
            while len(await self.home.rest("GET", "/api/states")) < self.plant.points:
                await asyncio.sleep(1)
        await self.home.stop()
        self.home.finish_onboarding()

    def _table(self, bus: int) -> str:
        rows = ["unit,name,kind,address,type,device_class,lane,unit_name"]
        for unit in range(1, self.plant.units_a_bus + 1):
            for run in self.plant.runs:
                kind, data = _OUR_KINDS.get(run.table, run.table), run.data or "bool"
                lane, smoke = ("fast", "smoke") if run.alarm else ("slow", "")
                rows += [
                    f"{unit},{run.name} {n},{kind},{address},{data},{smoke},{lane},b{bus}u{unit}"
                    for n, address in enumerate(run.addresses)
                ]
        return "\n".join(rows)

    def _hub(self, bus: int) -> dict[str, Any]:
        sensors: list[dict[str, Any]] = []
        binary: list[dict[str, Any]] = []
        for unit in range(1, self.plant.units_a_bus + 1):
            for run in self.plant.runs:
                kind = _YAML_KINDS.get(run.table, run.table)
                row: dict[str, Any] = {"input_type": kind, "device_address": unit}
                row["scan_interval"] = FAST if run.alarm else SLOW
                row |= {"data_type": run.data} if run.data else {}
                rows = sensors if run.data else binary
                for n, address in enumerate(run.addresses):
                    # virtual_count gives the first its bare name and numbers the others.
                    number = "" if self.name == VIRTUAL else f" {n}"
                    words = f"b{bus}u{unit} {run.name}{number}"
                    one = {"name": words, "unique_id": words, "address": address}
                    if self.name == VIRTUAL:
                        one["virtual_count"] = run.count - 1
                    rows.append(row | one)
                    if self.name == VIRTUAL:
                        break
        kind = "rtuovertcp" if self.plant.baud else "tcp"
        port = self.plant.servers[bus].port
        hub = {"name": f"b{bus}", "type": kind, "host": "127.0.0.1", "port": port}
        return hub | {"sensors": sensors, "binary_sensors": binary}

    def entity(self, bus: int, unit: int, number: int) -> str:
        """Return the id of an alarm input's entity."""
        suffix = "" if self.name == VIRTUAL and number == 0 else f"_{number}"
        return f"binary_sensor.b{bus}u{unit}_d{suffix}"

    def cpu(self) -> float:
        """CPU seconds of the process so far."""
        return cpu_of(self.home.pid)

    def memory(self) -> float:
        """Resident MiB."""
        return memory_of(self.home.pid)

    def places(self, alarms: int, but: set[tuple[int, int]]) -> list[tuple[int, int, int]]:
        """Choose alarm inputs of units in good health: bus, unit, number."""
        healthy = [one for one in self.plant.units() if one not in but]
        places = [(*one, number) for one in healthy for number in range(ALARMS)]
        return random.Random(1).sample(places, min(alarms, len(places)))

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at every state that is written: when alarms are seen, and whether it is true."""
        async with self.home.websocket(self.home.owner) as ws:
            await ws.command("subscribe_events", event_type="state_changed")

            async def look() -> None:
                while True:
                    new = (await ws.event())["data"]["new_state"] or {"state": "unknown"}
                    if new["state"] == "unknown":
                        continue
                    at = datetime.fromisoformat(new["last_updated"]).timestamp()
                    self.truth.judge(new["entity_id"], new["state"], at, ON_NEWS)
                    if new["state"] == "on":
                        self._on.setdefault(new["entity_id"], at)

            looking = asyncio.create_task(look())
            try:
                yield
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    async def judge_all(self) -> None:
        """Compare all that stands there with what the units held of late."""
        now = time.time()
        for one in await self.home.rest("GET", "/api/states"):
            self.truth.judge(one["entity_id"], one["state"], now, STANDING)

    async def alarms(self, chosen: list[tuple[int, int, int]], watch: Watch) -> list[float]:
        """Set alarm inputs at random moments; returns each one's seconds, infinity if not seen.

        While it is watched.
        """
        chance = random.Random(2)
        (every,) = {run.every for run in self.plant.runs if run.alarm}
        self._on.clear()
        set_at: dict[str, float] = {}
        for bus, unit, number in chosen:
            await asyncio.sleep(chance.uniform(0, 2 * watch.over / len(chosen)))
            set_at[self.entity(bus, unit, number)] = time.time()
            self.plant.put(bus, unit, "discrete", number * every, True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(watch.give_up):
                while not set_at.keys() <= self._on.keys():
                    await asyncio.sleep(_LOOKS)
        self.plant.clear()
        return sorted(self._on.get(one, float("inf")) - at for one, at in set_at.items())
