"""The hosts that bench_zigbee.py times."""

import asyncio
import contextlib
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from script.lib.bench_zigbee_plant import GIVE_UP, Plant
from script.lib.bench_zigbee_record import Record
from script.lib.spent import cpu_of, memory_of
from tests.simulators.companion_phone import Notice, Phone, Relay
from tests.simulators.hass_process import HomeAssistant
from tests.simulators.zigbee import VirtualDevice

OURS, ZHA, LIMIT = "this project", "ZHA", "limit"
WATCHED = 20
PUSHED = 10
STATES = {"on", "off", "locked", "unlocked"}
LATER = 60.0  # a start's rubbish is collected by then
SETTLED = 12.0  # registries are written ten seconds after a change
BARE = Path(__file__).with_name("bench_zigbee_bare.py")


class Host:
    """A process on the plant's coordinators that tells of each alarm."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.seen: dict[str, list[tuple[str, float]]] = {}
        self.news = asyncio.Event()
        self.awaited: dict[tuple[str, str], asyncio.Future[float]] = {}

    pid: int | None = None

    def hear(self, ieee: str, word: str, at: float) -> None:
        """Take a detector's news: on, off or unavailable."""
        if word != "unavailable":
            self.seen.setdefault(ieee, []).append((word, at))
            self.news.set()
        if (awaited := self.awaited.pop((ieee, word), None)) is not None and not awaited.done():
            awaited.set_result(at)

    def expect(self, ieee: str, word: str) -> asyncio.Future[float]:
        """Give what will have the stamp of the next news of this kind."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.awaited[ieee, word] = future
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
        return cpu_of(self.pid)

    def memory(self) -> float:
        return memory_of(self.pid)


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
            await asyncio.sleep(LATER)
            row["memory later"] = self.memory()
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
                self.hear(said["ieee"], "on" if said["on"] else "off", said["at"])

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
        self.relay = Relay()
        self.phone: Phone | None = None
        self.record: Record | None = None

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

    async def _made(self) -> None:
        """Make a home with the entries in it, stopped."""
        self.home.prepare("zha:\n" if self.name == ZHA else "")
        await self.home.start()
        await self.home.onboard()
        await self.home.stop()
        self.home.finish_onboarding()
        path = self.home.folder / ".storage/core.config_entries"
        stored = json.loads(path.read_text())
        stored["data"]["entries"] += self._entries()
        path.write_text(json.dumps(stored))

    def _databases(self) -> list[Path]:
        """Name the file that a host keeps of each network."""
        if self.name == ZHA:
            return [self.home.folder / "zigbee.db"]
        folder = self.home.folder / ".storage"
        return [
            folder / f"smart_community_zigbee_bench{number}.db"
            for number in range(len(self.plant.radios))
        ]

    async def pair(self) -> float:
        """Pair every device of the plant, and keep what was written of them; seconds it took."""
        await self._made()
        await self.home.start()
        await asyncio.sleep(SETTLED)  # a host may look at a radio before it takes it
        await self.plant.up()
        took = await self.plant.pair()
        await self.plant.quiet()
        await self.home.stop()
        self.plant.databases[:] = self._databases()
        return took

    async def prepare(self) -> None:
        """Set up with the paired devices, and stop: what is measured is a start like any other."""
        await self._made()
        for kept, own in zip(self.plant.databases, self._databases(), strict=True):
            shutil.copy(kept, own)
        await self.home.start()
        async with self.home.websocket(self.home.owner) as ws:
            await self._available(ws)
        if self.name == OURS:
            await self._watch()
        await self.plant.quiet()
        await asyncio.sleep(SETTLED)
        await self.home.stop()

    async def _watch(self) -> None:
        """Have some detectors watched, and when asked for every one, and somebody told."""
        home = self.home
        await self.relay.start()
        guard = await home.add_user("Guard", "guard")
        self.phone = Phone("Phone", home.url, guard.access_token, self.relay)
        assert home.session is not None
        await self.phone.register(home.session)
        entry = await home.add_entry("community", {"name": "Bench", "database": {}})
        form = {"name": "Guard", "tier": "property", "users": [guard.id], "channels": ["push"]}
        await home.add_subentry(entry, "responder", form | {"language": "en"})
        self.record = Record(home.folder / f"smart_community_{entry}.db")
        detectors = self.plant.detectors
        some = [*detectors[:WATCHED], *detectors[-WATCHED:]]
        rows = [
            {"id": "some", "alias": "some", "use_blueprint": self._loop(some)},
            {
                "id": "every",
                "alias": "every",
                "initial_state": False,
                "use_blueprint": self._loop(detectors),
            },
        ]
        (home.folder / "automations.yaml").write_text(json.dumps(rows))

    def _loop(self, detectors: list[VirtualDevice]) -> dict[str, Any]:
        """Give the loop that watches these detectors, each with an incident of its own."""
        watched = {str(one.ieee) for one in detectors}
        named = [entity for entity, ieee in self.entities.items() if ieee in watched]
        inputs = {"detectors": {"entity_id": named}, "zone_by": "source"}
        return {"path": "smart_community/smoke_single.yaml", "input": inputs}

    @contextlib.asynccontextmanager
    async def run(self, row: dict[str, Any]) -> AsyncIterator[None]:
        await self.prepare()
        began = time.time()
        row["running"] = await self.home.start()
        self.pid = self.home.pid
        async with self.home.websocket(self.home.owner) as ws:
            await ws.command("subscribe_entities", entity_ids=[*self.entities])
            last = await self._shown(ws)
            first = min(radio.connected_at for radio in self.plant.radios)
            row["start"] = last - max(first, began)
            row["memory"] = self.memory()
            listening = asyncio.create_task(self._listen(ws))
            try:
                await asyncio.sleep(LATER)
                row["memory later"] = self.memory()
                yield
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
        await self.close()

    async def loop(self, name: str, on: bool) -> None:
        """Let a loop run, or not."""
        entity = {"entity_id": f"automation.{name}"}
        await self.home.do(f"automation.turn_{'on' if on else 'off'}", entity)

    async def close(self) -> None:
        """End everything; twice does no harm."""
        await self.home.close()
        await self.relay.stop()

    async def pushed(self) -> list[float]:
        """Raise watched alarms one by one: seconds from each to the first notice of its incident.

        What comes on top of so many in a minute joins a storm, of which people are told already.
        """
        assert self.phone is not None
        took = []
        for one in self.plant.detectors[:PUSHED]:
            told = asyncio.get_running_loop().create_future()
            known = {notice.tag for notice in self.phone.history}

            def noticed(notice: Notice, told: Any = told, known: set[str] = known) -> None:
                if notice.tag not in known and not told.done():
                    told.set_result(notice.at)

            self.phone.on_notice = noticed
            sent = time.time()
            await one.alarm()
            async with asyncio.timeout(GIVE_UP):
                took.append(await told - sent)
            await one.alarm(on=False)
            await asyncio.sleep(0.5)  # what comes right behind a push is gathered with the next
        return took

    async def _available(self, ws: Any) -> None:
        """Wait until every detector and lock is shown."""
        wanted = {str(one.ieee) for one in (*self.plant.detectors, *self.plant.locks)}
        async with asyncio.timeout(2 * GIVE_UP):
            while True:
                await self._learn(ws)
                shown = {
                    self.entities.get(one["entity_id"])
                    for one in await ws.command("get_states")
                    if one["state"] in STATES
                }
                if wanted <= shown:
                    return
                await asyncio.sleep(1)

    async def _shown(self, ws: Any) -> float:
        """Wait for what is subscribed to, without a question to the host; when the last came."""
        shown: dict[str, float] = {}
        async with asyncio.timeout(2 * GIVE_UP):
            while len(shown) < len(self.entities):
                event = await ws.event()
                new = event.get("a", {})
                new |= {entity: said.get("+", {}) for entity, said in event.get("c", {}).items()}
                for entity, said in new.items():
                    if said.get("s") in STATES:
                        shown.setdefault(entity, said["lc"])
        return max(shown.values())

    async def _learn(self, ws: Any) -> None:
        for one in await ws.command("config/entity_registry/list"):
            for ending in ("-1-1280", "-1-257"):
                if one["unique_id"].endswith(ending):
                    self.entities[one["entity_id"]] = one["unique_id"].removesuffix(ending)[-23:]

    async def _listen(self, ws: Any) -> None:
        while True:
            for entity, change in (await ws.event()).get("c", {}).items():
                new = change.get("+", {})
                if new.get("s") in {"on", "off", "unavailable"}:
                    self.hear(self.entities[entity], new["s"], new["lc"])

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
