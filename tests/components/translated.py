"""Looks up what the code asks Home Assistant to say, in both languages."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import Selector

from custom_components.smart_community.const import DOMAIN

COMPONENT = Path(__file__).parents[2] / "custom_components" / "smart_community"
LANGUAGES = ("en", "zh-Hans")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def translations(language: str) -> dict[str, Any]:
    return json.loads((COMPONENT / "translations" / f"{language}.json").read_text())


def leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each sentence with its dotted path."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def placeholders(sentence: str) -> set[str]:
    return set(PLACEHOLDER.findall(sentence))


def look_up(path: str) -> dict[str, Any]:
    """Return what stands at a dotted path, by language; None where nothing does."""
    found: dict[str, Any] = {}
    for language in LANGUAGES:
        node: Any = translations(language)
        for key in path.split("."):
            node = node.get(key) if isinstance(node, Mapping) else None
        found[language] = node
    return found


def assert_said(path: str, given: set[str] | None = None) -> None:
    """A sentence is there in both languages, and needs no more placeholders than are given."""
    for language, sentence in look_up(path).items():
        assert isinstance(sentence, str), f"{language}: nothing at {path}"
        assert sentence.strip(), f"{language}: empty at {path}"
        if given is not None:
            assert placeholders(sentence) <= given, f"{language}: {path} lacks a placeholder"


def _assert_options(selector: Any) -> None:
    config = selector.config if isinstance(selector, Selector) else {}
    if "translation_key" in config:
        for option in config["options"]:
            assert_said(f"selector.{config['translation_key']}.options.{option}")


def _assert_fields(path: str, schema: Mapping[Any, Any], given: set[str]) -> None:
    sections = {str(key): one for key, one in schema.items() if isinstance(one, section)}
    fields = {str(key): one for key, one in schema.items() if str(key) not in sections}
    for texts in ("data", "data_description"):
        for language, found in look_up(f"{path}.{texts}").items():
            assert set(found or {}) == set(fields), f"{language}: {path}.{texts}"
    for name, selector in fields.items():
        assert_said(f"{path}.data.{name}", given)
        assert_said(f"{path}.data_description.{name}", given)
        _assert_options(selector)
    for name, one in sections.items():
        assert_said(f"{path}.sections.{name}.name", given)
        assert_said(f"{path}.sections.{name}.description", given)
        _assert_fields(f"{path}.sections.{name}", one.schema.schema, given)


def assert_flow_said(result: Mapping[str, Any]) -> None:
    """A step of one of our flows has all its words: title, fields, options, errors, reasons."""
    match result["handler"]:
        case str(handler):  # the integration's name, or an entry's id
            path = "config" if handler == DOMAIN else "options"
        case (_, kind):
            path = f"config_subentries.{kind}"
    given = set(result.get("description_placeholders") or {})
    match result["type"]:
        case "form":
            step = f"{path}.step.{result['step_id']}"
            assert_said(f"{step}.title", given)
            _assert_fields(step, result["data_schema"].schema, given)
            for error in (result["errors"] or {}).values():
                assert_said(f"{path}.error.{error}", given)
        case "menu":
            for option in result["menu_options"]:
                assert_said(f"{path}.step.{result['step_id']}.menu_options.{option}", given)
        case "abort" if result.get("translation_domain") is None:
            assert_said(f"{path}.abort.{result['reason']}", given)
