"""Which requests read a unit's points: the fewest that the unit and the line allow. Pure."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from ..point import Kind, Lane, Point

# The most in one request (MODBUS Application Protocol V1.1b3, 6.1 to 6.4).
MOST_BITS = 2000
MOST_REGISTERS = 125
_ADDRESSES = 0x10000
# Request, answer without its values, and the two silences of 3.5 characters (MODBUS over Serial
# Line V1.02, 2.5.1.1), in characters of 11 bits; and what units take to think, in seconds.
_FIXED_CHARACTERS = 20
_THINKING = 0.005

type Barrier = tuple[Kind, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """What one request reads: `count` bits or registers from `address` on."""

    kind: Kind
    address: int
    count: int

    @property
    def end(self) -> int:
        """The address behind the last."""
        return self.address + self.count

    @property
    def length(self) -> int:
        """How long the answer is: in bytes for bits, in registers for registers."""
        return (self.count + 7) // 8 if self.kind.is_bit else self.count

    def of_length(self, length: int) -> Block:
        """Return the block with an answer of this length that asks for the least."""
        count = 8 * (length - 1) + 1 if self.kind.is_bit else length
        return replace(self, address=min(self.address, _ADDRESSES - count), count=count)

    def holds(self, point: Point) -> bool:
        """Whether the whole point is read with it."""
        inside = self.address <= point.address and point.address + point.type.words <= self.end
        return point.kind is self.kind and inside

    def span(self, point: Point) -> slice:
        """Return where a point that it holds lies in its answer."""
        start = point.address - self.address
        return slice(start, start + point.type.words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How wide a gap is read along rather than spending a request more.

    The defaults suit a network, where a request costs the same however much it brings. They stay
    small because a gap may hold addresses that the unit refuses, and finding those costs requests.
    """

    bits: int = 64
    registers: int = 16

    @classmethod
    def at(cls, baudrate: int) -> Reach:
        """Return what pays on a serial line: there the bytes cost, not the requests."""
        character = 11 / baudrate
        registers = int((_FIXED_CHARACTERS * character + _THINKING) / (2 * character))
        return cls(bits=registers * 16, registers=registers)

    def of(self, kind: Kind) -> int:
        """Return the widest gap in this table."""
        return self.bits if kind.is_bit else self.registers


def plan(
    points: Iterable[Point], reach: Reach, barriers: Collection[Barrier] = ()
) -> tuple[Block, ...]:
    """Return the fewest blocks in which every point lies whole.

    `barriers` are addresses that no block may reach across, learned from refusals. From the first
    point on each block is made as long as it may be, which is the optimum for intervals on a line.
    """
    tables: dict[Kind, set[tuple[int, int]]] = {}
    for point in points:
        span = (point.address, point.address + point.type.words)
        tables.setdefault(point.kind, set()).add(span)
    return tuple(
        block
        for kind, spans in tables.items()
        for block in _pooled(kind, sorted(spans), reach.of(kind), _of_table(barriers, kind))
    )


def plan_lanes(
    points: Sequence[Point],
    slow: Collection[str],
    reach: Reach,
    barriers: Collection[Barrier] = (),
) -> tuple[tuple[Lane, Block], ...]:
    """Plan both lanes; points whose key is in `slow` are in the slow one whatever they ask for.

    A slow point that lies in a fast block comes with it and costs nothing of its own.
    """
    fast = [one for one in points if one.lane is Lane.FAST and one.key not in slow]
    blocks = plan(fast, reach, barriers)
    taken = {one.key for one in points for block in blocks if block.holds(one)}
    rest = plan((one for one in points if one.key not in taken), reach, barriers)
    return (*((Lane.FAST, block) for block in blocks), *((Lane.SLOW, block) for block in rest))


def probing(blocks: Sequence[Block], times: int) -> Block:
    """Return a block whose answer is of a length that the answer of none of `blocks` has.

    Nor has that of the one before, `times` counting them. The first blocks are preferred. Less is
    asked for where a block leaves two such lengths: the unit is known to have what it asks for.
    Where none does (eight bits, or a register) more is asked for; a unit that has not so much
    refuses it, and that is a sign of life as well.
    """
    asked = {(one.kind, one.length) for one in blocks}

    def free(block: Block, lengths: Iterable[int]) -> list[int]:
        return list(islice((one for one in lengths if (block.kind, one) not in asked), 3))

    for block in blocks:
        lengths = free(block, range(block.length - 1, 0, -1))
        if len(lengths) > 1:
            break
    else:
        block = blocks[0]
        most = MOST_BITS // 8 if block.kind.is_bit else MOST_REGISTERS
        less, more = range(block.length - 1, 0, -1), range(block.length + 1, most + 1)
        lengths = free(block, chain(less, more))
    return block.of_length(lengths[times % len(lengths)])


def _of_table(barriers: Collection[Barrier], kind: Kind) -> list[int]:
    return sorted(address for table, address in barriers if table is kind)


def _pooled(
    kind: Kind, spans: Sequence[tuple[int, int]], gap: int, barriers: Sequence[int]
) -> Iterator[Block]:
    most = MOST_BITS if kind.is_bit else MOST_REGISTERS
    start, end = spans[0]
    for first, behind in spans[1:]:
        fits = first - end <= gap and max(end, behind) - start <= most
        if fits and bisect_right(barriers, first) == bisect_right(barriers, start):
            end = max(end, behind)
            continue
        yield Block(kind=kind, address=start, count=end - start)
        start, end = first, behind
    yield Block(kind=kind, address=start, count=end - start)
