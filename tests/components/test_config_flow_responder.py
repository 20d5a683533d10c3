from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigSubentry
from homeassistant.config_entries import SubentryFlowResult as Result
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.loops import LOOPS

from .translated import assert_flow_said


@pytest.fixture
async def entry(hass: HomeAssistant) -> ConfigEntry:
    """A community at work, beside a modem, a desk that takes messages, a script and a phone."""
    async_mock_service(hass, "notify", "sms_modem")
    async_mock_service(hass, "notify", "mobile_app_phone")
    async_mock_service(hass, "notify", "send_message")
    await async_setup_component(
        hass, "script", {"script": {"call": {"alias": "Place a call", "sequence": []}}}
    )
    hass.states.async_set("notify.desk", "unknown", {"friendly_name": "Duty desk"})
    hass.states.async_set("media_player.hall", "idle", {"friendly_name": "Hall"})
    registry = er.async_get(hass)
    phone = registry.async_get_or_create("notify", "mobile_app", "phone")
    hass.states.async_set(phone.entity_id, "unknown")
    entry = MockConfigEntry(domain=DOMAIN, title="Sunshine Garden", data={"kind": "community"})
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.fixture
async def user(hass: HomeAssistant) -> str:
    return (await hass.auth.async_create_user("Zhang")).id


async def _start(hass: HomeAssistant, entry: ConfigEntry) -> Result:
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "responder"), context={"source": SOURCE_USER}
    )


async def _submit(hass: HomeAssistant, form: Result, **changed: Any) -> Result:
    """Submit a form; a field set to None is left empty, as the frontend does."""
    answers = {
        "name": "Duty desk",
        "tier": "property",
        "users": [],
        "channels": ["push"],
        "voice": {},
        "sms": {},
        "speaker": {},
        "chat": {},
        "https": {},
        "loops": [],
        "language": "zh-Hans",
    } | changed
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], {key: value for key, value in answers.items() if value is not None}
    )
    await hass.async_block_till_done()
    assert_flow_said(result)
    return result


async def _add(hass: HomeAssistant, entry: ConfigEntry, **changed: Any) -> ConfigSubentry:
    before = set(entry.subentries)
    result = await _submit(hass, await _start(hass, entry), **changed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (added,) = set(entry.subentries) - before
    return entry.subentries[added]


def _field(form: Result, name: str) -> Any:
    assert form["data_schema"] is not None
    fields = dict(form["data_schema"].schema)
    for value in form["data_schema"].schema.values():
        if isinstance(value, section):
            fields |= value.schema.schema
    return fields[name]


def _suggested(form: Result) -> dict[str, Any]:
    assert form["data_schema"] is not None
    found: dict[str, Any] = {}
    for key, value in form["data_schema"].schema.items():
        for one in (key, *(value.schema.schema if isinstance(value, section) else ())):
            if one.description and "suggested_value" in one.description:
                found[str(one)] = one.description["suggested_value"]
    return found


def _options(form: Result, name: str) -> list[str]:
    options = _field(form, name).config["options"]
    return [one if isinstance(one, str) else one["value"] for one in options]


async def test_a_responder_is_stored_as_the_engine_reads_it(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    subentry = await _add(
        hass,
        entry,
        name=" 消防站 ",
        tier="department",
        users=[user],
        channels=["voice", "push", "sms"],
        voice={"voice_target": "script.call", "voice_number": " 119 "},
        sms={"sms_target": "notify.sms_modem"},
        loops=["smoke_multiple", "gas_leak"],
    )
    assert (subentry.title, subentry.unique_id) == ("消防站", "responder:xiao_fang_zhan")
    assert dict(subentry.data) == {
        "key": "xiao_fang_zhan",
        "tier": "department",
        "users": [user],
        "channels": ["voice", "push", "sms"],
        "targets": {
            "voice": {"target": "script.call", "number": "119"},
            "sms": {"target": "notify.sms_modem", "number": ""},
        },
        "loops": ["smoke_multiple", "gas_leak"],
        "language": "zh-Hans",
    }
    responder = entry.runtime_data.people.responders["xiao_fang_zhan"]
    assert [kind.value for kind in responder.channels] == ["voice", "push", "sms"]


async def test_what_is_left_empty_is_stored_empty(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    subentry = await _add(hass, entry, users=[user], loops=None)
    assert subentry.data["targets"] == {}
    assert subentry.data["loops"] == []


async def test_only_people_are_offered_as_users(hass: HomeAssistant, entry: ConfigEntry) -> None:
    zhang = await hass.auth.async_create_user("Zhang")
    left = await hass.auth.async_create_user("Li")
    await hass.auth.async_deactivate_user(left)
    await hass.auth.async_create_system_user("Supervisor")
    form = await _start(hass, entry)
    assert _field(form, "users").config["options"] == [{"value": zhang.id, "label": "Zhang"}]


async def test_targets_are_what_reaches_somebody_by_itself(
    hass: HomeAssistant, entry: ConfigEntry
) -> None:
    form = await _start(hass, entry)
    offered = {one["value"]: one["label"] for one in _field(form, "voice_target").config["options"]}
    assert offered == {
        "notify.desk": "Duty desk (notify.desk)",
        "notify.sms_modem": "notify.sms_modem",
        "script.call": "Place a call (script.call)",
    }
    assert _options(form, "sms_target") == list(offered)
    assert _options(form, "speaker_target") == ["media_player.hall", *offered]


async def test_every_loop_and_tier_can_be_chosen(hass: HomeAssistant, entry: ConfigEntry) -> None:
    form = await _start(hass, entry)
    assert _options(form, "loops") == list(LOOPS)
    assert _options(form, "tier") == ["property", "committee", "department", "township"]
    assert _options(form, "channels") == [
        "push",
        "voice",
        "sms",
        "speaker",
        "chat",
        "https",
        "persistent",
    ]


@pytest.mark.parametrize(
    ("spoken", "suggested"), [("zh-Hans", "zh-Hans"), ("zh-Hant", "zh-Hans"), ("de", "en")]
)
async def test_messages_follow_the_language_of_the_installation(
    hass: HomeAssistant, entry: ConfigEntry, spoken: str, suggested: str
) -> None:
    hass.config.language = spoken
    assert _suggested(await _start(hass, entry))["language"] == suggested


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"channels": []}, {"channels": "no_channel"}),
        ({"channels": None}, {"channels": "no_channel"}),
        ({"channels": ["push"]}, {"users": "push_needs_user"}),
        ({"channels": ["voice"]}, {"voice": "voice_needs_target"}),
        ({"channels": ["sms"]}, {"sms": "sms_needs_target"}),
        (
            {"channels": ["voice"], "voice": {"voice_number": "119"}},
            {"voice": "voice_needs_target"},
        ),
        (
            {"channels": ["voice"], "voice": {"voice_target": "script.gone"}},
            {"voice": "target_unknown"},
        ),
        (
            {"channels": ["sms"], "sms": {"sms_target": "notify.send_message"}},
            {"sms": "target_unknown"},
        ),
        ({"channels": ["sms"], "sms": {"sms_target": "13800000000"}}, {"sms": "target_unknown"}),
        ({"channels": ["sms"], "sms": {"sms_target": "provider.gone"}}, {"sms": "target_unknown"}),
        (
            {"channels": ["speaker"], "speaker": {"speaker_target": "media_player.gone"}},
            {"speaker": "target_unknown"},
        ),
        (
            {
                "channels": ["speaker"],
                "speaker": {"speaker_target": "media_player.hall", "speaker_quiet_from": "22:00"},
            },
            {"speaker": "quiet_needs_both"},
        ),
        (
            {"channels": ["push", "voice", "sms"], "name": " "},
            {
                "name": "name_missing",
                "users": "push_needs_user",
                "voice": "voice_needs_target",
                "sms": "sms_needs_target",
            },
        ),
    ],
)
async def test_a_responder_that_could_not_be_reached_is_refused(
    hass: HomeAssistant, entry: ConfigEntry, changed: dict[str, Any], errors: dict[str, str]
) -> None:
    form = await _submit(hass, await _start(hass, entry), **changed)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "user")
    assert form["errors"] == errors

    result = await _submit(hass, form, channels=["voice"], voice={"voice_target": "notify.desk"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_what_was_typed_survives_an_error(hass: HomeAssistant, entry: ConfigEntry) -> None:
    form = await _start(hass, entry)
    assert _field(form, "voice").options["collapsed"]
    form = await _submit(
        hass,
        form,
        channels=["voice", "push"],
        voice={"voice_target": "script.gone", "voice_number": "119"},
    )
    shown = _suggested(form)
    assert shown["voice_target"] == "script.gone"
    assert shown["voice_number"] == "119"
    assert shown["channels"] == ["voice", "push"]
    assert not _field(form, "voice").options["collapsed"]


async def test_a_second_responder_of_the_same_name_is_refused(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    await _add(hass, entry, users=[user])
    form = await _submit(hass, await _start(hass, entry), name="duty desk", users=[user])
    assert form["errors"] == {"name": "already_configured"}


async def test_names_that_only_sound_the_same_get_keys_of_their_own(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    added = [await _add(hass, entry, name=name, users=[user]) for name in ("金苑", "锦苑", "进园")]
    assert [one.data["key"] for one in added] == ["jin_yuan", "jin_yuan_2", "jin_yuan_3"]


async def test_reconfiguring_keeps_the_key_and_reloads_nothing(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    await _add(hass, entry, name="Fire station", users=[user])
    subentry = await _add(
        hass,
        entry,
        users=[user],
        channels=["sms", "push"],
        sms={"sms_target": "notify.sms_modem", "sms_number": "13800000000"},
        loops=["sos"],
    )
    running = entry.runtime_data

    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert form["step_id"] == "reconfigure"
    assert _suggested(form) == {
        "name": "Duty desk",
        "tier": "property",
        "users": [user],
        "channels": ["sms", "push"],
        "sms_target": "notify.sms_modem",
        "sms_number": "13800000000",
        "loops": ["sos"],
        "language": "zh-Hans",
    }
    assert not _field(form, "sms").options["collapsed"]

    form = await _submit(hass, form, name="fire station", users=[user])
    assert form["errors"] == {"name": "already_configured"}
    result = await _submit(hass, form, name="Night desk", users=[user], tier="committee")

    assert result["reason"] == "reconfigure_successful"
    assert (subentry.title, subentry.unique_id) == ("Night desk", "responder:duty_desk")
    assert dict(subentry.data) == {
        "key": "duty_desk",
        "tier": "committee",
        "users": [user],
        "channels": ["push"],
        "targets": {},
        "loops": [],
        "language": "zh-Hans",
    }
    assert entry.runtime_data is running
    assert running.people.responders["duty_desk"].name == "Night desk"


async def test_a_responder_keeps_its_own_name_when_reconfigured(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    subentry = await _add(hass, entry, users=[user])
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    result = await _submit(hass, form, users=[user])
    assert result["reason"] == "reconfigure_successful"


async def test_a_user_who_was_removed_can_be_taken_off_the_form(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    li = await hass.auth.async_create_user("Li")
    subentry = await _add(hass, entry, users=[li.id, user])
    await hass.auth.async_remove_user(li)

    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert _suggested(form)["users"] == [user]
    await _submit(hass, form, users=[user])
    assert subentry.data["users"] == [user]


async def test_two_forms_open_at_once_do_not_make_one_responder_twice(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    first, second = await _start(hass, entry), await _start(hass, entry)
    await _submit(hass, first, users=[user])
    form = await _submit(hass, second, users=[user])
    assert form["errors"] == {"name": "already_configured"}


async def test_duty_deputies_rest_and_places_are_stored_and_shown_again(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    areas, floors = ar.async_get(hass), fr.async_get(hass)
    floor = floors.async_create("Second")
    hall = areas.async_create("Hall", floor_id=floor.floor_id)
    await _add(hass, entry, name="Chief", users=[user])
    given: dict[str, Any] = {
        "place": {"department": "water", "floors": [floor.floor_id]},
        "roster": {"duty": "mon-fri 08:00-20:00", "deputies": ["chief"]},
        "rest": {
            "urgent_channels": ["voice"],
            "quiet_from": "22:00:00",
            "quiet_until": "07:00:00",
        },
    }
    subentry = await _add(
        hass,
        entry,
        tier="department",
        users=[user],
        channels=["push", "voice"],
        voice={"voice_target": "script.call"},
        **given,
    )
    responder = entry.runtime_data.people.responders[subentry.data["key"]]
    assert responder.zones == {f"floor:{floor.floor_id}", f"area:{hall.id}"}
    assert "waterlogging" in responder.loops
    assert (responder.deputies, len(responder.duty)) == (("chief",), 1)
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    shown = _suggested(form)
    for one in given.values():
        for name, value in one.items():
            assert shown[name] == value


async def test_a_duty_table_that_is_not_understood_names_the_line(
    hass: HomeAssistant, entry: ConfigEntry, user: str
) -> None:
    form = await _start(hass, entry)
    result = await _submit(hass, form, users=[user], roster={"duty": "mon 08:00-09:00\nnever"})
    assert result["errors"] == {"roster": "duty_line"}
    assert result["description_placeholders"] == {"line": "never"}
    result = await _submit(hass, form, users=[user], rest={"quiet_from": "22:00:00"})
    assert result["errors"] == {"rest": "quiet_needs_both"}
    result = await _submit(hass, form, users=[user], rest={"night_channels": ["voice"]})
    assert result["errors"] == {"rest": "channel_not_chosen"}
