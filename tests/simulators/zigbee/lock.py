"""The door lock cluster: bolt, users and their codes, schedules, events.

After ZCL revision 8, 7.3. A code never leaves in an event (`send_pin_ota` governs reading only).
"""

from dataclasses import dataclass
from typing import Any, override

from zigpy.zcl.clusters import closures
from zigpy.zcl.foundation import Status

from .zcl import Reply, ServedCluster

Source, Event, Programming = (
    closures.OperationEventSource,
    closures.OperationEvent,
    closures.ProgrammingEvent,
)
UserStatus, UserType, LockState = closures.UserStatus, closures.UserType, closures.LockState
NOT_SET = 0xFFFFFFFF  # a lock without a clock says so
NO_USER = 0xFFFF


@dataclass(kw_only=True)
class User:
    """Who may open, and with what."""

    status: UserStatus = UserStatus.Available
    type: UserType = UserType.Unrestricted
    pin: str = ""
    rfid: str = ""


class LockCluster(ServedCluster):
    """A lock; `jammed` makes the bolt not move, `commands` counts what reached it."""

    cluster_id = closures.DoorLock.cluster_id
    jammed = False

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.users: dict[int, User] = {}
        self.schedules: dict[tuple[str, int, int], dict[str, Any]] = {}
        self.commands = 0

    def user(self, number: int) -> User:
        """Give a user's place, empty or not."""
        return self.users.setdefault(number, User())

    def move(self, state: LockState) -> None:
        """Move the bolt and report it."""
        self.set("lock_state", state)
        self.report("lock_state")

    def operation(self, source: Source, event: Event, user: int) -> None:
        """Tell who did what."""
        self.notify(
            "operation_event_notification",
            operation_event_source=source,
            operation_event_code=event,
            user_id=user,
            pin="",
            local_time=NOT_SET,
        )

    def programming(self, source: Source, event: Programming, number: int) -> None:
        """Tell whose code was changed."""
        user = self.user(number)
        self.notify(
            "programming_event_notification",
            program_event_source=source,
            program_event_code=event,
            user_id=number,
            pin="",
            user_type=user.type,
            user_status=user.status,
            local_time=NOT_SET,
        )

    def _bolt(self, ask: Any, response: str, state: LockState, event: Event) -> Reply:
        self.commands += 1
        code = getattr(ask, "pin_code", None) or ""
        user = next(
            (
                number
                for number, one in self.users.items()
                if code and one.pin == code and one.status == UserStatus.Enabled
            ),
            NO_USER,
        )
        needed = "require_pin_for_rf_operation"
        allowed = user != NO_USER or not (code or self.get(needed))
        if not allowed:
            failed = {
                LockState.Locked: Event.LockFailureInvalidPINorID,
                LockState.Unlocked: Event.UnlockFailureInvalidPINorID,
            }[state]
            self.operation(Source.RF, failed, NO_USER)
        elif not self.jammed:
            self.move(state)
            self.operation(Source.RF, event, user)
        done = allowed and not self.jammed
        return Reply(name=response, values={"status": Status.SUCCESS if done else Status.FAILURE})

    def on_lock_door(self, ask: Any) -> Reply:
        """Lock."""
        return self._bolt(ask, "lock_door_response", LockState.Locked, Event.Lock)

    def on_unlock_door(self, ask: Any) -> Reply:
        """Unlock."""
        return self._bolt(ask, "unlock_door_response", LockState.Unlocked, Event.Unlock)

    def on_unlock_with_timeout(self, ask: Any) -> Reply:
        """Unlock; that it locks itself again is up to a test."""
        return self._bolt(ask, "unlock_with_timeout_response", LockState.Unlocked, Event.Unlock)

    def on_set_pin_code(self, ask: Any) -> Reply:
        """Give a user a code."""
        number, pin = int(ask.user_id), str(ask.pin_code)
        fits = self.get("min_pin_len") <= len(pin) <= self.get("max_pin_len")
        taken = any(one.pin == pin for other, one in self.users.items() if other != number)
        status = 0 if fits and self._place(number) else 1
        if status == 0 and taken:
            status = 3  # duplicate code (7.3.2.17.6)
        elif status == 0:
            added = self.user(number).status == UserStatus.Available
            self.users[number] = User(status=ask.user_status, type=ask.user_type, pin=pin)
            event = Programming.PINCodeAdded if added else Programming.PINCodeChanges
            self.programming(Source.RF, event, number)
        return Reply(name="set_pin_code_response", values={"status": Status(status)})

    def _place(self, number: int) -> bool:
        return 0 <= number < self.get("num_of_pin_users_supported")

    def on_get_pin_code(self, ask: Any) -> Reply:
        """Say a user's code, if the lock is set to say codes."""
        user = self.user(int(ask.user_id))
        code = user.pin if self.get("send_pin_ota") else ""
        values = {
            "user_id": ask.user_id,
            "user_status": user.status,
            "user_type": user.type,
            "code": code,
        }
        return Reply(name="get_pin_code_response", values=values)

    def on_clear_pin_code(self, ask: Any) -> Reply:
        """Take a user's code away."""
        self.users.pop(int(ask.user_id), None)
        self.programming(Source.RF, Programming.PINCodeDeleted, int(ask.user_id))
        return _done("clear_pin_code_response")

    def on_clear_all_pin_codes(self, _: Any) -> Reply:
        """Take all codes away."""
        self.users.clear()
        self.programming(Source.RF, Programming.PINCodeDeleted, NO_USER)
        return _done("clear_all_pin_codes_response")

    def on_set_user_status(self, ask: Any) -> Reply:
        """Enable or disable a user who has a code."""
        user = self.user(int(ask.user_id))
        if user.status == UserStatus.Available:
            return Reply(name="set_user_status_response", values={"status": Status.FAILURE})
        user.status = ask.user_status
        return _done("set_user_status_response")

    def on_get_user_status(self, ask: Any) -> Reply:
        """Say whether a user is enabled."""
        values = {"user_id": ask.user_id, "user_status": self.user(int(ask.user_id)).status}
        return Reply(name="get_user_status_response", values=values)

    def on_set_user_type(self, ask: Any) -> Reply:
        """Make a user one of schedules, or not."""
        self.user(int(ask.user_id)).type = ask.user_type
        return _done("set_user_type_response")

    def on_get_user_type(self, ask: Any) -> Reply:
        """Say what kind of user it is."""
        values = {"user_id": ask.user_id, "user_type": self.user(int(ask.user_id)).type}
        return Reply(name="get_user_type_response", values=values)

    def _set_schedule(self, kind: str, ask: Any) -> Reply:
        self.schedules[_key(kind, ask)] = ask.as_dict()
        return _done(f"set_{kind}_schedule_response")

    def _get_schedule(self, kind: str, ask: Any) -> Reply:
        entry = self.schedules.get(_key(kind, ask))
        status = Status.SUCCESS if entry else Status.NOT_FOUND
        values = {"status": status} | ask.as_dict() | (entry or {})
        return Reply(name=f"get_{kind}_schedule_response", values=values)

    def _clear_schedule(self, kind: str, ask: Any) -> Reply:
        self.schedules.pop(_key(kind, ask), None)
        return _done(f"clear_{kind}_schedule_response")

    def on_set_week_day_schedule(self, ask: Any) -> Reply:
        """Keep a weekly schedule."""
        return self._set_schedule("week_day", ask)

    def on_get_week_day_schedule(self, ask: Any) -> Reply:
        """Say a weekly schedule."""
        return self._get_schedule("week_day", ask)

    def on_clear_week_day_schedule(self, ask: Any) -> Reply:
        """Forget a weekly schedule."""
        return self._clear_schedule("week_day", ask)

    def on_set_year_day_schedule(self, ask: Any) -> Reply:
        """Keep a schedule of dates."""
        return self._set_schedule("year_day", ask)

    def on_get_year_day_schedule(self, ask: Any) -> Reply:
        """Say a schedule of dates."""
        return self._get_schedule("year_day", ask)

    def on_clear_year_day_schedule(self, ask: Any) -> Reply:
        """Forget a schedule of dates."""
        return self._clear_schedule("year_day", ask)

    def on_set_holiday_schedule(self, ask: Any) -> Reply:
        """Keep a holiday."""
        return self._set_schedule("holiday", ask)

    def on_get_holiday_schedule(self, ask: Any) -> Reply:
        """Say a holiday."""
        return self._get_schedule("holiday", ask)

    def on_clear_holiday_schedule(self, ask: Any) -> Reply:
        """Forget a holiday."""
        return self._clear_schedule("holiday", ask)


def _key(kind: str, ask: Any) -> tuple[str, int, int]:
    if kind == "holiday":
        return kind, int(ask.holiday_schedule_id), NO_USER
    return kind, int(ask.schedule_id), int(ask.user_id)


def _done(name: str) -> Reply:
    return Reply(name=name, values={"status": Status.SUCCESS})
