"""What a responder reads, hears and can press. The sentences come from texts/ and are handed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from .errors import DomainError
from .events import Occasion, Send
from .model import Incident, Proof, Responder, Status

ACTION_PREFIX = "SMART_COMMUNITY"
TAG_PREFIX = "smart_community_"
DASHBOARD_PATH = "smart-community"
# Past a handful of names a phone shows an ellipsis; the count says the rest.
_NAMED = 4
_SILENT = frozenset(
    (
        Occasion.GROWN,
        Occasion.ACKNOWLEDGED,
        Occasion.DIGEST,
        Occasion.PICTURE,
    )
)


class Verb(StrEnum):
    """The buttons of a notice, as the phone's action name carries them."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    HANDLED = "HANDLED"
    FALSE = "FALSE"
    HELP = "HELP"


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """One button: the action that comes back, its title, whether it asks for words."""

    action: str
    title: str
    asks: bool = False
    destructive: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message to one responder. The tag makes a later one replace it on the phone.

    `announcement`: what a loudspeaker says where it happens. `facts` (loop, place, time, number)
    are what fits the variables of a template that a provider has approved. `image`: a link that
    the phone opens without logging in. `urgent`: lives may depend on it, or it tries what they
    depend on: no daily budget holds it back.
    """

    tag: str
    group: str
    title: str
    text: str
    spoken: str
    incident: str
    critical: bool = False
    urgent: bool = False
    silent: bool = False
    buttons: tuple[Button, ...] = ()
    announcement: str = ""
    image: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tap:
    """What a pressed button says."""

    verb: Verb
    incident: str
    responder: str


def tag(incident_id: str) -> str:
    """Name all messages of one incident share, so that they replace each other."""
    return f"{TAG_PREFIX}{incident_id}"


def trial(texts: Mapping[str, Any], name: str) -> Message:
    """Return a message that only tries a channel, and says so in each of its parts."""
    words = texts["trial"]
    title = str(words["title"]).format(name=name)
    return Message(
        tag=f"{TAG_PREFIX}trial",
        group=f"{TAG_PREFIX}trial",
        title=title,
        text=words["text"],
        spoken=f"{title} {words['text']}",
        incident="",
        urgent=True,
        facts={"loop": words["loop"], "place": name, "time": "-", "number": "-"},
    )


def path(incident_id: str) -> str:
    """Where a notice leads when it is tapped beside its buttons: the incident on the duty desk."""
    return f"/{DASHBOARD_PATH}/desk?incident={incident_id}"


def parse_action(action: str) -> Tap | None:
    """Read a phone's action name; None if it is not one of ours.

    A mangled one is a DomainError `tap_mangled` with the `incident` that it names, or "".
    """
    if not action.startswith(f"{ACTION_PREFIX}_"):
        return None
    parts = action.removeprefix(f"{ACTION_PREFIX}_").split("_", 2)
    verb, incident, responder = (*parts, "", "")[: len(Tap.__dataclass_fields__)]
    try:
        tap = Tap(verb=Verb(verb), incident=incident, responder=responder)
    except ValueError as err:
        raise DomainError("tap_mangled", action=action[:100], incident=incident) from err
    if not incident or not responder:
        raise DomainError("tap_mangled", action=action[:100], incident=incident)
    return tap


def compose(
    incident: Incident,
    send: Send,
    responder: Responder,
    *,
    texts: Mapping[str, Any],
    names: Mapping[str, str],
    zone: tzinfo,
    image: str = "",
) -> Message:
    """Put a message together in the responder's language.

    `texts`: one of the files in texts/. `names`: responder key to name. `zone`: local time.
    `image`: a link to the picture of the moment.
    """
    words = texts["message"]
    values = {
        "loop": texts["loops"].get(incident.loop, incident.loop),
        "zone": incident.zone_name,
        "number": incident.number,
        "since": _clock(incident.first_alarm_at, zone),
        "sources": _sources(incident, words),
        "count": str(len(incident.sources)),
        "who": names.get(incident.assignee or "", words["somebody"]),
        "until": _clock(incident.handle_by, zone) if incident.handle_by else "",
        "summary": incident.summary,
        "times": str(sum(source.times for source in incident.sources.values())),
        "joint": str(words["comma"]).join(
            dict.fromkeys(texts["loops"].get(loop, loop) for loop in incident.joint.values())
        ),
    }
    title = marked(words["title"].format(**values), words, drill=incident.drill)
    lines = [words["occasion"][_occasion(incident, send)].format(**values)]
    if incident.summary:
        lines.append(incident.summary)
    if incident.storm:
        lines.append(words["storm"])
    if incident.joint:
        lines.append(words["joint"].format(**values))
    if incident.sources and not incident.quiet:
        lines.append(words["where"].format(**values))
    elif any(source.momentary for source in incident.sources.values()):
        lines.append(words["reported"].format(**values))
    elif incident.sources:
        lines.append(words["quiet"].format(**values))
    lines.append(words["number"].format(**values))
    return Message(
        tag=tag(incident.id),
        group=f"{TAG_PREFIX}{incident.loop}",
        title=title,
        text="\n".join(lines),
        spoken=words["spoken"].format(title=title, text=lines[0], where=values["sources"]),
        incident=incident.id,
        critical=send.critical,
        urgent=incident.policy.urgent or send.critical or incident.drill,
        silent=send.occasion in _SILENT
        or (send.occasion is Occasion.ASSIGNED and responder.key != incident.assignee),
        buttons=_buttons(incident, responder, words["buttons"]),
        announcement=_announcement(incident, words),
        image=image,
        facts={
            "loop": marked(values["loop"], words, drill=incident.drill),
            "place": incident.zone_name,
            "time": values["since"],
            "number": incident.number,
        },
    )


def _occasion(incident: Incident, send: Send) -> str:
    """Return which words an occasion has: a handled incident is asked about, not urged."""
    asked = send.occasion is Occasion.REMINDER and incident.status is Status.HANDLED
    return "unclosed" if asked else send.occasion.value


def _announcement(incident: Incident, words: Mapping[str, Any]) -> str:
    """Return what is asked of whoever stands there; "" for a loop that asks nothing of them."""
    asked = str(words["guidance"].get(incident.loop, ""))
    return asked and marked(asked, words, drill=incident.drill)


def headed(number: str, loop: str, zone: str | None) -> str:
    """Return what an incident is called where more people read it than may know its place."""
    return f"{number} {loop} – {zone}" if zone else f"{number} {loop}"


def marked(text: str, words: Mapping[str, Any], *, drill: bool) -> str:
    """Mark an exercise as one, wherever it is read or heard. `words`: `message` of the texts."""
    return str(words["drill"].format(title=text)) if drill else text


def _buttons(
    incident: Incident, responder: Responder, words: Mapping[str, str]
) -> tuple[Button, ...]:
    # Android shows three; a fourth would be there for nobody.
    offered = {
        Status.OPEN: (Verb.ACKNOWLEDGE, Verb.FALSE, Verb.HELP),
        Status.ACKNOWLEDGED: (Verb.HANDLED, Verb.FALSE, Verb.HELP),
        Status.HANDLED: (Verb.HELP,),
    }.get(incident.status, ())
    # A photo cannot be pressed: it is added in the dashboard, which the notice opens.
    if incident.policy.proof is Proof.PHOTO:
        offered = tuple(verb for verb in offered if verb is not Verb.HANDLED)
    # Nobody has looked at hundreds of places; whoever lists them all may close them (deeds.py).
    if incident.storm:
        offered = tuple(verb for verb in offered if verb is not Verb.FALSE)
    return tuple(
        Button(
            action=f"{ACTION_PREFIX}_{verb}_{incident.id}_{responder.key}",
            title=words[verb.lower()],
            asks=verb is Verb.HANDLED and incident.policy.proof is Proof.NOTE,
            destructive=verb is Verb.FALSE,
        )
        for verb in offered
    )


def _sources(incident: Incident, words: Mapping[str, Any]) -> str:
    sources = list(incident.sources.values())
    if incident.storm:
        # The places that have just joined are the news; the first have been told of.
        sources = sorted(sources, key=lambda source: source.last_at, reverse=True)
    alarming = [source.name for source in sources if source.cleared_at is None]
    shown = alarming or [source.name for source in sources]
    text = str(words["comma"]).join(shown[:_NAMED])
    if len(shown) > _NAMED:
        return str(words["and_more"]).format(names=text, count=len(shown) - _NAMED)
    return text


def _clock(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M:%S")
