"""Letting one device in by the code on its label, and nobody else."""

import traceback
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from tests.simulators.zigbee import JoinRefusedError, VirtualCoordinator, devices

from .translated import assert_said
from .zigbee_ground import known, state, until

# The example of the Base Device Behavior Specification (13-0402), 10.1: code and checksum.
CODE = "83FED3407A939723A5C639B26916D505C3B5"
WRONG = f"{CODE[:-1]}6"
IEEE = "00:0d:6f:00:0a:90:69:e7"
LABEL = " ".join(CODE[at : at + 4] for at in range(0, len(CODE), 4))


async def permit(hass: HomeAssistant, **said: Any) -> None:
    await hass.services.async_call(DOMAIN, "permit_join", said, blocking=True)


async def test_a_code_lets_its_device_in_and_no_other(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
) -> None:
    stranger = radio.add(devices.smoke())
    for number, (code, with_address) in enumerate(
        ((CODE, True), (LABEL, True), ("Z:{ieee}$I:{code}", False), ("{ieee}|{code}\n", False))
    ):
        smoke = radio.add(devices.smoke(), ieee=f"{IEEE[:-1]}{number}")
        smoke.install_code = bytes.fromhex(CODE)
        plain = str(smoke.ieee).replace(":", "").upper()
        said = {"install_code": code.format(ieee=plain, code=CODE)}
        await permit(hass)
        with pytest.raises(JoinRefusedError):  # open to all, it still wants its own key
            await smoke.join()
        await permit(hass, **said, **({"ieee": str(smoke.ieee)} if with_address else {}))
        with pytest.raises(JoinRefusedError):
            await stranger.join()
        await smoke.join()
        await until(lambda smoke=smoke: known(hass, network, smoke) is not None)
        zone = f"{smoke.ieee}-1-1280"
        await until(lambda zone=zone: state(hass, network, zone).state == "off")


async def test_a_bad_code_opens_nothing_and_is_said_without_the_code(
    hass: HomeAssistant, radio: VirtualCoordinator, network: MockConfigEntry
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
        {"ieee": IEEE},
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await permit(hass, **said)
        assert refused.value.translation_key == "zigbee_install_code_invalid", said
        assert not radio.permitting, said
        logged = "".join(traceback.format_exception(refused.value)).lower()
        code = said.get("install_code")
        assert not code or code.lower() not in logged
    assert_said("exceptions.zigbee_install_code_invalid.message", set())
