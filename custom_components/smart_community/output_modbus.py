"""What is written to a unit: by whom, how often, and what is said of one that did not obey."""

from typing import Final

from .entity_modbus import PointEntity
from .errors import failure, refusal
from .field.modbus.line import NoData
from .field.modbus.write import NotVerified
from .field.point import Point, Quality, Value
from .may import async_check_output
from .modbus_bus import BusUnit, ModbusBusData

# Contactors and gate drives want so much between two commands, in seconds; and an automation that
# runs wild must not wear them out.
_APART: Final = 1.0


class OutputEntity(PointEntity):
    """A coil or a register that is written. Shows what was read, never what was asked for."""

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> None:
        """Begin with nothing written."""
        super().__init__(bus, unit, point)
        self._last_written: float | None = None

    async def write(self, value: Value) -> None:
        """Write a shown value and see that it is there. Raises a translated error."""
        await async_check_output(self, self._context)
        name = str(self.name or self.entity_id)
        now = self.hass.loop.time()
        if self._last_written is not None and now - self._last_written < _APART:
            raise refusal("output_too_soon", name=name, seconds=f"{_APART:.0f}")
        self._last_written = now
        if (unit := self.unit) is None:
            raise failure("output_not_sent", name=name, problem="it is no longer set up")
        try:
            await self._bus.poller.write(unit.address, self.point, value)
        except ValueError as err:
            raise refusal("output_no_room", name=name, value=str(value)) from err
        except NotVerified as err:
            raise failure("output_not_verified", name=name, reads=str(err)) from err
        except TimeoutError as err:
            raise failure("output_line_busy", name=name) from err
        except NoData as err:
            raise failure(_key(err), name=name, problem=err.reason) from err


def _key(lack: NoData) -> str:
    if not lack.sent:
        return "output_not_sent"
    return "output_refused" if lack.quality is Quality.REFUSED else "output_no_answer"
