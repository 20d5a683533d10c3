"""A phone with the companion app: registers, receives, shows, and presses buttons.

It speaks Home Assistant's real mobile_app API and receives over the push relay, the local
websocket channel, or both. From a terminal, over the websocket:

    python -m tests.simulators.phone --url http://localhost:8123 --token TOKEN --name "Property duty"
"""

import argparse
import asyncio
import contextlib
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Self

import aiohttp

from .home_websocket import CommandError, Websocket, new_session
from .phone_notification import Button, Notification, Os, Via, drawn
from .phone_relay import Fault, Received, Relay

__all__ = ["Button", "Fault", "Notification", "Os", "Phone", "Received", "Relay", "Via", "drawn"]

# How soon the app tries again when Home Assistant is away. The real one backs off; a test need not.
RECONNECT_AFTER = 0.2

APPS = {
    Os.ANDROID: ("io.homeassistant.companion.android", "Google", "Pixel", "16"),
    Os.IOS: ("io.robbie.HomeAssistant", "Apple", "iPhone17,1", "26.1"),
}


class Phone:
    """One phone of one user.

    `shade` is what is on its screen by tag, `history` all that ever came. `confirm` False is a
    phone whose app takes local pushes and confirms none.
    """

    def __init__(
        self,
        home_url: str,
        user_token: str,
        name: str,
        *,
        relay: Relay | None = None,
        os: str = Os.ANDROID,
        websocket_channel: bool = False,
        confirm: bool = True,
    ) -> None:
        self.home_url = home_url
        self.user_token = user_token
        self.name = name
        self.os = Os(os)
        self.confirm = confirm
        self.device_id = uuid.uuid4().hex
        self.webhook_id = ""
        self.shade: dict[str, Notification] = {}
        self.history: list[Notification] = []
        self.on_notification: Callable[[Notification], None] = lambda _: None
        # Set while Home Assistant has the local channel.
        self.connected = asyncio.Event()
        self._relay = relay
        self._websocket_channel = websocket_channel
        self._session: aiohttp.ClientSession | None = None
        self._listener: asyncio.Task[None] | None = None
        self._waiting: list[asyncio.Event] = []

    # -- registration

    async def register(self) -> None:
        """Register as the app does when it is set up; then receive."""
        app_id, manufacturer, model, version = APPS[self.os]
        body = {
            "app_id": app_id,
            "app_name": "Home Assistant",
            "app_version": "2026.10.1",
            "device_name": self.name,
            "manufacturer": manufacturer,
            "model": model,
            "device_id": self.device_id,
            "os_name": self.os,
            "os_version": version,
            "supports_encryption": False,
            "app_data": self._app_data(),
        }
        path = f"{self.home_url}/api/mobile_app/registrations"
        headers = {"Authorization": f"Bearer {self.user_token}"}
        async with self._http().post(path, json=body, headers=headers) as answer:
            answer.raise_for_status()
            self.webhook_id = (await answer.json())["webhook_id"]
        await self.receive()

    def _app_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if self._relay is not None:
            data |= {"push_token": self._push_token, "push_url": self._relay.url}
        if self._websocket_channel:
            data["push_websocket_channel"] = True
        return data

    @property
    def _push_token(self) -> str:
        return f"token-{self.device_id}"

    def dump(self) -> dict[str, str]:
        """Return what the app keeps, as plain values; `load` makes the same phone of it again."""
        return {
            "home_url": self.home_url,
            "user_token": self.user_token,
            "name": self.name,
            "os": self.os,
            "device_id": self.device_id,
            "webhook_id": self.webhook_id,
            "websocket_channel": "yes" if self._websocket_channel else "",
        }

    @classmethod
    async def load(cls, kept: dict[str, str], relay: Relay | None = None) -> Self:
        """Return the phone of a dump, and let it receive; its relay listens where it did."""
        phone = cls(
            kept["home_url"],
            kept["user_token"],
            kept["name"],
            relay=relay,
            os=kept["os"],
            websocket_channel=bool(kept["websocket_channel"]),
        )
        phone.device_id = kept["device_id"]
        phone.webhook_id = kept["webhook_id"]
        await phone.receive()
        return phone

    # -- receiving

    async def receive(self, within: float = 30.0) -> None:
        """Receive what comes from now on; returns when the ways in are open."""
        if self._relay is not None:
            self._relay.attach(self._push_token, lambda body: self._take(body, Via.RELAY))
        if self._websocket_channel and self._listener is None:
            self._listener = asyncio.create_task(self._listen())
            async with asyncio.timeout(within):
                await self.connected.wait()

    async def disconnect(self) -> None:
        """Let go of the local channel, as a phone does that leaves the house."""
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None

    async def close(self) -> None:
        """End everything."""
        await self.disconnect()
        if self._session is not None:
            await self._session.close()

    async def _listen(self) -> None:
        """Hold the local channel, through restarts of Home Assistant."""
        while True:
            # Also the commands fail while Home Assistant starts: mobile_app is not there yet.
            with contextlib.suppress(aiohttp.ClientError, OSError, CommandError):
                await self._channel()
            await asyncio.sleep(RECONNECT_AFTER)

    async def _channel(self) -> None:
        channel = {"type": "mobile_app/push_notification_channel", "webhook_id": self.webhook_id}
        try:
            async with Websocket.open(self._http(), self.home_url, self.user_token) as websocket:
                pushes = await websocket.subscribe(**channel, support_confirm=True)
                self.connected.set()
                async for push in pushes:
                    self._take(push, Via.WEBSOCKET)
                    if self.confirm:
                        # Too late to be of use is no fault of the phone's.
                        with contextlib.suppress(CommandError):
                            await websocket.command(
                                type="mobile_app/push_notification_confirm",
                                webhook_id=self.webhook_id,
                                confirm_id=push["hass_confirm_id"],
                            )
        finally:
            self.connected.clear()

    def _take(self, push: dict[str, Any], via: Via) -> None:
        """Do with a push what the app does."""
        notification = Notification(
            phone=self.name,
            os=self.os,
            title=push.get("title") or "",
            message=push["message"],
            data=push.get("data") or {},
            via=via,
            at=time.time(),
            clock=time.perf_counter(),
        )
        self.history.append(notification)
        if notification.clears:
            self.shade.pop(notification.tag, None)
        else:
            # Without a tag nothing ever replaces it.
            key = notification.tag or f"untagged {len(self.history)}"
            self.shade.pop(key, None)
            self.shade[key] = notification
        self.on_notification(notification)
        for news in self._waiting:
            news.set()

    async def wait_for(
        self, predicate: Callable[[Notification], bool], within: float = 10.0
    ) -> Notification:
        """Wait for a push, also one that has come already; TimeoutError if none comes."""
        found: list[Notification] = []

        def came() -> bool:
            found[:] = [one for one in self.history if predicate(one)]
            return bool(found)

        await self.wait_until(came, within)
        return found[0]

    async def wait_until(self, condition: Callable[[], bool], within: float = 10.0) -> None:
        """Wait until something holds of this phone, such as a tag gone from its shade."""
        news = asyncio.Event()
        self._waiting.append(news)
        try:
            async with asyncio.timeout(within):
                while not condition():
                    await news.wait()
                    news.clear()
        finally:
            self._waiting.remove(news)

    # -- acting

    async def tap(
        self, notification: Notification, wanted: str, reply_text: str | None = None
    ) -> None:
        """Press a button, named as in `Notification.button`; words only where the button asks.

        The notification leaves the screen, as it does on both systems; on Android not after words.
        """
        button = notification.button(wanted)
        if reply_text is not None and not button.asks:
            raise LookupError(button.action, "asks for no words")
        event = self._event(notification, button, (reply_text or "") if button.asks else None)
        await self.send_action(event)
        if self.os is Os.IOS or not button.asks:
            for key, shown in list(self.shade.items()):
                if shown is notification:
                    del self.shade[key]
            for news in self._waiting:
                news.set()

    def _event(
        self, notification: Notification, button: Button, reply_text: str | None
    ) -> dict[str, Any]:
        """Return what the app reports: Android the whole notification, flat; iOS little of it."""
        words = {} if reply_text is None else {"reply_text": reply_text}
        if self.os is Os.IOS:
            about = {"sourceDeviceID": self.device_id, "sourceDeviceName": self.name}
            if "action_data" in notification.data:
                about["action_data"] = notification.data["action_data"]
            return {**about, **words, "action": button.action}
        flat: dict[str, Any] = {"title": notification.title, "message": notification.message}
        flat |= {
            key: str(value)
            for key, value in notification.data.items()
            if not isinstance(value, (dict, list))
        }
        for number, each in enumerate(notification.actions, 1):
            flat |= {f"action_{number}_key": each.action, f"action_{number}_title": each.title}
        return {**flat, **words, "action": button.action}

    async def send_action(self, event: dict[str, Any]) -> None:
        """Send a button press with any content, as any phone can, also for another's incident."""
        body = {
            "type": "fire_event",
            "data": {"event_type": "mobile_app_notification_action", "event_data": event},
        }
        path = f"{self.home_url}/api/webhook/{self.webhook_id}"
        async with self._http().post(path, json=body) as answer:
            answer.raise_for_status()

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = new_session()
        return self._session


# -- the command line


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _lines() -> asyncio.Queue[str]:
    """Return the lines of the keyboard as they are typed; an empty one at its end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        while line := sys.stdin.readline():
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    # A daemon: a read that waits for a key cannot be ended otherwise.
    threading.Thread(target=read, daemon=True).start()
    return lines


async def _obey(phone: Phone, line: str) -> bool:
    """Do what was typed; returns whether to go on."""
    last = next(reversed(phone.shade.values()), None)
    match line.split(maxsplit=2):
        case [] if not line:
            return False
        case ["quit"]:
            return False
        case ["list"]:
            _say("\n".join(map(drawn, phone.shade.values())) or "nothing on the screen")
        case ["tap", number, *words] if last and number.isdecimal():
            try:
                button = last.actions[int(number) - 1]
                await phone.tap(last, button.action, words[0].strip() if words else None)
                _say(f"tapped {button.title}")
            except IndexError, LookupError:
                _say("no such button, or it asks for no words")
        case _:
            _say("tap N [words] | list | quit")
    return True


async def main() -> None:
    """Register a phone, draw what comes, and obey the keyboard until it ends."""
    parser = argparse.ArgumentParser(description="A simulated phone with the companion app")
    parser.add_argument("--url", default="http://localhost:8123")
    parser.add_argument("--token", required=True, help="a long-lived access token of the user")
    parser.add_argument("--name", default="Simulated phone")
    parser.add_argument("--os", choices=list(Os), default=Os.ANDROID)
    options = parser.parse_args()
    phone = Phone(options.url, options.token, options.name, os=options.os, websocket_channel=True)
    # Started again under the same name, it is the same phone, not a second one.
    phone.device_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{options.os} {options.name}").hex
    phone.on_notification = lambda one: _say("(taken away)" if one.clears else drawn(one))
    try:
        await phone.register()
        _say(f"{phone.name} is registered: tap N [words] | list | quit")
        lines = _lines()
        while await _obey(phone, await lines.get()):
            pass
    finally:
        await phone.close()


if __name__ == "__main__":
    asyncio.run(main())
