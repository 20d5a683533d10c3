"""The trigger `smart_community.alarm`: no alarm is missed, none is told twice."""

import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final, override

import probatio
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.event import EventDeviceClass
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    CoreState,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.trigger import (
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .alarm_delivery import Delivery, Report
from .alarm_faults import Faults
from .alarm_index import Wanted, alarm_index
from .alarm_kinds import Kind, Reader, Said
from .alarm_moments import ActivityReader, MomentReader, SoundReader, ValueReader, statistic
from .alarm_reading import FaultGauge, LevelReader, LimitGauge, StateGauge
from .const import DATA_AGREED_LIMIT, DATA_AT_WORK, DATA_STILL_RAISED
from .core.agreement import Term, Threshold
from .core.edge import Reason
from .core.errors import DomainError
from .core.limit import Limit
from .core.plan import Active, Season
from .loops import LOOPS
from .phones import shows_phone
from .plan_words import active_of
from .services_detect import ACTIVE, sensible
from .trigger_owned import OwnedTrigger


class AlarmWatch:
    """What one attached trigger knows of its sources."""

    def __init__(
        self,
        hass: HomeAssistant,
        wanted: Wanted,
        reader: Reader,
        delivery: Delivery,
        *,
        owner: str | None,
        loop: str | None,
        active: Active | None,
        terms: frozenset[Term] = frozenset(),
        faults: Faults | None = None,
    ) -> None:
        """Begin without any source. `faults`: what puts the faults of many entities together."""
        self.wanted = wanted
        self.owner = owner
        self.loop = loop
        self.active = active
        self.terms = terms
        self._hass = hass
        self._reader = reader
        self._delivery = delivery
        self._faults = faults
        self._sources: set[str] = set()
        self._order = count()

    @callback
    def take(self, entity_id: str, state: State | None, context: Context) -> None:
        """Take in a changed state."""
        self._sources.add(entity_id)
        said = self._read(entity_id, state, Reason.FOUND_AT_START)
        if said is not None:
            self._tell([(entity_id, said, context)])

    @callback
    def join(self, entity_ids: Iterable[str], *, attaching: bool) -> None:
        """Look at the present states of entities that are watched from now on."""
        first = Reason.JOINED_TARGET
        if attaching:
            running = self._hass.state is CoreState.running
            first = Reason.ATTACHED if running else Reason.FOUND_AT_START
        entity_ids = list(entity_ids)
        if self._faults is not None:
            self._faults.watch(entity_ids)
        told = []
        for entity_id in entity_ids:
            state = self._hass.states.get(entity_id)
            # Known already: a run that this same rebuild started has changed the entity's state.
            if entity_id in self._sources or state is None:
                continue
            self._sources.add(entity_id)
            said = self._read(entity_id, state, first)
            if said is not None:
                told.append((entity_id, said, state.context))
        self._tell(told)

    @callback
    def leave(self, entity_ids: Iterable[str]) -> None:
        """Forget entities that are no longer watched."""
        for entity_id in entity_ids:
            self._sources.discard(entity_id)
            self._reader.forget(entity_id)
            if self._faults is not None:
                self._faults.forget(entity_id)

    @callback
    def look_again(self, _now: datetime) -> None:
        """Read anew what stands there: a season may have begun or ended since."""
        for entity_id in tuple(self._sources):
            state = self._hass.states.get(entity_id)
            if state is not None:
                self.take(entity_id, state, Context())

    @callback
    def listen(self, reader: SoundReader, _now: datetime) -> None:
        """Report what was heard since the last time, while the loop wants to hear it.

        Outside its hours a meter costs nothing, unless an incident waits for it to fall quiet.
        """
        self._delivery.put(
            [
                self._report(one, said, Context())
                for one, averaged in reader.heard().items()
                if (said := statistic(self._hass, one, averaged)) is not None
                and (self._at_work(one) or self._on_record(one))
            ]
        )

    def _tell(self, told: list[tuple[str, Said, Context]]) -> None:
        """Hand on what was read, faults of many entities put together."""
        if self._faults is not None and told:
            context = told[0][2]
            folded = self._faults.fold((entity_id, said) for entity_id, said, _ in told)
            told = [(source, said, context) for source, said in folded]
        self._delivery.put([self._report(*one) for one in told])

    def _read(self, entity_id: str, state: State | None, first: Reason) -> Said | None:
        return self._reader.read(entity_id, state, first, lambda: self._on_record(entity_id))

    def _report(self, entity_id: str, said: Said, context: Context) -> Report:
        return Report(
            order=next(self._order),
            source=entity_id,
            raised=said.raised,
            reason=said.reason,
            value=said.value,
            context=context,
            apart=said.apart,
            more=(("peak", f"{said.peak:g}"),) if said.peak is not None else (),
        )

    def _at_work(self, entity_id: str) -> bool:
        at_work = self._hass.data.get(DATA_AT_WORK)
        return self.loop is None or at_work is None or at_work(self.loop, entity_id, self.active)

    def _on_record(self, entity_id: str) -> bool:
        still_raised = self._hass.data.get(DATA_STILL_RAISED)
        return still_raised is not None and still_raised(entity_id, self.loop)


# Which options make sense with which kind. Any other is refused: it would be silent for good, and
# nobody would know.
_BELONGS: Final = {
    "limit": {Kind.ABOVE, Kind.BELOW, Kind.OUTSIDE},
    "upper_limit": {Kind.OUTSIDE},
    "unit": {Kind.ABOVE, Kind.BELOW, Kind.OUTSIDE},
    "season_limit": {Kind.ABOVE, Kind.BELOW},
    "states": {Kind.STATE},
    "events": {Kind.EVENT},
    "every": {Kind.SOUND, Kind.ACTIVITY},
    "battery_below": {Kind.FAULT},
    "phones": {Kind.FAULT},
    "community": {Kind.FAULT},
}
_SEASON: Final = ("season_limit", "season_begins", "season_ends")


def _consistent(options: ConfigType) -> ConfigType:
    """Check that each option goes with the kind, and that what it needs is there."""
    kind = options["kind"]
    for option, kinds in _BELONGS.items():
        if option in options and kind not in kinds:
            message = f"{option} does not go with kind {kind}"
            raise probatio.Invalid(message, path=[option])
    for option in ("limit", "upper_limit"):
        if kind in _BELONGS[option] and option not in options:
            message = f"{option} is required for {kind}"
            raise probatio.Invalid(message, path=[option])
    if options.get("upper_limit", math.inf) <= options.get("limit", -math.inf):
        message = "upper_limit must be above limit"
        raise probatio.Invalid(message, path=["upper_limit"])
    if len({option in options for option in _SEASON}) > 1:
        message = f"{', '.join(_SEASON)} go together"
        raise probatio.Invalid(message, path=["season_limit"])
    return options


def _finite(value: float) -> float:
    if not math.isfinite(value):
        message = "a number is expected"
        raise probatio.Invalid(message)
    return value


def _month_day(value: Any) -> str:
    """Read a day of every year, MM-DD; 29 February is one."""
    day = str(value)
    try:
        Season(begins=day, ends=day)
    except DomainError as err:
        message = "a day of the year is expected, as MM-DD"
        raise probatio.Invalid(message) from err
    return day


def _hours(options: ConfigType) -> Active | None:
    return active_of(options["active"]) if "active" in options else None


_NUMBER = probatio.All(probatio.Coerce(float), _finite)
_WORDS = probatio.All(cv.ensure_list, [cv.string])
_CLASSES: Final = sorted({*BinarySensorDeviceClass, *SensorDeviceClass, *EventDeviceClass})
_OPTIONS = {
    probatio.Optional("kind", default=Kind.STATE): probatio.Coerce(Kind),
    probatio.Optional("states"): _WORDS,
    probatio.Optional("limit"): _NUMBER,
    probatio.Optional("hysteresis", default=0.0): probatio.All(_NUMBER, probatio.Range(min=0)),
    probatio.Optional("upper_limit"): _NUMBER,
    probatio.Optional("unit"): cv.string,
    probatio.Optional("season_limit"): _NUMBER,
    probatio.Optional("season_begins"): _month_day,
    probatio.Optional("season_ends"): _month_day,
    probatio.Optional("events"): _WORDS,
    probatio.Optional("every"): cv.positive_time_period,
    probatio.Optional("battery_below"): _NUMBER,
    probatio.Optional("phones"): cv.boolean,
    probatio.Optional("community"): cv.string,
    probatio.Optional("device_class"): probatio.All(cv.ensure_list, [probatio.In(_CLASSES)]),
    probatio.Optional("loop"): probatio.In(sorted(LOOPS)),
    probatio.Optional("active"): probatio.All(ACTIVE, sensible),
}
_SCHEMA = probatio.Schema(
    {
        probatio.Required("target"): cv.TARGET_FIELDS,
        probatio.Optional("options", default={}): probatio.All(_OPTIONS, _consistent),
    }
)
# Ten seconds of sound are as good as one for an average over minutes, and a tenth of the writing.
_SOUND_EVERY: Final = timedelta(seconds=10)
_LIFE_EVERY: Final = timedelta(minutes=1)
_BATTERY_BELOW: Final = 20.0
# A level that stands still brings no reading on the season's first day. Looked at now and then, not
# at midnight: a clock that is set, or a restart through midnight, passes no edge over, and a look
# that finds the same is silent. The price: the season begins up to ten minutes late for it.
_SEASON_LOOK: Final = timedelta(minutes=10)


def _terms(options: ConfigType) -> frozenset[Term]:
    """Return the limits that options name, as agreements name them."""
    unit = options.get("unit", "")
    named = {"limit": Threshold.LIMIT, "upper_limit": Threshold.UPPER_LIMIT}
    return frozenset((term, unit) for option, term in named.items() if option in options)


def _limit_gauge(hass: HomeAssistant, options: ConfigType, loop: str | None) -> LimitGauge:
    def agreed(entity_id: str, threshold: Threshold) -> float | None:
        ask = hass.data.get(DATA_AGREED_LIMIT)
        if loop is None or ask is None:
            return None
        return ask(loop, entity_id, (threshold, options.get("unit", "")))

    season = None
    if "season_limit" in options:
        season = Season(begins=options["season_begins"], ends=options["season_ends"])
    limit = Limit(
        above=options["kind"] is Kind.ABOVE,
        limit=options["limit"],
        hysteresis=options["hysteresis"],
        upper=options.get("upper_limit"),
        season=season,
        season_limit=options.get("season_limit", 0.0),
    )
    return LimitGauge(limit=limit, unit=options.get("unit"), agreed=agreed)


_READERS: Final[dict[Kind, Callable[[ConfigType], Reader]]] = {
    Kind.STATE: lambda options: LevelReader(
        StateGauge(states=frozenset(options.get("states", ("on",))))
    ),
    Kind.EVENT: lambda options: MomentReader(frozenset(options.get("events", ()))),
    Kind.VALUE: lambda _options: ValueReader(),
    Kind.SOUND: lambda options: SoundReader(options.get("every", _SOUND_EVERY)),
    Kind.ACTIVITY: lambda options: ActivityReader(options.get("every", _LIFE_EVERY)),
}


def _reader(hass: HomeAssistant, options: ConfigType, loop: str | None) -> Reader:
    kind = options["kind"]
    if kind in _BELONGS["limit"]:
        return LevelReader(_limit_gauge(hass, options, loop))
    if kind is Kind.FAULT:
        below = options.get("battery_below", _BATTERY_BELOW)
        return LevelReader(FaultGauge(battery_below=below, phone=partial(shows_phone, hass)))
    return _READERS[kind](options)


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
        self._options: ConfigType = config.options or {}
        self._wanted = Wanted.of(config.target or {}, self._options)

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Watch, and report what is in alarm already."""
        delivery = Delivery(self._hass, run_action)
        loop = self._options.get("loop") or self.loop
        reader = _reader(self._hass, self._options, loop)
        watch = AlarmWatch(
            self._hass,
            self._wanted,
            reader,
            delivery,
            owner=self.owner,
            loop=loop,
            active=_hours(self._options),
            terms=_terms(self._options),
            faults=Faults(self._hass) if self._options["kind"] is Kind.FAULT else None,
        )
        undo = [alarm_index(self._hass).attach(watch)]
        if isinstance(reader, SoundReader):
            listen = partial(watch.listen, reader)
            undo.append(
                async_track_time_interval(self._hass, listen, reader.every, cancel_on_shutdown=True)
            )

        if "season_limit" in self._options:
            undo.append(
                async_track_time_interval(
                    self._hass, watch.look_again, _SEASON_LOOK, cancel_on_shutdown=True
                )
            )

        @callback
        def remove() -> None:
            for one in undo:
                one()
            delivery.close()

        return remove
