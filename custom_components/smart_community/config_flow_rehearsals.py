"""The form of a community's options that says what it rehearses by itself, and when."""

from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)

from .core.model import Tier
from .core.rehearsal import LAST_DAY
from .loops import LOOPS
from .rehearsals import DEFAULTS, DRILL, TEST

_TIERS: Final = [tier.value for tier in Tier]
_AT: Final = DEFAULTS[TEST]["at"]
_DAY: Final = NumberSelector(
    NumberSelectorConfig(min=1, max=LAST_DAY, step=1, mode=NumberSelectorMode.BOX)
)


def _select(key: str, options: list[str], *, multiple: bool = False) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            multiple=multiple,
            mode=SelectSelectorMode.DROPDOWN,
            translation_key=key,
        )
    )


_TEST: Final = probatio.Schema(
    {
        probatio.Required("enabled", default=False): BooleanSelector(),
        probatio.Required("day", default=1): _DAY,
        probatio.Required("at", default=_AT): TimeSelector(),
        probatio.Required("tiers", default=_TIERS): _select("tier", _TIERS, multiple=True),
    }
)
_DRILL: Final = probatio.Schema(
    {
        probatio.Required("enabled", default=False): BooleanSelector(),
        probatio.Required("every", default="3"): _select("months", ["1", "2", "3", "6", "12"]),
        probatio.Required("day", default=15): _DAY,
        probatio.Required("at", default=_AT): TimeSelector(),
        probatio.Required("loop", default="smoke_multiple"): _select("loop", list(LOOPS)),
        probatio.Optional("zone"): TextSelector(),
        probatio.Required("up_to", default=Tier.COMMITTEE.value): _select("tier", _TIERS),
    }
)
_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(TEST): section(_TEST, {"collapsed": False}),
        probatio.Required(DRILL): section(_DRILL, {"collapsed": False}),
    }
)


class RehearsalsFlow(OptionsFlow):
    """One form with the monthly test of the channels and the drills; nothing reloads."""

    async def async_step_rehearsals(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what is rehearsed, and when."""
        errors: dict[str, str] = {}
        if user_input is not None:
            drill = user_input[DRILL]
            if user_input[TEST]["enabled"] and not user_input[TEST]["tiers"]:
                errors[TEST] = "tiers_missing"
            if drill["enabled"] and not drill.get("zone", "").strip():
                errors[DRILL] = "zone_missing"
            if not errors:
                return self.async_create_entry(data={**self.config_entry.options, **user_input})
        shown = user_input or self.config_entry.options
        return self.async_show_form(
            step_id="rehearsals",
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, shown),
            errors=errors,
        )


def default_options() -> dict[str, Any]:
    """Return what a new community begins with."""
    return {kind: dict(said) for kind, said in DEFAULTS.items()}
