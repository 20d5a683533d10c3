"""Phones with the companion app, and the relay that pushes to them.

A phone registers through Home Assistant's real mobile_app API, receives over the relay's HTTP or
the local websocket channel, keeps a shade of notices as the app does (the same tag replaces, a
clear_notification takes away), and presses buttons over its webhook.

    python -m tests.simulators.companion_phone --url http://localhost:8123 --token TOKEN --name Duty
"""

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from .http_far_end import HttpFarEnd


@dataclass(frozen=True)
class Notice:
    """One push as it arrived; `at` is time.time(), `clock` time.perf_counter()."""

    phone: str
    title: str
    message: str
    data: dict[str, Any]
    at: float
    clock: float

    @property
    def tag(self) -> str:
        """What makes a later notice replace this one."""
        return str(self.data.get("tag", ""))

    @property
    def critical(self) -> bool:
        """Whether it sounds through silent mode: an Android phone reads no word of iOS.

        Taking either for it would hide that the other is missing.
        """
        return self.data.get("channel") == "alarm_stream"

    def action(self, verb: str) -> str:
        """The action name of a button, by the verb in it."""
        for button in self.data.get("actions", []):
            if f"_{verb}_" in button["action"]:
                return str(button["action"])
        raise LookupError(f"no button {verb} on {self.title!r}")


class Relay(HttpFarEnd):
    """The push relay: takes what Home Assistant posts and hands it to the phone it is for."""

    def __init__(self, port: int = 0) -> None:
        super().__init__("/push", self._push, port)
        self.phones: dict[str, Phone] = {}
        self.status = 201
        self.delay = 0.0
        # Tokens of phones that were given up: what is sent there comes to nothing.
        self.gone: set[str] = set()
        # Tokens for which it hangs until it is released, and what was asked of it, in order.
        self.hanging: set[str] = set()
        self.asked: list[tuple[str, str, str]] = []

    async def _push(self, request: web.Request) -> web.Response:
        body = await request.json()
        asked = body["push_token"], body.get("title") or "", body["message"]
        self.asked.append(asked)
        if body["push_token"] in self.hanging:
            await self.released.wait()
        if self.delay:
            await asyncio.sleep(self.delay)
        if body["push_token"] in self.gone:
            return web.json_response({"errorType": "InvalidToken"}, status=404)
        if self.status == 201:
            self.phones[body["push_token"]].receive(body)
        limits = {"successful": 1, "errors": 0, "maximum": 500, "resetsAt": "2030-01-01T00:00:00Z"}
        return web.json_response({"rateLimits": limits}, status=self.status)


@dataclass
class Phone:
    """One phone of one user."""

    name: str
    url: str
    token: str
    relay: Relay
    on_notice: Callable[[Notice], None] = lambda _: None
    webhook_id: str = ""
    history: list[Notice] = field(default_factory=list)
    shade: dict[str, Notice] = field(default_factory=dict)
    local: bool = False
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    confirming: list[asyncio.Task[None]] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _task: asyncio.Task[None] | None = None
    _session: aiohttp.ClientSession | None = None

    @property
    def push_token(self) -> str:
        """The phone's address at the relay."""
        return f"token-{self.name}"

    async def register(self, session: aiohttp.ClientSession) -> None:
        """Register as the app does at its first start."""
        body = {
            "app_id": "io.homeassistant.simulated",
            "app_name": "Companion",
            "app_version": "2026.10",
            "device_name": self.name,
            "manufacturer": "Simulated",
            "model": "Phone",
            "device_id": self.name.lower().replace(" ", "-"),
            "os_name": "Android",
            "os_version": "16",
            "supports_encryption": False,
            "app_data": {"push_token": self.push_token, "push_url": f"{self.relay.url}/push"},
        }
        if self.local:
            body["app_data"] = {"push_websocket_channel": True}
        headers = {"Authorization": f"Bearer {self.token}"}
        path = f"{self.url}/api/mobile_app/registrations"
        async with session.post(path, json=body, headers=headers) as answer:
            answer.raise_for_status()
            self.webhook_id = (await answer.json())["webhook_id"]
        self.relay.phones[self.push_token] = self
        self._session = session
        if self.local:
            self._task = asyncio.create_task(self._listen(session))

    async def _listen(self, session: aiohttp.ClientSession) -> None:
        """Hold the local push channel open, through restarts, and confirm what comes."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, TypeError, KeyError):
                async with session.ws_connect(f"{self.url}/api/websocket") as ws:
                    await ws.receive_json()
                    await ws.send_json({"type": "auth", "access_token": self.token})
                    await ws.receive_json()
                    channel = {
                        "id": 1,
                        "type": "mobile_app/push_notification_channel",
                        "webhook_id": self.webhook_id,
                        "support_confirm": True,
                    }
                    await ws.send_json(channel)
                    number = 1
                    if (await ws.receive_json())["success"]:
                        self.connected.set()
                    while self.connected.is_set():
                        said = await ws.receive_json()
                        if said.get("type") != "event":
                            continue
                        event, number = said["event"], number + 1
                        self.receive(event)
                        confirm = {
                            "id": number,
                            "type": "mobile_app/push_notification_confirm",
                            "webhook_id": self.webhook_id,
                            "confirm_id": event["hass_confirm_id"],
                        }
                        await ws.send_json(confirm)
            self.connected.clear()
            await asyncio.sleep(0.2)

    def switch_off(self) -> None:
        """Close the local channel for good."""
        if self._task is not None:
            self._task.cancel()

    def receive(self, body: dict[str, Any]) -> None:
        """Take a push in, as the app's notification service does."""
        notice = Notice(
            phone=self.name,
            title=body.get("title") or "",
            message=body["message"],
            data=body.get("data") or {},
            at=time.time(),
            clock=time.perf_counter(),
        )
        self.history.append(notice)
        if notice.message == "clear_notification":
            self.shade.pop(notice.tag, None)
        else:
            self.shade[notice.tag] = notice
        self.on_notice(notice)
        asyncio.get_running_loop().create_task(self._tell())
        if notice.data.get("confirmation") and self._session is not None:
            received = self._fire(
                self._session, "mobile_app_notification_received", {"tag": notice.tag}
            )
            self.confirming.append(asyncio.get_running_loop().create_task(received))

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def wait_for(self, wanted: Callable[[Notice], bool], timeout: float) -> Notice:
        """Wait for a push, also one that has come already."""
        async with asyncio.timeout(timeout), self._news:
            while True:
                for notice in self.history:
                    if wanted(notice):
                        return notice
                await self._news.wait()

    async def wait_until_notice_gone(self, tag: str, timeout: float) -> None:
        """Wait until no notice with this tag is on the screen."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: tag not in self.shade)

    async def tap(
        self, session: aiohttp.ClientSession, notice: Notice, verb: str, words: str = ""
    ) -> None:
        """Press a button."""
        await self.send_action(session, notice.action(verb), notice.tag, words)

    async def send_action(
        self, session: aiohttp.ClientSession, action: str, tag: str = "", words: str = ""
    ) -> None:
        """Send any action name, as any phone can."""
        event = {"action": action, "tag": tag}
        if words:
            event["reply_text"] = words
        await self._fire(session, "mobile_app_notification_action", event)

    async def _fire(
        self, session: aiohttp.ClientSession, event_type: str, event: dict[str, Any]
    ) -> None:
        """Tell Home Assistant of an event, as the app does."""
        body = {"type": "fire_event", "data": {"event_type": event_type, "event_data": event}}
        path = f"{self.url}/api/webhook/{self.webhook_id}"
        async with session.post(path, json=body) as answer:
            answer.raise_for_status()


def drawn(notice: Notice) -> str:
    """A notice as a person sees it on the phone."""
    rows = [f"{notice.phone}{'  (!)' if notice.critical else ''}", notice.title]
    rows += notice.message.split("\n")
    buttons = [button["title"] for button in notice.data.get("actions", [])]
    if buttons:
        rows.append("  ".join(f"[{title}]" for title in buttons))
    return "\n".join(f"  | {row}" for row in rows)


async def main() -> None:
    """Register a phone and show what comes until the keyboard ends."""
    parser = argparse.ArgumentParser(description="A simulated phone with the companion app")
    parser.add_argument("--url", default="http://localhost:8123")
    parser.add_argument("--token", required=True, help="a long-lived access token of the user")
    parser.add_argument("--name", default="Simulated phone")
    options = parser.parse_args()
    relay = Relay()
    await relay.start()

    def show(notice: Notice) -> None:
        print(drawn(notice), flush=True)

    async with aiohttp.ClientSession() as session:
        phone = Phone(options.name, options.url, options.token, relay, show)
        await phone.register(session)
        print(
            "registered; 'tap ACKNOWLEDGE|HANDLED|FALSE|HELP [words]' presses a button", flush=True
        )
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            match line.split(maxsplit=2):
                case ["quit"]:
                    break
                case ["tap", verb, *words] if phone.shade:
                    notice = list(phone.shade.values())[-1]
                    await phone.tap(session, notice, verb.upper(), " ".join(words))
    await relay.stop()


if __name__ == "__main__":
    asyncio.run(main())
