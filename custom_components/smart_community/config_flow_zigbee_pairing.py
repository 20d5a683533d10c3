"""Letting one device in by the code on its label: a form, because actions are recorded.

An install code is the key that its device joins with. Home Assistant writes down what actions are
called with, in the recorder and in traces, but nothing of a form.
"""

from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import AreaSelector, TextSelector

from .errors import failure
from .zigbee_network import ZigbeeData
from .zigbee_pairing import PAIRING_TIME, async_permit

_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required("install_code"): TextSelector(),
        probatio.Optional("ieee"): TextSelector(),
        probatio.Optional("area"): AreaSelector(),
    }
)


class ZigbeePairingFlow(OptionsFlow):
    """The options of a Zigbee network: one form, which changes the network and keeps nothing."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the code, and open the network to its device alone."""
        entry = self.config_entry
        errors: dict[str, str] = {}
        told = {"network": entry.title, "device": entry.title}
        shown: dict[str, Any] = {}
        if user_input is not None:
            try:
                await self._permit(user_input)
            except HomeAssistantError as err:
                errors["base"] = err.translation_key or "unknown"
                # The code is typed anew: a form that shows it again has been sent it by the server.
                shown = {key: said for key, said in user_input.items() if key != "install_code"}
            else:
                return self.async_abort(
                    reason="zigbee_open_to_device",
                    description_placeholders={"minutes": str(PAIRING_TIME // 60)},
                )
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, shown),
            errors=errors,
            description_placeholders=told,
        )

    async def _permit(self, said: dict[str, Any]) -> None:
        entry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            raise failure("zigbee_network_down", network=entry.title)
        data: ZigbeeData = entry.runtime_data
        await async_permit(
            data,
            PAIRING_TIME,
            install_code=said["install_code"],
            ieee=said.get("ieee", "").strip() or None,
            area_id=said.get("area"),
        )
