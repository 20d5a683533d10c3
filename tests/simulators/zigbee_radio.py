"""The coordinator that most tests of Zigbee begin with. A folder's conftest offers it."""

from collections.abc import AsyncIterator

import pytest

from .zigbee import VirtualCoordinator


@pytest.fixture
async def radio(socket_enabled: None) -> AsyncIterator[VirtualCoordinator]:
    """A coordinator that comes with a network, and starts as soon as a host connects."""
    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
        yield radio
