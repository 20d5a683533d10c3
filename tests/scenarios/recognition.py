"""The cameras' side of a scene's field: a recognition box that speaks MQTT, as many do.

What it recognizes belongs to another integration: Home Assistant's own `mqtt`, by its discovery,
over a real socket to a broker.
"""

import json
from typing import Any

from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.mqtt_broker import MqttBroker

from .scene import Scene


class Recognition:
    """A box whose cameras are all in the corridor. `entities`: by what they recognize."""

    def __init__(self, scene: Scene, broker: MqttBroker) -> None:
        self.scene = scene
        self.broker = broker
        self.entities: dict[str, str] = {}
        self._entry = MockConfigEntry(
            domain="mqtt", data={"broker": "127.0.0.1", "port": broker.port}, version=1
        )

    async def watch(self, **kinds: str | None) -> None:
        """Let the box offer what it recognizes: a device class of its own, or None for a word."""
        for key, device_class in kinds.items():
            domain = "sensor" if device_class is None else "binary_sensor"
            offer: dict[str, Any] = {
                "name": key,
                "unique_id": key,
                "state_topic": f"box/{key}",
                "device_class": device_class,
                "device": {"identifiers": "box", "name": "Box"},
            }
            config = f"homeassistant/{domain}/{key}/config"
            self.broker.publish(config, json.dumps(offer), retain=True)
            self.broker.publish(
                f"box/{key}", "empty" if device_class is None else "OFF", retain=True
            )
        hass = self.scene.hass
        self._entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(self._entry.entry_id)
        registry = er.async_get(hass)
        for key, device_class in kinds.items():
            domain = "sensor" if device_class is None else "binary_sensor"
            entity_id = self.entities[key] = f"{domain}.box_{key}"
            await self.scene.seen(entity_id, lambda state: state in {"off", "empty"})
            registry.async_update_entity(entity_id, area_id=self.scene.area.id)
        await self.scene.settle()

    async def begin(self, key: str, word: str) -> None:
        """Let the box see its first: the scene's time counts from it."""
        self.scene.begin()
        await self.say(key, word)

    async def say(self, key: str, word: str) -> None:
        """Let the box say what it sees now, and wait until that is seen."""
        before = self.scene.hass.states.get(self.entities[key]).state
        self.broker.publish(f"box/{key}", word, retain=True)
        await self.scene.seen(self.entities[key], lambda state: state != before)
        await self.scene.settle()

    async def close(self) -> None:
        """Leave no socket and no timer behind."""
        hass = self.scene.hass
        if hass.config_entries.async_get_entry(self._entry.entry_id) is not None:
            assert await hass.config_entries.async_unload(self._entry.entry_id)
