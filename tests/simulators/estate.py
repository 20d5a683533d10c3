"""A whole simulated community around a real Home Assistant: panels, people, phones, telephone.

The demo plays its scenario here; the kill test and the pictures for the README use it too.
"""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from .companion_phone import Notice, Phone, Relay
from .hass_process import HomeAssistant, User
from .modbus_server import ModbusServer
from .telephone_provider import Call, TelephoneProvider
from .zigbee_buildings import Buildings

CONFIGURATION = """
rest_command:
  telephone:
    url: "http://127.0.0.1:{port}/{{{{ kind }}}}"
    method: post
    content_type: application/json
    timeout: 10
    payload: '{{{{ {{"to": number, "text": message, "reference": incident}} | to_json }}}}'
script:
  telephone:
    mode: parallel
    max: 50
    sequence:
      - action: rest_command.telephone
        data:
          kind: "{{{{ kind }}}}"
          number: "{{{{ number }}}}"
          message: "{{{{ message }}}}"
          incident: "{{{{ incident }}}}"
        response_variable: answer
      - variables:
          result:
            receipt: >-
              {{{{ answer.content.status if answer.status == 200 else 'http_' ~ answer.status }}}}
      - stop: told
        response_variable: result
  voice_call:
    alias: Voice call
    mode: parallel
    max: 50
    sequence:
      - action: script.telephone
        data:
          kind: voice
          number: "{{{{ number }}}}"
          message: "{{{{ message }}}}"
          incident: "{{{{ incident }}}}"
        response_variable: result
      - {{stop: told, response_variable: result}}
  text_message:
    alias: Text message
    mode: parallel
    max: 50
    sequence:
      - action: script.telephone
        data:
          kind: sms
          number: "{{{{ number }}}}"
          message: "{{{{ message }}}}"
          incident: "{{{{ incident }}}}"
        response_variable: result
      - {{stop: told, response_variable: result}}
"""

TEXTS = {
    "en": {
        "community": "Riverside Estate",
        "floor": "Building 3, floor 2",
        "area": "Building 3, floor 2, corridor",
        "bus": "Fire panels",
        "panel": "Fire panel building 3",
        "rooms": [f"Smoke detector {room}" for room in range(201, 209)],
        "guard": "Property duty desk",
        "secretary": "Secretary Li",
        "fire": "Fire and emergency",
        "head": "Head of department, township",
        "smoke_single": "Smoke: one detector",
        "smoke_multiple": "Smoke: several detectors",
    },
    "zh-Hans": {
        "community": "滨江社区",
        "floor": "3号楼2层",
        "area": "3号楼2层走廊",
        "bus": "消防总线",
        "panel": "3号楼火灾报警控制器",
        "rooms": [f"{room}室烟感" for room in range(201, 209)],
        "guard": "物业值班室",
        "secretary": "李书记",
        "fire": "消防应急",
        "head": "镇主管部门负责人",
        "smoke_single": "单点烟感报警",
        "smoke_multiple": "多点烟感联动",
    },
}
# Who: tier, user name, channels in order, telephone number.
PEOPLE = {
    "guard": ("property", "zhang", ["push", "voice"], "13800000001"),
    "secretary": ("committee", "li", ["push", "voice", "sms"], "13800000002"),
    "fire": ("department", "wang", ["push"], "119"),
    "head": ("township", "chen", ["push", "sms", "voice"], "13800000004"),
}


@dataclass
class Estate:
    """The far ends and the Home Assistant between them."""

    folder: Path
    language: str = "en"
    fast: float = 1.0
    port: int = 0
    zigbee: bool = False
    panels: ModbusServer = field(default_factory=ModbusServer)
    telephone: TelephoneProvider = field(default_factory=TelephoneProvider)
    relay: Relay = field(default_factory=Relay)
    phones: dict[str, Phone] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    entry_id: str = ""
    on_notice: Any = None
    on_call: Any = None

    def __post_init__(self) -> None:
        self.home = HomeAssistant(self.folder, self.port)
        self.words: dict[str, Any] = TEXTS[self.language]
        # Radio libraries take seconds to load: only where they are played with.
        self.buildings = Buildings(self.language) if self.zigbee else None

    def duration(self, **span: float) -> dict[str, float]:
        """A ladder's time, compressed."""
        minutes, seconds = divmod(timedelta(**span).total_seconds() / self.fast, 60)
        whole, rest = divmod(round(seconds * 1000), 1000)
        return {"minutes": minutes, "seconds": whole, **({"milliseconds": rest} if rest else {})}

    async def start(self) -> None:
        """Start everything, from an empty folder to a community that watches its detectors."""
        await self.panels.start()
        await self.telephone.start()
        await self.relay.start()
        self.telephone.on_call = self.on_call or (lambda _: None)
        self.panels.add_fire_panel(1, len(self.words["rooms"]))
        self.home.prepare(CONFIGURATION.format(port=self.telephone.port), self.language)
        await self.home.start()
        await self.home.onboard()
        await self._people()
        await self._phones()
        await self._community()
        await self._panel()
        if self.buildings is not None:
            await self.buildings.start()
            await self.buildings.set_up(self.home, self.area_id)
        await self._automations()
        # An orderly stop writes the registries, which a kill would lose; and the owner's login
        # without a form, which is in the configuration now, is read at a start.
        await self.home.stop()
        self.home.finish_onboarding()
        await self.home.start()
        if self.buildings is not None:
            await self.buildings.heard(self.home)
        async with asyncio.timeout(20):
            for phone in self.phones.values():
                if phone.local:
                    await phone.connected.wait()

    async def stop(self) -> None:
        """End everything."""
        for phone in self.phones.values():
            phone.switch_off()
        await self.home.close()
        if self.buildings is not None:
            await self.buildings.stop()
        await self.panels.stop()
        await self.telephone.stop()
        await self.relay.stop()

    async def _people(self) -> None:
        for key, (_, username, _, _) in PEOPLE.items():
            self.users[key] = await self.home.add_user(self.words[key], username)
        self.home.save(*self.users.values())

    async def _phones(self) -> None:
        assert self.home.session is not None
        for key, user in self.users.items():
            phone = Phone(
                name=f"Phone {user.username}",
                url=self.home.url,
                token=user.access_token,
                relay=self.relay,
                # One of the phones is at home in the local network: its app confirms each push.
                local=key == "fire",
            )
            if self.on_notice is not None:
                phone.on_notice = self.on_notice
            await phone.register(self.home.session)
            self.phones[key] = phone

    async def _community(self) -> None:
        self.entry_id = await self.home.add_entry(
            "community", {"name": self.words["community"], "database": {}}
        )
        for key, (tier, _, channels, number) in PEOPLE.items():
            data: dict[str, Any] = {
                "name": self.words[key],
                "tier": tier,
                "users": [self.users[key].id],
                "channels": channels,
                "language": self.language,
            }
            for kind, script in (("voice", "script.voice_call"), ("sms", "script.text_message")):
                if kind in channels:
                    data[kind] = {f"{kind}_target": script, f"{kind}_number": number}
            await self.home.add_subentry(self.entry_id, "responder", data)

    async def _panel(self) -> None:
        gateway = {"name": self.words["bus"], "host": "127.0.0.1", "port": self.panels.port}
        bus = await self.home.add_entry("modbus_bus", gateway, ("modbus_bus", "modbus_tcp"))
        rooms = self.words["rooms"]
        unit = {"name": self.words["panel"], "unit": 1, "family": "fire_panel"}
        wired = {"inputs": len(rooms), "names": "\n".join(rooms)}
        await self.home.add_subentry(bus, "unit", unit, wired, {})
        async with self.home.websocket(self.home.owner) as ws:
            floor = await ws.command("config/floor_registry/create", name=self.words["floor"])
            area = await ws.command(
                "config/area_registry/create",
                name=self.words["area"],
                floor_id=floor["floor_id"],
            )
            self.floor_id, self.area_id = floor["floor_id"], area["area_id"]
            for device in await ws.command("config/device_registry/list"):
                if device["name"] == self.words["panel"]:
                    await ws.command(
                        "config/device_registry/update",
                        device_id=device["id"],
                        area_id=area["area_id"],
                    )
            entities = await ws.command("config/entity_registry/list")
        self.detectors = {
            int(entity["unique_id"].rpartition("_")[2]): entity["entity_id"]
            for entity in entities
            if entity["platform"] == "smart_community" and "_input_" in entity["unique_id"]
        }

    async def _automations(self) -> None:
        target = {"floor_id": [self.floor_id]}
        rows = [
            {
                "id": "smoke_single",
                "alias": self.words["smoke_single"],
                "use_blueprint": {
                    "path": "smart_community/smoke_single.yaml",
                    "input": {
                        "detectors": target,
                        "voice_after": self.duration(seconds=15),
                        "committee_after": self.duration(minutes=3),
                        "handle_within": self.duration(minutes=10),
                        "receipt_within": self.duration(minutes=1),
                    },
                },
            },
            {
                "id": "smoke_multiple",
                "alias": self.words["smoke_multiple"],
                "use_blueprint": {
                    "path": "smart_community/smoke_multiple.yaml",
                    "input": {
                        "detectors": target,
                        "committee_after": self.duration(seconds=15),
                        "department_after": self.duration(minutes=2),
                        "township_after": self.duration(minutes=10),
                        "handle_within": self.duration(minutes=15),
                        "receipt_within": self.duration(seconds=30),
                    },
                },
            },
        ]
        text = yaml.safe_dump(rows, allow_unicode=True)
        (self.folder / "automations.yaml").write_text(text)
        await self.home.do("automation.reload")
        for row in rows:
            states = await self.home.rest("GET", "/api/states")
            found = [s for s in states if s["attributes"].get("id") == row["id"]]
            if not found or found[0]["state"] != "on":
                raise RuntimeError(f"automation {row['id']} is not on: {json.dumps(found)}")

    def smoke(self, room: int, *, on: bool) -> None:
        """Set the wire of a detector at the panel; rooms count from 1."""
        self.panels.units[1].discrete[room - 1] = on


def describe(event: Notice | Call) -> str:
    """One line about what reached a far end."""
    if isinstance(event, Call):
        return f"{event.kind} to {event.to}: {event.text.splitlines()[0]} -> {event.status}"
    if event.message == "clear_notification":
        return f"{event.phone}: notice taken away"
    return f"{event.phone}{' (critical)' if event.critical else ''}: {event.title}"
