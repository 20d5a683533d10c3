"""What has happened on the estate that the pictures are taken of.

What statistics and drills look back on has really happened a minute ago: between two starts its
days are moved into the past, in the database.
"""

import asyncio
import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.browser.house import LADDER, House

# What has happened: loop, place, who is on it.
SCENE: dict[str, list[tuple[str, str, str | None]]] = {
    "en": [
        ("ebike_indoors", "Building 5, lobby", "guard"),
        ("waterlogging", "Underpass, north gate", None),
        ("illegal_renovation", "Building 7, flat 1204", "guard"),
        ("fire_lane_blocked", "Gate 2", None),
        ("garbage_overflow", "Waste room west", None),
    ],
    "zh-Hans": [
        ("ebike_indoors", "5号楼大堂", "guard"),
        ("waterlogging", "北门下穿通道", None),
        ("illegal_renovation", "7号楼1204室", "guard"),
        ("fire_lane_blocked", "2号门", None),
        ("garbage_overflow", "西区垃圾房", None),
    ],
}
# Where the three detectors hang on the plan of tests/browser/pictures.py.
SPOTS = ((0.2, 0.2), (0.42, 0.22), (0.66, 0.82))


# What is over: loop, how it ended, days ago, minutes until somebody was on it and to its end.
PAST: tuple[tuple[str, str, int, int, int], ...] = (
    ("ebike_indoors", "handled", 27, 2, 24),
    ("garbage_overflow", "handled", 25, 6, 55),
    ("square_dance_noise", "handled", 23, 3, 31),
    ("square_dance_noise", "handled", 22, 4, 26),
    ("smoke_single", "false_alarm", 20, 1, 9),
    ("fire_lane_blocked", "handled", 18, 5, 38),
    ("unit_door_open", "false_alarm", 18, 7, 12),
    ("waterlogging", "handled", 16, 3, 47),
    ("square_dance_noise", "handled", 15, 2, 29),
    ("nonmotor_parking", "handled", 13, 9, 62),
    ("garbage_overflow", "handled", 11, 5, 41),
    ("ebike_indoors", "handled", 10, 2, 18),
    ("sos", "handled", 9, 1, 21),
    ("smoke_single", "false_alarm", 8, 1, 7),
    ("unit_door_open", "handled", 7, 6, 15),
    ("garage_air", "handled", 6, 2, 33),
    ("square_dance_noise", "handled", 5, 3, 27),
    ("ebike_indoors", "handled", 4, 1, 22),
    ("garbage_overflow", "handled", 3, 4, 36),
    ("fire_lane_blocked", "handled", 2, 3, 19),
    ("unit_door_open", "handled", 1, 5, 11),
)
# What was agreed: limit in dB, with whom.
AGREED = {
    "en": ((50, "Residents' meeting"), (45, "Residents' meeting and the dance group")),
    "zh-Hans": ((50, "居民代表会议"), (45, "居民代表会议、舞蹈队")),
}
DONE = {"en": "Everybody was at the stairs in time", "zh-Hans": "人员均按时到达楼梯口"}
SEEN = {"en": "They break down a wall", "zh-Hans": "正在拆承重墙"}
ELSEWHERE = {
    "en": ("The square", "Building 1, stair A", "Quiet Garden"),
    "zh-Hans": ("中心广场", "1号楼A单元", "静园社区"),
}


async def look_back(house: House) -> str:
    """Let a month pass: incidents, a drill, agreements, a test; returns the drill's incident."""
    home, guard = house.home, house.users["guard"]
    square, stair, quiet = ELSEWHERE[house.language]
    numbers = []
    for loop, disposition, *_ in PAST:
        number = (await house.signal(loop, square))["number"]
        deed = {"incident": number}
        await home.action("smart_community.acknowledge", deed, guard)
        end = {**deed, "disposition": disposition, "note": "-"}
        await home.action("smart_community.close", end, guard)
        numbers.append(number)
    for level, whom in AGREED[house.language]:
        agreement = {"loop": "square_dance_noise", "threshold": "night", "value": level}
        await home.action(
            "smart_community.agree", {**agreement, "agreed_by": whom}, house.users["secretary"]
        )
    drill = await _drill(house, stair)
    await home.action("smart_community.test_channels", {"wait": 1}, house.users["head"])
    await home.add_entry("community", {"name": quiet, "database": {}})
    async with home.websocket(home.owner) as ws:
        for area in await ws.command("config/area_registry/list"):
            if not area["picture"]:  # a bedroom and a kitchen come with every new Home Assistant
                await ws.command("config/area_registry/delete", area_id=area["area_id"])
    await asyncio.sleep(12)  # registries are written ten seconds after a change
    await home.stop()
    _age(home.folder, numbers)
    await home.start()
    return drill


async def _drill(house: House, zone: str) -> str:
    """Drill up to the committee, whose turn comes at once; returns the incident."""
    home, guard = house.home, house.users["guard"]
    ladder = [LADDER[0], {**LADDER[1], "after": 8}]
    drill = {"loop": "smoke_multiple", "zone": zone, "up_to": "committee", "ladder": ladder}
    answer = await home.action("smart_community.drill", drill, house.users["head"])
    deed = {"incident": str(answer["incident"])}
    while len((await house.incident(deed["incident"]))["told"]) < 2:
        await asyncio.sleep(1)
    await asyncio.sleep(2)
    await home.action("smart_community.acknowledge", deed, guard)
    end = {**deed, "disposition": "test", "note": DONE[house.language]}
    await home.action("smart_community.close", end, guard)
    return deed["incident"]


def _age(folder: Path, numbers: Sequence[str]) -> None:
    """Move what is over into the past."""
    (path,) = [one for one in folder.rglob("*.db") if house_of(one)]
    with closing(sqlite3.connect(path)) as database, database:
        for number, (*_, days, to_acknowledge, to_close) in zip(numbers, PAST, strict=True):
            query = "select opened_at, document from incident where number = ?"
            opened, document = database.execute(query, (number,)).fetchone()
            shift = timedelta(days=days)
            found = json.loads(_all_moved(document, shift))
            value: dict[str, Any] = found["value"]
            for one in value["acknowledgements"]:
                one["at"] = _moved(one["at"], timedelta(minutes=-to_acknowledge))
            value["closed_at"] = _moved(value["closed_at"], timedelta(minutes=-to_close))
            database.execute(
                "update incident set opened_at = ?, document = ? where number = ?",
                (_moved(opened, shift), json.dumps(found), number),
            )


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\"]*")


def _all_moved(document: str, back: timedelta) -> str:
    return MOMENT.sub(lambda one: _moved(one[0], back), document)


def _moved(moment: str, back: timedelta) -> str:
    return (datetime.fromisoformat(moment) - back).isoformat()


def house_of(path: Path) -> bool:
    """Tell the database of a community's incidents from those of others."""
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("select name from sqlite_master where name = 'incident'")
        if tables.fetchone() is None:
            return False
        return bool(database.execute("select count(*) from incident").fetchone()[0])


async def happen(house: House) -> dict[str, str]:
    """Let it happen; returns what the incidents are that are looked at."""
    home = house.home
    async with home.websocket(home.owner) as ws:
        for entity, (x, y) in zip(house.detectors, SPOTS, strict=True):
            await ws.command("smart_community/place", entity_id=entity, x=x, y=y)
    incidents: dict[str, str] = {}
    for loop, place, taken_by in SCENE[house.language]:
        if loop == "illegal_renovation":  # somebody has seen it, no detector
            seen = {"community": house.entry_id, "loop": loop, "zone": place, "ladder": LADDER}
            answer = await home.action(
                "smart_community.open_incident", {**seen, "summary": SEEN[house.language]}
            )
        else:
            answer = await house.signal(loop, place)
        incidents[loop] = str(answer["incident"])
        if taken_by is not None:
            deed = {"incident": answer["incident"]}
            await home.action("smart_community.acknowledge", deed, house.users[taken_by])
    noise = {"noise": {"period": {"seconds": 20}, "day": 55, "night": 45, "hysteresis": 2}}
    square, *_ = ELSEWHERE[house.language]
    answer = {"verdict": "pending"}
    levels = iter((61, 74, 78, 83, 79, 84, 76, 81, 77, 82) * 6)
    while answer["verdict"] == "pending":
        await house.sound(level := next(levels))
        answer = await house.signal(
            "square_dance_noise", square, house.meter, detect=noise, value=str(level)
        )
        await asyncio.sleep(1.5)
    loud = answer["incident"]
    answer = await house.signal("smoke_multiple", house.names["area"], *house.detectors[:2])
    handle = incidents["illegal_renovation"]
    return {"fire": str(answer["incident"]), "noise": str(loud), "handle": handle}
