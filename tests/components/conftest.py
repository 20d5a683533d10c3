"""A community with its people, and far ends that note what reaches them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smart_community.const import DOMAIN
from tests.simulators.zigbee_radio import radio

from .screen import Open, Screen, token_of
from .zigbee_ground import network

__all__ = ["network", "radio"]


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """A folder of its own for each test: databases and tables are written there."""
    return hass_tmp_config_dir


@dataclass
class FarEnd:
    """A telephone network: what was called and written, and how it answers."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    receipt: str = "answered"


@pytest.fixture
async def far_end(hass: HomeAssistant) -> FarEnd:
    """Notify actions and scripts as a user's gateway has them, ending in a list."""
    end = FarEnd()

    def take(kind: str) -> Callable[[ServiceCall], Any]:
        async def taken(call: ServiceCall) -> dict[str, Any] | None:
            end.calls.append({"kind": kind, **call.data})
            return {"receipt": end.receipt} if call.return_response else None

        return taken

    for name in ("voice", "sms"):
        hass.services.async_register(
            "script", name, take(name), supports_response=SupportsResponse.OPTIONAL
        )
    for name in ("guard", "secretary", "fire", "water", "head"):
        hass.services.async_register("notify", name, take(name))
    return end


async def run_automations(hass: HomeAssistant, *rows: Mapping[str, Any]) -> None:
    """Have Home Assistant run these and no other."""
    written = json.dumps({"automation": rows})
    Path(hass.config.path("configuration.yaml")).write_text(written)
    await hass.services.async_call("automation", "reload", blocking=True)


def responder(
    key: str, tier: str, channels: Mapping[str, str], users: tuple[str, ...] = (), **more: Any
) -> ConfigSubentryData:
    """A responder as the flow stores it; `channels`: kind to target."""
    return ConfigSubentryData(
        subentry_type="responder",
        title=key.title(),
        unique_id=f"responder:{key}",
        data={
            "key": key,
            "tier": tier,
            "users": list(users),
            "channels": list(channels),
            "targets": {
                kind: {"target": target, "number": "1380000"}
                for kind, target in channels.items()
                if target
            },
            "loops": [],
            "language": "en",
            **more,
        },
    )


PEOPLE = (
    responder("guard", "property", {"sms": "notify.guard", "voice": "script.voice"}),
    responder("secretary", "committee", {"voice": "script.voice", "sms": "notify.secretary"}),
    responder("fire", "department", {"sms": "notify.fire"}, loops=["smoke_multiple"]),
    responder("water", "department", {"sms": "notify.water"}, loops=["waterlogging"]),
    responder("head", "township", {"sms": "notify.head", "voice": "script.voice"}),
)


@pytest.fixture
async def community(
    hass: HomeAssistant, far_end: FarEnd, tmp_path: Path, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """A loaded community with one responder of each tier.

    Time stands from before it starts: a clock that is stopped later looks like one that was set.
    """
    hass.config.config_dir = str(tmp_path)
    (tmp_path / "configuration.yaml").write_text("automation: []\n")
    assert await async_setup_component(hass, "automation", {})
    entry = MockConfigEntry(
        domain=DOMAIN, title="Estate", data={"kind": "community"}, subentries_data=PEOPLE
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.fixture
async def screen(
    hass: HomeAssistant, community: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> Open:
    """Open the websocket of a user."""
    assert await async_setup_component(hass, "websocket_api", {})

    async def opened(user: User) -> Screen:
        return Screen(await hass_ws_client(hass, await token_of(hass, user)))

    return opened
