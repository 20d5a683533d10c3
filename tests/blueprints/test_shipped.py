"""Shipped blueprints under the real loader, and their way into the configuration folder.

What holds for each of the 28 is tried in tests/scenarios.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community import shipped
from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.loops import LOOPS

from .conftest import Estate

FOLDER = Path(__file__).parents[2] / "blueprints" / "automation" / "smart_community"
# Loop, the class of its detectors, and how long it waits before it believes.
LOOPS_AND_CLASSES = [("smoke_single", "smoke", 0), ("waterlogging", "moisture", 60)]
FIRST_TOLD = {"smoke_single": {"guard"}, "waterlogging": {"guard", "voice", "water"}}


def test_every_loop_of_the_catalogue_has_its_blueprint() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == LOOPS.keys()


def _inputs(inputs: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, row in inputs.items():
        if "input" in row:
            yield from _inputs(row["input"])
        else:
            yield key, row


def test_the_blueprints_have_about_ninety_lines() -> None:
    lines = [len((FOLDER / f"{loop}.yaml").read_text().splitlines()) for loop in LOOPS]
    assert sum(lines) / len(lines) <= 90


@pytest.mark.parametrize("loop", LOOPS)
def test_a_blueprint_is_short_bilingual_and_every_input_explains_itself(loop: str) -> None:
    path = FOLDER / f"{loop}.yaml"
    assert len(path.read_text().splitlines()) <= 110
    blueprint = load_yaml_dict(path)["blueprint"]
    chinese = range(0x4E00, 0x9FFF)
    texts = [blueprint["name"], blueprint["description"]]
    for key, row in _inputs(blueprint["input"]):
        assert row["selector"], key
        assert key == "detectors" or "default" in row, f"{key} would break automations that exist"
        texts += [row["name"], row["description"]]
    for text in texts:
        assert any(ord(letter) in chinese for letter in text), text
        assert any("a" <= letter <= "z" for letter in text), text


async def test_choosing_the_target_and_saving_is_enough(estate: Estate) -> None:
    await estate.automate(*LOOPS)


async def _believed(estate: Estate, dwell: int) -> None:
    await estate.settle()
    if dwell:
        await estate.pass_time(seconds=dwell)


@pytest.mark.parametrize(("loop", "kind", "dwell"), LOOPS_AND_CLASSES)
async def test_it_fires_for_its_own_detectors_and_for_nothing_else(
    estate: Estate, loop: str, kind: str, dwell: int
) -> None:
    detector = estate.detector(1, kind)
    motion = estate.detector(1, "motion")
    await estate.automate(loop)
    estate.set(motion, "on")
    estate.set(detector, "unknown")
    estate.set(detector, "unavailable")
    estate.set(detector, "off")
    await _believed(estate, dwell)
    assert estate.active == []
    estate.set(detector, "on")
    await _believed(estate, dwell)
    (incident,) = estate.active
    assert (incident.loop, list(incident.sources)) == (loop, [detector])
    assert FIRST_TOLD[loop] <= set(estate.told)


@pytest.mark.parametrize(("loop", "kind", "dwell"), LOOPS_AND_CLASSES)
async def test_the_source_clearing_is_heard(
    estate: Estate, loop: str, kind: str, dwell: int
) -> None:
    detector = estate.detector(1, kind)
    await estate.automate(loop)
    estate.set(detector, "on")
    await _believed(estate, dwell)
    estate.set(detector, "off")
    await estate.settle()
    if loop == "waterlogging":
        # Not over yet: water that comes back within ten minutes is the same water.
        assert estate.active[0].quiet
        await estate.pass_time(minutes=10)
        assert estate.active == []
    else:
        assert estate.active[0].quiet
        assert estate.active[0].status == "open"


async def test_a_tiers_own_actions_run_when_it_is_reached(estate: Estate) -> None:
    detector = estate.detector(1, "smoke")
    ran: list[str] = []

    @callback
    def note(event: Any) -> None:
        ran.append(event.data["tier"])

    estate.hass.bus.async_listen("gates", note)
    await estate.automate(
        "smoke_single",
        actions_property=[{"event": "gates", "event_data": {"tier": "property"}}],
        actions_committee=[{"event": "gates", "event_data": {"tier": "committee"}}],
    )
    estate.set(detector, "on")
    await estate.settle()
    assert ran == ["property"]
    await estate.pass_time(minutes=3)
    assert ran == ["property", "committee"]


async def test_the_second_smoke_detector_of_a_floor_within_a_minute_is_the_emergency(
    estate: Estate,
) -> None:
    first, second = (estate.detector(number, "smoke") for number in (1, 2))
    await estate.automate("smoke_single")
    await estate.automate("smoke_multiple")
    estate.set(first, "on")
    await estate.settle()
    assert [one.loop for one in estate.active] == ["smoke_single"]
    await estate.pass_time(seconds=10)
    estate.set(second, "on")
    await estate.settle()
    (fire,) = estate.active
    assert fire.loop == "smoke_multiple"
    assert set(fire.sources) == {first, second}
    await estate.pass_time(seconds=20)
    assert {"voice", "secretary"} <= set(estate.told)
    await estate.pass_time(minutes=10)
    assert {"fire", "head"} <= set(estate.told)
    assert "water" not in estate.told


async def test_a_second_detector_long_after_the_first_is_no_emergency(estate: Estate) -> None:
    first, second = (estate.detector(number, "smoke") for number in (1, 2))
    await estate.automate("smoke_multiple")
    estate.set(first, "on")
    await estate.pass_time(seconds=90)
    estate.set(second, "on")
    await estate.settle()
    assert estate.active == []


async def test_the_water_departments_word_keeps_the_township_out(estate: Estate) -> None:
    detector = estate.detector(1, "moisture")
    await estate.automate("waterlogging", wet_for={"seconds": 5}, township_after={"seconds": 60})
    estate.set(detector, "on")
    await estate.pass_time(seconds=5)
    await estate.pass_time(seconds=65)
    assert "head" in estate.told


async def test_an_edited_copy_is_left_alone_and_reported_until_the_user_takes_the_new_one(
    hass: HomeAssistant, estate: Estate
) -> None:
    path = Path(hass.config.path("blueprints/automation/smart_community/smoke_single.yaml"))
    ours = path.read_text()
    assert ours == (FOLDER / "smoke_single.yaml").read_text()
    path.write_text(ours + "# my own\n")
    await shipped.async_install_blueprints(hass)
    assert path.read_text().endswith("# my own\n")
    registry = ir.async_get(hass)
    issue = registry.async_get_issue(DOMAIN, "blueprint_smoke_single")
    assert issue is not None
    assert issue.is_fixable
    await shipped.async_restore_blueprint(hass, "smoke_single")
    await estate.settle()
    assert path.read_text() == ours
    assert path.with_suffix(".yaml.edited").read_text().endswith("# my own\n")
    assert registry.async_get_issue(DOMAIN, "blueprint_smoke_single") is None


async def test_an_untouched_older_copy_is_updated_by_itself(
    hass: HomeAssistant, estate: Estate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    for path in FOLDER.glob("*.yaml"):
        (newer / path.name).write_text(path.read_text() + "# next version\n")
    monkeypatch.setattr(shipped, "_FOLDER", newer)  # the next release's files
    await shipped.async_install_blueprints(hass)
    await estate.settle()
    path = Path(hass.config.path("blueprints/automation/smart_community/smoke_single.yaml"))
    assert path.read_text().endswith("# next version\n")
    assert ir.async_get(hass).async_get_issue(DOMAIN, "blueprint_smoke_single") is None


async def test_a_new_detector_of_the_floor_joins_by_itself_also_in_alarm(estate: Estate) -> None:
    estate.detector(1, "smoke")
    await estate.automate("smoke_single")
    newcomer = estate.detector(2, "smoke", "on")
    await estate.pass_time(seconds=5)
    assert [list(one.sources) for one in estate.active] == [[newcomer]]
    er.async_get(estate.hass).async_remove(newcomer)


async def test_with_two_communities_the_blueprint_names_the_one_it_serves(
    hass: HomeAssistant, estate: Estate
) -> None:
    other = MockConfigEntry(domain=DOMAIN, title="Other", data={"kind": "community"})
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    detector = estate.detector(1, "smoke")
    await estate.automate("smoke_single", community=estate.entry.entry_id)
    estate.set(detector, "on")
    await estate.settle()
    assert [one.loop for one in estate.active] == ["smoke_single"]
    assert other.runtime_data.engine.active == []


async def test_loops_that_hear_nothing_are_named_if_lives_depend_on_them_and_else_listed(
    estate: Estate,
) -> None:
    estate.detector(1, "gas")
    await estate.automate("gas_leak")
    await estate.automate("smoke_single")
    await estate.pass_time(seconds=65)
    issues = {
        key.removeprefix(f"{estate.entry.entry_id}_"): issue
        for (domain, key), issue in ir.async_get(estate.hass).issues.items()
        if domain == DOMAIN
    }
    said = {key: issue.translation_key for key, issue in issues.items()}
    assert said == {
        "loop_unheard_smoke_single": "loop_unheard_no_source",
        "loop_unheard_smoke_multiple": "loop_unheard_no_automation",
        "loop_unheard_sprinkler_flow": "loop_unheard_no_automation",
        "loop_unheard_sos": "loop_unheard_no_automation",
        "loops_unused": "loops_unused",
    }
    assert "Waterlogging" in issues["loops_unused"].translation_placeholders["loops"]
    await estate.hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.gas_leak"}, blocking=True
    )
    await estate.pass_time(seconds=65)
    issue = ir.async_get(estate.hass).async_get_issue(
        DOMAIN, f"{estate.entry.entry_id}_loop_unheard_gas_leak"
    )
    assert issue.translation_key == "loop_unheard_automation_off"


async def test_a_loop_that_is_shipped_off_is_on_once_an_automation_uses_it(estate: Estate) -> None:
    switch = "switch.estate_pump_room_flooded"
    assert estate.hass.states.get(switch).state == "off"
    detector = estate.detector(1, "moisture")
    await estate.automate("pump_room_flood")
    await estate.pass_time(seconds=65)
    assert estate.hass.states.get(switch).state == "on"
    await estate.hass.services.async_call(
        "switch", "turn_off", {"entity_id": switch}, blocking=True
    )
    estate.set(detector, "on")
    await estate.pass_time(seconds=35)
    assert estate.active == []
    assert estate.hass.states.get(switch).state == "off"
    await estate.hass.services.async_call("switch", "turn_on", {"entity_id": switch}, blocking=True)
    await estate.pass_time(seconds=35)
    assert [one.loop for one in estate.active] == ["pump_room_flood"]
