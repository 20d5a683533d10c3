"""The duty desk stays true: when nothing is heard any more, and when a thousand are open."""

import asyncio
import os
import re
import signal
from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from .conftest import CARD, OF_OLD_SUBSCRIPTIONS, Sit
from .house import House

# A phone's screen shows six; some more are kept ready above and below.
MOST_ROWS = 40
# From the top to the end, a step with each frame, as a thumb flicks: how many rows were in the
# document at most, how long a frame took in milliseconds, and which tasks were longer than 50.
SCROLL = """async (list) => {
  const long = [];
  const seen = new PerformanceObserver((found) => long.push(...found.getEntries()));
  seen.observe({ entryTypes: ["longtask"] });
  const step = (list.scrollHeight - list.clientHeight) / 60;
  const times = [];
  let rows = 0;
  let last = await new Promise(requestAnimationFrame);
  for (let frame = 1; frame <= 60; frame += 1) {
    list.scrollTo(0, Math.ceil(frame * step));
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
    rows = Math.max(rows, list.querySelectorAll("li.row").length);
  }
  seen.disconnect();
  times.sort((one, other) => one - other);
  return {
    median: Math.round(times[30] * 10) / 10,
    worst: Math.round(times.at(-1) * 10) / 10,
    long_tasks: long.length,
    rows,
  };
}"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_desk_that_hears_nothing_says_so_and_is_live_again_after_a_power_cut(
    house: House, sit: Sit
) -> None:
    async def with_a_clock(page: Page) -> None:
        await page.clock.install()

    desk = await sit("guard", phone=True, prepare=with_a_clock)
    card = desk.page.locator("smart-community-duty-desk")
    banner = card.locator(".banner")
    await expect(card).to_contain_text("Nothing is open.")
    assert house.home.pid is not None
    os.kill(house.home.pid, signal.SIGSTOP)  # it hangs: the connection stands, nobody answers
    for _ in range(2):  # it asks, and gives up when nobody has answered
        await desk.page.clock.fast_forward(6_000)
    await expect(banner).to_be_visible(timeout=15_000)
    await expect(banner).to_have_role("alert")
    await expect(banner).to_contain_text("No connection to Home Assistant: new alarms do not")
    await expect(banner).to_contain_text(re.compile(r"as of \d\d:\d\d:\d\d"))
    await expect(card).not_to_contain_text("Nothing is open.")
    await expect(card).to_contain_text("Whether anything is open is not known.")
    await desk.accessible()
    os.kill(house.home.pid, signal.SIGCONT)
    await expect(banner).to_be_hidden()
    await house.signal("sos", "Building 9, 1204")
    await expect(desk.row("Building 9, 1204")).to_be_visible()
    await expect(
        desk.page.locator("[aria-live=assertive].smart-community-announcer")
    ).to_contain_text("New alarm: Call for help")
    await desk.row("Building 9, 1204").locator("button.open").tap()
    await expect(card.locator(".timeline li").first).to_be_visible()
    await desk.button("Handled").tap()
    note = desk.page.get_by_label("What was found and done")
    await note.fill("She had fallen; the doctor is with her")
    await house.home.kill()
    await expect(banner).to_be_visible()
    await desk.button("Report it handled").tap()
    await expect(card.locator(".actions").get_by_role("alert")).to_contain_text("nothing was done")
    await house.home.start()
    # Home Assistant has made the card anew; what was being written is still there.
    await expect(banner).to_be_hidden(timeout=30_000)
    await expect(note).to_have_value("She had fallen; the doctor is with her")
    await desk.button("Report it handled").tap()
    await expect(card.locator(".timeline")).to_contain_text("the doctor is with her")
    desk.expected(
        # A browser reports each attempt to reach a server that is gone.
        r"WebSocket connection to 'ws://[^']*' failed: .*",
        r"Failed to load resource: net::ERR_CONNECTION_\w+ .*",
        *OF_OLD_SUBSCRIPTIONS,
    )


async def test_a_thousand_open_incidents_scroll_and_only_those_seen_are_drawn(
    house: House, sit: Sit, record_testsuite_property: Callable[[str, object], None]
) -> None:
    async with asyncio.TaskGroup() as together:
        for number in range(1000):
            together.create_task(house.opened("unit_door_open", f"Door {number:04}"))
    desk = await sit("guard", phone=True)
    await expect(desk.page.get_by_role("button", name="All 1000")).to_be_visible()
    assert await desk.rows.count() < MOST_ROWS
    await expect(desk.rows.first).to_have_attribute("aria-setsize", "1000")
    scrolled = await desk.page.locator(f"{CARD} .list").evaluate(SCROLL)
    record_testsuite_property("scrolled", scrolled)  # written down by --junitxml; docs/bench.md
    # What a frame costs does not depend on how much is open: as many rows are drawn as are seen.
    assert scrolled["rows"] < MOST_ROWS
    await expect(desk.page.locator(f"{CARD} [aria-posinset='1000']")).to_be_visible()
    await house.signal("smoke_multiple", "Building 3")
    await desk.page.locator(f"{CARD} .list").evaluate("list => list.scrollTo(0, 0)")
    await expect(desk.rows.first).to_contain_text("Building 3")
