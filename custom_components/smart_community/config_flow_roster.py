"""The part of a responder's form that says where, when and how urgently the responder is told."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigSubentry
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    AreaSelector,
    AreaSelectorConfig,
    FloorSelector,
    FloorSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TimeSelector,
)

from .config_flow_channels import CHANNELS
from .core.errors import DomainError
from .core.roster import parse_duty
from .departments import Department

# What each section of the form holds; stored side by side.
SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "place": ("department", "areas", "floors"),
    "roster": ("duty", "deputies"),
    "rest": ("urgent_channels", "night_channels", "quiet_from", "quiet_until"),
}
_CHANNELS: Final = SelectSelector(
    SelectSelectorConfig(
        options=[kind.value for kind in CHANNELS],
        multiple=True,
        mode=SelectSelectorMode.DROPDOWN,
        translation_key="channel",
    )
)


def roster_fields(others: Iterable[ConfigSubentry], shown: Mapping[str, Any]) -> dict[Any, Any]:
    """Return the sections; those in use stand open."""
    deputies = SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=one.data["key"], label=one.title) for one in others],
            multiple=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
    fields: dict[str, dict[Any, Any]] = {
        "place": {
            probatio.Optional("department"): SelectSelector(
                SelectSelectorConfig(
                    options=[one.value for one in Department],
                    mode=SelectSelectorMode.DROPDOWN,
                    translation_key="department",
                )
            ),
            probatio.Optional("areas"): AreaSelector(AreaSelectorConfig(multiple=True)),
            probatio.Optional("floors"): FloorSelector(FloorSelectorConfig(multiple=True)),
        },
        "roster": {
            probatio.Optional("duty"): TextSelector(TextSelectorConfig(multiline=True)),
            probatio.Optional("deputies"): deputies,
        },
        "rest": {
            probatio.Optional("urgent_channels"): _CHANNELS,
            probatio.Optional("night_channels"): _CHANNELS,
            probatio.Optional("quiet_from"): TimeSelector(),
            probatio.Optional("quiet_until"): TimeSelector(),
        },
    }
    return {
        probatio.Optional(name, default={}): section(
            probatio.Schema(one), {"collapsed": not any((shown.get(name) or {}).values())}
        )
        for name, one in fields.items()
    }


def roster_errors(user_input: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """Return what is wrong, by section, and the line of the duty table that is not understood."""
    errors: dict[str, str] = {}
    line = ""
    given = stored_roster(user_input)
    try:
        parse_duty(given.get("duty", ""))
    except DomainError as err:
        errors["roster"] = "duty_line"
        line = err.values["line"]
    if bool(given.get("quiet_from")) != bool(given.get("quiet_until")):
        errors["rest"] = "quiet_needs_both"
    used = {*given.get("urgent_channels", ()), *given.get("night_channels", ())}
    if used - set(user_input.get("channels", [])):
        errors["rest"] = "channel_not_chosen"
    return errors, line


def stored_roster(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored: only what was filled in."""
    return {
        field: value
        for name, fields in SECTIONS.items()
        for field in fields
        if (value := user_input.get(name, {}).get(field))
    }


def shown_roster(stored: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is stored as it looks in the form."""
    return {
        name: {field: stored[field] for field in fields if field in stored}
        for name, fields in SECTIONS.items()
    }
