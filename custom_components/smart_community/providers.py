"""The accounts through which a community calls and writes, as its subentries say."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from homeassistant.components import webhook
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError
from homeassistant.requirements import RequirementsNotFound, async_process_requirements

from .channels.alibaba import REQUIREMENTS, SMS_ENDPOINT, VOICE_ENDPOINT, Account, Alibaba
from .channels.dingtalk import DingTalk
from .channels.exchange import Provider
from .channels.feishu import Feishu
from .channels.https import Https, ReceiptError
from .channels.robot import Robot
from .channels.wecom import WeCom
from .const import DOMAIN, SUBENTRY_PROVIDER
from .core.model import ChannelKind
from .core.ports import ChannelError

_LOGGER = logging.getLogger(__name__)

ALIBABA: Final = "alibaba"
HTTPS: Final = "https"
ROBOTS: Final[dict[str, type[Robot]]] = {"wecom": WeCom, "dingtalk": DingTalk, "feishu": Feishu}
# More than any receipt has; Home Assistant itself would take 16 MiB from anybody.
_LONGEST_RECEIPT: Final = 8192


class Providers:
    """Reads the subentries each time they change; their webhooks follow."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        refused: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """Keep what is needed. `refused` puts a call-back that is not believed on record."""
        self._hass = hass
        self._entry = entry
        self._refused = refused
        self._built: dict[str, tuple[Mapping[str, Any], Provider]] = {}

    def read(self) -> None:
        """Read the accounts; one that has not changed keeps what it waits for."""
        wanted = {
            subentry.subentry_id: subentry
            for subentry in self._entry.subentries.values()
            if subentry.subentry_type == SUBENTRY_PROVIDER
        }
        for gone in self._built.keys() - wanted.keys():
            self._drop(gone)
        for subentry_id, subentry in wanted.items():
            if subentry_id in self._built:
                if self._built[subentry_id][0] is subentry.data:
                    continue
                self._drop(subentry_id)
            provider = make_provider(self._hass, subentry.data)
            self._built[subentry_id] = (subentry.data, provider)
            if isinstance(provider, Https):
                self._listen(subentry.data["webhook_id"], provider, subentry.title)

    def close(self) -> None:
        """Stop listening to call-backs."""
        for subentry_id in list(self._built):
            self._drop(subentry_id)

    def __call__(self) -> Iterable[Provider]:
        """Return the accounts, in the order in which they were set up."""
        return [provider for _, provider in self._built.values()]

    def _drop(self, subentry_id: str) -> None:
        data, provider = self._built.pop(subentry_id)
        if isinstance(provider, Https):
            webhook.async_unregister(self._hass, data["webhook_id"])

    def _listen(self, webhook_id: str, provider: Https, title: str) -> None:
        async def called(
            _hass: HomeAssistant, _webhook_id: str, request: web.Request
        ) -> web.Response:
            body = await _read(request)
            try:
                known = provider.called_back(request.headers, body)
            except ReceiptError as err:
                _LOGGER.warning("Refused a receipt of %s: %s", title, err)
                await self._refused(title, str(err))
                return web.json_response({"error": str(err)}, status=HTTPStatus.FORBIDDEN)
            status = HTTPStatus.OK if known else HTTPStatus.GONE
            return web.json_response({"known": known}, status=status)

        webhook.async_register(self._hass, DOMAIN, title, webhook_id, called, local_only=False)


async def _read(request: web.Request) -> bytes:
    """Read the body of a call-back, of a longer one no more than shows that it is too long.

    A body comes in as many pieces as the network makes of it, and one read gives those that are
    there: of half a receipt the signature is wrong.
    """
    body = b""
    while piece := await request.content.read(_LONGEST_RECEIPT + 1 - len(body)):
        body += piece
    return body


def make_provider(hass: HomeAssistant, data: Mapping[str, Any]) -> Provider:
    """Make the account that a subentry describes."""
    kind, key = data["kind"], data["key"]
    if (robot := ROBOTS.get(kind)) is not None:
        return robot(hass, key, data["url"], data.get("secret", ""))
    if kind == ALIBABA:
        return _alibaba(hass, key, data)
    return Https(
        hass,
        key,
        url=data["url"],
        secret=data["secret"],
        kinds=frozenset(ChannelKind(one) for one in data["channels"]),
        callback_url=_callback_url(hass, data["webhook_id"]),
    )


def _alibaba(hass: HomeAssistant, key: str, data: Mapping[str, Any]) -> Alibaba:
    account = Account(
        key_id=data["key_id"],
        key_secret=data["key_secret"],
        sign_name=data.get("sign_name", ""),
        sms_template=data.get("sms_template", ""),
        voice_template=data.get("voice_template", ""),
        menu_template=data.get("menu_template", ""),
        show_number=data.get("show_number", ""),
        variables=tuple(data["variables"]),
        sms_endpoint=data.get("sms_endpoint") or SMS_ENDPOINT,
        voice_endpoint=data.get("voice_endpoint") or VOICE_ENDPOINT,
    )

    async def ready() -> None:
        try:
            await async_process_requirements(hass, DOMAIN, list(REQUIREMENTS))
        except RequirementsNotFound as err:
            raise ChannelError("sdk_missing") from err

    return Alibaba(hass, key, account, ready)


def _callback_url(hass: HomeAssistant, webhook_id: str) -> str:
    """Return where receipts are to be sent; "" if Home Assistant knows no address of itself."""
    try:
        return webhook.async_generate_url(hass, webhook_id)
    except NoURLAvailableError:
        return ""
