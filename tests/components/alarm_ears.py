"""Automations on the alarm trigger, and an action at their far end that notes what reaches it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

ALARM = "smart_community.alarm"


@dataclass
class Ears:
    """Hears runs by automation id; while `at_work` is unset, a run does not end."""

    runs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    calls: list[ServiceCall] = field(default_factory=list)
    at_work: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.at_work.set()

    async def take(self, call: ServiceCall) -> None:
        self.calls.append(call)
        self.runs.append((call.data["automation"], call.data["trigger"]))
        await self.at_work.wait()

    @property
    def said(self) -> list[tuple[str, bool, str]]:
        """First source, raised or not, and reason of each run since the last look."""
        said = [(one["source"], one["raised"], one["reason"]) for _, one in self.runs]
        self.runs.clear()
        return said

    def told(self, automation: str) -> list[tuple[str, bool]]:
        """All sources that an automation was told of, in order."""
        return [
            (source, one["raised"])
            for name, one in self.runs
            if name == automation
            for source in one["sources"]
        ]


def automation(
    target: dict[str, Any], options: dict[str, Any] | None = None, key: str = "a", **more: Any
) -> dict[str, Any]:
    """An automation that hands its trigger's variables to the ears."""
    data = {"automation": key, "trigger": "{{ trigger }}"}
    return {
        "id": key,
        "alias": key,
        "triggers": [{"trigger": ALARM, "target": target, "options": options or {}}],
        "actions": [{"action": "test.hear", "data": data}],
        "mode": "parallel",
        **more,
    }


async def listen(hass: HomeAssistant, *automations: dict[str, Any]) -> Ears:
    """Set automations up; all of them must be at work."""
    ears = Ears()
    hass.services.async_register("test", "hear", ears.take)
    assert await async_setup_component(hass, "automation", {"automation": list(automations)})
    await hass.async_block_till_done()
    for one in automations:
        state = hass.states.get(f"automation.{one['alias']}")
        assert state is not None
        assert state.state == "on"
    return ears


async def later(hass: HomeAssistant, seconds: float = 2) -> None:
    """Let time pass."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done()


def detector(hass: HomeAssistant, name: str, **more: Any) -> str:
    """Register a smoke detector that has no state yet. Returns its entity id."""
    labels: Iterable[str] = more.pop("labels", ())
    area_id: str | None = more.pop("area_id", None)
    domain: str = more.pop("domain", "binary_sensor")
    registry = er.async_get(hass)
    details = {"original_device_class": "smoke", **more}
    entity_id = registry.async_get_or_create(
        domain, "test", name, suggested_object_id=name, **details
    ).entity_id
    registry.async_update_entity(entity_id, labels=set(labels), area_id=area_id)
    return entity_id
