"""A unit's outputs as switches: written, read back, and refused with a sentence that says why."""

from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.components.switch.const import SwitchDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .core.permits import Deed
from .entity_modbus import PointEntity, async_setup_points, class_of
from .errors import failure, refusal
from .field.modbus.line import NoData
from .field.modbus.write import NotVerified
from .field.point import Point, Quality
from .may import async_check_plant
from .modbus_bus import BusUnit, ModbusBusData

# Contactors and gate drives want so much between two commands, in seconds; and an automation that
# runs wild must not wear them out.
_APART: Final = 1.0


async def async_setup_modbus_switches(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the outputs of every unit."""
    await async_setup_points(hass, entry, async_add_entities, platform=Platform.SWITCH, make=Output)


class Output(PointEntity, SwitchEntity):
    """One coil, or one register, that is written. Shows what was read, never what was asked for."""

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> None:
        """Take the point's class."""
        super().__init__(bus, unit, point)
        self._attr_device_class = class_of(SwitchDeviceClass, point.device_class)
        self._last_written: float | None = None

    @property
    @override
    def is_on(self) -> bool | None:
        value = self.reading.value
        return None if value is None else bool(value)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on."""
        await self._write(on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off."""
        await self._write(on=False)

    async def _write(self, *, on: bool) -> None:
        name = str(self.name or self.entity_id)
        await async_check_plant(
            self.hass, self._context, Deed.OPERATE, "output_not_permitted", name=name
        )
        now = self.hass.loop.time()
        if self._last_written is not None and now - self._last_written < _APART:
            raise refusal("output_too_soon", name=name, seconds=f"{_APART:.0f}")
        self._last_written = now
        if (unit := self.unit) is None:
            raise failure("output_no_answer", name=name, problem="-")
        try:
            await self._bus.poller.write(unit.address, self.point, on)
        except NotVerified as err:
            raise failure("output_not_verified", name=name) from err
        except TimeoutError as err:
            raise failure("output_line_busy", name=name) from err
        except NoData as err:
            refused = err.quality is Quality.REFUSED
            key = "output_refused" if refused else "output_no_answer"
            raise failure(key, name=name, problem=err.reason) from err
