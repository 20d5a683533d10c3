"""The detectors, and the action that sets them."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse


async def async_setup_platform(
    hass: HomeAssistant, config: Any, async_add_entities: Any, discovery_info: Any = None
) -> None:
    """Make a detector for each in the file."""
    path = Path(hass.config.path("bench_source.json"))
    states: dict[str, str] = json.loads(await hass.async_add_executor_job(path.read_text))
    sensors = {name: Detector(name, states) for name in states}
    async_add_entities(sensors.values())

    async def set_states(call: ServiceCall) -> dict[str, Any]:
        """Set detectors, `over` so many seconds; answers with time.time() of the first change."""
        chosen = call.data["detectors"]
        states.update(dict.fromkeys(chosen, call.data["state"]))
        await hass.async_add_executor_job(path.write_text, json.dumps(states))
        at = time.time()
        for name in chosen:
            sensors[name].async_write_ha_state()
            # Home Assistant gets to work between two detectors: they are separate devices.
            await asyncio.sleep(call.data.get("over", 0) / len(chosen))
        return {"at": at}

    hass.services.async_register(
        "bench_source", "set", set_states, supports_response=SupportsResponse.OPTIONAL
    )


class Detector(BinarySensorEntity):
    """A smoke detector whose state is on, off, unknown or unavailable, as the file says."""

    _attr_should_poll = False
    _attr_device_class = BinarySensorDeviceClass.SMOKE

    def __init__(self, name: str, states: dict[str, str]) -> None:
        self._states = states
        self._attr_unique_id = self._attr_name = name

    @property
    def available(self) -> bool:
        return self._states[self._attr_name] != "unavailable"

    @property
    def is_on(self) -> bool | None:
        return {"on": True, "off": False}.get(self._states[self._attr_name])
