"""A person's report: photo, place and words, from the phone to the incident that its loop opens."""

import asyncio
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import area_registry as ar
from homeassistant.setup import async_setup_component
from PIL import ExifTags, Image
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_community.photos import evidence_url
from custom_components.smart_community.reports import TAKEN_WITHIN

from .conftest import FarEnd
from .test_incident import act, member, person, settle

LADDER = [{"tier": "property", "after": 0, "channels": ["sms"]}]
SIGNAL = {
    "action": "smart_community.signal",
    "data": {"loop": "illegal_renovation", "report": "{{ trigger.report }}", "ladder": LADDER},
}


def photo(form: str = "JPEG", *, size: int = 64) -> bytes:
    """A photo as a phone takes it: with its position in the notes."""
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    gps[ExifTags.GPS.GPSLatitude] = (31.0, 13.0, 48.0)
    out = io.BytesIO()
    Image.effect_noise((size, size), 100).convert("RGB").save(out, form, exif=exif.tobytes())
    return out.getvalue()


async def client_of(hass: HomeAssistant, hass_client: ClientSessionGenerator, user: User) -> Any:
    refresh = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
    return await hass_client(hass.auth.async_create_access_token(refresh))


async def upload(client: Any, content: bytes) -> Any:
    return await client.post("/api/smart_community/photo", data=content)


@pytest.fixture(autouse=True)
async def http(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "http", {})


async def listen(hass: HomeAssistant, **more: Any) -> None:
    """An automation as the blueprint of illegal renovation makes it."""
    trigger = {
        "trigger": "smart_community.person_reported",
        "options": {"loop": ["illegal_renovation"]},
    }
    signal = {**SIGNAL, "data": {**SIGNAL["data"], **more}}
    one = {"id": "a", "alias": "a", "triggers": [trigger], "actions": [signal]}
    Path(hass.config.path("configuration.yaml")).write_text(json.dumps({"automation": [one]}))
    await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()
    assert hass.states.get("automation.a").state == "on"


async def test_a_guards_report_with_a_ten_megabyte_photo_becomes_an_incident(
    hass: HomeAssistant,
    community: MockConfigEntry,
    far_end: FarEnd,
    hass_client: ClientSessionGenerator,
) -> None:
    await listen(hass)
    home = ar.async_get(hass).async_create("Home 1-201")
    guard = await member(hass, community, "guard")
    client = await client_of(hass, hass_client, guard)
    content = photo("PNG", size=2600)
    assert len(content) > 10 * 1024**2
    answer = await upload(client, content)
    assert answer.status == 200
    picture = (await answer.json())["photo"]
    said = await act(
        hass,
        community,
        "report",
        guard,
        loop="illegal_renovation",
        zone=home.id,
        text="Wall broken through",
        photo=picture,
        x=0.25,
        y=0.75,
    )
    assert said["verdict"] == "opened"
    incident = await community.runtime_data.engine.find(said["number"])
    assert (incident.zone, incident.summary) == (f"area:{home.id}", "Wall broken through")
    (evidence,) = await community.runtime_data.engine.evidence(incident.id)
    assert evidence.data == {"x": 0.25, "y": 0.75}
    assert evidence.by == "guard"
    kept = await client.get(f"/api/smart_community/evidence/{evidence.id}")
    body = await kept.read()
    assert (kept.status, kept.content_type) == (200, "image/jpeg")
    assert hashlib.sha256(body).hexdigest() == evidence.digest
    assert not Image.open(io.BytesIO(body)).getexif()
    timeline = await community.runtime_data.engine.timeline(incident.id)
    assert [one.kind for one in timeline if one.kind in {"reported", "evidence"}] == [
        "reported",
        "evidence",
    ]
    assert "Wall broken through" in far_end.calls[0]["message"]


async def test_a_disk_that_does_not_take_the_photo_costs_no_incident(
    hass: HomeAssistant, community: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    await listen(hass)
    guard = await member(hass, community, "guard")
    client = await client_of(hass, hass_client, guard)
    picture = (await (await upload(client, photo())).json())["photo"]
    folder = Path(hass.config.path("smart_community_evidence", community.entry_id))
    in_the_way = folder / f"{picture}.jpg"
    in_the_way.mkdir()
    report = {"loop": "illegal_renovation", "zone": "x", "photo": picture}
    said = await act(hass, community, "report", guard, **report)
    assert (said["verdict"], said["evidence"]) == ("opened", None)
    view = await act(hass, community, "get_incident", guard, incident=said["number"])
    (line,) = [one["line"] for one in view["timeline"] if one["kind"] == "photo_lost"]
    assert "Guard" in line
    with pytest.raises(HomeAssistantError) as failed:
        await act(hass, community, "add_evidence", guard, incident=said["number"], photo=picture)
    assert failed.value.translation_key == "evidence_not_written"
    # Nothing was lost: with space on the disk it is added.
    in_the_way.rmdir()
    await act(hass, community, "add_evidence", guard, incident=said["number"], photo=picture)
    (kept,) = await community.runtime_data.engine.evidence(said["incident"])
    assert kept.id == picture


async def test_a_disk_that_does_not_take_an_upload_says_so_and_a_report_goes_without_it(
    hass: HomeAssistant, community: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    await listen(hass)
    guard = await member(hass, community, "guard")
    client = await client_of(hass, hass_client, guard)
    Path(hass.config.path("smart_community_evidence")).write_text("in the way")
    answer = await upload(client, photo())
    refused = await answer.json()
    assert (answer.status, refused["translation_key"]) == (400, "evidence_not_written")
    said = await act(hass, community, "report", guard, loop="illegal_renovation", zone="x")
    assert said["verdict"] == "opened"


async def test_a_stranger_can_neither_upload_nor_report_nor_see(
    hass: HomeAssistant,
    community: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    await listen(hass)
    stranger = await person(hass, "stranger")
    client = await client_of(hass, hass_client, stranger)
    answer = await upload(client, photo())
    refusal = await answer.json()
    assert (answer.status, refusal["translation_key"]) == (400, "not_permitted_outsider")
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "report", stranger, loop="illegal_renovation", zone="x")
    assert refused.value.translation_key == "not_permitted_outsider"
    guard = await member(hass, community, "guard")
    mine = await client_of(hass, hass_client, guard)
    picture = (await (await upload(mine, photo())).json())["photo"]
    await act(hass, community, "report", guard, loop="illegal_renovation", zone="x", photo=picture)
    path = f"/api/smart_community/evidence/{picture}"
    assert (await mine.get(path)).status == 200
    assert (await client.get(path)).status == 403
    nobody = await hass_client_no_auth()
    assert (await nobody.get(path)).status == 401
    assert (await nobody.get(f"{path}?authSig=forged")).status == 401
    # A notice's picture opens without logging in, by a link that Home Assistant has signed.
    assert (await nobody.get(evidence_url(hass, picture))).status == 200
    assert (await mine.get("/api/smart_community/evidence/none")).status == 404


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", photo()[:200], photo("GIF")])
async def test_what_is_no_photo_is_refused(
    hass: HomeAssistant,
    community: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    content: bytes,
) -> None:
    guard = await member(hass, community, "guard")
    client = await client_of(hass, hass_client, guard)
    answer = await upload(client, content)
    refusal = await answer.json()
    assert (answer.status, refusal["translation_key"]) == (400, "photo_unreadable")


async def test_a_photo_of_somebody_else_cannot_be_claimed(
    hass: HomeAssistant, community: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    await listen(hass)
    guard = await member(hass, community, "guard")
    secretary = await member(hass, community, "secretary")
    client = await client_of(hass, hass_client, guard)
    picture = (await (await upload(client, photo())).json())["photo"]
    for wrong in (picture, "../../secrets", "*"):
        with pytest.raises(ServiceValidationError) as refused:
            await act(
                hass,
                community,
                "report",
                secretary,
                loop="illegal_renovation",
                zone="x",
                photo=wrong,
            )
        assert refused.value.translation_key == "photo_unknown"


async def test_a_proof_brought_later_is_evidence_of_the_incident(
    hass: HomeAssistant, community: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    await listen(hass)
    guard = await member(hass, community, "guard")
    said = await act(hass, community, "report", guard, loop="illegal_renovation", zone="x")
    client = await client_of(hass, hass_client, guard)
    picture = (await (await upload(client, photo())).json())["photo"]
    await act(hass, community, "add_evidence", guard, incident=said["number"], photo=picture)
    engine = community.runtime_data.engine
    assert [one.id for one in await engine.evidence(said["incident"])] == [picture]
    with pytest.raises(ServiceValidationError):
        await act(hass, community, "add_evidence", guard, incident=said["number"], photo=picture)


async def test_a_report_that_no_automation_takes_is_not_lost_in_silence(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    guard = await member(hass, community, "guard")
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "report", guard, loop="illegal_renovation", zone="x")
    assert refused.value.translation_key == "report_unheard"
    assert community.runtime_data.reports.waiting == {}


async def test_an_automation_that_does_something_else_first_keeps_nobody_waiting_for_ever(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Whoever was told that nobody took a report is not told later that somebody did."""
    guard = await member(hass, community, "guard")
    trigger = {"trigger": "smart_community.person_reported"}
    asks = {"wait_for_trigger": [{"trigger": "event", "event_type": "answered"}]}
    one = {"id": "a", "alias": "a", "triggers": [trigger], "actions": [asks, SIGNAL]}
    Path(hass.config.path("configuration.yaml")).write_text(json.dumps({"automation": [one]}))
    await hass.services.async_call("automation", "reload", blocking=True)
    said = {"loop": "illegal_renovation", "zone": "x"}
    sent = asyncio.create_task(act(hass, community, "report", guard, **said))
    while not (sent.done() or community.runtime_data.reports.waiting):
        await asyncio.sleep(0)
    freezer.tick(TAKEN_WITHIN + 1)
    with pytest.raises(ServiceValidationError) as refused:
        await sent
    assert refused.value.translation_key == "report_unheard"
    assert community.runtime_data.reports.waiting == {}
    hass.bus.async_fire("answered")
    await settle(hass, community)
    assert community.runtime_data.engine.active == []


async def test_a_report_to_a_loop_that_sleeps_or_is_off_says_so(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    guard = await member(hass, community, "guard")
    await listen(hass, active={"season": {"from": "02-29", "until": "02-29"}})
    engine = community.runtime_data.engine
    for on, key in ((True, "report_muted"), (False, "report_off")):
        await engine.switch_loop("illegal_renovation", on=on)
        with pytest.raises(ServiceValidationError) as refused:
            await act(hass, community, "report", guard, loop="illegal_renovation", zone="x")
        assert refused.value.translation_key == key


async def test_two_reports_of_one_place_are_one_incident_and_the_second_is_on_record(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    await listen(hass)
    guard = await member(hass, community, "guard")
    first, second = [
        await act(hass, community, "report", guard, loop="illegal_renovation", zone="x", text=text)
        for text in ("a wall", "a second wall")
    ]
    assert first["incident"] == second["incident"]
    timeline = await community.runtime_data.engine.timeline(first["incident"])
    assert [one.data["note"] for one in timeline if one.kind == "reported"] == [
        "a wall",
        "a second wall",
    ]


async def test_a_signal_about_a_report_that_nobody_sent_is_refused(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    data = {"loop": "illegal_renovation", "ladder": LADDER}
    for more, key in (({"report": "01"}, "report_unknown"), ({}, "signal_without_source")):
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call(
                "smart_community", "signal", {**data, **more}, blocking=True, context=Context()
            )
        assert refused.value.translation_key == key


async def test_uploads_that_nobody_claims_are_deleted_after_a_day(
    hass: HomeAssistant, community: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    guard = await member(hass, community, "guard")
    client = await client_of(hass, hass_client, guard)
    first = (await (await upload(client, photo())).json())["photo"]
    folder = Path(hass.config.path("smart_community_evidence", community.entry_id, "uploads"))
    (old,) = folder.iterdir()
    assert first in old.name

    await asyncio.to_thread(os.utime, old, (0, 0))
    await upload(client, photo())
    assert not old.exists()
    await settle(hass, community)
