"""A real Home Assistant process, as the demo, the kill test and the bench run it.

Set up and spoken to from outside only: onboarding, tokens, registries, flows and actions over HTTP
and the websocket, as a browser does.
"""

import asyncio
import atexit
import contextlib
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

CHECKOUT = Path(__file__).resolve().parents[2]

BASE_CONFIGURATION = """
homeassistant:
  name: Smart Community demo
  time_zone: Asia/Shanghai
  country: CN
  language: {language}
  unit_system: metric
{login}frontend:
mobile_app:
automation: !include automations.yaml
"""


# Logged in without a form; needs the owner's id, which is known once the owner is made.
LOGIN = """  auth_providers:
    - type: trusted_networks
      trusted_networks: [127.0.0.1, "::1"]
      allow_bypass_login: true
      trusted_users: {{127.0.0.1: {owner}, "::1": {owner}}}
    - type: homeassistant
"""


@dataclass
class User:
    """A user with what it takes to act as one."""

    name: str
    username: str
    password: str
    id: str = ""
    access_token: str = ""
    refresh_token: str = ""


class HomeAssistant:
    """One configuration folder and the process that runs it."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client_id = f"{self.url}/"
        self.owner = User("Owner", "owner", "owner-password")
        self.session: aiohttp.ClientSession | None = None
        self._process: asyncio.subprocess.Process | None = None
        atexit.register(self._last_resort)

    def _last_resort(self) -> None:
        """Leave no process behind; only one that still runs, since a number is soon another's."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    def prepare(self, configuration: str = "", language: str = "en") -> None:
        """Write the configuration; `configuration` is appended to what every run needs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._language = language
        self._extra = configuration
        components = self.folder / "custom_components"
        components.mkdir(exist_ok=True)
        link = components / "smart_community"
        if not link.exists():
            link.symlink_to(CHECKOUT / "custom_components" / "smart_community")
        automations = self.folder / "automations.yaml"
        if not automations.exists():
            automations.write_text("[]\n")
        self._write_configuration("")

    def _write_configuration(self, login: str) -> None:
        text = BASE_CONFIGURATION.format(login=login, language=self._language) + self._extra
        (self.folder / "configuration.yaml").write_text(text)

    async def start(self, timeout: float = 90) -> float:
        """Start the process and wait until it runs; returns the seconds that took."""
        began = time.monotonic()
        self.session = self.session or aiohttp.ClientSession()
        log = (self.folder / "process.log").open("ab")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "homeassistant",
            "-c",
            str(self.folder),
            "--skip-pip",
            "--log-file",
            str(self.folder / "home-assistant.log"),
            stdout=log,
            stderr=log,
            env=_environment(self.port),
            # Not the checkout: its custom_components would be taken for the folder's own.
            cwd=self.folder,
        )
        log.close()
        async with asyncio.timeout(timeout):
            while not await self._answers():
                if self._process.returncode is not None:
                    raise RuntimeError(self.log()[-3000:])
                await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def _answers(self) -> bool:
        assert self.session is not None
        try:
            if not self.owner.access_token:
                async with self.session.get(f"{self.url}/api/onboarding") as answer:
                    return answer.status in {200, 401, 404}
            async with self.session.get(f"{self.url}/api/config", headers=_bearer(self.owner)) as a:
                return a.status == 200 and (await a.json())["state"] == "RUNNING"
        except aiohttp.ClientError, OSError:
            return False

    async def kill(self) -> None:
        """Cut the power."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Stop in order."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()
        self._process = None

    async def close(self) -> None:
        """End everything."""
        await self.stop()
        if self.session is not None:
            await self.session.close()
            self.session = None

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None else None

    def log(self) -> str:
        """Everything the process has said."""
        return "".join(
            path.read_text(errors="replace")
            for name in ("process.log", "home-assistant.log")
            if (path := self.folder / name).exists()
        )

    async def onboard(self, *, form: bool = False) -> None:
        """Make the owner, as the first visit of a browser does.

        From the next start on the owner is logged in without a form, unless `form` is asked for.
        """
        assert self.session is not None
        body = {
            "client_id": self.client_id,
            "name": self.owner.name,
            "username": self.owner.username,
            "password": self.owner.password,
            "language": self._language,
        }
        async with self.session.post(f"{self.url}/api/onboarding/users", json=body) as answer:
            code = (await _json(answer))["auth_code"]
        await self._token(self.owner, code)
        async with self.websocket(self.owner) as ws:
            self.owner.id = (await ws.command("auth/current_user"))["id"]
        if not form:
            self._write_configuration(LOGIN.format(owner=self.owner.id))
        self.save()
        async with asyncio.timeout(60):
            while not await self._answers():  # with a token: until everything is set up
                await asyncio.sleep(0.05)

    def finish_onboarding(self) -> None:
        """Note the steps after the owner's as done, while stopped: they look outside.

        Before the first start, the owner's is then the only one, and nothing need start again.
        """
        done = ["core_config", "analytics", "integration"]
        stored = {
            "version": 4,
            "minor_version": 1,
            "key": "onboarding",
            "data": {"done": ["user", *done] if self.owner.id else done},
        }
        path = self.folder / ".storage" / "onboarding"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(stored))

    def save(self, *users: User) -> None:
        """Keep the logins, so that the folder can be started again."""
        rows = [vars(user) for user in (self.owner, *users)]
        (self.folder / "logins.json").write_text(json.dumps(rows))

    def load(self) -> list[User]:
        """Take the logins of an earlier run; the first is the owner."""
        rows = json.loads((self.folder / "logins.json").read_text())
        users = [User(**row) for row in rows]
        self.owner = users[0]
        return users[1:]

    async def _token(self, user: User, code: str) -> None:
        assert self.session is not None
        form = {"grant_type": "authorization_code", "code": code, "client_id": self.client_id}
        async with self.session.post(f"{self.url}/auth/token", data=form) as answer:
            token = await _json(answer)
        user.refresh_token = token["refresh_token"]
        user.access_token = token["access_token"]
        async with self.websocket(user) as ws:
            # A login's own token lives for half an hour, which a long test outlasts.
            user.access_token = await ws.command(
                "auth/long_lived_access_token", client_name="simulator", lifespan=30
            )

    async def add_user(self, name: str, username: str) -> User:
        """Add an ordinary user and log it in."""
        assert self.session is not None
        user = User(name, username, f"{username}-password")
        async with self.websocket(self.owner) as ws:
            made = await ws.command(
                "config/auth/create", name=name, group_ids=["system-users"], local_only=False
            )
            user.id = made["user"]["id"]
            await ws.command(
                "config/auth_provider/homeassistant/create",
                user_id=user.id,
                username=username,
                password=user.password,
            )
        body = {
            "client_id": self.client_id,
            "handler": ["homeassistant", None],
            "redirect_uri": self.client_id,
        }
        async with self.session.post(f"{self.url}/auth/login_flow", json=body) as answer:
            flow = (await _json(answer))["flow_id"]
        body = {"client_id": self.client_id, "username": username, "password": user.password}
        async with self.session.post(f"{self.url}/auth/login_flow/{flow}", json=body) as answer:
            await self._token(user, (await _json(answer))["result"])
        return user

    async def rest(self, method: str, path: str, body: Any = None, user: User | None = None) -> Any:
        """Call the REST API."""
        assert self.session is not None
        headers = _bearer(user or self.owner)
        async with self.session.request(
            method, f"{self.url}{path}", json=body, headers=headers
        ) as answer:
            return await _json(answer)

    async def action(self, name: str, data: Any = None, user: User | None = None) -> Any:
        """Call an action that answers."""
        path = f"/api/services/{name.replace('.', '/')}?return_response"
        return (await self.rest("POST", path, data or {}, user))["service_response"]

    async def do(self, name: str, data: Any = None, user: User | None = None) -> None:
        """Call an action that does not answer."""
        await self.rest("POST", f"/api/services/{name.replace('.', '/')}", data or {}, user)

    async def state(self, entity_id: str) -> dict[str, Any]:
        """Return one state."""
        state: dict[str, Any] = await self.rest("GET", f"/api/states/{entity_id}")
        return state

    @asynccontextmanager
    async def websocket(self, user: User) -> AsyncIterator[Websocket]:
        """Open a websocket as a user."""
        assert self.session is not None
        async with self.session.ws_connect(f"{self.url}/api/websocket") as socket_:
            await socket_.receive_json()
            await socket_.send_json({"type": "auth", "access_token": user.access_token})
            if (answer := await socket_.receive_json())["type"] != "auth_ok":
                raise RuntimeError(str(answer))
            yield Websocket(socket_)

    async def add_entry(
        self,
        kind: str,
        data: dict[str, Any],
        steps: tuple[str, ...] = (),
        *,
        then: tuple[str, ...] = (),
    ) -> str:
        """Add an entry of Smart Community through its flow; returns the entry's id.

        `steps` are the choices in its menus, where there is more than the kind to choose; `then`
        are those after the form.
        """
        path = "/api/config/config_entries/flow"
        flow = await self.rest("POST", path, {"handler": "smart_community"})
        for step in steps or (kind,):
            await self.rest("POST", f"{path}/{flow['flow_id']}", {"next_step_id": step})
        done = await self.rest("POST", f"{path}/{flow['flow_id']}", data)
        for step in then:
            done = await self.rest("POST", f"{path}/{flow['flow_id']}", {"next_step_id": step})
        if done["type"] != "create_entry":
            raise RuntimeError(str(done))
        if follow := done.get("next_flow"):
            with contextlib.suppress(RuntimeError):
                subflows = "/api/config/config_entries/subentries/flow"
                await self.rest("DELETE", f"{subflows}/{follow[1]}")
        return str(done["result"]["entry_id"])

    async def add_subentry(self, entry_id: str, kind: str, *steps: dict[str, Any]) -> None:
        """Add a subentry through its flow."""
        path = "/api/config/config_entries/subentries/flow"
        flow = await self.rest("POST", path, {"handler": [entry_id, kind]})
        for step in steps:
            flow = await self.rest("POST", f"{path}/{flow['flow_id']}", step)
        if flow["type"] != "create_entry":
            raise RuntimeError(str(flow))


class Websocket:
    """One connection; commands are answered in their order."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._connection = connection
        self._number = 0

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send a command and wait for its result."""
        self._number += 1
        await self._connection.send_json({"id": self._number, "type": kind, **fields})
        while True:
            answer = await self._connection.receive_json(timeout=30)
            if answer.get("id") == self._number and answer["type"] == "result":
                if not answer["success"]:
                    raise RuntimeError(f"{kind}: {answer['error']}")
                return answer["result"]

    async def event(self) -> dict[str, Any]:
        """Wait for the next event of a subscription."""
        while (answer := await self._connection.receive_json(timeout=60))["type"] != "event":
            pass
        event: dict[str, Any] = answer["event"]
        return event

    async def send(self, **message: Any) -> None:
        """Send without waiting."""
        self._number += 1
        await self._connection.send_json({"id": self._number, **message})


async def _json(answer: aiohttp.ClientResponse) -> Any:
    if answer.status >= 400:
        raise RuntimeError(
            f"{answer.method} {answer.url.path}: {answer.status} {await answer.text()}"
        )
    return await answer.json()


def _bearer(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {user.access_token}"}


def _environment(port: int) -> dict[str, str]:
    """The process's environment; with bytecode, or each start compiles all of Home Assistant."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "SETUP_PORT": str(port), "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    """A port below those that outgoing connections take: a reconnecting phone must not grab it."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")
