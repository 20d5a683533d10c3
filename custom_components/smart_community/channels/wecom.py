"""A group robot of WeCom (https://developer.work.weixin.qq.com/document/path/99110).

At most 20 messages a minute; a text of at most 2,048 bytes.
"""

from collections.abc import Mapping
from typing import Any, override

from .robot import Robot


class WeCom(Robot):
    """The address holds the key; there is no signature."""

    reasons: Mapping[int, str] = {
        93000: "wrong_key",
        40001: "wrong_key",
        45009: "rate_limited",
        40058: "text_refused",
    }

    @override
    def request(self, text: str, number: str) -> tuple[str, Mapping[str, Any]]:
        named = [number] if number else []
        content = {"content": text, "mentioned_mobile_list": named}
        return self._url, {"msgtype": "text", "text": content}
