"""Setting up the responders of a community."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import probatio
from homeassistant.auth.models import User
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import (
    CONF_NAME,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    LanguageSelector,
    LanguageSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from .config_flow_channels import (
    CHANNELS,
    channel_errors,
    channel_fields,
    shown_targets,
    stored_targets,
)
from .config_flow_community import free_slug, name_error
from .config_flow_roster import roster_errors, roster_fields, shown_roster, stored_roster
from .const import SUBENTRY_RESPONDER
from .core.model import ChannelKind, Tier
from .loops import LOOPS

LANGUAGES: Final = ("en", "zh-Hans")


class ResponderSubentryFlow(ConfigSubentryFlow):
    """Adds or changes a responder: a desk or person that incidents are brought to."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new responder."""
        language = "zh-Hans" if self.hass.config.language.startswith("zh") else "en"
        shown = {"channels": [ChannelKind.PUSH.value], "language": language}
        return await self._form("user", user_input, shown)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for what has changed; the key stays, since incidents on record name it."""
        subentry = self._get_reconfigure_subentry()
        return await self._form("reconfigure", user_input, _shown(subentry))

    async def _form(
        self, step: str, user_input: dict[str, Any] | None, shown: Mapping[str, Any]
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        line = ""
        if user_input is not None:
            name = user_input[CONF_NAME].strip()
            others = self._others()
            errors = channel_errors(self.hass, self._get_entry(), user_input)
            wrong, line = roster_errors(user_input)
            errors |= wrong
            if error := name_error(name, (other.title for other in others)):
                errors[CONF_NAME] = error
            if not errors:
                return self._save(name, user_input, others)
            shown = user_input
        users = [user for user in await self.hass.auth.async_get_users() if _is_person(user)]
        schema = _responder_schema(self.hass, self._get_entry(), users, self._others(), shown)
        known = {user.id for user in users}
        # Someone who left would be refused as "not an option" and could not be taken off the form.
        shown = {**shown, "users": [one for one in shown.get("users", []) if one in known]}
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders={"line": line},
        )

    def _save(
        self, name: str, user_input: Mapping[str, Any], others: list[ConfigSubentry]
    ) -> SubentryFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            subentry = self._get_reconfigure_subentry()
            data = _responder(subentry.data["key"], user_input)
            return self.async_update_and_abort(self._get_entry(), subentry, title=name, data=data)
        key = free_slug(name, {other.data["key"] for other in others})
        return self.async_create_entry(
            title=name, data=_responder(key, user_input), unique_id=f"{SUBENTRY_RESPONDER}:{key}"
        )

    def _others(self) -> list[ConfigSubentry]:
        own = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None
        return [
            subentry
            for subentry in self._get_entry().subentries.values()
            if subentry.subentry_type == SUBENTRY_RESPONDER and subentry.subentry_id != own
        ]


def _is_person(user: User) -> bool:
    return user.is_active and not user.system_generated


def _responder_schema(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    users: Iterable[User],
    others: Iterable[ConfigSubentry],
    shown: Mapping[str, Any],
) -> probatio.Schema:
    people = [SelectOptionDict(value=user.id, label=user.name or user.id) for user in users]
    fields: dict[Any, Any] = {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required("tier", default=Tier.PROPERTY.value): SelectSelector(
            SelectSelectorConfig(
                options=[tier.value for tier in Tier],
                mode=SelectSelectorMode.DROPDOWN,
                translation_key="tier",
            )
        ),
        probatio.Optional("users"): SelectSelector(
            SelectSelectorConfig(options=people, multiple=True, mode=SelectSelectorMode.DROPDOWN)
        ),
        # A drop-down shows what was picked in the order of picking; a list of boxes would not.
        probatio.Optional("channels"): SelectSelector(
            SelectSelectorConfig(
                options=[kind.value for kind in CHANNELS],
                multiple=True,
                mode=SelectSelectorMode.DROPDOWN,
                translation_key="channel",
            )
        ),
    }
    fields |= channel_fields(hass, entry, shown)
    return probatio.Schema(
        {
            **fields,
            probatio.Optional("loops"): SelectSelector(
                SelectSelectorConfig(
                    options=list(LOOPS),
                    multiple=True,
                    mode=SelectSelectorMode.DROPDOWN,
                    translation_key="loop",
                )
            ),
            **roster_fields(others, shown),
            probatio.Required("language"): LanguageSelector(
                LanguageSelectorConfig(languages=list(LANGUAGES), native_name=True)
            ),
        }
    )


def _responder(key: str, user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a responder; people.py reads it."""
    return {
        "key": key,
        "tier": user_input["tier"],
        "users": list(user_input.get("users", [])),
        "channels": list(user_input["channels"]),
        "targets": stored_targets(user_input),
        "loops": list(user_input.get("loops", [])),
        "language": user_input["language"],
        **stored_roster(user_input),
    }


def _shown(subentry: ConfigSubentry) -> dict[str, Any]:
    """Return what a stored responder looks like in the form."""
    addresses = shown_targets(subentry.data["targets"])
    roster = shown_roster(subentry.data)
    return {CONF_NAME: subentry.title, **subentry.data, **addresses, **roster}
