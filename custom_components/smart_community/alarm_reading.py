"""What an alarm trigger makes of sources that are in alarm for a time: states, limits, faults."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import State, split_entity_id
from homeassistant.util import dt as dt_util

from .alarm_kinds import Said
from .const import ATTR_UNHEARD
from .core.agreement import Threshold
from .core.edge import Level, Memory, Reason, advance
from .core.limit import Limit
from .units import in_unit

_ON: Final = frozenset((STATE_ON,))
# What a fault is: no contact, a device that says itself that it has none, or a battery.
LOST: Final = "unavailable"
DISCONNECTED: Final = "disconnected"
_LOST: Final = (STATE_UNAVAILABLE, STATE_UNKNOWN)


class Gauge(Protocol):
    """Says whether a state is an alarm, and its value if it has one."""

    def measure(self, entity_id: str, state: State | None) -> tuple[Level, float | str | None]:
        """Read a state; never raises, whatever it holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StateGauge:
    """An alarm is one of some states."""

    states: frozenset[str] = _ON

    def measure(self, _entity_id: str, state: State | None) -> tuple[Level, float | str | None]:
        """Read a state."""
        if state is None or state.state in _LOST:
            return Level.NONE, None
        if state.state in self.states:
            return Level.RAISED, None
        # A measured value is neither on nor off: a sensor that a loop watches both ways must not be
        # cleared by its state while its limit raises it.
        on_or_off = self.states == _ON and state.state != STATE_OFF
        return (Level.NONE if on_or_off else Level.CLEAR), None


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitGauge:
    """An alarm is a value past a limit, which is in `unit`, or in the entity's own if that is None.

    `agreed`: what the residents have agreed to in its place, for an entity.
    """

    limit: Limit
    unit: str | None = None
    agreed: Callable[[str, Threshold], float | None] = lambda _entity_id, _threshold: None

    def measure(self, entity_id: str, state: State | None) -> tuple[Level, float | str | None]:
        """Read a value against the limit that holds now."""
        if state is None:
            return Level.NONE, None
        try:
            value = float(state.state)
        except ValueError:
            return Level.NONE, None
        said = state.attributes
        unit, kind = said.get(ATTR_UNIT_OF_MEASUREMENT), said.get(ATTR_DEVICE_CLASS)
        value = in_unit(value, unit, self.unit, kind)
        holding = self.limit.holding(
            dt_util.now().date(),
            self.agreed(entity_id, Threshold.LIMIT),
            self.agreed(entity_id, Threshold.UPPER_LIMIT),
        )
        return holding.judge(value), value


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultGauge:
    """A fault is an entity that cannot be reached, or a battery that runs low.

    `phone`: whether an entity shows what is known of a phone. Such a one is unavailable while its
    community is not loaded, which says nothing of the phone. What is unknown says nothing either,
    but for a device that sleeps and was merely not heard yet.
    """

    battery_below: float
    phone: Callable[[str], bool] = lambda _entity_id: False

    def measure(self, entity_id: str, state: State | None) -> tuple[Level, float | str | None]:
        """Read availability and charge. An entity that was taken away is no fault any more."""
        if state is None:
            return Level.CLEAR, None
        if state.state == STATE_UNAVAILABLE:
            return (Level.NONE, None) if self.phone(entity_id) else (Level.RAISED, LOST)
        if state.state == STATE_UNKNOWN:
            return (Level.CLEAR if state.attributes.get(ATTR_UNHEARD) else Level.NONE), None
        device_class = state.attributes.get(ATTR_DEVICE_CLASS)
        if device_class == BinarySensorDeviceClass.CONNECTIVITY and state.state == STATE_OFF:
            return Level.RAISED, DISCONNECTED
        if device_class != SensorDeviceClass.BATTERY:
            return Level.CLEAR, None
        if split_entity_id(entity_id)[0] == "binary_sensor":
            low = state.state == STATE_ON
        else:
            try:
                low = float(state.state) < self.battery_below
            except ValueError:
                return Level.NONE, None
        return (Level.RAISED, "battery") if low else (Level.CLEAR, None)


class LevelReader:
    """Reads what begins and ends."""

    def __init__(self, gauge: Gauge) -> None:
        """Begin without any entity."""
        self._gauge = gauge
        self._memory: dict[str, Memory] = {}

    def read(
        self, entity_id: str, state: State | None, first: Reason, on_record: Callable[[], bool]
    ) -> Said | None:
        """Take in a state."""
        reading, value = self._gauge.measure(entity_id, state)
        before = self._memory.get(entity_id, Memory.NEW)
        self._memory[entity_id], said = advance(before, reading, first, on_record)
        return None if said is None else Said(raised=said[0], reason=said[1], value=value)

    def forget(self, entity_id: str) -> None:
        """Forget an entity."""
        self._memory.pop(entity_id, None)
