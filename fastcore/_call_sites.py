"""Call sites of Python functions: the place of a call and the function, by which the runtime keeps what runs took."""

from __future__ import annotations

from fastcore import _workers
from fastcore._native import base as _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

MOST = 1024
ASSUMED_NS = 20_000  # of a hand-over, less than most machines need, until a call that it matters to measures it
LARGE_NS = 4_000_000  # for work beyond this it does not matter


class CallSite:
    """What the runtime knows of one place that calls a function for items."""

    __slots__ = ("costs", "is_known", "keeps")

    def __init__(self, name: str, keeps: tuple[object, ...]) -> None:
        self.costs = _native.Site(name.encode("utf-8", "surrogateescape"), _workers.known_handover_ns() or ASSUMED_NS)
        self.is_known = False  # a run was learned from
        self.keeps = keeps  # the code objects whose addresses are this site's key

    def choose(self, items: int, nbytes: int, threads: int) -> int:
        """Return how many threads to give to the work, 1..threads."""
        costs = self.costs
        chosen = costs.choose(items, nbytes, threads)
        if chosen == 1:
            return 1
        handover = _workers.known_handover_ns()
        if handover == 0 and 0 < costs.expected_ns(items, nbytes) < LARGE_NS:
            handover = _workers.handover_ns()
        if handover in (0, costs.handover_ns):
            return chosen
        costs.handover_ns = handover
        return costs.would_choose(items, nbytes, threads)

    def learn(self, items: int, nbytes: int, threads: int, took_ns: int) -> None:
        """Learn that so much work took so long on so many threads."""
        if items > 0:
            self.costs.learn(items, nbytes, threads, took_ns)
            self.is_known = True


_sites: dict[tuple[int, int, object], CallSite] = {}


def call_site(frame: FrameType, fn: Any) -> CallSite:
    """Return the site of a call of `fn` for items by the code that runs in `frame`. O(1), under 1 us."""
    try:
        return _sites[id(frame.f_code), frame.f_lasti, id(fn.__code__)]
    except (AttributeError, KeyError):
        return _other_site(frame, fn)


def _other_site(frame: FrameType, fn: Any) -> CallSite:
    """A site that is new, or whose function is no function of Python."""
    code = getattr(fn, "__code__", None)
    key = (id(frame.f_code), frame.f_lasti, name_of(fn) if code is None else id(code))
    site = _sites.get(key)
    if site is None:
        if len(_sites) >= MOST:
            _sites.clear()  # the runtime remembers; only the short cut to it is lost
        caller = frame.f_code
        name = f"{caller.co_filename}:{frame.f_lineno} in {caller.co_name}: {name_of(fn)}"
        site = _sites[key] = CallSite(name, (caller, code))
    return site


def name_of(fn: Any) -> str:
    """Return what a callable is called in the name of its sites.

    >>> name_of(str.upper)
    'str.upper'
    """
    fn = getattr(fn, "func", fn)  # a partial's
    name = getattr(fn, "__qualname__", None)
    return name if isinstance(name, str) else type(fn).__qualname__
