"""What a person is offered to do with an incident now: the buttons of the dashboard.

A button that would be refused is not shown; one that needs a reason says so beforehand.
"""

from collections.abc import Collection, Mapping
from typing import Final

from .model import Incident, Status
from .permits import Deed, Permit, Standing, best

# In the order in which they are shown: the one that helps most first.
_DEEDS_OF: Final[Mapping[Status, tuple[Deed, ...]]] = {
    Status.OPEN: (
        Deed.ACKNOWLEDGE,
        Deed.HANDLE,
        Deed.ESCALATE,
        Deed.CLOSE,
        Deed.ASSIGN,
        Deed.COMMENT,
    ),
    # A second tier may take it on as well: a step can wait for that tier's own word.
    Status.ACKNOWLEDGED: (
        Deed.HANDLE,
        Deed.ACKNOWLEDGE,
        Deed.ESCALATE,
        Deed.CLOSE,
        Deed.ASSIGN,
        Deed.COMMENT,
    ),
    Status.HANDLED: (Deed.CLOSE, Deed.ESCALATE, Deed.COMMENT),
}


def offered(incident: Incident, standings: Collection[Standing]) -> dict[Deed, Permit]:
    """Return the deeds that this incident's state and the table allow, in the order to show."""
    answers: dict[Deed, Permit] = {}
    for deed in _DEEDS_OF.get(incident.status, ()):
        standing, answer = best(standings, deed, incident)
        if answer is Permit.DENIED or (deed is Deed.ACKNOWLEDGE and _taken_on(incident, standing)):
            continue
        answers[deed] = answer
    return answers


def _taken_on(incident: Incident, standing: Standing) -> bool:
    own = (standing.actor.responder, standing.actor.tier)
    return any((done.responder, done.tier) == own for done in incident.acknowledgements)
