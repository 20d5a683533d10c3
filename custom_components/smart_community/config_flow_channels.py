"""The part of a responder's form that says where the responder is reached, channel by channel."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.components.mobile_app.const import DOMAIN as MOBILE_APP
from homeassistant.components.notify.const import DOMAIN as NOTIFY
from homeassistant.components.script.const import DOMAIN as SCRIPT
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import SERVICE_RELOAD, SERVICE_TOGGLE, SERVICE_TURN_OFF, SERVICE_TURN_ON
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    DurationSelector,
    DurationSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
    TimeSelector,
)

from .channels.address import PROVIDER
from .channels.speaker import ASSIST_SATELLITE, MEDIA_PLAYER, TTS
from .const import SUBENTRY_PROVIDER
from .core.model import ChannelKind
from .providers import make_provider

# The channels that need to be told where: push finds the phones of the users by itself, and a
# notice in Home Assistant needs no address.
ADDRESSED: Final = (
    ChannelKind.VOICE,
    ChannelKind.SMS,
    ChannelKind.SPEAKER,
    ChannelKind.CHAT,
    ChannelKind.HTTPS,
)
CHANNELS: Final = (ChannelKind.PUSH, *ADDRESSED, ChannelKind.PERSISTENT)
# What a loudspeaker needs beside its target; what all others need is a number.
_SPEAKER: Final = ("voice", "quiet_from", "quiet_until", "pause")
# Actions of these domains that reach nobody by themselves: they ask for an entity, show a notice in
# the browser, go to whichever phone registered first, or only administer scripts.
NO_TARGETS: Final[Mapping[str, frozenset[str]]] = {
    NOTIFY: frozenset({"send_message", "notify", "persistent_notification"}),
    SCRIPT: frozenset({SERVICE_RELOAD, SERVICE_TOGGLE, SERVICE_TURN_OFF, SERVICE_TURN_ON}),
}


def channel_fields(
    hass: HomeAssistant, entry: ConfigEntry[Any], shown: Mapping[str, Any]
) -> dict[Any, Any]:
    """Return a section per channel that has an address; those in use stand open."""
    fields: dict[Any, Any] = {}
    for kind in ADDRESSED:
        target = SelectSelector(
            SelectSelectorConfig(
                options=_targets(hass, entry, kind),
                custom_value=True,
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
        address: dict[Any, Any] = {probatio.Optional(f"{kind}_target"): target}
        if kind is ChannelKind.SPEAKER:
            address |= {
                probatio.Optional("speaker_voice"): EntitySelector(
                    EntitySelectorConfig(domain=TTS)
                ),
                probatio.Optional("speaker_quiet_from"): TimeSelector(),
                probatio.Optional("speaker_quiet_until"): TimeSelector(),
                probatio.Optional("speaker_pause"): DurationSelector(DurationSelectorConfig()),
            }
        else:
            address[probatio.Optional(f"{kind}_number")] = TextSelector(
                TextSelectorConfig(type=TextSelectorType.TEL)
            )
        wanted = kind in shown.get("channels", []) or bool(shown.get(kind))
        schema = probatio.Schema(address)
        fields[probatio.Required(kind.value, default=dict)] = section(
            schema, {"collapsed": not wanted}
        )
    return fields


def channel_errors(
    hass: HomeAssistant, entry: ConfigEntry[Any], user_input: Mapping[str, Any]
) -> dict[str, str]:
    """Return what is wrong with the channels and their addresses, by field."""
    channels = user_input.get("channels", [])
    errors: dict[str, str] = {}
    if not channels:
        errors["channels"] = "no_channel"
    if ChannelKind.PUSH in channels and not user_input.get("users"):
        errors["users"] = "push_needs_user"
    for kind in ADDRESSED:
        address = _given(kind, user_input)
        target = address.pop("target", "")
        if target:
            if not _target_known(hass, entry, kind, target):
                errors[kind.value] = "target_unknown"
        elif kind in channels or address:
            errors[kind.value] = f"{kind}_needs_target"
        if bool(address.get("quiet_from")) != bool(address.get("quiet_until")):
            errors[kind.value] = "quiet_needs_both"
    return errors


def stored_targets(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the addresses as they are stored; people.py reads them."""
    given = {kind.value: _given(kind, user_input) for kind in ADDRESSED}
    return {
        kind: {"number": "", **address} if kind != ChannelKind.SPEAKER else address
        for kind, address in given.items()
        if address.get("target")
    }


def shown_targets(targets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return stored addresses as they look in the form."""
    return {
        kind: {f"{kind}_{name}": value for name, value in address.items()}
        for kind, address in targets.items()
    }


def _given(kind: ChannelKind, user_input: Mapping[str, Any]) -> dict[str, Any]:
    filled = user_input.get(kind.value, {})
    names = ("target", *(_SPEAKER if kind is ChannelKind.SPEAKER else ("number",)))
    found = {name: filled.get(f"{kind}_{name}") for name in names}
    return {
        name: value.strip() if isinstance(value, str) else value
        for name, value in found.items()
        if value
    }


def _targets(
    hass: HomeAssistant, entry: ConfigEntry[Any], kind: ChannelKind
) -> list[SelectOptionDict]:
    """Return what can carry a kind of message; the companion's own are what push is for."""
    offered = _providers(hass, entry, kind)
    if kind is ChannelKind.SPEAKER:
        for domain in (MEDIA_PLAYER, ASSIST_SATELLITE):
            for state in hass.states.async_all(domain):
                offered[state.entity_id] = f"{state.name} ({state.entity_id})"
    if kind is not ChannelKind.HTTPS:
        offered |= _own(hass)
    return [SelectOptionDict(value=target, label=offered[target]) for target in sorted(offered)]


def _providers(hass: HomeAssistant, entry: ConfigEntry[Any], kind: ChannelKind) -> dict[str, str]:
    return {
        f"{PROVIDER}.{one.data['key']}": one.title
        for one in entry.subentries.values()
        if one.subentry_type == SUBENTRY_PROVIDER and kind in make_provider(hass, one.data).kinds
    }


def _own(hass: HomeAssistant) -> dict[str, str]:
    """Return notify entities, notify actions and scripts."""
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
    return offered


def _target_known(
    hass: HomeAssistant, entry: ConfigEntry[Any], kind: ChannelKind, target: str
) -> bool:
    domain, _, name = target.partition(".")
    if domain == PROVIDER:
        return target in _providers(hass, entry, kind)
    if kind is ChannelKind.SPEAKER and domain in {MEDIA_PLAYER, ASSIST_SATELLITE}:
        return hass.states.get(target) is not None
    if domain not in NO_TARGETS or name in NO_TARGETS[domain] or kind is ChannelKind.HTTPS:
        return False
    entity = domain == NOTIFY and hass.states.get(target) is not None
    return entity or hass.services.has_service(domain, name)
