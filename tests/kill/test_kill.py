"""The real Home Assistant, killed at random moments while alarms and taps arrive.

Afterwards no accepted signal is missing, every due step was taken, and a message that was sent
twice carries the same tag. `KILLS=200 pytest tests/kill` kills more often than the usual 50.
"""

import asyncio
import contextlib
import json
import os
import random
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from tests.simulators.estate import Estate

KILLS = int(os.environ.get("KILLS", "50"))
SEED = int(os.environ.get("KILL_SEED", "20261123"))
# Steps at 0, 0.4 and 1.2 s: most kills fall into a running ladder.
LADDER = [
    {"tier": "property", "after": 0, "channels": ["push"]},
    {"tier": "committee", "after": {"milliseconds": 400}, "channels": ["sms"]},
    {"tier": "township", "after": {"milliseconds": 1200}, "channels": ["sms"]},
]
# Water must flow for so many seconds: longer than it takes to see it on record and cut the power.
DWELL = 8


@dataclass
class Accepted:
    """What Home Assistant said yes to, and so must never forget."""

    signals: list[tuple[str, str]] = field(default_factory=list)
    deeds: list[tuple[str, str]] = field(default_factory=list)


async def _alarms(estate: Estate, said: Accepted, chance: random.Random, start: int) -> None:
    """Raise one detector after another, each in a zone of its own, and act on some."""
    for number in range(start, start + 10_000):
        source = f"binary_sensor.kill_{number}"
        data = {
            "loop": "smoke_single",
            "source": source,
            "raised": True,
            "zone": f"zone {number}",
            "ladder": LADDER,
            "handle_within": 3600,
            "receipt_within": 3600,
        }
        answer = await estate.home.action("smart_community.signal", data)
        said.signals.append((source, answer["incident"]))
        if chance.random() < 0.3:
            deed = {"incident": answer["incident"]}
            await estate.home.action("smart_community.handle", deed, estate.users["guard"])
            said.deeds.append((answer["incident"], "handled"))
        await asyncio.sleep(chance.uniform(0.0, 0.1))


async def _taps(estate: Estate, chance: random.Random) -> None:
    """Press buttons on the phone for whatever is on its screen."""
    phone = estate.phones["guard"]
    assert estate.home.session is not None
    while True:
        notices = [n for n in phone.shade.values() if n.data.get("actions")]
        if notices:
            with contextlib.suppress(LookupError):
                await phone.tap(estate.home.session, chance.choice(notices), "ACKNOWLEDGE")
        await asyncio.sleep(chance.uniform(0.0, 0.1))


async def _until_killed(estate: Estate, said: Accepted, chance: random.Random, start: int) -> None:
    """Work until the process dies at a random moment."""
    work = [
        asyncio.create_task(_alarms(estate, said, chance, start)),
        asyncio.create_task(_taps(estate, chance)),
    ]
    await asyncio.sleep(chance.uniform(0.0, 1.5))
    await estate.home.kill()
    for task in work:
        task.cancel()
    for ended in await asyncio.gather(*work, return_exceptions=True):
        # A call that was cut off was not accepted. Anything else is this test's own mistake.
        if not isinstance(ended, (aiohttp.ClientError, OSError, asyncio.CancelledError)):
            raise AssertionError(repr(ended))


async def _flow(estate: Estate) -> None:
    """Cut the power while a shipped blueprint's alarm has yet to last, and after its first step."""
    row = {
        "id": "sprinkler_flow",
        "alias": "Sprinkler",
        "use_blueprint": {
            "path": "smart_community/sprinkler_flow.yaml",
            "input": {
                "detectors": {"entity_id": [estate.detectors[5]]},
                "on_for": {"seconds": DWELL},
                "committee_after": {"seconds": 1},
                "department_after": {"seconds": 2},
                "township_after": {"seconds": 3},
                "receipt_within": {"hours": 1},
            },
        },
    }
    # In place of the smoke detectors' automations, which the same panel's inputs would set off.
    (estate.folder / "automations.yaml").write_text(yaml.safe_dump([row]))
    await estate.home.do("automation.reload")
    estate.smoke(5, on=True)
    async with asyncio.timeout(60):
        while _flows_since(estate.folder) is None:
            await asyncio.sleep(0.05)
    await estate.home.kill()
    assert all(one["loop"] != "sprinkler_flow" for one in _database(estate.folder)["incident"])
    await estate.home.start()
    await estate.phones["guard"].wait_for(lambda notice: "Sprinkler" in notice.title, 60)
    await estate.home.kill()
    await estate.home.start()


async def _run(folder: Path) -> tuple[Estate, Accepted]:
    chance = random.Random(SEED)
    estate = Estate(folder, fast=1.0)
    said = Accepted()
    await estate.start()
    try:
        for number in range(KILLS):
            await _until_killed(estate, said, chance, number * 10_000)
            await estate.home.start()
        await _flow(estate)
        async with asyncio.timeout(60):
            while await _undone(estate):
                pass  # asks Home Assistant each time, which takes its while
    finally:
        await estate.stop()
    return estate, said


async def _undone(estate: Estate) -> bool:
    """Whether a step or a message of any running incident is still to come."""
    found = await estate.home.action(
        "smart_community.list_incidents", {"status": ["open", "acknowledged"], "limit": 1000}
    )
    return any(
        step["state"] == "waiting" for one in found["incidents"] for step in one["ladder"]
    ) or any(
        "queued" in notice["channels"].values()
        for one in found["incidents"]
        for notice in one["told"]
    )


@pytest.mark.timeout(1500)
def test_no_signal_is_lost_and_every_step_is_taken_however_often_the_power_goes(
    tmp_path: Path, socket_enabled: None
) -> None:
    estate, said = asyncio.run(_run(tmp_path / "config"))
    rows = _database(tmp_path / "config")
    incidents = {row["id"]: row for row in rows["incident"]}
    timelines = defaultdict(list)
    for incident, entry in rows["timeline"]:
        timelines[incident].append(entry)

    assert len(said.signals) > KILLS, "the storm was too thin to prove anything"
    kept = {source for (source,) in rows["signal"]}
    assert {source for source, _ in said.signals} <= kept
    assert {incident for _, incident in said.signals} <= incidents.keys()
    for incident, status in said.deeds:
        kinds = [entry["kind"] for entry in timelines[incident]]
        assert status in kinds, f"{incident} forgot that it was {status}"

    for incident, row in incidents.items():
        taken = Counter(
            entry["data"]["step"] for entry in timelines[incident] if entry["kind"] == "step_taken"
        )
        assert all(times == 1 for times in taken.values()), f"a step of {incident} ran twice"
        for index, rung in enumerate(row["rungs"]):
            if rung["state"] == "taken":
                assert taken[index] == 1
            else:
                # Handled in time: held, and on record as held or skipped; never simply missing.
                assert row["status"] == "handled", (incident, index, rung)

    pushes = Counter()
    for notice in estate.phones["guard"].history:
        assert notice.tag.removeprefix("smart_community_") in incidents
        pushes[notice.tag] += 1
    told = {incident for incident in incidents if pushes[f"smart_community_{incident}"]}
    assert told == set(incidents), "an incident that nobody was told of"
    texts = {call.text for call in estate.telephone.calls}
    for incident, row in incidents.items():
        if all(rung["state"] == "taken" for rung in row["rungs"]):
            assert any(row["number"] in text for text in texts), f"{incident} never climbed"

    # What an automation saw before the power went counts from then on, and is one incident.
    (flow,) = (row for row in incidents.values() if row["loop"] == "sprinkler_flow")
    assert all(rung["state"] == "taken" for rung in flow["rungs"])
    began = _flows_since(tmp_path / "config")
    assert began == datetime.fromisoformat(flow["first_alarm_at"])
    assert datetime.fromisoformat(flow["opened_at"]) - began >= timedelta(seconds=DWELL)


def _flows_since(folder: Path) -> datetime | None:
    """When the record says that the water began to flow."""
    (path,) = folder.glob("smart_community_*.db")
    with contextlib.closing(sqlite3.connect(path)) as database:
        found = database.execute(
            "SELECT at FROM signal WHERE loop = 'sprinkler_flow' AND raised ORDER BY id"
        ).fetchone()
    return datetime.fromisoformat(found[0]) if found else None


def _database(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("smart_community_*.db")
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {
            "incident": [
                json.loads(document)["value"]
                for (document,) in database.execute("SELECT document FROM incident")
            ],
            "signal": list(database.execute("SELECT source FROM signal")),
            "timeline": [
                (incident, json.loads(entry))
                for incident, entry in database.execute("SELECT incident, entry FROM timeline")
            ],
        }
