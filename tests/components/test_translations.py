import ast
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.condition import (
    async_get_all_descriptions as async_get_all_conditions,
)
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.helpers.trigger import async_get_all_descriptions as async_get_all_triggers
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smart_community.community_setup import STORE_ISSUES
from custom_components.smart_community.condition import async_get_conditions
from custom_components.smart_community.config_flow_unit import WHY_NO_DATA
from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.core.permits import Role
from custom_components.smart_community.entity_modbus import platform_of
from custom_components.smart_community.errors import REFUSALS
from custom_components.smart_community.field.modbus.families import FAMILIES
from custom_components.smart_community.field.point import Quality
from custom_components.smart_community.loops import LOOPS
from custom_components.smart_community.modbus_link import Transport
from custom_components.smart_community.trigger import async_get_triggers

from .translated import (
    COMPONENT,
    LANGUAGES,
    assert_flow_said,
    assert_said,
    leaves,
    look_up,
    placeholders,
    translations,
)

# What these raise is told in other words: a broken record as a StoreError, a mangled tap as a
# refusal on the timeline.
NOT_SHOWN = {"codec.py", "message.py"}
FLOWS = {
    "config_flow_community.py": "config",
    "config_flow_channels.py": "config_subentries.responder",
    "config_flow_modbus.py": "config",
    "config_flow_unit.py": "config_subentries.unit",
    "config_flow_plan.py": "config_subentries.plan",
    "config_flow_provider.py": "config_subentries.provider",
    "config_flow_roster.py": "config_subentries.responder",
    "config_flow_zigbee.py": "config",
}


def _files() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(COMPONENT.rglob("*.py")):
        yield path.name, ast.parse(path.read_text())


def _calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    for file, tree in _files():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else None
                called = node.func.id if isinstance(node.func, ast.Name) else called
                if called in names:
                    yield file, node


def _words(node: ast.AST) -> set[str]:
    """Return every word an expression may be, if it is written out."""
    match node:
        case ast.Constant(value=str(word)):
            return {word}
        case ast.IfExp():
            return _words(node.body) | _words(node.orelse)
        case ast.Tuple(elts=[first, *_]):
            return _words(first)
        case _:
            return set()


def _returns_error(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return node.returns is not None and "str | None" in ast.unparse(node.returns)


def _errors_of(tree: ast.Module) -> set[str]:
    """Return the errors a flow's file writes out: put into `errors`, or returned as its key."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id="errors"))]):
                found |= _words(node.value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _returns_error(node):
                for one in ast.walk(node):
                    if isinstance(one, ast.Return) and one.value is not None:
                        found |= _words(one.value)
    return found


def test_both_languages_say_the_same_things() -> None:
    english, chinese = (dict(leaves(translations(language))) for language in LANGUAGES)
    assert set(english) == set(chinese)
    for path, sentence in english.items():
        assert placeholders(sentence) == placeholders(chinese[path]), path
        assert chinese[path].strip(), path


def test_the_texts_of_messages_are_the_same_in_both_languages() -> None:
    english, chinese = (
        dict(leaves(json.loads((COMPONENT / "texts" / f"{language}.json").read_text())))
        for language in LANGUAGES
    )
    assert set(english) == set(chinese)
    for path, sentence in english.items():
        assert placeholders(sentence) == placeholders(chinese[path]), path


def test_loops_are_called_the_same_in_forms_and_in_messages() -> None:
    for language, options in look_up("selector.loop.options").items():
        texts = json.loads((COMPONENT / "texts" / f"{language}.json").read_text())
        assert options == texts["loops"]
        assert set(options) == set(LOOPS)


def test_every_refusal_has_its_sentence() -> None:
    for file, call in _calls("refusal", "failure", "DomainError"):
        if file in NOT_SHOWN:
            continue
        given = {str(keyword.arg) for keyword in call.keywords}
        for key in _words(call.args[0]):
            assert_said(f"exceptions.{key}.message", given)
    for key in REFUSALS.values():
        assert_said(f"exceptions.{key}.message", {"incident", "number"})
    for role in Role:
        assert_said(f"exceptions.not_permitted_{role}.message", {"number"})
    for key in STORE_ISSUES:
        assert_said(f"exceptions.{key}.message", {"problem", "community"})


def _issue_path(key: str) -> None:
    assert_said(f"issues.{key}.title")
    for language, issue in look_up(f"issues.{key}").items():
        assert ("description" in issue) != ("fix_flow" in issue), f"{language}: issues.{key}"
        if "fix_flow" in issue:
            assert_said(f"issues.{key}.fix_flow.step.confirm.title")
            assert_said(f"issues.{key}.fix_flow.step.confirm.description")


def test_every_repair_issue_has_its_sentence() -> None:
    written_out = {
        word
        for _, call in _calls("async_create_issue")
        for keyword in call.keywords
        if keyword.arg == "translation_key"
        for word in _words(keyword.value)
    }
    unheard = {f"loop_unheard_{why}" for why in ("no_automation", "automation_off", "no_source")}
    audited = {"step_late", "outbox_stuck", "recording_failed", "loops_unused", "no_loop_yet"}
    audited |= unheard | {"agreement_unused", "almanac_ends"}
    for key in written_out | audited | set(STORE_ISSUES):
        _issue_path(key)


@pytest.mark.parametrize(("file", "path"), FLOWS.items())
def test_every_error_of_a_flow_has_its_sentence(file: str, path: str) -> None:
    tree = ast.parse((COMPONENT / file).read_text())
    found = _errors_of(tree)
    assert found
    # A unit's errors stand in the same file as its bus's, but are looked up under the subentry.
    paths = [path, "config_subentries.unit"] if file == "config_flow_modbus.py" else [path]
    for error in found:
        said = [one for one in paths if all(look_up(f"{one}.error.{error}").values())]
        assert said, f"{file}: {error}"


@pytest.mark.parametrize(("file", "path"), FLOWS.items())
def test_every_reason_to_break_off_a_flow_has_its_sentence(file: str, path: str) -> None:
    for where, call in _calls("AbortFlow"):
        if where == file:
            for reason in _words(call.args[0]):
                assert_said(f"{path}.abort.{reason}")


async def test_every_step_of_a_community_has_its_words(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert_flow_said(menu)
    assert_flow_said(await flows.async_configure(menu["flow_id"], {"next_step_id": "community"}))
    assert_flow_said(await community.start_reconfigure_flow(hass))
    subentries = hass.config_entries.subentries
    handler = (community.entry_id, "responder")
    assert_flow_said(await subentries.async_init(handler, context={"source": SOURCE_USER}))
    one = next(iter(community.subentries))
    context = {"source": SOURCE_RECONFIGURE, "subentry_id": one}
    assert_flow_said(await subentries.async_init(handler, context=context))


async def test_every_step_of_a_plan_has_its_words(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    subentries = hass.config_entries.subentries
    handler = (community.entry_id, "plan")
    menu = await subentries.async_init(handler, context={"source": SOURCE_USER})
    assert_flow_said(menu)
    for kind in menu["menu_options"]:
        menu = await subentries.async_init(handler, context={"source": SOURCE_USER})
        form = await subentries.async_configure(menu["flow_id"], {"next_step_id": kind})
        assert_flow_said(form)


async def test_every_step_of_a_bus_has_its_words(hass: HomeAssistant) -> None:
    data = {"kind": "modbus_bus", "transport": "tcp", "host": "127.0.0.1", "port": 502}
    unit = {"unit": 1, "family": "fire_panel", "inputs": 2, "names": []}
    entry = MockConfigEntry(
        domain=DOMAIN,
        data=data,
        subentries_data=[
            {"subentry_type": "unit", "title": "Panel", "unique_id": "unit:1", "data": unit}
        ],
    )
    entry.add_to_hass(hass)
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    menu = await flows.async_configure(menu["flow_id"], {"next_step_id": "modbus_bus"})
    assert_flow_said(menu)
    for transport in Transport:
        again = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
        for step in ("modbus_bus", f"modbus_{transport}"):
            again = await flows.async_configure(again["flow_id"], {"next_step_id": step})
        assert_flow_said(again)
    assert_flow_said(await entry.start_reconfigure_flow(hass))
    subentries = hass.config_entries.subentries
    handler = (entry.entry_id, "unit")
    assert_flow_said(await subentries.async_init(handler, context={"source": SOURCE_USER}))
    context = {"source": SOURCE_RECONFIGURE, "subentry_id": next(iter(entry.subentries))}
    assert_flow_said(await subentries.async_init(handler, context=context))
    assert_said("config_subentries.unit.step.confirm.description", {"points", "on", "figures"})
    wired = {key for family in FAMILIES.values() for key in family.counts} | {"names"}
    for error in WHY_NO_DATA.values():
        assert_said(f"config_subentries.unit.error.{error}", {"problem"})
    for texts in ("data", "data_description"):
        for found in look_up(f"config_subentries.unit.step.wired.{texts}").values():
            assert set(found) == wired


@pytest.mark.parametrize("kind", ["plan", "provider", "responder", "unit", "point_table"])
def test_every_kind_of_subentry_has_its_name_and_buttons(kind: str) -> None:
    for key in ("entry_type", "initiate_flow.user", "initiate_flow.reconfigure"):
        assert_said(f"config_subentries.{kind}.{key}")
    assert_said(f"config_subentries.{kind}.abort.already_configured")


async def test_every_entity_of_a_community_has_its_name(
    hass: HomeAssistant, community: MockConfigEntry
) -> None:
    entities = er.async_entries_for_config_entry(er.async_get(hass), community.entry_id)
    assert entities
    icons = json.loads((COMPONENT / "icons.json").read_text())["entity"]
    for entity in entities:
        assert entity.translation_key is not None, entity.entity_id
        path = f"entity.{entity.domain}.{entity.translation_key}"
        assert_said(f"{path}.name")
        capabilities = entity.capabilities or {}
        for option in capabilities.get("options", ()):
            assert_said(f"{path}.state.{option}")
        for event in capabilities.get("event_types", ()):
            assert_said(f"{path}.state_attributes.event_type.state.{event}")
        has_icon = entity.translation_key in icons.get(entity.domain, {})
        assert has_icon or entity.original_device_class, entity.entity_id


def test_every_entity_of_a_unit_has_its_name() -> None:
    for family in FAMILIES.values():
        for point in family.points(dict.fromkeys(family.counts, 1)):
            path = f"entity.{platform_of(point)}.{point.key.removesuffix(f'_{point.number}')}"
            assert_said(f"{path}.name", set() if point.number is None else {"number"})
    for quality in Quality:
        assert_said(f"entity.sensor.unit_quality.state.{quality}")


def test_icons_are_only_for_entities_that_there_are() -> None:
    icons = json.loads((COMPONENT / "icons.json").read_text())
    for domain, keys in icons["entity"].items():
        for key in keys:
            assert_said(f"entity.{domain}.{key}.name")


def _assert_described(
    path: str, descriptions: Mapping[str, Mapping[str, Any]], icon: Mapping[str, Any]
) -> None:
    """Actions or triggers, each with its fields and their options, have all their words."""
    for language, texts in look_up(path).items():
        assert set(texts) == set(descriptions), language
    assert set(icon) == set(descriptions)
    for name, described in descriptions.items():
        assert_said(f"{path}.{name}.name")
        assert_said(f"{path}.{name}.description")
        fields = described.get("fields") or {}
        for language, texts in look_up(f"{path}.{name}.fields").items():
            assert set(texts or {}) == set(fields), f"{language}: {path}.{name}.fields"
        for key, shown in fields.items():
            assert_said(f"{path}.{name}.fields.{key}.name")
            assert_said(f"{path}.{name}.fields.{key}.description")
            select = shown["selector"].get("select") or {}
            if "translation_key" in select:
                for option in select["options"]:
                    assert_said(f"selector.{select['translation_key']}.options.{option}")


def _yaml(name: str) -> dict[str, Any]:
    content = yaml.safe_load((COMPONENT / name).read_text())
    return {key: value for key, value in content.items() if not key.startswith(".")}


async def test_every_action_has_its_words(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    descriptions = _yaml("services.yaml")
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(descriptions)
    for name, service in hass.services.async_services_for_domain(DOMAIN).items():
        assert service.schema is not None
        taken = {str(key) for key in service.schema.schema}
        assert set(descriptions[name]["fields"]) == taken, name
    icons = json.loads((COMPONENT / "icons.json").read_text())
    _assert_described("services", descriptions, icons["services"])
    loaded = await async_get_all_descriptions(hass)
    assert {name for name, one in loaded[DOMAIN].items() if one["fields"]} == set(descriptions)


async def test_every_condition_has_its_words(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    descriptions = _yaml("conditions.yaml")
    assert set(await async_get_conditions(hass)) == set(descriptions)
    icons = json.loads((COMPONENT / "icons.json").read_text())
    _assert_described("conditions", descriptions, icons["conditions"])
    loaded = await async_get_all_conditions(hass)
    for key in descriptions:
        assert loaded[f"{DOMAIN}.{key}"] is not None
    assert "conditions.yaml" not in caplog.text


async def test_every_trigger_has_its_words(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    descriptions = _yaml("triggers.yaml")
    assert set(await async_get_triggers(hass)) == set(descriptions)
    icons = json.loads((COMPONENT / "icons.json").read_text())
    _assert_described("triggers", descriptions, icons["triggers"])
    loaded = await async_get_all_triggers(hass)
    for key in descriptions:
        assert loaded[f"{DOMAIN}.{key}"] is not None
    assert f"triggers.yaml for integration: {DOMAIN}" not in caplog.text
