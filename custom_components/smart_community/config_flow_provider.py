"""Setting up the accounts through which a community calls and writes."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from yarl import URL

from .channels.exchange import EXCHANGED, PROVIDER_WITHIN
from .config_flow_community import free_slug, name_error
from .const import SUBENTRY_PROVIDER
from .core.message import trial
from .core.model import ChannelKind
from .core.ports import ChannelError
from .core.report import worded_reason
from .providers import ALIBABA, HTTPS, ROBOTS, make_provider
from .views import texts

KINDS: Final = (ALIBABA, *ROBOTS, HTTPS)
# What Alibaba Cloud's templates can be filled with.
VARIABLES: Final = ("loop", "place", "time", "number")
_SECRETS: Final = ("key_secret", "secret")

_TEXT = TextSelector()
_HIDDEN = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_URL = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
_NUMBER = TextSelector(TextSelectorConfig(type=TextSelectorType.TEL))


def _several(options: tuple[str, ...], translation_key: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=list(options),
            multiple=True,
            mode=SelectSelectorMode.DROPDOWN,
            translation_key=translation_key,
        )
    )


_ROBOT: Final = {
    probatio.Required("url"): _URL,
    probatio.Optional("secret"): _HIDDEN,
    probatio.Required("test", default=True): BooleanSelector(),
}
_FIELDS: Final[Mapping[str, dict[Any, Any]]] = {
    ALIBABA: {
        probatio.Required("key_id"): _TEXT,
        probatio.Optional("key_secret"): _HIDDEN,
        probatio.Optional("sign_name"): _TEXT,
        probatio.Optional("sms_template"): _TEXT,
        probatio.Optional("voice_template"): _TEXT,
        probatio.Optional("menu_template"): _TEXT,
        probatio.Optional("show_number"): _NUMBER,
        probatio.Required("variables", default=list(VARIABLES)): _several(VARIABLES, "variable"),
        probatio.Optional("sms_endpoint"): _TEXT,
        probatio.Optional("voice_endpoint"): _TEXT,
        probatio.Optional("test_number"): _NUMBER,
    },
    "wecom": {key: one for key, one in _ROBOT.items() if key != "secret"},
    "dingtalk": _ROBOT,
    "feishu": _ROBOT,
    HTTPS: {
        probatio.Required("url"): _URL,
        probatio.Optional("secret"): _HIDDEN,
        probatio.Required("channels", default=[ChannelKind.HTTPS.value]): _several(
            tuple(kind.value for kind in EXCHANGED), "channel"
        ),
        probatio.Required("test", default=True): BooleanSelector(),
    },
}


class ProviderSubentryFlow(ConfigSubentryFlow):
    """Adds or changes an account; a test message shows that it works before it is relied on."""

    async def async_step_user(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002  # a menu gets none
    ) -> SubentryFlowResult:
        """Let the user choose whose account it is."""
        return self.async_show_menu(step_id="user", menu_options=list(KINDS))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Go to the form of the account's kind."""
        return await self._form(self._get_reconfigure_subentry().data["kind"], user_input)

    async def async_step_alibaba(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for an account of Alibaba Cloud."""
        return await self._form(ALIBABA, user_input)

    async def async_step_wecom(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a robot of WeCom."""
        return await self._form("wecom", user_input)

    async def async_step_dingtalk(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a robot of DingTalk."""
        return await self._form("dingtalk", user_input)

    async def async_step_feishu(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a robot of Feishu."""
        return await self._form("feishu", user_input)

    async def async_step_https(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a system of the user's own."""
        return await self._form(HTTPS, user_input)

    async def _form(self, kind: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        before = self._before()
        errors: dict[str, str] = {}
        problem = ""
        if user_input is not None:
            name = user_input[CONF_NAME].strip()
            if error := name_error(name, (one.title for one in self._others())):
                errors[CONF_NAME] = error
            data = self._data(kind, name, user_input, before)
            errors |= _errors(kind, data)
            if not errors and (problem := await _tried(self.hass, data, user_input)):
                errors["base"] = "test_failed"
            if not errors:
                return self._save(name, data)
        shown = user_input or {
            **{key: value for key, value in before.items() if key not in _SECRETS},
            **({CONF_NAME: self._get_reconfigure_subentry().title} if before else {}),
        }
        schema = probatio.Schema({probatio.Required(CONF_NAME): _TEXT, **_FIELDS[kind]})
        return self.async_show_form(
            step_id=kind,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders={"problem": problem},
        )

    def _before(self) -> Mapping[str, Any]:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        return self._get_reconfigure_subentry().data

    def _others(self) -> list[ConfigSubentry]:
        own = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None
        return [
            one
            for one in self._get_entry().subentries.values()
            if one.subentry_type == SUBENTRY_PROVIDER and one.subentry_id != own
        ]

    def _data(
        self, kind: str, name: str, user_input: Mapping[str, Any], before: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what is stored; a secret that is left empty stays what it was."""
        kept = {one: before[one] for one in ("key", "webhook_id", *_SECRETS) if one in before}
        kept.setdefault("key", free_slug(name, {other.data["key"] for other in self._others()}))
        if kind == HTTPS:
            kept.setdefault("webhook_id", secrets.token_hex())
        given = {
            str(field): value.strip() if isinstance(value, str) else value
            for field in _FIELDS[kind]
            if (value := user_input.get(str(field))) not in (None, "")
        }
        for passing in ("test", "test_number"):
            given.pop(passing, None)
        return {**kept, **given, "kind": kind}

    def _save(self, name: str, data: dict[str, Any]) -> SubentryFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            subentry = self._get_reconfigure_subentry()
            return self.async_update_and_abort(self._get_entry(), subentry, title=name, data=data)
        unique_id = f"{SUBENTRY_PROVIDER}:{data['key']}"
        return self.async_create_entry(title=name, data=data, unique_id=unique_id)


def _errors(kind: str, data: Mapping[str, Any]) -> dict[str, str]:
    errors: dict[str, str] = {}
    if kind == ALIBABA:
        if not data.get("key_secret"):
            errors["key_secret"] = "secret_missing"  # noqa: S105  # an error's key
        if not data.get("sms_template") and not data.get("voice_template"):
            errors["base"] = "template_missing"
        if data.get("sms_template") and not data.get("sign_name"):
            errors["sign_name"] = "sign_name_missing"
        if data.get("menu_template") and not (
            data.get("show_number") and data.get("voice_template")
        ):
            errors["menu_template"] = "menu_needs_number"
        return errors
    if not _is_url(str(data["url"])):
        errors["url"] = "url_invalid"
    if kind == HTTPS:
        if not data.get("secret"):
            errors["secret"] = "secret_missing"  # noqa: S105  # an error's key
        if not data["channels"]:
            errors["channels"] = "no_channel"
    return errors


def _is_url(text: str) -> bool:
    try:
        url = URL(text)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


async def _tried(
    hass: HomeAssistant, data: Mapping[str, Any], user_input: Mapping[str, Any]
) -> str:
    """Send a test message if one is asked for; return what went wrong, in words, or ""."""
    number = user_input.get("test_number", "").strip()
    if not number and not user_input.get("test"):
        return ""
    words = texts(hass, hass.config.language)
    provider = make_provider(hass, data)
    for kind in sorted(provider.kinds):
        try:
            async with asyncio.timeout(PROVIDER_WITHIN):
                await provider.send(kind, trial(words, user_input[CONF_NAME]), number)
        except TimeoutError:
            return worded_reason("time_out", words)
        except ChannelError as err:
            return worded_reason(str(err), words)
    return ""
