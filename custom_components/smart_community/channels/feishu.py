"""A group robot of Feishu (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).

At most 100 messages a minute and 5 a second; a body of at most 20 KB. With a secret each request
carries the time in seconds and a signature, whose key is time and secret and whose text is empty.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, override

from homeassistant.util import dt as dt_util

from .robot import Robot


class Feishu(Robot):
    """A robot cannot call a telephone number by name here."""

    longest = 18_000
    code = "code"
    reasons: Mapping[int, str] = {
        19001: "wrong_key",
        19021: "wrong_key",
        19022: "not_allowed",
        19024: "text_refused",
        11232: "rate_limited",
        9499: "text_refused",
    }

    @override
    def request(self, text: str, number: str) -> tuple[str, Mapping[str, Any]]:
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self._secret:
            stamp = str(int(dt_util.utcnow().timestamp()))
            key = f"{stamp}\n{self._secret}".encode()
            sign = base64.b64encode(hmac.digest(key, b"", hashlib.sha256)).decode()
            body |= {"timestamp": stamp, "sign": sign}
        return self._url, body
