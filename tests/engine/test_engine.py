"""The engine on a real database: what it decides is on disk before anybody hears of it."""

import asyncio
from datetime import timedelta

from custom_components.smart_community.core.events import Acknowledge, Close, Handle
from custom_components.smart_community.core.ladder import policy
from custom_components.smart_community.core.model import (
    Actor,
    Closes,
    DeliveryState,
    Disposition,
    Severity,
    Status,
    Tier,
    Verdict,
)
from custom_components.smart_community.core.ports import Outcome
from custom_components.smart_community.core.rule import Detect

from .conftest import LADDER, START, House, request

GUARD = Actor(user_id="u1", responder="guard", tier=Tier.PROPERTY, name="Guard")


async def test_an_alarm_climbs_the_ladder_at_its_times(house: House) -> None:
    assert house.engine is not None
    result = await house.engine.signal(request("d1"))
    await house.settle()
    assert result.verdict is Verdict.OPENED
    assert house.phones.told == ["guard"]
    await house.pass_time(minutes=2, seconds=59)
    assert house.phones.told == ["guard"]
    await house.pass_time(seconds=1)
    assert house.phones.told == ["guard", "secretary"]
    await house.pass_time(minutes=7)
    assert house.phones.told == ["guard", "secretary", "head"]


async def test_a_thousand_detectors_in_one_instant_are_one_incident_and_one_push(
    house: House,
) -> None:
    assert house.engine is not None
    engine = house.engine
    results = await asyncio.gather(*(engine.signal(request(f"d{n}")) for n in range(1000)))
    await house.settle()
    assert len({result.incident.id for result in results if result.incident}) == 1
    assert len(engine.active[0].sources) == 1000
    assert house.phones.told == ["guard"]


async def test_further_detectors_are_told_together_after_two_minutes(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1"))
    await house.engine.signal(request("d2"))
    await house.engine.signal(request("d3"))
    await house.pass_time(minutes=1, seconds=59)
    assert house.phones.told == ["guard"]
    await house.pass_time(seconds=1)
    assert house.phones.told == ["guard", "guard"]


async def test_a_restart_takes_the_overdue_step_at_once_and_says_why(house: House) -> None:
    assert house.engine is not None
    incident = (await house.engine.signal(request("d1"))).incident
    assert incident is not None
    await house.settle()
    await house.crash()
    house.now += timedelta(minutes=4)
    engine = await house.open()
    await house.settle()
    assert house.phones.told == ["guard", "secretary"]
    (step,) = [e for e in await engine.timeline(incident.id) if e.data.get("late")]
    assert step.due == START + timedelta(minutes=3)
    assert step.at == START + timedelta(minutes=4)
    assert step.data["late"] == "restart"


async def test_a_message_that_was_not_sent_before_a_crash_is_sent_after_it(house: House) -> None:
    assert house.engine is not None
    engine = house.engine
    held = asyncio.Event()

    async def hangs(*_: object) -> None:
        await held.wait()

    house.phones.send = hangs  # type: ignore[assignment,method-assign]  # a phone that hangs
    await engine.signal(request("d1"))
    await asyncio.sleep(0)
    for task in house.tasks:
        task.cancel()
    await asyncio.gather(*house.tasks, return_exceptions=True)
    await house.crash()
    del house.phones.send  # type: ignore[attr-defined]  # it answers again
    await house.open()
    await house.settle()
    assert house.phones.told == ["guard"]


async def test_found_again_after_a_restart_is_the_same_episode(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1"))
    await house.settle()
    await house.crash()
    engine = await house.open()
    result = await engine.signal(request("d1", edge=False))
    assert result.verdict is Verdict.KNOWN
    assert len(engine.active) == 1


async def test_a_detector_that_still_sounds_after_a_false_alarm_opens_nothing_new(
    house: House,
) -> None:
    assert house.engine is not None
    engine = house.engine
    incident = (await engine.signal(request("d1"))).incident
    assert incident is not None
    await engine.act(incident.id, Close(actor=GUARD, disposition=Disposition.FALSE_ALARM))
    result = await engine.signal(request("d1", edge=False))
    assert (result.verdict, engine.active) == (Verdict.KNOWN, [])
    assert (await engine.signal(request("d1"))).verdict is Verdict.OPENED


async def test_the_second_detector_promotes_the_event_to_the_emergency(house: House) -> None:
    assert house.engine is not None
    engine = house.engine
    frozen = policy(LADDER, severity=Severity.EXTREME, takes_over=["smoke_single"])
    greater = {
        "loop": "smoke_multiple",
        "detect": Detect(count=2, within=timedelta(seconds=60)),
        "policy": frozen,
    }
    single = (await engine.signal(request("d1"))).incident
    assert single is not None
    assert (await engine.signal(request("d1", **greater))).verdict is Verdict.PENDING
    house.now += timedelta(seconds=30)
    await engine.signal(request("d2", at=house.now))
    result = await engine.signal(request("d2", at=house.now, **greater))
    assert result.verdict is Verdict.OPENED
    assert result.incident is not None
    assert result.incident.first_alarm_at == START
    assert result.incident.children == (single.id,)
    ended = await engine.find(single.id)
    assert ended is not None
    assert (ended.status, ended.parent) == (Status.SUPERSEDED, result.incident.id)
    await house.settle()
    assert ("guard", f"smart_community_{single.id}") in house.phones.withdrawn
    # A third detector reaches both loops and joins the emergency once.
    third = await engine.signal(request("d3", at=house.now))
    assert third.incident is not None
    assert third.incident.id == result.incident.id
    again = await engine.signal(request("d3", at=house.now, **greater))
    assert again.incident is not None
    assert again.incident.sources["d3"].times == 1


async def test_a_dwell_survives_a_restart_and_is_met_on_time(house: House) -> None:
    assert house.engine is not None
    wet = {"loop": "waterlogging", "detect": Detect(dwell=timedelta(seconds=60))}
    assert (await house.engine.signal(request("w1", **wet))).verdict is Verdict.PENDING
    await house.crash()
    house.now += timedelta(seconds=30)
    engine = await house.open()
    assert engine.active == []
    await house.pass_time(seconds=30)
    assert [one.loop for one in engine.active] == ["waterlogging"]


async def test_a_source_that_clears_before_its_dwell_is_over_tells_nobody(house: House) -> None:
    assert house.engine is not None
    wet = {"loop": "waterlogging", "detect": Detect(dwell=timedelta(seconds=60))}
    await house.engine.signal(request("w1", **wet))
    await house.engine.signal(request("w1", raised=False, **wet))
    await house.pass_time(minutes=5)
    assert (house.engine.active, house.phones.told) == ([], [])


async def test_the_source_clearing_closes_and_takes_the_notice_away(house: House) -> None:
    assert house.engine is not None
    incident = (await house.engine.signal(request("d1"))).incident
    assert incident is not None
    await house.settle()
    result = await house.engine.signal(request("d1", raised=False))
    await house.settle()
    assert result.verdict is Verdict.CLEARED_BY_ITSELF
    assert house.phones.withdrawn == [("guard", f"smart_community_{incident.id}")]


async def test_a_fire_is_not_closed_by_its_detectors(house: House) -> None:
    assert house.engine is not None
    frozen = policy(LADDER, severity=Severity.EXTREME, closes=Closes.PERSON)
    await house.engine.signal(request("d1", policy=frozen))
    result = await house.engine.signal(request("d1", raised=False, policy=frozen))
    assert result.verdict is Verdict.CLEARED
    assert house.engine.active[0].status is Status.OPEN


async def test_a_message_that_is_still_queued_is_not_sent_once_it_is_handled(house: House) -> None:
    assert house.engine is not None
    engine = house.engine
    incident = (await engine.signal(request("d1"))).incident
    assert incident is not None
    await house.settle()
    gate = asyncio.Event()
    send = house.phones.send

    async def slow(*args: object) -> object:
        await gate.wait()
        return await send(*args)  # type: ignore[arg-type]  # passed through

    house.phones.send = slow  # type: ignore[assignment,method-assign]  # a slow phone
    await engine.signal(request("d2"))
    house.now += timedelta(minutes=2)
    engine.tick()  # the news of d2 is on its way to the guard
    await asyncio.sleep(0)
    await engine.act(incident.id, Handle(actor=GUARD))
    gate.set()
    await house.settle()
    kinds = [entry.kind for entry in await engine.timeline(incident.id)]
    assert "handled" in kinds
    assert house.phones.told.count("secretary") == 0


async def test_an_acknowledgement_holds_the_next_step_until_the_time_to_handle_is_over(
    house: House,
) -> None:
    assert house.engine is not None
    incident = (await house.engine.signal(request("d1"))).incident
    assert incident is not None
    await house.pass_time(minutes=1)
    await house.engine.act(incident.id, Acknowledge(actor=GUARD))
    await house.settle()
    house.phones.got.clear()
    await house.pass_time(minutes=9)  # the township's step is `unless handled`: it comes
    assert house.phones.told == ["head"]
    await house.pass_time(minutes=1)  # time to handle is over: open again, all told so
    assert set(house.phones.told) >= {"guard", "head"}
    assert house.engine.active[0].status is Status.OPEN
    assert house.engine.next_due is not None


async def test_a_failed_push_goes_on_to_the_next_step_at_once(house: House) -> None:
    assert house.engine is not None
    house.phones.problem = "no_phone"
    incident = (await house.engine.signal(request("d1"))).incident
    assert incident is not None
    await house.settle()
    await house.settle()
    kinds = [entry.kind for entry in await house.engine.timeline(incident.id)]
    assert kinds.count("step_taken") == 3
    assert kinds.count("step_pulled") == 2
    reasons = {
        e.data["reason"]
        for e in await house.engine.timeline(incident.id)
        if e.kind == "step_pulled"
    }
    assert reasons == {"every_delivery_failed"}


async def test_a_clock_that_jumps_forward_fires_nothing_early(house: House) -> None:
    assert house.engine is not None
    await house.engine.signal(request("d1"))
    await house.settle()
    house.now += timedelta(days=365)
    house.engine.clock_jumped(timedelta(days=365))
    house.engine.tick()
    await house.settle()
    assert house.phones.told == ["guard"]
    await house.pass_time(minutes=3)
    assert house.phones.told == ["guard", "secretary"]


async def test_one_callers_mistake_is_not_the_others(house: House) -> None:
    assert house.engine is not None
    engine = house.engine
    bad, good = await asyncio.gather(
        engine.act("no such incident", Acknowledge(actor=GUARD)),
        engine.signal(request("d1")),
        return_exceptions=True,
    )
    assert isinstance(bad, Exception)
    assert not isinstance(good, BaseException)
    assert good.verdict is Verdict.OPENED


async def test_a_loop_that_is_off_records_the_signal_and_opens_nothing(house: House) -> None:
    assert house.engine is not None
    await house.engine.switch_loop("smoke_single", on=False)
    assert (await house.engine.signal(request("d1"))).verdict is Verdict.MUTED_LOOP_OFF
    await house.crash()
    engine = await house.open()
    assert not engine.loop_on("smoke_single")
    assert engine.active == []


async def test_a_receipt_that_comes_later_is_asked_for_also_after_a_crash(house: House) -> None:
    assert house.engine is not None
    house.phones.outcome = Outcome(state=DeliveryState.SENT, reference="provider")
    opened = await house.engine.signal(request("d1"))
    assert opened.incident is not None
    while not house.phones.followed:
        await asyncio.sleep(0)
    for task in house.tasks:
        task.cancel()
    await house.crash()
    house.phones.followed.clear()
    house.phones.answer = asyncio.get_running_loop().create_future()
    house.phones.answer.set_result(
        Outcome(state=DeliveryState.DELIVERED, reason="key_pressed", acknowledged=True)
    )
    engine = await house.open()
    assert house.phones.followed[0] == ("guard", f"smart_community_{opened.incident.id}")
    kinds = [entry.kind for entry in await engine.timeline(opened.incident.id)]
    assert kinds[-3:] == ["sent", "delivered", "acknowledged"]
    assert house.phones.told == ["guard", "guard"]  # the alarm, then that somebody is on it


async def test_a_provider_that_never_answers_leaves_the_message_handed_over(house: House) -> None:
    house.phones.outcome = Outcome(state=DeliveryState.SENT, reference="provider")
    assert house.engine is not None
    house.phones.answer.set_result(Outcome(state=DeliveryState.SENT))
    opened = await house.engine.signal(request("d1"))
    await house.settle()
    assert opened.incident is not None
    rows = [entry.kind for entry in await house.engine.timeline(opened.incident.id)]
    assert rows == ["opened", "step_taken", "sent"]
