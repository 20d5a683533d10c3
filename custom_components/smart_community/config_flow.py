"""Setting up Smart Community: what kind of entry it is, and then that kind's own steps."""

from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentryFlow,
    FlowType,
    OptionsFlow,
    SubentryFlowContext,
)
from homeassistant.core import callback

from .config_flow_community import CommunityFlow
from .config_flow_defaults import CommunityOptionsFlow
from .config_flow_modbus import ModbusBusFlow
from .config_flow_plan import PlanSubentryFlow
from .config_flow_points import PointTableSubentryFlow
from .config_flow_provider import ProviderSubentryFlow
from .config_flow_responder import ResponderSubentryFlow
from .config_flow_unit import UnitSubentryFlow
from .config_flow_zigbee import ZigbeeNetworkFlow
from .config_flow_zigbee_pairing import ZigbeePairingFlow
from .const import (
    CONF_KIND,
    DOMAIN,
    KIND_COMMUNITY,
    KIND_MODBUS_BUS,
    KIND_ZIGBEE_NETWORK,
    SUBENTRY_PLAN,
    SUBENTRY_POINT_TABLE,
    SUBENTRY_PROVIDER,
    SUBENTRY_RESPONDER,
    SUBENTRY_UNIT,
)

# What an entry of each kind is made of; the first is asked for as soon as the entry is there.
_SUBENTRIES: Final[dict[str, dict[str, type[ConfigSubentryFlow]]]] = {
    KIND_COMMUNITY: {
        SUBENTRY_RESPONDER: ResponderSubentryFlow,
        SUBENTRY_PROVIDER: ProviderSubentryFlow,
        SUBENTRY_PLAN: PlanSubentryFlow,
    },
    KIND_MODBUS_BUS: {
        SUBENTRY_UNIT: UnitSubentryFlow,
        SUBENTRY_POINT_TABLE: PointTableSubentryFlow,
    },
    KIND_ZIGBEE_NETWORK: {},
}


class SmartCommunityConfigFlow(CommunityFlow, ModbusBusFlow, ZigbeeNetworkFlow, domain=DOMAIN):
    """Offers the kinds of entry. The kind is fixed at creation: Home Assistant asks only once."""

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        return _SUBENTRIES[config_entry.data[CONF_KIND]]

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        if config_entry.data[CONF_KIND] == KIND_COMMUNITY:
            return CommunityOptionsFlow()
        return ZigbeePairingFlow()

    @classmethod
    @callback
    @override
    def async_supports_options_flow(cls, config_entry: ConfigEntry) -> bool:
        return bool(config_entry.data[CONF_KIND] != KIND_MODBUS_BUS)

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user choose a kind."""
        return self.async_show_menu(step_id="user", menu_options=list(_SUBENTRIES))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go to the steps of the entry's kind."""
        kind = self._get_reconfigure_entry().data[CONF_KIND]
        if kind == KIND_MODBUS_BUS:
            return await self.async_step_reconfigure_modbus_bus(user_input)
        if kind == KIND_ZIGBEE_NETWORK:
            return await self.async_step_reconfigure_zigbee_network(user_input)
        return await self.async_step_reconfigure_community(user_input)

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Open the first responder's or unit's form: an entry without any reaches nobody."""
        entry = result["result"]
        first = next(iter(_SUBENTRIES[entry.data[CONF_KIND]]), None)
        if first is None:  # devices are paired, not typed in
            return result
        form = await self.hass.config_entries.subentries.async_init(
            (entry.entry_id, first), context=SubentryFlowContext(source=SOURCE_USER)
        )
        result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, form["flow_id"])
        return result
