"""Setting up the responders of a community."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import probatio
from homeassistant.auth.models import User
from homeassistant.components.mobile_app.const import DOMAIN as MOBILE_APP
from homeassistant.components.notify.const import DOMAIN as NOTIFY
from homeassistant.components.script.const import DOMAIN as SCRIPT
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import (
    CONF_NAME,
    SERVICE_RELOAD,
    SERVICE_TOGGLE,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    LanguageSelector,
    LanguageSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .config_flow_community import free_slug, name_error
from .const import SUBENTRY_RESPONDER
from .core.model import ChannelKind, Tier
from .loops import LOOPS

LANGUAGES: Final = ("en", "zh-Hans")
# The channels that need to be told where: push finds the phones of the users by itself.
ADDRESSED: Final = (ChannelKind.VOICE, ChannelKind.SMS)
# Actions of these domains that reach nobody by themselves: they ask for an entity, show a notice in
# the browser, go to whichever phone registered first, or only administer scripts.
NO_TARGETS: Final[Mapping[str, frozenset[str]]] = {
    NOTIFY: frozenset({"send_message", "notify", "persistent_notification"}),
    SCRIPT: frozenset({SERVICE_RELOAD, SERVICE_TOGGLE, SERVICE_TURN_OFF, SERVICE_TURN_ON}),
}


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
        if user_input is not None:
            name = user_input[CONF_NAME].strip()
            others = self._others()
            errors = _responder_errors(self.hass, user_input)
            if error := name_error(name, (other.title for other in others)):
                errors[CONF_NAME] = error
            if not errors:
                return self._save(name, user_input, others)
            shown = user_input
        users = [user for user in await self.hass.auth.async_get_users() if _is_person(user)]
        schema = _responder_schema(self.hass, users, shown)
        known = {user.id for user in users}
        # Someone who left would be refused as "not an option" and could not be taken off the form.
        shown = {**shown, "users": [one for one in shown.get("users", []) if one in known]}
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
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
    hass: HomeAssistant, users: Iterable[User], shown: Mapping[str, Any]
) -> probatio.Schema:
    targets = _targets(hass)
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
                options=[ChannelKind.PUSH.value, *(kind.value for kind in ADDRESSED)],
                multiple=True,
                mode=SelectSelectorMode.DROPDOWN,
                translation_key="channel",
            )
        ),
    }
    for kind in ADDRESSED:
        address = probatio.Schema(
            {
                probatio.Optional(f"{kind}_target"): SelectSelector(
                    SelectSelectorConfig(
                        options=targets, custom_value=True, mode=SelectSelectorMode.DROPDOWN
                    )
                ),
                probatio.Optional(f"{kind}_number"): TextSelector(
                    TextSelectorConfig(type=TextSelectorType.TEL)
                ),
            }
        )
        wanted = kind in shown.get("channels", []) or bool(shown.get(kind))
        fields[probatio.Required(kind.value)] = section(address, {"collapsed": not wanted})
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
            probatio.Required("language"): LanguageSelector(
                LanguageSelectorConfig(languages=list(LANGUAGES), native_name=True)
            ),
        }
    )


def _targets(hass: HomeAssistant) -> list[SelectOptionDict]:
    """Return what can carry a call or text message; the companion's own are what push is for."""
    registry = er.async_get(hass)
    offered: dict[str, str] = {}
    for state in hass.states.async_all(NOTIFY):
        known = registry.async_get(state.entity_id)
        if known is None or known.platform != MOBILE_APP:
            offered[state.entity_id] = f"{state.name} ({state.entity_id})"
    for domain, useless in NO_TARGETS.items():
        for action in hass.services.async_services_for_domain(domain):
            target = f"{domain}.{action}"
            if action in useless or action.startswith(f"{MOBILE_APP}_") or target in offered:
                continue
            script = hass.states.get(target)
            offered[target] = f"{script.name} ({target})" if script else target
    return [SelectOptionDict(value=target, label=offered[target]) for target in sorted(offered)]


def _target_known(hass: HomeAssistant, target: str) -> bool:
    domain, _, name = target.partition(".")
    if domain not in NO_TARGETS or name in NO_TARGETS[domain]:
        return False
    entity = domain == NOTIFY and hass.states.get(target) is not None
    return entity or hass.services.has_service(domain, name)


def _responder_errors(hass: HomeAssistant, user_input: Mapping[str, Any]) -> dict[str, str]:
    channels = user_input.get("channels", [])
    errors: dict[str, str] = {}
    if not channels:
        errors["channels"] = "no_channel"
    if ChannelKind.PUSH in channels and not user_input.get("users"):
        errors["users"] = "push_needs_user"
    for kind in ADDRESSED:
        target, number = _address(kind, user_input)
        if target:
            if not _target_known(hass, target):
                errors[kind.value] = "target_unknown"
        elif kind in channels or number:
            errors[kind.value] = f"{kind}_needs_target"
    return errors


def _address(kind: ChannelKind, user_input: Mapping[str, Any]) -> tuple[str, str]:
    given = user_input[kind.value]
    return given.get(f"{kind}_target", "").strip(), given.get(f"{kind}_number", "").strip()


def _responder(key: str, user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a responder; people.py reads it."""
    addresses = {kind.value: _address(kind, user_input) for kind in ADDRESSED}
    return {
        "key": key,
        "tier": user_input["tier"],
        "users": list(user_input.get("users", [])),
        "channels": list(user_input["channels"]),
        "targets": {
            kind: {"target": target, "number": number}
            for kind, (target, number) in addresses.items()
            if target
        },
        "loops": list(user_input.get("loops", [])),
        "language": user_input["language"],
    }


def _shown(subentry: ConfigSubentry) -> dict[str, Any]:
    """Return what a stored responder looks like in the form."""
    addresses = {
        kind: {f"{kind}_{name}": value for name, value in address.items()}
        for kind, address in subentry.data["targets"].items()
    }
    return {CONF_NAME: subentry.title, **subentry.data, **addresses}
