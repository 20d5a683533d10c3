"""What the channels' tests send, and to whom."""

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smart_community.core.message import Message
from custom_components.smart_community.core.model import ChannelKind, Responder, Tier

GUARD = Responder(
    key="guard", name="Guard", tier=Tier.PROPERTY, channels=(ChannelKind.VOICE, ChannelKind.SMS)
)
MESSAGE = Message(
    tag="smart_community_01J",
    group="smart_community_smoke_single",
    title="Smoke detector – Floor 2",
    text="In alarm since 10:00:00.\nNow in alarm: Hall",
    spoken="Smoke detector, floor 2. In alarm since 10:00:00.",
    incident="01J",
    announcement="",
    facts={
        "loop": "Smoke detector",
        "place": "Floor 2",
        "time": "10:00:00",
        "number": "20261123-001",
    },
)


@pytest.fixture
async def home(hass: HomeAssistant, socket_enabled: None) -> HomeAssistant:
    """A Home Assistant that may use the network of this machine."""
    return hass
