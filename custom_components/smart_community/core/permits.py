"""One table decides who may do what. Actions, phone taps, to-do lists and dashboards all ask it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

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
    REMOVED = "removed"


class Deed(StrEnum):
    """What is asked for."""

    READ = "read"
    SIGNAL = "signal"
    OPEN = "open"
    ACKNOWLEDGE = "acknowledge"
    HANDLE = "handle"
    CLOSE = "close"
    ESCALATE = "escalate"
    ASSIGN = "assign"
    COMMENT = "comment"
    DRILL = "drill"
    TEST = "test"
    DIRECTORY = "directory"
    OPERATE = "operate"
    REPORT = "report"
    ADD_EVIDENCE = "add_evidence"
    AGREE = "agree"
    LOCK_CODES = "lock_codes"
    STATISTICS = "statistics"
    SWAP_DUTY = "swap_duty"
    SWITCH_LOOP = "switch_loop"
    CONFIGURE = "configure"


class Permit(StrEnum):
    """The answer."""

    ALLOWED = "allowed"
    NEEDS_REASON = "needs_reason"
    DENIED = "denied"


# One letter a deed, in the order of Deed: y(es), w(hy: needs a reason), n(o).
_LETTERS = {"y": Permit.ALLOWED, "w": Permit.NEEDS_REASON, "n": Permit.DENIED}
#   read signal open | acknowledge handle close escalate | assign comment
#   | drill test directory | operate (valves, fans, gates, locks: what stands on the site)
#   | report add_evidence | agree (a threshold, with the residents)
#   | lock_codes (who can open a home's door: an automation answers for nobody)
#   | statistics (a department's are those of its own loops) swap_duty | switch_loop
#   | configure (let devices join, remove them, import points: how a network or a bus is set up)
_ROWS: Mapping[Role, str] = {
    Role.PROPERTY: "yyy yyyy yy yyn y yy n y yy y n",
    Role.COMMITTEE: "yyy yyyy yy yyn y yy y n yy y n",
    Role.DEPARTMENT: "yny yyyy yy nnn y yy n n yn n n",
    Role.TOWNSHIP: "yny yyyy yy yyn n yy y n yy n n",
    Role.ADMINISTRATOR: "yyy wwwy yy yyy y yy y y yy y y",
    # An automation has seen nothing: that it "acknowledges" would be a pretence that stops people.
    # Nor does it need anybody's telephone number.
    Role.AUTOMATION: "yyy nwwy yy yyn y yy n n yy y y",
    Role.OUTSIDER: "nnn nnnn nn nnn n nn n n nn n n",
    # Whoever left may still hold a phone that is logged in.
    Role.REMOVED: "nnn nnnn nn nnn n nn n n nn n n",
}
TABLE: Mapping[tuple[Role, Deed], Permit] = {
    (role, deed): _LETTERS[letter]
    for role, row in _ROWS.items()
    for deed, letter in zip(Deed, row.replace(" ", ""), strict=True)
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
        responder.sees(incident.loop, incident.zone) or responder.key in incident.told
    )
    return answer if own else Permit.DENIED


class Standing(NamedTuple):
    """In whose name a user acts in one community; who belongs to several responders has several."""

    actor: Actor
    role: Role
    responder: Responder | None


_BEST_FIRST = (Permit.ALLOWED, Permit.NEEDS_REASON, Permit.DENIED)


def best(
    standings: Iterable[Standing], deed: Deed, incident: Incident | None = None
) -> tuple[Standing, Permit]:
    """Choose in whose name to act: the most that is allowed, then whoever was told of it."""
    told = incident.told if incident is not None else ()

    def rank(choice: tuple[Standing, Permit]) -> tuple[int, bool]:
        standing, answer = choice
        return _BEST_FIRST.index(answer), standing.actor.responder not in told

    return min(
        ((one, permit(one.role, deed, incident, one.responder)) for one in standings), key=rank
    )


def may_read(standings: Iterable[Standing], incident: Incident | None = None) -> bool:
    """Whether an incident may be shown to somebody: lists and subscriptions filter by this.

    Without an incident: whether they have any part in the community at all.
    """
    return best(standings, Deed.READ, incident)[1] is not Permit.DENIED


def concerned(standings: Iterable[Standing], loop: str) -> bool:
    """Whether figures and agreements of a loop are somebody's business: a department has its own.

    Asked only for somebody who may read at all.
    """
    return any(
        one.role is not Role.DEPARTMENT or (one.responder is not None and one.responder.sees(loop))
        for one in standings
    )


def role_of(actor: Actor, *, administrator: bool) -> Role:
    """Role of an active user's actor: a responder's tier, or what a user is without one."""
    if actor.tier is not None:
        return _ROLE_OF_TIER[actor.tier]
    if actor.user_id is None:
        return Role.AUTOMATION
    return Role.ADMINISTRATOR if administrator else Role.OUTSIDER
