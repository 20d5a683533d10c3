"""The coordinator at a keyboard: one line in, one line out."""

import sys
from collections.abc import Mapping

from .coordinator import VirtualCoordinator
from .device import JoinRefusedError, VirtualDevice
from .devices import KINDS
from .faults import Fault

HELP = """add KIND [NAME] - join NAME [ROUTER] - rejoin NAME - leave NAME - show
NAME on|off - tamper on|off - trouble on|off - battery PERCENT - check_in
NAME measure temperature|humidity|illuminance VALUE - press on|off|toggle
NAME lock|unlock [SOURCE [USER]] - wrong_code [TIMES] - lock_alarm jammed|wrong_codes|tamper|forced
NAME silent|deaf|refuses|jammed on|off - sleep SECONDS - losses SHARE
fault NAME|none [RATE] - drop - refuse on|off - reset - crash"""

ON = {"on": True, "off": False}


class Keyboard:
    """Devices by name, and the commands that act on them and on the coordinator."""

    def __init__(self, radio: VirtualCoordinator) -> None:
        self.radio = radio
        self.named: dict[str, VirtualDevice] = {}

    def add(self, kind: str, name: str | None = None) -> str:
        """Put a device of this kind within reach and give its name."""
        name = name or f"{kind}{sum(one.startswith(kind) for one in self.named) + 1}"
        self.named[name] = self.radio.add(KINDS[kind]())
        return name

    def add_all(self, wanted: str) -> None:
        """Add devices as the command line counts them: smoke=5,lock=1."""
        for entry in filter(None, wanted.split(",")):
            kind, _, count = entry.partition("=")
            for _ in range(int(count or 1)):
                self.add(kind)

    async def command(self, line: str) -> str:
        """Carry out one line and say what was done; `help` says what there is."""
        try:
            return await self._command(line.split())
        except JoinRefusedError as err:
            return f"refused: {err}"
        except (KeyError, ValueError, StopIteration) as err:
            return f"cannot: {err!r}"

    async def _command(self, words: list[str]) -> str:
        match words:
            case ["show"]:
                return self.show()
            case ["add", kind, *name]:
                return f"{self.add(kind, *name)} is within reach: join it"
            case ["join", name, *router]:
                parent = self.named[router[0]] if router else None
                await self.named[name].join(parent)
            case [("rejoin" | "leave") as act, name]:
                await getattr(self.named[name], act)()
            case ["fault" | "drop" | "refuse" | "reset" | "crash", *_]:
                return await self._radio(words)
            case [name, *act] if name in self.named:
                await self._device(self.named[name], act)
            case _:
                return HELP
        return " ".join(words)

    async def _radio(self, words: list[str]) -> str:
        match words:
            case ["fault", name, *rate]:
                self.radio.faults.rate = float(rate[0]) if rate else 1.0
                self.radio.fault = None if name == "none" else Fault(name)
            case ["drop"]:
                await self.radio.drop()
            case ["refuse", state]:
                await self.radio.refuse(ON[state])
            case ["reset"]:
                await self.radio.reset_ncp()
            case ["crash"]:
                await self.radio.crash()
            case _:
                return HELP
        return " ".join(words)

    async def _device(self, device: VirtualDevice, act: list[str]) -> None:
        match act:
            case ["on" | "off" as state]:
                await device.alarm(ON[state])
            case [("tamper" | "trouble") as what, state]:
                await getattr(device, what)(ON[state])
            case ["battery", percent]:
                await device.battery(float(percent))
            case ["check_in"]:
                await device.check_in()
            case ["measure", what, value]:
                await device.measure(**{what: float(value)})
            case ["press", *which]:
                await device.press(*which)
            case [("lock" | "unlock") as what, *source_and_user]:
                source, user = (
                    (*source_and_user, "manual", "65535")[:2]
                    if source_and_user
                    else ("manual", "65535")
                )
                await device.operate(what, source=source, user=int(user))
            case ["wrong_code", *times]:
                await device.wrong_code(*map(int, times))
            case ["lock_alarm", kind]:
                await device.lock_alarm(kind)
            case [("silent" | "deaf" | "refuses") as what, state]:
                setattr(device, what, ON[state])
            case ["jammed", state]:
                device.lock.jammed = ON[state]
            case ["sleep", seconds]:
                device.poll_interval = float(seconds)
            case ["losses", share]:
                device.losses = float(share)
            case _:
                raise ValueError(" ".join(act))

    def show(self) -> str:
        """List the coordinator and its devices."""
        radio = self.radio
        network = radio.tokens.network
        state = f"network {network.parameters.panId}" if network else "no network"
        host = "connected" if radio.connected else "not connected"
        rows = [f"{radio.path} {radio.eui64} {state} host {host} fault {radio.fault or 'none'}"]
        rows += [f"{name} {device.ieee} {_state(device)}" for name, device in self.named.items()]
        return "\n".join(rows)


def _state(device: VirtualDevice) -> str:
    said: Mapping[str, bool] = {
        "joined": device.joined,
        "not joined": not device.joined,
        "silent": device.silent,
        "deaf": device.deaf,
        "refuses": device.refuses,
    }
    words = [word for word, holds in said.items() if holds]
    for cluster in device.servers.values():
        for name in ("zone_status", "lock_state", "on_off"):
            definition = cluster.kind and getattr(cluster.kind.AttributeDefs, name, None)
            if definition is not None and definition.id in cluster.attributes:
                words.append(f"{name} {cluster.get(name)!r}")
    return ", ".join(words)


def readline() -> str:
    """Read a line of the keyboard; empty at its end."""
    return sys.stdin.readline()
