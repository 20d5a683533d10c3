"""What must hold for each loop, whatever it watches: nobody is told for nothing, nothing is lost.

Sources are set as states here: the field is played in the loops' own scenarios.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.util import dt as dt_util

from custom_components.smart_community.core.model import Closes
from custom_components.smart_community.loops import LOOPS

from .scene import Scene

_LOST = ("unavailable", "unknown")


@dataclass(frozen=True, kw_only=True)
class Case:
    """What raises a loop, and how long it then takes to believe.

    `alarm` None: an event, whose state is its time. `needs`: so many different sources or events.
    `at`: a clock time in its hours, `asleep` one out of them, if it has hours.
    """

    domain: str = "binary_sensor"
    device_class: str | None = None
    quiet: str = "off"
    alarm: str | None = "on"
    unit: str | None = None
    believed: timedelta = timedelta(0)
    needs: int = 1
    event: Mapping[str, Any] = field(default_factory=dict)
    at: str = "09:00"
    asleep: str | None = None


def _after(**span: float) -> timedelta:
    return timedelta(**span)


CASES = {
    "smoke_single": Case(device_class="smoke"),
    "smoke_multiple": Case(device_class="smoke", needs=2),
    "sprinkler_flow": Case(device_class="running", believed=_after(seconds=5)),
    "fire_water_pressure": Case(
        domain="sensor",
        device_class="pressure",
        unit="kPa",
        quiet="300",
        alarm="20",
        believed=_after(minutes=5),
    ),
    "gas_leak": Case(device_class="gas"),
    "electrical_fire": Case(
        domain="sensor",
        device_class="current",
        unit="mA",
        quiet="20",
        alarm="500",
        believed=_after(seconds=60),
    ),
    "fire_lane_blocked": Case(device_class="occupancy", believed=_after(minutes=5)),
    "ebike_indoors": Case(device_class="occupancy"),
    "waterlogging": Case(device_class="moisture", believed=_after(seconds=60)),
    "pump_room_flood": Case(device_class="moisture", believed=_after(seconds=30)),
    "water_supply_fault": Case(
        domain="sensor",
        device_class="distance",
        unit="m",
        quiet="2",
        alarm="0.1",
        believed=_after(minutes=10),
    ),
    "manhole_moved": Case(device_class="vibration"),
    "garbage_overflow": Case(device_class="occupancy", believed=_after(minutes=10)),
    "garbage_off_hours": Case(device_class="motion", at="11:00", asleep="18:30"),
    "group_rental": Case(
        domain="event",
        alarm=None,
        quiet="unknown",
        needs=8,
        event={"event_type": "unlocked"},
    ),
    "lock_tamper": Case(
        domain="event", alarm=None, quiet="unknown", event={"event_type": "tamper"}
    ),
    "unit_door_open": Case(device_class="door", believed=_after(minutes=5)),
    "sos": Case(device_class="safety"),
    "lift_entrapment": Case(device_class="safety"),
    "night_intrusion": Case(device_class="motion", at="23:30", asleep="12:00"),
    "nonmotor_parking": Case(device_class="occupancy", believed=_after(minutes=10), asleep="23:00"),
    "garage_overstay": Case(device_class="occupancy", believed=_after(hours=24)),
    "garage_air": Case(
        domain="sensor",
        device_class="carbon_monoxide",
        unit="ppm",
        quiet="3",
        alarm="90",
        believed=_after(minutes=3),
    ),
}
LASTING = [loop for loop, case in CASES.items() if case.alarm is not None]
# As shipped each of their devices is a place of its own.
BY_SOURCE = {
    "ebike_indoors",
    "fire_water_pressure",
    "garage_overstay",
    "lift_entrapment",
    "lock_tamper",
    "manhole_moved",
    "sos",
    "unit_door_open",
}
# Sources that clear end it: without a window each coming and going would be one more incident.
FLAPPING = [
    loop
    for loop in LASTING
    if LOOPS[loop].closes is Closes.SOURCE and loop != "garbage_off_hours"  # open until its digest
]
# Their detection is no alarm that begins and ends: they are played in their own scenarios only.
ELSEWHERE = {
    "elder_no_activity",
    "square_dance_noise",
    "renovation_noise",
    "illegal_renovation",
    "device_fault",
}


def test_every_shipped_loop_is_tried() -> None:
    assert CASES.keys() | ELSEWHERE == LOOPS.keys()


class Field:
    """The sources of one case."""

    def __init__(self, scene: Scene, loop: str) -> None:
        self.scene = scene
        self.loop = loop
        self.case = CASES[loop]
        self.sources: list[str] = []

    def add(self, count: int) -> None:
        """Put sources into the corridor, all quiet."""
        case = self.case
        more: dict[str, Any] = {}
        if case.unit is not None:
            more["unit_of_measurement"] = case.unit
        if case.event:
            more["event_types"] = [case.event["event_type"]]
        self.more = more
        self.sources += [
            self.scene.thing(case.domain, case.device_class, case.quiet, **more)
            for _ in range(count)
        ]

    async def automate(self, at: str | None = None, **inputs: Any) -> None:
        """Make the automation, in its hours unless another time is said.

        Nothing but its target is chosen, unless `inputs` say more.
        """
        await self.scene.at_clock(at or self.case.at)
        await self.scene.automate(self.loop, **inputs)
        await self.scene.settle()

    def say(self, source: str, state: str, **more: Any) -> None:
        self.scene.hass.states.async_set(source, state, {**self.more, **more})

    def raise_(self, source: str, number: int = 0) -> None:
        """Let a source go into alarm, or an event happen at it."""
        if self.case.alarm is not None:
            self.say(source, self.case.alarm)
        else:
            self.say(source, dt_util.utcnow().isoformat(), **self.case.event, credential=number)

    async def alarm(self) -> None:
        """Raise as much as the loop needs to begin to believe."""
        for number in range(self.case.needs):
            await self.scene.pass_time(seconds=1)
            self.raise_(self.sources[number % len(self.sources)], number)
            await self.scene.settle()

    async def believed(self) -> None:
        """Let the time pass that the loop takes to believe."""
        await self.scene.pass_time(seconds=self.case.believed.total_seconds())


@pytest.fixture
def field_of(scene: Scene, request: pytest.FixtureRequest) -> Field:
    field = Field(scene, request.param)
    field.add(2)
    return field


@pytest.mark.claims("reach")
@pytest.mark.parametrize("field_of", CASES, indirect=True)
async def test_sources_that_are_out_of_reach_raise_nothing(scene: Scene, field_of: Field) -> None:
    await field_of.automate()
    for state in (*_LOST, field_of.case.quiet, "unknown"):
        for source in field_of.sources:
            field_of.say(source, state)
        await scene.settle()
    await field_of.believed()
    assert scene.active == []
    assert scene.told_since() == []


@pytest.mark.parametrize("field_of", LASTING, indirect=True)
async def test_what_is_in_alarm_before_the_automation_is_made_is_found(
    scene: Scene, field_of: Field
) -> None:
    await scene.at_clock(field_of.case.at)
    await field_of.alarm()
    await field_of.automate()
    await field_of.believed()
    assert [one.loop for one in scene.active] == [field_of.loop]


@pytest.mark.parametrize("field_of", LASTING, indirect=True)
async def test_a_source_lost_in_alarm_neither_clears_nor_counts_twice(
    scene: Scene, field_of: Field
) -> None:
    await field_of.automate()
    await field_of.alarm()
    await field_of.believed()
    (incident,) = scene.active
    for state in _LOST:
        field_of.say(field_of.sources[0], state)
        await scene.settle()
        field_of.raise_(field_of.sources[0])
        await scene.settle()
    (same,) = scene.active
    assert same.id == incident.id
    assert same.sources[field_of.sources[0]].cleared_at is None
    assert same.sources[field_of.sources[0]].times == 1


@pytest.mark.parametrize("field_of", FLAPPING, indirect=True)
async def test_a_source_that_comes_and_goes_is_one_incident_also_after_it_was_handled(
    scene: Scene, field_of: Field
) -> None:
    case, source = field_of.case, field_of.sources[0]
    await field_of.automate()
    await field_of.alarm()
    await field_of.believed()
    (incident,) = scene.active
    window = incident.policy.quiet_for
    assert window >= timedelta(minutes=5)
    field_of.say(source, case.quiet)
    await scene.settle()
    await scene.call("guard", "handle", incident=incident.id, note="looked")
    assert [one.status for one in scene.active] == ["handled"]
    await scene.pass_time(seconds=window.total_seconds() - 1)
    field_of.raise_(source)
    await scene.settle()
    await field_of.believed()
    (same,) = scene.active
    assert (same.id, same.status) == (incident.id, "open")
    field_of.say(source, case.quiet)
    await scene.settle()
    await scene.pass_time(seconds=window.total_seconds())
    assert [row[:2] for row in await scene.ended()] == [(field_of.loop, "closed")]


@pytest.mark.claims("restart")
@pytest.mark.parametrize("field_of", CASES, indirect=True)
async def test_a_restart_in_the_middle_of_belief_and_ladder_loses_and_doubles_nothing(
    scene: Scene, field_of: Field
) -> None:
    case = field_of.case
    await field_of.automate()
    if case.alarm is None and case.needs > 1:  # events that were counted before it count after it
        field_of.raise_(field_of.sources[0])
        await scene.pass_time(seconds=1)
        await scene.restart()
    scene.begin()
    await field_of.alarm()
    if case.believed:
        await scene.pass_time(seconds=case.believed.total_seconds() / 2)
        await scene.restart()
        assert scene.active == []
        await scene.pass_time(seconds=case.believed.total_seconds() / 2)
    (incident,) = scene.active
    # What is being said while the power goes is said again: only what is out is told once.
    engine = scene.entry.runtime_data.engine
    await scene.comes(lambda: not engine.letters_waiting, lambda: str(engine.letters_waiting))
    await scene.settle()
    told = scene.told_since()
    await scene.restart()
    assert scene.told_since() == told
    await scene.pass_time(minutes=11, steps=timedelta(minutes=1))
    (same,) = scene.active
    assert same.id == incident.id
    taken = [rung for rung in same.rungs if rung.taken_at is not None]
    due = [
        step
        for step in same.policy.ladder
        if step.after <= timedelta(minutes=11) and step.digest is None
    ]
    assert len(taken) >= len(due)
    rows = [(who, ways) for _, who, ways in scene.told_since()]
    assert len(rows) == len(set(rows))


@pytest.mark.claims("storm")
@pytest.mark.parametrize("field_of", CASES, indirect=True)
async def test_a_thousand_signals_in_a_second_are_one_incident_or_ten_and_their_storm(
    scene: Scene, field_of: Field
) -> None:
    field_of.add(998)
    await field_of.automate()
    await scene.pass_time(seconds=1)
    scene.begin()
    for number, source in enumerate(field_of.sources):
        field_of.raise_(source, number)
    await scene.settle()
    await field_of.believed()
    await scene.settle()
    incidents = scene.active
    assert len(incidents) == (11 if field_of.loop in BY_SOURCE else 1)
    assert {one for incident in incidents for one in incident.sources} == set(field_of.sources)
    rows = Counter((who, way) for _, who, ways in scene.told_since() for way in ways.split())
    assert max(rows.values()) <= len(incidents)


@pytest.mark.parametrize("field_of", CASES, indirect=True)
async def test_a_loop_that_is_switched_off_tells_nobody(scene: Scene, field_of: Field) -> None:
    await field_of.automate()
    await scene.entry.runtime_data.engine.switch_loop(field_of.loop, on=False)
    await field_of.alarm()
    await field_of.believed()
    assert scene.active == []
    assert scene.told_since() == []


@pytest.mark.claims("hours")
@pytest.mark.parametrize("field_of", CASES, indirect=True)
async def test_a_loop_tells_nobody_out_of_its_hours_unless_lives_depend_on_it(
    scene: Scene, field_of: Field
) -> None:
    if field_of.case.asleep is None:
        await scene.plan_for_summer_evenings()
    await field_of.automate(at=field_of.case.asleep)
    await field_of.alarm()
    await field_of.believed()
    if LOOPS[field_of.loop].life_safety:
        assert [one.loop for one in scene.active] == [field_of.loop]
    else:
        assert scene.active == []
        assert scene.told_since() == []
