"""Plays every loop's scenarios and says of each whether they ran and passed, in this very run.

A loop is played from its field to its end by the test in tests/scenarios that bears exactly its
name (test_gas_leak). Tests whose name only begins so (test_gas_leak_...) or that carry the loop as
their parameter are about it too: what they show is said by their marker `claims`. What was skipped,
deselected or failed shows nothing.
"""

import re
import sys
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import pytest

from script.lib.catalogue import LOOPS

SCENARIOS: Final = ROOT / "tests" / "scenarios"
_PARAMETER: Final = re.compile(r"\[(\w+)\]$")


class Claim(StrEnum):
    """What is shown of a loop."""

    PLAYED = "played"  # from its field to its end
    HOURS = "hours"  # out of its hours it tells nobody, unless lives depend on it
    REACH = "reach"  # what is unknown or out of reach raises nothing
    RESTART = "restart"  # in the middle of belief and of the ladder
    STORM = "storm"  # a thousand signals in a second


def needed(loop: str) -> set[Claim]:
    """Return what must be shown of a loop; a person's report has no source to be out of reach."""
    return set(Claim) - ({Claim.REACH} if loop == "illegal_renovation" else set())


@dataclass
class Row:
    """What ran of one loop."""

    loop: str
    shown: Counter[Claim] = field(default_factory=Counter)
    failed: int = 0
    seconds: float = 0.0

    @property
    def green(self) -> bool:
        """Whether all was shown, and nothing failed."""
        return self.failed == 0 and needed(self.loop) <= self.shown.keys()


def loop_of(test: str) -> tuple[str, bool] | None:
    """Return the loop that a test is about, and whether it plays it; None for any other test."""
    if (found := _PARAMETER.search(test)) is not None and found[1] in LOOPS:
        return found[1], False
    name = test.removeprefix("test_")
    # The longest first: no loop's name begins with another's today, and it may not stay so.
    for loop in sorted(LOOPS, key=len, reverse=True):
        if name == loop or name.startswith((f"{loop}_", f"{loop}[")):
            return loop, name == loop
    return None


class Recorder:
    """Listens to a run of pytest."""

    def __init__(self) -> None:
        """Begin with nothing shown of any loop."""
        self.rows = {loop: Row(loop) for loop in LOOPS}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take in what became of a test, or of its set-up or end."""
        report = yield
        claims = [claim for mark in item.iter_markers("claims") for claim in mark.args]
        self.take(item.name, claims, report)
        return report

    def take(self, test: str, claims: Iterable[str], report: pytest.TestReport) -> None:
        """Count a report; the test of a loop's very name plays it."""
        if (about := loop_of(test)) is None:
            return
        loop, plays = about
        row = self.rows[loop]
        row.seconds += report.duration
        row.failed += report.failed
        if report.when == "call" and report.passed:
            row.shown.update([Claim.PLAYED] * plays + [Claim(one) for one in claims])


def table(rows: Iterable[Row]) -> str:
    """Return the table as text."""
    rows = list(rows)
    head = "".join(f"{claim:>9}" for claim in Claim)
    lines = [f"{'':3}{'loop':22}{head}{'failed':>8}{'seconds':>9}"]
    for number, row in enumerate(rows, 1):
        shown = "".join(
            f"{row.shown[claim] if claim in needed(row.loop) else '-':>9}" for claim in Claim
        )
        mark = "ok" if row.green else "--"
        lines.append(f"{number:2} {row.loop:22}{shown}{row.failed:8}{row.seconds:9.1f}  {mark}")
    return "\n".join([*lines, f"{sum(row.green for row in rows)} of {len(rows)} loops are green"])


def main(arguments: Sequence[str]) -> int:
    """Run the scenarios and print the table; arguments go to pytest."""
    recorder = Recorder()
    pytest.main([str(SCENARIOS), "-q", "--show-capture=no", *arguments], plugins=[recorder])
    print(table(recorder.rows.values()))
    return int(not all(row.green for row in recorder.rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
