"""What the package's call sites decided between serial and parallel, and what it took.

A call site is a kernel of the package ("scan"; "scan, every line" where the query lets no line be passed over) or the
place of a call of `adaptive_map` or `adaptive_imap` with its function ("FILE:LINE in CALLER: FUNCTION").
"""

from __future__ import annotations

from fastcore import _base
from fastcore._frozen import Frozen
from fastcore._native import base as _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Site", "Stats", "plan", "stats"]


class Site(Frozen):
    """A call site. Immutable; safe to share between threads; O(1); keeps the GIL.

    `name`; `serial` and `parallel`, the decisions; `item_seconds` and `byte_seconds` of serial work (None: not known);
    `measured`, the runs that had a prediction, with `predicted_seconds` and `measured_seconds` as their sums; `error`,
    the moving average of |predicted - measured| / measured (None: no run had a prediction).
    """

    __slots__ = (
        "name",
        "serial",
        "parallel",
        "item_seconds",
        "byte_seconds",
        "measured",
        "predicted_seconds",
        "measured_seconds",
        "error",
    )
    __module__ = "fastcore.parallel"
    name: str
    serial: int
    parallel: int
    item_seconds: float | None
    byte_seconds: float | None
    measured: int
    predicted_seconds: float
    measured_seconds: float
    error: float | None


class Stats(Frozen):
    """Decisions of the process so far. Immutable; safe to share between threads; O(sites); keeps the GIL.

    `sites` is a tuple of `Site`, the most recently used first; of over 1,024 the least recently used are forgotten.
    `handover_seconds` is what handing work to a thread of the compiled pool was measured to take, `worker_threads` how
    many threads that pool has, None and 0 before it was needed; `python_handover_seconds` and `python_threads` are the
    same of the threads that run Python functions.
    """

    __slots__ = ("sites", "handover_seconds", "worker_threads", "python_handover_seconds", "python_threads")
    __module__ = "fastcore.parallel"
    sites: tuple[Site, ...]
    handover_seconds: float | None
    worker_threads: int
    python_handover_seconds: float | None
    python_threads: int


def stats() -> Stats:
    """Return what every call site decided, predicted and measured. O(sites).

    >>> import fastcore
    >>> fastcore.adaptive_map(abs, [-1, 2])
    [1, 2]
    >>> site = fastcore.parallel.stats().sites[0]
    >>> site.name.rpartition(": ")[2], site.serial, site.parallel
    ('abs', 1, 0)
    """
    from fastcore import _workers

    return Stats(
        tuple(_site(*row) for row in _native.sites()),
        _native.handover_ns() / 1e9 or None,
        _native.pool_workers(),
        _workers.known_handover_ns() / 1e9 or None,
        _workers.thread_count(),
    )


def _site(
    name: str,
    serial: int,
    parallel: int,
    item_ns: float,
    byte_ns: float,
    measured: int,
    predicted_ns: float,
    measured_ns: float,
    error: float,
) -> Site:
    known = error if measured else None
    took = measured_ns / 1e9
    return Site(
        name, serial, parallel, item_ns / 1e9 or None, byte_ns / 1e9 or None, measured, predicted_ns / 1e9, took, known
    )


def plan(op: str | Any, items: int, nbytes: int = 0) -> str:
    """Return "serial" or "parallel": what would be chosen now for so much work, with the threads of this process.

    `op` is the name of a site as `stats()` has it, as "scan" (whose items are files) or "top_k, 4 bytes" (which looks
    at the bytes only), or a function that was mapped: then its most recent site. `nbytes` 0 is unknown. A site of which
    nothing is known is serial, but for the kernels, which begin with a guess. Changes nothing; O(sites). Raises
    ValueError for negative numbers and FASTCORE_THREADS or FASTCORE_PARALLEL_THRESHOLD_US that are no numbers.

    >>> plan("scan", 1, 1000), plan("nobody calls this", 10, 0)
    ('serial', 'serial')
    """
    for name, number in (("items", items), ("nbytes", nbytes)):
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"{name}: wanted an int, not {type(number).__name__}")
        if number < 0:
            raise ValueError(f"{name}={number}: wanted 0 or more")
    threads = _base.check_threads(None)
    work = _kernel_work(op, items, nbytes) if isinstance(op, str) else None
    if work is not None:
        items, nbytes, guess_ns = work
        return _answer(_native.Site(op.encode()).would_choose(items, nbytes, threads, guess_ns))
    site = _native.Site(_site_name(op).encode("utf-8", "surrogateescape"), _handover())
    return _answer(site.would_choose(items, nbytes, threads))


# The bindings whose kernels are sites of their own, by what the names of these begin with.
_KERNELS = {"scan": "scan", "top_k": "topk", "midi": "midi", "bpm of onsets": "bpm", "bpm of envelopes": "bpm"}


def _kernel_work(op: str, items: int, nbytes: int) -> tuple[int, int, int] | None:
    """The work of a kernel's site, and a first guess of its ns; None if this is no name of one."""
    binding = _KERNELS.get(op.partition(",")[0])
    if binding is None:
        return None
    import importlib

    kernel: Any = importlib.import_module(f"fastcore._native.{binding}")
    work: tuple[int, int, int] | None = kernel.cost(op, items, nbytes)
    return work


def _answer(threads: int) -> str:
    return "parallel" if threads > 1 else "serial"


def _handover() -> int:
    from fastcore import _call_sites, _workers

    return _workers.known_handover_ns() or _call_sites.ASSUMED_NS


def _site_name(op: str | Any) -> str:
    if isinstance(op, str):
        return op
    from fastcore._call_sites import name_of

    if not callable(op):
        raise TypeError(f"op: wanted the name of a site or a function, not {type(op).__name__}")
    ending = f": {name_of(op)}"
    return next((row[0] for row in _native.sites() if row[0].endswith(ending)), ending)
