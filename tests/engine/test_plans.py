"""A loop's hours in the engine: muted on record, looked at when they begin, kept over a crash."""

from datetime import time, timedelta

from sqlalchemy import create_engine, text

from custom_components.smart_community.core.model import Verdict
from custom_components.smart_community.core.plan import Active, Hours
from custom_components.smart_community.core.rule import Detect

from .conftest import START, House, request

# START is 02:00 UTC.
MORNING = Active(hours=(Hours(begins=time(6), ends=time(22)),))
NIGHT = Active(hours=(Hours(begins=time(22), ends=time(6)),))


async def test_out_of_hours_a_signal_is_recorded_and_tells_nobody(house: House) -> None:
    assert house.engine is not None
    muted = await house.engine.signal(request("d1", active=MORNING))
    assert (muted.verdict, muted.incident) == (Verdict.MUTED_BY_PLAN, None)
    await house.settle()
    assert house.phones.told == []
    await house.crash()
    with create_engine(f"sqlite:///{house.path}").connect() as connection:
        rows = connection.execute(text("select source, raised, verdict from signal")).all()
    assert [tuple(row) for row in rows] == [("d1", 1, "muted_by_plan")]


async def test_what_is_raised_when_the_hours_begin_opens_an_incident_also_after_a_crash(
    house: House,
) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1", "d2", active=MORNING))
    await house.engine.signal(request("d2", raised=False, active=MORNING))
    await house.crash()
    engine = await house.open()
    await house.pass_time(hours=3, minutes=59)
    assert engine.active == []
    await house.pass_time(minutes=1)
    (incident,) = engine.active
    assert list(incident.sources) == ["d1"]
    assert incident.opened_at == START + timedelta(hours=4)
    assert house.phones.told == ["guard"]


async def test_an_opening_that_a_restart_spans_is_seen_to_at_the_start(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1", active=MORNING))
    await house.crash()
    house.now += timedelta(hours=5)
    engine = await house.open()
    await house.settle()
    (incident,) = engine.active
    assert (list(incident.sources), incident.opened_at) == (["d1"], house.now)
    assert house.phones.told == ["guard"]


async def test_an_incident_that_began_in_hours_goes_on_and_clears_after_them(
    house: House,
) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1", active=NIGHT))
    await house.pass_time(hours=5)
    assert house.phones.told[:3] == ["guard", "secretary", "head"]
    cleared = await house.engine.signal(request("d1", raised=False, active=NIGHT))
    assert cleared.verdict is Verdict.CLEARED_BY_ITSELF


async def test_a_dwell_that_would_be_met_after_hours_waits_for_the_next(house: House) -> None:
    assert house.engine is not None
    house.now = START + timedelta(hours=3, minutes=58)
    dwell = Detect(dwell=timedelta(minutes=5))
    await house.engine.signal(request("d1", active=NIGHT, detect=dwell, at=house.now))
    await house.pass_time(hours=15)
    assert house.engine.active == []
    await house.pass_time(hours=2)
    (incident,) = house.engine.active
    assert incident.opened_at == START + timedelta(hours=20, minutes=5)


async def test_a_changed_plan_is_looked_at_at_once(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1", active=MORNING))
    house.hours = NIGHT
    house.engine.replan()
    await house.settle()
    assert len(house.engine.active) == 1


async def test_a_loop_that_was_off_looks_at_what_is_raised_when_it_is_on_again(
    house: House,
) -> None:
    assert house.engine is not None
    await house.engine.switch_loop("smoke_single", on=False)
    off = await house.engine.signal(request("d1"))
    assert off.verdict is Verdict.MUTED_LOOP_OFF
    await house.pass_time(days=2)
    assert house.engine.active == []
    await house.engine.switch_loop("smoke_single", on=True)
    await house.settle()
    assert len(house.engine.active) == 1


async def test_a_clock_that_was_set_wakes_a_loop_by_the_new_time(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1", active=MORNING))
    house.now += timedelta(hours=5)
    house.engine.clock_jumped(timedelta(hours=5))
    house.engine.tick()
    await house.settle()
    assert len(house.engine.active) == 1


async def test_a_thousand_signals_out_of_hours_open_nothing(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request(*(f"d{n}" for n in range(1000)), active=MORNING))
    assert house.engine.active == []
    await house.pass_time(hours=4)
    (incident,) = house.engine.active
    assert len(incident.sources) == 1000
    assert house.phones.told == ["guard"]
