"""What belongs together: lesser incidents with the greater, one emergency with another."""

from collections.abc import Iterable

from ..core.events import Joined
from ..core.model import Incident, Policy
from .runner import Work


def one_emergency(work: Work, incident: Incident) -> Incident:
    """Tie an incident to those in its place that are one emergency with it."""
    for other in list(work.incidents.values()):
        if other.status.active and other.id not in incident.joint and _joint(work, incident, other):
            work.step(other, _joined(incident))
            work.step(work.incidents[incident.id], _joined(other))
    return work.incidents[incident.id]


def _joint(work: Work, one: Incident, other: Incident) -> bool:
    """Whether two incidents in one place are one emergency, whichever of the two loops says so.

    A room is in the same place as its floor: gas is counted by room and a fire by floor.
    """
    said = other.loop in one.policy.joint or one.loop in other.policy.joint
    return (
        said
        and one.id != other.id
        and (
            one.zone in _places(work, other)
            or other.zone in _places(work, one)
            or same_place(one, other.zone, other.sources)
        )
    )


def _places(work: Work, incident: Incident) -> frozenset[str]:
    """Return where an incident is, the greater places included; of a storm, wherever one is."""
    if not incident.storm:
        return work.places(incident.zone)
    return frozenset().union(*(work.places(f"source:{key}") for key in incident.sources))


def _joined(other: Incident) -> Joined:
    return Joined(incident=other.id, number=other.number, loop=other.loop)


def same_place(incident: Incident, zone: str, sources: Iterable[str]) -> bool:
    """One place: the same zone, or a detector in common (a floor's incident, an area's alarm)."""
    return incident.zone == zone or not incident.sources.keys().isdisjoint(sources)


def lesser(work: Work, policy: Policy, zone: str, sources: Iterable[str]) -> tuple[Incident, ...]:
    """Return what a greater incident in a place takes over; a storm is about other places too."""
    return tuple(
        incident
        for incident in work.incidents.values()
        if incident.status.active
        and incident.loop in policy.takes_over
        and not incident.storm
        and same_place(incident, zone, sources)
    )
