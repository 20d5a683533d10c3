"""A Home Assistant with a community in it, and a user for each role, for a browser to look at."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.simulators.hass_process import HomeAssistant, User

from .devices import Devices
from .pictures import draw_plan

# Everybody is reached by a script that says at once that its call was answered. Detectors that have
# an entry in the registry can be put on a floor plan.
CONFIGURATION = """
input_boolean:
  alarm_201: {}
  alarm_203: {}
  alarm_205: {}
input_number:
  noise: {min: 30, max: 120, initial: 52}
template:
  - sensor:
      - {unique_id: noise_square, name: "NOISE", device_class: sound_pressure,
         unit_of_measurement: dB, state: "{{ states('input_number.noise') }}"}
  - binary_sensor:
      - {unique_id: smoke_201, name: "SMOKE 201", device_class: smoke,
         state: "{{ is_state('input_boolean.alarm_201', 'on') }}"}
      - {unique_id: smoke_203, name: "SMOKE 203", device_class: smoke,
         state: "{{ is_state('input_boolean.alarm_203', 'on') }}"}
      - {unique_id: smoke_205, name: "SMOKE 205", device_class: smoke,
         state: "{{ is_state('input_boolean.alarm_205', 'on') }}"}
script:
  call:
    mode: parallel
    max: 100
    sequence:
      - variables: {result: {receipt: answered}}
      - {stop: told, response_variable: result}
"""
# Key: tier, user name, loops.
PEOPLE: dict[str, tuple[str, str, list[str]]] = {
    "guard": ("property", "zhang", []),
    "secretary": ("committee", "li", []),
    "fire": ("department", "wang", ["smoke_single", "smoke_multiple"]),
    "water": ("department", "zhao", ["waterlogging"]),
    "head": ("township", "chen", []),
}
# They rest around the clock: what no life depends on waits until midnight.
RESTING = "head"
NAMES = {
    "en": {
        "community": "Riverside Estate",
        "smoke": "Smoke detector",
        "noise": "Noise meter on the square",
        "area": "Building 3, floor 2",
        "guard": "Property duty desk",
        "secretary": "Secretary Li",
        "fire": "Fire and emergency",
        "water": "Water affairs",
        "head": "Township duty officer",
    },
    "zh-Hans": {
        "community": "滨江社区",
        "smoke": "烟感",
        "noise": "广场噪声监测仪",
        "area": "3号楼2层",
        "guard": "物业值班室",
        "secretary": "李书记",
        "fire": "消防应急",
        "water": "水务",
        "head": "镇值班长",
    },
}
LADDER = [
    {"tier": "property", "after": 0, "channels": ["voice"], "critical": True},
    {"tier": "committee", "after": "00:03:00", "channels": ["voice", "sms"], "unless": "handled"},
    {"tier": "department", "after": "00:10:00", "channels": ["voice"], "unless": "handled"},
    {"tier": "township", "after": "00:30:00", "channels": ["voice", "sms"], "unless": "handled"},
]

# As the blueprint of illegal renovation makes it: what people report becomes an incident.
AUTOMATIONS = [
    {
        "id": "reports",
        "alias": "Reports",
        "triggers": [
            {
                "trigger": "smart_community.person_reported",
                "options": {"loop": ["illegal_renovation"]},
            }
        ],
        "actions": [
            {
                "action": "smart_community.signal",
                "data": {
                    "loop": "illegal_renovation",
                    "report": "{{ trigger.report }}",
                    "ladder": LADDER,
                },
            }
        ],
    }
]


class House:
    """The process, the community's entry and its users."""

    def __init__(self, folder: Path, language: str = "en") -> None:
        self.home = HomeAssistant(folder)
        self.names = NAMES[language]
        self.devices = Devices(language)
        self.language = language
        self.users: dict[str, User] = {}
        self.entry_id = ""
        self.detectors: list[str] = []
        self.meter = ""

    async def start(self) -> None:
        """From an empty folder to a community at work, with the login form that people see."""
        named = CONFIGURATION
        for word in ("smoke", "noise"):
            named = named.replace(word.upper(), self.names[word])
        self.home.prepare(named, self.language)
        pictures = self.home.folder / "www"
        pictures.mkdir()
        draw_plan(pictures / "plan.png")
        self.home.finish_onboarding()
        await self.home.start()
        await self.home.onboard(form=True)
        self.entry_id = await self.home.add_entry(
            "community", {"name": self.names["community"], "database": {}}
        )
        for key, (tier, username, loops) in PEOPLE.items():
            user = await self.home.add_user(self.names[key], username)
            self.users[key] = user
            address = {"target": "script.call", "number": "13800000000"}
            data: dict[str, Any] = {
                "name": self.names[key],
                "tier": tier,
                "users": [user.id],
                "channels": ["voice", "sms"],
                "loops": loops,
                "language": self.language,
                "voice": {f"voice_{name}": value for name, value in address.items()},
                "sms": {f"sms_{name}": value for name, value in address.items()},
            }
            if key == RESTING:
                data["rest"] = {"quiet_from": "00:00:00", "quiet_until": "00:00:00"}
            await self.home.add_subentry(self.entry_id, "responder", data)
        self.users["stranger"] = await self.home.add_user("Stranger", "stranger")
        await self._place()
        await self.devices.set_up(self.home, self.names["area"])
        (self.home.folder / "automations.yaml").write_text(json.dumps(AUTOMATIONS))
        # An orderly stop writes the registries, which a power cut in a test would lose.
        await self.home.stop()
        await self.home.start()

    async def close(self) -> None:
        """End everything."""
        await self.home.close()
        await self.devices.line.stop()

    async def _place(self) -> None:
        """Put the detectors into an area that has a plan."""
        async with self.home.websocket(self.home.owner) as ws:
            area = await ws.command(
                "config/area_registry/create", name=self.names["area"], picture="/local/plan.png"
            )
            for entity in await ws.command("config/entity_registry/list"):
                if entity["platform"] != "template":
                    continue
                if entity["entity_id"].startswith("sensor."):
                    self.meter = entity["entity_id"]
                else:
                    await ws.command(
                        "config/entity_registry/update",
                        entity_id=entity["entity_id"],
                        area_id=area["area_id"],
                    )
                    self.detectors.append(entity["entity_id"])
            self.detectors.sort()

    async def signal(self, loop: str, zone: str, *sources: str, **more: Any) -> Any:
        """Let detectors raise, as a loop's automation does; returns the action's answer."""
        data = {
            "community": self.entry_id,
            "loop": loop,
            "zone": zone,
            "source": list(sources) or [f"binary_sensor.{loop}_1"],
            "raised": True,
            "ladder": LADDER,
            **more,
        }
        return await self.home.action("smart_community.signal", data)

    async def opened(self, loop: str, zone: str) -> Any:
        """Open an incident as a user's own automation does: it never joins a storm."""
        data = {"community": self.entry_id, "loop": loop, "zone": zone, "ladder": LADDER}
        return await self.home.action("smart_community.open_incident", data)

    async def sound(self, level: float) -> None:
        """Let the square be as loud as this, in dB."""
        noise = {"entity_id": "input_number.noise", "value": level}
        await self.home.do("input_number.set_value", noise)

    async def incident(self, reference: str) -> Any:
        """Return an incident with its timeline."""
        return await self.home.action("smart_community.get_incident", {"incident": reference})

    async def clear(self) -> None:
        """End everything that is open, so that no test stands on another's incidents."""
        filters = {"status": ["open", "acknowledged", "handled"], "limit": 1000}
        closing = {"disposition": "test", "note": "between two tests"}

        async def still_open() -> list[dict[str, Any]]:
            answer = await self.home.action("smart_community.list_incidents", filters)
            return list(answer["incidents"])

        while found := await still_open():  # a list is a thousand long at most
            await asyncio.gather(
                *(
                    self.home.action("smart_community.close", {"incident": one["id"], **closing})
                    for one in found
                )
            )
