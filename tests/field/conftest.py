"""The poller over real TCP, without Home Assistant: this overrides the fixture that would load it."""

import pytest


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """The field layer needs no Home Assistant."""
