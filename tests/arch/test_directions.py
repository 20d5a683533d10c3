"""Who may import whom, and how long a file may grow."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "custom_components" / "smart_community"
# What each room may import of this package: itself and the rooms named.
ALLOWED = {
    "core": {"core"},
    "field": {"field", "core"},
    "engine": {"engine", "core"},
    "channels": {"channels", "core"},
}
FOREIGN = {"homeassistant", "aiohttp", "sqlalchemy", "modbus_connection", "voluptuous", "probatio"}


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_the_rooms_it_stands_on(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        depth = len(path.relative_to(PACKAGE).parts) - 1
        for level, module in _imports(path):
            if level == 0:
                assert not module.startswith("custom_components"), (path, module)
            elif level > depth:
                assert module.split(".")[0] in ALLOWED[room], f"{path.name} imports {module}"


@pytest.mark.parametrize("room", ["core", "field"])
def test_core_and_field_know_nothing_of_home_assistant(room: str) -> None:
    banned = FOREIGN if room == "core" else FOREIGN - {"modbus_connection"}
    for path in (PACKAGE / room).rglob("*.py"):
        for level, module in _imports(path):
            assert level or module.split(".")[0] not in banned, f"{path.name} imports {module}"


def test_the_core_runs_where_nothing_but_python_is() -> None:
    code = (
        "import sys, types;"
        "parent = types.ModuleType('smart_community');"
        f"parent.__path__ = [{str(PACKAGE)!r}];"
        "sys.modules['smart_community'] = parent;"
        "import smart_community.core.incident, smart_community.core.detection,"
        " smart_community.core.codec, smart_community.core.message,"
        " smart_community.core.report, smart_community.core.permits, smart_community.loops;"
        f"assert not {FOREIGN!r} & set(sys.modules)"
    )
    # -I and -S: no site-packages at all.
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_no_file_grows_past_four_hundred_lines() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 400, path.name


def test_only_home_assistants_own_platforms_have_platform_names() -> None:
    """A folder named like a platform would be loaded as one."""
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert not folders & {"notify", "event", "backup", "sensor", "todo", "repairs", "trigger"}
