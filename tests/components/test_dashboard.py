"""The dashboard comes into the side bar with the first community and goes with the last."""

import json
from pathlib import Path

import pytest
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, async_panel_exists
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.core.message import DASHBOARD_PATH
from custom_components.smart_community.dashboard import STRATEGY

from .translated import LANGUAGES, leaves, placeholders

WORDS = Path(__file__).parents[2] / "custom_components/smart_community/frontend/words"


async def _community(hass: HomeAssistant, title: str) -> MockConfigEntry:
    entry = MockConfigEntry(domain=DOMAIN, title=title, data={"kind": "community"})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.fixture(autouse=True)
def _folder(hass: HomeAssistant, tmp_path: Path) -> None:
    hass.config.config_dir = str(tmp_path)


async def test_it_comes_with_the_first_community_and_goes_with_the_last(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "frontend", {})
    assert await async_setup_component(hass, "lovelace", {})
    first = await _community(hass, "First")
    second = await _community(hass, "Second")
    assert async_panel_exists(hass, DASHBOARD_PATH)
    dashboard = hass.data[LOVELACE_DATA].dashboards[DASHBOARD_PATH]
    assert await dashboard.async_load(force=False) == STRATEGY
    (module,) = hass.data[DATA_EXTRA_MODULE_URL].urls
    client = await hass_client()
    answer = await client.get(module)
    assert answer.status == 200
    assert "javascript" in answer.headers["Content-Type"]
    assert await hass.config_entries.async_unload(first.entry_id)
    assert async_panel_exists(hass, DASHBOARD_PATH)
    assert await hass.config_entries.async_unload(second.entry_id)
    assert not async_panel_exists(hass, DASHBOARD_PATH)
    assert DASHBOARD_PATH not in hass.data[LOVELACE_DATA].dashboards
    assert not hass.data[DATA_EXTRA_MODULE_URL].urls
    assert await hass.config_entries.async_setup(first.entry_id)
    assert async_panel_exists(hass, DASHBOARD_PATH)


async def test_a_home_assistant_without_a_frontend_has_none_and_works(
    hass: HomeAssistant,
) -> None:
    entry = await _community(hass, "Alone")
    assert await hass.config_entries.async_unload(entry.entry_id)


def test_the_dashboards_own_words_are_the_same_in_both_languages() -> None:
    english, chinese = (
        dict(leaves(json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))))
        for language in LANGUAGES
    )
    assert set(english) == set(chinese)
    for path, sentence in english.items():
        assert placeholders(sentence) == placeholders(chinese[path]), path
