"""The trigger `smart_community.alarm`: no alarm is missed, none is told twice.

What a trigger remembers of an entity, and what a reading makes of it (`!` is reported):

    remembered   in alarm                   not in alarm              no reading
    NEW          RAISED  ! found            CLEAR  ! if on record     NEW
    CLEAR        RAISED  ! edge             CLEAR                     CLEAR_LOST
    RAISED       RAISED                     CLEAR  ! edge             RAISED_LOST
    CLEAR_LOST   RAISED  ! returned         CLEAR  ! if on record     CLEAR_LOST
    RAISED_LOST  RAISED  ! returned         CLEAR  ! edge             RAISED_LOST

Between a limit and its hysteresis an entity stays what it was; a new one is what is on record.
RAISED_LOST to CLEAR is an edge: it was seen to begin and to end, only not the moment of its end.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from itertools import count
from typing import Final, override

import probatio
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    CoreState,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .alarm_delivery import Delivery, Reason, Report
from .alarm_index import Wanted, alarm_index
from .const import DATA_STILL_RAISED
from .loops import LOOPS
from .trigger_owned import OwnedTrigger


class Kind(StrEnum):
    """What counts as an alarm."""

    STATE = "state"
    ABOVE = "above"
    BELOW = "below"


class Memory(Enum):
    """What is remembered of an entity since it is watched."""

    NEW = auto()
    CLEAR = auto()
    RAISED = auto()
    CLEAR_LOST = auto()
    RAISED_LOST = auto()


class Level(Enum):
    """What one state says."""

    RAISED = auto()
    CLEAR = auto()
    BETWEEN = auto()
    NONE = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauge:
    """Reads a state. `limit` and `hysteresis` are in the unit of the entity."""

    kind: Kind
    limit: float
    hysteresis: float

    def read(self, state: State | None) -> tuple[Level, float | None]:
        """Return what a state says, and its value if the kind has one."""
        if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            return Level.NONE, None
        if self.kind is Kind.STATE:
            return (Level.RAISED if state.state == STATE_ON else Level.CLEAR), None
        try:
            value = float(state.state)
        except ValueError:
            return Level.NONE, None
        if not math.isfinite(value):
            return Level.NONE, None
        over = value - self.limit if self.kind is Kind.ABOVE else self.limit - value
        if over > 0:
            return Level.RAISED, value
        return (Level.CLEAR if over <= -self.hysteresis else Level.BETWEEN), value


def advance(
    memory: Memory, level: Level, first: Reason, on_record: Callable[[], bool]
) -> tuple[Memory, tuple[bool, Reason] | None]:
    """Return what is remembered after a reading, and what to report: raised or not, and why.

    `first`: the reason given if this is the first reading. `on_record`: whether an episode of the
    entity is still open.
    """
    lost = memory in (Memory.CLEAR_LOST, Memory.RAISED_LOST)
    was_raised = memory in (Memory.RAISED, Memory.RAISED_LOST)
    if level is Level.NONE:
        after = {Memory.CLEAR: Memory.CLEAR_LOST, Memory.RAISED: Memory.RAISED_LOST}
        return after.get(memory, memory), None
    if level is Level.BETWEEN:
        if memory is Memory.NEW:
            was_raised = on_record()
        return (Memory.RAISED if was_raised else Memory.CLEAR), None
    reason = first if memory is Memory.NEW else Reason.RETURNED_IN_ALARM if lost else Reason.EDGE
    if level is Level.RAISED:
        return Memory.RAISED, None if memory is Memory.RAISED else (True, reason)
    if was_raised:
        return Memory.CLEAR, (False, Reason.EDGE)
    if memory is not Memory.CLEAR and on_record():
        return Memory.CLEAR, (False, reason)
    return Memory.CLEAR, None


class AlarmWatch:
    """What one attached trigger knows of its sources."""

    def __init__(
        self,
        hass: HomeAssistant,
        wanted: Wanted,
        gauge: Gauge,
        delivery: Delivery,
        *,
        owner: str | None,
        loop: str | None,
    ) -> None:
        """Begin without any source."""
        self.wanted = wanted
        self.owner = owner
        self.loop = loop
        self._hass = hass
        self._gauge = gauge
        self._delivery = delivery
        self._memory: dict[str, Memory] = {}
        self._order = count()

    @callback
    def take(self, entity_id: str, state: State | None, context: Context) -> None:
        """Take in a changed state."""
        report = self._read(entity_id, state, context, Reason.FOUND_AT_START)
        if report is not None:
            self._delivery.put((report,))

    @callback
    def join(self, entity_ids: Iterable[str], *, attaching: bool) -> None:
        """Look at the present states of entities that are watched from now on."""
        first = Reason.JOINED_TARGET
        if attaching:
            running = self._hass.state is CoreState.running
            first = Reason.ATTACHED if running else Reason.FOUND_AT_START
        reports = []
        for entity_id in entity_ids:
            state = self._hass.states.get(entity_id)
            # Known already: a run that this same rebuild started has changed the entity's state.
            if entity_id not in self._memory and state is not None:
                reports.append(self._read(entity_id, state, state.context, first))
        self._delivery.put(report for report in reports if report is not None)

    @callback
    def leave(self, entity_ids: Iterable[str]) -> None:
        """Forget entities that are no longer watched."""
        for entity_id in entity_ids:
            self._memory.pop(entity_id, None)

    def _read(
        self, entity_id: str, state: State | None, context: Context, first: Reason
    ) -> Report | None:
        level, value = self._gauge.read(state)
        before = self._memory.get(entity_id, Memory.NEW)
        self._memory[entity_id], said = advance(
            before, level, first, lambda: self._on_record(entity_id)
        )
        if said is None:
            return None
        raised, reason = said
        return Report(
            order=next(self._order),
            source=entity_id,
            raised=raised,
            reason=reason,
            value=value,
            context=context,
        )

    def _on_record(self, entity_id: str) -> bool:
        still_raised = self._hass.data.get(DATA_STILL_RAISED)
        return still_raised is not None and still_raised(entity_id)


def _limited(options: ConfigType) -> ConfigType:
    """Check that a limit is given exactly where one is needed.

    Refused with `state` too: a measured value is never "on", such a trigger would be silent for
    good and nobody would know.
    """
    if (options["kind"] is Kind.STATE) is ("limit" in options):
        message = "limit is required for above and below, and only for these"
        raise probatio.Invalid(message, path=["limit"])
    return options


def _finite(value: float) -> float:
    if not math.isfinite(value):
        message = "a number is expected"
        raise probatio.Invalid(message)
    return value


_NUMBER = probatio.All(probatio.Coerce(float), _finite)
_CLASSES: Final = sorted({*BinarySensorDeviceClass, *SensorDeviceClass})
_OPTIONS = {
    probatio.Optional("kind", default=Kind.STATE): probatio.Coerce(Kind),
    probatio.Optional("limit"): _NUMBER,
    probatio.Optional("hysteresis", default=0.0): probatio.All(_NUMBER, probatio.Range(min=0)),
    probatio.Optional("device_class"): probatio.All(cv.ensure_list, [probatio.In(_CLASSES)]),
    probatio.Optional("loop"): probatio.In(sorted(LOOPS)),
}
_SCHEMA = probatio.Schema(
    {
        probatio.Required("target"): cv.TARGET_FIELDS,
        probatio.Optional("options", default={}): probatio.All(_OPTIONS, _limited),
    }
)


class AlarmTrigger(OwnedTrigger):
    """Fires when sources go into alarm or out of it, or are found in alarm."""

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check target and options."""
        checked: ConfigType = _SCHEMA(config)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Read target and options."""
        super().__init__(hass, config)
        options = config.options or {}
        self._wanted = Wanted.of(config.target or {}, options)
        self._gauge = Gauge(
            kind=options["kind"], limit=options.get("limit", 0.0), hysteresis=options["hysteresis"]
        )
        self._loop: str | None = options.get("loop")

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Watch, and report what is in alarm already."""
        delivery = Delivery(self._hass, run_action)
        watch = AlarmWatch(
            self._hass, self._wanted, self._gauge, delivery, owner=self.owner, loop=self._loop
        )
        detach = alarm_index(self._hass).attach(watch)

        @callback
        def remove() -> None:
            detach()
            delivery.close()

        return remove
