"""What a push says to Android's and to iOS's app, and what proves that a phone has it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_community.channels.companion import Companion, payload
from custom_components.smart_community.core.message import Button
from custom_components.smart_community.core.model import DeliveryState
from tests.simulators.companion_phone import Phone, Relay

from .conftest import GUARD, MESSAGE

ON_IT = Button(action="SMART_COMMUNITY_ACKNOWLEDGE_01J_guard", title="On my way")
FALSE = Button(
    action="SMART_COMMUNITY_FALSE_01J_guard", title="False alarm", asks=True, destructive=True
)
# What every push says, whatever its urgency: Android's sleeping phone is woken by `ttl` 0 and
# `priority` high, iOS opens `url` where Android opens `clickAction`.
ALWAYS = {
    "tag": "smart_community_01J",
    "group": "smart_community_smoke_single",
    "url": "/smart-community/desk?incident=01J",
    "clickAction": "/smart-community/desk?incident=01J",
    "actions": [],
    "ttl": 0,
    "priority": "high",
    "confirmation": True,
}


@pytest.mark.parametrize(
    ("how", "android", "ios"),
    [
        (
            {"critical": True},
            {
                "channel": "alarm_stream",
                "importance": "high",
                "persistent": True,
                "sticky": True,
            },
            {
                "interruption-level": "critical",
                "sound": {"name": "default", "critical": 1, "volume": 1.0},
            },
        ),
        (
            {"silent": True},
            {"channel": "smart_community_updates", "importance": "low", "alert_once": True},
            {"interruption-level": "passive", "sound": "none"},
        ),
        (
            {},
            {"channel": "smart_community_alarms", "importance": "high"},
            {"interruption-level": "time-sensitive"},
        ),
    ],
    ids=["critical", "silent", "normal"],
)
def test_each_urgency_is_said_in_the_words_of_both_apps(
    how: dict[str, bool], android: dict[str, Any], ios: dict[str, Any]
) -> None:
    said = payload(replace(MESSAGE, **how))
    assert said.pop("push") == ios
    assert said == ALWAYS | android


def test_buttons_and_a_picture_come_along() -> None:
    said = payload(replace(MESSAGE, buttons=(ON_IT, FALSE), image="/api/smart_community/photo/1"))
    assert said["actions"] == [
        {"action": ON_IT.action, "title": "On my way"},
        {
            "action": FALSE.action,
            "title": "False alarm",
            "behavior": "textInput",
            "destructive": True,
        },
    ]
    assert said["image"] == "/api/smart_community/photo/1"
    assert "image" not in payload(MESSAGE)


class Ledger:
    """Who was pushed to, who was heard, and which phone's push was taken off its count."""

    def __init__(self) -> None:
        self.rows: list[str] = []

    def pushed(self, user: str, incident: str) -> None:
        self.rows.append(f"pushed {incident}")

    def heard(self, user: str) -> None:
        self.rows.append("heard")

    def spend(self, phone: str, *, exempt: bool) -> bool:
        return True

    def refund(self, phone: str) -> None:
        self.rows.append("refunded")


@pytest.fixture
async def relay(socket_enabled: None) -> AsyncIterator[Relay]:
    relay = Relay()
    await relay.start()
    yield relay
    await relay.stop()


@pytest.mark.parametrize(
    ("local", "state", "rows"),
    [
        (True, DeliveryState.DELIVERED, ["pushed 01J", "heard", "refunded"]),
        (False, DeliveryState.SENT, ["pushed 01J"]),
    ],
    ids=["over the local channel", "over the relay"],
)
async def test_a_push_is_delivered_only_when_the_app_confirms_it_over_the_local_channel(
    home: HomeAssistant,
    relay: Relay,
    hass_client_no_auth: ClientSessionGenerator,
    hass_access_token: str,
    *,
    local: bool,
    state: DeliveryState,
    rows: list[str],
) -> None:
    for component in ("http", "websocket_api", "notify", "mobile_app"):
        assert await async_setup_component(home, component, {})
    client = await hass_client_no_auth()
    url = str(client.make_url("")).rstrip("/")
    phone = Phone(name="Duty", url=url, token=hass_access_token, relay=relay, local=local)
    async with aiohttp.ClientSession() as session:
        await phone.register(session)
        await home.async_block_till_done()
        if local:
            await phone.connected.wait()
        (entry,) = home.config_entries.async_entries("mobile_app")
        guard = replace(GUARD, users=frozenset({entry.data["user_id"]}))
        ledger = Ledger()
        sent = await Companion(home, ledger, ledger).send(replace(MESSAGE, critical=True), guard)
        assert (sent.state, ledger.rows) == (state, rows)
        notice = await phone.wait_for(lambda one: one.title == MESSAGE.title, 30)
        assert notice.message == MESSAGE.text
        assert notice.data["channel"] == "alarm_stream"
        assert notice.data["push"]["interruption-level"] == "critical"
        await asyncio.gather(*phone.confirming)
        phone.switch_off()
        await home.async_block_till_done()
