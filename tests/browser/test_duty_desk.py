"""The duty desk as people use it: a real browser, a real login, a running Home Assistant."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from .conftest import Sit
from .house import House
from .pictures import camera

pytestmark = pytest.mark.asyncio(loop_scope="session")

# How wide the line is around what has the focus, in pixels.
OUTLINE = """(one) => {
  const focused = one.getRootNode().activeElement;
  const style = focused ? getComputedStyle(focused) : { outlineStyle: "none" };
  return style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
}"""
EXPIRE = """Object.assign(
  document.querySelector("home-assistant").hass.auth.data, { expires: 0, access_token: "expired" }
)"""
# What is pressed and filled in from an alarm to its end, in order, and what is said then.
DEEDS = {
    "en-GB": (
        ("I'm on it", "Handled", "What was found and done", "Report it handled"),
        ("Close", "A real alarm, handled", "Close the incident"),
        "This incident has ended: closed, A real alarm, handled",
    ),
    "zh-Hans": (
        ("我来处理", "处置完毕", "现场情况与处置措施", "报告处置完毕"),
        ("关闭", "真实警情，已处置", "关闭事件"),
        "该事件已结束：已关闭，真实警情，已处置",
    ),
}
NOTE = "A pan burnt; the flat has been aired"


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
    await expect(row).to_contain_text(re.compile(r"Next in 2:\d\d"))
    await expect(row).to_contain_text("1 told, 1 confirmed")
    await expect(
        desk.page.locator("[aria-live=assertive].smart-community-announcer")
    ).to_contain_text("New alarm: Fire")
    await row.get_by_role("button", name="I'm on it").tap()
    await expect(row).to_contain_text("Property duty desk is on it")
    await row.get_by_role("button", name="Handled").tap()
    await desk.button("Report it handled").tap()
    await expect(card.get_by_role("alert")).to_contain_text("Please write what was found")
    await desk.page.get_by_label("What was found and done").fill(NOTE)
    await desk.button("Report it handled").tap()
    await expect(card.locator(".actions")).to_contain_text("Reported as handled.")
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
    # The half hour of a login's token is over before the photo is sent.
    await desk.page.evaluate(EXPIRE)
    await desk.button("Report it handled").tap()
    await expect(card.locator(".timeline")).to_contain_text("reported it handled")
    picture = card.get_by_role("img", name="Photo of")
    await expect(picture).to_have_js_property("naturalWidth", 256)
    found = await house.incident(answer["number"])
    assert [one["kind"] for one in found["timeline"]].count("evidence") == 1


@pytest.mark.parametrize(
    ("who", "loop", "language"),
    [
        ("secretary", "fire_lane_blocked", "zh-Hans"),
        ("fire", "smoke_single", "en-GB"),
        ("water", "waterlogging", "zh-Hans"),
        ("head", "gas_leak", "en-GB"),
    ],
)
async def test_every_other_role_takes_on_handles_and_closes_what_is_its_own(
    house: House, sit: Sit, who: str, loop: str, language: str
) -> None:
    (take, handle, note, handled), (close, disposition, closed), ended = DEEDS[language]
    answer = await house.signal(loop, "Building 1")
    desk = await sit(who, language=language)
    pane = desk.page.locator("smart-community-duty-desk .pane")
    await desk.row("Building 1").get_by_role("button", name=take).click()
    await desk.row("Building 1").locator("button.open").click()
    await desk.button(handle).click()
    await desk.page.get_by_label(note).fill(NOTE)
    await desk.button(handled).click()
    await desk.button(close).click()
    await desk.page.get_by_label(disposition).check()
    await desk.button(closed).click()
    await expect(pane).to_contain_text(ended)
    found = await house.incident(answer["number"])
    deeds = [(one["kind"], one["actor"]) for one in found["timeline"] if one["actor"]]
    assert deeds == [(kind, house.names[who]) for kind in ("acknowledged", "handled", "closed")]


async def test_the_same_desk_in_chinese_on_a_screen_where_another_takes_it_on(
    house: House, sit: Sit
) -> None:
    await house.signal("waterlogging", "Underpass")

    async def an_hour_slow(page: Page) -> None:
        await page.clock.install(time=datetime.now(UTC) - timedelta(hours=1))

    desk = await sit("secretary", language="zh-Hans", prepare=an_hour_slow)
    await expect(desk.row("Underpass")).to_contain_text("积水")
    # By the clock of the server, whatever that of the screen says.
    await expect(desk.row("Underpass")).to_contain_text(re.compile(r"№ \S+ · 已持续 0:[0-5]\d"))
    await desk.row("Underpass").locator("button.open").click()
    pane = desk.page.locator("smart-community-duty-desk .pane")
    await expect(pane.locator(".countdown")).to_have_text(re.compile(r"^[0-2]:\d\d 后通知居委会$"))
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
    await expect(card.locator(".pane").get_by_role("heading")).to_have_count(0)
    refused = await water.ask("act", incident=fire, deed="acknowledge")
    assert refused["translation_key"] == "not_permitted_department"
    assert (await house.incident(fire))["status"] == "open"

    stranger = await sit("stranger")
    await expect(stranger.page.locator("smart-community-duty-desk")).to_contain_text(
        "You belong to no responder"
    )
    await expect(stranger.rows).to_have_count(0)


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
        assert await heading.evaluate(OUTLINE) >= 3, "where the keyboard is, is seen"
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
    await expect(desk.row("Building 2").get_by_role("button", name="Handled")).to_be_focused()
    polite = desk.page.locator("[aria-live=polite].smart-community-announcer")
    await expect(polite).to_have_text("You are on it.")
    answer = await house.signal("garbage_overflow", "Waste room")
    await expect(polite).to_have_text("New alarm: Waste bin full – Waste room")
    await desk.row("Waste room").locator("button.open").press("Enter")
    await desk.button("I'm on it").press("Enter")
    await expect(desk.button("Handled")).to_be_focused()
    await desk.button("Handled").press("Enter")
    note = desk.page.get_by_label("What was found and done")
    await keys.type("Two bags beside the bin")
    # Another incident has a form of its own, and what was being written is there again.
    await desk.row("Building 1").locator("button.open").press("Enter")
    await expect(note).to_have_count(0)
    await desk.row("Waste room").locator("button.open").press("Enter")
    await expect(note).to_have_value("Two bags beside the bin")
    await note.focus()
    ending = {"incident": answer["incident"], "disposition": "handled", "note": "Emptied"}
    await house.home.action("smart_community.close", ending, house.users["secretary"])
    await expect(heading).to_be_focused()


async def test_no_serious_finding_of_the_accessibility_rules(house: House, sit: Sit) -> None:
    for loop, zone in (("smoke_multiple", "A"), ("waterlogging", "B"), ("garbage_overflow", "C")):
        await house.signal(loop, zone)
    desk = await sit("guard", phone=True)
    await expect(desk.rows).to_have_count(3)
    await desk.accessible()
    await desk.row("Fire").locator("button.open").click()
    await expect(desk.page.locator("smart-community-duty-desk .timeline li").first).to_be_visible()
    await desk.accessible()
    for deed in ("Handled", "Close", "Need help", "Assign"):
        if not await desk.button(deed).is_visible():
            await desk.button("More").click()
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
