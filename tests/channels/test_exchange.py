"""Two providers for one channel: the second takes over, and the reasons are kept."""

import asyncio

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.smart_community.channels.address import Address
from custom_components.smart_community.channels.exchange import Exchange
from custom_components.smart_community.core.message import Message
from custom_components.smart_community.core.model import ChannelKind, DeliveryState
from custom_components.smart_community.core.ports import ChannelError, Outcome

from .conftest import GUARD, MESSAGE

SMS = ChannelKind.SMS


class FarEnd:
    """A provider that fails with a reason, or takes a message and knows what became of it."""

    kinds = frozenset({SMS})

    def __init__(self, key: str, problem: str = "") -> None:
        self.key = key
        self.problem = problem
        self.got: list[str] = []

    async def send(self, kind: ChannelKind, message: Message, number: str) -> Outcome:
        if self.problem:
            raise ChannelError(self.problem)
        self.got.append(number)
        return Outcome(state=DeliveryState.SENT, reference="r1")

    async def follow(self, kind: ChannelKind, reference: str, number: str) -> Outcome:
        return Outcome(state=DeliveryState.DELIVERED, reason=f"{self.key} {reference} {number}")


def exchange(hass: HomeAssistant, *providers: FarEnd, target: str = "provider.b") -> Exchange:
    book = {("guard", SMS): Address(target=target, number="138")}
    return Exchange(hass, SMS, lambda: book, lambda: providers)


async def test_the_provider_that_is_named_goes_first(hass: HomeAssistant) -> None:
    first, second = FarEnd("a"), FarEnd("b")
    channel = exchange(hass, first, second)
    sent = await channel.send(MESSAGE, GUARD)
    assert (first.got, second.got) == ([], ["138"])
    assert (sent.reference, sent.reason) == ("b|r1", "")
    heard = await channel.follow(sent.reference, GUARD)
    assert heard.reason == "b r1 138"


async def test_one_that_fails_is_followed_by_the_next_and_its_reason_is_kept(
    hass: HomeAssistant,
) -> None:
    second = FarEnd("a")
    sent = await exchange(hass, second, FarEnd("b", "no_balance")).send(MESSAGE, GUARD)
    assert second.got == ["138"]
    assert (sent.reference, sent.reason) == ("a|r1", "b: no_balance")


async def test_one_that_hangs_is_not_waited_for_longer_than_the_next_one_needs(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    class Hanging(FarEnd):
        async def send(self, kind: ChannelKind, message: Message, number: str) -> Outcome:
            await asyncio.Event().wait()
            raise AssertionError

    channel = exchange(hass, FarEnd("a"), Hanging("b"))
    sending = hass.async_create_task(channel.send(MESSAGE, GUARD))
    await asyncio.sleep(0)
    assert not sending.done()
    freezer.tick(7.5)
    assert (await sending).reason == "b: time_out"


async def test_all_reasons_are_told_when_all_fail(hass: HomeAssistant) -> None:
    channel = exchange(hass, FarEnd("a", "time_out"), FarEnd("b", "no_balance"))
    with pytest.raises(ChannelError, match=r"^b: no_balance; a: time_out$"):
        await channel.send(MESSAGE, GUARD)


async def test_a_provider_that_was_removed_is_called_that(hass: HomeAssistant) -> None:
    with pytest.raises(ChannelError, match="no_provider"):
        await exchange(hass).send(MESSAGE, GUARD)
    with pytest.raises(ChannelError, match="no_provider"):
        await exchange(hass).follow("gone|r1", GUARD)


async def test_a_responder_without_an_address_and_a_target_that_is_gone(
    hass: HomeAssistant,
) -> None:
    with pytest.raises(ChannelError, match="target_unknown"):
        await exchange(hass, target="notify.gone").send(MESSAGE, GUARD)
    nobody = Exchange(hass, SMS, dict, list)
    with pytest.raises(ChannelError, match="no_address"):
        await nobody.send(MESSAGE, GUARD)
