"""What is asked of the engine, and its answer."""

from dataclasses import dataclass

from ..core.detection import Signal
from ..core.model import Incident, Policy, Verdict
from ..core.plan import Active
from ..core.rule import Detect


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalRequest:
    """What a loop's automation says: who raised or cleared, and what to do about it.

    `active`: the hours that its blueprint names; a plan of the community goes before them.
    `summary`: what a person said, for the incident that opens. `apart`: it never joins a storm.
    """

    loop: str
    zone: str
    zone_name: str
    signals: tuple[Signal, ...]
    detect: Detect
    policy: Policy
    active: Active | None = None
    summary: str = ""
    apart: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRequest:
    """A person or an automation opens an incident directly."""

    loop: str
    zone: str
    zone_name: str
    policy: Policy
    sources: tuple[Signal, ...] = ()
    summary: str = ""
    drill: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The reason in one word, and the incident it is about."""

    verdict: Verdict
    incident: Incident | None = None
