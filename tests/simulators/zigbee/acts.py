"""What befalls a device or is done to it by hand, in the words a test or a person uses."""

from typing import Any

from zigpy.zcl import Cluster
from zigpy.zcl.clusters import closures, general, measurement, security

from .lock import NO_USER, Event, LockCluster, Programming, Source, User, UserStatus

Bit = security.ZoneStatus
LOW_BATTERY = 15  # percent, below which an IAS zone says so

LOCK_EVENTS = {
    ("lock", "manual"): Event.Manual_Lock,
    ("unlock", "manual"): Event.Manual_Unlock,
    ("lock", "auto"): Event.AutoLock,
    ("lock", "key"): Event.KeyLock,
    ("unlock", "key"): Event.KeyUnlock,
}
SOURCES = {
    "keypad": Source.Keypad,
    "rf": Source.RF,
    "manual": Source.Manual,
    "rfid": Source.RFID,
    "auto": Source.Manual,
    "key": Source.Manual,
}
LOCK_ALARMS = {"jammed": 0x00, "wrong_codes": 0x04, "tamper": 0x05, "forced": 0x06}


class Acts:
    """Mixed into a device; each act returns once its frames are on their way to the host."""

    network: Any
    silent: bool

    def server(self, kind: type[Cluster], endpoint: int | None = None) -> Any:
        """Give its first server cluster of this kind."""
        raise NotImplementedError

    def client(self, kind: type[Cluster]) -> Any:
        """Give its first client cluster of this kind."""
        raise NotImplementedError

    @property
    def lock(self) -> LockCluster:
        """Its door lock cluster."""
        return self.server(closures.DoorLock)

    @property
    def zone(self) -> Any:
        """Its IAS zone cluster."""
        return self.server(security.IasZone)

    async def _zone(self, bit: Bit, on: bool) -> None:
        self.zone.change(bit, on=on)
        await self.network.room()

    async def alarm(self, on: bool = True, *, bit: int = Bit.Alarm_1) -> None:
        """Detect what it is there for, or no longer."""
        await self._zone(Bit(bit), on)

    async def tamper(self, on: bool = True) -> None:
        """Have its cover opened or closed; a lock tells that with an alarm of its own."""
        try:
            await self._zone(Bit.Tamper, on)
        except KeyError:
            if on:
                await self.lock_alarm("tamper")

    async def trouble(self, on: bool = True) -> None:
        """Find a fault in itself."""
        await self._zone(Bit.Trouble, on)

    async def battery(self, percent: float) -> None:
        """Report this much left, and say that it is low if it is; at 0 it is the last report."""
        power = self.server(general.PowerConfiguration)
        power.set("battery_percentage_remaining", round(percent * 2))
        power.set("battery_voltage", round(20 + percent / 10))
        power.report("battery_voltage", "battery_percentage_remaining")
        try:
            low = bool(self.zone.get("zone_status") & Bit.Battery)
            if low != (percent < LOW_BATTERY):
                self.zone.change(Bit.Battery, on=not low)
        except KeyError:
            pass
        await self.network.room()
        self.silent = percent <= 0

    async def check_in(self) -> None:
        """Show that it is alive: its battery if it has one, else what model it is."""
        for kind, name in (
            (general.PowerConfiguration, "battery_percentage_remaining"),
            (general.OnOff, "on_off"),
            (general.Basic, "model"),
        ):
            try:
                self.server(kind).report(name)
            except KeyError:
                continue
            break
        await self.network.room()

    async def measure(self, **values: float) -> None:
        """Report temperature (degrees Celsius), humidity (percent), light (lux) or power (watt)."""
        for name, value in values.items():
            kind, attribute, raw = _MEASURES[name](value)
            cluster = self.server(kind)
            cluster.set(attribute, raw)
            cluster.report(attribute)
        await self.network.room()

    async def report(self, kind: type[Cluster], **values: Any) -> None:
        """Set attributes of one cluster, by name, and report them in one frame."""
        cluster = self.server(kind)
        for name, value in values.items():
            cluster.set(name, value)
        cluster.report(*values)
        await self.network.room()

    async def press(self, command: str = "on") -> None:
        """Press a button that sends on, off or toggle."""
        self.client(general.OnOff).notify(command)
        await self.network.room()

    async def operate(
        self, what: str, *, source: str = "manual", user: int = NO_USER, event: bool = True
    ) -> None:
        """Lock or unlock at the door: `source` is keypad, rfid, manual, key or auto."""
        states = {"lock": closures.LockState.Locked, "unlock": closures.LockState.Unlocked}
        code = LOCK_EVENTS.get((what, source), Event.Lock if what == "lock" else Event.Unlock)
        if event:
            self.lock.operation(SOURCES[source], code, user)
        self.lock.move(states[what])
        await self.network.room()

    async def wrong_code(self, times: int = 1, *, source: str = "keypad") -> None:
        """Enter wrong codes; at the lock's limit it raises its alarm."""
        limit = self.lock.get("wrong_code_entry_limit")
        for entered in range(1, times + 1):
            self.lock.operation(SOURCES[source], Event.UnlockFailureInvalidPINorID, NO_USER)
            if entered % limit == 0:
                await self.lock_alarm("wrong_codes")
        await self.network.room()

    async def lock_alarm(self, kind: str) -> None:
        """Raise a lock's alarm: jammed, wrong_codes, tamper or forced."""
        self.server(general.Alarms).notify(
            "alarm", alarm_code=LOCK_ALARMS[kind], cluster_id=closures.DoorLock.cluster_id
        )
        await self.network.room()

    async def program(self, user: int, pin: str | None) -> None:
        """Set or clear a user's code at the keypad."""
        if pin is None:
            event, entry = Programming.PINCodeDeleted, User()
        else:
            event, entry = Programming.PINCodeAdded, User(status=UserStatus.Enabled, pin=pin)
        self.lock.users[user] = entry
        self.lock.programming(Source.Keypad, event, user)
        await self.network.room()


_MEASURES: dict[str, Any] = {
    "temperature": lambda value: (
        measurement.TemperatureMeasurement,
        "measured_value",
        round(value * 100),
    ),
    "humidity": lambda value: (measurement.RelativeHumidity, "measured_value", round(value * 100)),
    "illuminance": lambda value: (
        measurement.IlluminanceMeasurement,
        "measured_value",
        round(value),
    ),
}
