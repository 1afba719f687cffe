"""Python threads that live as long as the process, and jobs that they share with the thread that starts one.

The compiled pool's threads never touch Python, so functions of Python have these. A job is a queue of chunks of items.
Whoever takes a chunk calls the function for its items in order. Chunks are taken in order too, so that everything
before the first failing item has begun when it fails, and what comes after it need not be done.
"""

from __future__ import annotations

import _thread
import os
import sys
from _queue import Empty, SimpleQueue
from collections import deque
from time import perf_counter_ns

from fastcore._native.base import insist as insist

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

LAST = sys.maxsize
ROUNDS, ROUND_NS = 7, 1_000_000
WAIT_S = 0.1  # how often one who waits looks whether what it waits for can still come


class Chunk:
    """Items that one thread does in order: `start` is the first one's place among all."""

    __slots__ = ("error", "finished", "items", "results", "start")

    def __init__(self, start: int, items: Sequence[Any]) -> None:
        self.start, self.items = start, items
        self.results: list[Any] = []
        self.error: BaseException | None = None
        self.finished = False


class Job:
    """Chunks to be done. One thread adds them, waits for them and ends the job; workers help."""

    __slots__ = ("_calls", "_closed", "_fn", "_generation", "_inside", "_last", "_pending", "_returned")

    def __init__(self, fn: Callable[[Any], Any]) -> None:
        self._fn = fn
        self._pending: deque[Chunk] = deque()
        self._returned: SimpleQueue[None] = SimpleQueue()  # an entry whenever the one who waits should look
        self._calls: list[None] = []  # one for each worker that was called and has not come yet
        self._inside: set[int] = set()  # workers that came and have not left
        self._last = LAST  # chunks that start behind it are not wanted
        self._closed = False
        self._generation = _pool.generation

    def add(self, chunks: Sequence[Chunk], threads: int) -> None:
        """Queue chunks, and call workers if fewer than `threads`, this one included, are at work."""
        self._pending.extend(chunks)
        absent = threads - 1 - len(self._inside) - len(self._calls)
        for _ in range(min(absent, len(self._pending))):
            self._calls.append(None)
            _pool.call(self, threads - 1)

    def take(self) -> Chunk | None:
        """Return the next chunk that nobody has begun; None when there is none."""
        try:
            return self._pending.popleft()
        except IndexError:
            return None

    def _do(self, chunk: Chunk) -> None:
        """Call the function for the items of a chunk, as long as they are wanted."""
        fn, results, start = self._fn, chunk.results, chunk.start
        try:
            for item in chunk.items:
                if start > self._last:
                    break
                results.append(fn(item))
        except BaseException as error:
            chunk.error = error
            self._last = min(start, self._last)  # another's may win: then some more is done than is needed
        chunk.finished = True

    def do(self, chunk: Chunk) -> None:
        """Do a chunk on the thread that waits. An interrupt of it is raised, whatever items come before."""
        me = _thread.get_ident()
        was_busy = me in _pool.busy
        try:
            _pool.busy.add(me)
            self._do(chunk)
        finally:
            if not was_busy:
                _pool.busy.discard(me)
        if isinstance(chunk.error, KeyboardInterrupt):
            raise chunk.error

    def help(self) -> None:
        """Do chunks on a worker until there is none."""
        me = _thread.get_ident()
        self._inside.add(me)
        try:
            if self._calls:
                self._calls.pop()
            while not self._closed and (chunk := self.take()) is not None:
                self._do(chunk)
                del chunk
                self._returned.put(None)
        finally:
            self._inside.discard(me)
            if self._closed:
                self._returned.put(None)

    def wait(self, seconds: float = WAIT_S) -> None:
        """Wait until something may have changed, but no longer than this."""
        try:
            self._returned.get(True, seconds)
        except Empty:
            return

    def adopt(self, chunks: Iterable[Chunk]) -> None:
        """In a child of a fork, where the workers are gone, queue what they had begun again."""
        if self._generation == _pool.generation:
            return
        self._generation = _pool.generation
        self._inside.clear()
        self._calls.clear()
        self._pending.clear()
        for chunk in chunks:
            if not chunk.finished:
                chunk.results = []
                self._pending.append(chunk)

    def end(self) -> None:
        """Let the job go; all its chunks are finished."""
        self._closed = True

    def still_ends(self) -> bool:
        """Begin nothing more and wait for who is at it; False once nobody is. For `insist`, which says why."""
        self._closed, self._last = True, -1
        self._pending.clear()
        if not self._inside or self._generation != _pool.generation or sys.is_finalizing():
            return False
        self.wait()
        return True


class _Pool:
    """The threads of the process, made when they are first called."""

    def __init__(self) -> None:
        self.generation = 0
        self.handover_ns = 0  # 0: not measured
        self.reset()

    def reset(self) -> None:
        """At the start, and in a child of a fork, where no worker lives on."""
        self.generation += 1
        self.threads = 0
        self.busy: set[int] = set()  # threads that do a chunk: a map in there runs serially
        self._calls: SimpleQueue[Job] = SimpleQueue()
        self._counting = _thread.allocate_lock()

    def call(self, job: Job, most: int) -> None:
        """Ask a worker to help; make one if there are fewer than `most`. Nobody may come, the caller goes on anyway."""
        if self.threads < most:
            with self._counting:
                if self.threads < most:
                    self._make()
        self._calls.put(job)

    def _make(self) -> None:
        self.threads += 1
        try:
            _thread.start_new_thread(self._serve, (self._calls,))
        except RuntimeError:  # the system gives no more, or the interpreter ends: fewer will do
            self.threads -= 1

    def _serve(self, calls: SimpleQueue[Job]) -> None:
        self.busy.add(_thread.get_ident())
        while True:
            job = calls.get()
            job.help()
            del job  # its results are not kept until the next call


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.reset)


def is_inside() -> bool:
    """Return whether this thread is doing a chunk of some job."""
    return _thread.get_ident() in _pool.busy


def thread_count() -> int:
    """Return how many worker threads there are."""
    return _pool.threads


def known_handover_ns() -> int:
    """Return what handover_ns returned; 0 if it was not called yet."""
    return _pool.handover_ns


def handover_ns() -> int:
    """Return what it takes to have a worker do a chunk, measured at the first call (about 1 ms)."""
    if _pool.handover_ns == 0:
        _pool.handover_ns = min(_round() for _ in range(ROUNDS))
    return _pool.handover_ns


def _round() -> int:
    job = Job(id)
    chunk = Chunk(0, (None,))
    began = perf_counter_ns()
    job.add([chunk], 2)
    while not chunk.finished and perf_counter_ns() - began < ROUND_NS:
        job.wait(ROUND_NS / 1e9)
    took = perf_counter_ns() - began
    job.end()
    return took
