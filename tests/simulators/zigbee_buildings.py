"""Two buildings with a Zigbee network each, set up in Home Assistant as their installers do it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from .hass_process import HomeAssistant
from .zigbee import VirtualCoordinator, VirtualDevice, devices

NAMES = {
    "en": {
        "networks": ("Zigbee building 3", "Zigbee building 5"),
        "smoke": "Wireless smoke detector 203",
        "water": "Water sensor pump room",
        "door": "Door lock 501",
    },
    "zh-Hans": {
        "networks": ("3号楼Zigbee", "5号楼Zigbee"),
        "smoke": "203室无线烟感",
        "water": "水泵房水浸",
        "door": "501室门锁",
    },
}


@dataclass
class Buildings:
    """Two coordinators: smoke detector and water sensor in one building, a lock in the other."""

    language: str
    radios: tuple[VirtualCoordinator, VirtualCoordinator] = field(
        default_factory=lambda: (VirtualCoordinator(formed=True), VirtualCoordinator(formed=True))
    )

    def __post_init__(self) -> None:
        first, second = self.radios
        self.names: dict[str, Any] = NAMES[self.language]
        self.smoke = first.add(devices.smoke())
        self.water = first.add(devices.water_leak())
        self.door = second.add(devices.lock())

    async def start(self) -> None:
        """Put the coordinators on the network."""
        for radio in self.radios:
            await radio.start()

    async def stop(self) -> None:
        """Take them off."""
        for radio in self.radios:
            await radio.stop()

    async def set_up(self, home: HomeAssistant, area_id: str) -> None:
        """Take the networks over, pair the devices, name them, and place the smoke detector."""
        line = {"baudrate": 115200, "flow_control": "none"}
        for name, radio in zip(self.names["networks"], self.radios, strict=True):
            form = {"name": name, "path": radio.path, "radio_type": "ezsp", "line": line}
            entry = await home.add_entry("zigbee_network", form, then=("zigbee_take_over",))
            async with asyncio.timeout(60):
                while not radio.connected or not await _permitted(home, entry):
                    await asyncio.sleep(0.2)
        for device, name in (
            (self.smoke, self.names["smoke"]),
            (self.water, self.names["water"]),
            (self.door, self.names["door"]),
        ):
            await device.join()
            device_id = await _registered(home, device)
            place = {"area_id": area_id} if device is self.smoke else {}
            async with home.websocket(home.owner) as ws:
                await ws.command(
                    "config/device_registry/update",
                    device_id=device_id,
                    name_by_user=name,
                    **place,
                )

    async def heard(self, home: HomeAssistant) -> None:
        """Wait until the smoke detector is heard: connected, and its zone asked."""
        async with asyncio.timeout(60):
            while True:
                for state in await home.rest("GET", "/api/states"):
                    named = state["attributes"].get("friendly_name") == self.names["smoke"]
                    alarm = state["entity_id"].startswith("binary_sensor.")
                    if named and alarm and state["state"] == "off":
                        return
                await asyncio.sleep(0.2)


async def _permitted(home: HomeAssistant, entry: str) -> bool:
    try:
        await home.do("smart_community.permit_join", {"network": entry})
    except RuntimeError:
        return False
    return True


async def _registered(home: HomeAssistant, device: VirtualDevice) -> str:
    """Wait until a device that joined has its alarm or lock entity; returns the device's id."""
    ending = f":{device.ieee}"
    async with asyncio.timeout(60):
        while True:
            async with home.websocket(home.owner) as ws:
                for found in await ws.command("config/device_registry/list"):
                    if any(identifier[-1].endswith(ending) for identifier in found["identifiers"]):
                        return str(found["id"])
            await asyncio.sleep(0.2)
