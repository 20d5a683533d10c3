"""The Zigbee side of a scene's field: devices on a virtual coordinator, over a real socket."""

from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.components.zigbee_ground import known, pair
from tests.simulators.waiting import until
from tests.simulators.zigbee import VirtualCoordinator, VirtualDevice
from tests.simulators.zigbee.description import DeviceDescription

from .scene import Scene


class Building:
    """A Zigbee network whose devices all stand in the corridor."""

    def __init__(self, scene: Scene, radio: VirtualCoordinator, network: MockConfigEntry) -> None:
        self.scene = scene
        self.radio = radio
        self.network = network
        self._moments: dict[str, set[str]] = {}

    async def install(self, described: DeviceDescription) -> VirtualDevice:
        """Pair a device and put it into the corridor."""
        device = self.radio.add(described)
        hass = self.scene.hass
        await pair(hass, self.network, device)
        found = known(hass, self.network, device)
        assert found is not None
        dr.async_get(hass).async_update_device(found.id, area_id=self.scene.area.id)
        return device

    async def hears(self, word: str, times: int) -> None:
        """Wait until event entities have said a word so often.

        Two in one instant of an event's clock would be one state; people type more slowly.
        """
        moments = self._moments.setdefault(word, set())

        def heard() -> bool:
            for one in self.scene.hass.states.async_all("event"):
                if one.attributes.get("event_type") == word:
                    moments.add(one.state)
            return len(moments) == times

        await until(heard)
        await self.scene.settle()

    async def sees(self, device_class: str, said: str | bool) -> None:
        """Wait until an entity of this class says so."""
        wanted = said if isinstance(said, str) else ("off", "on")[said]
        await until(
            lambda: any(
                one.state == wanted and one.attributes.get("device_class") == device_class
                for one in self.scene.hass.states.async_all(("binary_sensor", "sensor"))
            )
        )

    async def rings(self, *rows: tuple[str, str]) -> None:
        """Wait until these people were told in these ways."""
        wanted = {*rows}
        await until(
            lambda: (
                wanted
                <= {(who, way) for _, who, ways in self.scene.told_since() for way in ways.split()}
            )
        )
