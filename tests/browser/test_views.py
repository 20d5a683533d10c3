"""What stands beside the duty desk: reports, loops, figures, agreements, drills, devices."""

import csv
import re

import pytest
from playwright.async_api import expect

from .conftest import CARD, OF_OLD_SUBSCRIPTIONS, Sit
from .devices import FAULTY
from .house import House
from .pictures import camera

# Who is called by a script that answers at once; a busy machine takes its time over it.
QUICK = {
    "en": re.compile(r"Property duty desk: reached after (less than a second|\d s) by"),
    "zh-Hans": re.compile(r"Property duty desk：(不到 1|\d) 秒后通过"),
}
RECONNECT = "document.querySelector('home-assistant').hass.connection.reconnect(true)"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_a_person_has_seen_is_reported_with_a_photo_and_its_place_on_the_plan(
    house: House, sit: Sit
) -> None:
    desk = await sit("secretary", phone=True, path="/smart-community/report")
    card = desk.page.locator("smart-community-report")
    await expect(card.get_by_label("What is it about?")).to_have_value("illegal_renovation")
    await card.get_by_role("button", name="Send the report").tap()
    await expect(card.get_by_role("alert")).to_have_text("Please say where.")
    await expect(card.get_by_label("Where?")).to_be_focused()
    await card.get_by_label("Where?").select_option(label="Building 3, floor 2")
    await card.get_by_role("button", name="Place on the plan").tap(position={"x": 90, "y": 60})
    await expect(card.locator(".spot.lit")).to_have_count(1)
    await card.get_by_label("What have you seen?").fill("They break down a wall")
    await card.get_by_label("Add a photo").set_input_files([camera()])
    await desk.accessible("smart-community-report")
    await card.get_by_role("button", name="Send the report").tap()
    await card.get_by_role("link", name="Show the incident").tap()
    pane = desk.page.locator("smart-community-duty-desk .pane")
    await expect(pane.get_by_role("heading", level=2)).to_contain_text("Illegal renovation")
    await expect(pane.locator(".timeline")).to_contain_text("They break down a wall")
    await expect(pane.get_by_role("img", name="Photo of")).to_have_js_property("naturalWidth", 256)


async def test_what_the_noise_meter_measured_is_drawn_with_its_levels_and_the_limit(
    house: House, sit: Sit
) -> None:
    for level in (54, 61, 78, 83, 76):
        await house.sound(level)
    rule = {"noise": {"period": {"seconds": 1}, "day": 55, "night": 55, "hysteresis": 2}}
    answer = {"verdict": "pending"}
    while answer["verdict"] == "pending":  # until the meter was heard for its second
        answer = await house.signal(
            "square_dance_noise", "The square", house.meter, detect=rule, value="76"
        )
    path = f"/smart-community/desk?incident={answer['incident']}"
    desk = await sit("guard", path=path)
    figure = desk.page.locator("smart-community-duty-desk figure.measured")
    await expect(figure.get_by_role("img")).to_have_accessible_name(
        re.compile("Noise meter on the square .* equivalent level .*; Limit .*: 55 dB")
    )
    await expect(figure.locator("line.limit").first).to_have_attribute("x2", "600")
    await expect(figure.get_by_role("listitem").last).to_contain_text("55 dB(A)")
    # What the meter said last holds to the end of the piece, as seen to the edge of the chart.
    await expect(figure.locator("path.measured")).to_have_attribute("d", re.compile(r"V[^M]*H600$"))
    await expect(figure.locator("dl")).to_contain_text("83 dB")
    await desk.accessible()
    await desk.open("/smart-community/noise")
    card = desk.page.locator("smart-community-noise")
    row = card.get_by_role("listitem").filter(has_text=answer["number"])
    await expect(row.locator("> dl")).to_contain_text("Limit55 dB(A)")
    await expect(row.locator("> dl")).to_contain_text("Lmax83 dB(A)")
    link = row.get_by_role("link", name="Square dancing too loud – The square")
    await expect(link).to_have_attribute("href", path)
    await expect(row.locator("path.measured")).to_have_attribute("d", re.compile("M.*H.*V"))
    await desk.accessible("smart-community-noise")
    water = await sit("water", path="/smart-community/noise", phone=True, language="zh-Hans")
    card = water.page.locator("smart-community-noise")
    await expect(card).to_contain_text("还没有与事件相关的噪声实测数据。")


async def test_whoever_comes_back_to_a_view_finds_it_as_they_left_it(
    house: House, sit: Sit
) -> None:
    desk = await sit("guard", path="/smart-community/report")
    report = desk.page.locator("smart-community-report")
    await report.get_by_label("What have you seen?").fill("They break down a wall")
    for view in ("Noise", "Report", "Noise"):
        await desk.page.get_by_role("tab", name=view).click()
        await expect(desk.page.locator(f"smart-community-{view.lower()} .page > div")).to_have_text(
            re.compile(r"\w")
        )
        if view == "Report":
            seen = report.get_by_label("What have you seen?")
            await expect(seen).to_have_value("They break down a wall")
    await desk.page.get_by_role("tab", name="Report").click()
    await report.get_by_label("Where?").select_option(label="Building 3, floor 2")
    await report.get_by_role("button", name="Place on the plan").click(position={"x": 90, "y": 60})
    before = await report.element_handle()
    await desk.page.evaluate(RECONNECT)
    # Home Assistant makes its cards anew when its connection has come back.
    await desk.page.wait_for_function("one => !one.isConnected", arg=before)
    await expect(report.get_by_label("What have you seen?")).to_have_value("They break down a wall")
    await expect(report.locator(".spot.lit")).to_have_count(1)
    await report.get_by_role("button", name="Send the report").click()
    await expect(report.get_by_role("link", name="Show the incident")).to_be_visible()
    desk.expected(*OF_OLD_SUBSCRIPTIONS)


async def test_a_drill_is_begun_and_says_who_was_reached(house: House, sit: Sit) -> None:
    desk = await sit("head", path="/smart-community/drills")
    card = desk.page.locator("smart-community-drills")
    await card.get_by_role("button", name="Begin the drill").click()
    await expect(card.get_by_role("alert")).to_have_text("Please say where.")
    await card.get_by_label("Loop").select_option("illegal_renovation")
    await card.get_by_label("Place of the exercise").fill("Building 1")
    await card.get_by_label("Up to").select_option("property")
    await desk.accessible("smart-community-drills")
    await card.get_by_role("button", name="Begin the drill").click()
    await card.get_by_role("link", name="Illegal renovation").click(timeout=10_000)
    pane = desk.page.locator("smart-community-duty-desk .pane")
    await expect(pane).to_contain_text("EXERCISE")
    await expect(pane).to_contain_text(QUICK["en"])
    secretary = await sit(
        "secretary", path="/smart-community/drills", phone=True, language="zh-Hans"
    )
    card = secretary.page.locator("smart-community-drills")
    begun = card.get_by_role("link", name="违规装修")
    before = await begun.count()
    await card.get_by_label("闭环").select_option("illegal_renovation")
    await card.get_by_label("模拟地点").fill("Building 2")
    await card.get_by_label("演练至").select_option("property")
    await card.get_by_role("button", name="开始演练").tap()
    await expect(card.locator("form")).to_contain_text("演练已开始。")
    await expect(begun).to_have_count(before + 1, timeout=10_000)
    await begun.first.tap()
    pane = secretary.page.locator("smart-community-duty-desk .pane")
    await expect(pane).to_contain_text(QUICK["zh-Hans"])


async def test_whoever_sees_several_communities_sees_where_it_burns_first(
    house: House, sit: Sit
) -> None:
    await house.signal("smoke_multiple", "Building 3")
    other = await house.home.add_entry("community", {"name": "Quiet Garden", "database": {}})
    try:
        desk = await sit("owner", path="/smart-community/township")
        card = desk.page.locator("smart-community-township")
        await expect(card.get_by_role("heading")).to_have_text(["Riverside Estate", "Quiet Garden"])
        await expect(card.locator("li").first).to_contain_text("Extreme 1")
        link = card.get_by_role("link", name="Fire: several smoke detectors – Building 3")
        await expect(link).to_have_attribute("href", re.compile("/desk\\?incident="))
        held = await link.element_handle()
        countdown = card.locator(".countdown")
        await expect(countdown).not_to_have_text(await countdown.inner_text())
        assert held is not None
        assert await held.evaluate("one => one.isConnected"), "a clock takes no link from a finger"
        await desk.accessible("smart-community-township")
    finally:
        await house.home.rest("DELETE", f"/api/config/config_entries/entry/{other}")


async def test_loops_are_counted_and_switched_by_whoever_may(house: House, sit: Sit) -> None:
    await house.signal("waterlogging", "Underpass")
    desk = await sit("owner", path="/smart-community/loops")
    card = desk.page.locator("smart-community-loops")
    row = card.get_by_role("row", name="Waterlogging")
    await expect(row.get_by_role("cell").first).to_have_text("1")
    switch = card.get_by_role("switch", name="Bicycle parking")
    for state in ("false", "true"):
        await switch.click()
        await expect(switch).to_have_attribute("aria-checked", state)
        await expect(switch).to_be_focused()
    await desk.accessible("smart-community-loops")
    guard = await sit("guard", path="/smart-community/loops", phone=True, language="zh-Hans")
    card = guard.page.locator("smart-community-loops")
    await expect(card.get_by_role("row", name="积水").get_by_role("switch")).to_have_text("开")
    head = await sit("head", path="/smart-community/loops", phone=True)
    card = head.page.locator("smart-community-loops")
    await expect(card.get_by_role("row", name="Waterlogging")).to_contain_text("On")
    await expect(card.get_by_role("switch")).to_have_count(0)


async def test_what_was_agreed_is_a_table_that_is_left_out_while_there_is_nothing(
    house: House, sit: Sit
) -> None:
    desk = await sit("secretary", phone=True)
    await expect(desk.page.get_by_role("tab").first).to_be_visible()
    await expect(desk.page.get_by_role("tab", name="Agreements")).to_have_count(0)
    said = {"loop": "square_dance_noise", "threshold": "night", "agreed_by": "Residents' meeting"}
    for value in (50, 45):
        await house.home.action(
            "smart_community.agree", {**said, "value": value}, house.users["secretary"]
        )
    desk = await sit("guard", phone=True, path="/smart-community/agreements")
    card = desk.page.locator("smart-community-agreements")
    table = card.get_by_role("table", name="What was agreed with the residents")
    rows = table.get_by_role("rowgroup").last.get_by_role("row")
    await expect(rows).to_have_count(2)
    for shown, value, held in ((rows.first, 45, "In force"), (rows.last, 50, "Superseded")):
        await expect(shown).to_contain_text("The whole community")
        await expect(shown).to_contain_text(f"{value} dB(A)")
        await expect(shown).to_contain_text("Residents' meeting")
        await expect(shown.get_by_role("cell").last).to_have_text(held)
    async with desk.page.expect_download() as begun:
        await card.get_by_role("button", name="Save as a table").click()
    saved = await begun.value
    assert saved.suggested_filename.endswith(".csv")
    with (await saved.path()).open(encoding="utf-8-sig", newline="") as file:
        assert [float(row["value"]) for row in csv.DictReader(file)] == [50, 45]
    await card.get_by_role("button", name="Save as a table").focus()
    await house.home.action(
        "smart_community.agree", {**said, "value": 40}, house.users["secretary"]
    )
    ended = (await house.signal("sos", "Building 9"))["number"]
    closing = {"incident": ended, "disposition": "false_alarm"}
    await house.home.action("smart_community.close", closing, house.users["guard"])
    await expect(rows).to_have_count(3, timeout=10_000)  # the card has asked anew
    await expect(card.get_by_role("button", name="Save as a table")).to_be_focused()
    assert await card.evaluate("one => one.scrollWidth <= one.clientWidth"), "nothing is cut off"
    await desk.accessible("smart-community-agreements")


async def test_devices_that_somebody_has_to_go_to_stand_first_and_lead_to_their_pages(
    house: House, sit: Sit
) -> None:
    desk = await sit("owner", path="/smart-community/devices")
    card = desk.page.locator("smart-community-devices")
    await expect(card.get_by_role("status")).to_have_text("5 devices, 4 need attention")
    shown = (
        ("Noise meter, north square", "no contact (No answer)"),
        ("Drainage pumps", "reports: Fault"),
        ("Waste room west", "no data: Weight"),
        ("Wireless door contact, gate 2", "battery 12%"),
        ("Fire panel building 3", "in order"),
    )
    rows = card.get_by_role("listitem")
    for index, (name, said) in enumerate(shown):
        await expect(rows.nth(index)).to_contain_text(name)
        await expect(rows.nth(index)).to_contain_text(said)
    await desk.accessible("smart-community-devices")
    house.devices.line.units[FAULTY].discrete[0] = False
    await expect(rows.filter(has_text="Drainage pumps")).to_contain_text("in order")
    house.devices.line.units[FAULTY].discrete[0] = True
    await rows.first.get_by_role("link").click()
    await expect(desk.page).to_have_url(re.compile("/config/devices/device/"))
    await expect(desk.page.get_by_text("Noise meter, north square").first).to_be_visible()
    guard = await sit("guard", path="/smart-community/devices", phone=True, language="zh-Hans")
    card = guard.page.locator("smart-community-devices")
    await expect(card).to_contain_text("共 5 台设备，4 台需要处理")
    await expect(card.get_by_role("link")).to_have_count(0)
    await guard.accessible("smart-community-devices")
    stranger = await sit("stranger")
    await expect(stranger.page.get_by_role("tab", name="Devices")).to_have_count(0)


async def test_a_card_is_picked_by_its_name_for_a_dashboard_of_ones_own(
    house: House, sit: Sit
) -> None:
    await house.signal("smoke_multiple", "Building 3")
    english = await sit("owner")
    await english.page.wait_for_function("window.customCards?.length >= 9")
    names = await english.page.evaluate("window.customCards.map((one) => one.name)")
    assert "Smart Community: Duty desk" in names
    view = {"title": "One", "path": "one", "cards": [{"type": "custom:smart-community-report"}]}
    async with house.home.websocket(house.home.owner) as ws:
        path = {"url_path": "my-desk"}
        await ws.command("lovelace/dashboards/create", **path, title="My", mode="storage")
        await ws.command("lovelace/config/save", **path, config={"views": [view]})
        desk = await sit("owner", path="/my-desk/one?edit=1", language="zh-Hans")
        await desk.page.get_by_role("button", name="添加卡片").last.click()
        await desk.page.get_by_role("tab").last.click()
        picker = desk.page.locator("hui-card-picker")
        await picker.locator("input").first.fill("智慧社区：值班台")
        preview = picker.locator(CARD)
        await expect(preview.locator("li.row")).to_contain_text("火警")
        await (
            picker.locator(".card").filter(has=desk.page.locator(CARD)).locator(".overlay").click()
        )
        dialog = desk.page.locator("hui-dialog-edit-card")
        await expect(dialog).to_contain_text("不选则显示用户参与的所有社区。")
        await dialog.locator("ha-form").get_by_text("Riverside Estate").click()
        await expect(dialog.locator("li.row")).to_contain_text("Building 3")
        await dialog.get_by_role("button", name="保存").click()
        await expect(dialog.locator("ha-form")).to_have_count(0)
        saved = await ws.command("lovelace/config", **path)
    added = {"type": "custom:smart-community-duty-desk", "communities": [house.entry_id]}
    assert saved["views"][0]["cards"][-1] == added
    # Home Assistant's own cards in the picker look for pictures outside.
    desk.expected(r"Failed to load resource: net::\w+ \(https://demo\.home-assistant\.io/.*\)")


async def test_a_dashboard_of_this_kind_has_the_communities_and_views_that_were_chosen_for_it(
    house: House, sit: Sit
) -> None:
    path = {"url_path": "my-views"}
    chosen = {"type": "custom:smart-community", "views": ["desk", "loops"]}
    async with house.home.websocket(house.home.owner) as ws:
        await ws.command("lovelace/dashboards/create", **path, title="Mine", mode="storage")
        await ws.command("lovelace/config/save", **path, config={"strategy": chosen})
        desk = await sit("owner", path="/my-views/desk", language="zh-Hans")
        await expect(desk.page.get_by_role("tab")).to_have_text(["值班台", "闭环"])
        await desk.page.wait_for_function("window.customStrategies?.length > 0")
        offered = await desk.page.evaluate("window.customStrategies.map((one) => one.name)")
        assert offered == ["智慧社区"]
        await desk.page.get_by_role("button", name="编辑仪表盘").click()
        editor = desk.page.locator("smart-community-choices")
        await expect(editor.get_by_label("闭环")).to_be_checked()
        await editor.get_by_label("闭环").uncheck()
        await editor.get_by_label("Riverside Estate").check()
        await desk.page.get_by_role("button", name="保存").click()
        await expect(editor).to_have_count(0)
        saved = await ws.command("lovelace/config", **path)
    assert saved == {"strategy": {**chosen, "views": ["desk"], "communities": [house.entry_id]}}
