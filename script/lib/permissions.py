"""Runs the permission tests and prints what every cell answered.

Every cell was tried: a real Home Assistant in this process, two communities, a user of every role.
The exit status is 0 only if all of them answered as agreed.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/components"
MEANING = """\
A cell is three answers: to the own community and loop, another loop, another community.
y = allowed, w = only with a reason, n = refused, . = the place makes no difference to this deed,
--- = this role has no such way"""


class Cells:
    """Collects the cells that the tests record; a pytest plugin."""

    def __init__(self) -> None:
        self.roles: list[str] = []
        self.deeds: list[str] = []
        self.places: tuple[str, ...] = ()
        self.found: dict[tuple[str, str, str, str], str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        for name, cell in report.user_properties if report.when == "call" else ():
            if name == "cell":
                way, role, place, deed, letter = cell
                self.found[way, role, place, deed] = letter

    def show(self) -> None:
        """Print a table a way: the deeds that it has down, the roles across."""
        for way in dict.fromkeys(key[0] for key in self.found):
            tried = {key[3] for key in self.found if key[0] == way}
            print(f"\n{way:14}" + "".join(f"{role:>15}" for role in self.roles))
            for deed in (deed for deed in self.deeds if deed in tried):
                cells = [self._cell(way, role, deed) for role in self.roles]
                print(f"  {deed:12}" + "".join(f"{cell:>15}" for cell in cells))
            if absent := [deed for deed in self.deeds if deed not in tried]:
                print(f"  no such way to: {', '.join(absent)}")
        print(f"\n{len(self.found)} answers. {MEANING}")

    def untried(self) -> list[str]:
        """Deeds that no way was tried for."""
        return [deed for deed in self.deeds if all(deed != key[3] for key in self.found)]

    def _cell(self, way: str, role: str, deed: str) -> str:
        found = [self.found.get((way, role, place, deed), ".") for place in self.places]
        return "---" if found == ["."] * len(self.places) else "".join(found)


def main() -> int:
    cells = Cells()
    files = sorted(str(path) for path in (ROOT / TESTS).glob("test_permissions*.py"))
    arguments = ["-q", "--no-header", f"--rootdir={ROOT}", *files, *sys.argv[1:]]
    status = pytest.main(arguments, plugins=[cells])
    # Only now: pytest must be the first to load the integration.
    sys.path.insert(0, str(ROOT))
    from custom_components.smart_community.core.permits import Deed, Role  # noqa: PLC0415
    from tests.agreed_permissions import PLACES  # noqa: PLC0415

    cells.roles, cells.deeds = [role.value for role in Role], [deed.value for deed in Deed]
    cells.places = PLACES
    cells.show()
    if missing := cells.untried():
        print(f"Nothing tries: {', '.join(missing)}")
        return 1
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
