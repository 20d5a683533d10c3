"""Hours and plans as blueprints and forms write them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final

from homeassistant.util import dt as dt_util

from .core.plan import Active, Day, Hours, Pause, Plan, Season

KIND_HOURS: Final = "hours"
KIND_PAUSE: Final = "maintenance"


def plan_of(name: str, data: Mapping[str, Any]) -> Plan:
    """Turn what a form holds into a plan. Raises DomainError `plan_*` for what makes no sense."""
    zones = [f"area:{one}" for one in data.get("areas", ())]
    zones += [f"floor:{one}" for one in data.get("floors", ())]
    days = [Day(one) for one in data.get("days", ())]
    rows = [{"from": data.get(f"from{n}"), "until": data.get(f"until{n}")} for n in ("", "_2")]
    rows = [{**row, "days": days} for row in rows if row["from"] and row["until"]]
    if days and not rows:
        rows = [{"from": "00:00", "until": "00:00", "days": days}]
    season = None
    if data.get("season_begins") or data.get("season_ends"):
        season = {"from": data.get("season_begins", ""), "until": data.get("season_ends", "")}
    active = active_of({"hours": rows, "outside": data.get("outside", False), "season": season})
    pause = None
    if data["kind"] == KIND_PAUSE:
        pause = Pause(begins=_moment(data, "begins"), ends=_moment(data, "ends"), active=active)
    return Plan(
        name=name,
        loops=frozenset(data.get("loops", ())),
        zones=frozenset(zones),
        active=active if pause is None else None,
        pause=pause,
    )


def active_of(said: Mapping[str, Any]) -> Active:
    """Read hours as blueprints write them; DomainError `plan_season` for a day that is none."""
    rows: Sequence[Mapping[str, Any]] = said.get("hours", ())
    season = said.get("season")
    return Active(
        hours=tuple(
            Hours(
                begins=_wall(row["from"]),
                ends=_wall(row["until"]),
                days=frozenset(Day(one) for one in row.get("days", ())),
            )
            for row in rows
        ),
        outside=said.get("outside", False),
        season=Season(begins=season["from"], ends=season["until"]) if season else None,
    )


def _wall(value: time | str) -> time:
    return value if isinstance(value, time) else time.fromisoformat(value)


def _moment(data: Mapping[str, Any], key: str) -> datetime | None:
    """Read a moment as a form gives it, without its zone: the community's own."""
    if not data.get(key):
        return None
    said = datetime.fromisoformat(data[key])
    if said.tzinfo is None:
        said = said.replace(tzinfo=dt_util.get_default_time_zone())
    return dt_util.as_utc(said)
