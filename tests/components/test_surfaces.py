"""Home Assistant's own surfaces: backup, system health, logbook, Assist."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.smart_community import backup, logbook, system_health
from custom_components.smart_community.data import EVENT_INCIDENT

from .test_incident import LADDER, act, member, person, smoke


@pytest.mark.parametrize("log_first", [True, False])
async def test_a_backup_copied_file_by_file_is_a_database(
    hass: HomeAssistant, community: MockConfigEntry, tmp_path: Path, log_first: bool
) -> None:
    """The file and its log are copied at different moments, with alarms in between."""
    live = Path(hass.config.path(f"smart_community_{community.entry_id}.db"))
    await smoke(hass, community, source="binary_sensor.d0")
    await backup.async_pre_backup(hass)
    before = live.read_bytes()
    names = [live.name, f"{live.name}-wal"]
    copies = tmp_path / "backup"
    copies.mkdir()
    for round_, name in enumerate(reversed(names) if log_first else names):
        for number in range(4):
            await smoke(hass, community, source=f"binary_sensor.r{round_}n{number}")
        shutil.copy(live.parent / name, copies / name)
    assert live.read_bytes() == before  # everything since is in the log
    await backup.async_post_backup(hass)
    with sqlite3.connect(copies / live.name) as restored:
        assert restored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (signals,) = restored.execute("SELECT count(*) FROM signal").fetchone()
        (rows,) = restored.execute("SELECT count(*) FROM incident").fetchone()
    assert rows == signals == (5 if log_first else 9)


async def test_the_system_says_how_it_is(hass: HomeAssistant, community: MockConfigEntry) -> None:
    await smoke(hass, community)
    assert await system_health._info(hass) == {
        "communities": 1,
        "open_incidents": 1,
        "messages_waiting": 0,
        "seconds_overdue": 0,
        "recording": True,
    }


async def test_the_logbook_has_a_line_for_what_happens_and_none_of_the_people(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    heard = async_capture_events(hass, EVENT_INCIDENT)
    described = {}
    logbook.async_describe_events(
        hass, lambda domain, event, describe: described.update({(domain, event): describe})
    )
    number = (await smoke(hass, community))["number"]
    (describe,) = described.values()
    lines = [describe(event) for event in heard]
    assert lines[0] == {
        "name": f"{number} Smoke detector",
        "message": "opened",
    }
    assert lines[1]["message"] == "property company told"
    assert "Guard" not in str([event.data for event in heard])
    assert heard[0].data["device_id"] is not None


async def test_what_every_user_of_home_assistant_sees_says_no_place_unless_the_community_wants_it(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    heard = async_capture_events(hass, EVENT_INCIDENT)
    for shown in (False, True):
        data = {**community.data, "show_places": shown}
        hass.config_entries.async_update_entry(community, data=data)
        await smoke(hass, community, zone=f"Flat 120{shown:d}")
        orders = await hass.services.async_call(
            "todo",
            "get_items",
            {"entity_id": "todo.guard_incidents"},
            blocking=True,
            return_response=True,
        )
        states = [state.as_dict() for state in hass.states.async_all()]
        for public in (orders, states, [event.data for event in heard]):
            assert (f"Flat 120{shown:d}" in str(public)) is shown


async def say(hass: HomeAssistant, words: str, user: User | None, language: str = "en") -> str:
    from homeassistant.components.conversation import async_converse  # noqa: PLC0415

    context = Context(user_id=user.id if user else None)
    result = await async_converse(hass, words, None, context, language=language)
    return str(result.response.speech["plain"]["speech"])


@pytest.fixture
async def assist(hass: HomeAssistant, community: MockConfigEntry) -> MockConfigEntry:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    await hass.async_block_till_done()
    return community


async def test_assist_tells_what_is_open_to_those_who_may_know(
    hass: HomeAssistant, assist: MockConfigEntry
) -> None:
    guard = await member(hass, assist, "guard")
    water = await member(hass, assist, "water")
    assert await say(hass, "what is open", guard) == "Nothing is open."
    await smoke(hass, assist, zone="Building 3")
    assert await say(hass, "what is open", guard) == ("1 open: Smoke detector in Building 3, open.")
    assert await say(hass, "what is open", water) == "Nothing is open."
    said = await say(hass, "有哪些未处置的事件", guard, "zh-Hans")
    assert said == "有 1 个：Building 3的单点烟感报警，待处置。"


async def test_an_incident_is_taken_on_by_word_of_mouth(
    hass: HomeAssistant, assist: MockConfigEntry
) -> None:
    guard = await member(hass, assist, "guard")
    stranger = await person(hass, "stranger")
    incident = (await smoke(hass, assist, zone="Building 3"))["incident"]
    engine = assist.runtime_data.engine
    words = "acknowledge the smoke alarm in building 3"
    assert await say(hass, words, stranger) == "There is no open smoke alarm in building 3."
    refused = await say(hass, words, None)
    assert refused == "That is refused: not open to automations."
    assert engine.running(incident).status == "open"
    said = await say(hass, words, guard)
    assert said == "You have taken on Smoke detector in Building 3."
    assert engine.running(incident).status == "acknowledged"
    await smoke(hass, assist, zone="3号楼", source="binary_sensor.d9")
    said = await say(hass, "确认3号楼的烟感", guard, "zh-Hans")
    assert said == "已确认由您处置3号楼的单点烟感报警。"


@pytest.mark.parametrize(
    ("place", "others"),
    [
        ("11号楼", ["1号楼", "21号楼", "111号楼"]),
        ("十一号楼", ["一号楼", "二十一号楼"]),
        ("Building 30", ["building 3", "building 301"]),
        ("Building A", ["building ab"]),
        (" ", ["building 3"]),
    ],
)
async def test_another_building_is_not_taken_on_because_its_name_is_in_the_one_that_burns(
    hass: HomeAssistant, assist: MockConfigEntry, place: str, others: list[str]
) -> None:
    chinese = place.endswith("楼")
    words, language = (
        ("确认{}的烟感", "zh-Hans") if chinese else ("acknowledge the smoke in {}", "en")
    )
    guard = await member(hass, assist, "guard")
    opened = await act(
        hass, assist, "open_incident", loop="smoke_single", zone=place, ladder=LADDER
    )
    engine = assist.runtime_data.engine
    for other in others:
        said = await say(hass, words.format(other), guard, language)
        none = f"{other}没有待确认的烟感。" if chinese else f"There is no open smoke in {other}."
        assert said == none
        assert engine.running(opened["incident"]).status == "open"
    if place.strip():
        await say(hass, words.format(place.lower()), guard, language)
        assert engine.running(opened["incident"]).status == "acknowledged"
