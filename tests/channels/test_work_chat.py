"""The robots of the three work chats, against what each checks."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smart_community.channels.dingtalk import DingTalk
from custom_components.smart_community.channels.feishu import Feishu
from custom_components.smart_community.channels.robot import Robot, cut
from custom_components.smart_community.channels.wecom import WeCom
from custom_components.smart_community.core.model import ChannelKind, DeliveryState
from custom_components.smart_community.core.ports import ChannelError
from tests.components.translated import COMPONENT
from tests.simulators.work_chat import A_MINUTE, KEY, SECRET, WorkChat

from .conftest import MESSAGE

CHAT = ChannelKind.CHAT
PATHS = {
    WeCom: "/cgi-bin/webhook/send?key=",
    DingTalk: "/robot/send?access_token=",
    Feishu: "/open-apis/bot/v2/hook/",
}
ALL = pytest.mark.parametrize("robot", PATHS)
SIGNED = pytest.mark.parametrize("robot", [DingTalk, Feishu])


@pytest.fixture
async def chat(home: HomeAssistant) -> AsyncIterator[WorkChat]:
    chat = WorkChat()
    await chat.start()
    yield chat
    await chat.stop()


def made(
    hass: HomeAssistant, chat: WorkChat, robot: type[Robot], key: str = KEY, secret: str = SECRET
) -> Robot:
    return robot(hass, "group", f"{chat.url}{PATHS[robot]}{key}", secret)


@ALL
async def test_a_message_stands_in_the_group_and_proves_nothing(
    home: HomeAssistant, chat: WorkChat, robot: type[Robot]
) -> None:
    sent = await made(home, chat, robot).send(CHAT, MESSAGE, "13800000000")
    assert (sent.state, sent.reference) == (DeliveryState.SENT, "")
    (said,) = chat.said
    assert "Floor 2" in str(said)
    if robot is not Feishu:
        assert "13800000000" in str(said)


@ALL
async def test_a_wrong_key_is_called_one(
    home: HomeAssistant, chat: WorkChat, robot: type[Robot]
) -> None:
    with pytest.raises(ChannelError, match="wrong_key"):
        await made(home, chat, robot, key="other").send(CHAT, MESSAGE, "")


@SIGNED
async def test_a_wrong_secret_is_refused_and_a_robot_without_one_takes_all(
    home: HomeAssistant, chat: WorkChat, robot: type[Robot]
) -> None:
    for secret in ("wrong", ""):
        with pytest.raises(ChannelError, match="wrong_key"):
            await made(home, chat, robot, secret=secret).send(CHAT, MESSAGE, "")
    chat.signed = False
    await made(home, chat, robot, secret="").send(CHAT, MESSAGE, "")
    assert len(chat.said) == 1


@ALL
async def test_too_many_messages_are_called_that(
    home: HomeAssistant, chat: WorkChat, robot: type[Robot]
) -> None:
    chat.sent = A_MINUTE
    with pytest.raises(ChannelError, match="rate_limited"):
        await made(home, chat, robot).send(CHAT, MESSAGE, "")


@pytest.mark.parametrize(
    ("robot", "code", "reason"),
    [(robot, code, reason) for robot in PATHS for code, reason in robot.reasons.items()],
)
async def test_every_code_of_a_robot_is_a_reason_that_is_worded_in_both_languages(
    home: HomeAssistant, chat: WorkChat, robot: type[Robot], code: int, reason: str
) -> None:
    chat.raw = json.dumps({robot.code: code, "errmsg": "no", "msg": "no"})
    with pytest.raises(ChannelError, match=f"^{reason}$"):
        await made(home, chat, robot).send(CHAT, MESSAGE, "")
    for language in ("en", "zh-Hans"):
        words = json.loads((COMPONENT / "texts" / f"{language}.json").read_text())
        assert reason in words["timeline"]["values"]


@pytest.mark.parametrize(
    ("status", "raw", "reason"),
    [
        (500, "oops", "provider_error"),
        (429, "", "rate_limited"),
        (403, "", "wrong_key"),
        (200, "<html>", "not_understood"),
        (200, "[]", "not_understood"),
        (200, '{"errcode": 4711, "errmsg": "new"}', "4711 new"),
        (200, "{}", "None"),
    ],
)
async def test_whatever_else_comes_back_is_a_reason_too(
    home: HomeAssistant, chat: WorkChat, status: int, raw: str, reason: str
) -> None:
    chat.status, chat.raw = status, raw
    with pytest.raises(ChannelError, match=reason):
        await made(home, chat, WeCom).send(CHAT, MESSAGE, "")


async def test_a_long_message_is_cut_to_what_the_chat_takes(
    home: HomeAssistant, chat: WorkChat
) -> None:
    long = replace(MESSAGE, text="火" * 3000)
    await made(home, chat, WeCom).send(CHAT, long, "")
    assert len(chat.said[0]["text"]["content"].encode()) <= 2048


def test_a_cut_text_ends_between_characters() -> None:
    assert cut("火火火", 8) == "火…"
    assert cut("abc", 3) == "abc"


async def test_a_name_that_is_not_found_and_a_port_that_is_shut_are_told_apart(
    home: HomeAssistant, disable_mock_zeroconf_resolver: None
) -> None:
    nameless = WeCom(home, "group", "http://no-such-host.invalid/x")
    with pytest.raises(ChannelError, match="dns_down"):
        await nameless.send(CHAT, MESSAGE, "")
    with pytest.raises(ChannelError, match="cannot_connect"):
        await WeCom(home, "group", "http://127.0.0.1:9/x").send(CHAT, MESSAGE, "")
    with pytest.raises(ChannelError, match="url_invalid"):
        await WeCom(home, "group", "no url").send(CHAT, MESSAGE, "")
