"""Repairs that need a person's word: replacing an edited blueprint, switching off a life-saver."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, override

import probatio
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant

from .core.model import Actor
from .core.permits import Deed, Role, Standing
from .data import communities
from .shipped import async_restore_blueprint

# Home Assistant shows the repairs to administrators alone, and does not say which of them.
_ADMINISTRATOR: Final = Standing(Actor(user_id=""), Role.ADMINISTRATOR, None)


class _AfterWord(RepairsFlow, ABC):
    """Asks once, then acts."""

    def __init__(self, data: Mapping[str, str]) -> None:
        """Take what the issue is about: its loop, and what else it carries."""
        self._about = data

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask first."""
        return await self.async_step_confirm(user_input)

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Act once confirmed."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders={"loop": self._about["loop"]},
            )
        await self._act()
        return self.async_create_entry(data={})

    @abstractmethod
    async def _act(self) -> None:
        """Do what was confirmed."""


class RestoreBlueprintFlow(_AfterWord):
    """Installs the shipped blueprint and keeps the edited one beside it."""

    @override
    async def _act(self) -> None:
        await async_restore_blueprint(self.hass, self._about["loop"])


class SwitchOffFlow(_AfterWord):
    """Switches a loop off on which lives may depend."""

    @override
    async def _act(self) -> None:
        for entry in communities(self.hass):
            if entry.entry_id == self._about["community"]:
                loop = self._about["loop"]
                await entry.runtime_data.deeds.permitted(_ADMINISTRATOR, Deed.SWITCH_LOOP, loop)
                await entry.runtime_data.engine.switch_loop(loop, on=False)
                for changed in entry.runtime_data.problems_changed:
                    changed()


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow for an issue."""
    about = {key: str(value) for key, value in (data or {}).items()}
    return SwitchOffFlow(about) if "community" in about else RestoreBlueprintFlow(about)
