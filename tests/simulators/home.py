"""A real Home Assistant process, as the demo, the kill test and the bench run it.

It is set up and spoken to from outside only, over HTTP and the websocket; this process never
imports Home Assistant. It listens on 127.0.0.1 alone, installs nothing and looks nothing up.
"""

import asyncio
import atexit
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self, override

import aiohttp

from .home_client import Client, FlowError, RestError, User
from .home_websocket import CommandError, Subscription, Websocket

__all__ = [
    "Client",
    "CommandError",
    "FlowError",
    "Home",
    "HomeError",
    "RestError",
    "Subscription",
    "User",
    "Websocket",
]

CHECKOUT = Path(__file__).resolve().parents[2]

OWNER = ("Owner", "owner", "owner-password")

# How often a file or a port of the other process is looked at; it has no event to wait for.
LOOK_EVERY = 0.05

# Onboarding's other steps; asking for them over HTTP adds a weather service and a radio directory,
# which both look outside. Left undone, the frontend would show the wizard instead of the dashboard.
SKIPPED_STEPS = ["core_config", "analytics", "integration"]


class HomeError(Exception):
    """The process did not come up; says what its log said last."""


class Home(Client):
    """One configuration folder and the process that runs it; `owner` is its administrator."""

    def __init__(
        self, config_dir: Path, port: int | None = None, python: str = sys.executable
    ) -> None:
        self.config_dir = config_dir
        self.port = port or _free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self.log_path = config_dir / "process.log"
        self.users: dict[str, User] = {}
        self._users_path = config_dir / "users.json"
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._core: dict[str, Any] = {}
        self._auto_login = False

    @override
    def __repr__(self) -> str:
        return f"<Home {self.config_dir} on {self.port}, process {self.pid}>"

    @property
    def owner(self) -> User:
        """The administrator that the first start makes."""
        return self.users[OWNER[1]]

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def log(self) -> str:
        """Everything the process has said since the folder was made."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # -- before the first start

    def prepare(
        self,
        configuration_yaml: str = "frontend:\nmobile_app:\nautomation:\nscript:\n",
        *,
        language: str = "en",
        country: str = "CN",
        time_zone: str = "Asia/Shanghai",
        auto_login: bool = False,
        seed: Mapping[str, str] | None = None,
    ) -> None:
        """Fill the folder; a folder of an earlier run keeps its state and its users.

        `seed`: further files by their path in the folder, written where there is none yet.
        `auto_login`: who opens the page on this machine is the owner, without a form; the block
        `homeassistant:` of the configuration is taken for it, and the first start starts twice.
        """
        components = self.config_dir / "custom_components"
        components.mkdir(parents=True, exist_ok=True)
        link = components / "smart_community"
        if not link.is_symlink():
            link.symlink_to(CHECKOUT / "custom_components" / "smart_community")
        if auto_login:
            if configuration_yaml.startswith("homeassistant:") or (
                "\nhomeassistant:" in configuration_yaml
            ):
                raise ValueError("auto_login writes the block homeassistant: itself")
            login = "homeassistant:\n  auth_providers: !include auth_providers.yaml\n"
            configuration_yaml = login + configuration_yaml
        (self.config_dir / "configuration.yaml").write_text(configuration_yaml)
        done = {"done": SKIPPED_STEPS}
        files = {".storage/onboarding": _stored("onboarding", 4, 1, done), **(seed or {})}
        for name, text in files.items():
            path = self.config_dir / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self._core = {"language": language, "country": country, "time_zone": time_zone}
        self._auto_login = auto_login
        if self._users_path.exists():
            rows = json.loads(self._users_path.read_text())
            self.users = {row["username"]: User(**row) for row in rows}

    def _write_settings(self) -> None:
        """Write what depends on the port and on who the owner is."""
        server = {
            "server_host": ["127.0.0.1"],
            "server_port": self.port,
            "cors_allowed_origins": ["https://cast.home-assistant.io"],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": True,
            "ssl_profile": "modern",
            "use_x_frame_options": True,
            "created_at": "2026-01-01T00:00:00+00:00",
            "error": None,
            "error_message": None,
        }
        # Not in YAML: that would be a trial, which reverts itself after five minutes.
        http = {"stable": server, "pending": None, "yaml_migration_done": True}
        (self.config_dir / ".storage" / "http").write_text(_stored("http", 2, 2, http))
        providers: list[dict[str, Any]] = [{"type": "homeassistant"}]
        if self.users:
            machine = ["127.0.0.1", "::1"]
            trusted = {
                "type": "trusted_networks",
                "trusted_networks": machine,
                "allow_bypass_login": True,
                # By the owner's id, which only exists after the first start: naming the group of
                # administrators instead matches nobody in this version.
                "trusted_users": {address: [self.owner.id] for address in machine},
            }
            # First, since the login page opens with the first one.
            providers.insert(0, trusted)
        (self.config_dir / "auth_providers.yaml").write_text(json.dumps(providers))

    # -- the process

    async def start(self, within: float = 60.0) -> float:
        """Start the process and wait until its core is RUNNING; returns the seconds that took.

        The very first start also makes the owner. Raises HomeError with the end of the log.
        """
        if self.pid is not None:
            raise HomeError(f"{self!r} runs already")
        began = time.perf_counter()
        try:
            async with asyncio.timeout(within):
                await self._boot()
                if not self.users:
                    await self._onboard()
                    if self._auto_login:
                        await self.stop()
                        await self._boot()
        except TimeoutError:
            self.kill()
            raise HomeError(f"not running after {within} s:\n{self.log()[-3000:]}") from None
        except BaseException:
            self.kill()
            raise
        return time.perf_counter() - began

    async def _boot(self) -> None:
        self._write_settings()
        process = self._spawn()
        while not await self._ready():
            if process.poll() is not None:
                raise HomeError(f"ended with {process.returncode}:\n{self.log()[-3000:]}")
            await asyncio.sleep(LOOK_EVERY)

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [self._python, "-m", "homeassistant", "-c", str(self.config_dir)]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                # --skip-pip: what the lock file has is all there is; nothing is ever installed.
                [*command, "--skip-pip", "--log-no-color"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Python puts the working folder first: the checkout's own packages would shadow.
                cwd=self.config_dir,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""},
                # A process group of its own: killed with all it started, and no Ctrl+C of ours.
                start_new_session=True,
            )
        atexit.register(self.kill)
        return self._process

    async def _ready(self) -> bool:
        try:
            if not self.users:
                await self.rest("GET", "/api/onboarding")
                return True
            config = await self.rest("GET", "/api/config", self.owner)
        except aiohttp.ClientError, ConnectionError:
            return False
        except RestError as err:
            if err.status == 401:  # noqa: PLR2004 - unauthorized
                raise HomeError("killed before it had saved its users; await saved()") from err
            return False  # 404: not set up so far
        return bool(config["state"] == "RUNNING")

    def kill(self) -> None:
        """Cut the power: SIGKILL to the process and all it started.

        What Home Assistant had not written by then is gone, as in life: `saved()` waits for that.
        """
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        atexit.unregister(self.kill)

    async def stop(self, within: float = 30.0) -> None:
        """Stop in order; killed if that takes longer than `within` seconds."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    while self._process.poll() is None:  # noqa: ASYNC110 - another process
                        await asyncio.sleep(LOOK_EVERY)
        self.kill()

    async def close(self) -> None:
        """Stop, and close the connections."""
        await self.stop()
        await self.close_session()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- users

    async def _onboard(self) -> None:
        """Make the owner, as the first visit of a browser does."""
        name, username, password = OWNER
        body = {
            "client_id": self.client_id,
            "name": name,
            "username": username,
            "password": password,
            "language": self._core["language"],
        }
        answer = await self.rest("POST", "/api/onboarding/users", json=body)
        step = {"type": "create_entry", "result": answer["auth_code"]}
        owner = await self.redeem(step, username, password)
        await self.command(owner, type="config/core/update", **self._core)
        self._keep(owner)
        while not await self._ready():  # noqa: ASYNC110 - another process
            await asyncio.sleep(LOOK_EVERY)

    async def add_user(
        self, name: str, username: str, password: str, *, admin: bool = False
    ) -> User:
        """Add a user and log it in; it is in `users` by its user name from then on."""
        group = "system-admin" if admin else "system-users"
        async with self.websocket(self.owner) as websocket:
            made = await websocket.command(
                type="config/auth/create", name=name, group_ids=[group], local_only=False
            )
            await websocket.command(
                type="config/auth_provider/homeassistant/create",
                user_id=made["user"]["id"],
                username=username,
                password=password,
            )
        user = await self.login(username, password)
        self._keep(user)
        return user

    def _keep(self, user: User) -> None:
        self.users[user.username] = user
        rows = [asdict(one) for one in self.users.values()]
        self._users_path.write_text(json.dumps(rows, ensure_ascii=False))

    # -- durability

    async def saved(self, *, registries: bool = False, within: float = 30.0) -> None:
        """Wait until users, tokens, entries and subentries that exist now would outlive `kill()`.

        Home Assistant writes those a second after a change; the device and entity registries, on
        request, ten seconds after. Looks for ids: a changed name is not noticed.
        """
        wanted: dict[str, set[str]] = {"auth": set(), "core.config_entries": set()}
        for user in self.users.values():
            tokens = await self.command(user, type="auth/refresh_tokens")
            wanted["auth"] |= {user.id, *(token["id"] for token in tokens)}
        async with self.websocket(self.owner) as ws:
            for entry in await ws.command(type="config_entries/get"):
                subentries = await ws.command(
                    type="config_entries/subentries/list", entry_id=entry["entry_id"]
                )
                wanted["core.config_entries"] |= {
                    entry["entry_id"],
                    *(subentry["subentry_id"] for subentry in subentries),
                }
            if registries:
                for kind in ("device", "entity"):
                    rows = await ws.command(type=f"config/{kind}_registry/list")
                    wanted[f"core.{kind}_registry"] = {row["id"] for row in rows}
        async with asyncio.timeout(within):
            while not all(self._has(name, ids) for name, ids in wanted.items()):
                await asyncio.sleep(LOOK_EVERY)

    def _has(self, name: str, ids: Iterable[str]) -> bool:
        path = self.config_dir / ".storage" / name
        text = path.read_text() if path.exists() else ""
        return all(one in text for one in ids)


def _stored(key: str, version: int, minor_version: int, data: dict[str, Any]) -> str:
    """A file of Home Assistant's storage."""
    return json.dumps(
        {"version": version, "minor_version": minor_version, "key": key, "data": data}
    )


def _free_port() -> int:
    """Return a free port below those that outgoing connections take.

    From the range of outgoing ones, a phone that tries again and again to reach Home Assistant
    while it is down can connect to itself, and then holds the port that Home Assistant needs.
    """
    while True:
        port = random.randrange(20000, 32000)  # noqa: S311 - no secret
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
