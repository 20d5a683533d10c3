"""A library that has changed costs the reason of a time-out, and never the time-out itself."""

from types import FunctionType
from typing import Any

import pytest

from custom_components.smart_community.field.modbus.swallowed import Ear, came
from custom_components.smart_community.field.point import Quality

HEARD = (Quality.WRONG_TRANSACTION, "an answer to another request")


def wait(
    self: Any = None, attempt: Any = None, request_frame: bytes = b"", request_adu: bytes = b""
) -> None:
    """Wait in vain, with what the library's own functions have as locals."""
    raise TimeoutError


def timed_out_in(module: str, **seen: Any) -> TimeoutError:
    """Return a time-out that fell while a function of this module waited, with these locals."""
    there = FunctionType(wait.__code__, {**globals(), "__name__": module}, None, wait.__defaults__)
    err = TimeoutError()
    try:
        there(**seen)
    except TimeoutError as cause:
        err.__cause__ = cause
    return err


class Changed:
    """Something of the library that is not what it was."""

    _buffer = 1.5


@pytest.mark.parametrize(
    "err",
    [
        TimeoutError(),
        timed_out_in("tmodbus.transport.async_smart", attempt=Changed()),
        timed_out_in("tmodbus.transport.async_tcp", self=Changed(), request_frame=b"\0\1"),
        timed_out_in("tmodbus.transport.async_rtu", self=object(), request_adu=b"\1\3"),
        timed_out_in("somebody.elses.module", self=Changed(), request_adu=b"\1\3"),
    ],
)
def test_what_cannot_be_seen_any_more_is_no_answer(err: TimeoutError) -> None:
    assert came(err, Ear()) is None
    assert came(err, Ear(heard=HEARD)) == HEARD
