"""Voice calls and text messages of Alibaba Cloud in mainland China, through its own SDKs.

A text is never free there: it fills the variables of a template that the service has approved. What
became of a message is asked for (QuerySendDetails, QueryCallDetailByCallId); of a call the service
knows it three to five minutes after its end.

The SDKs are called in a thread: their async methods load the trust store in the event loop for
every request. They are installed only when an account is set up (docs/decisions.md).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from functools import partial
from importlib import import_module
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..core.message import Message
from ..core.model import ChannelKind, DeliveryState
from ..core.ports import ChannelError, Outcome

REQUIREMENTS: Final = (
    "alibabacloud-dysmsapi20170525==4.6.0",
    "alibabacloud-dyvmsapi20170525==5.3.0",
)
# Loaded by name when something is asked: they are not there before an account is set up.
_SMS_SDK: Final = "alibabacloud_dysmsapi20170525"
_VOICE_SDK: Final = "alibabacloud_dyvmsapi20170525"
SMS_ENDPOINT: Final = "dysmsapi.aliyuncs.com"
VOICE_ENDPOINT: Final = "dyvmsapi.aliyuncs.com"
# A variable of a text message's template is 1 to 35 characters; those of a call's are less than 250
# characters together. A longer one would be refused, and the alarm with it: it is cut.
SMS_VARIABLE: Final = 35
VOICE_VARIABLES: Final = 249
# Milliseconds; the second provider must have its turn within the message's time.
_CONNECT, _READ = 3000, 4000
# The product of a call: QueryCallDetailByCallId answers nothing about a call of another
# (https://help.aliyun.com/document_detail/393529.html). What is spoken from a template is filed as
# a notification or as a verification code, by the kind of the template: both are asked for.
_SPOKEN_CALL: Final = (11000000300006, 11010000138001)
_KEY_CALL: Final = (11000000300005,)
# Seconds between two questions; the last is repeated. Only then does the service know of a call.
SMS_POLLS: Final = (2.0, 3.0, 5.0, 10.0, 20.0)
VOICE_POLLS: Final = (20.0, 20.0, 20.0)

# By https://help.aliyun.com/document_detail/101346.html (text messages) and
# https://help.aliyun.com/document_detail/178344.html (calls; the service itself has a misspelling).
_REASONS: Final[Mapping[str, str]] = {
    "InvalidAccessKeyId.NotFound": "wrong_key",
    "InvalidAccessKeyId.Inactive": "wrong_key",
    "InvalidAccessKeyId": "wrong_key",
    "SignatureDoesNotMatch": "wrong_key",
    "IncompleteSignature": "wrong_key",
    "Forbidden.RAM": "not_allowed",
    "NoPermission": "not_allowed",
    "isp.RAM_PERMISSION_DENY": "not_allowed",
    "isv.PRODUCT_UNSUBSCRIBE": "not_allowed",
    "isv.PRODUCT_UN_SUBSCRIPT": "not_allowed",
    "isv.ACCOUNT_ABNORMAL": "not_allowed",
    "isv.ACCOUNT_NOT_EXISTS": "wrong_key",
    "isv.DENY_IP_RANGE": "not_allowed",
    "isv.VOICE_CALL_PERIOD_ERROR": "not_allowed",
    "isv.BILLID_NOT_EXIST": "not_allowed",
    "isv.DISPLAY_NUMBER_ILLEGAL": "not_allowed",
    "isv.AMOUNT_NOT_ENOUGH": "no_balance",
    "isv.AMOUNT_NOT_ENOUG": "no_balance",
    "isv.OUT_OF_SERVICE": "no_balance",
    "isv.BUSINESS_LIMIT_CONTROL": "rate_limited",
    "isv.DAY_LIMIT_CONTROL": "rate_limited",
    "isv.MONTH_LIMIT_CONTROL": "rate_limited",
    "isv.FLOW_LIMIT": "rate_limited",
    "Throttling": "rate_limited",
    "Throttling.User": "rate_limited",
    "isv.MOBILE_NUMBER_ILLEGAL": "number_wrong",
    "isv.CALLED_NUMBER_ILLEGAL": "number_wrong",
    "isv.CALLED_NUMBER_FORBIDDEN": "number_blocked",
    "isv.BLACK_LIST": "number_blocked",
    "isv.COMPLAINT_REJECT": "number_blocked",
    "ComplaintReject": "number_blocked",
    "MOBILE_IN_BLACK": "number_blocked",
    "MOBILE_NOT_ON_SERVICE": "switched_off",
    "MOBILE_SEND_LIMIT": "rate_limited",
    "CONTENT_KEYWORD": "text_refused",
    "isv.BLACK_KEY_CONTROL_LIMIT": "text_refused",
    "isv.PARAM_NOT_SUPPORT_URL": "text_refused",
    "isv.PARAM_LENGTH_LIMIT": "text_refused",
    "isv.SMS_CONTENT_ILLEGAL": "text_refused",
    "isv.TEMPLATE_ILLEGAL": "template_refused",
    "isv.SMS_SIGN_ILLEGAL": "template_refused",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "template_refused",
    "isv.INVALID_JSON_PARAM": "template_refused",
    "isv.SMS_TEMPLATE_ILLEGAL": "template_refused",
    "isv.SMS_SIGNATURE_ILLEGAL": "template_refused",
    "isv.TTS_TEMPLATE_ILLEGAL": "template_refused",
    "isv.TEMPLATE_MISSING_PARAMETERS": "template_refused",
    "isv.TEMPLATE_PARAMS_ILLEGAL": "template_refused",
    "isv.INVALID_PARAMETERS": "template_refused",
    "isv.VOICE_CALL_FAIL": "provider_error",
    "InternalError": "provider_error",
    "isp.SYSTEM_ERROR": "provider_error",
    "isp.UNKNOWN": "provider_error",
    "isp.GATEWAY_ERROR": "provider_error",
}
# How a call ended that nobody took (https://help.aliyun.com/document_detail/55085.html, and 112804
# for 200012, a restricted call). 200005 is a line that rejects as well as a phone that is off.
_UNTAKEN: Final[Mapping[str, str]] = {
    "200002": "busy",
    "200003": "no_answer",
    "200004": "number_wrong",
    "200005": "switched_off",
    "200007": "switched_off",
    "200010": "switched_off",
    "200011": "switched_off",
    "200012": "number_blocked",
    "200104": "number_blocked",
    "200105": "number_blocked",
    "200117": "not_allowed",
    "200118": "not_allowed",
    "200119": "rate_limited",
    "200121": "rate_limited",
}
_SMS_FAILED, _SMS_DELIVERED = 2, 3
# The service's day, by which it files what it has sent.
_CHINA: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account as it is set up. A channel without its template is not offered.

    `variables`: which facts fill the templates, by the name of the variable. With `menu_template`
    the call says what to press, and a pressed 1 is an acknowledgement; it needs `show_number`.
    `answer_within`: milliseconds that the service has for an answer.
    """

    key_id: str
    key_secret: str
    sign_name: str = ""
    sms_template: str = ""
    voice_template: str = ""
    menu_template: str = ""
    show_number: str = ""
    variables: tuple[str, ...] = ("loop", "place", "time", "number")
    sms_endpoint: str = SMS_ENDPOINT
    voice_endpoint: str = VOICE_ENDPOINT
    answer_within: int = _READ


class Alibaba:
    """One account; both of its services are optional."""

    def __init__(
        self,
        hass: HomeAssistant,
        key: str,
        account: Account,
        ready: Callable[[], Awaitable[None]],
        polls: tuple[Iterable[float], Iterable[float]] = (SMS_POLLS, VOICE_POLLS),
    ) -> None:
        """Take the account; `ready` installs the SDKs, or ChannelError `sdk_missing`."""
        self.key = key
        self.kinds = frozenset(
            kind
            for kind, template in (
                (ChannelKind.SMS, account.sms_template),
                (ChannelKind.VOICE, account.voice_template),
            )
            if template
        )
        self._hass = hass
        self._account = account
        self._ready = ready
        self._polls = dict(zip((ChannelKind.SMS, ChannelKind.VOICE), polls, strict=True))

    async def send(self, kind: ChannelKind, message: Message, number: str) -> Outcome:
        """Send the text or place the call; what became of it is followed."""
        if not number:
            raise ChannelError("no_address")
        facts = {name: message.facts.get(name, "") for name in self._account.variables}
        reference = await self._ask(_sms if kind is ChannelKind.SMS else _call, facts, number)
        stamp = str(int(dt_util.utcnow().timestamp() * 1000))
        return Outcome(state=DeliveryState.SENT, reference=f"{reference}|{stamp}")

    async def follow(self, kind: ChannelKind, reference: str, number: str) -> Outcome:
        """Ask again and again until the service knows."""
        name, _, stamp = reference.rpartition("|")
        question = _sms_detail if kind is ChannelKind.SMS else _call_detail
        waits = iter(self._polls[kind])
        wait = 0.0
        while True:
            wait = next(waits, wait)
            await asyncio.sleep(wait)
            try:
                answer: Outcome | None = await self._ask(question, name, number, int(stamp))
            except ChannelError as err:
                if str(err) not in _PASSING:
                    raise
                continue
            if answer is not None:
                return answer

    async def _ask[T](self, question: Callable[..., T], *args: object) -> T:
        await self._ready()
        return await self._hass.async_add_executor_job(
            partial(_answered, question, self._account, *args)
        )


# The message is out; that the line is bad just now says nothing about it.
_PASSING: Final = frozenset({"time_out", "cannot_connect", "dns_down", "rate_limited"})


def _answered[T](question: Callable[..., T], *args: object) -> T:
    """Ask in this thread; whatever the SDK says becomes a reason."""
    refused: type[Exception] = import_module("Tea.exceptions").TeaException
    try:
        return question(*args)
    except refused as err:
        raise ChannelError(_reason(getattr(err, "code", None), str(err))) from err
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise ChannelError("not_understood") from err


def _reason(code: str | None, words: str) -> str:
    if code:
        return _REASONS.get(code, code)
    if "NameResolution" in words or "DNS" in words:
        return "dns_down"
    return "time_out" if "timed out" in words else "cannot_connect"


def _client(account: Account, service: str, endpoint: str) -> Any:
    # An endpoint is a host name; with a scheme it is somebody's own relay.
    protocol, _, host = endpoint.rpartition("://")
    config = import_module("alibabacloud_tea_openapi.utils_models").Config(
        access_key_id=account.key_id,
        access_key_secret=account.key_secret,
        endpoint=host,
        protocol=protocol or "https",
        connect_timeout=_CONNECT,
        read_timeout=account.answer_within,
    )
    return import_module(f"{service}.client").Client(config)


def _once() -> Any:
    # A second try by the SDK might be a second call: the ladder decides about that.
    return import_module("darabonba.runtime").RuntimeOptions(autoretry=False)


def _checked(body: Any) -> Any:
    if body.code != "OK":
        raise ChannelError(_REASONS.get(body.code, str(body.code)))
    return body


def _sms(account: Account, facts: Mapping[str, str], number: str) -> str:
    models = import_module(f"{_SMS_SDK}.models")
    client = _client(account, _SMS_SDK, account.sms_endpoint)
    request = models.SendSmsRequest(
        phone_numbers=number,
        sign_name=account.sign_name,
        template_code=account.sms_template,
        template_param=_variables({key: fit(text, SMS_VARIABLE) for key, text in facts.items()}),
    )
    return str(_checked(client.send_sms_with_options(request, _once()).body).biz_id)


def _sms_detail(account: Account, reference: str, number: str, stamp: int) -> Outcome | None:
    models = import_module(f"{_SMS_SDK}.models")
    client = _client(account, _SMS_SDK, account.sms_endpoint)
    day = dt_util.utc_from_timestamp(stamp / 1000).astimezone(_CHINA).strftime("%Y%m%d")
    request = models.QuerySendDetailsRequest(
        phone_number=number, biz_id=reference, send_date=day, page_size=1, current_page=1
    )
    body = _checked(client.query_send_details_with_options(request, _once()).body)
    details = body.sms_send_detail_dtos and body.sms_send_detail_dtos.sms_send_detail_dto
    if not details or details[0].send_status not in {_SMS_FAILED, _SMS_DELIVERED}:
        return None
    if details[0].send_status == _SMS_DELIVERED:
        return Outcome(state=DeliveryState.DELIVERED)
    code = details[0].err_code or "undelivered"
    raise ChannelError(_REASONS.get(code, code))


def _call(account: Account, facts: Mapping[str, str], number: str) -> str:
    models = import_module(f"{_VOICE_SDK}.models")
    client = _client(account, _VOICE_SDK, account.voice_endpoint)
    each = max(VOICE_VARIABLES // max(len(facts), 1), 1)
    variables = _variables({key: fit(text, each) for key, text in facts.items()})
    if account.menu_template:
        answer = client.ivr_call_with_options(
            models.IvrCallRequest(
                called_number=number,
                called_show_number=account.show_number,
                start_code=account.voice_template,
                start_tts_params=variables,
                menu_key_map=[models.IvrCallRequestMenuKeyMap(key="1", code=account.menu_template)],
                bye_code=account.menu_template,
                play_times=3,
                timeout=8000,
            ),
            _once(),
        )
    else:
        answer = client.single_call_by_tts_with_options(
            models.SingleCallByTtsRequest(
                called_number=number,
                called_show_number=account.show_number or None,
                tts_code=account.voice_template,
                tts_param=variables,
                play_times=3,
            ),
            _once(),
        )
    return str(_checked(answer.body).call_id)


def _call_detail(account: Account, reference: str, number: str, stamp: int) -> Outcome | None:
    models = import_module(f"{_VOICE_SDK}.models")
    client = _client(account, _VOICE_SDK, account.voice_endpoint)
    told: Mapping[str, Any] = {}
    for product in _KEY_CALL if account.menu_template else _SPOKEN_CALL:
        request = models.QueryCallDetailByCallIdRequest(
            call_id=reference, prod_id=product, query_date=stamp
        )
        body = _checked(client.query_call_detail_by_call_id_with_options(request, _once()).body)
        told = json.loads(body.data) if body.data else {}
        if told:
            break
    if not told.get("endDate"):
        return None
    if str(told.get("dtmf") or "").startswith("1"):
        return Outcome(state=DeliveryState.DELIVERED, reason="key_pressed", acknowledged=True)
    if int(told.get("duration") or 0) > 0:
        return Outcome(state=DeliveryState.DELIVERED, reason="answered")
    state = str(told.get("state") or "")
    raise ChannelError(_UNTAKEN.get(state) or str(told.get("stateDesc") or "no_answer"))


def fit(text: str, longest: int) -> str:
    """Make a text fit a template's variable: never empty, never longer, on one line."""
    one_line = " ".join(text.split()) or "-"
    return one_line if len(one_line) <= longest else one_line[: longest - 1] + "…"


def _variables(values: Mapping[str, str]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
