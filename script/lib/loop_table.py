"""Plays every loop's scenarios and says of each whether they ran and passed, in this very run.

A loop's scenarios are the tests named after it (test_gas_leak, test_gas_leak_...) in
tests/scenarios, and those of test_every_loop.py that carry it as their parameter.
"""

import re
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import pytest

from script.lib.catalogue import LOOPS

SCENARIOS: Final = ROOT / "tests" / "scenarios"
_PARAMETER: Final = re.compile(r"\[(\w+)\]$")


@dataclass
class Row:
    """What ran of one loop."""

    played: int = 0
    tried: int = 0
    failed: int = 0
    seconds: float = 0.0

    @property
    def green(self) -> bool:
        """Whether the loop was played from its field to its end, and nothing failed."""
        return self.played > 0 and self.failed == 0


def loop_of(test: str) -> tuple[str, bool] | None:
    """Return the loop that a test is about, and whether it plays it; None for any other test."""
    if (found := _PARAMETER.search(test)) is not None and found[1] in LOOPS:
        return found[1], False
    name = test.removeprefix("test_")
    # The longest first: no loop's name begins with another's today, and it may not stay so.
    for loop in sorted(LOOPS, key=len, reverse=True):
        if name == loop or name.startswith((f"{loop}_", f"{loop}[")):
            return loop, True
    return None


def counted(cases: Iterable[ET.Element]) -> dict[str, Row]:
    """Count the tests of a run, from its JUnit report, by loop."""
    rows = {loop: Row() for loop in LOOPS}
    for case in cases:
        if (about := loop_of(case.get("name", ""))) is None:
            continue
        loop, plays = about
        row = rows[loop]
        row.seconds += float(case.get("time", 0))
        if case.find("failure") is not None or case.find("error") is not None:
            row.failed += 1
        elif case.find("skipped") is None:
            row.played += plays
            row.tried += not plays
    return rows


def table(rows: dict[str, Row]) -> str:
    """Return the table as text."""
    green = sum(row.green for row in rows.values())
    lines = [f"{'':3}{'loop':22}{'played':>7}{'tried':>7}{'failed':>8}{'seconds':>9}"]
    for number, (loop, row) in enumerate(rows.items(), 1):
        mark = "ok" if row.green else "--"
        figures = f"{row.played:7}{row.tried:7}{row.failed:8}{row.seconds:9.1f}"
        lines.append(f"{number:2} {loop:22}{figures}  {mark}")
    return "\n".join([*lines, f"{green} of {len(rows)} loops are green"])


def main(arguments: Sequence[str]) -> int:
    """Run the scenarios and print the table; arguments go to pytest."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        pytest.main([str(SCENARIOS), "-q", "--show-capture=no", f"--junitxml={report}", *arguments])
        rows = counted(ET.parse(report).iter("testcase"))  # noqa: S314  # written a moment ago
    print(table(rows))
    return int(not all(row.green for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
