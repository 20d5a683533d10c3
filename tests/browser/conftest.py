"""One Home Assistant and one Chromium for all browser tests; a real login for each person.

Everything runs in one event loop for the whole session: a browser outlives a test.
"""

import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
import pytest_socket
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    ViewportSize,
    async_playwright,
)

from .house import House

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
# The cards alone: what Home Assistant's own frame gets wrong is not ours.
CARD = "smart-community-duty-desk"
# A promise that nobody waits for says "Object" when it fails; its reason is what helps. Home
# Assistant's own pages ask for commands of integrations that this one does without.
REASONS = """addEventListener("unhandledrejection", (event) => {
  if (event.reason?.code === "unknown_command") event.preventDefault();
  else console.error("unhandled", JSON.stringify(event.reason), String(event.reason));
});"""
# Home Assistant's own pages end subscriptions that their new connection never had; the promise that
# failed says "Object" beside its reason.
OF_OLD_SUBSCRIPTIONS = (
    r'unhandled \{"code":"not_found","message":"Subscription not found\."\} .*',
    "Object",
)
# What a view shows once it is there.
CONTENT = f"{CARD} .desk, .figures, .form, .communities, .facts"
IS_DARK = "() => document.querySelector('home-assistant').hass.themes.darkMode"
# The way to it through the shadow roots, from the page inwards.
HOSTS = """card => {
  const path = [];
  for (let one = card; one; one = one.getRootNode().host) path.unshift(one.localName);
  return path;
}"""


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """No Home Assistant in this process: the real one is another."""


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """The browser and its tasks are meant to outlive a test."""


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """The browser is a process behind a socket."""


def chromium() -> str:
    """Where Debian's Chromium is; a clear word if it is nowhere."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(
            "no Chromium here: script/test installs it where it may; otherwise install it yourself"
            " (Debian: apt-get install chromium fonts-wqy-microhei)"
        )
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def started(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The house that all tests share."""
    pytest_socket.enable_socket()
    house = House(tmp_path_factory.mktemp("browser"))
    try:
        await house.start()
        yield house
    finally:
        await house.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser; every page has its own profile in it."""
    pytest_socket.enable_socket()
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def house(started: House) -> House:
    """The house with nothing open in it."""
    await started.clear()
    return started


class Desk:
    """A person before the duty desk."""

    def __init__(self, page: Page, house: House) -> None:
        self.page = page
        self.house = house
        self.complaints: list[str] = []
        self._expected: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def expected(self, *patterns: str) -> None:
        """Let pass what a test brings about; what else is said, now or later, still fails it."""
        self._expected += patterns

    @property
    def unexpected(self) -> list[str]:
        """What was said that no pattern matches from its first letter to its last."""
        return [
            complaint
            for complaint in self.complaints
            if not any(re.fullmatch(pattern, complaint) for pattern in self._expected)
        ]

    async def open(self, path: str) -> None:
        """Open a page of the dashboard, logged in already."""
        await self.page.goto(self.house.home.url + path)
        await self.page.locator(CONTENT).first.wait_for()

    async def log_in(self, key: str, path: str) -> str:
        """Fill in the form, as everybody does; returns the login that the browser keeps."""
        user = self.house.users.get(key, self.house.home.owner)
        await self.page.add_init_script("localStorage.removeItem('hassTokens');")
        await self.page.goto(self.house.home.url + path)
        await self.page.locator("input[name=username]").fill(user.username)
        await self.page.locator("input[name=password]").fill(user.password)
        await self.page.keyboard.press("Enter")
        await self.page.locator(CONTENT).first.wait_for()
        login: str = await self.page.evaluate("localStorage.hassTokens")
        await self.use(login)
        return login

    async def use(self, login: str) -> None:
        """Be logged in from the next page on: others use the same browser."""
        await self.page.add_init_script(f"localStorage.hassTokens = {json.dumps(login)};")

    @property
    def rows(self) -> Any:
        return self.page.locator(f"{CARD} li.row")

    def row(self, zone: str) -> Any:
        return self.rows.filter(has_text=zone)

    def button(self, name: str) -> Any:
        """A button of the incident that is open."""
        return self.page.locator(f"{CARD} .actions").get_by_role("button", name=name, exact=True)

    async def ask(self, kind: str, **fields: Any) -> Any:
        """Send a websocket command with this page's login; the error if it is refused."""
        message = json.dumps({"type": f"smart_community/{kind}", **fields})
        return await self.page.evaluate(
            "message => document.querySelector('home-assistant').hass.connection"
            ".sendMessagePromise(JSON.parse(message)).catch((error) => error)",
            message,
        )

    async def accessible(self, card: str = CARD) -> None:
        """Look at a card as it is, and by the other light at the other width."""
        path = await self.page.locator(card).evaluate(HOSTS)
        size, dark = self.page.viewport_size, await self.page.evaluate(f"({IS_DARK})()")
        assert size is not None
        await self._check(path)
        for night, width in ((not dark, DESKTOP if size == PHONE else PHONE), (dark, size)):
            await self.page.emulate_media(color_scheme="dark" if night else "light")
            await self.page.wait_for_function(f"night => ({IS_DARK})() === night", arg=night)
            await self.page.set_viewport_size(width)
            if width is not size:
                await self._check(path)

    async def _check(self, path: list[str]) -> None:
        """Serious findings of axe-core's rules are failures."""
        found = await Axe().run(self.page, context={"include": [{"fromShadowDom": path}]})
        serious = [
            (one["id"], [node["html"][:120] for node in one["nodes"]])
            for one in found.response["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
        assert serious == []


type Sit = Callable[..., Awaitable[Desk]]


class Places:
    """A phone and a screen, each with one profile for all who use it, and who has logged in.

    A profile of its own for each person would fetch and compile Home Assistant's whole frontend
    again, which takes longer than what most tests do. Each logs in by the form once; what the
    browser keeps of a login is put where it was before each of its pages loads.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._profiles: dict[bool, BrowserContext] = {}
        self.logins: dict[str, str] = {}

    async def page(self, *, phone: bool) -> Page:
        """Return an empty page."""
        if phone not in self._profiles:
            self._profiles[phone] = await self._browser.new_context(
                viewport=PHONE if phone else DESKTOP,
                is_mobile=phone,
                has_touch=phone,
                # It would fetch all of Home Assistant's pages for when there is no network.
                service_workers="block",
            )
            self._profiles[phone].set_default_timeout(15_000)
        return await self._profiles[phone].new_page()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def places(browser: Browser) -> Places:
    """The phone and the screen that all tests share."""
    return Places(browser)


@pytest_asyncio.fixture(loop_scope="session")
async def sit(house: House, places: Places) -> AsyncIterator[Sit]:
    """Sit a person down before the desk: `await sit("guard", phone=True, language="zh-Hans")`."""
    desks: list[Desk] = []

    async def seated(
        key: str,
        *,
        phone: bool = False,
        language: str = "en-GB",
        dark: bool = False,
        path: str = "/smart-community/desk",
        prepare: Callable[[Page], Awaitable[None]] | None = None,
    ) -> Desk:
        page = await places.page(phone=phone)
        await page.emulate_media(color_scheme="dark" if dark else "light")
        await page.add_init_script(f"localStorage.selectedLanguage = '{json.dumps(language)}';")
        await page.add_init_script(REASONS)
        if prepare is not None:
            await prepare(page)
        desk = Desk(page, house)
        desks.append(desk)
        if key in places.logins:
            await desk.use(places.logins[key])
            await desk.open(path)
        else:
            places.logins[key] = await desk.log_in(key, path)
        return desk

    yield seated
    complaints = [complaint for desk in desks for complaint in desk.unexpected]
    for desk in desks:
        await desk.page.close()
    assert complaints == []
