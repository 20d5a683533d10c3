"""What a provider answers over HTTP becomes a line of the timeline and the next channel's call."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import MappingProxyType
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from tests.simulators.alibaba_cloud import KEY_ID, KEY_SECRET, AlibabaCloud, Script

from .conftest import FarEnd
from .test_incident import LADDER, act, settle
from .test_people import WORDED

SWITCHED_OFF = {"SendStatus": 2, "ErrCode": "MOBILE_NOT_ON_SERVICE"}


@pytest.fixture
async def cloud(hass: HomeAssistant, socket_enabled: None) -> AsyncIterator[AlibabaCloud]:
    cloud = AlibabaCloud()
    await cloud.start()
    yield cloud
    cloud.released.set()
    await cloud.stop()


def subscribe(
    hass: HomeAssistant, community: MockConfigEntry, cloud: AlibabaCloud, **more: Any
) -> None:
    """Let the guard's text messages go through an account, and the calls as before."""
    account = {
        "kind": "alibaba",
        "key": "ali",
        "key_id": KEY_ID,
        "key_secret": KEY_SECRET,
        "sign_name": "Estate",
        "sms_template": "SMS_1",
        "variables": ["loop", "place", "time", "number"],
        "sms_endpoint": cloud.url,
        **more,
    }
    hass.config_entries.async_add_subentry(
        community,
        ConfigSubentry(
            subentry_type="provider", title="Ali", unique_id=None, data=MappingProxyType(account)
        ),
    )
    (guard,) = [one for one in community.subentries.values() if one.data["key"] == "guard"]
    targets = {**guard.data["targets"], "sms": {"target": "provider.ali", "number": "139"}}
    hass.config_entries.async_update_subentry(
        community, guard, data={**guard.data, "targets": targets}
    )


async def alarm(hass: HomeAssistant, community: MockConfigEntry) -> str:
    """Raise an alarm; what its messages meet at the far end comes over real sockets."""
    await hass.async_block_till_done()
    data = {"loop": "smoke_single", "source": "binary_sensor.d1", "ladder": LADDER}
    await hass.services.async_call(DOMAIN, "signal", data, blocking=True)
    (incident,) = community.runtime_data.engine.active
    return incident.id


async def comes(met: Callable[[], object]) -> None:
    """Wait for what comes over real sockets while the clock stands."""
    while not met():
        await asyncio.sleep(0)


async def assert_went_on(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd, incident: str, reason: str
) -> list[str]:
    """See that the guard was called instead, and why; return the line in both languages."""
    await comes(lambda: far_end.calls)
    await settle(hass, community)
    (call,) = far_end.calls
    assert (call["kind"], call["number"]) == ("voice", "1380000")
    rows = await community.runtime_data.engine.timeline(incident)
    (failed,) = [row for row in rows if row.kind == "failed"]
    assert failed.data["responder"] == "guard"
    assert failed.data["channel"] == "sms"
    assert failed.data["reason"] == reason
    lines = []
    for language in ("en", "zh-Hans"):
        found = await act(hass, community, "get_incident", incident=incident, language=language)
        lines += [row["line"] for row in found["timeline"] if row["kind"] == "failed"]
    return lines


@pytest.mark.parametrize(
    ("script", "account", "reason"),
    [
        (Script(), {"key_secret": "wrong"}, "wrong_key"),
        (Script(code="isv.AMOUNT_NOT_ENOUGH"), {}, "no_balance"),
        (Script(code="isv.BLACK_LIST"), {}, "number_blocked"),
        (Script(code="isv.SMS_TEMPLATE_ILLEGAL"), {}, "template_refused"),
        (Script(code="isv.BUSINESS_LIMIT_CONTROL"), {}, "rate_limited"),
        (Script(hangs=True), {}, "time_out"),
        (Script(), {"sms_endpoint": "http://no-such-host.invalid"}, "dns_down"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_error_of_a_provider_calls_the_next_channel_and_stands_on_the_timeline(
    hass: HomeAssistant,
    community: MockConfigEntry,
    far_end: FarEnd,
    cloud: AlibabaCloud,
    *,
    freezer: FrozenDateTimeFactory,
    script: Script,
    account: dict[str, str],
    reason: str,
) -> None:
    subscribe(hass, community, cloud, **account)
    cloud.script = script
    incident = await alarm(hass, community)
    if script.hangs:
        await comes(lambda: cloud.asked)
        assert not far_end.calls
        freezer.tick(7.5)  # a provider's turn
    english, chinese = await assert_went_on(hass, community, far_end, incident, f"ali: {reason}")
    assert WORDED[reason][0] in english
    assert WORDED[reason][1] in chinese


async def test_a_text_that_turns_out_undelivered_calls_the_next_channel_at_once(
    hass: HomeAssistant,
    community: MockConfigEntry,
    far_end: FarEnd,
    cloud: AlibabaCloud,
    freezer: FrozenDateTimeFactory,
) -> None:
    cloud.sms_details = [SWITCHED_OFF]
    subscribe(hass, community, cloud)
    incident = await alarm(hass, community)
    engine = community.runtime_data.engine
    await comes(lambda: engine.running(incident).notices[0].tried == {"sms": "sent"})
    assert not far_end.calls
    freezer.tick(3)  # long before a missing receipt calls the next channel
    english, chinese = await assert_went_on(hass, community, far_end, incident, "switched_off")
    assert "switched off" in english
    assert "关机" in chinese
