"""The options of a community: what holds for all of its loops, and what it rehearses by itself."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    DurationSelector,
    DurationSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TimeSelector,
)

from .config_flow_rehearsals import RehearsalsFlow
from .core.defaults import HANDLE_WITHIN, RECEIPT_WITHIN, SHIPPED_TIMES, out_of_order
from .core.model import Severity
from .core.noise import LIMITS
from .loop_defaults import LOOP_DEFAULTS, SPEAKER, ZONE_CLASS, defaults_of, times_of

_DURATION: Final = DurationSelector(DurationSelectorConfig(enable_day=True))
# The gravest first, as a duty desk thinks of them.
_SEVERITIES: Final = tuple(reversed(Severity))
_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(ZONE_CLASS): SelectSelector(
            SelectSelectorConfig(
                options=list(LIMITS),
                mode=SelectSelectorMode.DROPDOWN,
                translation_key="noise_class",
            )
        ),
        **{
            probatio.Required(severity.value): section(
                probatio.Schema(
                    {probatio.Optional(name): _DURATION for name in SHIPPED_TIMES[severity]}
                ),
                {"collapsed": True},
            )
            for severity in _SEVERITIES
        },
        probatio.Required(SPEAKER): section(
            probatio.Schema(
                {
                    probatio.Optional("voice"): EntitySelector(EntitySelectorConfig(domain="tts")),
                    probatio.Optional("quiet_from"): TimeSelector(),
                    probatio.Optional("quiet_until"): TimeSelector(),
                    probatio.Optional("pause"): DurationSelector(),
                }
            ),
            {"collapsed": True},
        ),
    }
)


class CommunityOptionsFlow(RehearsalsFlow):
    """The community's options; nothing reloads, and no automation has to be saved again."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go to the menu: the first step of each kind of entry's options has the same name."""
        return await self.async_step_community(user_input)

    async def async_step_community(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002  # a menu gets none
    ) -> ConfigFlowResult:
        """Let the user choose what to change."""
        return self.async_show_menu(step_id="community", menu_options=[LOOP_DEFAULTS, "rehearsals"])

    async def async_step_loop_defaults(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for what an automation that leaves an input empty takes."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = _errors(user_input)
            if not errors:
                options = {**self.config_entry.options, LOOP_DEFAULTS: user_input}
                return self.async_create_entry(data=options)
        shown = user_input if user_input is not None else self._in_force()
        return self.async_show_form(
            step_id=LOOP_DEFAULTS,
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, shown),
            errors=errors,
        )

    def _in_force(self) -> dict[str, Any]:
        """Return what holds now, as the form shows it."""
        defaults = defaults_of(self.config_entry)
        return {
            ZONE_CLASS: defaults.zone_class,
            SPEAKER: self.config_entry.options.get(LOOP_DEFAULTS, {}).get(SPEAKER, {}),
            **{
                severity.value: {name: _shown(time) for name, time in times.items()}
                for severity, times in defaults.times.items()
            },
        }


def _shown(time: timedelta) -> dict[str, int]:
    minutes, seconds = divmod(time.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return {"days": time.days, "hours": hours, "minutes": minutes, "seconds": seconds}


def _errors(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the errors' keys by section."""
    errors = {}
    for severity in Severity:
        times = times_of(severity, said[severity.value])
        # Without time to handle it an incident would be open again with its acknowledgement.
        if not times[HANDLE_WITHIN] or not times[RECEIPT_WITHIN]:
            errors[severity.value] = "deadline_missing"
        elif out_of_order(times):
            errors[severity.value] = "tiers_out_of_order"
    speaker = said[SPEAKER]
    if bool(speaker.get("quiet_from")) != bool(speaker.get("quiet_until")):
        errors[SPEAKER] = "quiet_needs_both"
    return errors
