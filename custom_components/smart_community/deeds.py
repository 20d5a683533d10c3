"""What a person does to an incident, checked where it comes in: action, tap or ticked-off task.

Behind an automation the acting user is gone, so nothing deeper asks again.
"""

from homeassistant.core import Context
from homeassistant.util import dt as dt_util

from .core.errors import DomainError
from .core.events import Acknowledge, Close, Entry, Escalate, Event, Handle
from .core.model import Actor, Disposition, Incident, Responder, Status
from .core.permits import Deed, Permit, Role, permit
from .engine.engine import Engine
from .engine.requests import Result
from .errors import REFUSALS, refusal, translated
from .people import People


class Deeds:
    """Permission, deed, answer: the same for every way in."""

    def __init__(self, engine: Engine, people: People) -> None:
        """Take the engine that acts and the people that may."""
        self._engine = engine
        self._people = people

    async def acknowledge(self, incident: Incident, context: Context, reason: str = "") -> Result:
        """Take the incident on."""
        who = await self._people.actor(context, incident)
        return await self._do(Deed.ACKNOWLEDGE, incident, who, Acknowledge(actor=who[0]), reason)

    async def handle(
        self, incident: Incident, context: Context, note: str = "", photo: str = ""
    ) -> Result:
        """Report the incident handled."""
        who = await self._people.actor(context, incident)
        event = Handle(actor=who[0], note=note, photo=photo)
        return await self._do(Deed.HANDLE, incident, who, event, note)

    async def close(
        self, incident: Incident, context: Context, disposition: Disposition, note: str = ""
    ) -> Result:
        """End the incident."""
        who = await self._people.actor(context, incident)
        event = Close(actor=who[0], disposition=disposition, note=note)
        return await self._do(Deed.CLOSE, incident, who, event, note)

    async def escalate(self, incident: Incident, context: Context) -> Result:
        """Call the next step now."""
        who = await self._people.actor(context, incident)
        return await self._do(Deed.ESCALATE, incident, who, Escalate(actor=who[0]), "")

    async def as_responder(
        self, deed: Deed, incident: Incident, actor: Actor, responder: Responder, event: Event
    ) -> Result:
        """Do what a pressed button says, in the name of the responder it was sent to."""
        role = Role(responder.tier.value)
        return await self._do(deed, incident, (actor, role, responder), event, "")

    async def refuse(self, incident: Incident, actor: Actor | None, reason: str) -> None:
        """Put a refusal on the incident's timeline."""
        entry = Entry(kind="refused", at=dt_util.utcnow(), actor=actor, data={"reason": reason})
        await self._engine.refuse(incident.id, entry)

    async def _carried_on(self, incident: Incident) -> Incident:
        """Follow a lesser incident to the one that took it over.

        Whoever presses a button in the moment of the promotion means the fire, not its first name.
        """
        while incident.status is Status.SUPERSEDED and incident.parent is not None:
            greater = await self._engine.find(incident.parent)
            if greater is None:
                break
            incident = greater
        return incident

    async def _do(
        self,
        deed: Deed,
        incident: Incident,
        who: tuple[Actor, Role, Responder | None],
        event: Event,
        reason: str,
    ) -> Result:
        actor, role, responder = who
        incident = await self._carried_on(incident)
        answer = permit(role, deed, incident, responder)
        if answer is Permit.DENIED:
            await self.refuse(incident, actor, f"{role}: {deed}")
            raise refusal(f"not_permitted_{role}", number=incident.number)
        if answer is Permit.NEEDS_REASON and not reason.strip():
            raise refusal("needs_reason", number=incident.number)
        try:
            result = await self._engine.act(incident.id, event)
        except DomainError as err:
            raise translated(err) from err
        if (key := REFUSALS.get(result.verdict)) is not None:
            raise refusal(key, number=incident.number, incident=incident.number)
        return result
