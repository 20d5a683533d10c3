"""A bug report shows how a community stands, and who is the same, but not who or where."""

import json
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.diagnostics import async_get_config_entry_diagnostics

from .conftest import responder
from .test_incident import act, smoke


async def test_a_report_shows_who_is_the_same_and_names_nobody(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    async def call(_call: ServiceCall) -> dict[str, Any]:
        return {"receipt": "answered"}

    hass.services.async_register(
        "script", "call_wang_fang", call, supports_response=SupportsResponse.OPTIONAL
    )
    wang = responder(
        "wang_fang",
        "property",
        {"sms": "script.call_wang_fang"},
        deputies=["guard"],
        floors=["wang_fangs_floor"],
    )
    wang["data"]["targets"]["sms"]["voice"] = "tts.wang_fang"  # type: ignore[index]
    hass.config_entries.async_add_subentry(
        community,
        ConfigSubentry(
            data=MappingProxyType(wang["data"]),
            subentry_type="responder",
            title="Wang Fang",
            unique_id=wang["unique_id"],
        ),
    )
    await hass.async_block_till_done()
    ladder = [{"responder": "wang_fang", "after": 0, "channels": ["sms"]}]
    zone = {"zone": "flat_1203", "ladder": ladder}
    answer = await smoke(hass, community, "binary_sensor.smoke_wang_fang_1203", **zone)
    await act(hass, community, "assign", incident=answer["incident"], responder="wang_fang")

    told = await async_get_config_entry_diagnostics(hass, community)
    text = json.dumps(told)
    for secret in ("wang", "fang", "1203", "1380000", "guard", "Estate"):
        assert secret.lower() not in text.lower()
    guard, wang = (
        next(one["data"] for one in told["subentries"] if one["data"]["key"] == key)
        for key in ("responder_1", "responder_6")
    )
    assert wang["deputies"] == [guard["key"]]
    assert wang["targets"]["sms"]["target"] != guard["targets"]["sms"]["target"]
    (incident,) = told["incidents"]
    assert incident["status"] == "open"
    assert incident["ladder"][0]["responder"] == incident["assignee"] == wang["key"]
    assert [row["responder"] for row in incident["told"]] == [wang["key"]]
    assert incident["told"][0]["channels"] == {"sms": "delivered"}
    assert list(incident["sources"]) == ["source_1"]
