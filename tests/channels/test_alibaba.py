"""Alibaba Cloud's calls and text messages, against its API as described, with every error."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smart_community.channels.alibaba import Account, Alibaba, fit
from custom_components.smart_community.core.model import ChannelKind, DeliveryState
from custom_components.smart_community.core.ports import ChannelError
from tests.simulators.alibaba_cloud import KEY_ID, KEY_SECRET, AlibabaCloud, Script

from .conftest import MESSAGE

SMS, VOICE = ChannelKind.SMS, ChannelKind.VOICE


@pytest.fixture
async def cloud(home: HomeAssistant) -> AsyncIterator[AlibabaCloud]:
    cloud = AlibabaCloud()
    await cloud.start()
    yield cloud
    cloud.released.set()
    await cloud.stop()


def account(cloud: AlibabaCloud, **more: Any) -> Account:
    given: dict[str, Any] = {
        "key_id": KEY_ID,
        "key_secret": KEY_SECRET,
        "sign_name": "安居社区",
        "sms_template": "SMS_1",
        "voice_template": "TTS_1",
        "sms_endpoint": cloud.url,
        "voice_endpoint": cloud.url,
    }
    return Account(**{**given, **more})


def provider(hass: HomeAssistant, account: Account) -> Alibaba:
    async def ready() -> None:
        """The SDKs are there: the lock file has them."""

    return Alibaba(hass, "ali", account, ready, polls=((0.0, 0.01), (0.0, 0.01)))


async def test_a_text_message_fills_the_template_and_its_delivery_is_asked_for(
    home: HomeAssistant, cloud: AlibabaCloud
) -> None:
    cloud.sms_details = [None, {"SendStatus": 1}, {"SendStatus": 3}]
    ali = provider(home, account(cloud))
    sent = await ali.send(SMS, MESSAGE, "13800000000")
    assert sent.state is DeliveryState.SENT
    (asked,) = cloud.asked
    assert asked.action == "SendSms"
    assert asked.parameters["PhoneNumbers"] == "13800000000"
    assert asked.parameters["SignName"] == "安居社区"
    assert json.loads(asked.parameters["TemplateParam"]) == MESSAGE.facts
    heard = await ali.follow(SMS, sent.reference, "13800000000")
    assert heard.state is DeliveryState.DELIVERED
    assert [one.action for one in cloud.asked[1:]] == ["QuerySendDetails"] * 3
    assert cloud.asked[1].parameters["BizId"] == "biz-1"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("MOBILE_IN_BLACK", "number_blocked"),
        ("MOBILE_NOT_ON_SERVICE", "switched_off"),
        ("CONTENT_KEYWORD", "text_refused"),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
async def test_a_text_message_that_does_not_arrive_says_why(
    home: HomeAssistant, cloud: AlibabaCloud, code: str, reason: str
) -> None:
    cloud.sms_details = [{"SendStatus": 2, "ErrCode": code}]
    ali = provider(home, account(cloud))
    sent = await ali.send(SMS, MESSAGE, "138")
    with pytest.raises(ChannelError, match=reason):
        await ali.follow(SMS, sent.reference, "138")


@pytest.mark.parametrize("filed_as", ["11000000300006", "11010000138001"])
async def test_a_call_that_was_taken_is_a_receipt_once_the_service_knows_of_it(
    home: HomeAssistant, cloud: AlibabaCloud, filed_as: str
) -> None:
    cloud.spoken = filed_as
    cloud.call_details = [None, {"state": "200000"}, {"endDate": "x", "duration": "9"}]
    ali = provider(home, account(cloud))
    sent = await ali.send(VOICE, MESSAGE, "138")
    assert cloud.asked[0].action == "SingleCallByTts"
    heard = await ali.follow(VOICE, sent.reference, "138")
    assert (heard.state, heard.reason) == (DeliveryState.DELIVERED, "answered")
    assert not heard.acknowledged
    assert cloud.asked[-1].parameters["CallId"] == "call-1"
    assert cloud.asked[-1].parameters["ProdId"] == filed_as


async def test_a_pressed_key_is_an_acknowledgement(
    home: HomeAssistant, cloud: AlibabaCloud
) -> None:
    cloud.call_details = [{"endDate": "x", "duration": "9", "dtmf": "1"}]
    ali = provider(home, account(cloud, menu_template="TTS_2", show_number="05710000"))
    sent = await ali.send(VOICE, MESSAGE, "138")
    asked = cloud.asked[0]
    assert asked.action == "IvrCall"
    assert asked.parameters["StartCode"] == "TTS_1"
    assert asked.parameters["CalledShowNumber"] == "05710000"
    assert "TTS_2" in str(asked.parameters)
    heard = await ali.follow(VOICE, sent.reference, "138")
    assert heard.acknowledged
    assert cloud.asked[-1].parameters["ProdId"] == "11000000300005"


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ({"state": "200002"}, "busy"),
        ({"state": "200005"}, "switched_off"),
        ({"state": "999", "stateDesc": "line broken"}, "line broken"),
        ({}, "no_answer"),
    ],
)
async def test_a_call_that_nobody_took_is_a_failure_with_its_reason(
    home: HomeAssistant, cloud: AlibabaCloud, detail: dict[str, str], reason: str
) -> None:
    cloud.call_details = [{"endDate": "x", "duration": "0", **detail}]
    ali = provider(home, account(cloud))
    sent = await ali.send(VOICE, MESSAGE, "138")
    with pytest.raises(ChannelError, match=reason):
        await ali.follow(VOICE, sent.reference, "138")


@pytest.mark.parametrize("kind", [SMS, VOICE])
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script(code="isv.AMOUNT_NOT_ENOUGH"), "no_balance"),
        (Script(code="isv.BUSINESS_LIMIT_CONTROL"), "rate_limited"),
        (Script(code="isv.MOBILE_NUMBER_ILLEGAL"), "number_wrong"),
        (Script(code="isv.BLACK_LIST"), "number_blocked"),
        (Script(code="ComplaintReject", status=400), "number_blocked"),
        (Script(code="isv.AMOUNT_NOT_ENOUG", status=400), "no_balance"),
        (Script(code="isv.TEMPLATE_ILLEGAL"), "template_refused"),
        (Script(code="isv.ACCOUNT_NOT_EXISTS"), "wrong_key"),
        (Script(code="isv.SMS_TEMPLATE_ILLEGAL"), "template_refused"),
        (Script(code="isv.TTS_TEMPLATE_ILLEGAL"), "template_refused"),
        (Script(code="isv.NEW_RULE"), "isv.NEW_RULE"),
        (Script(code="Throttling.User", status=400), "rate_limited"),
        (Script(code="isp.RAM_PERMISSION_DENY", status=403), "not_allowed"),
        (Script(code="ServiceUnavailable", status=503), "ServiceUnavailable"),
        (Script(garbage=True), "not_understood|cannot_connect"),
    ],
)
async def test_every_refusal_has_its_reason(
    home: HomeAssistant, cloud: AlibabaCloud, kind: ChannelKind, script: Script, reason: str
) -> None:
    cloud.script = script
    with pytest.raises(ChannelError, match=f"^({reason})$"):
        await provider(home, account(cloud)).send(kind, MESSAGE, "138")


@pytest.mark.parametrize("kind", [SMS, VOICE])
@pytest.mark.parametrize("wrong", [{"key_id": "nobody"}, {"key_secret": "wrong"}])
async def test_a_wrong_key_is_called_one(
    home: HomeAssistant, cloud: AlibabaCloud, kind: ChannelKind, wrong: dict[str, str]
) -> None:
    with pytest.raises(ChannelError, match=r"^wrong_key$"):
        await provider(home, account(cloud, **wrong)).send(kind, MESSAGE, "138")


@pytest.mark.parametrize("kind", [SMS, VOICE])
async def test_a_far_end_that_is_away_or_has_no_name_is_told_apart(
    home: HomeAssistant, cloud: AlibabaCloud, kind: ChannelKind
) -> None:
    away = account(cloud, **{f"{kind}_endpoint": "http://127.0.0.1:9"})
    with pytest.raises(ChannelError, match=r"^cannot_connect$"):
        await provider(home, away).send(kind, MESSAGE, "138")
    nameless = account(cloud, **{f"{kind}_endpoint": "http://no-such-host.invalid"})
    with pytest.raises(ChannelError, match=r"^dns_down$"):
        await provider(home, nameless).send(kind, MESSAGE, "138")


@pytest.mark.parametrize("kind", [SMS, VOICE])
async def test_a_far_end_that_hangs_is_a_time_out_and_is_not_asked_twice(
    home: HomeAssistant, cloud: AlibabaCloud, kind: ChannelKind
) -> None:
    cloud.script = Script(hangs=True)
    hurried = account(cloud, answer_within=200)
    with pytest.raises(ChannelError, match=r"^time_out$"):
        await provider(home, hurried).send(kind, MESSAGE, "138")
    assert len(cloud.asked) < 2, "a second try might be a second call"


@pytest.mark.parametrize("kind", [SMS, VOICE])
async def test_a_far_end_that_hangs_when_asked_is_asked_again(
    home: HomeAssistant, cloud: AlibabaCloud, kind: ChannelKind
) -> None:
    sent = await provider(home, account(cloud)).send(kind, MESSAGE, "138")
    cloud.script = Script(hangs=True)
    hurried = provider(home, account(cloud, answer_within=200))
    waiting = home.async_create_task(hurried.follow(kind, sent.reference, "138"))
    await cloud.wait_until_asked(3)  # the first question timed out, and another was asked
    assert not waiting.done()
    cloud.script = Script()
    assert (await waiting).state is DeliveryState.DELIVERED


async def test_a_bad_line_while_asking_says_nothing_about_the_message(
    home: HomeAssistant, cloud: AlibabaCloud
) -> None:
    ali = provider(home, account(cloud))
    sent = await ali.send(SMS, MESSAGE, "138")
    port = cloud.port
    await cloud.stop()
    waiting = home.async_create_task(ali.follow(SMS, sent.reference, "138"))
    again = AlibabaCloud(port)
    await again.start()
    try:
        assert (await waiting).state is DeliveryState.DELIVERED
    finally:
        await again.stop()


@pytest.mark.parametrize("kind", [SMS, VOICE])
async def test_words_that_are_too_long_for_the_template_are_cut_not_refused(
    home: HomeAssistant, cloud: AlibabaCloud, kind: ChannelKind
) -> None:
    long = replace(MESSAGE, facts={**MESSAGE.facts, "place": "很长的地名" * 60, "time": ""})
    assert (await provider(home, account(cloud)).send(kind, long, "138")).reference


def test_a_text_is_fitted_to_its_variable() -> None:
    assert fit("a b\n c", 35) == "a b c"
    assert fit("", 35) == "-"
    assert fit("x" * 36, 35) == "x" * 34 + "…"


def test_a_channel_without_a_template_is_not_offered(hass: HomeAssistant) -> None:
    only = Account(key_id="a", key_secret="b", sms_template="SMS_1")
    assert provider(hass, only).kinds == {SMS}


async def test_a_responder_without_a_number_is_not_called(hass: HomeAssistant) -> None:
    only = Account(key_id="a", key_secret="b", sms_template="SMS_1")
    with pytest.raises(ChannelError, match="no_address"):
        await provider(hass, only).send(SMS, MESSAGE, "")
