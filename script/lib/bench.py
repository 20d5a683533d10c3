"""Times this project beside what a user would take instead, in one run on one machine.

    1  first push, pushes and CPU for 1, 100 and 1,000 detectors of a floor within a second
    2  what is left after a SIGKILL in the middle
    3  which alarms nobody hears of
    4  registry events, and a storm through 28 loops (bench_index.py)
    5  Modbus beside Home Assistant's own YAML integration (bench_modbus.py)
    6  Zigbee beside bare bellows and Home Assistant's own ZHA (bench_zigbee.py)

(a) this project: blueprint smoke_single on the floor; (b) an automation that notifies; (c) `alert`.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from script.lib.bench_modbus import modbus
from script.lib.bench_zigbee import zigbee
from script.lib.spent import cpu_of
from tests.simulators.companion_phone import Notice, Phone, Relay
from tests.simulators.hass_process import HomeAssistant

KINDS = ("a", "b", "c")
NAMES = {"a": "this project", "b": "automation", "c": "alert"}
# A push that has not come by now will not come.
QUIET = 0.5


class Bench:
    """A Home Assistant with detectors and one of the three ways to tell a phone."""

    def __init__(self, folder: Path, kinds: tuple[str, ...], detectors: int) -> None:
        self.home = HomeAssistant(folder)
        self.kinds = kinds
        self.relay = Relay()
        self.phones: dict[str, Phone] = {}
        self.names = [f"d{number}" for number in range(detectors)]

    async def start(self, **states: str) -> None:
        """From an empty folder to detectors that are watched."""
        await self.relay.start()
        home = self.home
        folder = home.folder
        (folder / "custom_components").mkdir(parents=True)
        shutil.copytree(
            ROOT / "tests/simulators/bench_source", folder / "custom_components/bench_source"
        )
        self.file = folder / "bench_source.json"
        self.file.write_text(json.dumps(dict.fromkeys(self.names, "off") | states))
        home.prepare(
            "binary_sensor:\n  - platform: bench_source\n"
            + ("alert: !include alerts.yaml\n" if "c" in self.kinds else "")
        )
        (folder / "alerts.yaml").write_text("{}\n")
        await home.start()
        await home.onboard()
        assert home.session is not None
        for kind in self.kinds:
            user = await home.add_user(NAMES[kind], f"user_{kind}")
            phone = Phone(f"Phone {kind}", home.url, user.access_token, self.relay)
            await phone.register(home.session)
            self.phones[kind] = phone
            if kind == "a":
                await self._community(user.id)
        await self._floor()
        await self._watch()
        await home.stop()
        home.finish_onboarding()
        await home.start()

    async def _community(self, user_id: str) -> None:
        form = {"name": "Bench", "database": {}}
        entry = await self.home.add_entry("community", form)
        guard = {"name": "Guard", "tier": "property", "users": [user_id], "channels": ["push"]}
        guard |= {"language": "en"}
        await self.home.add_subentry(entry, "responder", guard)

    async def _floor(self) -> None:
        async with self.home.websocket(self.home.owner) as ws:
            floor = await ws.command("config/floor_registry/create", name="Floor")
            self.floor = floor["floor_id"]
            area = await ws.command("config/area_registry/create", name="Area", floor_id=self.floor)
            self.area = area["area_id"]
            wanted = {f"binary_sensor.{name}" for name in self.names}
            async with asyncio.timeout(30):
                while wanted:
                    rows = await ws.command("config/entity_registry/list")
                    wanted -= {row["entity_id"] for row in rows}
            for name in self.names:
                if not name.startswith("out"):
                    await self.place(ws, name)

    async def place(self, ws: Any, name: str) -> None:
        """Put a detector on the floor."""
        await ws.command(
            "config/entity_registry/update", entity_id=f"binary_sensor.{name}", area_id=self.area
        )

    async def _watch(self) -> None:
        entities = [f"binary_sensor.{name}" for name in self.names]
        rows: list[dict[str, Any]] = []
        if "a" in self.kinds:
            use = {
                "path": "smart_community/smoke_single.yaml",
                "input": {"detectors": {"floor_id": [self.floor]}},
            }
            rows.append({"id": "a", "alias": "a", "use_blueprint": use})
        if "b" in self.kinds:
            rows += [self._plain("b", entities), self._plain("b_for", ["binary_sensor.dwell"], 6)]
        if "c" in self.kinds:
            alerts = {
                name: {
                    "name": name,
                    "entity_id": f"binary_sensor.{name}",
                    "state": "on",
                    "repeat": 60,
                    "can_acknowledge": True,
                    "skip_first": False,
                    "notifiers": ["mobile_app_phone_c"],
                }
                for name in self.names
            }
            (self.home.folder / "alerts.yaml").write_text(yaml.safe_dump(alerts))
        if "dwell" in self.names and "a" in self.kinds:
            rows.append(self._own_dwell())
        (self.home.folder / "automations.yaml").write_text(yaml.safe_dump(rows))

    @staticmethod
    def _plain(name: str, entities: list[str], seconds: int = 0) -> dict[str, Any]:
        trigger: dict[str, Any] = {"trigger": "state", "entity_id": entities, "to": "on"}
        if seconds:
            trigger["for"] = seconds
        text = "{{ trigger.entity_id }}" + (" for" if seconds else "")
        return {
            "id": name,
            "alias": name,
            "mode": "parallel",
            "max": 1000,
            "triggers": [trigger],
            "actions": [{"action": "notify.mobile_app_phone_b", "data": {"message": text}}],
        }

    @staticmethod
    def _own_dwell() -> dict[str, Any]:
        return {
            "id": "a_for",
            "alias": "a for",
            "mode": "parallel",
            "triggers": [
                {
                    "trigger": "smart_community.alarm",
                    "target": {"entity_id": ["binary_sensor.dwell"]},
                }
            ],
            "actions": [
                {
                    "action": "smart_community.signal",
                    "data": {
                        "loop": "waterlogging",
                        "source": "{{ trigger.sources }}",
                        "raised": "{{ trigger.raised }}",
                        "reason": "{{ trigger.reason }}",
                        "detect": {"for": 6},
                        "ladder": [{"tier": "property", "after": 0}],
                    },
                }
            ],
        }

    async def set(self, names: list[str], state: str, over: float = 0) -> float:
        """Set detectors within `over` seconds; returns when the first changed."""
        data = {"detectors": names, "state": state, "over": over}
        answer = await self.home.action("bench_source.set", data)
        return float(answer["at"])

    def history(self, kind: str) -> list[Notice]:
        """Return what has reached the phone of one way, but for what takes notices away."""
        return [n for n in self.phones[kind].history if n.message != "clear_notification"]

    async def quiet(self, kind: str) -> None:
        """Wait until nothing more arrives."""
        seen = -1
        while seen != len(self.phones[kind].history):
            seen = len(self.phones[kind].history)
            await asyncio.sleep(QUIET)

    async def calm(self, names: list[str]) -> None:
        """Clear the detectors and close what is open."""
        await self.set(names, "off")
        if "a" in self.kinds:
            found = await self.home.action("smart_community.list_incidents", {"status": ["open"]})
            for one in found["incidents"]:
                done = {"incident": one["id"], "disposition": "test", "note": "bench"}
                await self.home.do("smart_community.close", done)

    def cpu(self) -> float:
        """CPU seconds of the process so far."""
        return cpu_of(self.home.pid)

    async def stop(self) -> None:
        """End everything."""
        await self.home.close()
        await self.relay.stop()


async def first_push(quick: bool) -> None:
    """Table 1, and table 2 with the same processes."""
    # Detectors, within how many seconds, rounds. At once keeps the event loop busy throughout.
    sizes = [(1, 0.0, 30), (100, 0.9, 8), (1000, 0.9, 5), (1000, 0.0, 5)]
    if quick:
        sizes = [(1, 0.0, 10), (100, 0.9, 3)]
    most = sizes[-1][0]
    rows: dict[tuple[int, float, str], dict[str, Any]] = {}
    left: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        benches = {kind: Bench(Path(folder) / kind, (kind,), most) for kind in KINDS}
        for bench in benches.values():
            await bench.start()
        for size, over, rounds in sizes:
            for kind in KINDS:
                rows[size, over, kind] = {"first": [], "pushes": [], "cpu": []}
            # In turn, so that a machine that slows down slows all three.
            for _ in range(rounds):
                for kind, bench in benches.items():
                    await one_round(bench, kind, (size, over), rows[size, over, kind])
        for kind, bench in benches.items():
            left[kind] = await kill_in_the_middle(bench, kind, min(most, 100))
            await bench.stop()
    print("\n1. First push at the far end, pushes, CPU (median of the rounds)\n")
    head = f"{'detectors':>9} {'within':>7}  {'way':<13} {'p50 ms':>8}"
    print(f"{head} {'p99 ms':>8} {'pushes':>7} {'CPU s':>7}")
    for (size, over, kind), row in rows.items():
        first = sorted(row["first"])
        p50 = statistics.median(first) * 1000
        p99 = first[min(len(first) - 1, round(0.99 * len(first)))] * 1000
        pushes, cpu = (statistics.median(row[name]) for name in ("pushes", "cpu"))
        print(
            f"{size:>9} {over:>5.1f} s  {NAMES[kind]:<13} {p50:>8.1f} {p99:>8.1f}"
            f" {pushes:>7.0f} {cpu:>7.2f}"
        )
    for size, over, _ in sizes:
        a, b = (statistics.median(rows[size, over, kind]["first"]) * 1000 for kind in "ab")
        said = "met" if a - b <= 5 else "NOT met"
        print(f"   {size} in {over} s: {a - b:+.1f} ms against the automation (goal +5.0: {said})")
    print("\n2. SIGKILL 50 ms after the alarm: what is left after the restart\n")
    for kind in KINDS:
        print(f"   {NAMES[kind]:<13} {left[kind]}")


async def one_round(bench: Bench, kind: str, storm: tuple[int, float], row: dict[str, Any]) -> None:
    """Raise, measure, clear."""
    size, over = storm
    before, cpu = len(bench.history(kind)), bench.cpu()
    names = bench.names[:size]
    at = await bench.set(names, "on", over)
    await bench.quiet(kind)
    pushes = bench.history(kind)[before:]
    row["first"].append(pushes[0].at - at if pushes else float("inf"))
    row["pushes"].append(len(pushes))
    row["cpu"].append(bench.cpu() - cpu)
    await bench.calm(names)
    await bench.quiet(kind)


async def kill_in_the_middle(bench: Bench, kind: str, size: int) -> str:
    """Kill in the middle of a storm; tell what the restarted one knows and still says."""
    before = len(bench.history(kind))
    task = asyncio.create_task(bench.set(bench.names[:size], "on"))
    await asyncio.sleep(0.05)
    await bench.home.kill()
    await asyncio.gather(task, return_exceptions=True)
    states = dict.fromkeys(bench.names, "off") | dict.fromkeys(bench.names[:size], "on")
    bench.file.write_text(json.dumps(states))  # the wires are still in alarm
    sent = len(bench.history(kind)) - before
    await bench.home.start()
    await asyncio.sleep(3)
    await bench.quiet(kind)
    again = len(bench.history(kind)) - before - sent
    known = "no record"
    if kind == "a":
        found = await bench.home.action("smart_community.list_incidents", {"status": ["open"]})
        (one,) = found["incidents"]
        due = one["next_due"]["why"]
        known = f"1 incident, {len(one['sources'])} of {size} detectors, next: {due}"
    return f"{sent} pushes before, {again} after; {known}"


async def missed(_quick: bool) -> None:
    """Table 3."""
    names = ["down", "away", "awayon", "first", "reload", "out1", "dwell"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "home", KINDS, 0)
        bench.names = names
        await bench.start(first="unknown", away="unavailable")
        await asyncio.sleep(2)
        table: list[tuple[str, dict[str, bool]]] = []

        async def look(what: str, name: str, since: dict[str, int], word: str = "") -> None:
            await asyncio.sleep(2)
            await bench.quiet("a")
            told = {
                kind: any(_about(n, name, word) for n in bench.history(kind)[since[kind] :])
                for kind in KINDS
            }
            table.append((what, told))
            await bench.calm(names)
            await bench.quiet("a")

        def now() -> dict[str, int]:
            return {kind: len(bench.history(kind)) for kind in KINDS}

        since = now()
        await bench.set(["first"], "on")
        await look("first reading (unknown -> on)", "first", since)
        since = now()
        await bench.set(["away"], "on")
        await look("radio back in alarm (unavailable -> on)", "away", since)
        since = now()
        for turn in ("off", "on"):
            for automation in ("automation.a", "automation.b"):
                await bench.home.do(f"automation.turn_{turn}", {"entity_id": automation})
            if turn == "off":
                await bench.set(["reload"], "on")
        await look("while the automation was off and on again", "reload", since)
        since = now()
        await bench.set(["out1"], "on")
        async with bench.home.websocket(bench.home.owner) as ws:
            await asyncio.sleep(2)
            early = {kind: len(bench.history(kind)) > since[kind] for kind in KINDS}
            await bench.place(ws, "out1")
        await asyncio.sleep(6)
        await look("joins the watched floor in alarm", "out1", since)
        # A list of entities cannot be joined: that (b) and (c) named it is the bench's favour.
        table[-1][1].update({kind: False for kind in "bc" if early[kind]})
        since = now()
        await bench.home.stop()
        bench.file.write_text(json.dumps(dict.fromkeys(names, "off") | {"down": "on"}))
        await bench.home.start()
        await look("in alarm while Home Assistant was down", "down", since)
        since = now()
        await bench.set(["dwell"], "on")
        await asyncio.sleep(3)
        await bench.home.stop()
        await bench.home.start()
        await asyncio.sleep(9)
        await look("`for:` 6 s across a restart", "dwell", since, " for")
        await bench.stop()
    print("\n3. Alarms told (1) and missed (0)\n")
    print(f"   {'':<44} (a)  (b)  (c)")
    for what, told in table:
        cells = "    ".join(
            "-" if "for:" in what and k == "c" else str(int(told[k])) for k in KINDS
        )
        print(f"   {what:<44}  {cells}")
    lost = [what for what, told in table if not told["a"]]
    print(f"   missed by this project: {len(lost)} (goal 0: {'met' if not lost else 'NOT met'})")


def _about(notice: Notice, name: str, word: str) -> bool:
    if notice.phone == "Phone b":
        return notice.message == f"binary_sensor.{name}{word}"
    if notice.phone == "Phone a":
        return f": {name}" in notice.message or f", {name}" in notice.message
    return name in notice.message


def registry(quick: bool) -> None:
    """Table 4, in process."""
    env = {**os.environ, "BENCH_QUICK": "1" if quick else ""}
    script = str(ROOT / "script" / "lib" / "bench_index.py")
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:logging", script]
    print("\n4. In process: registry events and a storm through 28 loops\n", flush=True)
    # Home Assistant's test harness logs everything there is to stderr.
    done = subprocess.run(
        [*command, "--no-header"], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    # A line may come right behind the dot of the test before it.
    lines = (line.lstrip(".") for line in done.stdout.splitlines())
    print("\n".join(line for line in lines if line.startswith("   ")))


async def main() -> None:
    """Run the chosen tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer detectors and rounds")
    parser.add_argument("--only", choices=["push", "missed", "registry", "modbus", "zigbee"])
    options = parser.parse_args()
    cores = os.cpu_count()
    print(f"Python {platform.python_version()}, {cores} cores, {time.strftime('%Y-%m-%d')}")
    if options.only in {None, "push"}:
        await first_push(options.quick)
    if options.only in {None, "missed"}:
        await missed(options.quick)
    if options.only in {None, "registry"}:
        registry(options.quick)
    if options.only in {None, "modbus"}:
        await modbus(options.quick)
    if options.only in {None, "zigbee"}:
        await zigbee(options.quick)


if __name__ == "__main__":
    asyncio.run(main())
