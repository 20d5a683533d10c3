"""Takes the pictures of docs/images from a real Home Assistant with a fire in it.

    pictures.py [en] [zh-Hans] [--only desk|pages]

The login is put where the frontend keeps it, so that no form has to be filled in.
"""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.house import House
from tests.simulators.estate import Estate
from tests.simulators.hass_process import HomeAssistant, User

FOLDER = ROOT / "docs" / "images"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
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
    await page.screenshot(path=path)
    print(path.relative_to(ROOT))


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


async def take_desk(language: str) -> None:
    """Take the pictures of the dashboard, on a phone and on a screen, by day and by night."""
    with tempfile.TemporaryDirectory() as config:
        house = House(Path(config), language)
        try:
            await house.start()
            fire = await _happen(house)
            async with browser() as running:
                await _shoot(running, house, fire)
        finally:
            await house.home.close()


async def _happen(house: House) -> str:
    """Let it happen; returns the fire's incident."""
    home = house.home
    async with home.websocket(home.owner) as ws:
        for entity, (x, y) in zip(house.detectors, SPOTS, strict=True):
            await ws.command("smart_community/place", entity_id=entity, x=x, y=y)
    for loop, place, taken_by in SCENE[house.language]:
        answer = await house.signal(loop, place)
        if taken_by is not None:
            deed = {"incident": answer["incident"]}
            await home.action("smart_community.acknowledge", deed, house.users[taken_by])
    answer = await house.signal("smoke_multiple", house.names["area"], *house.detectors[:2])
    return str(answer["incident"])


async def _shoot(running: Browser, house: House, fire: str) -> None:
    language, users, url = house.language, house.users, house.home.url
    for dark in (False, True):
        suffix = f"{'dark.' if dark else ''}{language}"
        page = await page_of(running, house.home, users["guard"], language, PHONE, dark=dark)
        await page.goto(f"{url}/smart-community/desk")
        await page.locator("smart-community-duty-desk li.row").first.wait_for()
        await save(page, f"desk-phone.{suffix}")
        await page.goto(f"{url}/smart-community/desk?incident={fire}")
        await page.locator("smart-community-duty-desk .timeline li").first.wait_for()
        await save(page, f"incident-phone.{suffix}")
        page = await page_of(running, house.home, users["head"], language, DESKTOP, dark=dark)
        await page.goto(f"{url}/smart-community/desk?incident={fire}")
        await page.locator("smart-community-duty-desk .timeline li").first.wait_for()
        await save(page, f"desk.{suffix}")
    page = await page_of(running, house.home, house.home.owner, language, DESKTOP)
    await page.goto(f"{url}/smart-community/loops")
    await page.locator("smart-community-loops table").wait_for()
    await save(page, f"loops.{language}")


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
