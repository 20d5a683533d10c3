"""Networks on other makes of radio than the EZSP of most tests, by the same code."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from zigpy.zcl.clusters.closures import LockState

from tests.simulators.waiting import until
from tests.simulators.zigbee import devices
from tests.simulators.zigbee_conbee import ConBee
from tests.simulators.zigbee_zstack import ZStack

from .test_zigbee_flow import begin, form, go, leave
from .zigbee_ground import entity_id, pair, state, zone

MAKES = pytest.mark.parametrize(("radio_type", "make"), [("deconz", ConBee), ("znp", ZStack)])
type Make = type[ConBee | ZStack]


@MAKES
async def test_its_network_is_found_and_taken_over_as_it_is(
    hass: HomeAssistant, socket_enabled: None, radio_type: str, make: Make
) -> None:
    async with make() as radio:
        before = radio.extended_pan_id
        said = {**form(radio.path), "radio_type": radio_type}
        result = await go(hass, await begin(hass), said)
        assert result["menu_options"] == ["zigbee_take_over", "zigbee_form"]
        assert result["description_placeholders"]["channel"] == str(radio.channel)
        result = await go(hass, result, {"next_step_id": "zigbee_take_over"})
        entry = result["result"]
        assert entry.data["extended_pan_id"] == before == radio.extended_pan_id
        assert entry.data["ieee"] == str(radio.ieee)
        assert entry.data["radio_type"] == radio_type
        await until(lambda: entry.runtime_data.network.trouble is None, 60)
        await leave(hass)


@MAKES
async def test_a_network_is_formed_and_at_work_on_it(
    hass: HomeAssistant, socket_enabled: None, radio_type: str, make: Make
) -> None:
    async with make(formed=False) as radio:
        said = {**form(radio.path), "radio_type": radio_type}
        result = await go(hass, await begin(hass), said)
        assert result["menu_options"] == ["zigbee_form"]
        result = await go(hass, result, {"next_step_id": "zigbee_form"})
        result = await go(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert entry.data["extended_pan_id"] == radio.extended_pan_id
        await until(lambda: entry.runtime_data.network.trouble is None, 60)

        smoke = await pair(hass, entry, radio.add(devices.smoke()))
        await smoke.alarm()
        await until(lambda: state(hass, entry, zone(smoke)).state == "on")
        door = await pair(hass, entry, radio.add(devices.lock()))
        lock = {"entity_id": entity_id(hass, entry, f"{door.ieee}-1-257")}
        await hass.services.async_call("lock", "unlock", lock, blocking=True)
        assert door.lock.get("lock_state") == LockState.Unlocked

        radio.drop()
        await until(lambda: state(hass, entry, zone(smoke)).state == "unavailable")
        await smoke.alarm(False)  # which nobody hears
        await until(lambda: state(hass, entry, zone(smoke)).state == "off", 60)
        await leave(hass)
