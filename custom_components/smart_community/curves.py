"""What the noise meters measured around an incident, kept as evidence.

Every sensor of the device class sound_pressure, of whatever integration, is written along in memory
at the rate at which it changes: the recorder keeps five minutes' means for good and single values
for some days, and a mediation comes weeks later. A piece of curve is written when an incident opens
(what was before it is safe then, whatever happens), each hour while it runs, when Home Assistant is
stopped, and when it ends. A kill or a power cut costs what was measured since the last piece.
"""

import asyncio
import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    EVENT_HOMEASSISTANT_STOP,
    EVENT_STATE_CHANGED,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import JsonValueType
from ulid_transform import ulid_now

from .const import DOMAIN
from .core.curve import Levels, Ring, csv, levels
from .core.evidence import Evidence, EvidenceKind
from .core.model import Incident
from .core.noise import level
from .data import SIGNAL_INCIDENT, Announcement, CommunityEntry
from .engine.evidence import EvidenceError
from .zones import ZoneBy, zone_of

_LOGGER = logging.getLogger(__name__)

# How much of what was before an incident belongs to it: the background it stands out from.
BEFORE: Final = timedelta(minutes=15)
# Well within what a ring holds, and what a power cut may cost of a long evening's curve.
PIECE_EVERY: Final = timedelta(hours=1)
# Loops that a person may report without any meter having noticed: its zone's meters testify.
_NOISE_LOOPS: Final = frozenset({"square_dance_noise", "renovation_noise"})
DATA_CURVES: HassKey[Curves] = HassKey(f"{DOMAIN}_curves")


class Curves:
    """A ring for each noise meter that there is."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin to write along."""
        self.rings: dict[str, Ring] = {}
        for state in hass.states.async_all("sensor"):
            if _measures_noise(state):
                self._note(state)
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._changed, event_filter=self._concerns)

    @callback
    def _concerns(self, data: EventStateChangedData) -> bool:
        new = data["new_state"]
        return data["entity_id"] in self.rings if new is None else _measures_noise(new)

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new is None:
            self.rings[event.data["entity_id"]].add(event.time_fired, None)
        else:
            self._note(new)

    @callback
    def _note(self, state: State) -> None:
        ring = self.rings.setdefault(state.entity_id, Ring())
        ring.add(state.last_updated, level(state.state))


def _measures_noise(state: State) -> bool:
    return state.attributes.get(ATTR_DEVICE_CLASS) == SensorDeviceClass.SOUND_PRESSURE


class CurveKeeper:
    """Writes the curves of one community's incidents into their evidence."""

    def __init__(self, hass: HomeAssistant, entry: CommunityEntry) -> None:
        """Keep the community's entry."""
        self._hass = hass
        self._entry = entry
        # What one piece ends with is what the next begins with: two at once would both begin there.
        self._writing = asyncio.Lock()

    @callback
    def start(self) -> None:
        """Listen for incidents until the entry is unloaded."""
        hass, entry = self._hass, self._entry
        entry.async_on_unload(async_dispatcher_connect(hass, SIGNAL_INCIDENT, self._announced))
        entry.async_on_unload(async_track_time_interval(hass, self._hourly, PIECE_EVERY))
        entry.async_on_unload(hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._stopping))

    @callback
    def _announced(self, said: Announcement) -> None:
        if said.entry_id == self._entry.entry_id and said.what in {
            "opened",
            "closed",
            "superseded",
        }:
            self._keep_soon(said.incident, said.what)

    @callback
    def _stopping(self, _event: Event) -> None:
        """Write what the rings hold: they are gone with this process."""
        self._hourly(dt_util.utcnow())

    @callback
    def _hourly(self, _now: datetime) -> None:
        for incident in self._entry.runtime_data.engine.active:
            self._keep_soon(incident, "running")

    @callback
    def _keep_soon(self, incident: Incident, why: str) -> None:
        if not incident.drill and (meters := self._meters(incident)):
            end = dt_util.utcnow()
            self._entry.async_create_task(
                self._hass, self._keep(incident, meters, end, why), f"curves of {incident.number}"
            )

    def _meters(self, incident: Incident) -> list[str]:
        """Return the meters that testify: the sources among them, else those of the noisy zone."""
        rings = self._hass.data[DATA_CURVES].rings
        meters = [source for source in incident.sources if source in rings]
        if meters or incident.loop not in _NOISE_LOOPS:
            return meters
        return [meter for meter in rings if incident.zone in self._zones(meter)]

    def _zones(self, meter: str) -> set[str]:
        community = (self._entry.entry_id, self._entry.title)
        return {zone_of(self._hass, meter, by, community)[0] for by in ZoneBy}

    async def _keep(self, incident: Incident, meters: list[str], end: datetime, why: str) -> None:
        async with self._writing:
            kept = await self._entry.runtime_data.engine.evidence(incident.id)
            for meter in meters:
                start = max(
                    (
                        datetime.fromisoformat(str(one.data["to"]))
                        for one in kept
                        if one.kind is EvidenceKind.CURVE and one.data.get("source") == meter
                    ),
                    default=incident.opened_at - BEFORE,
                )
                try:
                    await self._keep_one(incident, meter, (start, end), why)
                except EvidenceError as err:
                    # The incident goes on without it; the next piece begins where this one would.
                    _LOGGER.error("Curve of %s for incident %s: %s", meter, incident.number, err)  # noqa: TRY400 - the file system's own words are enough

    async def _keep_one(
        self, incident: Incident, meter: str, period: tuple[datetime, datetime], why: str
    ) -> None:
        start, end = period
        samples = self._hass.data[DATA_CURVES].rings[meter].between(start, end)
        found = levels(samples, end)
        if found is None:
            return
        data = self._entry.runtime_data
        evidence_id = ulid_now()
        name, digest = await self._hass.async_add_executor_job(
            data.evidence.keep, evidence_id, csv(samples).encode(), "text/csv"
        )
        await data.engine.add_evidence(
            Evidence(
                id=evidence_id,
                incident=incident.id,
                kind=EvidenceKind.CURVE,
                at=end,
                digest=digest,
                media_type="text/csv",
                file=name,
                data={
                    "source": meter,
                    "why": why,
                    "from": start.isoformat(),
                    "to": end.isoformat(),
                    "samples": len(samples),
                    **self._limits(incident, period),
                    **_plain(found),
                },
            )
        )

    def _limits(
        self, incident: Incident, period: tuple[datetime, datetime]
    ) -> dict[str, JsonValueType]:
        """Return what the loop judges by when the piece is written; {} without a rule.

        A limit is for the average over `limit_over` seconds: a reading above it proves nothing.
        """
        rule = self._entry.runtime_data.engine.noise_rule(incident.loop, incident.zone)
        if rule is None:
            return {}
        return {
            "limit_over": rule.period.total_seconds(),
            "limits": [
                {"from": begins.isoformat(), "level": limit}
                for begins, limit in rule.limits(*period, dt_util.get_default_time_zone())
            ],
        }


def _plain(found: Levels) -> dict[str, Any]:
    """Return levels to the tenth of a decibel, which is what a meter of class 1 or 2 shows."""
    values = asdict(found)
    heard = values.pop("heard").total_seconds()
    return {name: round(value, 1) for name, value in values.items()} | {"heard": round(heard)}
