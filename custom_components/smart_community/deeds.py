"""What a person does to an incident, checked where it comes in: action, tap or ticked-off task.

Behind an automation the acting user is gone, so nothing deeper asks again.
"""

from collections.abc import Callable
from typing import Final, NoReturn

from homeassistant.core import Context
from homeassistant.util import dt as dt_util

from .core.errors import DomainError
from .core.events import Acknowledge, Assign, Close, Comment, Entry, Escalate, Event, Handle
from .core.model import Actor, Disposition, Incident, Status
from .core.permits import Deed, Permit, Standing, best
from .engine.engine import Engine
from .engine.requests import Result
from .errors import REFUSALS, refusal, translated
from .people import People

# Where stands what is about no incident: the community's own timeline.
COMMUNITY_LOG: Final = "community"
REFUSED: Final = "refused"
PERMITTED: Final = "permitted"


class Deeds:
    """Permission, deed, answer: the same for every way in. What is refused leaves a row."""

    def __init__(self, engine: Engine, people: People) -> None:
        """Take the engine that acts and the people that may."""
        self._engine = engine
        self._people = people

    async def acknowledge(self, incident: Incident, context: Context, reason: str = "") -> Result:
        """Take the incident on."""
        return await self._by(
            Deed.ACKNOWLEDGE, incident, context, lambda actor: Acknowledge(actor=actor), reason
        )

    async def handle(
        self, incident: Incident, context: Context, note: str = "", photo: str = ""
    ) -> Result:
        """Report the incident handled."""
        return await self._by(
            Deed.HANDLE,
            incident,
            context,
            lambda actor: Handle(actor=actor, note=note, photo=photo),
            note,
        )

    async def close(
        self, incident: Incident, context: Context, disposition: Disposition, note: str = ""
    ) -> Result:
        """End the incident."""
        return await self._by(
            Deed.CLOSE,
            incident,
            context,
            lambda actor: Close(actor=actor, disposition=disposition, note=note),
            note,
        )

    async def escalate(self, incident: Incident, context: Context) -> Result:
        """Call the next step now."""
        return await self._by(Deed.ESCALATE, incident, context, lambda actor: Escalate(actor=actor))

    async def assign(self, incident: Incident, context: Context, responder: str) -> Result:
        """Give the incident to a responder, by key or name."""
        known = self._people.responders.values()
        found = next((one for one in known if responder in {one.key, one.name}), None)
        if found is None:
            names = ", ".join(one.name for one in known)
            raise refusal("responder_unknown", responder=responder, known=names)
        return await self._by(
            Deed.ASSIGN,
            incident,
            context,
            lambda actor: Assign(actor=actor, responder=found.key),
        )

    async def comment(self, incident: Incident, context: Context, text: str) -> Result:
        """Put words on the timeline."""
        return await self._by(
            Deed.COMMENT, incident, context, lambda actor: Comment(actor=actor, text=text)
        )

    async def tap(self, deed: Deed, incident: Incident, standing: Standing, event: Event) -> Result:
        """Do what a pressed button says, in the name of the responder it was sent to.

        A storm offers no "False alarm": such a button was of one place that has become part of it,
        and says nothing about the others.
        """
        incident = await self._carried_on(incident)
        if incident.storm and isinstance(event, Close):
            raise refusal("storm_needs_list", number=incident.number)
        return await self._do(deed, incident, (standing,), lambda _: event)

    async def read(self, incident: Incident, context: Context) -> None:
        """Refuse whoever may not see the incident."""
        await self.check(Deed.READ, context, incident)

    async def check(
        self, deed: Deed, context: Context, incident: Incident | None = None, *, what: str = ""
    ) -> Standing:
        """Return in whose name a deed is done, about an incident or about none, or refuse it.

        `what`: what is going to be changed; it stands on the community's record then.
        """
        standing, answer = best(await self._people.standings_of(context), deed, incident)
        if answer is Permit.DENIED:
            await self._deny(deed, standing, incident)
        if what:
            await self.permitted(standing, deed, what)
        return standing

    async def permitted(self, standing: Standing, deed: Deed, what: str) -> None:
        """Put on the community's record that a person was let do something that is no incident's.

        Before it is done, as everything here is committed first: what failed has been tried. An
        automation's doings have a trace of their own, and come by the thousand.
        """
        if standing.actor.user_id is not None:
            said = {"deed": deed, "what": what}
            entry = Entry(kind=PERMITTED, at=dt_util.utcnow(), actor=standing.actor, data=said)
            await self._engine.note(COMMUNITY_LOG, entry)

    async def refuse(self, incident: Incident | None, actor: Actor, deed: str, reason: str) -> None:
        """Put a refusal on the incident's timeline, or on the community's."""
        entry = Entry(
            kind=REFUSED, at=dt_util.utcnow(), actor=actor, data={"deed": deed, "reason": reason}
        )
        await self._engine.note(incident.id if incident else COMMUNITY_LOG, entry)

    async def _by(
        self,
        deed: Deed,
        incident: Incident,
        context: Context,
        event: Callable[[Actor], Event],
        reason: str = "-",
    ) -> Result:
        incident = await self._carried_on(incident)
        standings = await self._people.standings_of(context)
        return await self._do(deed, incident, standings, event, reason)

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
        standings: tuple[Standing, ...],
        event: Callable[[Actor], Event],
        reason: str = "",
    ) -> Result:
        standing, answer = best(standings, deed, incident)
        if answer is Permit.DENIED:
            await self._deny(deed, standing, incident)
        if answer is Permit.NEEDS_REASON and not reason.strip():
            raise refusal("needs_reason", number=incident.number)
        try:
            result = await self._engine.act(incident.id, event(standing.actor))
        except DomainError as err:
            raise translated(err) from err
        if (key := REFUSALS.get(result.verdict)) is not None:
            raise refusal(key, number=incident.number, incident=incident.number)
        return result

    async def _deny(self, deed: Deed, standing: Standing, incident: Incident | None) -> NoReturn:
        await self.refuse(incident, standing.actor, deed, standing.role)
        number = incident.number if incident is not None else "-"
        raise refusal(f"not_permitted_{standing.role}", number=number)
