"""What zha finds at a device is offered, or that it is not is a stated decision."""

import re
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from zha.application import Platform
from zigpy.profiles.zha import DeviceType
from zigpy.zcl.clusters import general, measurement

from custom_components.smart_community import ZIGBEE_PLATFORMS
from custom_components.smart_community.const import DOMAIN
from tests.simulators.waiting import until
from tests.simulators.zigbee import DeviceDescription, VirtualCoordinator, devices
from tests.simulators.zigbee.description import EndpointDescription, cluster, node

from .zigbee_ground import entity_id, known, pair, set_up, state

DOCS = Path(__file__).parents[2] / "docs" / "zigbee.md"
HAN = re.compile("[\u4e00-\u9fff]")
# What a person switches on who wants to see it.
SWITCHED_OFF = {"RSSISensor", "LQISensor", "FirmwareUpdateEntity"}


def stated() -> set[str]:
    """The platforms of zha's that the docs' table says are left out."""
    text = DOCS.read_text()
    table = text[text.index("## What is left out") :]
    return set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))))


def lamp() -> DeviceDescription:
    """A dimmable lamp, which is better in ZHA: it brings a light, numbers and a select."""
    return DeviceDescription(
        node=node(router=True, sleepy=False),
        endpoints=(
            EndpointDescription(
                device_type=DeviceType.DIMMABLE_LIGHT,
                servers=(
                    cluster(general.Basic, manufacturer="Smart Community", model="SC-LAMP"),
                    cluster(general.Identify, identify_time=0),
                    cluster(general.OnOff, on_off=False, start_up_on_off=0xFF),
                    cluster(general.LevelControl, current_level=254, on_off_transition_time=10),
                ),
            ),
        ),
    )


def test_each_platform_of_zha_is_offered_or_stated_to_be_left_out() -> None:
    offered = {str(platform) for platform in ZIGBEE_PLATFORMS}
    assert offered | stated() == {str(platform) for platform in Platform}
    assert not offered & stated()


async def test_each_entity_that_zha_discovers_is_offered_under_a_name_in_the_users_language(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    hass.config.language = "zh-Hans"
    network = await set_up(hass, radio)
    for description in (*(kind() for kind in devices.KINDS.values()), lamp()):
        await pair(hass, network, radio.add(description))
    registry = er.async_get(hass)
    omitted, seen = stated(), set()
    for device in network.runtime_data.network.devices():
        for (platform, unique_id), source in device.platform_entities.items():
            name = type(source).__name__
            own_id = f"{network.entry_id}_{unique_id}"
            found = registry.async_get_entity_id(str(platform), DOMAIN, own_id)
            seen.add(str(platform))
            if platform in omitted:
                assert found is None, name
                continue
            assert found is not None, f"{device.model}: {name}"
            entry = registry.async_get(found)
            assert entry is not None
            assert (entry.disabled_by is not None) is (name in SWITCHED_OFF), name
            assert (hass.states.get(found) is None) is (name in SWITCHED_OFF), name
            if not source.state.primary:
                assert HAN.search(entry.original_name or ""), name
    assert seen >= {"binary_sensor", "button", "lock", "number", "select", "sensor", "siren"}
    assert seen >= {"switch", "update", "light", "virtual"}
    assert await hass.config_entries.async_unload(network.entry_id)


async def test_what_a_person_sets_reaches_the_device_and_what_it_refuses_is_said(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    plug, siren, presence = (
        radio.add(one) for one in (devices.plug(), devices.siren(), devices.occupancy())
    )
    for device in (plug, siren, presence):
        await pair(hass, network, device)

    async def tell(device: Any, ending: str, action: str, **said: Any) -> None:
        told = entity_id(hass, network, f"{device.ieee}-1{ending}")
        domain = told.partition(".")[0]
        await hass.services.async_call(domain, action, {"entity_id": told, **said}, blocking=True)

    relay = plug.servers[1, general.OnOff.cluster_id]
    await tell(plug, "", "turn_on")
    assert relay.get("on_off")
    await tell(plug, "", "turn_off")
    assert not relay.get("on_off")
    plug.refuses = True
    with pytest.raises(HomeAssistantError) as refused:
        await tell(plug, "", "turn_on")
    assert refused.value.translation_key in {"zigbee_refused", "zigbee_no_answer"}
    plug.refuses = False
    await tell(plug, "-6-StartUpOnOff", "select_option", option="On")
    assert relay.get("start_up_on_off") == 1

    horn = siren.servers[1, 0x0502]
    await tell(siren, "", "turn_on", tone="fire", duration=60)
    assert (horn.sounding, horn.duration) == (2, 60)
    await tell(siren, "", "turn_off")
    assert horn.sounding == 0
    await tell(siren, "-3", "press")
    assert siren.servers[1, general.Identify.cluster_id].identified >= 1

    sensing = presence.servers[1, measurement.OccupancySensing.cluster_id]
    hold = "-1030-pir_o_to_u_delay"
    await tell(presence, hold, "set_value", value=90)
    assert sensing.get("pir_o_to_u_delay") == 90
    assert float(state(hass, network, f"{presence.ieee}-1{hold}").state) == 90
    sensing.set("occupancy", 1)
    sensing.report("occupancy")
    seat = f"{presence.ieee}-1-1030"
    await until(lambda: state(hass, network, seat).state == "on")
    assert state(hass, network, seat).attributes["device_class"] == "occupancy"
    assert known(hass, network, presence) is not None
