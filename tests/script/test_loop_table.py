"""The table of loops: a row is green only if the loop's scenario ran and passed in that run."""

import ast
import xml.etree.ElementTree as ET

import pytest

from custom_components.smart_community.loops import LOOPS
from script.lib.loop_table import SCENARIOS, counted, loop_of, table


@pytest.mark.parametrize("loop", LOOPS)
def test_every_loop_has_a_scenario_of_its_name(loop: str) -> None:
    names = {
        node.name
        for path in SCENARIOS.glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert f"test_{loop}" in names


def test_a_test_counts_for_the_loop_that_it_names() -> None:
    assert loop_of("test_sos") == ("sos", True)
    assert loop_of("test_sos_of_a_wireless_button") == ("sos", True)
    assert loop_of("test_a_restart_loses_nothing[sos]") == ("sos", False)
    assert loop_of("test_every_shipped_loop_is_tried") is None
    assert loop_of("test_sosomething") is None


def test_only_what_ran_and_passed_is_green() -> None:
    report = ET.fromstring(  # noqa: S314  # written right here
        """<testsuite>
        <testcase name="test_sos" time="1"/>
        <testcase name="test_gas_leak" time="1"><failure/></testcase>
        <testcase name="test_smoke_single" time="1"><skipped/></testcase>
        <testcase name="test_unavailable[lock_tamper]" time="1"/>
        <testcase name="test_waterlogging" time="1"/>
        <testcase name="test_restart[waterlogging]" time="1"><error/></testcase>
        </testsuite>"""
    )
    rows = counted(report.iter("testcase"))
    assert [loop for loop, row in rows.items() if row.green] == ["sos"]
    assert f"1 of {len(LOOPS)} loops are green" in table(rows)
