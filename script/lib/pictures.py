"""Takes the pictures of docs/images from a real Home Assistant with a fire in it.

    pictures.py [en] [zh-Hans] [--only desk|pages|<names of the desk's, with commas between them>]

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
from tests.simulators.zigbee import VirtualCoordinator

FOLDER = ROOT / "docs" / "images"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
DOMAIN = "smart_community"
# What is pressed in Home Assistant's own pages, and the names in the menu of what can be added.
PRESSED = {
    "en": {
        "agree": "OK",
        "submit": "Submit",
        "responder": "Add responder",
        "unit": "Add unit",
        "community": "A community",
        "zigbee": "A Zigbee network",
    },
    "zh-Hans": {
        "agree": "确定",
        "submit": "提交",
        "responder": "添加责任单位",
        "unit": "添加从站",
        "community": "社区",
        "zigbee": "Zigbee 网络",
    },
}
NETWORK = {"en": "Zigbee building 5", "zh-Hans": "5号楼Zigbee"}
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
            todo = next(
                one["entity_id"]
                for one in states
                if one["entity_id"].startswith("todo.")
                # Of all who were told the desk that was told first.
                and one["attributes"]["friendly_name"].startswith(estate.words["guard"])
            )
            pages = {
                "work-orders": (f"/todo?entity_id={todo}", 900, 600),
                "community": ("/config/integrations/integration/smart_community", 1200, 900),
                "blueprint": (
                    "/config/automation/edit/smoke_multiple",
                    1200,
                    1180,
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
                await _take_flows(page, estate)
        finally:
            await estate.stop()


async def _take_flows(page: Page, estate: Estate) -> None:
    """Take the forms by which a community, its people and its devices are added."""
    language, url = estate.language, estate.home.url
    words = PRESSED[language]
    dialog = page.locator("dialog-data-entry-flow")

    async def press(key: str) -> None:
        await page.get_by_role("button", name=words[key], exact=True).first.click()

    async def fill(*values: str) -> None:
        for index, value in enumerate(values):
            await dialog.locator("input:visible, textarea:visible").nth(index).fill(value)

    async def begin(kind: str) -> None:
        await page.goto(f"{url}/config/integrations/dashboard/add?domain={DOMAIN}")
        await press("agree")
        if not kind:
            return
        await dialog.get_by_text(words[kind], exact=True).click()
        await dialog.locator("input:visible").first.wait_for()

    await page.goto(f"{url}/config/integrations/integration/{DOMAIN}")
    await press("responder")
    await save(page, f"flow-responder.{language}", 4)
    await page.goto(f"{url}/config/integrations/integration/{DOMAIN}")
    # A second panel on the line, which answers before it is kept.
    estate.panels.add_fire_panel(2, 6)
    estate.panels.units[2].discrete[2] = True
    await press("unit")
    await dialog.locator("input:visible").first.wait_for()
    await fill(estate.words["panel"].replace("3", "5"), "2")
    await press("submit")
    await dialog.locator("textarea:visible").first.wait_for()
    await fill("6")
    rooms = estate.words["rooms"][:6]
    await dialog.locator("textarea:visible").fill("\n".join(rooms).replace("20", "50"))
    await press("submit")
    await dialog.locator("textarea:visible").wait_for(state="detached")
    await save(page, f"flow-unit.{language}", 3)
    await begin("")
    await save(page, f"flow-add.{language}", 5)
    # Its form is longer than the others.
    await page.set_viewport_size({"width": 480, "height": 1050})
    await begin("community")
    await save(page, f"flow-community.{language}", 3)
    await page.set_viewport_size({"width": 480, "height": 900})
    async with VirtualCoordinator(formed=True) as radio:
        await begin("zigbee")
        await fill(NETWORK[language], radio.path)
        await press("submit")
        await dialog.locator("input:visible").first.wait_for(state="detached")
        await save(page, f"flow-zigbee.{language}", 3)


async def take_desk(language: str, only: set[str]) -> None:
    """Take the pictures of the dashboard, on a phone and on a screen, by day and by night.

    `only`: the names of those that are wanted; empty for all.
    """
    with tempfile.TemporaryDirectory() as config:
        house = House(Path(config), language)
        try:
            await house.start()
            drill = await look_back(house)
            incidents = {**await happen(house), "drill": drill}
            async with browser() as running:
                for shot in SHOTS:
                    if not only or shot.name in only:
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


DESK = "smart-community-duty-desk"
TIMELINE = f"{DESK} .timeline li"
NOTE = {
    "en": "A wall is being broken down; work stopped, the owner has been called",
    "zh-Hans": "住户正在拆墙，已责令停工并联系业主",
}
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
    Shot(name="drill-phone", path="desk?incident={drill}", who="head", ready=TIMELINE),
    # Somebody reports it handled, with what the loop asks for.
    Shot(name="handle-phone", path="desk?incident={handle}", ready=TIMELINE),
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
    if shot.name == "handle-phone":
        await page.locator(f"{DESK} [data-deed=handle]").last.click()
        note = page.locator(f"{DESK} textarea")
        await note.fill(NOTE[house.language])
        await note.blur()
    if shot.name == "statistics":
        await page.locator("smart-community-statistics summary").first.click()
    if shot.part:
        await page.locator(shot.part).evaluate("one => one.scrollIntoView()")
    await save(page, f"{shot.name}.{house.language}")
    await page.context.close()


async def main() -> None:
    """Take them all, or what is named."""
    named = sys.argv[1:]
    wanted = named.pop(named.index("--only") + 1) if "--only" in named else "desk,pages"
    only = set(wanted.split(","))
    languages = [one for one in named if one != "--only"] or ["en", "zh-Hans"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    for language in languages:
        if only != {"pages"}:
            await take_desk(language, set() if "desk" in only else only)
        if "pages" in only:
            await take_pages(language)


if __name__ == "__main__":
    asyncio.run(main())
