"""The hosts that bench_zigbee.py times, and the plant they are tried on."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.simulators.companion_phone import Phone, Relay
from tests.simulators.hass_process import HomeAssistant
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice, devices

OURS, ZHA, LIMIT = "this project", "ZHA", "limit"
DETECTORS, WATCHED = 49, 20
GIVE_UP = 60.0
SETTLED = 12.0  # registries are written ten seconds after a change
TICKS = os.sysconf("SC_CLK_TCK")
BARE = Path(__file__).with_name("bench_zigbee_bare.py")


@dataclass
class Plant:
    """Coordinators with networks formed before, and the devices around them."""

    networks: int
    radios: list[VirtualCoordinator] = field(default_factory=list)
    detectors: list[VirtualDevice] = field(default_factory=list)
    locks: list[VirtualDevice] = field(default_factory=list)

    async def start(self) -> None:
        for _ in range(self.networks):
            radio = VirtualCoordinator(formed=True)
            await radio.start()
            self.radios.append(radio)
            self.detectors += [radio.add(devices.smoke()) for _ in range(DETECTORS)]
            self.locks.append(radio.add(devices.lock()))

    async def stop(self) -> None:
        for radio in self.radios:
            await radio.stop()

    async def pair(self) -> None:
        """Let every device join: one after the other on a network, two networks at a time."""
        two = asyncio.Semaphore(2)

        async def fill(radio: VirtualCoordinator) -> None:
            async with two:
                for device in radio.devices.values():
                    while not radio.stack.up:  # a busy host may have begun anew with a radio
                        await asyncio.sleep(0.1)
                    radio.air.permitted_until = float("inf")
                    await device.join()
                    if device not in self.locks:
                        async with asyncio.timeout(GIVE_UP):
                            await device.zone.enrolled.wait()

        await asyncio.gather(*(fill(radio) for radio in self.radios))


class Host:
    """A process on the plant's coordinators that tells of each alarm."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.seen: dict[str, list[tuple[bool, float]]] = {}
        self.news = asyncio.Event()
        self.awaited: dict[tuple[str, bool], asyncio.Future[float]] = {}

    pid: int | None = None

    def hear(self, ieee: str, on: bool, at: float) -> None:
        self.seen.setdefault(ieee, []).append((on, at))
        self.news.set()
        if (awaited := self.awaited.pop((ieee, on), None)) is not None and not awaited.done():
            awaited.set_result(at)

    def expect(self, device: VirtualDevice, on: bool) -> asyncio.Future[float]:
        """Give what will have the stamp of the next news of this kind."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.awaited[str(device.ieee), on] = future
        return future

    def count(self) -> int:
        return sum(map(len, self.seen.values()))

    async def until(self, count: int) -> None:
        """Wait for this many pieces of news, or until there has been none for a while."""
        while self.count() < count:
            self.news.clear()
            try:
                async with asyncio.timeout(GIVE_UP):
                    await self.news.wait()
            except TimeoutError:
                return

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


class Bare(Host):
    """The limit."""

    @contextlib.asynccontextmanager
    async def run(self, row: dict[str, Any]) -> AsyncIterator[None]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(BARE),
            *(radio.path for radio in self.plant.radios),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdin is not None
        self.pid, self.input = process.pid, process.stdin
        row["start"] = json.loads(await process.stdout.readline())["ready"]
        self.took: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()
        listening = asyncio.create_task(self._listen(process.stdout))
        try:
            await self.plant.pair()
            row["memory"] = self.memory()
            yield
        finally:
            process.stdin.close()
            await process.wait()
            await listening

    async def _listen(self, out: asyncio.StreamReader) -> None:
        while line := await out.readline():
            said = json.loads(line)
            if "locks" in said:
                self.took.set_result(said["locks"])
            else:
                self.hear(said["ieee"], said["on"], said["at"])

    async def locked(self, times: int) -> list[float]:
        self.input.write(b"%d\n" % times)
        return await self.took


class Home(Host):
    """A Home Assistant with ZHA's entry or with one of ours for each network."""

    def __init__(self, plant: Plant, name: str, folder: Path) -> None:
        super().__init__(plant)
        self.name = name
        self.home = HomeAssistant(folder)
        self.entities: dict[str, str] = {}  # and the addresses of the devices they are of
        self.devices: dict[str, str] = {}  # by address
        self.relay = Relay()
        self.phone: Phone | None = None

    def _entries(self) -> list[dict[str, Any]]:
        if self.name == ZHA:
            [radio] = self.plant.radios
            device = {"path": radio.path, "baudrate": 115200, "flow_control": None}
            return [_entry("zha", "0", 5, 2, {"device": device, "radio_type": "ezsp"})]
        entries = []
        for number, radio in enumerate(self.plant.radios):
            assert radio.tokens.network is not None
            data = {
                "kind": "zigbee_network",
                "path": radio.path,
                "radio_type": "ezsp",
                "baudrate": 115200,
                "flow_control": None,
                "extended_pan_id": str(radio.tokens.network.parameters.extendedPanId),
                "ieee": str(radio.eui64),
            }
            entries.append(_entry("smart_community", str(number), 1, 1, data))
        return entries

    async def prepare(self) -> None:
        """Set up, pair, and stop: what is measured is a start like any other."""
        self.home.prepare("zha:\n" if self.name == ZHA else "")
        await self.home.start()
        await self.home.onboard()
        await self.home.stop()
        self.home.finish_onboarding()
        path = self.home.folder / ".storage/core.config_entries"
        stored = json.loads(path.read_text())
        stored["data"]["entries"] += self._entries()
        path.write_text(json.dumps(stored))
        await self.home.start()
        await asyncio.sleep(SETTLED)  # a host may look at a radio before it takes it
        await self._up()
        await self.plant.pair()
        await asyncio.sleep(SETTLED)
        if self.name == OURS:
            await self._watch()
        await self.home.stop()

    async def _watch(self) -> None:
        """Give some detectors a floor each (one incident a floor), and somebody who is told."""
        home = self.home
        await self.relay.start()
        guard = await home.add_user("Guard", "guard")
        self.phone = Phone("Phone", home.url, guard.access_token, self.relay)
        assert home.session is not None
        await self.phone.register(home.session)
        entry = await home.add_entry("community", {"name": "Bench", "database": {}})
        form = {"name": "Guard", "tier": "property", "users": [guard.id], "channels": ["push"]}
        await home.add_subentry(entry, "responder", form | {"language": "en"})
        async with home.websocket(home.owner) as ws:
            await self._learn(ws)
            floors = []
            for one in self.plant.detectors[:WATCHED]:
                name = str(one.ieee)
                floor = await ws.command("config/floor_registry/create", name=name)
                floors.append(floor["floor_id"])
                area = await ws.command(
                    "config/area_registry/create", name=name, floor_id=floors[-1]
                )
                await ws.command(
                    "config/device_registry/update",
                    device_id=self.devices[str(one.ieee)],
                    area_id=area["area_id"],
                )
        use = {
            "path": "smart_community/smoke_single.yaml",
            "input": {"detectors": {"floor_id": floors}},
        }
        rows = [{"id": "smoke", "alias": "smoke", "use_blueprint": use}]
        (home.folder / "automations.yaml").write_text(json.dumps(rows))

    async def _learn(self, ws: Any) -> None:
        for one in await ws.command("config/entity_registry/list"):
            for ending in ("-1-1280", "-1-257"):
                if one["unique_id"].endswith(ending):
                    ieee = one["unique_id"].removesuffix(ending)[-23:]
                    self.entities.setdefault(one["entity_id"], ieee)
                    self.devices[ieee] = one["device_id"]

    async def _up(self) -> None:
        async with asyncio.timeout(GIVE_UP):
            while not all(radio.stack.up for radio in self.plant.radios):
                await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def run(self, row: dict[str, Any]) -> AsyncIterator[None]:
        await self.prepare()
        began = time.time()
        row["running"] = await self.home.start()
        self.pid = self.home.pid
        async with self.home.websocket(self.home.owner) as ws:
            await self._learn(ws)
            await self._available(ws)
            first = min(radio.connected_at for radio in self.plant.radios)
            row["start"] = time.time() - max(first, began)
            row["memory"] = self.memory()
            await ws.command("subscribe_events", event_type="state_changed")
            listening = asyncio.create_task(self._listen(ws))
            try:
                yield
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
        await self.close()

    async def close(self) -> None:
        """End everything; twice does no harm."""
        await self.home.close()
        await self.relay.stop()

    async def pushed(self) -> list[float]:
        """Raise watched alarms one by one: seconds from each to the notice at the phone."""
        assert self.phone is not None
        took = []
        for one in self.plant.detectors[:WATCHED]:
            told = asyncio.get_running_loop().create_future()
            self.phone.on_notice = lambda _, told=told: told.done() or told.set_result(time.time())
            sent = time.time()
            await one.alarm()
            async with asyncio.timeout(GIVE_UP):
                took.append(await told - sent)
            await one.alarm(on=False)
            await asyncio.sleep(0.5)  # what comes right behind a push is gathered with the next
        return took

    async def _available(self, ws: Any) -> None:
        wanted = {str(one.ieee) for one in (*self.plant.detectors, *self.plant.locks)}
        async with asyncio.timeout(GIVE_UP):
            while True:
                states = await ws.command("get_states")
                there = {
                    self.entities.get(one["entity_id"])
                    for one in states
                    if one["state"] in {"on", "off", "locked", "unlocked"}
                }
                if wanted <= there:
                    return
                await asyncio.sleep(0.1)

    async def _listen(self, ws: Any) -> None:
        while True:
            new = (await ws.event())["data"]["new_state"] or {}
            ieee = self.entities.get(new.get("entity_id"))
            if ieee is not None and new["state"] in {"on", "off"}:
                stamp = datetime.fromisoformat(new["last_changed"]).timestamp()
                self.hear(ieee, new["state"] == "on", stamp)

    async def locked(self, times: int) -> list[float]:
        """Move locks in turn; the action returns when the lock has answered."""
        named = {ieee: entity for entity, ieee in self.entities.items() if "lock." in entity[:5]}
        took = []
        async with self.home.websocket(self.home.owner) as ws:
            for turn in range(times):
                lock = self.plant.locks[turn % len(self.plant.locks)]
                asked = time.monotonic()
                await ws.command(
                    "call_service",
                    domain="lock",
                    service="lock" if turn % 2 else "unlock",
                    target={"entity_id": named[str(lock.ieee)]},
                )
                took.append(time.monotonic() - asked)
        return took


def _entry(domain: str, id_: str, version: int, minor: int, data: dict[str, Any]) -> dict[str, Any]:
    now = "2026-01-01T00:00:00+00:00"
    return {
        "created_at": now, "data": data, "disabled_by": None, "discovery_keys": {},
        "domain": domain, "entry_id": f"bench{id_}", "minor_version": minor, "modified_at": now,
        "options": {}, "pref_disable_new_entities": False, "pref_disable_polling": False,
        "source": "user", "subentries": [], "title": f"Building {id_}", "unique_id": None,
        "version": version,
    }  # fmt: skip
