"""Signals that wait for the same batch are taken in together, as if one call had brought them.

Each of them alone copies what is known of its zone: ten thousand calls about one zone, each with a
detector of its own, took time with the square of their number. Only what makes no difference is put
together: alike but for its sources, none of which is in it already, and with nothing but signals
queued between, since a person's word must not overtake an alarm or be overtaken by one.
"""

from dataclasses import replace
from functools import partial

from ..core.model import Verdict
from .opener import Opener
from .requests import Result, SignalRequest
from .runner import Runner, Work


class _Bundle:
    """Requests that become one. It is filled until its job runs."""

    def __init__(self, request: SignalRequest, orders: int) -> None:
        self.ran = False
        self._orders = orders
        self._request = request
        self._alike = _alike(request)
        self._signals = {one.source: one for one in request.signals}
        self._result: Result | None = None

    def take(self, request: SignalRequest, orders: int) -> bool:
        """Take a request in, if that makes no difference to it or to any other."""
        if self.ran or orders != self._orders or request.apart or self._alike != _alike(request):
            return False
        new = {one.source: one for one in request.signals}
        if not self._signals.keys().isdisjoint(new):
            return False
        self._signals |= new
        return True

    def run(self, opener: Opener, work: Work) -> Result:
        """Do what all ask for."""
        self.ran = True
        request = replace(self._request, signals=tuple(self._signals.values()))
        self._result = opener.signal(request, work)
        return self._result

    def answer(self, _work: Work) -> Result:
        """Answer one that was taken in: the first of all is who opened something."""
        if self._result is None:
            message = "a bundle of signals failed"
            raise RuntimeError(message)
        if self._result.verdict is Verdict.OPENED:
            return replace(self._result, verdict=Verdict.JOINED)
        return self._result


class Bundler:
    """Puts signals of one loop and zone together while they wait."""

    def __init__(self, runner: Runner, opener: Opener) -> None:
        """Begin with none that waits."""
        self._runner = runner
        self._opener = opener
        self._last: dict[tuple[str, str], _Bundle] = {}

    async def signal(self, request: SignalRequest) -> Result:
        """Take signals in; answered once they are on disk."""
        key = request.loop, request.zone
        last = self._last.get(key)
        if last is not None and last.take(request, self._runner.orders):
            return await self._runner.run(last.answer, signal=True)
        bundle = self._last[key] = _Bundle(request, self._runner.orders)
        try:
            return await self._runner.run(partial(bundle.run, self._opener), signal=True)
        finally:
            if self._last.get(key) is bundle:
                del self._last[key]


def _alike(request: SignalRequest) -> object:
    """Return all that must be the same, the sources aside."""
    said = {(one.raised, one.value, one.peak, one.edge, one.momentary) for one in request.signals}
    return replace(request, signals=()), said
