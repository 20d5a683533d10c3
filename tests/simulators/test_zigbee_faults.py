"""Each fault of the virtual coordinator by its name, as bellows and zha suffer it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bellows.ash import NcpFailure, NotAcked
from bellows.exception import InvalidCommandError
from bellows.types import EUI64
from zigpy.exceptions import DeliveryError
from zigpy.zcl.clusters.security import IasZone

from tests.simulators.waiting import until

from .zigbee import Fault, VirtualCoordinator, VirtualDevice, devices
from .zigbee_hosts import bare, settled

pytestmark = pytest.mark.usefixtures("socket_enabled")


class Site:
    """A network with one enrolled detector, bellows on it, and what both have told."""

    def __init__(self, radio: VirtualCoordinator, app: Any, smoke: VirtualDevice) -> None:
        self.radio, self.app, self.smoke = radio, app, smoke
        self.lost: list[Exception | None] = []
        self.heard: list[int] = []
        app.add_listener(self)
        self.found = app.devices[smoke.ieee]
        self.found.endpoints[1].in_clusters[IasZone.cluster_id].add_listener(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Take note; zigpy calls this."""
        self.lost.append(error)

    async def is_lost(self) -> None:
        """Wait for the end of the connection and leave it, as every host does.

        Two seconds after its start bellows sets a policy once more, in a task that nobody asks.
        """
        await until(lambda: bool(self.lost))
        await self.app.shutdown()

    def cluster_command(self, _: int, command: int, args: Any) -> None:
        """Take note; zigpy calls this."""
        if command == IasZone.ClientCommandDefs.status_change_notification.id:
            self.heard.append(int(args.zone_status))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio, bare(radio) as app:
        await app.permit(60)
        smoke = radio.add(devices.smoke())
        await smoke.join()
        await until(lambda: smoke.ieee in app.devices and app.devices[smoke.ieee].model)
        zone = app.devices[smoke.ieee].endpoints[1].in_clusters[IasZone.cluster_id]
        await zone.write_attributes({"cie_addr": EUI64(radio.eui64)})
        await zone.enroll_response(enroll_response_code=0, zone_id=1)
        await settled()
        yield Site(radio, app, smoke)
        radio.fault = None


async def _storm(site: Site, count: int) -> list[int]:
    for index in range(count):
        await site.smoke.alarm(on=index % 2 == 0)
    return [index % 2 ^ 1 for index in range(count)]


@pytest.mark.parametrize("fault", [Fault.CORRUPT, Fault.GARBAGE])
async def test_a_line_that_spoils_a_third_of_the_frames_loses_no_alarm(
    site: Site, fault: Fault
) -> None:
    site.radio.faults.rate = 0.3
    site.radio.link.ack_times = (0.2, 0.05, 0.4)
    site.radio.fault = fault
    sent = await _storm(site, 40)
    await until(lambda: len(site.heard) == len(sent), within=30)
    assert site.heard == sent
    assert site.radio.faults.struck > 10
    assert not site.lost


async def test_a_nak_storm_that_passes_costs_time_only(site: Site) -> None:
    site.radio.faults.rate = 0.3
    site.radio.fault = Fault.NAK_STORM
    for _ in range(30):
        await site.app._ezsp.nop()
    assert site.radio.faults.struck > 5
    assert not site.lost


async def test_a_nak_storm_without_end_is_a_lost_connection(site: Site) -> None:
    site.radio.fault = Fault.NAK_STORM
    with pytest.raises(NotAcked):
        await site.app._ezsp.nop()
    await until(lambda: bool(site.lost))
    assert isinstance(site.lost[0], NcpFailure)


async def test_a_slow_radio_answers_late_and_in_order(site: Site) -> None:
    site.radio.faults.delay = 0.1
    site.radio.fault = Fault.SLOW
    started = asyncio.get_running_loop().time()
    await site.app._ezsp.nop()
    assert asyncio.get_running_loop().time() - started >= 0.1
    sent = await _storm(site, 8)
    await until(lambda: len(site.heard) == len(sent))
    assert site.heard == sent


async def test_a_hung_stack_acknowledges_and_never_answers(site: Site) -> None:
    site.radio.fault = Fault.HUNG
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await site.app._ezsp.nop()
    assert not site.lost
    site.radio.fault = None
    await site.app._ezsp.nop()


async def test_a_busy_radio_takes_no_message(site: Site) -> None:
    site.radio.fault = Fault.BUSY
    with pytest.raises(DeliveryError, match="MESSAGE_LIMIT"):
        await site.found.zdo.Node_Desc_req(site.smoke.nwk, retries=0)
    site.radio.fault = None
    await site.found.zdo.Node_Desc_req(site.smoke.nwk)


async def test_a_radio_of_an_unknown_protocol_does_not_start() -> None:
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
        radio.fault = Fault.WRONG_VERSION
        with pytest.raises((InvalidCommandError, TimeoutError)):
            async with bare(radio):
                pass
        assert radio.faults.struck


@pytest.mark.parametrize("abort", [False, True])
async def test_a_dropped_connection_is_noticed_and_the_network_is_found_again(
    site: Site, abort: bool
) -> None:
    await site.radio.drop(abort=abort)
    await site.is_lost()
    assert not site.radio.connected
    await site.smoke.alarm()  # nobody hears it
    assert not site.heard
    async with bare(site.radio) as app:
        assert app.state.network_info.pan_id == site.app.state.network_info.pan_id


async def test_a_closed_port_refuses_and_opens_as_the_same_one(site: Site) -> None:
    port = site.radio.port
    await site.radio.refuse(True)
    await site.is_lost()
    with pytest.raises(OSError, match=r"refused|failed"):
        await asyncio.open_connection("127.0.0.1", port)
    await site.radio.refuse(False)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def test_a_radio_that_restarts_behind_the_connection_says_so(site: Site) -> None:
    await site.radio.reset_ncp()
    await until(lambda: bool(site.lost))
    assert isinstance(site.lost[0], NcpFailure)
    assert site.radio.connected


async def test_a_firmware_that_gives_up_says_so(site: Site) -> None:
    await site.radio.crash()
    await until(lambda: bool(site.lost))
    assert isinstance(site.lost[0], NcpFailure)


async def test_a_device_out_of_reach_is_not_delivered_to(site: Site) -> None:
    site.radio.air.gives_up_after = 0.05
    site.smoke.silent = True
    with pytest.raises(DeliveryError, match="DELIVERY_FAILED"):
        await site.found.zdo.Node_Desc_req(site.smoke.nwk, retries=0)
    await site.smoke.alarm()
    assert not site.heard
    site.smoke.silent = False
    await site.smoke.alarm(on=False)
    await until(lambda: site.heard == [0])


async def test_a_deaf_device_acknowledges_and_never_answers(site: Site) -> None:
    site.smoke.deaf = True
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await site.found.zdo.Node_Desc_req(site.smoke.nwk, retries=0)
    assert site.smoke.received[-1][0] == 0x0002


async def test_a_sleeping_device_answers_at_its_next_poll_or_never(site: Site) -> None:
    site.smoke.poll_interval = 0.2
    started = asyncio.get_running_loop().time()
    await site.found.zdo.Node_Desc_req(site.smoke.nwk)
    assert asyncio.get_running_loop().time() - started >= 0.2


async def test_lost_frames_are_lost_and_the_others_arrive(site: Site) -> None:
    site.smoke.losses = 0.5
    await _storm(site, 40)
    site.smoke.losses = 0
    await site.smoke.tamper()
    await until(lambda: bool(site.heard) and site.heard[-1] & 4 == 4)
    assert 5 < len(site.heard) < 36


async def test_an_empty_battery_is_reported_once_and_then_there_is_silence(site: Site) -> None:
    power = site.found.endpoints[1].in_clusters[0x0001]
    await site.smoke.battery(0)
    await until(lambda: power.get("battery_percentage_remaining") == 0)
    assert site.heard == [IasZone.ZoneStatus.Battery]
    await site.smoke.alarm()
    assert site.smoke.silent
    await site.smoke.rejoin()
    site.smoke.zone.tell()
    await until(lambda: site.heard[-1] & 1 == 1)


async def test_a_device_that_leaves_is_gone_and_may_come_again(site: Site) -> None:
    await site.smoke.leave()
    assert not site.smoke.joined
    site.radio.air.gives_up_after = 0.01
    with pytest.raises(DeliveryError):
        await site.found.zdo.Node_Desc_req(site.found.nwk, retries=0)
    await site.smoke.join()
    await until(lambda: site.app.devices[site.smoke.ieee].nwk == site.smoke.nwk)


async def test_a_device_told_to_leave_answers_and_goes(site: Site) -> None:
    await site.app.remove(site.smoke.ieee)
    await until(lambda: not site.smoke.joined)
