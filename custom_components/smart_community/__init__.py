"""Smart Community: alarms become incidents, and incidents reach people until they are closed.

This and community_setup.py are the composition root: the only files that know all the parts.
"""

from typing import cast

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.typing import ConfigType
from homeassistant.setup import async_when_setup

from .community_setup import COMMUNITY_PLATFORMS, async_setup_community
from .const import (
    CONF_KIND,
    DATA_AGREED_LIMIT,
    DATA_AT_WORK,
    DATA_STILL_RAISED,
    DOMAIN,
    KIND_COMMUNITY,
    KIND_MODBUS_BUS,
    KIND_ZIGBEE_NETWORK,
)
from .core.agreement import Term
from .core.plan import Active
from .curves import DATA_CURVES, Curves
from .dashboard import async_serve_modules
from .data import CommunityEntry, SmartCommunityEntry, communities
from .loop_hours import loop_at_work
from .modbus_bus import ModbusBusData, async_setup_bus
from .modbus_idle import async_follow_hours
from .modbus_maps import async_remove_maps
from .photos import async_serve_photos
from .report_photo import async_serve_report_photos
from .sentences import async_listen_to_sentences
from .services import async_register_services
from .services_agree import agreed_limit, async_register_agree_services
from .services_drill import async_register_drill_services
from .services_people import async_register_people_services
from .services_points import async_register_points_services
from .services_report import async_register_report_services
from .services_zigbee import async_register_zigbee_services
from .views import async_load_texts
from .websocket import async_register_commands
from .websocket_channels import async_register_channel_commands
from .websocket_zigbee import async_register_zigbee_commands
from .zigbee_network import (
    ZigbeeData,
    async_remove_network,
    async_remove_zigbee_device,
    async_setup_network,
)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

BUS_PLATFORMS = (Platform.BINARY_SENSOR, Platform.NUMBER, Platform.SENSOR, Platform.SWITCH)
ZIGBEE_PLATFORMS = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.LOCK,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SIREN,
    Platform.SWITCH,
    Platform.UPDATE,
)
PLATFORMS_OF = {
    KIND_COMMUNITY: COMMUNITY_PLATFORMS,
    KIND_MODBUS_BUS: BUS_PLATFORMS,
    KIND_ZIGBEE_NETWORK: ZIGBEE_PLATFORMS,
}


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what is there before any community is: actions, texts, the record of episodes."""
    await async_load_texts(hass)
    async_register_services(hass)
    async_register_report_services(hass)
    async_register_agree_services(hass)
    async_register_points_services(hass)
    async_register_drill_services(hass)
    async_register_people_services(hass)

    async def assist_is_there(_hass: HomeAssistant, _component: str) -> None:
        async_listen_to_sentences(hass)

    async_when_setup(hass, "conversation", assist_is_there)
    async_register_zigbee_services(hass)
    async_register_commands(hass)
    async_register_channel_commands(hass)
    async_register_zigbee_commands(hass)
    await async_serve_modules(hass)
    async_serve_photos(hass)
    async_serve_report_photos(hass)

    def still_raised(source: str, loop: str | None) -> bool:
        return any(
            entry.runtime_data.engine.still_raised(source, loop) for entry in communities(hass)
        )

    def limit_agreed(loop: str, source: str, term: Term) -> float | None:
        return agreed_limit(hass, loop, source, term)

    hass.data[DATA_STILL_RAISED] = still_raised

    def at_work(loop: str, source: str, said: Active | None) -> bool:
        return loop_at_work(hass, loop, f"source:{source}", said)

    hass.data[DATA_AGREED_LIMIT] = limit_agreed
    hass.data[DATA_AT_WORK] = at_work
    hass.data[DATA_CURVES] = Curves(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmartCommunityEntry) -> bool:
    """Set up a community, a bus, or a Zigbee network."""
    kind = entry.data[CONF_KIND]
    if kind == KIND_COMMUNITY:
        await async_setup_community(hass, cast("CommunityEntry", entry))
        return True
    if kind == KIND_ZIGBEE_NETWORK:
        entry.runtime_data = await async_setup_network(hass, entry)
    else:
        entry.runtime_data = await async_setup_bus(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS_OF[kind])
    if isinstance(entry.runtime_data, ModbusBusData):
        async_follow_hours(hass, entry, entry.runtime_data)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SmartCommunityEntry) -> bool:
    """Unload an entry; what was running in it is taken up again when it is loaded."""
    platforms = PLATFORMS_OF[entry.data[CONF_KIND]]
    unloaded = await hass.config_entries.async_unload_platforms(entry, platforms)
    if unloaded and isinstance(entry.runtime_data, ModbusBusData):
        await entry.runtime_data.stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: SmartCommunityEntry) -> None:
    """Forget what was kept beside an entry that is removed."""
    if entry.data[CONF_KIND] == KIND_ZIGBEE_NETWORK:
        await async_remove_network(hass, entry)
    elif entry.data[CONF_KIND] == KIND_MODBUS_BUS:
        await async_remove_maps(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: SmartCommunityEntry, device: DeviceEntry
) -> bool:
    """Let a device go, as its page's delete button asks: out of its network, too."""
    data = entry.runtime_data
    return isinstance(data, ZigbeeData) and await async_remove_zigbee_device(data, device)
