"""What a shipped blueprint's hours do: to its sources, and to what was agreed on."""

from homeassistant.core import HomeAssistant

from custom_components.smart_community.alarm_index import alarm_index
from custom_components.smart_community.loop_hours import in_use

from .conftest import Estate


async def test_sources_of_a_blueprint_rest_outside_its_hours(
    hass: HomeAssistant, estate: Estate
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    hall = estate.detector(1, "motion")
    estate.freezer.move_to("2026-11-24 04:00:00+00:00")  # noon
    await estate.automate("night_intrusion")
    assert [watch.loop for watch in alarm_index(hass).watches()] == ["night_intrusion"]
    assert not in_use(hass, hall)
    estate.freezer.move_to("2026-11-24 16:00:00+00:00")  # midnight
    assert in_use(hass, hall)
