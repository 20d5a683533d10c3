"""What a community sets once holds for every automation that leaves it to the community."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util.yaml import load_yaml_dict

from custom_components.smart_community.core.defaults import SHIPPED_TIMES
from custom_components.smart_community.core.model import ChannelKind, Closes, Severity
from custom_components.smart_community.loops import LOOPS
from custom_components.smart_community.zones import zone_named
from tests.components.translated import assert_flow_said

from .conftest import Estate
from .test_shipped import FOLDER

# No alarm of theirs comes and goes: a press has no end; a day of silence begins anew with any
# sign of life; an incident that waits for its digest is open until then anyway.
WITHOUT_WINDOW = {"lock_tamper", "group_rental", "elder_no_activity", "garbage_off_hours"}


async def offered(estate: Estate) -> dict[str, Any]:
    """Open the form, as the community's gear does."""
    options = estate.hass.config_entries.options
    menu = await options.async_init(estate.entry.entry_id)
    form: dict[str, Any] = await options.async_configure(
        menu["flow_id"], {"next_step_id": "loop_defaults"}
    )
    return form


def shown(form: dict[str, Any]) -> dict[str, Any]:
    """What stands in the form."""
    said: dict[str, Any] = {}
    for key, field in form["data_schema"].schema.items():
        inner = getattr(field, "schema", None)
        if inner is None:
            said[str(key)] = key.description["suggested_value"]
        else:
            said[str(key)] = {
                str(one): one.description["suggested_value"]
                for one in inner.schema
                if one.description is not None
            }
    return said


async def save(estate: Estate, **changed: Any) -> dict[str, Any]:
    """Change some fields of the form and send it."""
    form = await offered(estate)
    said = shown(form)
    for name, value in changed.items():
        said[name] = {**said[name], **value} if isinstance(value, dict) else value
    saved: dict[str, Any] = await estate.hass.config_entries.options.async_configure(
        form["flow_id"], said
    )
    await estate.settle()
    return saved


def _defaults(loop: str) -> dict[str, Any]:
    sections = load_yaml_dict(FOLDER / f"{loop}.yaml")["blueprint"]["input"].values()
    return {key: row.get("default") for one in sections for key, row in one["input"].items()}


async def test_the_form_shows_what_is_in_force_and_is_saved_beside_the_rehearsals(
    estate: Estate,
) -> None:
    form = await offered(estate)
    assert_flow_said(form)
    assert shown(form)["extreme"]["committee_after"]["seconds"] == 15
    before = dict(estate.entry.options)
    saved = await save(estate, zone_class="2")
    assert saved["type"] is FlowResultType.CREATE_ENTRY
    assert before.items() <= estate.entry.options.items()
    assert shown(await offered(estate))["zone_class"] == "2"


async def test_a_change_holds_without_saving_an_automation_and_its_own_value_goes_before_it(
    estate: Estate,
) -> None:
    gas, smoke = estate.detector(1, "gas"), [estate.detector(n, "smoke") for n in (1, 2)]
    await estate.automate("gas_leak")
    await estate.automate("smoke_multiple", township_after={"minutes": 7})
    await save(estate, extreme={"township_after": {"minutes": 5}, "handle_within": {"hours": 1}})
    for detector in (gas, *smoke):
        estate.set(detector, "on")
    await estate.settle()
    found = {one.loop: one.policy for one in estate.active}
    assert found["gas_leak"].ladder[-1].after == timedelta(minutes=5)
    assert found["smoke_multiple"].ladder[-1].after == timedelta(minutes=7)
    assert found["gas_leak"].handle_within == timedelta(hours=1)
    await save(estate, extreme={"township_after": {"minutes": 8}})
    assert estate.active[0].policy == found[estate.active[0].loop]  # what is open keeps its own


async def test_a_community_that_has_changed_nothing_has_the_shipped_times(estate: Estate) -> None:
    detector = estate.detector(1, "gas")
    await estate.automate("gas_leak")
    estate.set(detector, "on")
    await estate.settle()
    policy = estate.active[0].policy
    times = SHIPPED_TIMES[Severity.EXTREME]
    assert [step.after for step in policy.ladder[1:]] == list(times.values())[:3]
    assert (policy.handle_within, policy.receipt_within) == tuple(times.values())[3:]


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        (
            {"extreme": {"department_after": {"hours": 1}}},
            {"extreme": "tiers_out_of_order"},
        ),
        ({"minor": {"handle_within": {"minutes": 0}}}, {"minor": "deadline_missing"}),
        ({"speaker": {"quiet_from": "22:00:00"}}, {"speaker": "quiet_needs_both"}),
    ],
)
async def test_a_form_that_makes_no_sense_is_refused_with_what_to_do(
    estate: Estate, changed: dict[str, Any], errors: dict[str, str]
) -> None:
    refused = await save(estate, **changed)
    assert refused["errors"] == errors
    assert_flow_said(refused)


async def test_loudspeakers_keep_the_communitys_hours_unless_they_have_their_own(
    estate: Estate,
) -> None:
    await save(estate, speaker={"quiet_from": "22:00:00", "quiet_until": "07:00:00"})
    people = estate.entry.runtime_data.people
    subentry = next(iter(estate.entry.subentries.values()))
    own = {"target": "media_player.yard", "quiet_from": "12:00:00", "quiet_until": "14:00:00"}
    for speaker, hour in (({"target": "media_player.yard"}, 22), (own, 12)):
        targets = {**subentry.data["targets"], "speaker": speaker}
        estate.hass.config_entries.async_update_subentry(
            estate.entry, subentry, data={**subentry.data, "targets": targets}
        )
        await estate.settle()
        address = people.addresses[subentry.data["key"], ChannelKind.SPEAKER]
        assert address.quiet[0].hour == hour


@pytest.mark.parametrize("said", ["", "4a"])
async def test_noise_is_judged_by_the_communitys_class_unless_the_automation_names_one(
    estate: Estate, said: str
) -> None:
    await save(estate, zone_class="2")
    estate.hass.states.async_set("sensor.meter", "50")
    await estate.hass.services.async_call(
        "smart_community",
        "signal",
        {
            "loop": "square_dance_noise",
            "source": "sensor.meter",
            "value": "50",
            "zone": "square",
            "detect": {"noise": {"period": {"minutes": 3}, "class": said}},
            "ladder": [{"tier": "property", "after": 0}],
        },
        blocking=True,
    )
    engine = estate.entry.runtime_data.engine
    rule = engine.noise_rule("square_dance_noise", zone_named(estate.hass, "square")[0])
    assert rule is not None
    assert rule.day == (60 if said == "" else 70)


def test_every_time_of_the_community_is_one_that_a_shipped_loop_leaves_to_it() -> None:
    left = {
        (loop.severity, name)
        for key, loop in LOOPS.items()
        for name, default in _defaults(key).items()
        if default == "" and name in SHIPPED_TIMES[loop.severity]
    }
    said = {(severity, name) for severity, times in SHIPPED_TIMES.items() for name in times}
    assert left == said


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_whose_alarm_may_flap_has_a_window_in_which_it_is_the_same_incident(
    loop: str,
) -> None:
    flaps = LOOPS[loop].closes is Closes.SOURCE and loop not in WITHOUT_WINDOW
    assert ("quiet_for" in _defaults(loop)) == flaps
