"""The far end of the Modbus bench: gateways with their units, and what their lines have carried."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tests.simulators.modbus_server import FAMILIES, Fault, ModbusServer, Unit, Wire
from tests.simulators.modbus_server.families import stride
from tests.simulators.modbus_server.pdu import READ_BITS, READ_WORDS, Request

# What a request takes on an RS-485 line behind a gateway, in seconds.
LINE = 0.025
ALARMS = 80
# The most in one request (MODBUS Application Protocol V1.1b3, 6.1 to 6.4).
MOST = {"discrete": 2000, "coils": 2000, "input": 125, "holding": 125}
_TABLES = READ_BITS | READ_WORDS
# An RTU request, and what is around the values of an answer, in bytes.
_REQUEST, _AROUND = 8, 5


@dataclass(frozen=True, kw_only=True)
class Run:
    """Equal points of a unit, `every` so many addresses; `data` is YAML's type, none for bits."""

    name: str
    table: str
    first: int
    count: int
    data: str = ""
    alarm: bool = False
    every: int = 1

    @property
    def addresses(self) -> range:
        """Where the points begin."""
        return range(self.first, self.first + self.count * self.every, self.every)

    @property
    def words(self) -> int:
        """Registers, or bits, of a point."""
        return 2 if self.data.endswith("32") else 1


DENSE = (
    Run(name="d", table="discrete", first=0, count=ALARMS, alarm=True),
    Run(name="c", table="coils", first=0, count=20),
    Run(name="w", table="input", first=0, count=60, data="uint16"),
    Run(name="l", table="input", first=60, count=20, data="uint32", every=2),
    Run(name="h", table="holding", first=0, count=20, data="uint16"),
)
# The same points, each eight addresses: what lies between is read along, where there is something.
_EVERY = 8
HOLED = (
    Run(name="d", table="discrete", first=0, count=ALARMS, alarm=True, every=_EVERY),
    Run(name="c", table="coils", first=0, count=20, every=_EVERY),
    Run(name="w", table="input", first=0, count=60, data="uint16", every=_EVERY),
    Run(name="l", table="input", first=60 * _EVERY, count=20, data="uint32", every=2),
    Run(name="h", table="holding", first=0, count=20, data="uint16", every=_EVERY),
)
# Addresses between two points that such a unit refuses: one in ninety-six.
_HOLES = range(_EVERY // 2, 1000, 12 * _EVERY)


def holed() -> Unit:
    """Make a unit with its points apart, and refused addresses between some of them."""
    unit = stride(_EVERY, holes=False)
    for table in MOST:
        wanted = {at for run in HOLED if run.table == table for at in _words(run)}
        for address in set(_HOLES) - wanted:
            getattr(unit, table).pop(address, None)
    return unit


def _fill(unit: Unit, chance: random.Random) -> None:
    """Let it hold what no other unit holds: another's answer taken for its own would show."""
    for registers in (unit.input, unit.holding):
        registers.update({at: chance.randrange(10_000) for at in registers})
    unit.coils.update({at: chance.random() < 0.5 for at in unit.coils})


def _words(run: Run) -> Iterator[int]:
    for at in run.addresses:
        yield from range(at, at + run.words)


@dataclass(eq=False)
class Plant:
    """Gateways with their units; with a baud rate they are lines that RTU frames are carried on."""

    buses: int
    units_a_bus: int
    baud: int = 0
    runs: tuple[Run, ...] = DENSE
    servers: list[ModbusServer] = field(default_factory=list)
    # What a line needs beyond its delay from one request to the next, of any client.
    overhead: float = 0.0
    _asked_at: list[dict[tuple[int, ...], float]] = field(default_factory=list)
    _stirring: asyncio.Task[None] | None = None
    # What an address held before, and until when, by line, unit, table and address.
    _past: dict[tuple[int, int, str, int], deque[tuple[float, int]]] = field(default_factory=dict)

    async def start(self) -> None:
        """Listen, and let the values move."""
        chance = random.Random(1)
        for _ in range(self.buses):
            server = ModbusServer(wire=Wire.RTU if self.baud else Wire.TCP)
            server.timing.baud = self.baud
            for address in range(1, self.units_a_bus + 1):
                unit = FAMILIES["dense"]() if self.runs is DENSE else holed()
                _fill(unit, chance)
                server.units[address] = unit
            await server.start()
            self.servers.append(server)
            self._asked_at.append({})
        self._stirring = asyncio.create_task(self._stir())

    async def stop(self) -> None:
        """Hang up."""
        if self._stirring is not None:
            self._stirring.cancel()
        for server in self.servers:
            await server.stop()

    async def _stir(self) -> None:
        """Let one measured value in ten move each second, as they do."""
        while True:
            for bus, server in enumerate(self.servers):
                for number, unit in server.units.items():
                    for address in list(unit.input)[::10]:
                        self.put(bus, number, "input", address, (unit.input[address] + 1) % 10_000)
            await asyncio.sleep(1)

    @property
    def points(self) -> int:
        """How many points there are."""
        return self.buses * self.units_a_bus * sum(run.count for run in self.runs)

    def delay(self, seconds: float) -> None:
        """Set what a request takes, where its bytes do not say it themselves."""
        for server in self.servers:
            server.timing.flat = 0.0 if self.baud else seconds

    def clear(self) -> None:
        """End every alarm."""
        for bus, server in enumerate(self.servers):
            for number, unit in server.units.items():
                for address in [one for one, alarm in unit.discrete.items() if alarm]:
                    self.put(bus, number, "discrete", address, False)

    def put(self, bus: int, unit: int, table: str, address: int, value: int) -> None:
        """Change what a unit holds."""
        now: dict[int, int] = getattr(self.servers[bus].units[unit], table)
        past = self._past.setdefault((bus, unit, table, address), deque(maxlen=200))
        past.append((time.time(), now[address]))
        now[address] = value

    def held(self, bus: int, unit: int, table: str, address: int, since: float) -> set[int]:
        """Return all that an address has held since a moment."""
        past = self._past.get((bus, unit, table, address), ())
        held = {int(value) for until, value in past if until >= since}
        return held | {int(getattr(self.servers[bus].units[unit], table)[address])}

    def forget(self) -> None:
        """Count anew; when each request was made last stays known."""
        for server, asked_at in zip(self.servers, self._asked_at, strict=True):
            asked_at.update({one[:4]: one.at for one in server.requests})
            server.requests.clear()
            server.counted.requests = 0

    def units(self) -> Iterator[tuple[int, int]]:
        """Every unit, by its line and its address."""
        for bus in range(self.buses):
            yield from ((bus, address) for address in range(1, self.units_a_bus + 1))

    def spoil(self, fault: Fault | None) -> set[tuple[int, int]]:
        """Give one unit in ten a fault, evenly spread; returns which, none if it is repaired."""
        count = max(self.buses * self.units_a_bus // 10, 1)
        units = list(self.units())
        chosen = set(units[:: len(units) // count][:count])
        for bus, address in chosen:
            self.servers[bus].units[address].fault = fault
        return chosen if fault is not None else set()

    @property
    def fewest(self) -> int:
        """The fewest requests that read everything: each as long as the unit answers it."""
        unit = self.servers[0].units[1]
        return self.buses * self.units_a_bus * sum(self._fewest(unit, table) for table in MOST)

    def _fewest(self, unit: Unit, table: str) -> int:
        spans = sorted(
            (at, at + run.words) for run in self.runs if run.table == table for at in run.addresses
        )
        there: Mapping[int, object] = getattr(unit, table)
        blocks, start, end = 0, 0, 0
        for first, behind in spans:
            whole = blocks and all(at in there for at in range(end, behind))
            if not whole or behind - start > MOST[table]:
                blocks, start = blocks + 1, first
            end = behind
        return blocks

    @property
    def reads(self) -> int:
        """How many different requests have been made."""
        return sum(len({one[:4] for one in server.requests}) for server in self.servers)

    @property
    def asked(self) -> int:
        """How many requests have been made."""
        return sum(server.counted.requests for server in self.servers)

    def own(self, request: Request) -> float:
        """Return what a request takes of the line itself."""
        bits = request.function in READ_BITS
        values = (request.count + 7) // 8 if bits else request.count * 2
        lasts: float = self.servers[0].timing.lasts(_REQUEST, _AROUND + values)
        return lasts + self.overhead

    async def ask_alone(self) -> None:
        """Find out what the line needs beyond its delay, with a client that only asks.

        The simulator and the machine take their part, of any client.
        """
        if self.baud:
            return
        server = self.servers[0]
        reader, writer = await asyncio.open_connection(server.host, server.port)
        request = bytes([0, 1, 0, 0, 0, 6, 1, 2, 0, 0, 0, 1])  # one alarm input
        for _ in range(80):
            writer.write(request)
            await reader.readexactly(10)
        writer.close()
        await writer.wait_closed()
        first, last = server.requests[0], server.requests[-1]
        self.overhead = (last.at - first.at) / (len(server.requests) - 1) - LINE
        server.requests.clear()

    def cycle(self, requests: int, lanes: tuple[float, float] | None) -> tuple[float, float]:
        """Return the seconds of a cycle of so many requests, and of the fewest on a line at work.

        A request counts that was due before the one before it was answered: the time between two
        of them is the line's own, and the asker's. `lanes` are how often it asks for alarm inputs
        and for the rest; where nobody can say when it is due, what follows almost at once counts.
        """
        took = needed = 0.0
        for server, known in zip(self.servers, self._asked_at, strict=True):
            asked_at = dict(known)
            for one, later in pairwise(server.requests):
                asked_at[one[:4]] = one.at
                if lanes is None:
                    due = later.at - self.own(one) / 2
                else:
                    every = lanes[_TABLES[later.function] != "discrete"]
                    due = asked_at.get(later[:4], 0.0) + every
                if due <= one.at + self.own(one):
                    took += later.at - one.at
                    needed += self.own(one)
        # Each request once, however often it was made: on a serial line they are not alike.
        alone = {one[:4]: self.own(one) for one in self.servers[0].requests}
        if not needed:
            return float("nan"), float("nan")
        own = sum(alone.values()) / len(alone) / self.buses
        return own * requests * took / needed, own * self.fewest
