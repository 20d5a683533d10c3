"""An incident's way through the real integration, from the action to the far end."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from .conftest import FarEnd

LADDER = [
    {"tier": "property", "after": 0, "channels": ["sms"]},
    {"tier": "committee", "after": "00:03:00", "channels": ["sms"], "unless": "acknowledged"},
]


async def act(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    answer = await hass.services.async_call(
        "smart_community", action, data, blocking=True, return_response=True
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return answer


async def test_a_signal_opens_an_incident_and_tells_the_property_company(
    hass: HomeAssistant, community: MockConfigEntry, far_end: FarEnd
) -> None:
    answer = await act(
        hass, "signal", loop="smoke_single", source="binary_sensor.d1", raised=True, ladder=LADDER
    )
    assert answer["verdict"] == "opened"
    assert [call["kind"] for call in far_end.calls] == ["guard"]
