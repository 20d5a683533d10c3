"""What a provider answers over HTTP becomes a line of the timeline, and the next one's call.

Every provider with every error of the issue's list: first alone, so that the next channel is used;
then with a second provider for the same channel, which takes over before that.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from tests.channels.test_https import SECRET as OWN_SECRET
from tests.channels.test_https import OwnSystem
from tests.simulators.alibaba_cloud import KEY_ID, KEY_SECRET, AlibabaCloud, Script
from tests.simulators.http_far_end import HttpFarEnd
from tests.simulators.work_chat import A_MINUTE, KEY, SECRET, WorkChat

from .conftest import FarEnd
from .test_incident import act, settle

# The words of each error on the timeline, in both languages.
WORDED: Final = {
    "wrong_key": ("wrong key", "密钥"),
    "no_balance": ("no balance", "余额"),
    "number_blocked": ("number blocked", "号码"),
    "template_refused": ("template refused", "模板"),
    "rate_limited": ("too many messages", "频"),
    "time_out": ("time-out", "超时"),
    "dns_down": ("name not found (DNS)", "域名"),
}
NO_HOST: Final = "http://no-such-host.invalid"
ROBOTS: Final = {
    "wecom": "/cgi-bin/webhook/send?key=",
    "dingtalk": "/robot/send?access_token=",
    "feishu": "/open-apis/bot/v2/hook/",
}
# A robot costs nothing, writes to a group and not to a number, and has no templates.
NONE_SUCH: Final = {"no_balance", "number_blocked", "template_refused"}
SMS_CODES: Final = {
    "no_balance": "isv.AMOUNT_NOT_ENOUGH",
    "number_blocked": "isv.BLACK_LIST",
    "template_refused": "isv.SMS_TEMPLATE_ILLEGAL",
    "rate_limited": "isv.BUSINESS_LIMIT_CONTROL",
}
# The service's own misspelling is one of them.
VOICE_CODES: Final = {
    "no_balance": "isv.AMOUNT_NOT_ENOUG",
    "number_blocked": "isv.CALLED_NUMBER_FORBIDDEN",
    "template_refused": "isv.TTS_TEMPLATE_ILLEGAL",
    "rate_limited": "isv.FLOW_LIMIT",
}


@dataclass
class Account:
    """A provider as it is set up, its far end, and what makes that one fail.

    `broken`: by error, what changes in the account; `told`: by error, what the far end is told.
    """

    channel: str
    end: HttpFarEnd
    data: dict[str, Any]
    broken: Mapping[str, dict[str, Any]]
    told: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    well: Callable[[], None] = lambda: None

    @property
    def errors(self) -> set[str]:
        return {*self.broken, *self.told, "time_out"}


def alibaba(channel: str) -> Account:
    cloud = AlibabaCloud()

    def says(code: str) -> Callable[[], None]:
        return lambda: setattr(cloud, "script", Script(code=code))

    codes = SMS_CODES if channel == "sms" else VOICE_CODES
    data = {
        "key_id": KEY_ID,
        "key_secret": KEY_SECRET,
        "sign_name": "Estate",
        f"{channel}_template": "T_1",
        "variables": ["loop", "place", "time", "number"],
    }
    endpoint = f"{channel}_endpoint"
    return Account(
        channel,
        cloud,
        {"kind": "alibaba", **data, endpoint: "{url}"},
        {"wrong_key": {"key_secret": "wrong"}, "dns_down": {endpoint: NO_HOST}},
        {error: says(code) for error, code in codes.items()},
        says("OK"),
    )


def robot(kind: str) -> Account:
    chat = WorkChat()

    def sent(count: int) -> Callable[[], None]:
        return lambda: setattr(chat, "sent", count)

    path = ROBOTS[kind]
    return Account(
        "chat",
        chat,
        {"kind": kind, "url": f"{{url}}{path}{KEY}", "secret": SECRET},
        {"wrong_key": {"url": f"{{url}}{path}other"}, "dns_down": {"url": f"{NO_HOST}{path}"}},
        {"rate_limited": sent(A_MINUTE)},
        sent(0),
    )


def own_system(channel: str = "https", key: str = "own") -> Account:
    own = OwnSystem()

    def answers(answer: dict[str, Any]) -> Callable[[], None]:
        return lambda: setattr(own, "answer", answer)

    worded = {"no_balance", "number_blocked", "template_refused", "rate_limited"}
    return Account(
        channel,
        own,
        {
            "kind": "https",
            "url": "{url}/notify",
            "secret": OWN_SECRET,
            "channels": [channel],
            "webhook_id": f"hook-{key}",
        },
        {"wrong_key": {"secret": "wrong"}, "dns_down": {"url": NO_HOST}},
        {error: answers({"receipt": "failed", "reason": error}) for error in worded},
        answers({"receipt": "delivered"}),
    )


PROVIDERS: Final[dict[str, Callable[[], Account]]] = {
    "alibaba voice": lambda: alibaba("voice"),
    "alibaba sms": lambda: alibaba("sms"),
    **{kind: partial(robot, kind) for kind in ROBOTS},
    "own system": own_system,
}


@dataclass
class Scene:
    """One provider of the guard's first channel, and perhaps a second one."""

    hass: HomeAssistant
    community: MockConfigEntry
    far_end: FarEnd
    freezer: FrozenDateTimeFactory
    first: Account
    second: Account
    alarms: int = 0

    def provide(self, account: Account, key: str, **changes: Any) -> ConfigSubentry:
        data = {**account.data, **changes, "key": key}
        filled = {
            name: value.replace("{url}", account.end.url) if isinstance(value, str) else value
            for name, value in data.items()
        }
        entries = self.hass.config_entries
        for one in list(self.community.subentries.values()):
            if one.data["key"] == key:
                entries.async_update_subentry(self.community, one, data=filled)
                return one
        made = ConfigSubentry(
            subentry_type="provider",
            title=key,
            unique_id=None,
            data=MappingProxyType(filled),
        )
        entries.async_add_subentry(self.community, made)
        return made

    async def alarm(self) -> str:
        await self.hass.async_block_till_done()
        self.alarms += 1
        said = {
            "loop": "smoke_single",
            "zone": f"place {self.alarms}",
            "ladder": [{"tier": "property", "after": 0, "channels": [self.first.channel]}],
        }
        answer = await self.hass.services.async_call(
            DOMAIN, "open_incident", said, blocking=True, return_response=True
        )
        return str(answer["incident"])

    async def break_it(self, error: str) -> None:
        self.first.well()
        self.first.end.hangs = error == "time_out"
        self.provide(self.first, "one", **self.first.broken.get(error, {}))
        self.first.told.get(error, lambda: None)()

    async def until_given_up(self, asked: int, error: str) -> None:
        """A provider that hangs has its turn, and no longer."""
        if error == "time_out":
            await comes(lambda: self.first.end.requests > asked)
            self.freezer.tick(7.5)

    async def lines(self, incident: str, kind: str) -> list[str]:
        await settle(self.hass, self.community)
        found = []
        for language in ("en", "zh-Hans"):
            told = await act(
                self.hass, self.community, "get_incident", incident=incident, language=language
            )
            found += [row["line"] for row in told["timeline"] if row["kind"] == kind]
        return found


async def comes(met: Callable[[], object]) -> None:
    """Wait for what comes over real sockets while the clock stands."""
    while not met():
        await asyncio.sleep(0)


@pytest.fixture(params=PROVIDERS)
async def scene(
    hass: HomeAssistant,
    community: MockConfigEntry,
    far_end: FarEnd,
    *,
    freezer: FrozenDateTimeFactory,
    socket_enabled: None,
    disable_mock_zeroconf_resolver: None,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Scene]:
    first = PROVIDERS[request.param]()
    second = own_system(first.channel, "second")
    for account in (first, second):
        await account.end.start()
    scene = Scene(hass, community, far_end, freezer, first, second)
    scene.provide(first, "one")
    next_channel = "sms" if first.channel == "voice" else "voice"
    (guard,) = [one for one in community.subentries.values() if one.data["key"] == "guard"]
    targets = {
        **guard.data["targets"],
        first.channel: {"target": "provider.one", "number": "139"},
    }
    hass.config_entries.async_update_subentry(
        community,
        guard,
        data={**guard.data, "channels": [first.channel, next_channel], "targets": targets},
    )
    yield scene
    for account in (first, second):
        await account.end.stop()


async def test_every_error_of_a_provider_goes_on_to_the_next_and_stands_on_the_timeline(
    scene: Scene,
) -> None:
    robots = NONE_SUCH if scene.first.channel == "chat" else set()
    assert scene.first.errors | robots == set(WORDED)  # no cell is missing
    for alone in (True, False):
        scene.second.well()
        if not alone:
            scene.provide(scene.second, "two")
        for error in sorted(scene.first.errors):
            await scene.break_it(error)
            asked, called = scene.first.end.requests, len(scene.far_end.calls)
            taken = scene.second.end.requests
            incident = await scene.alarm()
            await scene.until_given_up(asked, error)
            if alone:
                await comes(lambda called=called: len(scene.far_end.calls) > called)
            else:
                await comes(lambda taken=taken: scene.second.end.requests > taken)
            lines = await scene.lines(incident, "failed" if alone else "delivered")
            for line, words in zip(lines, WORDED[error], strict=True):
                assert "one: " in line, error
                assert words in line, error
            assert len(scene.far_end.calls) == called + alone, error
            assert scene.second.end.requests == taken + (not alone), error
            scene.first.end.released.set()
            scene.first.end.released = asyncio.Event()


@pytest.mark.parametrize("scene", ["alibaba sms"], indirect=True)
async def test_a_text_that_turns_out_undelivered_calls_the_next_channel_at_once(
    scene: Scene,
) -> None:
    cloud = scene.first.end
    assert isinstance(cloud, AlibabaCloud)
    cloud.sms_details = [{"SendStatus": 2, "ErrCode": "MOBILE_NOT_ON_SERVICE"}]
    incident = await scene.alarm()
    engine = scene.community.runtime_data.engine
    await comes(lambda: engine.running(incident).notices[0].tried == {"sms": "sent"})
    assert not scene.far_end.calls
    scene.freezer.tick(3)  # long before a missing receipt calls the next channel
    await comes(lambda: scene.far_end.calls)
    english, chinese = await scene.lines(incident, "failed")
    assert "switched off" in english
    assert "关机" in chinese
