"""Alibaba Cloud's text messages and voice calls, from their public API descriptions.

Checks the signature of every request (ACS3-HMAC-SHA256, help.aliyun.com document 315526) and the
limits of templates, and answers as told. One endpoint serves both products.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from .http_far_end import HttpFarEnd

KEY_ID, KEY_SECRET = "LTAI-test", "far-end-secret"


@dataclass
class Asked:
    """One request that was taken: its action and its parameters."""

    action: str
    parameters: dict[str, str]


@dataclass
class Script:
    """How the far end answers: a business code, an HTTP status, nothing at all, or rubbish."""

    code: str = "OK"
    status: int = 200
    hangs: bool = False
    garbage: bool = False


class AlibabaCloud(HttpFarEnd):
    """Both services. `sms_details` and `call_details` are answered in turn, the last repeated."""

    def __init__(self, port: int = 0) -> None:
        super().__init__("/{path:.*}", self._take, port)
        self.asked: list[Asked] = []
        self.script = Script()
        self.sms_details: list[dict[str, Any] | None] = [{"SendStatus": 3}]
        self.call_details: list[dict[str, Any] | None] = [_ANSWERED]
        # What spoken calls are filed as: notifications, or "11010000138001", verification codes.
        self.spoken = "11000000300006"
        self._news = asyncio.Condition()

    async def _take(self, request: web.Request) -> web.Response:
        action = request.headers.get("x-acs-action", "")
        parameters = {key: str(value) for key, value in request.query.items()}
        async with self._news:
            self.asked.append(Asked(action, parameters))
            self._news.notify_all()
        if self.script.hangs:
            await self.released.wait()
        if self.script.garbage:
            return web.Response(text="<html>gateway</html>")
        problem = _unsigned(request)
        if problem is not None:
            return web.json_response(
                {"Code": problem, "Message": problem, "RequestId": "R", "HostId": "h"},
                status=404 if problem.endswith("NotFound") else 400,
            )
        if self.script.status >= 400:
            return web.json_response(
                {"Code": self.script.code, "Message": "no", "RequestId": "R", "HostId": "h"},
                status=self.script.status,
            )
        return web.json_response(self._answer(action, parameters))

    async def wait_until_asked(self, times: int) -> None:
        """Wait until as many requests have come."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.asked) >= times)

    def _answer(self, action: str, asked: Mapping[str, str]) -> dict[str, Any]:
        common = {"Code": self.script.code, "Message": self.script.code, "RequestId": "R"}
        if self.script.code != "OK":
            return common
        match action:
            case "SendSms":
                variables = json.loads(asked["TemplateParam"])
                if any(not 1 <= len(value) <= 35 for value in variables.values()):
                    return {**common, "Code": "isv.PARAM_LENGTH_LIMIT"}
                return {**common, "BizId": "biz-1"}
            case "SingleCallByTts" | "IvrCall":
                text = asked.get("TtsParam") or asked["StartTtsParams"]
                if sum(len(value) for value in json.loads(text).values()) >= 250:
                    return {**common, "Code": "isv.PARAM_LENGTH_LIMIT"}
                return {**common, "CallId": "call-1"}
            case "QuerySendDetails":
                detail = _next(self.sms_details)
                found = [detail] if detail is not None else []
                return {
                    **common,
                    "TotalCount": len(found),
                    "SmsSendDetailDTOs": {"SmsSendDetailDTO": found},
                }
            case "QueryCallDetailByCallId":
                if asked["ProdId"] not in {self.spoken, "11000000300005"}:
                    return {**common, "Data": ""}  # as the real one: no error, and no answer
                detail = _next(self.call_details)
                return {**common, "Data": json.dumps(detail) if detail is not None else ""}
        return {**common, "Code": "InvalidAction.NotFound"}


_ANSWERED = {"endDate": "2026-11-23 10:01:00", "duration": "12", "state": "200000"}


def _next(answers: list[dict[str, Any] | None]) -> dict[str, Any] | None:
    return answers.pop(0) if len(answers) > 1 else answers[0]


def _unsigned(request: web.Request) -> str | None:
    """The error of a request that is not signed with the account's key; None if it is."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    told = dict(part.partition("=")[::2] for part in rest.split(","))
    if scheme != "ACS3-HMAC-SHA256":
        return "IncompleteSignature"
    if told["Credential"] != KEY_ID:
        return "InvalidAccessKeyId.NotFound"
    query = "&".join(
        f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}"
        for key, value in sorted(request.query.items())
    )
    signed = told["SignedHeaders"]
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed.split(";"))
    payload = request.headers["x-acs-content-sha256"]
    canonical = f"{request.method}\n{request.path}\n{query}\n{headers}\n{signed}\n{payload}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    right = hmac.digest(KEY_SECRET.encode(), f"{scheme}\n{digest}".encode(), "sha256").hex()
    return None if hmac.compare_digest(right, told["Signature"]) else "SignatureDoesNotMatch"
