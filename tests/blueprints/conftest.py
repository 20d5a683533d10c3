"""Shipped blueprints under the real loader, with real automations and a real engine."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from tests.components.conftest import FarEnd, community, far_end  # noqa: F401 - fixtures


class Estate:
    """A floor with detectors of another integration, watched by one blueprint."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        far_end: FarEnd,  # noqa: F811 - the fixture's value
        freezer: FrozenDateTimeFactory,
    ) -> None:
        self.hass = hass
        self.entry = entry
        self.far_end = far_end
        self.freezer = freezer
        self.floor = fr.async_get(hass).async_create("Floor 2")
        self.area = ar.async_get(hass).async_create("Corridor", floor_id=self.floor.floor_id)

    def detector(self, number: int, device_class: str, state: str = "off") -> str:
        """A detector on the floor; its state belongs to another integration."""
        registry = er.async_get(self.hass)
        made = registry.async_get_or_create(
            "binary_sensor",
            "other",
            f"{device_class}{number}",
            original_device_class=device_class,
        )
        registry.async_update_entity(made.entity_id, area_id=self.area.id)
        self.set(made.entity_id, state)
        return made.entity_id

    def set(self, entity_id: str, state: str) -> None:
        """What the other integration reports."""
        self.hass.states.async_set(entity_id, state)

    async def automate(self, *loops: str, **inputs: Any) -> None:
        """Make automations as a user does; each must be on, or it would be silent for good."""
        path = Path(self.hass.config.path("configuration.yaml"))
        rows = yaml.safe_load(path.read_text())["automation"]
        target = {"floor_id": [self.floor.floor_id]}
        rows += [
            {
                "id": loop,
                "alias": loop,
                "use_blueprint": {
                    "path": f"smart_community/{loop}.yaml",
                    "input": {"detectors": target, **inputs},
                },
            }
            for loop in loops
        ]
        path.write_text(yaml.safe_dump({"automation": rows}))
        await self.hass.services.async_call("automation", "reload", blocking=True)
        await self.settle()
        for loop in loops:
            assert self.hass.states.get(f"automation.{loop}").state == "on"

    async def settle(self) -> None:
        """Wait until runs, commits and messages have come to rest."""
        for _ in range(4):
            await self.hass.async_block_till_done(wait_background_tasks=True)
            await self.entry.runtime_data.engine.timeline("-")

    async def pass_time(self, **span: float) -> None:
        """Let time pass in steps that no due time falls through."""
        left = timedelta(**span)
        while left > timedelta(0):
            part = min(left, timedelta(seconds=5))
            left -= part
            self.freezer.tick(part)
            async_fire_time_changed(self.hass)
            await self.settle()

    async def restart(self) -> None:
        """Restart the engine and the automations on what is on disk."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.services.async_call("automation", "reload", {}, blocking=True)
        await self.settle()

    @property
    def active(self) -> list[Any]:
        """Running incidents."""
        return self.entry.runtime_data.engine.active

    @property
    def told(self) -> list[str]:
        """What reached the far end, in order."""
        return [call["kind"] for call in self.far_end.calls]


@pytest.fixture
async def estate(
    hass: HomeAssistant,
    community: MockConfigEntry,  # noqa: F811 - the fixture's value
    far_end: FarEnd,  # noqa: F811
    freezer: FrozenDateTimeFactory,
) -> Estate:
    return Estate(hass, community, far_end, freezer)
