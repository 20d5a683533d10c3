"""Loudspeakers and notices in Home Assistant itself."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, ServiceCall
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.smart_community.channels.address import Address
from custom_components.smart_community.channels.persistent import Persistent
from custom_components.smart_community.channels.speaker import Speaker, within
from custom_components.smart_community.core.model import ChannelKind, DeliveryState
from custom_components.smart_community.core.ports import ChannelError

from .conftest import GUARD, MESSAGE

PLAYER, SATELLITE, VOICE = "media_player.square", "assist_satellite.hall", "tts.house"


def speaker(
    hass: HomeAssistant, target: str = PLAYER, record: dict[str, str] | None = None, **more: Any
) -> Speaker:
    """A loudspeaker, and what its community has on record."""
    book = {("guard", ChannelKind.SPEAKER): Address(target=target, **more)}
    kept = {} if record is None else record

    async def keep(key: str, value: str) -> None:
        kept[key] = value

    return Speaker(hass, lambda: book, lambda key: kept.get(key, ""), keep)


async def test_guidance_is_spoken_by_the_voice_on_the_player(hass: HomeAssistant) -> None:
    said = async_mock_service(hass, "tts", "speak")
    hass.states.async_set(PLAYER, "idle")
    hass.states.async_set(VOICE, "unknown")
    guidance = replace(MESSAGE, announcement="Please turn the music down.")
    assert (await speaker(hass).send(guidance, GUARD)).state is DeliveryState.SENT
    assert said[0].data == {
        "entity_id": VOICE,
        "media_player_entity_id": PLAYER,
        "message": "Please turn the music down.",
    }
    await speaker(hass, voice="tts.other").send(MESSAGE, GUARD)
    assert said[1].data["entity_id"] == "tts.other"
    assert said[1].data["message"] == MESSAGE.spoken


async def test_a_satellite_announces_by_itself(hass: HomeAssistant) -> None:
    said = async_mock_service(hass, "assist_satellite", "announce")
    hass.states.async_set(SATELLITE, "idle")
    await speaker(hass, SATELLITE).send(MESSAGE, GUARD)
    assert said[0].data == {"entity_id": SATELLITE, "message": MESSAGE.spoken}


async def test_a_script_may_be_the_loudspeaker(hass: HomeAssistant) -> None:
    said = async_mock_service(hass, "script", "horn", supports_response="optional", response={})
    await speaker(hass, "script.horn").send(MESSAGE, GUARD)
    assert said[0].data["message"] == MESSAGE.spoken


@pytest.mark.parametrize("state", ["unavailable", None])
async def test_a_loudspeaker_that_is_away_is_a_failure(
    hass: HomeAssistant, state: str | None
) -> None:
    if state is not None:
        hass.states.async_set(PLAYER, state)
    with pytest.raises(ChannelError, match="speaker_unavailable"):
        await speaker(hass).send(MESSAGE, GUARD)


async def test_without_a_voice_nothing_can_be_said(hass: HomeAssistant) -> None:
    hass.states.async_set(PLAYER, "idle")
    with pytest.raises(ChannelError, match="no_voice"):
        await speaker(hass).send(MESSAGE, GUARD)


async def test_it_keeps_quiet_at_night_unless_lives_may_depend_on_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("UTC")
    said = async_mock_service(hass, "assist_satellite", "announce")
    hass.states.async_set(SATELLITE, "idle")
    night = speaker(hass, SATELLITE, quiet=(time(22), time(7)))
    freezer.move_to("2026-11-23T23:00:00+00:00")
    withheld = await night.send(MESSAGE, GUARD)
    assert (withheld.state, withheld.reason) == (DeliveryState.WITHHELD, "quiet_hours")
    assert said == []
    await night.send(replace(MESSAGE, critical=True), GUARD)
    freezer.move_to("2026-11-24T07:00:00+00:00")
    await night.send(MESSAGE, GUARD)
    assert len(said) == 2


async def test_it_does_not_repeat_itself_within_its_pause(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    said = async_mock_service(hass, "assist_satellite", "announce")
    hass.states.async_set(SATELLITE, "idle")
    paused = speaker(hass, SATELLITE, pause=timedelta(minutes=10))
    await paused.send(MESSAGE, GUARD)
    freezer.tick(timedelta(minutes=9))
    assert (await paused.send(MESSAGE, GUARD)).reason == "spoke_just_now"
    freezer.tick(timedelta(minutes=1))
    await paused.send(MESSAGE, GUARD)
    assert len(said) == 2


async def test_its_pause_goes_on_through_a_restart_and_its_quiet_hours_with_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    said = async_mock_service(hass, "assist_satellite", "announce")
    hass.states.async_set(SATELLITE, "idle")
    record: dict[str, str] = {}
    agreed = {"record": record, "pause": timedelta(minutes=10)}
    await speaker(hass, SATELLITE, **agreed).send(MESSAGE, GUARD)
    freezer.tick(timedelta(minutes=9))
    assert (await speaker(hass, SATELLITE, **agreed).send(MESSAGE, GUARD)).reason == (
        "spoke_just_now"
    )
    freezer.tick(timedelta(minutes=1))
    await speaker(hass, SATELLITE, **agreed).send(MESSAGE, GUARD)
    assert len(said) == 2
    # A clock that is set back by a day does not make it dumb for a day.
    freezer.tick(timedelta(days=-1))
    await speaker(hass, SATELLITE, **agreed).send(MESSAGE, GUARD)
    assert len(said) == 3


async def test_of_two_words_that_come_at_once_one_is_said(hass: HomeAssistant) -> None:
    """A voice takes seconds to speak; what comes meanwhile comes within the pause."""
    spoken, said = asyncio.Event(), []

    async def announce(call: ServiceCall) -> None:
        said.append(call)
        await spoken.wait()

    hass.services.async_register("assist_satellite", "announce", announce)
    hass.states.async_set(SATELLITE, "idle")
    paused = speaker(hass, SATELLITE, pause=timedelta(minutes=10))
    first = asyncio.create_task(paused.send(MESSAGE, GUARD))
    while not said:
        await asyncio.sleep(0)
    assert (await paused.send(MESSAGE, GUARD)).reason == "spoke_just_now"
    spoken.set()
    assert (await first).state is DeliveryState.SENT


async def test_a_word_that_failed_to_be_said_begins_no_pause(hass: HomeAssistant) -> None:
    said = async_mock_service(hass, "assist_satellite", "announce")
    paused = speaker(hass, SATELLITE, pause=timedelta(minutes=10))
    with pytest.raises(ChannelError, match="speaker_unavailable"):
        await paused.send(MESSAGE, GUARD)
    hass.states.async_set(SATELLITE, "idle")
    await paused.send(MESSAGE, GUARD)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("hours", "at", "inside"),
    [
        ((time(22), time(7)), time(22), True),
        ((time(22), time(7)), time(6, 59), True),
        ((time(22), time(7)), time(7), False),
        ((time(12), time(14)), time(13), True),
        ((time(12), time(14)), time(14), False),
        (None, time(3), False),
    ],
)
def test_hours_may_go_past_midnight(
    hours: tuple[time, time] | None, at: time, inside: bool
) -> None:
    assert within(hours, at) is inside


async def test_a_notice_in_home_assistant_is_replaced_and_taken_away(
    hass: HomeAssistant,
) -> None:
    channel = Persistent(hass)
    for text in ("first", "second"):
        await channel.send(replace(MESSAGE, text=text), GUARD)
    notices = persistent_notification._async_get_or_create_notifications(hass)
    assert [one["message"] for one in notices.values()] == ["second"]
    await channel.withdraw(MESSAGE.tag, GUARD)
    assert not notices
