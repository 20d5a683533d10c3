"""Fixtures that all tests with Home Assistant share."""

import logging

import pytest


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load this checkout's integration."""


@pytest.fixture(autouse=True, scope="session")
def _quiet_database_log() -> None:
    """Keep every statement of every commit out of a failed test's log."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
