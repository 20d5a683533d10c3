"""The virtual coordinator, seen by hosts that know nothing of it: zha and bellows, unmodified."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from zigpy.zcl.clusters.closures import DoorLock
from zigpy.zcl.clusters.general import PowerConfiguration
from zigpy.zcl.clusters.security import IasZone

from tests.simulators.waiting import until

from .zigbee import EZSP_VERSIONS, JoinRefusedError, VirtualCoordinator, devices
from .zigbee_hosts import ZhaHost, bare, zha

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def host(radio: VirtualCoordinator, tmp_path: Path) -> AsyncIterator[ZhaHost]:
    async with zha(radio, tmp_path) as host:
        await host.gateway.application_controller.permit(60)
        yield host


async def test_a_blank_coordinator_is_formed_and_keeps_its_network(tmp_path: Path) -> None:
    async with VirtualCoordinator() as radio:
        async with zha(radio, tmp_path) as host:
            network = host.gateway.state.network_info
            assert host.gateway.state.node_info.ieee == radio.eui64
        assert radio.tokens.network is not None
        assert radio.tokens.network.parameters.extendedPanId == network.extended_pan_id
        async with bare(radio) as app:
            assert app.state.network_info.pan_id == network.pan_id
            assert app.state.network_info.network_key.key == network.network_key.key


@pytest.mark.parametrize("version", EZSP_VERSIONS)
async def test_every_protocol_version_is_spoken(version: int) -> None:
    radio = VirtualCoordinator(formed=True, boots_on_connect=True, version=version)
    async with radio, bare(radio) as app:
        assert app._ezsp.ezsp_version == version
        assert radio.tokens.network is not None
        assert app.state.network_info.channel == radio.tokens.network.parameters.radioChannel
        await app.permit(60)
        smoke = radio.add(devices.smoke())
        await smoke.join()
        await until(lambda: smoke.ieee in app.devices)
        found = app.devices[smoke.ieee]
        await until(lambda: found.model == "SC-SMOKE")
        assert found.nwk == smoke.nwk
        assert set(found.endpoints[1].in_clusters) == {0x0000, 0x0001, 0x0003, 0x0500}


async def test_a_detector_is_interviewed_enrolled_and_alarms(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    smoke = radio.add(devices.smoke())
    await host.pair(smoke)
    await until(smoke.zone.enrolled.is_set)
    entity = host.entity(smoke, "binary_sensor")
    assert not entity.state.is_on
    await smoke.alarm()
    await until(lambda: entity.state.is_on)
    await smoke.alarm(on=False)
    await until(lambda: not entity.state.is_on)
    status = entity._cluster
    for act, bit in ((smoke.tamper, "Tamper"), (smoke.trouble, "Trouble")):
        await act()
        await until(lambda bit=bit: IasZone.ZoneStatus[bit] in status.get("zone_status"))
    await smoke.battery(12)
    await until(lambda: IasZone.ZoneStatus.Battery in status.get("zone_status"))
    assert host.entity(smoke, "sensor") is not None
    power = host.gateway.devices[smoke.ieee].device.find_cluster(PowerConfiguration.cluster_id)
    assert power.get("battery_percentage_remaining") == 24


async def test_an_alarm_while_nobody_is_connected_is_found_by_reading_the_zone(
    radio: VirtualCoordinator, tmp_path: Path
) -> None:
    smoke = radio.add(devices.smoke())
    async with zha(radio, tmp_path) as host:
        await host.gateway.application_controller.permit(60)
        await host.pair(smoke)
        await until(smoke.zone.enrolled.is_set)
    await smoke.alarm()
    async with zha(radio, tmp_path) as host:
        entity = host.entity(smoke, "binary_sensor")
        assert not entity.state.is_on
        await entity.async_update()
        assert entity.state.is_on


async def test_a_lock_is_moved_from_afar_and_by_hand(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    door = radio.add(devices.lock())
    await host.pair(door)
    entity = host.entity(door, "lock")
    await entity.async_unlock()
    assert door.lock.get("lock_state") == DoorLock.LockState.Unlocked
    await until(lambda: not entity.state.is_locked)
    await door.operate("lock", source="keypad", user=3)
    await until(lambda: entity.state.is_locked)
    door.lock.jammed = True
    assert (await entity._cluster.unlock_door()).status == 1
    assert door.lock.get("lock_state") == DoorLock.LockState.Locked


async def test_nobody_joins_unless_it_is_permitted(radio: VirtualCoordinator) -> None:
    smoke = radio.add(devices.smoke())
    with pytest.raises(JoinRefusedError, match="no network"):
        await smoke.join()
    async with bare(radio) as app:
        with pytest.raises(JoinRefusedError, match="not permitted"):
            await smoke.join()
        await app.permit(60)
        await smoke.join()
        assert smoke.joined
        await app.permit(0)
        with pytest.raises(JoinRefusedError):
            await radio.add(devices.smoke()).join()
