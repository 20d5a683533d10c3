"""The rule by which a loop believes, as its blueprint says it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from .errors import DomainError
from .noise import Noise


class Distinct(StrEnum):
    """What `count` counts: sources, values, or each raise of any of them (wrong codes)."""

    SOURCE = "source"
    VALUE = "value"
    EVENT = "event"


@dataclass(frozen=True, kw_only=True, slots=True)
class Detect:
    """At once (nothing set); raised for `dwell`; `count` distinct; `silence` of all; `noise`.

    `allowed`: a value that is none of these is an alarm, one of these ends it (a wrong kind of
    vehicle in a bay). Goes with `dwell` or alone.
    """

    dwell: timedelta | None = None
    count: int | None = None
    distinct: Distinct = Distinct.SOURCE
    within: timedelta | None = None
    silence: timedelta | None = None
    noise: Noise | None = None
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two rules at once and numbers that could never be met."""
        rules = (self.dwell, self.count, self.silence, self.noise)
        if sum(rule is not None for rule in rules) > 1:
            raise DomainError("detect_one_rule")
        if self.allowed and (self.count, self.silence, self.noise) != (None, None, None):
            raise DomainError("detect_one_rule")
        if (self.count is None) != (self.within is None):
            raise DomainError("detect_count_within")
        if self.count is not None and self.count < 1:
            raise DomainError("detect_count")
        for span in (self.dwell, self.within, self.silence):
            if span is not None and span <= timedelta(0):
                raise DomainError("detect_duration")
