"""Loops from a Zigbee device on a virtual coordinator to the first phone that rings."""

from collections.abc import AsyncIterator

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.components.zigbee_ground import known, pair, set_up, until
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice, devices
from tests.simulators.zigbee.description import DeviceDescription

from .scene import Scene


class Building:
    """A Zigbee network whose devices all stand in the corridor."""

    def __init__(self, scene: Scene, radio: VirtualCoordinator, network: MockConfigEntry) -> None:
        self.scene = scene
        self.radio = radio
        self.network = network
        self._moments: set[str] = set()

    async def install(self, described: DeviceDescription) -> VirtualDevice:
        """Pair a device and put it into the corridor."""
        device = self.radio.add(described)
        hass = self.scene.hass
        await pair(hass, self.network, device)
        found = known(hass, self.network, device)
        assert found is not None
        dr.async_get(hass).async_update_device(found.id, area_id=self.scene.area.id)
        return device

    def heard(self, word: str) -> set[str]:
        """Moments at which the network's event entities have said a word."""
        for one in self.scene.hass.states.async_all("event"):
            if one.attributes.get("event_type") == word:
                self._moments.add(one.state)
        return self._moments

    async def rings(self, *rows: tuple[str, str]) -> None:
        """Wait until these people were told in these ways."""
        await until(lambda: {*rows} <= {row[1:] for row in self.scene.told_since()})


@pytest.fixture
async def building(
    hass: HomeAssistant, scene: Scene, radio: VirtualCoordinator
) -> AsyncIterator[Building]:
    async with scene.real_time():
        network = await set_up(hass, radio)
        yield Building(scene, radio, network)
        assert await hass.config_entries.async_unload(network.entry_id)


async def test_smoke_multiple_of_two_zigbee_detectors(building: Building) -> None:
    first = await building.install(devices.smoke())
    second = await building.install(devices.smoke())
    await building.scene.automate("smoke_single", "smoke_multiple")
    await first.alarm()
    await building.rings(("guard", "push"))
    await second.alarm()
    await building.rings(("guard", "push!"))
    assert [one.loop for one in building.scene.active] == ["smoke_multiple"]


async def test_gas_leak_of_a_zigbee_detector(building: Building) -> None:
    detector = await building.install(devices.gas())
    await building.scene.automate("gas_leak")
    await detector.alarm()
    await building.rings(("guard", "push!"))


async def test_lock_tamper_of_a_zigbee_lock(building: Building) -> None:
    door = await building.install(devices.lock())
    await building.scene.automate("lock_tamper", wrong_codes=3)
    for tried in range(3):
        await door.wrong_code()
        # Two in one instant of the event's clock would be one state; people type more slowly.
        await until(lambda tried=tried: len(building.heard("wrong_code")) == tried + 1)
    await building.rings(("guard", "push"))


async def test_group_rental_by_the_codes_of_a_zigbee_lock(building: Building) -> None:
    door = await building.install(devices.lock())
    await building.scene.automate("group_rental", credentials=3)
    for user in range(3):
        await door.operate("unlock", source="keypad", user=user)
    await building.rings(("secretary", "push"))


async def test_sos_of_a_zigbee_button(building: Building) -> None:
    button = await building.install(devices.button())
    await building.scene.automate("sos")
    await button.press()
    await building.rings(("guard", "push!"), ("guard", "voice"), ("secretary", "voice"))


async def test_unit_door_open_of_a_zigbee_contact(building: Building) -> None:
    door = await building.install(devices.contact())
    await building.scene.automate("unit_door_open", open_for={"seconds": 1})
    await door.alarm()
    await building.rings(("yard", "speaker"))


async def test_waterlogging_of_a_zigbee_sensor(building: Building) -> None:
    sensor = await building.install(devices.water_leak())
    await building.scene.automate("waterlogging", wet_for={"seconds": 1})
    await sensor.alarm()
    await building.rings(("water", "push"), ("guard", "push"), ("secretary", "push"))


async def test_manhole_moved_under_a_zigbee_sensor(building: Building) -> None:
    cover = await building.install(devices.vibration())
    await building.scene.automate("manhole_moved")
    await cover.alarm()
    await building.rings(("guard", "push"))
