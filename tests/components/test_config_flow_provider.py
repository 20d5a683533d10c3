"""Accounts are tried before they are saved, and reach people once they are."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.config_entries import SubentryFlowResult as Result
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_community.channels.https import SIGNATURE, TIMESTAMP, sign
from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.deeds import COMMUNITY_LOG
from custom_components.smart_community.diagnostics import async_get_config_entry_diagnostics
from tests.simulators.alibaba_cloud import KEY_ID, KEY_SECRET, AlibabaCloud, Script
from tests.simulators.work_chat import KEY, SECRET, WorkChat

from .test_incident import LADDER, settle
from .translated import assert_flow_said


@pytest.fixture
async def chat(hass: HomeAssistant, socket_enabled: None) -> AsyncIterator[WorkChat]:
    chat = WorkChat()
    await chat.start()
    yield chat
    await chat.stop()


@pytest.fixture
async def cloud(hass: HomeAssistant, socket_enabled: None) -> AsyncIterator[AlibabaCloud]:
    cloud = AlibabaCloud()
    await cloud.start()
    yield cloud
    await cloud.stop()


async def _form(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> Result:
    flows = hass.config_entries.subentries
    menu = await flows.async_init((entry.entry_id, "provider"), context={"source": SOURCE_USER})
    assert_flow_said(menu)
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": kind})
    assert_flow_said(form)
    return form


async def _submit(hass: HomeAssistant, form: Result, **answers: Any) -> Result:
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], answers)
    await hass.async_block_till_done()
    assert_flow_said(result)
    return result


def _stored(entry: MockConfigEntry, kind: str) -> ConfigSubentry:
    return next(
        one
        for one in entry.subentries.values()
        if one.subentry_type == "provider" and one.data["kind"] == kind
    )


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("wecom", "/cgi-bin/webhook/send?key="),
        ("dingtalk", "/robot/send?access_token="),
        ("feishu", "/open-apis/bot/v2/hook/"),
    ],
)
async def test_a_robot_is_tried_before_it_is_saved(
    hass: HomeAssistant, community: MockConfigEntry, chat: WorkChat, kind: str, path: str
) -> None:
    form = await _form(hass, community, kind)
    secret = {} if kind == "wecom" else {"secret": SECRET}
    answers = {"name": "Desk group", "test": True, **secret}
    refused = await _submit(hass, form, url=f"{chat.url}{path}wrong", **answers)
    assert refused["errors"] == {"base": "test_failed"}
    assert refused["description_placeholders"] == {"problem": "wrong key"}
    invalid = await _submit(hass, form, url="no address", **answers)
    assert invalid["errors"] == {"url": "url_invalid"}
    invalid = await _submit(hass, form, url="http://[::1", **answers)
    assert invalid["errors"] == {"url": "url_invalid"}
    made = await _submit(hass, form, url=f"{chat.url}{path}{KEY}", **answers)
    assert made["type"] is FlowResultType.CREATE_ENTRY
    assert "Nothing has happened" in str(chat.said)
    assert _stored(community, kind).data["key"] == "desk_group"
    form = await _form(hass, community, kind)
    second = await _submit(hass, form, url=f"{chat.url}{path}{KEY}", **answers)
    assert second["errors"] == {"name": "already_configured"}


async def test_an_account_that_carries_nothing_is_refused(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    form = await _form(hass, community, "alibaba")
    given = {"name": "Ali", "key_id": KEY_ID, "variables": ["loop", "place", "time", "number"]}
    result = await _submit(hass, form, **given)
    assert result["errors"] == {"base": "template_missing", "key_secret": "secret_missing"}
    result = await _submit(
        hass, form, **given, key_secret="s", sms_template="SMS_1", menu_template="TTS_2"
    )
    assert result["errors"] == {
        "sign_name": "sign_name_missing",
        "menu_template": "menu_needs_number",
    }


async def test_an_alarm_goes_out_through_an_account_that_was_tried_with_its_keys(
    hass: HomeAssistant, community: MockConfigEntry, cloud: AlibabaCloud
) -> None:
    form = await _form(hass, community, "alibaba")
    given = {
        "name": "Ali",
        "key_id": KEY_ID,
        "key_secret": KEY_SECRET,
        "sign_name": "Estate",
        "sms_template": "SMS_1",
        "voice_template": "TTS_1",
        "menu_template": "TTS_2",
        "show_number": "0571",
        "variables": ["loop", "place", "time", "number"],
        "sms_endpoint": cloud.url,
        "voice_endpoint": cloud.url,
        "test_number": "138",
    }
    cloud.script = Script(code="isv.AMOUNT_NOT_ENOUGH")
    refused = await _submit(hass, form, **given)
    assert refused["description_placeholders"] == {"problem": "no balance"}
    cloud.script = Script()
    assert (await _submit(hass, form, **given))["type"] is FlowResultType.CREATE_ENTRY
    assert [one.action for one in cloud.asked[-2:]] == ["SendSms", "IvrCall"]
    stored = _stored(community, "alibaba").data
    assert "test_number" not in stored

    (guard,) = [one for one in community.subentries.values() if one.data["key"] == "guard"]
    targets = {kind: {"target": "provider.ali", "number": "139"} for kind in ("sms", "voice")}
    hass.config_entries.async_update_subentry(
        community, guard, data={**guard.data, "targets": targets}
    )
    await hass.async_block_till_done()
    # Not settled: its delivery is asked for in the background, by a clock that stands here.
    alarm = {"loop": "smoke_single", "source": "binary_sensor.d1", "ladder": LADDER}
    await hass.services.async_call(DOMAIN, "signal", alarm, blocking=True)
    (incident,) = community.runtime_data.engine.active
    while community.runtime_data.engine.running(incident.id).notices[0].tried != {"sms": "sent"}:
        await asyncio.sleep(0)
    assert cloud.asked[-1].parameters["PhoneNumbers"] == "139"

    shown = str(await async_get_config_entry_diagnostics(hass, community))
    assert KEY_SECRET not in shown
    assert KEY_ID not in shown


async def test_a_secret_that_is_left_empty_stays_what_it_was(
    hass: HomeAssistant, community: MockConfigEntry, chat: WorkChat
) -> None:
    form = await _form(hass, community, "dingtalk")
    url = f"{chat.url}/robot/send?access_token={KEY}"
    await _submit(hass, form, name="Group", url=url, secret=SECRET, test=True)
    stored = _stored(community, "dingtalk")
    form = await community.start_subentry_reconfigure_flow(hass, stored.subentry_id)
    assert_flow_said(form)
    assert SECRET not in str(form["data_schema"].schema)
    result = await _submit(hass, form, name="Group 2", url=url, test=True)
    assert result["reason"] == "reconfigure_successful"
    changed = _stored(community, "dingtalk")
    assert (changed.title, changed.data["secret"]) == ("Group 2", SECRET)
    assert changed.data["key"] == stored.data["key"]


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """Send a body in two, the second once the first has been read."""
    yield body[:9]
    for _ in range(20):
        await asyncio.sleep(0)
    yield body[9:]


async def test_receipts_are_called_back_with_and_forged_ones_stand_on_record(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    community: MockConfigEntry,
    socket_enabled: None,
) -> None:
    assert await async_setup_component(hass, "http", {})
    assert await async_setup_component(hass, "webhook", {})
    form = await _form(hass, community, "https")
    answers = {"name": "Pager", "url": "https://pager.example/x", "channels": ["https"]}
    assert (await _submit(hass, form, **answers | {"channels": []}, test=False))["errors"] == {
        "secret": "secret_missing",
        "channels": "no_channel",
    }
    await _submit(hass, form, **answers, secret="shared", test=False)
    path = f"/api/webhook/{_stored(community, 'https').data['webhook_id']}"
    client = await hass_client_no_auth()
    body = json.dumps({"reference": "unknown", "receipt": "read"}).encode()
    stamp = str(int(dt_util.utcnow().timestamp()))
    forged = await client.post(path, data=body, headers={TIMESTAMP: stamp, SIGNATURE: "0"})
    assert forged.status == 403
    await settle(hass, community)
    (row,) = await community.runtime_data.engine.timeline(COMMUNITY_LOG)
    assert row.data == {"deed": "receipt", "reason": "wrong_signature"}
    assert row.actor.name == "Pager"
    signed = {TIMESTAMP: stamp, SIGNATURE: sign("shared", stamp, body)}
    assert (await client.post(path, data=body, headers=signed)).status == 410
    assert (await client.post(path, data=in_pieces(body), headers=signed)).status == 410
    assert (await client.post(path, data=b"x" * 9000, headers=signed)).status == 403
    stored = _stored(community, "https")
    hass.config_entries.async_remove_subentry(community, stored.subentry_id)
    await hass.async_block_till_done()
    assert not community.runtime_data.providers()
