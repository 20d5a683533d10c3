"""A group robot of DingTalk (https://open.dingtalk.com/document/robots/custom-robot-access).

At most 20 messages a minute, then it is silent for ten; a body of at most 20,000 bytes. With a
secret each request carries the time in milliseconds and a signature in its address.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, override

from homeassistant.util import dt as dt_util
from yarl import URL

from .robot import Robot


class DingTalk(Robot):
    """310000 is a wrong signature, a missing keyword or a foreign address alike."""

    longest = 18_000
    reasons: Mapping[int, str] = {
        310000: "wrong_key",
        300005: "wrong_key",
        300001: "wrong_key",
        130101: "rate_limited",
        410100: "rate_limited",
        430101: "text_refused",
        430104: "text_refused",
    }

    @override
    def request(self, text: str, number: str) -> tuple[str, Mapping[str, Any]]:
        called = {"atMobiles": [number] if number else [], "isAtAll": False}
        body = {"msgtype": "text", "text": {"content": text}, "at": called}
        if not self._secret:
            return self._url, body
        stamp = str(int(dt_util.utcnow().timestamp() * 1000))
        signed = f"{stamp}\n{self._secret}".encode()
        digest = hmac.digest(self._secret.encode(), signed, hashlib.sha256)
        sign = base64.b64encode(digest).decode()
        return str(URL(self._url).update_query(timestamp=stamp, sign=sign)), body
