"""Finds out which addresses a unit refuses, by asking for less. Pure.

A block that is answered with "illegal data address" reaches over a hole in the unit's map, or asks
for a point that is not there: nothing of it can be read, although most of it could. The learner
says what to ask next and is told whether it was answered, until it knows where no block may reach
across. Requests grow while they are answered and are halved when they are not: about three for a
hole where there are many, and the logarithm of the points between two where there are few.
"""

from collections.abc import Callable, Iterable, Sequence

from ..point import Point
from .plan import Barrier, Block


class Learner:
    """The search through one refused block. `ask` is None when it is through."""

    def __init__(self, block: Block, points: Sequence[Point]) -> None:
        """Begin with a block that was refused, and the points in it."""
        self._kind = block.kind
        spans = {(one.address, one.address + one.type.words) for one in points}
        self._spans = sorted(spans)
        self._answered = 0
        self._refused = len(self._spans)
        self._tried = 1
        self._any = False
        # What no block may reach across; a point that is refused for itself has one on each side.
        self.barriers: set[Barrier] = set()
        if len(self._spans) == 1:
            self._cut()

    @property
    def hopeless(self) -> bool:
        """Whether not one point was answered: then there is nothing to learn of the map."""
        return not self._any

    @property
    def ask(self) -> Block | None:
        """What to read next."""
        if not self._spans:
            return None
        return self._block(self._tried)

    def told(self, *, answered: bool) -> None:
        """Note whether what was asked is answered."""
        if answered:
            self._any = True
            self._answered = self._tried
        else:
            self._refused = self._tried
        if self._answered == len(self._spans):
            self._spans = []
        elif self._refused - self._answered <= 1:
            self._cut()
        else:
            self._tried = min(self._answered * 2, (self._answered + self._refused) // 2) or 1

    def _cut(self) -> None:
        """Separate what is answered from what comes behind; the rest is searched in turn."""
        if self._answered:
            spans = self._spans[self._answered :]
        else:
            first, behind = self._spans[0]
            self.barriers |= {(self._kind, first), (self._kind, behind)}
            spans = self._spans[1:]
        if spans:
            self.barriers.add((self._kind, spans[0][0]))
        self._spans = spans
        self._answered = 0
        # One more than there are: whether all of them together are answered is not known yet.
        self._refused = len(spans) + 1
        self._tried = len(spans)

    def _block(self, spans: int) -> Block:
        start = self._spans[0][0]
        end = max(behind for _, behind in self._spans[:spans])
        return Block(kind=self._kind, address=start, count=end - start)


class Recheck:
    """Asks across what was learned, one barrier after the other. `ask` is None when it is through.

    `across` says what would be read over a barrier, None where nothing reaches so far; `gone` is
    told of each that is there no more.
    """

    def __init__(
        self,
        barriers: Iterable[Barrier],
        across: Callable[[Barrier], Block | None],
        gone: Callable[[Barrier], None],
    ) -> None:
        """Begin with the first."""
        self._left = sorted(barriers)
        self._across = across
        self._gone = gone
        self.ask: Block | None = None
        self._next()

    def told(self, *, answered: bool) -> None:
        """Note whether what was asked is answered."""
        if answered:
            self._gone(self._left[0])
        self._left = self._left[1:]
        self._next()

    def _next(self) -> None:
        """Ask across the next barrier as the others stand now: each that goes makes more of it."""
        while self._left and (block := self._across(self._left[0])) is None:
            self._left = self._left[1:]
        self.ask = block if self._left else None
