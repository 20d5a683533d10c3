"""Takes the pictures of docs/images from a real Home Assistant with a fire in it.

    pictures.py [en] [zh-Hans] [--only desk|pages]

The login is put where the frontend keeps it, so that no form has to be filled in. What statistics
and drills look back on has really happened a minute ago: between two starts its days are moved into
the past, in the database.
"""

import asyncio
import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.house import LADDER, House
from tests.simulators.estate import Estate
from tests.simulators.hass_process import HomeAssistant, User

FOLDER = ROOT / "docs" / "images"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
DOMAIN = "smart_community"
AGREED_TO = {"en": "OK", "zh-Hans": "确定"}
ADD_RESPONDER = {"en": "Add responder", "zh-Hans": "添加责任单位"}
PHONE = (390, 844)
DESKTOP = (1280, 800)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        sys.exit(
            "no Chromium here: install it (Debian: apt-get install chromium fonts-wqy-microhei)"
        )
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield running
        await running.close()


async def page_of(
    running: Browser,
    home: HomeAssistant,
    user: User,
    language: str,
    size: tuple[int, int],
    *,
    dark: bool = False,
) -> Page:
    """Return a page on which a user is logged in."""
    phone = size == PHONE
    context = await running.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2 if phone else 1,
        is_mobile=phone,
        has_touch=phone,
        color_scheme="dark" if dark else "light",
        timezone_id="Asia/Shanghai",
    )
    tokens = {
        "access_token": user.access_token,
        "refresh_token": user.refresh_token,
        "expires_in": 1800,
        "token_type": "Bearer",
        "hassUrl": home.url,
        "clientId": home.client_id,
        "expires": 9999999999999,
    }
    await context.add_init_script(
        f"localStorage.hassTokens = {json.dumps(json.dumps(tokens))};"
        f"localStorage.selectedLanguage = {json.dumps(json.dumps(language))};"
    )
    return await context.new_page()


async def save(page: Page, name: str, settle: float = 2.5) -> None:
    """Save what is seen once it has settled."""
    await page.wait_for_timeout(settle * 1000)
    path = FOLDER / f"{name}.png"
    picture = Image.open(BytesIO(await page.screenshot()))
    # A screen has few colours: a palette makes a third of the bytes of it, and nobody sees it.
    picture.convert("RGB").quantize(256).save(path, optimize=True)
    print(path.relative_to(ROOT), path.stat().st_size // 1024, "KiB")


async def take_pages(language: str) -> None:
    """Take the pictures of Home Assistant's own pages, with a fire on a simulated estate."""
    with tempfile.TemporaryDirectory() as config:
        estate = Estate(Path(config), language)
        await estate.start()
        try:
            estate.smoke(3, on=True)
            await estate.phones["guard"].wait_for(lambda _: True, 30)
            estate.smoke(5, on=True)
            await estate.phones["guard"].wait_for(lambda notice: notice.critical, 30)
            await asyncio.sleep(20)  # the secretary is called after 15 seconds
            states = await estate.home.rest("GET", "/api/states")
            lists = [one for one in states if one["entity_id"].startswith("todo.")]
            todo = next(one["entity_id"] for one in lists if one["state"] != "0")
            pages = {
                "work-orders": (f"/todo?entity_id={todo}", 900, 600),
                "community": ("/config/integrations/integration/smart_community", 1200, 900),
                "blueprint": (
                    "/config/automation/edit/smoke_multiple",
                    1200,
                    1500,
                ),
            }
            async with browser() as running:
                for name, (path, width, height) in pages.items():
                    page = await page_of(
                        running, estate.home, estate.home.owner, language, (width, height)
                    )
                    await page.goto(f"{estate.home.url}{path}")
                    await save(page, f"{name}.{language}", 5)
                # As narrow as a phone: a dialog fills the picture.
                page = await page_of(running, estate.home, estate.home.owner, language, (480, 900))
                await page.goto(f"{estate.home.url}/config/integrations/integration/{DOMAIN}")
                await page.get_by_role("button", name=ADD_RESPONDER[language]).first.click()
                await save(page, f"flow-responder.{language}", 4)
                await page.goto(
                    f"{estate.home.url}/config/integrations/dashboard/add?domain={DOMAIN}"
                )
                await page.get_by_role("button", name=AGREED_TO[language], exact=True).click()
                await save(page, f"flow-add.{language}", 5)
        finally:
            await estate.stop()


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
ELSEWHERE = {
    "en": ("The square", "Building 1, stair A", "Quiet Garden"),
    "zh-Hans": ("中心广场", "1号楼A单元", "静园社区"),
}


async def take_desk(language: str) -> None:
    """Take the pictures of the dashboard, on a phone and on a screen, by day and by night."""
    with tempfile.TemporaryDirectory() as config:
        house = House(Path(config), language)
        try:
            await house.start()
            await _look_back(house)
            open_now = await _happen(house)
            async with browser() as running:
                for shot in SHOTS:
                    await _shoot(running, house, shot, open_now)
        finally:
            await house.close()


async def _look_back(house: House) -> None:
    """Let a month pass: incidents, a drill, agreements."""
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
    drill = {"loop": "smoke_multiple", "zone": stair, "up_to": "committee", "ladder": LADDER}
    answer = await home.action("smart_community.drill", drill, house.users["head"])
    await home.action("smart_community.acknowledge", {"incident": answer["incident"]}, guard)
    end = {"incident": answer["incident"], "disposition": "test", "note": "-"}
    await home.action("smart_community.close", end, guard)
    await home.add_entry("community", {"name": quiet, "database": {}})
    async with home.websocket(home.owner) as ws:
        for area in await ws.command("config/area_registry/list"):
            if not area["picture"]:  # a bedroom and a kitchen come with every new Home Assistant
                await ws.command("config/area_registry/delete", area_id=area["area_id"])
    await asyncio.sleep(12)  # registries are written ten seconds after a change
    await home.stop()
    _age(home.folder, numbers)
    await home.start()


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


async def _happen(house: House) -> dict[str, str]:
    """Let it happen; returns what the incidents are that are looked at."""
    home = house.home
    async with home.websocket(home.owner) as ws:
        for entity, (x, y) in zip(house.detectors, SPOTS, strict=True):
            await ws.command("smart_community/place", entity_id=entity, x=x, y=y)
    for loop, place, taken_by in SCENE[house.language]:
        answer = await house.signal(loop, place)
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
    return {"fire": str(answer["incident"]), "noise": str(loud)}


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture of the dashboard: what, by whom, on what, and what is there once it is there."""

    name: str
    path: str
    who: str = "guard"
    size: tuple[int, int] = PHONE
    dark: bool = False
    ready: str = "smart-community-duty-desk li.row"
    part: str = ""


TIMELINE = "smart-community-duty-desk .timeline li"
SHOTS = (
    *(
        Shot(name=f"{name}{'.dark' if dark else ''}", dark=dark, **rest)
        for dark in (False, True)
        for name, rest in (
            ("desk-phone", {"path": "desk"}),
            ("incident-phone", {"path": "desk?incident={fire}", "ready": TIMELINE}),
            (
                "desk",
                {"path": "desk?incident={fire}", "who": "head", "size": DESKTOP, "ready": TIMELINE},
            ),
        )
    ),
    Shot(
        name="noise-phone",
        path="desk?incident={noise}",
        ready="smart-community-duty-desk path.measured",
        part="smart-community-duty-desk figure.measured",
    ),
    Shot(name="report-phone", path="report", ready="smart-community-report form"),
    Shot(name="agreements-phone", path="agreements", ready="smart-community-agreements table"),
    Shot(name="devices-phone", path="devices", ready="smart-community-devices li"),
    Shot(name="drills", path="drills", who="head", size=DESKTOP, ready="smart-community-drills li"),
    Shot(
        name="statistics",
        path="statistics",
        who="head",
        size=DESKTOP,
        ready="smart-community-statistics .chart",
    ),
    Shot(name="loops", path="loops", who="owner", size=DESKTOP, ready="smart-community-loops tr"),
    Shot(
        name="township",
        path="township",
        who="owner",
        size=(1280, 480),
        ready="smart-community-township li",
    ),
)


async def _shoot(running: Browser, house: House, shot: Shot, incidents: dict[str, str]) -> None:
    user = house.users.get(shot.who, house.home.owner)
    page = await page_of(running, house.home, user, house.language, shot.size, dark=shot.dark)
    await page.goto(f"{house.home.url}/smart-community/{shot.path.format(**incidents)}")
    await page.locator(shot.ready).first.wait_for()
    if shot.name == "report-phone":
        await page.locator("select[name=area]").select_option(index=1)
        await page.locator(".target").click(position={"x": 250, "y": 130})
    if shot.part:
        await page.locator(shot.part).evaluate("one => one.scrollIntoView()")
    await save(page, f"{shot.name}.{house.language}")
    await page.context.close()


async def main() -> None:
    """Take them all, or what is named."""
    named = sys.argv[1:]
    only = named.pop(named.index("--only") + 1) if "--only" in named else ""
    languages = [one for one in named if one != "--only"] or ["en", "zh-Hans"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    for language in languages:
        if only in {"", "desk"}:
            await take_desk(language)
        if only in {"", "pages"}:
            await take_pages(language)


if __name__ == "__main__":
    asyncio.run(main())
