"""Maps for programs that run on asyncio."""

from __future__ import annotations

import asyncio
from functools import partial
from inspect import iscoroutinefunction
from sys import _getframe
from threading import Event

from fastcore import _base, _parallel
from fastcore._call_sites import call_site
from fastcore._progress import check_progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from concurrent.futures import Executor
    from typing import Any, TypeVar

    from fastcore._progress import Report

    Item = TypeVar("Item")
    Result = TypeVar("Result")

__all__ = ["adaptive_map"]

WAITING = 16  # coroutines a thread that may be under way: they wait more than they work


async def adaptive_map(
    fn: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    size: Callable[[Any], int | None] | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | Report | None = None,
) -> list[Result]:
    """Return `[fn(item) for item in items]` without holding up the event loop.

    A plain function is mapped by `fastcore.adaptive_map` on a thread of the loop's own executor, which also goes
    through the iterable and calls `progress`; every argument means the same. A coroutine function is awaited on the
    loop, for at most `threads` items at a time (None: 16 for each thread of the machine); `size` and `executor` mean
    nothing to it.

    Cancelling begins no more items: coroutines are cancelled, items of a plain function that are under way end first,
    as nothing can stop them. The exception of the first failing item is raised with its note, as from
    `fastcore.adaptive_map`. Of coroutines those before the failing one are awaited, those behind it cancelled.

    Raises what `fastcore.adaptive_map` raises. The loop's executor has few threads: many maps at a time wait for each
    other. Safe to call from several tasks; O(items) beside the calls; releases the GIL where `fn` does.

    >>> asyncio.run(adaptive_map(str.upper, ["a", "b"]))
    ['A', 'B']
    """
    if iscoroutinefunction(fn):
        report = check_progress(progress, "map")
        most = WAITING * _base.check_threads(None) if threads is None else threads
        return await _Awaited(fn, most, report).run(items)
    site = call_site(_getframe(1), fn)
    stop = Event()
    report = check_progress(progress, "map")
    if executor is None:
        fn = _until(stop, fn)
    else:  # the function may have to be sent away: what is sent ends instead
        items = _while_not(stop, items)
    work = partial(_parallel.map_at, site, fn, items, size, threads, executor, report)
    future = asyncio.get_running_loop().run_in_executor(None, _without_stop_iteration, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.set()
        await _ended({future})
        raise


class _Stopped(Exception):
    """The map was cancelled."""


def _until(stop: Event, fn: Callable[[Item], Result]) -> Callable[[Item], Result]:
    def call(item: Item) -> Result:
        if stop.is_set():
            raise _Stopped
        return fn(item)

    return call


def _while_not(stop: Event, items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if stop.is_set():
            raise _Stopped
        yield item


def _without_stop_iteration(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except StopIteration as error:  # no future can hold it, no coroutine raise it
        raise RuntimeError("fn raised StopIteration") from error


async def _ended(futures: Collection[asyncio.Future[Any]]) -> None:
    """Return when all have ended, however often that is cancelled, and take note of their exceptions."""
    while any(not future.done() for future in futures):
        try:
            await asyncio.wait(futures)
        except asyncio.CancelledError:
            continue
    for future in futures:
        if not future.cancelled():
            future.exception()


class _Awaited:
    """A map of a coroutine function."""

    def __init__(self, fn: Callable[[Any], Any], most: int, report: Report | None) -> None:
        if isinstance(most, bool) or not isinstance(most, int):
            raise TypeError(f"threads: wanted an int, not {type(most).__name__}")
        if most < 1:
            raise ValueError(f"threads={most}: wanted 1 or more")
        self.fn, self.most, self.report = fn, most, report
        self.results: list[Any] = []
        self.running: dict[asyncio.Future[Any], int] = {}  # to the item's place
        self.done = 0
        self.failed: int | None = None  # the place of the first failing item
        self.failure: BaseException | None = None  # its exception, else that of the iterable

    async def run(self, items: Iterable[Any]) -> list[Any]:
        """Return the results in order."""
        left = iter(items)
        try:
            while True:
                self._start(left)
                if not self.running:
                    break
                ended, _ = await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
                for future in ended:
                    self._take(future)
                if self.report is not None:
                    self.report(self.done, len(self.results), "items")
        except BaseException:
            for future in self.running:
                future.cancel()
            await _ended(self.running)
            raise
        if self.failure is not None:
            if self.failed is not None:
                self.failure.add_note(f"item {self.failed}")
            raise self.failure
        return self.results

    def _start(self, left: Iterator[Any]) -> None:
        while self.failure is None and len(self.running) < self.most:
            try:
                item = next(left)
            except StopIteration:
                return
            except Exception as error:  # its turn is after the items before it
                self.failure = error
                return
            self.running[asyncio.ensure_future(self.fn(item))] = len(self.results)
            self.results.append(None)

    def _take(self, future: asyncio.Future[Any]) -> None:
        place = self.running.pop(future)
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is None:
            self.results[place] = future.result()
            self.done += 1
        elif self.failed is None or place < self.failed:
            self.failed, self.failure = place, error
            for other, behind in self.running.items():
                if behind > place:
                    other.cancel()
