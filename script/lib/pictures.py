"""Takes the pictures of docs/images from a real Home Assistant with a fire in it.

    pictures.py [en] [zh-Hans] [--only desk|pages|<name of one of the desk's>]

The login is put where the frontend keeps it, so that no form has to be filled in.
"""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from script.lib.picture_scene import happen, look_back
from tests.browser.house import House
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


async def take_desk(language: str, only: str) -> None:
    """Take the pictures of the dashboard, on a phone and on a screen, by day and by night."""
    with tempfile.TemporaryDirectory() as config:
        house = House(Path(config), language)
        try:
            await house.start()
            drill = await look_back(house)
            incidents = {**await happen(house), "drill": drill}
            async with browser() as running:
                for shot in SHOTS:
                    if only in {"", "desk", shot.name}:
                        await _shoot(running, house, shot, incidents)
        finally:
            await house.close()


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
REACHED = "smart-community-duty-desk section:has(> h3:text-matches('^(Who was reached|到达情况)$'))"
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
    Shot(
        name="noise",
        path="noise",
        who="head",
        size=DESKTOP,
        ready="smart-community-noise path.measured",
    ),
    Shot(
        name="drill-phone", path="desk?incident={drill}", who="head", ready=TIMELINE, part=REACHED
    ),
    Shot(name="report-phone", path="report", ready="smart-community-report form"),
    Shot(name="agreements-phone", path="agreements", ready="smart-community-agreements table"),
    Shot(name="devices-phone", path="devices", ready="smart-community-devices li"),
    Shot(name="drills", path="drills", who="head", size=DESKTOP, ready="smart-community-drills li"),
    Shot(
        name="statistics",
        path="statistics",
        who="head",
        size=(1280, 1500),
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
    if shot.name == "statistics":
        await page.locator("smart-community-statistics summary").first.click()
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
        if only in {"", "desk", *(shot.name for shot in SHOTS)}:
            await take_desk(language, only)
        if only in {"", "pages"}:
            await take_pages(language)


if __name__ == "__main__":
    asyncio.run(main())
