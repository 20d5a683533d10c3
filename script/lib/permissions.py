"""Runs the permission tests and prints what every cell answered.

Every cell was tried: a real Home Assistant in this process, two communities, a user of every role.
The exit status is 0 only if all of them answered as agreed.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/components/test_permissions.py"
MEANING = "y = allowed, w = only with a reason, n = refused and on record, . = no such thing"


class Cells:
    """Collects the cells that the tests record; a pytest plugin."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, str, str], str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        for name, cell in report.user_properties if report.when == "call" else ():
            if name == "cell":
                way, role, place, deed, letter = cell
                self.found[way, role, place, deed] = letter

    def show(self) -> None:
        for way in dict.fromkeys(key[0] for key in self.found):
            mine = {key[1:]: letter for key, letter in self.found.items() if key[0] == way}
            deeds = list(dict.fromkeys(deed for _, _, deed in mine))
            print(f"\n{way}\n  {'':14}{'':17}" + " ".join(f"{deed:>11}" for deed in deeds))
            for role, place in dict.fromkeys((role, place) for role, place, _ in mine):
                letters = (mine.get((role, place, deed), ".") for deed in deeds)
                print(f"  {role:14}{place:17}" + " ".join(f"{letter:>11}" for letter in letters))
        print(f"\n{len(self.found)} cells tried. {MEANING}")


def main() -> int:
    cells = Cells()
    arguments = ["-q", "--no-header", f"--rootdir={ROOT}", str(ROOT / TESTS), *sys.argv[1:]]
    status = pytest.main(arguments, plugins=[cells])
    cells.show()
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
