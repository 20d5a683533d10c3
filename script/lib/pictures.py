"""Takes the pictures of docs/images from a real Home Assistant with a fire in it.

Chromium is spoken to over its DevTools protocol; the owner's login is put where the frontend keeps
it, so that no form has to be filled in.
"""

import asyncio
import base64
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.simulators.estate import Estate

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
READY = "!document.querySelector('#ha-launch-screen')"


class Page:
    """One page of the browser."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Take the connection to the page."""
        self._connection = connection
        self._number = 0

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._number += 1
        await self._connection.send_json({"id": self._number, "method": method, "params": params})
        while True:
            said = await self._connection.receive_json(timeout=30)
            if said.get("id") == self._number:
                return dict(said.get("result", {}))

    async def run(self, code: str) -> Any:
        """Evaluate code in the page."""
        said = await self.send(
            "Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True
        )
        return said.get("result", {}).get("value")

    async def open(self, url: str, settle: float = 3.0) -> None:
        """Open a page and wait until the frontend has drawn it."""
        await self.send("Page.navigate", url=url)
        async with asyncio.timeout(40):
            while not await self.run(READY):
                await asyncio.sleep(0.2)
        await asyncio.sleep(settle)

    async def picture(self, path: Path, width: int, height: int) -> None:
        """Save what is seen."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < height,
        )
        await asyncio.sleep(1.0)
        shot = await self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))
        print(path.relative_to(ROOT))


@asynccontextmanager
async def browser(estate: Estate) -> AsyncIterator[Page]:
    """Start Chromium, logged in as the owner."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        sys.exit(
            "no Chromium here: install it (Debian: apt-get install chromium fonts-wqy-microhei)"
        )
    with tempfile.TemporaryDirectory() as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port = Path(profile) / "DevToolsActivePort"
            async with asyncio.timeout(30):
                while not port.exists() or not port.read_text():
                    await asyncio.sleep(0.1)
            base = f"http://127.0.0.1:{port.read_text().splitlines()[0]}"
            session = estate.home.session
            if session is None:
                sys.exit("Home Assistant does not run")
            async with session.get(f"{base}/json") as answer:
                pages = await answer.json()
            (target,) = [page for page in pages if page["type"] == "page"]
            async with session.ws_connect(
                target["webSocketDebuggerUrl"], max_msg_size=0
            ) as connection:
                page = Page(connection)
                await page.send("Page.enable")
                tokens = {
                    "access_token": estate.home.owner.access_token,
                    "refresh_token": estate.home.owner.refresh_token,
                    "expires_in": 1800,
                    "token_type": "Bearer",
                    "hassUrl": estate.home.url,
                    "clientId": estate.home.client_id,
                    "expires": 9999999999999,
                }
                store = (
                    f"localStorage.hassTokens = {json.dumps(json.dumps(tokens))};"
                    f"localStorage.selectedLanguage = {json.dumps(json.dumps(estate.language))};"
                )
                await page.send("Page.addScriptToEvaluateOnNewDocument", source=store)
                yield page
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def take(language: str) -> None:
    """Take the pictures of one language."""
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
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
            async with browser(estate) as page:
                for name, (path, width, height) in pages.items():
                    await page.open(f"{estate.home.url}{path}")
                    await page.picture(folder / f"{name}.{language}.png", width, height)
        finally:
            await estate.stop()


async def main() -> None:
    """Take them all."""
    for language in sys.argv[1:] or ("en", "zh-Hans"):
        await take(language)


if __name__ == "__main__":
    asyncio.run(main())
