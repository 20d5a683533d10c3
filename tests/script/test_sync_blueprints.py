"""What all blueprints share is the same in all of them, and the script that owns it says so."""

import re

import pytest
from homeassistant.util.yaml import load_yaml_dict, parse_yaml

from custom_components.smart_community.loops import LOOPS
from script.lib import blueprint_lines, loop_pages, sync_blueprints


@pytest.mark.parametrize("loop", LOOPS)
def test_a_blueprint_is_as_the_script_would_write_it(loop: str) -> None:
    text = (sync_blueprints.FOLDER / f"{loop}.yaml").read_text()
    assert sync_blueprints.synced(text, loop) == text, "run script/sync_blueprints"


def test_the_loops_pages_and_the_readmes_table_say_what_the_blueprints_do() -> None:
    for path, wanted in loop_pages.pages().items():
        assert path.read_text() == wanted, f"{path.name}: run script/sync_blueprints"


def test_no_page_stays_behind_when_its_loop_is_gone() -> None:
    written = {path.name for path in loop_pages.pages()} - {"README.md"}
    assert written == {path.name for path in loop_pages.PAGES.glob("*.md")}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_page_speaks_one_language(loop: str) -> None:
    english, chinese = (loop_pages.Page(loop, one).path.read_text() for one in ("en", "zh-Hans"))
    assert [letter for letter in english if "\u4e00" <= letter <= "\u9fff"] == list("中文")
    for line in chinese.splitlines():
        words = re.sub(r"\]\([^)]*\)|`[^`]*`", "", line).split()
        assert len([word for word in words if re.fullmatch(r"[a-z]{4,}", word)]) < 2, line


def test_a_shared_input_that_was_edited_in_one_file_is_put_right_and_keeps_its_default() -> None:
    text = (sync_blueprints.FOLDER / "gas_leak.yaml").read_text()
    left, own = '重新打开。, default: ""', "重新打开。, default: {minutes: 25}"
    edited = text.replace("Handled within · 处置时限", "Done within").replace(left, own)
    wanted = text.replace(left, own)
    assert edited != wanted
    assert sync_blueprints.synced(edited, "gas_leak") == wanted


def test_a_tier_that_joins_the_ladder_gets_its_actions_and_triggers() -> None:
    text = (sync_blueprints.FOLDER / "manhole_moved.yaml").read_text()
    step = "                - {tier: property, after: 0, channels: [push]}\n"
    longer = text.replace(step, step + step.replace("property", "committee"))
    synced = sync_blueprints.synced(longer, "manhole_moved")
    assert "        actions_committee: {name: Committee told" in synced
    assert "id: committee, options: {loop: [manhole_moved], tier: [committee]}}" in synced
    assert "sequence: !input actions_committee}" in synced


@pytest.mark.parametrize("loop", LOOPS)
def test_a_line_is_broken_only_where_a_blueprint_stays_the_same(loop: str) -> None:
    path = sync_blueprints.FOLDER / f"{loop}.yaml"
    whole = "\n".join(blueprint_lines.joined(path.read_text()))
    assert parse_yaml(whole) == load_yaml_dict(path)


def test_a_file_that_is_no_blueprint_of_ours_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="gas_leak"):
        sync_blueprints.synced("triggers:\n", "gas_leak")
