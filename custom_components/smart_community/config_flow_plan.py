"""Setting up the plans of a community: hours of its loops, and windows of maintenance."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    AreaSelector,
    AreaSelectorConfig,
    BooleanSelector,
    DateTimeSelector,
    FloorSelector,
    FloorSelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)

from .config_flow_community import name_error
from .const import SUBENTRY_PLAN
from .core.errors import DomainError
from .core.plan import Day
from .loops import LOOPS
from .plan_words import KIND_HOURS, KIND_PAUSE, plan_of

# A loop on which lives may depend is no plan's business: it is always at work.
_PLANNED: Final = [key for key, loop in LOOPS.items() if not loop.life_safety]


def _choices(options: list[str], translation_key: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            multiple=True,
            mode=SelectSelectorMode.DROPDOWN,
            translation_key=translation_key,
        )
    )


_WHERE: Final = {
    probatio.Required(CONF_NAME): TextSelector(),
    probatio.Optional("loops", default=[]): _choices(_PLANNED, "loop"),
    probatio.Optional("areas", default=[]): AreaSelector(AreaSelectorConfig(multiple=True)),
    probatio.Optional("floors", default=[]): FloorSelector(FloorSelectorConfig(multiple=True)),
}
_HOURS: Final = {
    probatio.Optional("from"): TimeSelector(),
    probatio.Optional("until"): TimeSelector(),
    probatio.Optional("from_2"): TimeSelector(),
    probatio.Optional("until_2"): TimeSelector(),
    probatio.Optional("days", default=[]): _choices([day.value for day in Day], "day"),
}
_FORMS: Final = {
    KIND_HOURS: probatio.Schema(
        {
            **_WHERE,
            **_HOURS,
            probatio.Optional("outside", default=False): BooleanSelector(),
            probatio.Optional("season_begins"): TextSelector(),
            probatio.Optional("season_ends"): TextSelector(),
        }
    ),
    KIND_PAUSE: probatio.Schema(
        {
            **_WHERE,
            probatio.Optional("begins"): DateTimeSelector(),
            probatio.Optional("ends"): DateTimeSelector(),
            **_HOURS,
        }
    ),
}


class PlanSubentryFlow(ConfigSubentryFlow):
    """Adds or changes a plan: when loops are at work, or when they rest for maintenance."""

    async def async_step_user(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002  # a menu gets none
    ) -> SubentryFlowResult:
        """Let the user choose the kind of plan."""
        return self.async_show_menu(step_id="user", menu_options=list(_FORMS))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for what has changed; the kind stays."""
        subentry = self._get_reconfigure_subentry()
        shown = {CONF_NAME: subentry.title, **subentry.data}
        return await self._form(subentry.data["kind"], user_input, shown)

    async def async_step_hours(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for hours, days and season."""
        return await self._form(KIND_HOURS, user_input, {})

    async def async_step_maintenance(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a window, once or each week."""
        return await self._form(KIND_PAUSE, user_input, {})

    async def _form(
        self, kind: str, user_input: dict[str, Any] | None, shown: Mapping[str, Any]
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            name = user_input[CONF_NAME].strip()
            if error := name_error(name, self._others()):
                errors[CONF_NAME] = error
            elif error := _plan_error(kind, user_input):
                errors["base"] = error
            else:
                data = {key: value for key, value in user_input.items() if key != CONF_NAME}
                return self._save(name, {**data, "kind": kind})
            shown = user_input
        return self.async_show_form(
            step_id=kind,
            data_schema=self.add_suggested_values_to_schema(_FORMS[kind], shown),
            errors=errors,
        )

    def _others(self) -> list[str]:
        own = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None
        return [
            one.title
            for one in self._get_entry().subentries.values()
            if one.subentry_type == SUBENTRY_PLAN and one.subentry_id != own
        ]

    def _save(self, name: str, data: dict[str, Any]) -> SubentryFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            subentry = self._get_reconfigure_subentry()
            return self.async_update_and_abort(self._get_entry(), subentry, title=name, data=data)
        return self.async_create_entry(title=name, data=data)


def _plan_error(kind: str, said: Mapping[str, Any]) -> str | None:
    """Return the key of what makes no sense in a plan."""
    if any(bool(said.get(f"from{n}")) != bool(said.get(f"until{n}")) for n in ("", "_2")):
        return "plan_hours_half"
    try:
        plan = plan_of("", {**said, "kind": kind})
    except DomainError as err:
        return err.key
    if plan.active is not None and not plan.active.hours and plan.active.season is None:
        return "plan_says_nothing"
    return None
