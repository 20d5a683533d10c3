"""A PostgreSQL server of its own for a test run: a fresh cluster on a socket in a folder."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def _programs() -> Path:
    """The newest server that Debian's packages have put beside the others."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
    if not found:
        raise RuntimeError("no PostgreSQL server here: script/test installs Debian's `postgresql`")
    return found[-1]


def _run(program: str, *arguments: str) -> None:
    command = [str(_programs() / program), *arguments]
    if os.geteuid() == 0:  # the server refuses to run as root
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


class Server:
    """The cluster; `start` and `kill` as often as a test likes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        _run("initdb", "-D", str(self._data), "-U", "smart", "-A", "trust", "-E", "UTF8")

    @property
    def url(self) -> str:
        """The database's URL as a user would write it, but for the socket."""
        return f"postgresql://smart@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start it; no port is opened, so that two runs never meet."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder}"
        _run(
            "pg_ctl", "-D", str(self._data), "-w", "-o", options, "-l", f"{self._data}/log", "start"
        )

    def kill(self) -> None:
        """Stop it as a power cut does."""
        _run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A running server, gone with the block."""
    folder = Path(tempfile.mkdtemp(prefix="smart_community_pg_"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        running = Server(folder)
        running.start()
        try:
            yield running
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # it was killed by the test
                running.kill()
    finally:
        shutil.rmtree(folder)
