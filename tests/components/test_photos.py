"""A photo's way from a phone's camera into the evidence and back to those who may see it."""

from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from PIL import Image
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.photos import MAX_UPLOAD, cleaned

from .conftest import PEOPLE
from .screen import token_of
from .test_incident import act, member, person, smoke

GPS = 0x8825
ORIENTATION = 0x0112


def camera(width: int = 640, height: int = 480, *, turned: bool = False) -> bytes:
    """A picture as a camera writes it: with its position, and lying on its side if turned."""
    exif = Image.Exif()
    exif.get_ifd(GPS)[2] = (31.0, 13.0, 49.0)
    exif[0x010F] = "Camera maker"
    if turned:
        exif[ORIENTATION] = 6
    out = BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


class Phone:
    """A person's phone, logged in."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def send(self, incident: str, content: bytes) -> tuple[int, dict[str, Any]]:
        answer = await self._client.post(f"/api/smart_community/photos/{incident}", data=content)
        return answer.status, await answer.json()

    async def fetch(self, evidence: str) -> tuple[int, bytes]:
        answer = await self._client.get(f"/api/smart_community/evidence/{evidence}")
        return answer.status, await answer.read()


@pytest.fixture
async def phones(
    hass: HomeAssistant, far_end: Any, tmp_path: Path, hass_client: ClientSessionGenerator
) -> Any:
    """A community behind an HTTP server, and how to get somebody's phone."""
    hass.config.config_dir = str(tmp_path)
    assert await async_setup_component(hass, "http", {})
    entry = MockConfigEntry(
        domain=DOMAIN, title="Estate", data={"kind": "community"}, subentries_data=PEOPLE
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    async def phone(user: User) -> Phone:
        return Phone(await hass_client(await token_of(hass, user)))

    return entry, phone


def test_a_picture_loses_its_position_and_camera_is_turned_upright_and_made_no_larger() -> None:
    with Image.open(BytesIO(cleaned(camera(640, 480, turned=True)))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (480, 640))
        assert not picture.getexif()
    large = camera(4600, 3400)
    assert len(large) > 10_000_000
    with Image.open(BytesIO(cleaned(large))) as picture:
        assert max(picture.size) == 2560


def test_of_what_a_camera_writes_only_the_position_stays_where_it_is_wanted() -> None:
    with Image.open(BytesIO(cleaned(camera(turned=True), position=True))) as picture:
        exif = picture.getexif()
        assert exif.get_ifd(GPS)[2] == (31.0, 13.0, 49.0)
        assert set(exif) == {GPS}
        assert picture.size == (480, 640)
    # A photo without one, and one whose notes are rubbish, are photos all the same.
    bare = BytesIO()
    Image.new("RGB", (20, 20)).save(bare, "JPEG")
    broken = camera().replace(b"Camera maker", b"\xff" * 12)
    exif = broken.index(b"Exif")
    for content in (bare.getvalue(), broken[: exif + 14] + b"\xff" * 60 + broken[exif + 74 :]):
        with Image.open(BytesIO(cleaned(content, position=True))) as picture:
            assert GPS not in picture.getexif()


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a" + bytes(100), camera()[:2000], b"<svg onload='alert(1)'/>", bytes(5000)],
    ids=["empty", "gif", "cut", "script", "zeros"],
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        cleaned(content)


async def test_a_guards_photo_proves_that_an_incident_was_handled(
    hass: HomeAssistant, phones: Any
) -> None:
    entry, phone_of = phones
    guard = await member(hass, entry, "guard")
    phone = await phone_of(guard)
    incident = (await smoke(hass, entry, proof="photo"))["incident"]
    status, said = await phone.send(incident, camera())
    assert status == HTTPStatus.OK
    assert (await act(hass, entry, "handle", guard, incident=incident, photo=said["id"]))[
        "verdict"
    ] == "handled"
    found = await act(hass, entry, "get_incident", incident=incident)
    kept = next(one for one in found["timeline"] if one["kind"] == "evidence")
    assert (kept["data"]["id"], kept["data"]["digest"]) == (said["id"], said["digest"])
    status, content = await phone.fetch(said["id"])
    assert status == HTTPStatus.OK
    with Image.open(BytesIO(content)) as picture:
        assert not picture.getexif()


async def test_a_community_may_want_to_know_where_a_photo_was_taken(
    hass: HomeAssistant, phones: Any
) -> None:
    entry, phone_of = phones
    guard = await phone_of(await member(hass, entry, "guard"))
    incident = (await smoke(hass, entry))["incident"]
    for wanted in (True, False):
        form = await entry.start_reconfigure_flow(hass)
        running = entry.runtime_data
        answer = {"name": "Estate", "photo_position": wanted, "database": {}}
        await hass.config_entries.flow.async_configure(form["flow_id"], answer)
        await hass.async_block_till_done()
        assert entry.runtime_data is running  # no clock stops for it
        _, said = await guard.send(incident, camera())
        with Image.open(BytesIO((await guard.fetch(said["id"]))[1])) as picture:
            assert (GPS in picture.getexif()) is wanted


async def test_only_those_who_may_read_see_a_photo_and_only_those_concerned_send_one(
    hass: HomeAssistant, phones: Any
) -> None:
    entry, phone_of = phones
    guard = await phone_of(await member(hass, entry, "guard"))
    water = await phone_of(await member(hass, entry, "water"))
    stranger = await phone_of(await person(hass, "stranger"))
    incident = (await smoke(hass, entry))["incident"]
    _, said = await guard.send(incident, camera())
    for outside, key in ((water, "department"), (stranger, "outsider")):
        status, refused = await outside.send(incident, camera())
        assert (status, refused["translation_key"]) == (400, f"not_permitted_{key}")
        assert (await outside.fetch(said["id"]))[0] == HTTPStatus.FORBIDDEN
    found = await act(hass, entry, "get_incident", incident=incident)
    assert [one["kind"] for one in found["timeline"]].count("evidence") == 1
    assert (await guard.fetch("nothing"))[0] == HTTPStatus.NOT_FOUND
    assert (await guard.send("nothing", camera()))[1]["translation_key"] == "incident_unknown"


async def test_a_film_or_rubbish_is_refused_with_a_word(hass: HomeAssistant, phones: Any) -> None:
    entry, phone_of = phones
    guard = await phone_of(await member(hass, entry, "guard"))
    incident = (await smoke(hass, entry))["incident"]
    for content, key in (
        (b"not a picture", "photo_unreadable"),
        (bytes(MAX_UPLOAD + 1), "photo_too_large"),
    ):
        status, refused = await guard.send(incident, content)
        assert (status, refused["translation_key"]) == (400, key)


async def test_a_photo_that_was_changed_on_disk_or_cannot_be_written_is_said(
    hass: HomeAssistant, phones: Any, tmp_path: Path
) -> None:
    entry, phone_of = phones
    guard = await phone_of(await member(hass, entry, "guard"))
    incident = (await smoke(hass, entry))["incident"]
    _, said = await guard.send(incident, camera())
    folder = tmp_path / "smart_community_evidence" / entry.entry_id
    (folder / f"{said['id']}.jpg").write_bytes(camera())
    assert (await guard.fetch(said["id"]))[0] == HTTPStatus.GONE
    (folder / f"{said['id']}.jpg").unlink()
    folder.rmdir()
    folder.write_text("a file where the folder should be")
    status, refused = await guard.send(incident, camera())
    assert (status, refused["translation_key"]) == (400, "evidence_not_written")
