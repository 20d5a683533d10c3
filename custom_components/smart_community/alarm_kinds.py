"""The kinds of sources an alarm trigger knows, and which entities of a place are of each kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.core import State

from .core.edge import Reason


class Kind(StrEnum):
    """What counts as an alarm."""

    STATE = "state"
    ABOVE = "above"
    BELOW = "below"
    OUTSIDE = "outside"
    EVENT = "event"
    VALUE = "value"
    SOUND = "sound"
    ACTIVITY = "activity"
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What is to be reported of an entity. `apart`: each value is told in a run of its own.

    `peak`: of sound the loudest reading of what `value` is the average of.
    """

    raised: bool
    reason: Reason
    value: float | str | None = None
    apart: bool = False
    peak: float | None = None


class Reader(Protocol):
    """Reads the states of the entities of one trigger."""

    def read(
        self, entity_id: str, state: State | None, first: Reason, on_record: Callable[[], bool]
    ) -> Said | None:
        """Take in a state, and return what is to be reported.

        `first`: the reason given if this is the first reading. `on_record`: whether an episode of
        the entity is still open.
        """

    def forget(self, entity_id: str) -> None:
        """Forget an entity that is no longer watched."""


# What an area, a floor or a label brings in; entities that are named are taken whatever they are.
# Without it an area would bring in its lights, and a lamp that is on is no alarm.
DOMAINS: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.STATE: frozenset(("binary_sensor",)),
    Kind.ABOVE: frozenset(("sensor",)),
    Kind.BELOW: frozenset(("sensor",)),
    Kind.OUTSIDE: frozenset(("sensor",)),
    Kind.EVENT: frozenset(("event",)),
    Kind.VALUE: frozenset(("select", "sensor")),
    Kind.SOUND: frozenset(("sensor",)),
    Kind.ACTIVITY: frozenset(("binary_sensor", "event", "lock", "sensor")),
    Kind.FAULT: frozenset(
        ("binary_sensor", "camera", "cover", "event", "lock", "sensor", "switch", "valve")
    ),
}
# Domains of things that have states of their own, for `states`.
DOMAINS_OF_STATES: Final = frozenset(
    ("alarm_control_panel", "binary_sensor", "cover", "lock", "sensor", "valve")
)
# A home's temperature changes with nobody in it: of sensors only these are signs of life.
SIGNS_OF_LIFE: Final = frozenset(
    (
        BinarySensorDeviceClass.DOOR,
        BinarySensorDeviceClass.GARAGE_DOOR,
        BinarySensorDeviceClass.LOCK,
        BinarySensorDeviceClass.MOTION,
        BinarySensorDeviceClass.MOVING,
        BinarySensorDeviceClass.OCCUPANCY,
        BinarySensorDeviceClass.OPENING,
        BinarySensorDeviceClass.PRESENCE,
        BinarySensorDeviceClass.VIBRATION,
        BinarySensorDeviceClass.WINDOW,
        SensorDeviceClass.WATER,
    )
)
# Of signs of life a place brings in all of these: they have no class to choose by.
CLASSLESS: Final = frozenset(("event", "lock"))

# Of faults a place brings in these of its diagnostic entities: batteries and connections are
# nearly always that, and Home Assistant's own targets leave them out.
DIAGNOSTIC: Final = frozenset((SensorDeviceClass.BATTERY, BinarySensorDeviceClass.CONNECTIVITY))


def domains(kind: Kind, options: Mapping[str, Any]) -> frozenset[str]:
    """Return the domains that a place brings in for a trigger of a kind."""
    return DOMAINS_OF_STATES if "states" in options else DOMAINS[kind]


def classes(kind: Kind, options: Mapping[str, Any]) -> frozenset[str]:
    """Return the device classes that a place brings in (none: any): the chosen, or the kind's."""
    chosen = options.get("device_class")
    return frozenset(chosen) if chosen else _CLASSES_OF.get(kind, frozenset())


_CLASSES_OF: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.ACTIVITY: SIGNS_OF_LIFE,
    Kind.SOUND: frozenset((SensorDeviceClass.SOUND_PRESSURE,)),
}
