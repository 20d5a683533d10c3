"""The devices around the virtual coordinator, as the zha library finds them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zigpy.types as t
from zigpy.util import convert_install_code
from zigpy.zcl.clusters.closures import DoorLock
from zigpy.zcl.clusters.general import Alarms, Basic, OnOff, Ota
from zigpy.zcl.clusters.security import IasWd, IasZone
from zigpy.zcl.foundation import Status

from tests.simulators.waiting import until

from .zigbee import JoinRefusedError, VirtualCoordinator, VirtualDevice, devices
from .zigbee.keyboard import Keyboard
from .zigbee_hosts import ZhaHost, zha

pytestmark = pytest.mark.usefixtures("socket_enabled")

INSTALL_CODE = bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5")

FOUND = {  # kind of device: the platforms on which zha offers it, beyond signal strength
    "smoke": {"binary_sensor", "sensor"},
    "water_leak": {"binary_sensor", "sensor"},
    "co": {"binary_sensor", "sensor"},
    "gas": {"binary_sensor"},
    "contact": {"binary_sensor", "sensor"},
    "motion": {"binary_sensor", "sensor"},
    "occupancy": {"binary_sensor", "number", "sensor"},
    "vibration": {"binary_sensor", "sensor"},
    "button": {"sensor"},
    "lock": {"lock", "sensor"},
    "siren": {"siren", "binary_sensor"},
    "temperature_humidity": {"sensor"},
    "plug": {"switch", "sensor"},
}


@pytest.fixture
async def host(radio: VirtualCoordinator, tmp_path: Path) -> AsyncIterator[ZhaHost]:
    async with zha(radio, tmp_path) as host:
        await host.gateway.application_controller.permit(60)
        yield host


def _cluster(host: ZhaHost, device: VirtualDevice, kind: Any) -> Any:
    return host.gateway.devices[device.ieee].device.endpoints[1].in_clusters[kind.cluster_id]


class Notes:
    """What a cluster has told its listener."""

    def __init__(self, cluster: Any) -> None:
        self.told: list[tuple[int, Any]] = []
        cluster.add_listener(self)

    def cluster_command(self, _: int, command: int, args: Any) -> None:
        """Take note; zigpy calls this."""
        self.told.append((command, args))


def test_every_kind_of_device_is_looked_for() -> None:
    assert set(FOUND) == set(devices.KINDS)


@pytest.mark.parametrize("kind", FOUND)
async def test_a_device_is_offered_as_what_it_is(
    radio: VirtualCoordinator, host: ZhaHost, kind: str
) -> None:
    device = radio.add(devices.KINDS[kind]())
    await host.pair(device)
    found = host.gateway.devices[device.ieee]
    assert found.manufacturer == "Smart Community"
    assert {platform.value for platform, _ in found.platform_entities} >= FOUND[kind]
    assert all(entity.state.available for entity in found.platform_entities.values())


async def test_measures_reach_the_sensors(radio: VirtualCoordinator, host: ZhaHost) -> None:
    climate = radio.add(devices.temperature_humidity())
    await host.pair(climate)
    await climate.measure(temperature=-4.5, humidity=61)
    found = host.gateway.devices[climate.ieee].platform_entities.values()

    def values() -> set[Any]:
        return {getattr(entity.state, "native_value", None) for entity in found}

    await until(lambda: {-4.5, 61.0} <= values())


async def test_a_plug_is_switched_by_both_sides(radio: VirtualCoordinator, host: ZhaHost) -> None:
    plug = radio.add(devices.plug())
    await host.pair(plug)
    switch = host.entity(plug, "switch")
    await switch.async_turn_on()
    assert plug.server(OnOff).get("on_off")
    await plug.report(OnOff, on_off=False)
    await until(lambda: not switch.state.is_on)
    plug.refuses = True
    with pytest.raises(Exception, match="FAILURE"):
        await switch.async_turn_on()
    assert not plug.server(OnOff).get("on_off")


async def test_a_siren_sounds_until_it_is_told_to_stop(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    siren = radio.add(devices.siren())
    await host.pair(siren)
    entity = host.entity(siren, "siren")
    await entity.async_turn_on(duration=20)
    warning = siren.server(IasWd)
    assert warning.sounding
    assert warning.duration == 20
    await entity.async_turn_off()
    assert not warning.sounding


async def test_a_button_sends_commands(radio: VirtualCoordinator, host: ZhaHost) -> None:
    button = radio.add(devices.button())
    await host.pair(button)
    client = host.gateway.devices[button.ieee].device.endpoints[1].out_clusters[OnOff.cluster_id]
    notes = Notes(client)
    for command in ("on", "off", "toggle"):
        await button.press(command)
    await until(lambda: [command for command, _ in notes.told] == [1, 0, 2])


async def test_a_lock_tells_who_opened_and_who_could_not(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    door = radio.add(devices.lock())
    await host.pair(door)
    operations, alarms = Notes(_cluster(host, door, DoorLock)), Notes(_cluster(host, door, Alarms))
    await door.operate("unlock", source="keypad", user=3)
    await door.operate("lock", source="auto")
    await door.wrong_code(times=5)
    await door.tamper()
    await until(lambda: len(alarms.told) == 2)
    events = [args for command, args in operations.told if command == 0x20]
    assert [(one.operation_event_source, one.operation_event_code) for one in events] == [
        (DoorLock.OperationEventSource.Keypad, DoorLock.OperationEvent.Unlock),
        (DoorLock.OperationEventSource.Manual, DoorLock.OperationEvent.AutoLock),
        *[(DoorLock.OperationEventSource.Keypad, 5)] * 5,
    ]
    assert events[0].user_id == 3
    assert [args.alarm_code for _, args in alarms.told] == [4, 5]


async def test_codes_are_set_used_disabled_and_cleared(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    door = radio.add(devices.lock())
    await host.pair(door)
    lock = _cluster(host, door, DoorLock)
    notes = Notes(lock)
    enabled, unrestricted = DoorLock.UserStatus.Enabled, DoorLock.UserType.Unrestricted
    for user, code, expected in ((4, "1234", 0), (5, "1234", 3), (6, "12", 1), (99, "4321", 1)):
        answer = await lock.set_pin_code(user, enabled, unrestricted, code)
        assert answer.status == expected
    assert (await lock.get_pin_code(4)).code == "1234"
    assert (await lock.unlock_door("1234")).status == 0
    assert (await lock.lock_door("9999")).status == 1
    assert (await lock.set_user_status(4, DoorLock.UserStatus.Disabled)).status == 0
    assert (await lock.get_user_status(4)).user_status == DoorLock.UserStatus.Disabled
    assert (await lock.unlock_door("1234")).status == 1
    assert (await lock.clear_pin_code(4)).status == 0
    assert (await lock.get_user_status(4)).user_status == DoorLock.UserStatus.Available
    await until(lambda: notes.told and notes.told[-1][0] == 0x21)
    programmed = [args.program_event_code for command, args in notes.told if command == 0x21]
    assert programmed == [
        DoorLock.ProgrammingEvent.PINCodeAdded,
        DoorLock.ProgrammingEvent.PINCodeDeleted,
    ]


async def test_schedules_are_kept_per_user(radio: VirtualCoordinator, host: ZhaHost) -> None:
    door = radio.add(devices.lock())
    await host.pair(door)
    lock = _cluster(host, door, DoorLock)
    assert (await lock.set_week_day_schedule(1, 4, 0x3E, 8, 0, 18, 30)).status == 0
    week = await lock.get_week_day_schedule(1, 4)
    assert (week.status, week.days_mask, week.end_minute) == (0, 0x3E, 30)
    assert (await lock.get_week_day_schedule(2, 4)).status == Status.NOT_FOUND
    await lock.clear_week_day_schedule(1, 4)
    assert (await lock.get_week_day_schedule(1, 4)).status == Status.NOT_FOUND
    assert (await lock.set_year_day_schedule(1, 4, 10, 20)).status == 0
    assert (await lock.get_year_day_schedule(1, 4)).local_end_time == 20
    assert (await lock.set_holiday_schedule(1, 10, 20, DoorLock.OperatingMode.Vacation)).status == 0
    assert (await lock.get_holiday_schedule(1)).operating_mode_during_holiday == 1


async def test_what_a_device_does_not_have_is_refused_as_devices_do(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    smoke = radio.add(devices.smoke())
    await host.pair(smoke)
    basic = _cluster(host, smoke, Basic)
    _, missing = await basic.read_attributes(["location_desc"])
    assert list(missing.values()) == [Status.UNSUPPORTED_ATTRIBUTE]
    [[written]] = await basic.write_attributes({"zcl_version": t.uint8_t(9)})
    assert written.status == Status.READ_ONLY
    answer = await basic.reset_fact_default()
    assert answer.status == Status.UNSUP_CLUSTER_COMMAND


async def test_a_device_that_will_not_be_enrolled_says_nothing(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    smoke = radio.add(devices.smoke())
    smoke.zone.enrols = False
    await host.pair(smoke)
    zone = _cluster(host, smoke, IasZone)
    notes = Notes(zone)
    await smoke.alarm()
    success, _ = await zone.read_attributes(["zone_state", "zone_status"])
    assert success == {"zone_state": 0, "zone_status": 1}
    assert not notes.told
    smoke.zone.enrols = True
    smoke.zone.ask()
    await until(smoke.zone.enrolled.is_set)
    smoke.zone.tell()
    await until(lambda: [command for command, _ in notes.told][-1:] == [0])


async def test_an_install_code_lets_its_device_in_and_no_other(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    smoke, other = radio.add(devices.smoke()), radio.add(devices.smoke())
    smoke.install_code = INSTALL_CODE
    with pytest.raises(JoinRefusedError, match="install code"):
        await smoke.join()
    key = convert_install_code(INSTALL_CODE)
    await host.gateway.application_controller.permit_with_link_key(smoke.ieee, key, 60)
    with pytest.raises(JoinRefusedError, match="install code"):
        await other.join()
    await host.pair(smoke)
    assert smoke.joined


async def test_a_router_permits_by_itself_and_has_children(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    app = host.gateway.application_controller
    siren = radio.add(devices.siren())
    await host.pair(siren)
    await app.permit(0)
    await app.permit(60, node=siren.ieee)
    smoke = radio.add(devices.smoke())
    with pytest.raises(JoinRefusedError):
        await smoke.join()
    await host.pair(smoke, parent=siren)
    coordinator = app.get_device(ieee=radio.eui64)
    status, ours = await coordinator.zdo.Mgmt_Lqi_req(0)
    assert status == 0
    assert [one.ieee for one in ours.NeighborTableList] == [siren.ieee]
    _, theirs = await app.get_device(ieee=siren.ieee).zdo.Mgmt_Lqi_req(0)
    assert {one.ieee for one in theirs.NeighborTableList} == {radio.eui64, smoke.ieee}
    _, routes = await coordinator.zdo.Mgmt_Rtg_req(0)
    hops = {one.DstNWK: one.NextHop for one in routes.RoutingTableList}
    assert hops == {siren.nwk: siren.nwk, smoke.nwk: siren.nwk}


async def test_a_device_that_asks_for_firmware_is_told_there_is_none(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    smoke = radio.add(devices.smoke())
    await host.pair(smoke)
    smoke.client(Ota).on_image_notify(None)
    await until(lambda: smoke.client(Ota).offered is not None)
    assert smoke.client(Ota).offered == Status.NO_IMAGE_AVAILABLE


async def test_channels_are_noisy_as_they_are_made(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    radio.stack.noise[20] = -30
    energy = await host.gateway.application_controller.energy_scan(
        channels=t.Channels.ALL_CHANNELS, duration_exp=2, count=1
    )
    assert set(energy) == set(range(11, 27))
    assert max(energy, key=energy.__getitem__) == 20


async def test_another_coordinator_in_its_place_gets_network_and_devices_from_the_backup(
    radio: VirtualCoordinator, tmp_path: Path
) -> None:
    smoke = radio.add(devices.smoke())
    async with zha(radio, tmp_path, backup=True) as host:
        app = host.gateway.application_controller
        await app.permit(60)
        await host.pair(smoke)
        await until(smoke.zone.enrolled.is_set)
        await app.backups.create_backup(load_devices=True)
        network = host.gateway.state.network_info
    port = radio.port
    await radio.stop()
    async with VirtualCoordinator(port=port, boots_on_connect=True) as spare:
        spare.take_devices(radio)
        async with zha(spare, tmp_path) as host:
            assert host.gateway.state.network_info.pan_id == network.pan_id
            assert spare.eui64 == radio.eui64
            entity = host.entity(smoke, "binary_sensor")
            await smoke.alarm()
            await until(lambda: entity.state.is_on)


async def test_a_keyboard_plays_the_building(radio: VirtualCoordinator, host: ZhaHost) -> None:
    keyboard = Keyboard(radio)
    keyboard.add_all("smoke=2,lock")
    assert list(keyboard.named) == ["smoke1", "smoke2", "lock1"]
    assert await keyboard.command("join smoke1") == "join smoke1"
    smoke = keyboard.named["smoke1"]
    await until(smoke.zone.enrolled.is_set)
    await keyboard.command("smoke1 on")
    assert "Alarm_1" in await keyboard.command("show")
    await until(lambda: smoke.ieee in host.gateway.devices)
    await host.gateway.application_controller.permit(0)
    assert "refused" in await keyboard.command("join smoke2")
    for wrong in (
        "",
        "add cat",
        "smoke9 on",
        "smoke1 battery much",
        "smoke1 dance",
        "fault none x",
    ):
        assert await keyboard.command(wrong)
    await keyboard.command("fault nak_storm 0.1")
    assert radio.fault == "nak_storm"
    await keyboard.command("fault none")
    await keyboard.command("drop")
    assert not radio.connected


async def test_every_alarm_of_a_storm_arrives_and_in_order(
    radio: VirtualCoordinator, host: ZhaHost
) -> None:
    detectors = [radio.add(devices.smoke()) for _ in range(8)]
    for one in detectors:
        await host.pair(one)
        await one.zone.enrolled.wait()
    notes = [Notes(_cluster(host, one, IasZone)) for one in detectors]
    for turn in range(30):
        for one in detectors:
            await one.alarm(on=turn % 2 == 0)
    await until(lambda: all(len(note.told) == 30 for note in notes), within=60)
    for note in notes:
        assert [int(args.zone_status) for _, args in note.told] == [1, 0] * 15
