"""A community with phones, telephones and loudspeakers at its far ends, and a bus in its field."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.const import DOMAIN
from tests.components.conftest import FarEnd, responder
from tests.components.zigbee_ground import set_up
from tests.simulators.companion_phone import Phone, Relay
from tests.simulators.ip_camera import IpCamera
from tests.simulators.modbus_server import ModbusServer
from tests.simulators.mqtt_broker import MqttBroker
from tests.simulators.zigbee import VirtualCoordinator
from tests.simulators.zigbee_radio import radio

from .building import Building
from .bus import Bus
from .recognition import Recognition
from .scene import LOUDSPEAKER, Scene, loudspeaker, telephone

__all__ = ["radio"]

# Who: the tier, the ways to them in their order, and for a department the loops that are its own.
PEOPLE = {
    "guard": ("property", ("push", "voice", "speaker"), ()),
    "secretary": ("committee", ("push", "voice", "sms"), ()),
    "fire": (
        "department",
        ("push", "sms"),
        (
            "smoke_multiple",
            "sprinkler_flow",
            "fire_water_pressure",
            "gas_leak",
            "electrical_fire",
            "lift_entrapment",
            "garage_air",
        ),
    ),
    "police": (
        "department",
        ("push", "sms"),
        ("fire_lane_blocked", "group_rental", "lock_tamper", "sos", "night_intrusion"),
    ),
    "urban": (
        "department",
        ("push", "sms"),
        ("group_rental", "illegal_renovation", "manhole_moved", "renovation_noise"),
    ),
    "sanitation": ("department", ("push", "sms"), ("garbage_overflow",)),
    "water": (
        "department",
        ("push", "sms"),
        ("waterlogging", "pump_room_flood", "water_supply_fault"),
    ),
    "civil": ("department", ("push", "sms"), ("elder_no_activity",)),
    "head": ("township", ("push", "sms", "voice"), ()),
}


def _target(way: str, name: str) -> str:
    """Where a way to somebody ends: the companion app, a loudspeaker in the yard, a script."""
    return {"push": "", "speaker": LOUDSPEAKER}.get(way, f"script.{way}_{name}")


@pytest.fixture
def enable_event_loop_debug() -> None:
    """Leave the event loop's debug mode off, in which every other test runs.

    It keeps a stack for each task, future and callback: two thirds of what a scene costs, without
    showing anything here that it does not show there.
    """


@pytest.fixture
async def relay(socket_enabled: None) -> AsyncIterator[Relay]:
    relay = Relay()
    await relay.start()
    yield relay
    await relay.stop()


@pytest.fixture
async def scene(
    hass: HomeAssistant,
    relay: Relay,
    tmp_path: Path,
    freezer: FrozenDateTimeFactory,
) -> AsyncIterator[Scene]:
    """A community on a Monday at nine in the morning, Shanghai time; nothing watched yet."""
    freezer.move_to("2026-11-23T09:00:00+08:00")
    await hass.config.async_set_time_zone("Asia/Shanghai")
    hass.config.config_dir = str(tmp_path)
    (tmp_path / "configuration.yaml").write_text("automation: []\n")
    far_end = FarEnd()
    for name in PEOPLE:
        telephone(hass, name, far_end)
    loudspeaker(hass, far_end)
    assert await async_setup_component(hass, "automation", {})
    users = {name: MockUser(name=name).add_to_hass(hass) for name in PEOPLE}
    for name, user in users.items():
        phone = Phone(name=name, url="", token="", relay=relay)
        relay.phones[phone.push_token] = phone
        MockConfigEntry(
            domain="mobile_app",
            title=name,
            data={
                "app_id": "io.homeassistant.simulated",
                "app_name": "Companion",
                "app_version": "2026.10",
                "device_id": name,
                "device_name": name,
                "manufacturer": "Simulated",
                "model": "Phone",
                "os_name": "Android",
                "os_version": "16",
                "supports_encryption": False,
                "app_data": {"push_token": phone.push_token, "push_url": f"{relay.url}/push"},
                "user_id": user.id,
                "webhook_id": f"webhook-{name}",
                "secret": None,
            },
        ).add_to_hass(hass)
    assert await async_setup_component(hass, "mobile_app", {})
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Estate",
        data={"kind": "community"},
        subentries_data=[
            responder(
                name,
                tier,
                {way: _target(way, name) for way in ways},
                (users[name].id,),
                loops=list(loops),
            )
            for name, (tier, ways, loops) in PEOPLE.items()
        ],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    scene = Scene(hass, entry, far_end, freezer, relay=relay, users=users)
    await scene.settle()
    yield scene
    await scene.close()


@pytest.fixture
async def bus(scene: Scene) -> AsyncIterator[Bus]:
    async with ModbusServer() as gateway:
        bus = Bus(scene, gateway)
        yield bus
        await bus.close()


@pytest.fixture
async def box(scene: Scene) -> AsyncIterator[Recognition]:
    async with MqttBroker() as broker:
        box = Recognition(scene, broker)
        yield box
        await box.close()


@pytest.fixture
async def building(scene: Scene, radio: VirtualCoordinator) -> AsyncIterator[Building]:
    async with scene.real_time():
        network = await set_up(scene.hass, radio)
        yield Building(scene, radio, network)
        assert await scene.hass.config_entries.async_unload(network.entry_id)


@pytest.fixture
async def camera(scene: Scene) -> AsyncIterator[IpCamera]:
    """An IP camera that Home Assistant knows as `camera.gate`."""
    camera = IpCamera()
    await camera.start()
    entry = MockConfigEntry(
        domain="mjpeg",
        title="Gate",
        options={
            "authentication": "basic",
            "username": "",
            "password": "",
            "verify_ssl": True,
            "mjpeg_url": f"{camera.url}/stream",
            "still_image_url": f"{camera.url}/snapshot.jpg",
        },
    )
    entry.add_to_hass(scene.hass)
    assert await scene.hass.config_entries.async_setup(entry.entry_id)
    yield camera
    assert await scene.hass.config_entries.async_unload(entry.entry_id)
    await camera.stop()
