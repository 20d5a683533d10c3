"""From signals to incidents: what a loop's detection finds opens one, joins one, clears one."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from ulid_transform import ulid_now

from ..core.agreement import Agreement, agreed
from ..core.detection import Finding, Watch, elapsed, observe
from ..core.events import Alarmed, Entry, Quieted, Stirred, TakenOver
from ..core.evidence import Evidence
from ..core.incident import open_incident
from ..core.model import Actor, Incident, Policy, Source, Verdict
from ..core.muting import mute, wake
from ..core.storm import collapses, placed, storm_zone, surge
from .requests import OpenRequest, Result, SignalRequest
from .runner import Work
from .tables import SignalRow
from .together import lesser, one_emergency, same_place

# Of each loop's last openings, by which a storm is known: in the settings, so that a restart in the
# middle of one makes no thousand incidents of it.
_OPENED = "opened:"
# A loop that is off, or that no hour opens within a year, is looked at again so often.
LOOK_AGAIN = timedelta(days=1)


class Opener:
    """Decides within one batch; everything it knows is in the batch's own view of the engine."""

    def __init__(self, loop_on: Callable[[str], bool]) -> None:
        """Take what tells whether a loop is switched on."""
        self._loop_on = loop_on

    def signal(self, request: SignalRequest, work: Work) -> Result:
        """Take signals in that came in the same instant; each is on record, also a muted one."""
        detect = agreed(request.detect, work.agreed(request.loop, request.zone))
        watch = work.watches.get((request.loop, request.zone)) or Watch(
            loop=request.loop,
            zone=request.zone,
            zone_name=request.zone_name,
            detect=detect,
            policy=request.policy,
        )
        watch = replace(
            watch,
            zone_name=request.zone_name,
            detect=detect,
            policy=request.policy,
            active=request.active,
        )
        sources = tuple(one.source for one in request.signals)
        if (sleep := self._sleep(watch, work)) is not None:
            verdict, until = sleep
            finding = mute(
                watch,
                request.signals,
                until=partial(until, work.now),
                verdict=verdict,
                zone=work.zone,
            )
            # A sleeping loop that says nothing new is not written down again with each reading.
            if finding.watch is watch:
                result = Result(verdict=finding.verdict)
            else:
                result = self.follow(finding, work)
        else:
            if watch.asleep_until is not None:
                watch = self._wake(watch, work)
            running = self._running(work, watch, (*watch.episodes, *sources))
            finding = observe(watch, request.signals, active=running is not None, zone=work.zone)
            result = self.follow(finding, work, request.summary, apart=request.apart)
        for signal in request.signals:
            work.batch.signals.append(
                SignalRow(
                    loop=request.loop,
                    zone=request.zone,
                    signal=signal,
                    verdict=result.verdict,
                    incident=result.incident.id if result.incident else None,
                )
            )
        return result

    def due(self, watch: Watch, work: Work) -> None:
        """Do what time asks of a watch: believe what has lasted, wake, or go on sleeping."""
        if (sleep := self._sleep(watch, work)) is not None:
            work.watch(replace(watch, asleep_until=sleep[1](work.now)))
        elif watch.asleep_until is not None:
            self._wake(watch, work)
        else:
            self.follow(elapsed(watch, work.now), work)

    def _wake(self, watch: Watch, work: Work) -> Watch:
        running = self._running(work, watch, watch.episodes)
        self.follow(wake(watch, work.now, active=running is not None), work)
        return work.watches[watch.loop, watch.zone]

    def _sleep(
        self, watch: Watch, work: Work
    ) -> tuple[Verdict, Callable[[datetime], datetime]] | None:
        """Why a loop sleeps, and what tells until when; None if it is at work.

        A season's end is months of edges away: it is looked for once, not with every signal.
        """
        if not self._loop_on(watch.loop):
            return Verdict.MUTED_LOOP_OFF, lambda now: now + LOOK_AGAIN
        schedule = work.schedule(watch)
        if schedule.open(work.now):
            return None
        return Verdict.MUTED_BY_PLAN, lambda now: schedule.opens_after(now) or now + LOOK_AGAIN

    def follow(
        self, finding: Finding, work: Work, summary: str = "", *, apart: bool = False
    ) -> Result:
        """Do what a detection's finding asks for: open, join, clear. `apart`: as in the request."""
        watch = finding.watch
        work.watch(watch)
        if finding.cleared:
            return self._clear(finding, work)
        running = self._running(work, watch, watch.episodes)
        if not finding.believed:
            if running is not None and running.close_at is not None and watch.due is not None:
                running = work.step(running, Stirred(until=watch.due)).incident
            return Result(verdict=finding.verdict, incident=running)
        sources = {key: _source(watch, key) for key in finding.believed}
        if running is None and not apart and self._storms(work, watch):
            return self._blow(watch, sources, work)
        if running is None:
            return self._open_with(
                work,
                loop=watch.loop,
                zone=watch.zone,
                zone_name=watch.zone_name,
                policy=watch.policy,
                sources=sources,
                summary=summary,
            )
        if running.storm:
            sources = _placed(watch, sources)
        # The same change reaches a greater incident through its own loop and through the lesser.
        news = {
            key: source
            for key, source in sources.items()
            if key not in running.sources or running.sources[key].cleared_at is not None
        }
        if not news:
            return Result(verdict=Verdict.JOINED, incident=running)
        transition = work.step(running, Alarmed(sources=news))
        return Result(verdict=transition.verdict, incident=transition.incident)

    def _storms(self, work: Work, watch: Watch) -> bool:
        """Whether one more incident of this loop is one too many to be an incident of its own."""
        if not collapses(watch):
            return False
        key = f"{_OPENED}{watch.loop}"
        opened = [datetime.fromisoformat(one) for one in work.settings.get(key, "").split()]
        storms, times = surge(opened, work.now)
        work.setting(key, " ".join(one.isoformat() for one in times))
        return storms

    def _blow(self, watch: Watch, sources: dict[str, Source], work: Work) -> Result:
        """Put what is believed into the storm of its loop and ladder, or begin one with it."""
        zone, sources = storm_zone(watch.loop, watch.policy), _placed(watch, sources)
        storm = _active_in(work, watch.loop, zone)
        if storm is None:
            return self._open_with(
                work,
                loop=watch.loop,
                zone=zone,
                zone_name=work.whole,
                policy=watch.policy,
                sources=sources,
                place=watch.zone,
            )
        children = lesser(work, watch.policy, watch.zone, sources)
        transition = work.step(
            storm, Alarmed(sources=sources, children=tuple(one.id for one in children))
        )
        for child in children:
            work.step(child, TakenOver(by=storm.id, by_number=storm.number))
        incident = one_emergency(work, transition.incident)
        return Result(verdict=transition.verdict, incident=incident)

    def _clear(self, finding: Finding, work: Work) -> Result:
        result = Result(verdict=finding.verdict)
        loop = finding.watch.loop
        for incident in list(work.incidents.values()):
            mine = incident.loop == loop or loop in incident.policy.takes_over
            if (
                mine
                and incident.status.active
                and not incident.sources.keys().isdisjoint(finding.cleared)
            ):
                transition = work.step(incident, Quieted(sources=finding.cleared))
                if transition.verdict is not Verdict.NOTHING_TO_CLEAR:
                    result = Result(verdict=transition.verdict, incident=transition.incident)
        return result

    def _running(self, work: Work, watch: Watch, sources: Iterable[str]) -> Incident | None:
        """Find the incident that a loop's zone or sources belong to now: a greater one first.

        Of a storm only what has joined it is part: the rest of the community is not in alarm.
        """
        own = storm = None
        sources = tuple(sources)
        for incident in work.incidents.values():
            if not incident.status.active:
                continue
            if watch.loop in incident.policy.takes_over and same_place(
                incident, watch.zone, sources
            ):
                return incident
            if incident.loop != watch.loop:
                continue
            if incident.zone == watch.zone:
                own = incident
            elif incident.storm and not incident.sources.keys().isdisjoint(sources):
                storm = incident
        return own or storm

    def open(self, request: OpenRequest, work: Work) -> Result:
        """Open an incident without a detection, or let it grow if it is running."""
        sources = {
            one.source: Source(name=one.name, first_at=one.at, last_at=one.at)
            for one in request.sources
        }
        running = _active_in(work, request.loop, request.zone)
        if running is not None:
            transition = work.step(running, Alarmed(sources=sources))
            return Result(verdict=transition.verdict, incident=transition.incident)
        return self._open_with(
            work,
            loop=request.loop,
            zone=request.zone,
            zone_name=request.zone_name,
            policy=request.policy,
            sources=sources,
            summary=request.summary,
            drill=request.drill,
        )

    def evidence(self, evidence: Evidence, actor: Actor | None, work: Work) -> None:
        """Put evidence on record and its digest on the timeline, also of an ended incident."""
        work.batch.evidence[evidence.id] = evidence
        entry = Entry(
            kind="evidence",
            at=work.now,
            actor=actor,
            data={"what": evidence.kind.value, "id": evidence.id, "digest": evidence.digest},
        )
        work.batch.entries.append((evidence.incident, entry))

    def _open_with(
        self,
        work: Work,
        *,
        loop: str,
        zone: str,
        zone_name: str,
        policy: Policy,
        sources: dict[str, Source],
        summary: str = "",
        drill: bool = False,
        place: str = "",
    ) -> Result:
        """Open an incident. `place`: of a storm, where the first that joins it is."""
        children = lesser(work, policy, place or zone, sources)
        transition = open_incident(
            incident_id=ulid_now(),
            number=self._number(work),
            loop=loop,
            zone=zone,
            zone_name=zone_name,
            policy=policy,
            sources=sources,
            now=work.now,
            directory=work.directory.values(),
            children=children,
            summary=summary,
            drill=drill,
            local=work.zone,
        )
        incident = transition.incident
        for child in children:
            work.step(child, TakenOver(by=incident.id, by_number=incident.number))
        work.take(transition)
        for held in work.agreed(loop, place or zone).values():
            work.batch.entries.append((incident.id, _quoted(held, work.now)))
        return Result(verdict=transition.verdict, incident=one_emergency(work, incident))

    def _number(self, work: Work) -> str:
        """Date and running number: what people say on the phone."""
        day = work.now.strftime("%Y%m%d")
        last_day, _, last = work.settings.get("number", "").partition("-")
        number = f"{day}-{int(last) + 1 if last_day == day else 1:03d}"
        work.setting("number", number)
        return number


def _active_in(work: Work, loop: str, zone: str) -> Incident | None:
    for incident in work.incidents.values():
        if incident.status.active and (incident.loop, incident.zone) == (loop, zone):
            return incident
    return None


def _quoted(held: Agreement, now: datetime) -> Entry:
    """Quote on the timeline what was agreed, by whom and from when: a mediation asks for it."""
    return Entry(
        kind="agreed",
        at=now,
        data={
            "threshold": held.threshold.value,
            "value": held.value,
            "unit": held.measure,
            "agreed_by": held.agreed_by,
            "since": held.valid_from.date().isoformat(),
        },
    )


def _placed(watch: Watch, sources: dict[str, Source]) -> dict[str, Source]:
    return {key: replace(one, name=placed(one, watch.zone_name)) for key, one in sources.items()}


def _source(watch: Watch, key: str) -> Source:
    episode = watch.episodes[key]
    raised_at = episode.raised_at
    return Source(
        name=episode.name,
        first_at=raised_at or episode.last_at,
        last_at=episode.last_at,
        cleared_at=episode.last_at if raised_at is None else None,
        value=episode.value,
        momentary=episode.momentary,
    )
