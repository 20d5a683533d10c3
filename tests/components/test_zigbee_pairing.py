"""Letting one device in by the code on its label, and nobody else; the code is kept nowhere."""

import logging

import probatio
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar
from pytest_homeassistant_custom_component.common import MockConfigEntry
from zha.application.helpers import QR_CODES

from custom_components.smart_community.const import DOMAIN
from tests.simulators.waiting import until
from tests.simulators.zigbee import JoinRefusedError, VirtualCoordinator, devices

from .recorded import Recorded, recorded
from .translated import assert_flow_said
from .zigbee_ground import known, state

__all__ = ["recorded"]

# The example of the Base Device Behavior Specification (13-0402), 10.1: code and checksum.
CODE = "83FED3407A939723A5C639B26916D505C3B5"
WRONG = f"{CODE[:-1]}6"
IEEE = "00:0d:6f:00:0a:90:69:e7"
LABEL = " ".join(CODE[at : at + 4] for at in range(0, len(CODE), 4))


@pytest.fixture
def traces(hass: HomeAssistant, caplog: pytest.LogCaptureFixture, recorded: Recorded) -> Recorded:
    """All that is recorded or logged from now on, with every debug log that there is."""
    for name in ("", "bellows", "bellows.ash", "zigpy", "zha"):
        caplog.set_level(logging.DEBUG, logger=name)
    events: list[str] = []
    hass.bus.async_listen("*", lambda event: events.append(str(event.data)))

    async def told() -> str:
        kept = await recorded()
        assert "permit_join" in kept
        return " ".join((*events, caplog.text, kept)).upper()

    return told


async def enter(hass: HomeAssistant, network: MockConfigEntry, **said: str) -> str:
    """Fill in the form of the network's options; returns the error, or why it is done."""
    flows = hass.config_entries.options
    form = await flows.async_init(network.entry_id)
    assert_flow_said(form)
    result = await flows.async_configure(form["flow_id"], said)
    assert_flow_said(result)
    if result["type"] is FlowResultType.ABORT:
        return result["reason"]
    assert "suggested_value" not in str(
        [key.description for key in result["data_schema"].schema if key == "install_code"]
    )
    flows.async_abort(result["flow_id"])
    return result["errors"]["base"]


async def test_a_code_lets_its_device_in_and_no_other(
    hass: HomeAssistant,
    traces: Recorded,
    radio: VirtualCoordinator,
    network: MockConfigEntry,
) -> None:
    stranger = radio.add(devices.smoke())
    stair = ar.async_get(hass).async_create("Stair 2")
    assert len(QR_CODES) == 4  # each form that zha reads is below
    for number, (label, with_address) in enumerate(
        (
            (CODE, True),
            (LABEL, True),
            ("Z:{ieee}$I:{code}", False),
            ("{ieee}|{code}\n", False),
            ("G$M:69775$S:680S00003915$D:0000000017B2335C%Z$A:{ieee}$I:{code}", False),
            ("RB01SG" + 34 * "0" + "{ieee}DLK{code}", False),
            ("RB01SG" + 34 * "0" + "{ieee}DLK{key}", False),
        )
    ):
        smoke = radio.add(devices.smoke(), ieee=f"{IEEE[:-1]}{number}")
        smoke.install_code = bytes.fromhex(CODE)
        plain = str(smoke.ieee).replace(":", "").upper()
        key = smoke.link_key()
        assert key is not None
        code = label.format(ieee=plain, code=CODE, key=key.hex())
        said = {"install_code": code, "area": stair.id}
        await hass.services.async_call(DOMAIN, "permit_join", blocking=True)
        with pytest.raises(JoinRefusedError):  # open to all, it still wants its own key
            await smoke.join()
        said |= {"ieee": str(smoke.ieee)} if with_address else {}
        assert await enter(hass, network, **said) == "zigbee_open_to_device"
        with pytest.raises(JoinRefusedError):
            await stranger.join()
        await smoke.join()
        await until(lambda smoke=smoke: known(hass, network, smoke) is not None)
        await until(lambda smoke=smoke: known(hass, network, smoke).area_id == stair.id)
        zone = f"{smoke.ieee}-1-1280"
        await until(lambda zone=zone: state(hass, network, zone).state == "off")
    told = await traces()
    for secret in (CODE, CODE[:32], LABEL, key.hex(), key.hex(":")):
        assert secret.upper() not in told


async def test_a_bad_code_opens_nothing_and_no_code_is_recorded_or_logged(
    hass: HomeAssistant,
    traces: Recorded,
    radio: VirtualCoordinator,
    network: MockConfigEntry,
) -> None:
    plain = IEEE.replace(":", "")
    for said in (
        {"install_code": WRONG, "ieee": IEEE},
        {"install_code": CODE[:32], "ieee": IEEE},
        {"install_code": "全角全角全角全角全角", "ieee": IEEE},
        {"install_code": "", "ieee": IEEE},
        {"install_code": CODE, "ieee": "00:11"},
        {"install_code": CODE, "ieee": "zz"},
        {"install_code": CODE},
        {"install_code": f"Z:{plain}$I:{WRONG}"},
        {"install_code": "https://example.com/smoke"},
        {"install_code": ""},
        {"install_code": "", "ieee": " "},
    ):
        assert await enter(hass, network, **said) == "zigbee_install_code_invalid", said
        assert not radio.permitting, said
    with pytest.raises(probatio.Invalid):  # what an action is called with is recorded
        await hass.services.async_call(DOMAIN, "permit_join", {"install_code": ""}, blocking=True)
    await hass.services.async_call(DOMAIN, "permit_join", {"seconds": 0}, blocking=True)
    assert CODE[:32] not in await traces()


async def test_a_code_for_a_network_that_is_away_says_so(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    said = {"install_code": CODE, "ieee": IEEE}
    await radio.refuse(True)
    await until(lambda: state(hass, network, "connection").state == "off")
    assert await enter(hass, network, **said) == "zigbee_network_down"
    await hass.config_entries.async_unload(network.entry_id)
    assert await enter(hass, network, **said) == "zigbee_network_down"
    await radio.refuse(False)
    await hass.config_entries.async_setup(network.entry_id)
