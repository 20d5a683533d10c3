"""The figures of a period, the test of the channels, and what was withheld."""

import json
import re
from functools import partial

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from .conftest import Sit
from .house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_figures_of_a_period_are_shown_and_follow_what_ends(house: House, sit: Sit) -> None:
    desk = await sit("guard", path="/smart-community/statistics")
    card = desk.page.locator("smart-community-statistics")
    tile = card.locator(".tile").filter(has_text="Still open")
    await expect(tile).to_contain_text("0")
    number = (await house.signal("sos", "Building 9"))["number"]
    closing = {"incident": number, "disposition": "false_alarm"}
    await house.home.action("smart_community.close", closing, house.users["guard"])
    row = card.get_by_role("row", name="Call for help")
    await expect(row).to_contain_text("%", timeout=10_000)
    await card.get_by_role("button", name="7 days").click()
    await expect(card.get_by_role("button", name="7 days")).to_be_focused()
    await expect(card.get_by_role("button", name="7 days")).to_have_attribute(
        "aria-pressed", "true"
    )
    await desk.accessible("smart-community-statistics")


async def test_a_slow_answer_about_another_period_does_not_stand_under_the_newer_question(
    house: House, sit: Sit
) -> None:
    late: list[str] = []
    slow: set[int] = set()
    wires: list[WebSocketRoute] = []

    def asked(server: WebSocketRoute, message: str | bytes) -> None:
        said = json.loads(message)
        if said.get("days") == 90:
            slow.add(said["id"])
        server.send(message)

    def answered(wire: WebSocketRoute, message: str | bytes) -> None:
        several = json.loads(message)
        for said in several if isinstance(several, list) else [several]:
            if said.get("id") in slow:
                late.append(json.dumps(said))
            else:
                wire.send(json.dumps(said))

    def through(wire: WebSocketRoute) -> None:
        server = wire.connect_to_server()
        wires.append(wire)
        wire.on_message(partial(asked, server))
        server.on_message(partial(answered, wire))

    async def hold_up(page: Page) -> None:
        await page.route_web_socket("**/api/websocket", through)

    desk = await sit("guard", path="/smart-community/statistics", prepare=hold_up)
    card = desk.page.locator("smart-community-statistics")
    bars = card.locator(".chart .real")
    await expect(bars).to_have_count(30)
    await card.get_by_role("button", name="90 days").click()
    await card.get_by_role("button", name="7 days").click()
    await expect(bars).to_have_count(7)
    while not late:
        await desk.ask("overview", days=1)
    wires[-1].send(late.pop())
    await desk.ask("overview", days=1)  # answered after it
    await expect(bars).to_have_count(7)


async def test_channels_are_tested_with_receipts_as_they_come_and_listed_with_what_was_withheld(
    house: House, sit: Sit
) -> None:
    ladder = [{"tier": "township", "after": 0, "channels": ["sms"]}]
    full = await house.signal("garbage_overflow", "Waste room", ladder=ladder)
    desk = await sit("guard", path="/smart-community/statistics")
    card = desk.page.locator("smart-community-statistics")
    await card.get_by_text("Withheld messages (1, the newest first)").click()
    withheld = card.locator("details").filter(has_text="Withheld messages")
    await expect(withheld.get_by_role("listitem")).to_contain_text(
        re.compile(r"Township duty officer \(text message\): quiet hours, until .*\d\d:00:00$")
    )
    await expect(withheld.get_by_role("link")).to_have_attribute(
        "href", f"/smart-community/desk?incident={full['incident']}"
    )
    await card.get_by_text("Test channels", exact=True).click()
    await card.get_by_role("button", name="Send the test messages").click()
    test = card.locator("details.form")
    await expect(test).to_contain_text("The test is over; the result is on record.")
    # Everybody's voice call and text message, each answered by the script that stands for it.
    await expect(test.get_by_role("listitem")).to_have_count(10)
    await expect(test).to_contain_text(
        re.compile(r"Secretary Li \(voice call\): received \((less than a second|\d s)\)")
    )
    await card.get_by_text("Tests of the channels (10, the newest first)").click()
    tests = card.locator("details").filter(has_text="Tests of the channels")
    await expect(tests).to_contain_text("Water affairs (text message)")
    await desk.accessible("smart-community-statistics")
    water = await sit("water", path="/smart-community/statistics", language="zh-Hans")
    card = water.page.locator("smart-community-statistics")
    await expect(card).to_contain_text("本周期内没有暂不发送的消息。")
    await expect(card).to_contain_text("本周期内没有测试过通知渠道。")
    await expect(card.get_by_text("测试通知渠道", exact=True)).to_have_count(0)
    refused = await water.ask("test_channels", community=house.entry_id)
    assert refused["translation_key"] == "not_permitted_department"
