"""Repairs that need a person's word: an edited blueprint is replaced only then."""

from typing import Any

import probatio
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant

from .shipped import async_restore_blueprint


class RestoreBlueprintFlow(RepairsFlow):
    """Installs the shipped blueprint and keeps the edited one beside it."""

    def __init__(self, loop: str) -> None:
        """Take the loop whose blueprint was edited."""
        self._loop = loop

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask first."""
        return await self.async_step_confirm(user_input)

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Replace it once confirmed."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders={"loop": self._loop},
            )
        await async_restore_blueprint(self.hass, self._loop)
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow for an issue."""
    return RestoreBlueprintFlow(str((data or {})["loop"]))
