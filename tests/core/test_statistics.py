"""Figures of a period's incidents."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from custom_components.smart_community.core.model import Disposition, Status
from custom_components.smart_community.core.statistics import Case, by_day, figures

T0 = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


def case(
    minutes: float = 0, *, ack: float | None = None, close: float | None = None, **more: object
) -> Case:
    opened = T0 + timedelta(minutes=minutes)
    values = {
        "loop": "smoke_single",
        "status": Status.OPEN if close is None else Status.CLOSED,
        "opened_at": opened,
        "acknowledged_at": None if ack is None else opened + timedelta(minutes=ack),
        "closed_at": None if close is None else opened + timedelta(minutes=close),
        "disposition": None if close is None else Disposition.HANDLED,
        **more,
    }
    return Case(**values)  # type: ignore[arg-type]


def test_medians_are_taken_of_what_happened_and_shares_of_what_is_closed() -> None:
    found = figures(
        [
            case(ack=1, close=10),
            case(ack=3, close=20, disposition=Disposition.FALSE_ALARM),
            case(ack=500, close=5000),
            case(),
        ]
    )
    assert (found.incidents, found.active, found.closed, found.false_alarms) == (4, 1, 3, 1)
    assert found.to_acknowledge == timedelta(minutes=3)
    assert found.to_close == timedelta(minutes=20)


def test_what_a_loudspeaker_ended_before_anybody_was_called_is_counted() -> None:
    found = figures([case(close=2, disposition=Disposition.GUIDED), case(close=9), case()])
    assert (found.guided, found.closed) == (1, 2)


def test_exercises_and_what_was_taken_over_do_not_count() -> None:
    found = figures([case(drill=True), case(status=Status.SUPERSEDED)])
    assert (found.incidents, found.active, found.to_close) == (0, 0, None)


def test_a_day_is_the_communitys_own_day() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    late = case(60, close=5, disposition=Disposition.FALSE_ALARM)  # 00:30 on the 24th there
    days = by_day([case(), late, case(drill=True)], until=T0, days=2, zone=shanghai)
    assert [(day.isoformat(), *rest) for day, *rest in days] == [
        ("2026-11-22", 0, 0),
        ("2026-11-23", 1, 0),
    ]
    later = by_day([case(), late], until=T0 + timedelta(hours=1), days=2, zone=shanghai)
    assert [(day.isoformat(), *rest) for day, *rest in later] == [
        ("2026-11-23", 1, 0),
        ("2026-11-24", 1, 1),
    ]
