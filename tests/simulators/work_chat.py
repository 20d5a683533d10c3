"""The robots of the work chats WeCom, DingTalk and Feishu, from their public descriptions.

Each checks what the real one checks: the key, the signature and the age of a request, its size and
the number of requests a minute.
"""

import base64
import hmac
import json
import time
from typing import Any

from aiohttp import web

from .http_far_end import HttpFarEnd

KEY, SECRET = "robot-key", "robot-secret"
A_MINUTE = 20


class WorkChat(HttpFarEnd):
    """All three, under the paths of the real ones; `signed`: the robots check signatures."""

    def __init__(self, port: int = 0) -> None:
        super().__init__("/{path:.*}", self._take, port)
        self.said: list[dict[str, Any]] = []
        self.signed = True
        self.status = 200
        self.raw: str | None = None
        self.sent = 0

    async def _take(self, request: web.Request) -> web.Response:
        if self.raw is not None or self.status != 200:
            return web.Response(text=self.raw or "", status=self.status)
        body = await request.text()
        self.sent += 1
        match request.path:
            case "/cgi-bin/webhook/send":
                return self._wecom(request, body)
            case "/robot/send":
                return self._dingtalk(request, body)
            case _:
                return self._feishu(request, body)

    def _wecom(self, request: web.Request, body: str) -> web.Response:
        told = json.loads(body)
        if request.query.get("key") != KEY:
            return _err(93000, "invalid webhook url")
        if self.sent > A_MINUTE:
            return _err(45009, "api freq out of limit")
        if len(told["text"]["content"].encode()) > 2048:
            return _err(40058, "text.content exceed max length 2048")
        self.said.append(told)
        return _err(0, "ok")

    def _dingtalk(self, request: web.Request, body: str) -> web.Response:
        told = json.loads(body)
        if request.query.get("access_token") != KEY:
            return _err(300005, "token is not exist")
        stamp = request.query.get("timestamp", "0")
        signed = hmac.digest(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), "sha256")
        wrong = base64.b64encode(signed).decode() != request.query.get("sign")
        if self.signed and (wrong or abs(time.time() * 1000 - int(stamp)) > 3_600_000):
            return _err(310000, "sign not match")
        if self.sent > A_MINUTE:
            return _err(130101, "send too fast, exceed 20 times per minute")
        self.said.append(told)
        return _err(0, "ok")

    def _feishu(self, request: web.Request, body: str) -> web.Response:
        told = json.loads(body)
        if request.path != f"/open-apis/bot/v2/hook/{KEY}":
            return _code(19001, "param invalid: incoming webhook access token invalid")
        stamp = told.get("timestamp", "0")
        signed = hmac.digest(f"{stamp}\n{SECRET}".encode(), b"", "sha256")
        wrong = base64.b64encode(signed).decode() != told.get("sign")
        if self.signed and (wrong or abs(time.time() - int(stamp)) > 3600):
            return _code(19021, "sign match fail or timestamp is not within one hour")
        if self.sent > A_MINUTE:
            return _code(11232, "too many request")
        self.said.append(told)
        return _code(0, "success")


def _err(code: int, words: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": words})


def _code(code: int, words: str) -> web.Response:
    return web.json_response({"code": code, "msg": words, "data": {}})
