"""Setting a Zigbee network up: what is asked, and that nothing on a coordinator changes unasked."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from homeassistant.components import zha
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.usb import UsbServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry
from zigpy.types import uint8_t

from custom_components import smart_community
from custom_components.smart_community.const import DOMAIN
from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator, devices
from tests.simulators.zigbee_serial import serial_port

from .translated import assert_flow_said
from .zigbee_ground import pair, set_up, state

LINE = {"baudrate": 115200, "flow_control": "none"}


def epid(radio: VirtualCoordinator) -> str:
    network = radio.tokens.network
    assert network is not None
    return str(network.parameters.extendedPanId)


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    assert_flow_said(menu)
    return await go(hass, menu, {"next_step_id": "zigbee_network"})


async def go(hass: HomeAssistant, at: ConfigFlowResult, answer: dict[str, Any]) -> ConfigFlowResult:
    result = await hass.config_entries.flow.async_configure(at["flow_id"], answer)
    assert_flow_said(result)
    return result


def form(path: str, name: str = "Building 1") -> dict[str, Any]:
    return {"name": name, "path": path, "radio_type": "ezsp", "line": LINE}


async def leave(hass: HomeAssistant) -> None:
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)


async def test_a_network_is_taken_over_as_it_is(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    before = epid(radio)
    result = await go(hass, await begin(hass), form(radio.path))
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "zigbee_choice")
    assert result["menu_options"] == ["zigbee_take_over", "zigbee_form"]
    assert result["description_placeholders"]["network"] == before
    result = await go(hass, result, {"next_step_id": "zigbee_take_over"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.data["extended_pan_id"] == before == epid(radio)
    assert entry.data["ieee"] == str(radio.eui64)
    await until(lambda: entry.runtime_data.network.trouble is None)
    await leave(hass)


async def test_a_blank_coordinator_gets_a_network_when_a_person_says_so(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    async with VirtualCoordinator(boots_on_connect=True) as radio:
        result = await go(hass, await begin(hass), form(radio.path))
        assert result["menu_options"] == ["zigbee_form"]
        assert radio.tokens.network is None
        result = await go(hass, result, {"next_step_id": "zigbee_form"})
        assert radio.tokens.network is None
        result = await go(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["result"].data["extended_pan_id"] == epid(radio)
        await leave(hass)


async def test_what_is_overwritten_is_what_was_shown_and_is_written_down_first(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    before = epid(radio)
    result = await go(hass, await begin(hass), form(radio.path))
    result = await go(hass, result, {"next_step_id": "zigbee_form"})
    shown, swapped = radio.tokens.network, VirtualCoordinator(formed=True).tokens.network
    for other in (swapped, None):
        radio.tokens.network = other
        result = await go(hass, result, {})
        assert result["errors"] == {"base": "zigbee_changed_meanwhile"}
        assert radio.tokens.network is other
    radio.tokens.network = shown
    result = await go(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert epid(radio) != before
    (kept,) = Path(hass.config.path(".storage/smart_community_zigbee_backups")).iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    assert json.loads(kept.read_text())["extended_pan_id"] == before.replace(":", "")
    await leave(hass)


async def test_each_thing_that_is_no_radio_is_called_by_its_name(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    at = await begin(hass)
    for path, error in (
        ("socket://127.0.0.1:1", "zigbee_cannot_connect"),
        ("/dev/serial/by-id/not-there", "zigbee_cannot_connect"),
        ("http://127.0.0.1", "zigbee_path_invalid"),
        ("socket://127.0.0.1", "zigbee_path_invalid"),
    ):
        at = await go(hass, at, form(path))
        assert at["errors"] == {"base": error}, path
    at = await go(hass, at, form("socket://127.0.0.1:1", "  "))
    assert at["errors"] == {"base": "name_missing"}


async def test_every_kind_of_radio_is_asked_by_its_own_library_and_what_is_none_is_said(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    # ASH's cancel, a Z-Stack ping, a SLIP frame that asks deCONZ for its version, ZiGate's frame.
    first = {"ezsp": "1a", "znp": "fe002101", "deconz": "c00a01", "zigate": "01021002"}

    async def try_radio(radio_type: str, answer: bytes) -> None:
        asked = bytearray()

        async def far_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                while said := await reader.read(64):
                    asked.extend(said)
                    if answer:
                        writer.write(answer)
                        break
                else:
                    return
                if radio_type != "ezsp":  # which waits twice as long for one that stays
                    await reader.read()
            writer.close()

        server = await asyncio.start_server(far_end, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        said = {**form(f"socket://127.0.0.1:{port}"), "radio_type": radio_type}
        at = await go(hass, await begin(hass), said)
        assert at["errors"] == {"base": "zigbee_no_radio"}, radio_type
        assert at["description_placeholders"]["problem"], radio_type
        assert asked.hex().startswith(first[radio_type]), radio_type
        server.close()

    garbage = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    await asyncio.gather(
        *(try_radio(radio_type, garbage) for radio_type in first),
        *(try_radio(radio_type, b"") for radio_type in first if radio_type != "ezsp"),
    )


async def test_a_coordinator_that_somebody_else_has_is_refused_however_it_is_called(
    hass: HomeAssistant, radio: VirtualCoordinator, tmp_path: Path
) -> None:
    stick, by_id = tmp_path / "ttyUSB0", tmp_path / "usb-by-id"
    by_id.symlink_to(stick)
    for path in ("socket://10.0.0.7:6638", str(stick)):
        MockConfigEntry(domain="zha", data={"device": {"path": path}}).add_to_hass(hass)
    await set_up(hass, radio)
    at = await begin(hass)
    for path in ("socket://10.0.0.7:6638", str(by_id)):
        at = await go(hass, at, form(path))
        assert at["errors"] == {"base": "zigbee_belongs_to_zha"}, path
    for path in (radio.path, f"tcp://localhost:{radio.port}"):
        at = await go(hass, at, form(path))
        assert at["errors"] == {"base": "zigbee_in_use"}, path
    await leave(hass)


async def test_the_network_of_zha_is_refused_also_where_zha_reaches_it_another_way(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    zha = MockConfigEntry(
        domain="zha",
        unique_id=f"epid={epid(radio)}".lower(),
        data={"device": {"path": "socket://10.0.0.7:6638"}},
    )
    zha.add_to_hass(hass)
    before = epid(radio)
    at = await begin(hass)
    at = await go(hass, at, form(radio.path))
    assert at["errors"] == {"base": "zigbee_belongs_to_zha"}
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as right:
        ours = await set_up(hass, right)
        at = await go(hass, await ours.start_reconfigure_flow(hass), form(radio.path))
        assert at["errors"] == {"base": "zigbee_belongs_to_zha"}
        await leave(hass)
    assert epid(radio) == before
    assert await hass.config_entries.async_remove(zha.entry_id)
    result = await go(hass, await begin(hass), form(radio.path))
    assert result["menu_options"] == ["zigbee_take_over", "zigbee_form"]


async def test_the_same_network_at_another_address_is_no_second_one(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    result = await go(hass, await begin(hass), form(radio.path))
    await go(hass, result, {"next_step_id": "zigbee_take_over"})
    async with VirtualCoordinator(tokens=radio.tokens, boots_on_connect=True) as twin:
        result = await go(hass, await begin(hass), form(twin.path))
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    await leave(hass)


async def test_a_network_is_restored_to_the_coordinator_that_takes_the_place_of_a_broken_one(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    entry = await set_up(hass, radio)
    smoke = radio.add(devices.smoke())
    await pair(hass, entry, smoke)
    known = epid(radio)
    app = entry.runtime_data.network.gateway.application_controller
    await app.backups.create_backup()
    await radio.refuse(True)
    async with VirtualCoordinator(boots_on_connect=True) as spare:
        at = await entry.start_reconfigure_flow(hass)
        assert_flow_said(at)
        at = await go(hass, at, form(spare.path))
        assert at["menu_options"] == ["zigbee_restore"]
        at = await go(hass, at, {"next_step_id": "zigbee_restore"})
        assert spare.tokens.network is None
        at = await go(hass, at, {})
        assert (at["type"], at["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
        assert epid(spare) == known
        spare.take_devices(radio)
        await until(lambda: state(hass, entry, f"{smoke.ieee}-1-1280").state == "off")
        await smoke.alarm()
        await until(lambda: state(hass, entry, f"{smoke.ieee}-1-1280").state == "on")
        await leave(hass)


async def test_a_form_that_fails_or_is_left_open_leaves_the_network_at_work(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    entry = await set_up(hass, radio)
    at = await entry.start_reconfigure_flow(hass)
    at = await go(hass, at, form("socket://127.0.0.1:1"))
    assert at["errors"] == {"base": "zigbee_cannot_connect"}
    await until(lambda: entry.runtime_data.network.trouble is None)
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as other:
        at = await go(hass, at, form(other.path))
        assert at["menu_options"] == ["zigbee_restore"]
        before = epid(other)
        await until(lambda: entry.runtime_data.network.trouble is None)
        assert epid(other) == before
    await leave(hass)


async def test_a_coordinator_that_moved_is_found_at_its_new_address(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    entry = await set_up(hass, radio)
    await radio.refuse(True)
    async with VirtualCoordinator(tokens=radio.tokens, boots_on_connect=True) as moved:
        at = await entry.start_reconfigure_flow(hass)
        at = await go(hass, at, form(moved.path, "Building one"))
        assert at["reason"] == "reconfigure_successful"
        assert (entry.title, entry.data["path"]) == ("Building one", moved.path)
        await until(lambda: entry.runtime_data.network.trouble is None)
        await leave(hass)


async def test_settings_that_somebody_else_changed_become_the_right_ones_only_on_a_word(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    entry = await set_up(hass, radio)
    smoke = radio.add(devices.smoke())
    await pair(hass, entry, smoke)
    await entry.runtime_data.network.gateway.application_controller.backups.create_backup()
    await radio.refuse(True)
    network = radio.tokens.network
    assert network is not None
    network.parameters = network.parameters.replace(
        radioChannel=uint8_t(20), nwkUpdateId=uint8_t(1)
    )
    await radio.refuse(False)
    await until(lambda: entry.runtime_data.network.trouble == "other_network")
    at = await go(hass, await entry.start_reconfigure_flow(hass), form(radio.path))
    assert at["menu_options"] == ["zigbee_adopt", "zigbee_restore"]
    at = await go(hass, at, {"next_step_id": "zigbee_adopt"})
    assert at["description_placeholders"]["channel"] == "20"
    await until(lambda: entry.runtime_data.network.trouble == "other_network")
    await radio.refuse(True)
    at = await go(hass, at, {})
    assert at["errors"] == {"base": "zigbee_cannot_connect"}
    await radio.refuse(False)
    radio.tokens.network = VirtualCoordinator(formed=True).tokens.network
    at = await go(hass, at, {})
    assert at["errors"] == {"base": "zigbee_changed_meanwhile"}
    radio.tokens.network = network
    at = await go(hass, at, {})
    assert (at["type"], at["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await until(lambda: entry.runtime_data.network.trouble is None)
    assert entry.runtime_data.network.channel == 20
    await smoke.alarm()
    await until(lambda: state(hass, entry, f"{smoke.ieee}-1-1280").state == "on")
    await leave(hass)


def suggested(result: ConfigFlowResult) -> dict[str, Any]:
    return {
        str(key): key.description["suggested_value"]
        for key in result["data_schema"].schema
        if key.description
    }


def test_whatever_announces_itself_to_zha_is_offered_here_too() -> None:
    ours, theirs = (
        {
            (kind, name): one
            for kind in ("usb", "zeroconf")
            for one in json.loads((folder / "manifest.json").read_text())[kind]
            for name in [
                tuple(one.get(key) for key in ("vid", "pid", "description", "type", "name"))
            ]
        }
        for folder in (Path(smart_community.__file__).parent, Path(zha.__file__).parent)
    )
    assert ours.keys() == theirs.keys()


async def test_what_announced_itself_is_set_up_as_what_was_typed_in(
    hass: HomeAssistant, radio: VirtualCoordinator
) -> None:
    address = ip_address("127.0.0.1")
    announced = ZeroconfServiceInfo(
        ip_address=address,
        ip_addresses=[address],
        port=radio.port,
        hostname="stair-2.local.",
        type="_zigbee-coordinator._tcp.local.",
        name="Stair 2._zigbee-coordinator._tcp.local.",
        properties={"radio_type": "ezsp"},
    )

    async def set_up_from(source: str, data: Any) -> None:
        at = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": source}, data=data
        )
        at = await go(hass, at, {**suggested(at), "line": LINE})
        assert at["menu_options"] == ["zigbee_take_over", "zigbee_form"], source
        entry = (await go(hass, at, {"next_step_id": "zigbee_take_over"}))["result"]
        assert entry.data["extended_pan_id"] == epid(radio)
        await until(lambda: entry.runtime_data.network.trouble is None)
        smoke = await pair(hass, entry, radio.add(devices.smoke()))
        await smoke.alarm()
        await until(lambda: state(hass, entry, f"{smoke.ieee}-1-1280").state == "on")
        await hass.config_entries.async_remove(entry.entry_id)

    await set_up_from("zeroconf", announced)
    radio.boots_on_connect = False  # a stick has power before it is opened
    async with serial_port(radio) as path:
        stick = UsbServiceInfo(
            device=path, vid="10C4", pid="8A2A", serial_number="1", manufacturer="x",
            description="Zigbee stick",
        )  # fmt: skip
        await set_up_from("usb", stick)


async def test_network_coordinators_and_sticks_announce_themselves(hass: HomeAssistant) -> None:
    address = ip_address("10.1.2.3")
    announced = ZeroconfServiceInfo(
        ip_address=address,
        ip_addresses=[address],
        port=6638,
        hostname="slzb-06.local.",
        type="_slzb-06._tcp.local.",
        name="slzb-06._slzb-06._tcp.local.",
        properties={"radio_type": "znp"},
    )
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "zeroconf"}, data=announced
    )
    assert_flow_said(result)
    assert result["step_id"] == "zigbee_network"
    assert suggested(result) == {
        "name": "slzb-06",
        "path": "socket://10.1.2.3:6638",
        "radio_type": "znp",
    }
    stick = UsbServiceInfo(
        device="/dev/ttyUSB7", vid="10C4", pid="EA60", serial_number="1", manufacturer="x",
        description="Sonoff Zigbee 3.0 USB Dongle Plus",
    )  # fmt: skip
    for changed, radio_type in (
        ({"pid": "55D4", "description": "Sonoff Zigbee 3.0 USB Dongle Plus V2"}, "ezsp"),
        ({"description": "ConBee II"}, "deconz"),
        ({"description": "ZigStar!"}, "znp"),
        ({"description": None}, "ezsp"),
        ({}, "znp"),
    ):
        result = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": "usb"}, data=replace(stick, **changed)
        )
        assert suggested(result)["radio_type"] == radio_type, changed
        hass.config_entries.flow.async_abort(result["flow_id"])
    MockConfigEntry(domain="zha", data={"device": {"path": "/dev/ttyUSB7"}}).add_to_hass(hass)
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "usb"}, data=stick
    )
    assert result["reason"] == "already_configured"
