"""One request on a line at a time, each with a cap, and a line left on which the next can be made.

What the library does that must not reach the values (measured; see docs/decisions.md):
a busy unit is asked again for a minute with the line held, so every request has a cap of ours; an
answer in RTU framing that comes too late is taken for the next one of the same shape, and a
truncated frame in TCP framing swallows the head of the next, so after anything but a clean answer
the line is dropped and connected anew.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from modbus_connection import ModbusError, ModbusUnit
from modbus_connection.exceptions import (
    AcknowledgeError,
    GatewayPathUnavailableError,
    GatewayTargetError,
    IllegalDataAddressError,
    IllegalDataValueError,
    ModbusConnectionError,
    ModbusDesyncError,
    ModbusExceptionError,
    ServerDeviceBusyError,
)

from ..point import Kind, Quality
from .cap import TURN_WITHIN, Attempt
from .decode import Raw
from .plan import Block
from .swallowed import EAR, Ear, came, listen

_LOGGER = logging.getLogger(__name__)

# How long a unit may think before it is taken for silent, in seconds, besides its bytes' own time.
ANSWER_WITHIN = 0.5
# The library's own time-out is the last resort, so much later than ours: it knows no patience with
# this machine.
_LIBRARY_LATER = 2.0
# Nobody hears of a fire while the line is being dropped.
_DROP_WITHIN = 1.0
_BITS_PER_CHARACTER = 11
LINE_TAKEN = "another integration holds the shared line"


class NoData(Exception):  # noqa: N818 # what is missing is not an error of this program
    """A request brought nothing.

    `illegal`: the unit has no such address, or not so many; `line`: nobody on it can be reached;
    `sent`: the request may have reached the unit, so that a write may have been carried out.
    """

    def __init__(
        self,
        quality: Quality,
        reason: str,
        *,
        illegal: bool = False,
        line: bool = False,
        sent: bool = True,
    ) -> None:
        """Take what is said of the points, and why."""
        super().__init__(reason)
        self.line = line
        self.quality = quality
        self.reason = reason
        self.illegal = illegal
        self.sent = sent


@dataclass(kw_only=True, slots=True, eq=False)
class Line:
    """A line that several units share. `baudrate`: of a serial line, 0 if only a gateway knows."""

    within: float = ANSWER_WITHIN
    baudrate: int = 0
    spacing: float = 0.0
    # So that what was chosen last is not the last to be asked: the library asks in turn.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    # What the last request took, without the time that it waited for others.
    took: float = field(default=0.0, init=False)
    # How many requests in a row had no answer. A gateway may still wait for the first of them when
    # the next unit is asked, whose time that is not. With the second it may be the line.
    _unanswered: int = field(default=0, init=False)
    _ear: Ear = field(default_factory=Ear, init=False)

    def use(self, unit: ModbusUnit) -> None:
        """Make the library's own settings agree with the line's."""
        listen()
        unit.require_timeout(self._library_within)
        unit.set_message_spacing(self.spacing)

    def cap(self, characters: int, within: float | None = None) -> float:
        """Return how long a request with so many characters to and fro may take, in seconds.

        `within`: what the unit may think, instead of what any unit may.
        """
        on_the_wire = characters * _BITS_PER_CHARACTER / self.baudrate if self.baudrate else 0.0
        return (self.within if within is None else within) + on_the_wire + self.spacing

    async def read(
        self,
        unit: ModbusUnit,
        block: Block,
        within: float | None = None,
        held: Callable[[], None] | None = None,
    ) -> Raw:
        """Make one request, of a unit that may think so long. Raises NoData.

        Where another integration holds the shared line, `held` is called and the request waits for
        its turn; without it, that is no data either.
        """
        characters = 16 + (block.count // 8 if block.kind.is_bit else block.count * 2)
        async with self.lock:
            raw = await self.guarded(
                unit, characters, lambda ours: _read(ours, block), within=within, held=held
            )
            if len(raw) == block.count:
                return raw
            await _drop(unit)
            raise NoData(Quality.GARBLED, f"{len(raw)} values instead of {block.count}")

    async def guarded[T](
        self,
        unit: ModbusUnit,
        characters: int,
        request: Callable[[ModbusUnit], Awaitable[T]],
        *,
        within: float | None = None,
        held: Callable[[], None] | None = None,
    ) -> T:
        """Make one request under the lock that the caller holds. Raises NoData, see `read`."""
        self._ear.heard = None
        hearing = EAR.set(self._ear)
        cap = self.cap(characters, within)
        if within is None and self._unanswered == 1:
            cap += self.within
        attempt = Attempt(unit, cap, max(TURN_WITHIN, self._library_within), held)
        before, self._unanswered = self._unanswered, 0
        try:
            return await attempt.make(request)
        except (TimeoutError, ModbusError, OSError) as err:
            if isinstance(err, TimeoutError):
                if attempt.ours_at is None and unit.connected:
                    raise NoData(Quality.LINE_TAKEN, LINE_TAKEN, sent=False) from err
                self._unanswered = before + 1
            lack = _lack(unit, err, self._ear)
            lack.sent = attempt.ours_at is not None
            if not isinstance(err, ModbusExceptionError):
                await _drop(unit)
            raise lack from err
        except asyncio.CancelledError:
            if attempt.ours_at is not None or not unit.connected:
                # The answer is under way: whoever shares the line must not take it for theirs. Or
                # a connection is, which would fail unheard once the line is given back.
                await _drop(unit)
            raise
        except Exception as err:
            # Nothing that one unit's answer sets off may end the asking of the others: their last
            # values would stand for ever.
            _LOGGER.exception("A Modbus request failed")
            await _drop(unit)
            raise NoData(Quality.GARBLED, repr(err)) from err
        finally:
            self.took = attempt.took
            EAR.reset(hearing)

    @property
    def _library_within(self) -> float:
        """How long the library waits for an answer, of ours and of others on the line."""
        return self.cap(256) + _LIBRARY_LATER


async def _read(unit: ModbusUnit, block: Block) -> Raw:
    match block.kind:
        case Kind.COIL:
            return await unit.read_coils(block.address, block.count)
        case Kind.DISCRETE:
            return await unit.read_discrete_inputs(block.address, block.count)
        case Kind.HOLDING:
            return await unit.read_holding_registers(block.address, block.count)
        case Kind.INPUT:
            return await unit.read_input_registers(block.address, block.count)


async def _drop(unit: ModbusUnit) -> None:
    with suppress(ModbusError, OSError, TimeoutError):
        async with asyncio.timeout(_DROP_WITHIN):
            await unit.disconnect()


def _lack(unit: ModbusUnit, err: Exception, ear: Ear) -> NoData:
    reason = str(err) or "no answer in time"
    match err:
        case ServerDeviceBusyError() | AcknowledgeError():
            return NoData(Quality.BUSY, reason)
        case GatewayTargetError() | GatewayPathUnavailableError():
            # The gateway says that the unit behind it was silent, after waiting for it itself.
            return NoData(Quality.NO_ANSWER, reason)
        case IllegalDataAddressError() | IllegalDataValueError():
            return NoData(Quality.REFUSED, reason, illegal=True)
        case ModbusExceptionError():
            return NoData(Quality.REFUSED, reason)
        case TimeoutError() if (before := came(err, ear)) is not None:
            return NoData(*before)
        case TimeoutError() if not unit.connected:
            return NoData(Quality.DISCONNECTED, "no connection in time", line=True)
        case TimeoutError():
            return NoData(Quality.NO_ANSWER, reason)
        case ModbusConnectionError() | OSError():
            return NoData(Quality.DISCONNECTED, reason)
        case ModbusDesyncError():
            return NoData(Quality.WRONG_TRANSACTION, reason)
        case _:
            return NoData(Quality.GARBLED, reason)
