"""The duty desk as people use it: a real browser, a real login, a running Home Assistant."""

import asyncio
import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import FilePayload, expect

from .conftest import Sit
from .devices import FAULTY
from .house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTE = "A pan burnt; the flat has been aired"


def camera() -> FilePayload:
    """A photo as a phone's camera hands it over."""
    photo = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(photo, "JPEG")
    return {"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}


async def test_an_alarm_is_seen_live_taken_on_handled_with_a_note_and_closed_on_a_phone(
    house: House, sit: Sit
) -> None:
    desk = await sit("guard", phone=True)
    card = desk.page.locator("smart-community-duty-desk")
    await expect(card).to_contain_text("Nothing is open.")
    await expect(card).to_contain_text("On duty as Property duty desk")
    answer = await house.signal("smoke_multiple", "Building 3, floor 2")
    row = desk.row("Building 3, floor 2")
    await expect(row).to_contain_text("Fire: several smoke detectors")
    await expect(row).to_contain_text(re.compile(r"Next: residents' committee in 2:\d\d"))
    await expect(row).to_contain_text("1 told, 1 confirmed")
    await expect(desk.page.locator("#smart-community-announcer")).to_contain_text("New alarm: Fire")
    await row.get_by_role("button", name="I'm on it").tap()
    await expect(row).to_contain_text("Property duty desk is on it")
    await row.get_by_role("button", name="Handled").tap()
    await desk.button("Report it handled").tap()
    await expect(card.get_by_role("alert")).to_contain_text("Please write what was found")
    await desk.page.get_by_label("What was found and done").fill(NOTE)
    await desk.button("Report it handled").tap()
    await expect(card.locator(".timeline")).to_contain_text(NOTE)
    await desk.button("Close").tap()
    await desk.page.get_by_label("False alarm").check()
    await desk.button("Close the incident").tap()
    await expect(card).to_contain_text("This incident has ended: closed, False alarm")
    await card.get_by_role("button", name="Back to the list").tap()
    await expect(card).to_contain_text("Nothing is open.")
    found = await house.incident(answer["number"])
    assert (found["status"], found["disposition"]) == ("closed", "false_alarm")
    deeds = [one for one in found["timeline"] if one["actor"]]
    assert {one["actor"] for one in deeds} == {"Property duty desk"}


async def test_what_needs_a_photo_is_handled_with_one_from_the_camera(
    house: House, sit: Sit
) -> None:
    answer = await house.signal("illegal_renovation", "Building 7, 1204")
    desk = await sit("guard", phone=True)
    await desk.row("Building 7, 1204").locator("button.open").tap()
    await desk.button("Handled").tap()
    await desk.button("Report it handled").tap()
    card = desk.page.locator("smart-community-duty-desk")
    await expect(card.get_by_role("alert")).to_contain_text("Please add a photo.")
    await desk.page.get_by_label("Add a photo").set_input_files([camera()])
    await desk.accessible()
    await desk.button("Report it handled").tap()
    await expect(card.locator(".timeline")).to_contain_text("reported it handled")
    picture = card.get_by_role("img", name="Photo of")
    await expect(picture).to_have_js_property("naturalWidth", 256)
    found = await house.incident(answer["number"])
    assert [one["kind"] for one in found["timeline"]].count("evidence") == 1


async def test_the_same_desk_in_chinese_on_a_screen_where_another_takes_it_on(
    house: House, sit: Sit
) -> None:
    await house.signal("waterlogging", "Underpass")
    desk = await sit("secretary", language="zh-Hans")
    await expect(desk.row("Underpass")).to_contain_text("积水")
    await (
        desk.row("Underpass")
        .get_by_role("button", name="查看")
        .or_(desk.row("Underpass").locator("button.open"))
        .first.click()
    )
    pane = desk.page.locator("smart-community-duty-desk .pane")
    await expect(pane).to_contain_text("下一步")
    await expect(pane.locator(".timeline")).to_contain_text("事件立案")
    guard = await sit("guard", phone=True)
    await guard.row("Underpass").get_by_role("button", name="I'm on it").tap()
    await expect(pane).to_contain_text("Property duty desk正在处置")
    await expect(pane.locator(".timeline")).to_contain_text("已确认")
    await desk.button("请求支援").click()
    await desk.button("立即请求支援").click()
    await expect(pane.locator(".timeline")).to_contain_text("Secretary Li请求支援")


async def test_each_role_sees_its_own_and_is_refused_the_rest_in_its_own_language(
    house: House, sit: Sit
) -> None:
    fire = (await house.signal("smoke_single", "Building 1"))["incident"]
    await house.signal("waterlogging", "Underpass")
    water = await sit("water", language="zh-Hans")
    await expect(water.rows).to_have_count(1)
    await expect(water.row("Underpass")).to_be_visible()
    await water.page.goto(f"{house.home.url}/smart-community/desk?incident={fire}")
    card = water.page.locator("smart-community-duty-desk")
    await expect(card.get_by_role("alert")).to_contain_text(re.compile("[一-龥]"))
    await expect(card.locator(".timeline li")).to_have_count(0)
    refused = await water.ask("act", incident=fire, deed="acknowledge")
    assert refused["translation_key"] == "not_permitted_department"
    assert (await house.incident(fire))["status"] == "open"

    stranger = await sit("stranger")
    await expect(stranger.page.locator("smart-community-duty-desk")).to_contain_text(
        "You belong to no responder"
    )
    await expect(stranger.rows).to_have_count(0)
    water.complaints.clear()  # a refused command is an error on the console, too


async def test_an_administrator_gives_a_reason_before_taking_it_on(house: House, sit: Sit) -> None:
    await house.signal("smoke_single", "Building 1")
    desk = await sit("owner")
    card = desk.page.locator("smart-community-duty-desk")
    await expect(card).to_contain_text("as an administrator")
    await desk.row("Building 1").get_by_role("button", name="I'm on it").click()
    await desk.button("I'm on it").click()
    await expect(card.get_by_role("alert")).to_contain_text("Please give a reason.")
    await desk.page.get_by_label("Reason").fill("The desk is empty")
    await desk.button("I'm on it").click()
    await expect(desk.row("Building 1")).to_contain_text("acknowledged")


async def test_a_notice_leads_to_its_incident_and_back_leads_to_the_list(
    house: House, sit: Sit
) -> None:
    answer = await house.signal("gas_leak", "Building 5")
    path = f"/smart-community/desk?incident={answer['incident']}"
    desk = await sit("guard", phone=True, path=path)
    pane = desk.page.locator("smart-community-duty-desk .pane")
    await expect(pane.get_by_role("heading", level=2)).to_have_text("Gas leak – Building 5")
    await pane.get_by_role("button", name="Back to the list").tap()
    await desk.row("Building 5").locator("button.open").tap()
    await expect(pane).to_be_visible()
    await desk.page.go_back()
    await expect(pane).to_be_hidden()
    await expect(desk.row("Building 5")).to_be_visible()


async def test_everything_can_be_done_by_keyboard(house: House, sit: Sit) -> None:
    await house.signal("smoke_single", "Building 1")
    await house.signal("smoke_single", "Building 2")
    desk = await sit("guard")
    keys = desk.page.keyboard
    await expect(desk.rows).to_have_count(2)
    await desk.page.locator("smart-community-duty-desk .filters button").last.focus()
    await keys.press("Tab")
    await expect(desk.row("Building 1").locator("button.open")).to_be_focused()
    await keys.press("ArrowDown")
    await expect(desk.row("Building 2").locator("button.open")).to_be_focused()
    await keys.press("Enter")
    heading = desk.page.locator("smart-community-duty-desk").get_by_role("heading", level=2)
    await expect(heading).to_be_focused()
    while await desk.button("Close").evaluate("one => one.getRootNode().activeElement !== one"):
        await keys.press("Tab")
    await keys.press("Enter")
    await expect(desk.page.get_by_label("False alarm")).to_be_focused()
    await keys.press("ArrowDown")
    await keys.press("Escape")
    await expect(desk.button("Close")).to_be_focused()
    await keys.press("Escape")
    await expect(desk.row("Building 2").locator("button.open")).to_be_focused()
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(desk.row("Building 2")).to_contain_text("is on it")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_no_serious_finding_of_the_accessibility_rules(
    house: House, sit: Sit, *, dark: bool
) -> None:
    for loop, zone in (("smoke_multiple", "A"), ("waterlogging", "B"), ("garbage_overflow", "C")):
        await house.signal(loop, zone)
    desk = await sit("guard", phone=dark, dark=dark)
    await expect(desk.rows).to_have_count(3)
    await desk.accessible()
    await desk.row("Fire").locator("button.open").click()
    await expect(desk.page.locator("smart-community-duty-desk .timeline li").first).to_be_visible()
    await desk.accessible()
    for deed in ("Handled", "Close", "Need help", "Assign"):
        await desk.button(deed).click()
        await desk.accessible()
        await desk.button("Back").click()


async def test_a_detector_is_put_on_the_floor_plan_and_lights_up_there(
    house: House, sit: Sit
) -> None:
    answer = await house.signal("smoke_multiple", "Building 3, floor 2", *house.detectors[:2])
    path = f"/smart-community/desk?incident={answer['incident']}"
    owner = await sit("owner", path=path)
    plan = owner.page.locator("smart-community-duty-desk .plan")
    await plan.get_by_role("button", name="Place a detector").click()
    await plan.get_by_role("button", name="Place on the plan").click(position={"x": 60, "y": 40})
    await expect(plan.locator(".spot.lit")).to_have_count(1)
    await plan.get_by_role("button", name="Place a detector").press("Enter")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "Enter"):
        await owner.page.keyboard.press(key)
    await expect(plan.locator(".spot.lit")).to_have_count(2)
    await owner.accessible()
    guard = await sit("guard", path=path, phone=True)
    plan = guard.page.locator("smart-community-duty-desk .plan")
    await expect(plan.locator(".spot.lit")).to_have_count(2)
    await expect(plan.get_by_role("img")).to_have_accessible_name(
        re.compile("Floor plan of Building 3, floor 2: in alarm Smoke detector 201")
    )
    await expect(plan.get_by_role("img")).to_have_js_property("naturalWidth", 1200)
    await expect(plan.get_by_role("button")).to_have_count(0)


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
    await expect(figure.locator("path.measured")).to_have_attribute("d", re.compile("M.*H.*V"))
    await expect(figure.locator("dl")).to_contain_text("83 dB")
    await desk.accessible()


async def test_a_drill_is_begun_and_says_who_was_reached(house: House, sit: Sit) -> None:
    desk = await sit("head", path="/smart-community/drills")
    card = desk.page.locator("smart-community-drills")
    await card.get_by_role("button", name="Begin the drill").click()
    await expect(card.get_by_role("alert")).to_have_text("Please say where.")
    await card.get_by_label("Loop").select_option("illegal_renovation")
    await card.get_by_label("Where is it said to be?").fill("Building 1")
    await card.get_by_label("Up to").select_option("property")
    await desk.accessible("smart-community-drills")
    await card.get_by_role("button", name="Begin the drill").click()
    await card.get_by_role("link", name="Illegal renovation").click(timeout=10_000)
    pane = desk.page.locator("smart-community-duty-desk .pane")
    await expect(pane).to_contain_text("EXERCISE")
    await expect(pane).to_contain_text(re.compile(r"Property duty desk: reached after 0:0\d"))
    guard = await sit("guard", path="/smart-community/drills", language="zh-Hans")
    await expect(guard.page.locator("smart-community-drills")).to_contain_text("演练")


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
        await desk.accessible("smart-community-township")
    finally:
        await house.home.rest("DELETE", f"/api/config/config_entries/entry/{other}")


async def test_loops_are_counted_and_switched_by_whoever_configures(house: House, sit: Sit) -> None:
    await house.signal("waterlogging", "Underpass")
    desk = await sit("owner", path="/smart-community/loops")
    card = desk.page.locator("smart-community-loops")
    row = card.get_by_role("row", name="Waterlogging")
    await expect(row.get_by_role("cell").first).to_have_text("1")
    switch = card.get_by_role("switch", name="Bicycle parking")
    for state in ("false", "true"):
        await switch.click()
        await expect(switch).to_have_attribute("aria-checked", state)
    await desk.accessible("smart-community-loops")
    guard = await sit("guard", path="/smart-community/loops", phone=True, language="zh-Hans")
    card = guard.page.locator("smart-community-loops")
    await expect(card.get_by_role("row", name="积水")).to_contain_text("开")
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
    for shown, value, held in ((rows.first, 45, "in force"), (rows.last, 50, "superseded")):
        await expect(shown).to_contain_text("The whole community")
        await expect(shown).to_contain_text(f"{value} dB(A)")
        await expect(shown).to_contain_text("Residents' meeting")
        await expect(shown.get_by_role("cell").last).to_have_text(held)
    assert await card.evaluate("one => one.scrollWidth <= one.clientWidth"), "nothing is cut off"
    await desk.accessible("smart-community-agreements")


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


async def test_devices_that_somebody_has_to_go_to_stand_first_and_lead_to_their_pages(
    house: House, sit: Sit
) -> None:
    desk = await sit("owner", path="/smart-community/devices")
    card = desk.page.locator("smart-community-devices")
    await expect(card.get_by_role("status")).to_have_text("5 devices, 4 need attention")
    shown = (
        ("Noise meter, north square", "no contact (No answer)"),
        ("Drainage pumps", "fault: Fault"),
        ("Waste room west", "no data: Weight"),
        ("Wireless door contact, gate 2", "battery 12 %"),
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


async def test_a_connection_that_was_lost_comes_back_with_what_happened_meanwhile(
    house: House, sit: Sit
) -> None:
    desk = await sit("guard")
    await desk.page.evaluate(
        "document.querySelector('home-assistant').hass.connection.socket.close()"
    )
    await house.signal("sos", "Building 9, 1204")
    await expect(desk.row("Building 9, 1204")).to_be_visible()
    card = desk.page.locator("smart-community-duty-desk")
    await expect(card.locator(".banner")).to_be_hidden()
    await expect(desk.page.locator("#smart-community-announcer")).to_contain_text(
        "New alarm: Call for help"
    )
    desk.complaints.clear()  # Home Assistant's own notices end a subscription that is gone


async def test_a_thousand_open_incidents_scroll_and_only_those_seen_are_drawn(
    house: House, sit: Sit
) -> None:
    async with asyncio.TaskGroup() as together:
        for number in range(1000):
            together.create_task(house.signal("unit_door_open", f"Door {number:04}"))
    desk = await sit("guard", phone=True)
    await expect(desk.page.get_by_role("button", name="All 1000")).to_be_visible()
    assert await desk.rows.count() < 40
    shown = desk.rows.first
    await expect(shown).to_have_attribute("aria-setsize", "1000")
    await desk.page.locator("smart-community-duty-desk .list").evaluate(
        "list => list.scrollTo(0, list.scrollHeight)"
    )
    await expect(
        desk.page.locator("smart-community-duty-desk [aria-posinset='1000']")
    ).to_be_visible()
    assert await desk.rows.count() < 40
    await house.signal("smoke_multiple", "Building 3")
    await desk.page.locator("smart-community-duty-desk .list").evaluate(
        "list => list.scrollTo(0, 0)"
    )
    await expect(desk.rows.first).to_contain_text("Building 3")
