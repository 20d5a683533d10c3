"""The main job, played: from a Zigbee detector and a Modbus panel to the township's phone."""

import argparse
import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.simulators.companion_phone import Notice, drawn
from tests.simulators.estate import PEOPLE, Estate
from tests.simulators.modbus_server import command
from tests.simulators.telephone_provider import Call

WITHIN = 20.0


class Missed(Exception):
    """A step that was expected was not observed at the far end."""


class Stage:
    """Prints what is seen at the far ends, with the time since the fire began."""

    def __init__(self) -> None:
        self.began = time.time()
        self.seen = 0

    def say(self, text: str, at: float | None = None) -> None:
        print(f"[{(at or time.time()) - self.began:7.2f} s] {text}", flush=True)

    async def expect[T](self, what: str, event: Awaitable[T]) -> T:
        """Wait for an observation; the demo fails without it."""
        try:
            found = await event
        except TimeoutError:
            raise Missed(what) from None
        at = found.at if isinstance(found, (Notice, Call)) else None
        self.say(f"seen: {what}", at)
        self.seen += 1
        return found


def shown(event: Notice | Call) -> None:
    """Show what a person at the far end sees."""
    if isinstance(event, Call):
        print(f"  | {event.kind} to {event.to} ({event.status})\n  | {event.text}", flush=True)
    elif event.message != "clear_notification":
        print(drawn(event), flush=True)


async def play(estate: Estate) -> None:
    """Play the scenario; raises Missed."""
    home, phones, stage = estate.home, estate.phones, Stage()
    assert home.session is not None
    ladder = 600 / estate.fast
    rooms = estate.words["rooms"]

    buildings = estate.buildings
    assert buildings is not None
    wireless = buildings.names["smoke"]
    await buildings.smoke.alarm()
    stage.say(f"{wireless} sends its alarm over Zigbee (coordinator {buildings.radios[0].path})")
    first = await stage.expect(
        "the property company's phone rings",
        phones["guard"].wait_for(lambda n: wireless in n.message and not n.critical, WITHIN),
    )
    await asyncio.sleep(min(3.0, 15 / estate.fast / 2))
    estate.smoke(5, on=True)
    stage.say(f"a second detector of the same floor: {rooms[4]} (Modbus unit 1, input 5)")
    fire = await stage.expect(
        "the same event is promoted: a critical push to the property company",
        phones["guard"].wait_for(lambda n: n.critical and n.tag != first.tag, WITHIN),
    )
    promoted = time.time()
    await stage.expect(
        "the notice of the single detector is taken off the phone",
        phones["guard"].wait_until_notice_gone(first.tag, WITHIN),
    )
    for kind in ("voice", "sms"):
        await stage.expect(
            f"the secretary gets a {kind} message",
            estate.telephone.wait_for(
                lambda c, kind=kind: c.to == "13800000002" and c.kind == kind,
                15 / estate.fast + WITHIN,
            ),
        )
    await stage.expect(
        "nobody handles it: the fire department is told",
        phones["fire"].wait_for(lambda n: n.critical, 120 / estate.fast + WITHIN),
    )
    await stage.expect("its app confirms the push", receipt(estate, fire.tag, "fire"))
    before = len(phones["head"].history)
    await home.kill()
    stage.say("Home Assistant is killed (SIGKILL)")
    took = await home.start()
    stage.say(f"Home Assistant runs again, {took:.1f} s after it was started")
    left = max(promoted + ladder - time.time(), 0)
    if before:
        raise Missed("the township was told before its time")
    await stage.expect(
        "still nobody: the climb goes on and the township's phone rings",
        phones["head"].wait_for(lambda n: n.critical, left + WITHIN),
    )
    for kind in ("sms", "voice"):
        await stage.expect(
            f"and the township gets a {kind} message",
            estate.telephone.wait_for(
                lambda c, kind=kind: c.to == "13800000004" and c.kind == kind, WITHIN
            ),
        )
    await stage.expect("every to-do list shows it, and the entities do", shows(estate))
    incident = fire.tag.removeprefix("smart_community_")
    notice = phones["guard"].shade[fire.tag]
    await phones["guard"].tap(home.session, notice, "ACKNOWLEDGE")
    stage.say("one tap: the property company is on it")
    await stage.expect("the incident is acknowledged", status(estate, incident, "acknowledged"))
    notice = phones["guard"].shade[fire.tag]
    words = "Pan fire in 203, put out" if estate.language == "en" else "203室油锅起火，已扑灭"
    await phones["guard"].tap(home.session, notice, "HANDLED", words)
    stage.say("one tap and a few words: handled")
    await stage.expect("the incident is handled", status(estate, incident, "handled"))
    await buildings.smoke.alarm(on=False)
    estate.smoke(5, on=False)
    stage.say("the detectors clear, at the panel and over Zigbee")
    await stage.expect("every source has cleared", cleared(estate, incident))
    done = {"incident": incident, "disposition": "handled"}
    await home.do("smart_community.close", done, estate.users["secretary"])
    await stage.expect("the secretary closes it", status(estate, incident, "closed"))
    for phone in (phones["guard"], phones["head"]):
        await stage.expect(
            f"{phone.name}: the notice vanishes", phone.wait_until_notice_gone(fire.tag, WITHIN)
        )
    await report(estate, incident)
    print(f"\n{stage.seen} of {stage.seen} expected steps were observed at the far ends.")


async def status(estate: Estate, incident: str, wanted: str) -> dict[str, Any]:
    """Wait for the status of an incident, as a user sees it."""
    async with asyncio.timeout(WITHIN):
        while True:
            found: dict[str, Any] = await estate.home.action(
                "smart_community.get_incident", {"incident": incident}
            )
            if found["status"] == wanted:
                return found
            await asyncio.sleep(0.1)


async def shows(estate: Estate) -> None:
    """Wait until Home Assistant's own surfaces show the incident."""
    async with asyncio.timeout(WITHIN):
        while True:
            found = {
                state["attributes"].get("friendly_name"): state["state"]
                for state in await own(estate)
            }
            # The four to-do lists and the count of open incidents.
            if "township" in found.values() and list(found.values()).count("1") == len(PEOPLE) + 1:
                return
            await asyncio.sleep(0.1)


async def own(estate: Estate) -> list[dict[str, Any]]:
    """Return the states of the community's own entities."""
    async with estate.home.websocket(estate.home.owner) as ws:
        rows = await ws.command("config/entity_registry/list")
    ours = {row["entity_id"] for row in rows if row["config_entry_id"] == estate.entry_id}
    states = await estate.home.rest("GET", "/api/states")
    return [state for state in states if state["entity_id"] in ours]


async def receipt(estate: Estate, tag: str, who: str) -> None:
    """Wait for a responder's receipt."""
    name = estate.words[who]
    async with asyncio.timeout(WITHIN):
        while True:
            found = await estate.home.action(
                "smart_community.get_incident",
                {"incident": tag.removeprefix("smart_community_"), "language": "en"},
            )
            lines = [entry["line"] for entry in found["timeline"] if entry["kind"] == "delivered"]
            if any(name in line for line in lines):
                return
            await asyncio.sleep(0.1)


async def cleared(estate: Estate, incident: str) -> None:
    """Wait until no source of an incident is in alarm."""
    async with asyncio.timeout(WITHIN):
        while True:
            found = await estate.home.action("smart_community.get_incident", {"incident": incident})
            if not any(source["in_alarm"] for source in found["sources"].values()):
                return
            await asyncio.sleep(0.1)


async def report(estate: Estate, incident: str) -> None:
    """Print the timeline in both languages, and what the dashboard shows."""
    for language, heading in (("en", "Timeline"), ("zh-Hans", "时间线")):
        found = await estate.home.action(
            "smart_community.get_incident", {"incident": incident, "language": language}
        )
        print(f"\n{heading} {found['number']}")
        for entry in found["timeline"]:
            print(f"  {entry['line']}")
    print("\nEntities")
    for state in await own(estate):
        event = state["attributes"].get("event_type")
        print(f"  {state['entity_id']}: {state['state']}{f' ({event})' if event else ''}")


async def main() -> int:
    """Play, and stay up unless told otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the scenario")
    parser.add_argument("--fast", type=float, default=1.0, help="compress ladder times N-fold")
    parser.add_argument("--language", choices=["en", "zh-Hans"], default="en")
    parser.add_argument("--no-scenario", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = ROOT / ".demo"
    shutil.rmtree(folder, ignore_errors=True)
    port = 0 if options.once else 8123
    estate = Estate(
        folder,
        options.language,
        options.fast,
        port,
        zigbee=True,
        on_notice=None if options.no_scenario else shown,
        on_call=None if options.no_scenario else shown,
    )
    try:
        began = time.monotonic()
        await estate.start()
        print(f"the community is set up ({time.monotonic() - began:.0f} s)", flush=True)
        if not options.no_scenario:
            await play(estate)
        if not options.once:
            print(f"\nHome Assistant stays up on http://localhost:{estate.home.port} (Ctrl+C ends)")
            print("Set detectors by hand: set 1 INPUT on|off, then Enter")
            await keyboard(estate)
    except Missed as err:
        print(f"\nNOT SEEN: {err}", file=sys.stderr)
        print(estate.home.log()[-4000:], file=sys.stderr)
        return 1
    finally:
        await estate.stop()
    return 0


async def keyboard(estate: Estate) -> None:
    """Let a person play with the panel while Home Assistant runs."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        with contextlib.suppress(KeyError, ValueError):
            print(await command(estate.panels, line), flush=True)
    await asyncio.Event().wait()  # no keyboard: stay up until killed


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main()))
