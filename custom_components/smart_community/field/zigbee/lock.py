"""Door locks: commands that are verified, and codes that leave no trace.

zha's own lock commands return nothing when the lock refuses, and hold for 84 s when it never
answers. Here a command is sent once, answered within ten seconds, and the bolt's own word decides.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

from zha.zigbee.device import Device
from zigpy.zcl import AttributeReadEvent, AttributeReportedEvent, Cluster
from zigpy.zcl.clusters.closures import DoorLock
from zigpy.zcl.clusters.general import Alarms
from zigpy.zcl.foundation import Status

from .model import CodeSlot, LockError, LockProblem, Period, WeekdaySchedule

_LOGGER = logging.getLogger(__name__)

_ANSWER_WITHIN: Final = 10.0
# A motor turns for a second or two; asked while it turns, many locks tell the old state.
_MOVED_WITHIN: Final = 4.0
_LOCK_STATE: Final = DoorLock.AttributeDefs.lock_state.name
_WANTED: Final = {True: DoorLock.LockState.Locked, False: DoorLock.LockState.Unlocked}
_TYPE_OF: Final = {
    type(None): DoorLock.UserType.Unrestricted,
    WeekdaySchedule: DoorLock.UserType.Week_Day_Schedule_User,
    Period: DoorLock.UserType.Year_Day_Schedule_User,
}
# ZCL 07-5123, 7.3.2.16.6: the answer to a new code.
_NO_ROOM: Final = 2
_TWICE: Final = 3


class Locks:
    """What a lock can be told. Holds nothing: the shell gets at it without importing zha."""

    async def operate(self, cluster: Cluster, *, lock: bool) -> None:
        """Lock or unlock, and see that it did. Raises LockError."""
        moved = asyncio.Event()
        wanted = _WANTED[lock]

        def spoke(event: AttributeReadEvent | AttributeReportedEvent) -> None:
            if event.attribute_name == _LOCK_STATE and event.value == wanted:
                moved.set()

        listening = [
            cluster.on_event(kind.event_type, spoke)
            for kind in (AttributeReadEvent, AttributeReportedEvent)
        ]
        try:
            zcl: Any = cluster
            _accepted(await _ask(zcl.lock_door() if lock else zcl.unlock_door()))
            try:
                async with asyncio.timeout(_MOVED_WITHIN):
                    await moved.wait()
            except TimeoutError:
                read = cluster.read_attributes([_LOCK_STATE], allow_cache=False, only_cache=False)
                success, _failure = await _ask(read)
                if success.get(_LOCK_STATE) != wanted:
                    raise LockError(LockProblem.NOT_MOVED) from None
        finally:
            for unsubscribe in listening:
                unsubscribe()

    async def set_code(
        self,
        cluster: Cluster,
        slot: int,
        code: str,
        schedule: WeekdaySchedule | Period | None = None,
    ) -> None:
        """Set a code; `slot` counts from 1. Raises LockError."""
        user_type = _TYPE_OF[type(schedule)]
        with no_trace():
            command = cluster.set_pin_code(slot - 1, DoorLock.UserStatus.Enabled, user_type, code)
            _accepted(await _ask(command))
        if schedule is None:
            return
        try:
            await self.set_schedule(cluster, slot, schedule)
        except LockError:
            # A guest's code that opens at all hours is worse than none.
            await self.clear_code(cluster, slot)
            raise

    async def set_schedule(
        self, cluster: Cluster, slot: int, schedule: WeekdaySchedule | Period
    ) -> None:
        """Set when a code opens. Raises LockError."""
        user = slot - 1
        match schedule:
            case Period():
                command = cluster.set_year_day_schedule(0, user, schedule.begins, schedule.ends)
            case WeekdaySchedule():
                command = cluster.set_week_day_schedule(
                    0,
                    user,
                    schedule.days,
                    schedule.start_hour,
                    schedule.start_minute,
                    schedule.end_hour,
                    schedule.end_minute,
                )
        _accepted(await _ask(command))

    async def clear_code(self, cluster: Cluster, slot: int) -> None:
        """Clear a code. Raises LockError."""
        _accepted(await _ask(cluster.clear_pin_code(slot - 1)))

    async def enable_code(self, cluster: Cluster, slot: int, *, enabled: bool) -> None:
        """Let a code open, or not for the time being. Raises LockError."""
        status = DoorLock.UserStatus.Enabled if enabled else DoorLock.UserStatus.Disabled
        _accepted(await _ask(cluster.set_user_status(slot - 1, status)))

    async def code_slot(self, cluster: Cluster, slot: int) -> CodeSlot | None:
        """Read what becomes of a code, None for an empty slot. Raises LockError.

        By status and type: the command that reads the code would bring it over the air.
        """
        user = slot - 1
        status = _said(await _ask(cluster.get_user_status(user)), "user_status")
        if status not in {DoorLock.UserStatus.Enabled, DoorLock.UserStatus.Disabled}:
            return None
        kind = _said(await _ask(cluster.get_user_type(user)), "user_type")
        return CodeSlot(
            slot=slot,
            enabled=status == DoorLock.UserStatus.Enabled,
            kind=kind.name.lower(),
            schedule=await self._schedule(cluster, user, kind),
        )

    async def _schedule(
        self, cluster: Cluster, user: int, kind: Any
    ) -> WeekdaySchedule | Period | None:
        if kind == _TYPE_OF[WeekdaySchedule]:
            said = await _ask(cluster.get_week_day_schedule(0, user))
            days = _said(said, "days_mask")
            if said.status != Status.SUCCESS or days is None or said.end_minute is None:
                return None
            return WeekdaySchedule(
                days=int(days),
                start_hour=int(said.start_hour),
                start_minute=int(said.start_minute),
                end_hour=int(said.end_hour),
                end_minute=int(said.end_minute),
            )
        if kind == _TYPE_OF[Period]:
            said = await _ask(cluster.get_year_day_schedule(0, user))
            begins, ends = _said(said, "local_start_time"), said.local_end_time
            if said.status != Status.SUCCESS or begins is None or ends is None:
                return None
            return Period(begins=int(begins), ends=int(ends))
        return None

    async def code_slots(self, cluster: Cluster) -> int:
        """Return how many codes a lock has room for. Raises LockError if it does not say."""
        name = DoorLock.AttributeDefs.num_of_pin_users_supported.name
        said, _failure = await _ask(cluster.read_attributes([name], allow_cache=True))
        if name not in said:
            raise LockError(LockProblem.NOT_SUPPORTED)
        return int(said[name])

    async def code_lengths(self, cluster: Cluster) -> tuple[int, int]:
        """Return the shortest and longest code that a lock takes; 4 to 8 if it does not say."""
        names: list[Any] = [
            DoorLock.AttributeDefs.min_pin_len.name,
            DoorLock.AttributeDefs.max_pin_len.name,
        ]
        try:
            said, _failure = await _ask(cluster.read_attributes(names, allow_cache=True))
        except LockError:
            said = {}
        return int(said.get(names[0], 4)), int(said.get(names[1], 8))


async def prepare_locks(device: Device) -> None:
    """Let a lock's alarms come to us, and forbid it to send codes over the air."""
    for number, endpoint in device.device.endpoints.items():
        if not number or DoorLock.cluster_id not in endpoint.in_clusters:
            continue
        lock = endpoint.in_clusters[DoorLock.cluster_id]
        await _try(lock.write_attributes, {DoorLock.AttributeDefs.send_pin_ota.name: False})
        if (alarms := endpoint.in_clusters.get(Alarms.cluster_id)) is not None:
            await _try(alarms.bind)


async def _try(setting: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            await setting(*args)
    except Exception as err:  # noqa: BLE001 - radio libraries raise what they like
        _LOGGER.debug("A lock takes no setting: %r", err)


@contextmanager
def no_trace() -> Iterator[None]:
    """Keep a code out of debug logs: libraries print the frames that carry it, in words and bytes.

    Debug output of the whole process pauses for the one command. The price is a gap in a debug
    log; the other choice is a resident's code in every log that was ever sent to a forum.
    """
    before = logging.root.manager.disable
    logging.disable(max(before, logging.DEBUG))
    try:
        yield
    finally:
        logging.disable(before)


async def _ask(command: Any) -> Any:
    """Wait for an answer, in time. Every failure of the radio is the same to who stands there."""
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            return await command
    except Exception as err:  # noqa: BLE001 - AttributeError, too, on a lost connection
        _LOGGER.debug("A lock does not answer: %s", type(err).__name__)
        raise LockError(LockProblem.NO_ANSWER) from None


def _said(answer: Any, field: str) -> Any:
    """Take a field of an answer; a default response, which has none, says that it cannot."""
    if not hasattr(answer, field):
        _accepted(answer)
        raise LockError(LockProblem.REFUSED)
    return getattr(answer, field)


def _accepted(answer: Any) -> None:
    """Read the status of an answer; a default response says that the lock cannot do it."""
    status = answer.status if hasattr(answer, "status") else answer[0]
    if status == Status.SUCCESS:
        return
    unsupported = {Status.UNSUP_CLUSTER_COMMAND, Status.UNSUP_GENERAL_COMMAND}
    problem = (
        LockProblem.NOT_SUPPORTED
        if status in unsupported
        else {_NO_ROOM: LockProblem.NO_ROOM, _TWICE: LockProblem.CODE_TWICE}.get(
            int(status), LockProblem.REFUSED
        )
    )
    raise LockError(problem)
