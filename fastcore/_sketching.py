"""When a corpus makes the sketches of its blocks, and what they were good for."""

from __future__ import annotations

from threading import Lock
from time import perf_counter

from fastcore import _base
from fastcore._native import scan as _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastcore._progress import Report

MISSED_MAX = 3  # scans that sketches would have helped before they are made unasked


class Sketching:
    """Decides for one corpus. `wanted` is True (made when a scan could use them), None (once some scans have missed
    them) or False (never).

    A scan has missed them if its query is one that sketches can deny and half of the blocks that it came by held no
    line to be judged. Thread-safe: one thread makes sketches, others scan with what there is.
    """

    def __init__(self, wanted: bool | None) -> None:
        self.wanted = wanted
        self.blocks = self.passed = 0
        self._missed = 0
        self._counts, self._making = Lock(), Lock()

    def _is_on(self) -> bool:
        return self.wanted is True or (self.wanted is None and self._missed >= MISSED_MAX)

    def make(
        self, sources: _native.Sources, threads: int, block: int, timeout: float | None, report: Report | None
    ) -> None:
        """Make what is missing."""
        with self._making:
            self._make(sources, threads, block, timeout, report)

    def _make(
        self, sources: _native.Sources, threads: int, block: int, timeout: float | None, report: Report | None
    ) -> None:
        if not sources.sketched:
            sources.sketched = _native.make_sketches(
                sources, threads=threads, block=block, timeout=timeout, progress=report
            )

    def before(
        self, sources: _native.Sources, plan: _native.Plan, threads: int, block: int, timeout: float | None
    ) -> float | None:
        """Get ready for a scan; returns how much of its time is left."""
        if not self._is_on() or "sketch" in _base.off_words(warn=False):
            sources.use &= ~_native.USE_SKETCH
            return timeout
        sources.use |= _native.USE_SKETCH
        if not plan.sketches_help or not self._making.acquire(blocking=False):
            return timeout
        began = perf_counter()
        try:
            self._make(sources, threads, block, timeout, None)
        finally:
            self._making.release()
        return None if timeout is None else max(0.0, timeout - (perf_counter() - began))

    def after(self, plan: _native.Plan, blocks: int, passed: int, idle: int) -> None:
        """Learn from a scan: how many blocks it came by, passed by unseen, and searched in vain."""
        with self._counts:
            self.blocks += blocks
            self.passed += passed
            if plan.sketches_help and blocks and 2 * (passed + idle) >= blocks:
                self._missed += 1
