"""What all blueprints share is the same in all of them, and the script that owns it says so."""

import pytest

from custom_components.smart_community.loops import LOOPS
from script.lib import sync_blueprints

WRITTEN = [loop for loop in LOOPS if (sync_blueprints.FOLDER / f"{loop}.yaml").exists()]


@pytest.mark.parametrize("loop", WRITTEN)
def test_a_blueprint_is_as_the_script_would_write_it(loop: str) -> None:
    text = (sync_blueprints.FOLDER / f"{loop}.yaml").read_text()
    assert sync_blueprints.synced(text, loop) == text, "run script/sync_blueprints"


def test_a_shared_input_that_was_edited_in_one_file_is_put_right_and_keeps_its_default() -> None:
    text = (sync_blueprints.FOLDER / "gas_leak.yaml").read_text()
    edited = text.replace("Handled within · 处置时限", "Done within").replace(
        "default: {minutes: 15}", "default: {minutes: 25}"
    )
    wanted = text.replace("default: {minutes: 15}", "default: {minutes: 25}")
    assert edited != wanted
    assert sync_blueprints.synced(edited, "gas_leak") == wanted


def test_a_tier_that_joins_the_ladder_gets_its_actions_and_triggers() -> None:
    text = (sync_blueprints.FOLDER / "manhole_moved.yaml").read_text()
    step = "                - {tier: property, after: 0, channels: [push]}\n"
    longer = text.replace(step, step + step.replace("property", "committee"))
    synced = sync_blueprints.synced(longer, "manhole_moved")
    assert "        actions_committee: {name: When the committee is told" in synced
    assert "id: committee, options: {loop: [manhole_moved], tier: [committee]}}" in synced
    assert "sequence: !input actions_committee}" in synced


def test_a_file_that_is_no_blueprint_of_ours_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="gas_leak"):
        sync_blueprints.synced("triggers:\n", "gas_leak")
