"""Noise meters' curves in an incident's evidence. The meters belong to another integration."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smart_community.core.evidence import Evidence
from custom_components.smart_community.curves import DATA_CURVES, PIECE_EVERY

from .screen import Open
from .test_incident import act, member, person, settle

METER = "sensor.square"


def says(hass: HomeAssistant, level: object, meter: str = METER) -> None:
    hass.states.async_set(
        meter, str(level), {"device_class": "sound_pressure", "unit_of_measurement": "dB"}
    )


async def measured(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, *readings: object, meter: str = METER
) -> None:
    """A reading every 10 seconds."""
    for level in readings:
        says(hass, level, meter)
        await hass.async_block_till_done()
        freezer.tick(timedelta(seconds=10))


async def noise(
    hass: HomeAssistant, entry: MockConfigEntry, source: str = METER, **more: Any
) -> dict[str, Any]:
    data = {"loop": "square_dance_noise", "source": source, "raised": True, **more}
    ladder = [{"tier": "property", "after": 0, "channels": ["sms"]}]
    return await act(hass, entry, "signal", ladder=ladder, **data)


async def evidence(hass: HomeAssistant, entry: MockConfigEntry, incident: str) -> list[Evidence]:
    await settle(hass, entry)
    return await entry.runtime_data.engine.evidence(incident)


def rows(entry: MockConfigEntry, piece: Evidence) -> list[str]:
    text = entry.runtime_data.evidence.read(piece).decode()
    return [row["level"] for row in csv.DictReader(io.StringIO(text))]


async def test_what_was_before_an_incident_and_while_it_lasted_is_its_evidence(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await measured(hass, freezer, 45, 45.5, 46)
    opened = await noise(hass, community)
    (before,) = await evidence(hass, community, opened["incident"])
    assert (before.data["why"], before.data["source"]) == ("opened", METER)
    assert rows(community, before) == ["45", "45.5", "46"]
    assert (before.data["lmax"], before.data["heard"]) == (46.0, 30)

    freezer.tick(timedelta(seconds=5))
    await measured(hass, freezer, 70, 80, 70)
    await noise(hass, community, raised=False)
    _, lasted = await evidence(hass, community, opened["incident"])
    assert lasted.data["why"] == "closed"
    assert lasted.data["from"] == before.data["to"]
    # What still held when the incident opened leads the piece.
    assert rows(community, lasted) == ["46", "70", "80", "70"]
    # 10 lg((5 s x 10^4.6 + 10 s x (10^7 + 10^8 + 10^7)) / 35 s)
    assert (lasted.data["laeq"], lasted.data["heard"]) == (75.4, 35)
    assert (lasted.data["l10"], lasted.data["l90"]) == (80.0, 46.0)
    assert lasted.data["samples"] == 4

    timeline = (await act(hass, community, "get_incident", incident=lasted.incident))["timeline"]
    assert [one["kind"] for one in timeline].count("evidence") == 2


async def test_a_long_evening_is_kept_piece_by_piece(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await measured(hass, freezer, 60)
    opened = await noise(hass, community)
    freezer.tick(timedelta(seconds=5))
    await measured(hass, freezer, 61, 62)
    async_fire_time_changed(hass, fire_all=True)
    pieces = await evidence(hass, community, opened["incident"])
    assert [piece.data["why"] for piece in pieces] == ["opened", "running"]
    assert rows(community, pieces[1]) == ["60", "61", "62"]
    assert timedelta(hours=2) / PIECE_EVERY >= 2, "a ring holds two pieces"


async def test_no_data_is_a_gap_in_the_curve_and_not_silence(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await measured(hass, freezer, 60, "unavailable", "unknown", "loud", 62)
    hass.states.async_remove(METER)
    await hass.async_block_till_done()
    freezer.tick(timedelta(seconds=10))
    opened = await noise(hass, community)
    (piece,) = await evidence(hass, community, opened["incident"])
    assert rows(community, piece) == ["60", "", "", "", "62", ""]
    assert piece.data["heard"] == 20


async def test_a_persons_report_of_noise_has_the_curves_of_its_zone(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    area = ar.async_get(hass).async_create("Square")
    registry = er.async_get(hass)
    near = registry.async_get_or_create("sensor", "mqtt", "near").entity_id
    far = registry.async_get_or_create("sensor", "mqtt", "far").entity_id
    registry.async_update_entity(near, area_id=area.id)
    await measured(hass, freezer, 66, meter=near)
    await measured(hass, freezer, 77, meter=far)
    ladder = [{"tier": "property", "after": 0, "channels": ["sms"]}]
    opened = await act(
        hass, community, "open_incident", loop="renovation_noise", zone=area.id, ladder=ladder
    )
    (piece,) = await evidence(hass, community, opened["incident"])
    assert piece.data["source"] == near
    smoke = await act(
        hass, community, "open_incident", loop="smoke_single", zone=area.id, ladder=ladder
    )
    assert await evidence(hass, community, smoke["incident"]) == []


async def test_a_meter_that_said_nothing_leaves_no_piece(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    says(hass, "unknown")
    opened = await noise(hass, community)
    assert await evidence(hass, community, opened["incident"]) == []


async def test_a_folder_that_cannot_be_written_stops_no_incident(
    hass: HomeAssistant,
    community: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (await hass.async_add_executor_job(_in_the_way, hass.config.path("smart_community_evidence")))
    await measured(hass, freezer, 60)
    opened = await noise(hass, community)
    assert opened["verdict"] == "opened"
    assert await evidence(hass, community, opened["incident"]) == []
    assert "Curve of sensor.square" in caplog.text
    closed = await noise(hass, community, raised=False)
    assert closed["verdict"] == "cleared_by_itself"


def _in_the_way(path: str) -> None:
    Path(path).write_text("in the way", encoding="utf-8")


async def test_a_reload_forgets_nothing_and_keeps_nothing_twice(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await measured(hass, freezer, 60)
    opened = await noise(hass, community)
    freezer.tick(timedelta(seconds=5))
    await measured(hass, freezer, 61)
    assert await hass.config_entries.async_reload(community.entry_id)
    await measured(hass, freezer, 62)
    await noise(hass, community, raised=False)
    pieces = await evidence(hass, community, opened["incident"])
    assert [rows(community, piece) for piece in pieces] == [["60"], ["60", "61", "62"]]


async def test_a_stop_writes_the_curve_that_goes_with_the_process(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await measured(hass, freezer, 60)
    opened = await noise(hass, community)
    freezer.tick(timedelta(seconds=5))
    await measured(hass, freezer, 61, 62)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    hass.data[DATA_CURVES].rings.clear()
    await measured(hass, freezer, 63)
    await noise(hass, community, raised=False)
    pieces = await evidence(hass, community, opened["incident"])
    assert [rows(community, one) for one in pieces] == [["60"], ["60", "61", "62"], ["63"]]


async def test_a_piece_bears_the_limits_that_the_loop_judged_by(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    freezer.move_to("2026-11-24 13:59:30+00:00")  # half a minute before the night in Shanghai
    detect = {"noise": {"period": {"minutes": 1}, "class": "2"}}
    secretary = await member(hass, community, "secretary")
    agreed = {"loop": "square_dance_noise", "threshold": "night", "value": 48}
    await act(hass, community, "agree", secretary, agreed_by="Residents' meeting", **agreed)
    for _ in range(8):
        await measured(hass, freezer, 75)
        said = await noise(hass, community, value="75", detect=detect)
    assert said["incident"]
    opened, *_ = await evidence(hass, community, said["incident"])
    assert opened.data["limit_over"] == 60
    assert [one["level"] for one in opened.data["limits"]] == [60, 48]
    assert opened.data["limits"][1]["from"] == "2026-11-24T14:00:00+00:00"


async def test_a_piece_of_what_no_rule_measured_bears_no_limit(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await measured(hass, freezer, 60)
    opened = await noise(hass, community)
    (piece,) = await evidence(hass, community, opened["incident"])
    assert "limits" not in piece.data


async def test_measured_incidents_are_listed_newest_first_to_those_who_may_read_them(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory, screen: Open
) -> None:
    guard, water = [await member(hass, community, key) for key in ("guard", "water")]
    await measured(hass, freezer, 60)
    first = await noise(hass, community)
    await evidence(hass, community, first["incident"])
    await measured(hass, freezer, 65)
    await noise(hass, community, raised=False)
    await settle(hass, community)
    await measured(hass, freezer, 70)
    second = await noise(hass, community, loop="renovation_noise")
    await evidence(hass, community, second["incident"])
    (shown,) = (await (await screen(guard)).ask("noise"))["result"]["communities"]
    rows = shown["incidents"]
    assert [row["number"] for row in rows] == [second["number"], first["number"]]
    assert [row["loop"] for row in rows] == ["renovation_noise", "square_dance_noise"]
    assert [piece["why"] for piece in rows[1]["curves"]] == ["opened", "closed"]
    assert rows[0]["curves"][0]["lmax"] == 70
    (shown,) = (await (await screen(water)).ask("noise"))["result"]["communities"]
    assert shown["incidents"] == []
    nobody = await screen(await person(hass, "stranger"))
    assert (await nobody.ask("noise"))["result"]["communities"] == []
