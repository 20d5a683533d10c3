"""The example configurations load as they stand."""

import shutil
from pathlib import Path

import pytest
from homeassistant.config import async_hass_config_yaml
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

FOLDER = Path(__file__).parents[2] / "config_examples"
EXAMPLES = sorted(path.parent for path in FOLDER.glob("*/configuration.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
async def test_an_example_loads_and_its_automations_are_on(
    hass: HomeAssistant, community: MockConfigEntry, example: Path
) -> None:
    shutil.copytree(example, hass.config.config_dir, dirs_exist_ok=True)
    config = await async_hass_config_yaml(hass)
    for domain in {"rest_command", "script"} & set(config):
        hass.services.async_remove(domain, "voice")
        assert await async_setup_component(hass, domain, config)
    await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()
    automations = hass.states.async_all("automation")
    assert len(automations) == len(config["automation"])
    assert {state.state for state in automations} == {"on"}
    assert hass.services.has_service("script", "voice_call") is ("script" in config)
