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

    __slots__ = ("_closed", "_fn", "_generation", "_inside", "_last", "_pending", "_returned", "_seats", "_threads")

    def __init__(self, fn: Callable[[Any], Any], threads: int) -> None:
        self._fn, self._threads = fn, threads
        self._pending: deque[Chunk] = deque()
        self._returned: SimpleQueue[None] = SimpleQueue()  # an entry whenever the one who waits should look
        self._seats: list[None] = [None] * (threads - 1)  # one for each worker that may come
        self._inside: set[int] = set()  # workers that came and have not left
        self._last = LAST  # chunks that start behind it are not wanted
        self._closed = False
        self._generation = _pool.generation

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Queue chunks, and call workers."""
        self._pending.extend(chunks)
        _pool.call(self, min(len(self._seats), len(self._pending)), self._threads - 1)

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

    def wants_help(self) -> bool:
        return bool(self._pending and self._seats) and not self._closed

    def help(self) -> None:
        """Do chunks on a worker until there is none, if fewer than are allowed do so already."""
        try:
            self._seats.pop()
        except IndexError:
            return
        me = _thread.get_ident()
        self._inside.add(me)
        try:
            while not self._closed and (chunk := self.take()) is not None:
                self._do(chunk)
                del chunk
                self._returned.put(None)
        finally:
            self._seats.append(None)
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
        self._seats = [None] * (self._threads - 1)
        self._pending.clear()
        lost = [chunk for chunk in chunks if not chunk.finished]
        for chunk in lost:
            chunk.results = []
        self.add(lost)

    def step(self, chunks: Iterable[Chunk], seconds: float = WAIT_S) -> None:
        """Get on with the job, of which `chunks` are those that are not finished: do one, or wait for a worker."""
        self.adopt(chunks)
        chunk = self.take()
        if chunk is not None:
            self.do(chunk)
        else:
            self.wait(seconds)

    def end(self) -> None:
        """Let the job go; all its chunks are finished."""
        self._closed = True
        _pool.forget(self)

    def still_ends(self) -> bool:
        """Begin nothing more and wait for who is at it; False once nobody is. For `insist`, which says why."""
        self._closed, self._last = True, -1
        self._pending.clear()
        _pool.forget(self)
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
        self._jobs: list[Job] = []  # that may want help
        self._wake: SimpleQueue[None] = SimpleQueue()  # an entry for each worker that is to look for a job
        self._counting = _thread.allocate_lock()

    def call(self, job: Job, count: int, most: int) -> None:
        """Have `count` workers look at a job; make some if there are fewer than `most`. Nobody may come: the caller
        goes on anyway."""
        if job not in self._jobs:
            self._jobs.append(job)
        for _ in range(min(most - self.threads, count)):
            self._make(most)
        for _ in range(min(count, self.threads - self._wake.qsize())):
            self._wake.put(None)

    def forget(self, job: Job) -> None:
        if job in self._jobs:
            self._jobs.remove(job)

    def _make(self, most: int) -> None:
        with self._counting:
            if self.threads >= most:
                return
            self.threads += 1
        try:
            _thread.start_new_thread(self._serve, (self._wake,))
        except RuntimeError:  # the system gives no more, or the interpreter ends: fewer will do
            self.threads -= 1

    def _serve(self, wake: SimpleQueue[None]) -> None:
        self.busy.add(_thread.get_ident())
        while True:
            wake.get()
            while self._help():
                continue

    def _help(self) -> bool:
        """Help with a job; False if none wants it. A worker that sleeps or helps holds no other job."""
        job = next((job for job in tuple(self._jobs) if job.wants_help()), None)
        if job is not None:
            job.help()
        return job is not None


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
    job = Job(id, 2)
    chunk = Chunk(0, (None,))
    began = perf_counter_ns()
    job.add([chunk])
    while not chunk.finished and perf_counter_ns() - began < ROUND_NS:
        job.wait(ROUND_NS / 1e9)
    took = perf_counter_ns() - began
    job.end()
    return took
