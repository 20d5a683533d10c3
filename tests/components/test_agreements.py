"""Thresholds agreed with the residents, through the real integration."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .conftest import run_automations
from .test_incident import act, member, pass_time, person, settle
from .test_plans import in_shanghai  # noqa: F401  # noon in Shanghai

BAY = "binary_sensor.bay"
LADDER = [{"tier": "property", "after": 0, "channels": ["sms"]}]


async def agree(hass: HomeAssistant, entry: MockConfigEntry, user: Any, **said: Any) -> str:
    facts = {"loop": "nonmotor_parking", "agreed_by": "Residents' meeting, 12 March"}
    return (await act(hass, entry, "agree", user, **{**facts, **said}))["agreement"]


async def parks(hass: HomeAssistant, entry: MockConfigEntry, source: str = BAY) -> None:
    detect = {"for": {"minutes": 10}}
    data = {"loop": "nonmotor_parking", "source": source, "ladder": LADDER, "detect": detect}
    assert (await act(hass, entry, "signal", **data))["verdict"] == "pending"


async def test_the_loop_uses_what_was_agreed_and_the_timeline_quotes_it(
    hass: HomeAssistant, community: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    secretary = await member(hass, community, "secretary")
    await agree(hass, community, secretary, threshold="for", duration={"minutes": 30})
    await parks(hass, community)
    await pass_time(hass, community, freezer, minutes=29)
    assert community.runtime_data.engine.active == []
    await pass_time(hass, community, freezer, minutes=1)
    (incident,) = community.runtime_data.engine.active
    view = await act(hass, community, "get_incident", secretary, incident=incident.number)
    (quoted,) = [one["line"] for one in view["timeline"] if one["kind"] == "agreed"]
    assert "Residents' meeting, 12 March" in quoted


async def test_an_agreement_holds_after_a_restart_and_the_list_shows_all(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    secretary = await member(hass, community, "secretary")
    first = await agree(hass, community, secretary, threshold="for", duration={"minutes": 30})
    later = dt_util.utcnow() + timedelta(days=10)
    second = await agree(
        hass, community, secretary, threshold="for", duration={"minutes": 20}, valid_from=later
    )
    assert await hass.config_entries.async_unload(community.entry_id)
    assert await hass.config_entries.async_setup(community.entry_id)
    await settle(hass, community)
    listed = await act(hass, community, "list_agreements", secretary)
    assert [(one["id"], one["value"], one["in_force"]) for one in listed["agreements"]] == [
        (first, 1800.0, True),
        (second, 1200.0, False),
    ]
    assert listed["agreements"][0]["recorded_by"] == "Secretary"
    # As a table for the residents' meeting.
    rows = list(csv.DictReader(io.StringIO(listed["csv"])))
    assert [(row["value"], row["unit"], row["agreed_by"]) for row in rows] == [
        ("1800.0", "s", "Residents' meeting, 12 March"),
        ("1200.0", "s", "Residents' meeting, 12 March"),
    ]


async def test_rules_that_are_switched_off_or_another_communitys_do_not_bring_it_into_force(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    def automation(alias: str, detect: dict[str, Any], *, of: str, on: bool) -> dict[str, Any]:
        said = {"loop": "nonmotor_parking", "ladder": LADDER, "detect": detect, "community": of}
        return {
            "alias": alias,
            "initial_state": on,
            "triggers": {"trigger": "event", "event_type": "parked"},
            "actions": {"action": "smart_community.signal", "data": said},
        }

    own = community.entry_id
    await run_automations(
        hass,
        automation("Off", {"for": {"minutes": 10}}, of=own, on=False),
        automation("Theirs", {"silence": {"minutes": 10}}, of="another", on=True),
        automation("Own", {"count": 2, "within": {"minutes": 10}}, of="", on=True),
    )
    secretary = await member(hass, community, "secretary")
    await agree(hass, community, secretary, threshold="for", duration={"minutes": 30})
    await agree(hass, community, secretary, threshold="silence", duration={"minutes": 30})
    await agree(hass, community, secretary, threshold="count", value=3)
    listed = await act(hass, community, "list_agreements", secretary)
    holds = [(one["threshold"], one["hold"]) for one in listed["agreements"]]
    assert holds == [("for", "unused"), ("silence", "unused"), ("count", "in_force")]


async def test_guards_and_strangers_agree_on_nothing(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    for user in (await member(hass, community, "guard"), await person(hass, "stranger")):
        with pytest.raises(ServiceValidationError):
            await agree(hass, community, user, threshold="for", duration={"minutes": 30})
    assert community.runtime_data.engine.agreements == ()


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"threshold": "count", "value": 0}, "agreement_value"),
        ({"threshold": "day", "value": 200}, "agreement_value"),
        ({"threshold": "for", "duration": {"minutes": 1}, "agreed_by": " "}, "agreement_by_nobody"),
    ],
)
async def test_an_agreement_that_makes_no_sense_is_refused(
    hass: HomeAssistant, community: MockConfigEntry, said: dict[str, Any], key: str
) -> None:
    secretary = await member(hass, community, "secretary")
    with pytest.raises(ServiceValidationError) as refused:
        await agree(hass, community, secretary, **said)
    assert refused.value.translation_key == key
