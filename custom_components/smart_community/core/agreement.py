"""Thresholds that a community has agreed with its residents: who, what, where, from when.

A record is never changed or taken out: a new one of the same loop, zone and threshold takes the
place of the older from its day on, and one without a value gives the word back to the blueprint.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from .errors import DomainError
from .model import aware
from .rule import Detect


class Threshold(StrEnum):
    """What can be agreed on. Times in seconds, `day` and `night` in dB(A).

    `limit` and `upper_limit` are in the unit that the blueprint's limit is in.
    """

    LIMIT = "limit"
    UPPER_LIMIT = "upper_limit"
    FOR = "for"
    COUNT = "count"
    WITHIN = "within"
    SILENCE = "silence"
    PERIOD = "period"
    DAY = "day"
    NIGHT = "night"


class Hold(StrEnum):
    """Whether an agreement holds in its own place, and if not, why.

    UNUSED: no rule of its loop has such a threshold (any more), or its limit is in another unit.
    AMBIGUOUS: it names no unit, and its loop compares in several.
    """

    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    UNUSED = "unused"
    AMBIGUOUS = "ambiguous"


# A threshold, and of limits the unit: a loop may compare currents and temperatures, each with its
# own limit.
type Term = tuple[Threshold, str]
LIMITS = frozenset((Threshold.LIMIT, Threshold.UPPER_LIMIT))
_LEVELS = frozenset((Threshold.DAY, Threshold.NIGHT))
_UNHEARD_OF = 140  # dB(A): what hurts is no limit
_TIMES = frozenset((Threshold.FOR, Threshold.WITHIN, Threshold.SILENCE, Threshold.PERIOD))


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """One agreement. `zone` "" is the whole community; `value` None ends an earlier one.

    `unit`: of a limit, the unit in which its loop compares; "" where it compares without one.
    """

    id: str
    loop: str
    threshold: Threshold
    value: float | None
    agreed_by: str
    valid_from: datetime
    recorded_at: datetime
    recorded_by: str = ""
    zone: str = ""
    zone_name: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody could agree on."""
        aware(self.valid_from, "valid_from")
        if not self.agreed_by.strip():
            raise DomainError("agreement_by_nobody")
        if self.unit and self.threshold not in LIMITS:
            raise DomainError(
                "agreement_unit",
                loop=self.loop,
                threshold=self.threshold,
                unit=self.unit,
                known="-",
            )
        if self.value is None or self.threshold in LIMITS:
            return
        whole = self.threshold is not Threshold.COUNT or self.value == int(self.value)
        loud = self.threshold in _LEVELS and self.value >= _UNHEARD_OF
        if self.value <= 0 or not whole or loud:
            raise DomainError("agreement_value", threshold=self.threshold, value=str(self.value))

    @property
    def term(self) -> Term:
        """What it is about: a later one about the same takes its place."""
        return self.threshold, self.unit

    @property
    def measure(self) -> str:
        """The unit that its value is in."""
        if self.threshold in _TIMES:
            return "s"
        return "dB(A)" if self.threshold in _LEVELS else self.unit


def unit_of(loop: str, threshold: Threshold, unit: str | None, terms: Collection[Term]) -> str:
    """Return the unit that a limit is agreed in. `terms`: what the loop compares with at present.

    Raises DomainError: `agreement_no_limit` if it compares with none, `agreement_ambiguous` if
    with several and no unit is named, `agreement_unit` if with none in the unit that is named.
    """
    if threshold not in LIMITS:
        return unit or ""
    units = sorted(one for kind, one in terms if kind is threshold)
    known = ", ".join(units)
    if not units:
        raise DomainError("agreement_no_limit", loop=loop, threshold=threshold)
    if unit is None and len(units) > 1:
        raise DomainError("agreement_ambiguous", loop=loop, threshold=threshold, known=known)
    if unit is not None and unit not in units:
        raise DomainError(
            "agreement_unit", loop=loop, threshold=threshold, unit=unit, known=known or "-"
        )
    return units[0] if unit is None else unit


def with_units(
    agreements: Iterable[Agreement], terms: Callable[[str], Collection[Term]]
) -> list[Agreement]:
    """Return agreements with their units; what was recorded before limits had one gets its loop's.

    `terms`: what a loop compares with at present, asked for only where a unit is missing. Where it
    compares in several units nobody can say which was meant: that one stays as it is.
    """
    return [
        one if one.unit or one.threshold not in LIMITS else replace(one, unit=_sole(one, terms))
        for one in agreements
    ]


def _sole(one: Agreement, terms: Callable[[str], Collection[Term]]) -> str:
    units = {unit for kind, unit in terms(one.loop) if kind is one.threshold}
    return units.pop() if len(units) == 1 else ""


def ruled(detect: Detect) -> frozenset[Term]:
    """Return the thresholds that a rule has, apart from limits."""
    has = {
        Threshold.FOR: detect.dwell,
        Threshold.SILENCE: detect.silence,
        Threshold.COUNT: detect.count,
        Threshold.WITHIN: detect.within,
        **dict.fromkeys((Threshold.PERIOD, Threshold.DAY, Threshold.NIGHT), detect.noise),
    }
    return frozenset((threshold, "") for threshold, value in has.items() if value is not None)


def in_force(
    agreements: Iterable[Agreement], loop: str, places: frozenset[str], now: datetime
) -> Mapping[Term, Agreement]:
    """Return what holds for a loop in a place now: the zone's own before the community's.

    `places`: the zone and the greater ones that it lies in. Of several in force the latest holds.
    """
    said = _said_last(agreements, loop, places, now)
    return {term: one for term, one in said.items() if one.value is not None}


def hold(
    one: Agreement,
    agreements: Iterable[Agreement],
    places: frozenset[str],
    now: datetime,
    terms: Collection[Term] | None = None,
) -> Hold:
    """Say whether an agreement holds now; one that ends an earlier holds until a newer is made.

    `places`: its zone and the greater ones that it lies in. `terms`: what its loop compares with
    and is ruled by at present; None if that is not known.
    """
    if one.valid_from > now:
        return Hold.UPCOMING
    if _said_last(agreements, one.loop, places, now)[one.term].id != one.id:
        return Hold.SUPERSEDED
    if terms is None or one.term in terms or one.value is None:
        return Hold.IN_FORCE
    known = any(kind is one.threshold for kind, _unit in terms)
    return Hold.AMBIGUOUS if known and not one.unit else Hold.UNUSED


def _said_last(
    agreements: Iterable[Agreement], loop: str, places: frozenset[str], now: datetime
) -> Mapping[Term, Agreement]:
    mine = [
        one
        for one in agreements
        if one.loop == loop and one.valid_from <= now and (not one.zone or one.zone in places)
    ]
    # Later ones overwrite: first the community's by age, then the zone's by age.
    mine.sort(key=lambda one: (bool(one.zone), one.valid_from, one.recorded_at))
    return {one.term: one for one in mine}


def agreed(detect: Detect, held: Mapping[Term, Agreement]) -> Detect:
    """Put what was agreed in place of what a blueprint's rule says; it gets no other rule by it."""
    said = {
        threshold: _value(threshold, one.value)
        for (threshold, _unit), one in held.items()
        if one.value is not None
    }
    if detect.dwell is not None and Threshold.FOR in said:
        detect = replace(detect, dwell=said[Threshold.FOR])
    if detect.silence is not None and Threshold.SILENCE in said:
        detect = replace(detect, silence=said[Threshold.SILENCE])
    if detect.count is not None:
        detect = replace(
            detect,
            count=said.get(Threshold.COUNT, detect.count),
            within=said.get(Threshold.WITHIN, detect.within),
        )
    if detect.noise is not None:
        noise = detect.noise
        detect = replace(
            detect,
            noise=replace(
                noise,
                period=said.get(Threshold.PERIOD, noise.period),
                day=said.get(Threshold.DAY, noise.day),
                night=said.get(Threshold.NIGHT, noise.night),
            ),
        )
    return detect


def _value(threshold: Threshold, value: float) -> Any:
    if threshold in _TIMES:
        return timedelta(seconds=value)
    return int(value) if threshold is Threshold.COUNT else value
