"""One table decides who may do what. Actions, phone taps, to-do lists and dashboards all ask it."""

from collections.abc import Mapping
from enum import StrEnum

from .model import Actor, Incident, Responder, Tier


class Role(StrEnum):
    """In whose name somebody acts. Administrators configure; they do not silently handle."""

    PROPERTY = "property"
    COMMITTEE = "committee"
    DEPARTMENT = "department"
    TOWNSHIP = "township"
    ADMINISTRATOR = "administrator"
    AUTOMATION = "automation"
    OUTSIDER = "outsider"


class Deed(StrEnum):
    """What is asked for."""

    READ = "read"
    SIGNAL = "signal"
    OPEN = "open"
    ACKNOWLEDGE = "acknowledge"
    HANDLE = "handle"
    CLOSE = "close"
    ESCALATE = "escalate"


class Permit(StrEnum):
    """The answer."""

    ALLOWED = "allowed"
    NEEDS_REASON = "needs_reason"
    DENIED = "denied"


_YES, _WHY, _NO = Permit.ALLOWED, Permit.NEEDS_REASON, Permit.DENIED

#                     read  signal open  acknowledge handle close escalate
_ROWS: Mapping[Role, tuple[Permit, ...]] = {
    Role.PROPERTY: (_YES, _YES, _YES, _YES, _YES, _YES, _YES),
    Role.COMMITTEE: (_YES, _YES, _YES, _YES, _YES, _YES, _YES),
    Role.DEPARTMENT: (_YES, _NO, _YES, _YES, _YES, _YES, _YES),
    Role.TOWNSHIP: (_YES, _NO, _YES, _YES, _YES, _YES, _YES),
    Role.ADMINISTRATOR: (_YES, _YES, _YES, _WHY, _WHY, _WHY, _YES),
    # An automation has seen nothing: that it "acknowledges" would be a pretence that stops people.
    Role.AUTOMATION: (_YES, _YES, _YES, _NO, _WHY, _WHY, _YES),
    Role.OUTSIDER: (_NO, _NO, _NO, _NO, _NO, _NO, _NO),
}
TABLE: Mapping[tuple[Role, Deed], Permit] = {
    (role, deed): permit
    for role, row in _ROWS.items()
    for deed, permit in zip(Deed, row, strict=True)
}

_ROLE_OF_TIER = {tier: Role(tier.value) for tier in Tier}


def permit(
    role: Role, deed: Deed, incident: Incident | None = None, responder: Responder | None = None
) -> Permit:
    """Look the deed up. A department has a say only in its own loops and in what it was told of."""
    answer = TABLE[role, deed]
    if incident is None or role is not Role.DEPARTMENT:
        return answer
    own = responder is not None and (
        responder.sees(incident.loop) or responder.key in incident.told
    )
    return answer if own else Permit.DENIED


def role_of(actor: Actor, *, administrator: bool) -> Role:
    """Role of an actor: the responder's tier before the right to configure."""
    if actor.tier is not None:
        return _ROLE_OF_TIER[actor.tier]
    if actor.user_id is None:
        return Role.AUTOMATION
    return Role.ADMINISTRATOR if administrator else Role.OUTSIDER
