"""The Modbus side of a scene's field: one unit with points, on a real TCP line."""

from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.const import DOMAIN
from tests.simulators.modbus_server import ModbusServer, Unit

from .scene import Scene

_NO_WORD = {None, "unavailable", "unknown"}


class Bus:
    """A unit on the bus; its points are all in the corridor. `entities`: by the points' keys."""

    def __init__(self, scene: Scene, gateway: ModbusServer) -> None:
        self.scene = scene
        self.gateway = gateway
        self.unit = gateway.units[1] = Unit()
        self.entities: dict[str, str] = {}
        self._entry: MockConfigEntry | None = None

    async def wire(self, **points: str | dict[str, Any]) -> None:
        """Wire points to the unit and wait until they are read.

        Each point: a bit's device class alone, or the columns of an input register (with
        `unit_of_measurement`; scale as in the table).
        """
        rows = [self._row(address, *point) for address, point in enumerate(points.items())]
        entry = self._entry = MockConfigEntry(
            domain=DOMAIN,
            title="Bus",
            data={
                "kind": "modbus_bus",
                "transport": "tcp",
                "host": "127.0.0.1",
                "port": self.gateway.port,
            },
            subentries_data=[
                ConfigSubentryData(
                    subentry_type="unit",
                    title="Unit",
                    unique_id="unit:1",
                    data={"unit": 1, "family": "point_table", "points": rows},
                )
            ],
        )
        hass = self.scene.hass
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        registry = er.async_get(hass)
        made = er.async_entries_for_config_entry(registry, entry.entry_id)
        keys = {one.unique_id.rpartition(f"{one.config_subentry_id}_")[2]: one for one in made}
        self.entities = {key: keys[key].entity_id for key in points}
        for entity_id in self.entities.values():
            registry.async_update_entity(entity_id, area_id=self.scene.area.id)
        for entity_id in self.entities.values():
            await self.scene.seen(entity_id, lambda state: state not in _NO_WORD)

    def _row(self, address: int, key: str, point: str | dict[str, Any]) -> dict[str, Any]:
        is_bit = isinstance(point, str)
        (self.unit.discrete if is_bit else self.unit.input)[address] = 0
        return {
            "key": key,
            "name": key,
            "kind": "discrete" if is_bit else "input",
            "type": "bool" if is_bit else "uint16",
            "address": address,
            "lane": "fast",
            **({"device_class": point} if is_bit else point),
        }

    async def begin(self, key: str, value: float) -> None:
        """Let the field say its first word: the scene's time counts from it."""
        self.scene.begin()
        await self.say(key, value)

    async def say(self, key: str, value: float) -> None:
        """Set what stands in a point's bit or register, and wait until that is seen.

        Not for a point whose loops all sleep: it is asked twice a minute only, in real time.
        """
        entity_id = self.entities[key]
        # One answer that a busy machine loses is a bus without a word for a while.
        await self.scene.seen(entity_id, lambda state: state not in _NO_WORD)
        before = self.scene.hass.states.get(entity_id).state
        address = list(self.entities).index(key)
        table: dict[int, Any] = (
            self.unit.input if address in self.unit.input else self.unit.discrete
        )
        table[address] = int(value)
        await self.scene.seen(entity_id, lambda state: state not in {before, *_NO_WORD})
        await self.scene.settle()

    async def close(self) -> None:
        """Leave no socket and no timer behind."""
        if self._entry is not None:
            assert await self.scene.hass.config_entries.async_unload(self._entry.entry_id)
