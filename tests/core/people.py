"""The people and ladders of the core's tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from custom_components.smart_community.core.due import next_due
from custom_components.smart_community.core.events import Event, Send, Tick
from custom_components.smart_community.core.incident import Transition, open_incident, step
from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.model import (
    Actor,
    ChannelKind,
    Closes,
    Incident,
    Policy,
    Proof,
    Responder,
    Severity,
    Source,
    Tier,
)

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PUSH, VOICE, SMS = ChannelKind.PUSH, ChannelKind.VOICE, ChannelKind.SMS


def after(**span: float) -> datetime:
    return T0 + timedelta(**span)


def responder(key: str, tier: Tier, *channels: ChannelKind, **more: Any) -> Responder:
    return Responder(key=key, name=key, tier=tier, channels=channels or (PUSH,), **more)


GUARD = responder("guard", Tier.PROPERTY, PUSH, VOICE)
SECRETARY = responder("secretary", Tier.COMMITTEE, VOICE, SMS)
FIRE = responder("fire", Tier.DEPARTMENT, PUSH, loops=frozenset({"smoke_multiple"}))
WATER = responder("water", Tier.DEPARTMENT, PUSH, loops=frozenset({"waterlogging"}))
HEAD = responder("head", Tier.TOWNSHIP, PUSH, SMS, VOICE)
ALL = (GUARD, SECRETARY, FIRE, WATER, HEAD)


def actor(who: Responder) -> Actor:
    return Actor(user_id=f"user-{who.key}", responder=who.key, tier=who.tier, name=who.name)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


SINGLE = policy(
    [
        {"tier": "property", "after": minutes(0)},
        {
            "tier": "property",
            "after": minutes(0.25),
            "channels": ["voice"],
            "unless": "acknowledged",
        },
        {"tier": "committee", "after": minutes(3), "channels": ["sms"], "unless": "acknowledged"},
    ],
    severity=Severity.SEVERE,
    closes=Closes.PERSON,
)
MULTIPLE = policy(
    [
        {"tier": "property", "after": minutes(0), "critical": True},
        {"tier": "committee", "after": minutes(0.25), "channels": ["voice", "sms"]},
        {"tier": "department", "after": minutes(2), "unless": "handled"},
        {"tier": "township", "after": minutes(10), "channels": ["push", "sms", "voice"]},
    ],
    severity=Severity.EXTREME,
    proof=Proof.NOTE,
    closes=Closes.PERSON,
    takes_over=["smoke_single"],
)
WATERLOGGING = policy(
    [
        {"tier": "department", "after": minutes(0)},
        {"tier": "property", "after": minutes(0)},
        {"tier": "committee", "after": minutes(0), "channels": ["sms"]},
        {"tier": "township", "after": minutes(30), "unless": "acknowledged", "by": "department"},
    ],
    severity=Severity.MODERATE,
    handle_within=minutes(60),
)
DIGEST = policy(
    [{"tier": "property", "after": minutes(0)}, {"tier": "committee", "after": minutes(120)}],
    severity=Severity.MINOR,
)


GUIDANCE = policy(
    [
        {"tier": "property", "after": minutes(0), "channels": ["speaker"]},
        {"tier": "property", "after": minutes(5)},
        {"tier": "committee", "after": minutes(20)},
    ],
    severity=Severity.MINOR,
    quiet_for=minutes(2),
)
DAILY = policy(
    [{"tier": "property", "after": minutes(0), "digest": "daily"}], severity=Severity.MINOR
)


def source(at: datetime = T0, name: str = "d1") -> Source:
    return Source(name=name, first_at=at, last_at=at)


class Story:
    """One incident told as a timeline: what happens, and who is told when."""

    def __init__(self, frozen: Policy, loop: str = "smoke_single", people: Any = ALL) -> None:
        self.people = people
        self.now = T0
        self.sent: list[tuple[float, str, str, str]] = []
        self.entries: list[Any] = []
        self.effects: list[Any] = []
        self.take(
            open_incident(
                incident_id="01J",
                number="20261123-001",
                loop=loop,
                zone="floor:2",
                zone_name="Floor 2",
                policy=frozen,
                sources={"d1": source()},
                now=T0,
                directory=people,
            )
        )

    incident: Incident

    def take(self, done: Transition) -> Transition:
        self.incident = done.incident
        self.effects += done.effects
        for effect in done.effects:
            if isinstance(effect, Send):
                seconds = (self.now - T0).total_seconds()
                self.sent.append((seconds, effect.responder, effect.channel, effect.occasion))
            elif hasattr(effect, "kind"):
                self.entries.append(effect)
        return done

    def happens(self, event: Event) -> Transition:
        return self.take(step(self.incident, event, now=self.now, directory=self.people))

    def until(self, **span: float) -> None:
        """Let time pass, with a tick at each due time, as the engine's clock gives it."""
        end = after(**span)
        while (due := next_due(self.incident)) is not None and due[0] <= end:
            self.now = max(self.now, due[0])
            self.happens(Tick())
        self.now = end

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.entries]

    def told(self, occasion: str = "alarm") -> list[tuple[float, str, str]]:
        return [(at, who, how) for at, who, how, why in self.sent if why == occasion]
