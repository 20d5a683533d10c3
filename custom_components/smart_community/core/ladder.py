"""Reading a ladder, and working out its times."""

from collections.abc import Mapping, Sequence
from datetime import time, timedelta

from .errors import DomainError
from .model import ChannelKind, Closes, Policy, Proof, Severity, Status, Step, Tier

# A shorter second deadline would reopen an incident while people are still on their way.
SHORTEST_HANDLE_WITHIN = timedelta(minutes=10)
# The respond-by time that district platforms set for emergencies (docs/decisions.md).
EMERGENCY_HANDLE_WITHIN = timedelta(minutes=15)

RECEIPT_WITHIN: Mapping[Severity, timedelta] = {
    Severity.EXTREME: timedelta(seconds=30),
    Severity.SEVERE: timedelta(seconds=60),
    Severity.MODERATE: timedelta(minutes=5),
    Severity.MINOR: timedelta(minutes=15),
}


def parse_ladder(rows: Sequence[Mapping[str, object]]) -> tuple[Step, ...]:
    """Turn a blueprint's rows into steps, in the order in which they come due.

    Each row: `tier` or `responder`, `after` (timedelta), `channels`, `unless`, `by`, `critical`,
    `digest` ("daily", or a time of day).
    Raises DomainError `ladder_*` with the row's number (from 1).
    """
    if not rows:
        raise DomainError("ladder_empty")
    return tuple(
        sorted(
            (_step(row, str(number)) for number, row in enumerate(rows, 1)),
            key=lambda step: step.after,
        )
    )


def _step(row: Mapping[str, object], number: str) -> Step:
    tier, responder = row.get("tier"), row.get("responder")
    if bool(tier) == bool(responder):
        raise DomainError("ladder_tier_or_responder", step=number)
    after = row.get("after")
    if not isinstance(after, timedelta) or after < timedelta(0):
        raise DomainError("ladder_after", step=number)
    channels = row.get("channels") or (ChannelKind.PUSH,)
    if not isinstance(channels, (list, tuple)):
        raise DomainError("ladder_channels", step=number)
    try:
        unless = Status(str(row.get("unless") or Status.HANDLED))
        if unless not in {Status.ACKNOWLEDGED, Status.HANDLED}:
            raise DomainError("ladder_unless", step=number)
        return Step(
            digest=_digest(row.get("digest"), number),
            tier=Tier(str(tier)) if tier else None,
            responder=str(responder) if responder else None,
            after=after,
            channels=tuple(ChannelKind(str(kind)) for kind in channels),
            unless=unless,
            by=Tier(str(row["by"])) if row.get("by") else None,
            critical=bool(row.get("critical", False)),
        )
    except (ValueError, TypeError) as err:
        raise DomainError("ladder_word", step=number, problem=str(err)) from err


# When the office opens: what can wait a day is read there, not on the way.
DAILY = time(9)


def _digest(said: object, number: str) -> time | None:
    if not said:
        return None
    if said == "daily":
        return DAILY
    if isinstance(said, time):
        return said
    raise DomainError("ladder_digest", step=number)


def default_handle_within(ladder: Sequence[Step], severity: Severity) -> timedelta:
    """Time from acknowledging to handling where the blueprint names none (docs/loops.md)."""
    if severity is Severity.EXTREME:
        return EMERGENCY_HANDLE_WITHIN
    own = [step.after for step in ladder if step.tier is Tier.PROPERTY]
    last = max(own, default=timedelta(0))
    beyond = [s.after for s in ladder if s.tier is not Tier.PROPERTY and s.after > last]
    return max(min(beyond, default=last) - last, SHORTEST_HANDLE_WITHIN)


def policy(
    rows: Sequence[Mapping[str, object]],
    *,
    severity: Severity,
    handle_within: timedelta | None = None,
    receipt_within: timedelta | None = None,
    proof: Proof = Proof.NOTHING,
    closes: Closes = Closes.SOURCE,
    takes_over: Sequence[str] = (),
    joint: Sequence[str] = (),
    quiet_for: timedelta = timedelta(0),
    camera: str = "",
) -> Policy:
    """Assemble what an incident freezes when it opens, with the defaults of docs/loops.md."""
    ladder = parse_ladder(rows)
    return Policy(
        ladder=ladder,
        severity=severity,
        handle_within=handle_within or default_handle_within(ladder, severity),
        receipt_within=receipt_within or RECEIPT_WITHIN[severity],
        proof=proof,
        closes=closes,
        takes_over=tuple(takes_over),
        joint=tuple(joint),
        quiet_for=quiet_for,
        camera=camera,
    )
