"""A camera's picture of the moment at which an incident opened."""

import hashlib
from dataclasses import replace
from typing import override

import pytest
from homeassistant.components.camera import Camera
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    setup_test_component_platform,
)

from custom_components.smart_community.channels.companion import payload
from custom_components.smart_community.core.message import Message

from .test_incident import settle, smoke
from .test_report import photo

PICTURE = photo()


class Gate(Camera):
    """A camera at the far end; `picture` None is one that cannot look."""

    _attr_name = "Gate"

    def __init__(self) -> None:
        super().__init__()
        self.picture: bytes | None = PICTURE
        self.looks = 0

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        self.looks += 1
        return self.picture


@pytest.fixture
async def gate(hass: HomeAssistant) -> Gate:
    camera = Gate()
    assert await async_setup_component(hass, "http", {})
    setup_test_component_platform(hass, "camera", [camera])
    assert await async_setup_component(hass, "camera", {"camera": {"platform": "test"}})
    await hass.async_block_till_done()
    return camera


async def test_the_picture_of_the_moment_is_evidence_and_is_taken_once(
    hass: HomeAssistant, gate: Gate, community: MockConfigEntry
) -> None:
    opened = await smoke(hass, community, zone="Hall", camera="camera.gate")
    await smoke(hass, community, "binary_sensor.d2", zone="Hall", camera="camera.gate")
    await settle(hass, community)
    engine = community.runtime_data.engine
    (evidence,) = await engine.evidence(opened["incident"])
    assert (evidence.kind, evidence.data) == ("snapshot", {"source": "camera.gate"})
    assert evidence.digest == hashlib.sha256(PICTURE).hexdigest()
    assert gate.looks == 1
    assert community.runtime_data.pictures == {opened["incident"]: evidence.id}


@pytest.mark.parametrize(
    ("camera", "picture"),
    [
        ("camera.gate", None),
        ("camera.gate", b"<html>Please log in</html>"),
        ("camera.not_there", PICTURE),
    ],
    ids=["nothing", "a page", "not there"],
)
async def test_a_camera_that_cannot_look_delays_nobody_and_is_on_record(
    hass: HomeAssistant, gate: Gate, community: MockConfigEntry, camera: str, picture: bytes | None
) -> None:
    gate.picture = picture
    opened = await smoke(hass, community, camera=camera)
    await settle(hass, community)
    assert opened["verdict"] == "opened"
    engine = community.runtime_data.engine
    assert await engine.evidence(opened["incident"]) == []
    kinds = [entry.kind for entry in await engine.timeline(opened["incident"])]
    assert kinds.count("sent") == 1
    assert "no_picture" in kinds


async def test_pictures_of_ended_incidents_are_not_remembered(
    hass: HomeAssistant, gate: Gate, community: MockConfigEntry
) -> None:
    for number in range(3):
        source = f"binary_sensor.d{number}"
        opened = await smoke(hass, community, source, camera="camera.gate", closes="source")
        await settle(hass, community)
        assert set(community.runtime_data.pictures) == {opened["incident"]}
        await smoke(hass, community, source, raised=False, closes="source")


async def test_no_camera_is_no_picture(
    hass: HomeAssistant, gate: Gate, community: MockConfigEntry
) -> None:
    await smoke(hass, community, camera="")
    assert gate.looks == 0


def test_the_phone_gets_the_picture_with_the_notice() -> None:
    message = Message(tag="t", group="g", title="", text="", spoken="", incident="01")
    assert "image" not in payload(message)
    assert payload(replace(message, image="/api/x?authSig=s"))["image"] == "/api/x?authSig=s"
