"""The table of loops: a row is green only if the loop's scenario ran and passed in that run."""

import ast
from typing import Any, Literal

import pytest

from custom_components.smart_community.loops import LOOPS
from script.lib.loop_table import SCENARIOS, Claim, Recorder, Row, loop_of, table

pytest_plugins = ("pytester",)


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
    assert loop_of("test_sos_of_a_wireless_button") == ("sos", False)
    assert loop_of("test_a_restart_loses_nothing[sos]") == ("sos", False)
    assert loop_of("test_every_shipped_loop_is_tried") is None
    assert loop_of("test_sosomething") is None


def report(when: Literal["setup", "call", "teardown"], outcome: Any) -> pytest.TestReport:
    return pytest.TestReport("", ("", 0, ""), {}, outcome, None, when, duration=0.25)


def test_only_what_ran_and_passed_is_green() -> None:
    recorder = Recorder()
    every = [claim for claim in Claim if claim is not Claim.PLAYED]
    for loop in ("sos", "gas_leak", "smoke_single", "waterlogging", "illegal_renovation"):
        recorder.take(f"test_each[{loop}]", every, report("call", "passed"))
    recorder.take("test_sos", (), report("call", "passed"))
    recorder.take("test_gas_leak", (), report("call", "failed"))
    recorder.take("test_smoke_single", (), report("setup", "skipped"))
    recorder.take("test_waterlogging", (), report("call", "passed"))
    recorder.take("test_waterlogging", (), report("teardown", "failed"))
    recorder.take("test_lock_tamper", (), report("call", "passed"))  # and nothing else ran of it
    assert [loop for loop, row in recorder.rows.items() if row.green] == ["sos"]
    assert f"1 of {len(LOOPS)} loops are green" in table(recorder.rows.values())


def test_a_test_that_was_left_out_leaves_its_loop_red(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.claims("hours", "reach", "restart", "storm")
        @pytest.mark.parametrize("loop", ["sos", "gas_leak", "smoke_single"])
        def test_each(loop): pass

        def test_sos(): pass

        @pytest.mark.skip
        def test_gas_leak(): pass

        def test_gas_leak_of_a_zigbee_detector(): pass

        def test_smoke_single(): pass
        """
    )
    recorder = Recorder()
    # Without the project's own plugins: this is about what pytest tells.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.inline_run("-k", "not test_smoke_single", plugins=[recorder])
    green = {loop: row.green for loop, row in recorder.rows.items() if row.shown}
    assert green == {"sos": True, "gas_leak": False, "smoke_single": False}


def test_a_report_has_no_source_that_could_be_out_of_reach() -> None:
    row = Row("illegal_renovation")
    row.shown.update(set(Claim) - {Claim.REACH})
    assert row.green
    assert not Row("sos", shown=row.shown).green
