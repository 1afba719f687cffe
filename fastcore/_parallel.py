"""`adaptive_map` and `adaptive_imap`: call a function for each item, in threads only where that has proved faster."""

from __future__ import annotations

from collections import deque
from itertools import islice
from sys import _getframe
from time import perf_counter_ns

from fastcore import _base, _workers
from fastcore._call_sites import call_site
from fastcore._progress import check_progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from concurrent.futures import Executor
    from typing import Any, TypeVar

    from fastcore._call_sites import CallSite
    from fastcore._progress import Report

    Item = TypeVar("Item")
    Result = TypeVar("Result")
    Size = Callable[[Any], "int | None"]

CHUNK_NS = 200_000  # of work in a chunk: a hundred times what taking one costs
CHUNKS = 4  # chunks a thread at least, so that they end together
LOOK_NS = 100_000  # of serial work, after which a site of which nothing is known is judged
JUDGE_NS = 2_000_000  # of work in threads, after which it is compared with serial work
JUDGE_ITEMS = 8  # a thread at least, as some are always half done
PACE_NS = 10_000_000  # between two calls of a progress function
AHEAD = 64  # items a thread that adaptive_imap takes ahead unless told otherwise
UNKNOWN_LENGTH = 1 << 20
INDEXED = frozenset((list, tuple, range))  # whose iterators know how many items are left


def adaptive_map(
    fn: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    size: Size | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | Report | None = None,
) -> list[Result]:
    """Return `[fn(item) for item in items]`, made by several threads where that is expected to be faster.

    What a call site (the place of the call, and the function) took before decides: at first items are done one by one,
    and the rest of them in threads as soon as that is worth the hand-over. A function that gains nothing from threads,
    as most Python code under the GIL, stays serial. `fastcore.parallel.stats()` tells what was decided.
    FASTCORE_PARALLEL_THRESHOLD_US replaces the model's threshold: 0 uses threads always, a large number never.

    `size(item)` tells an item's bytes (None: unknown), where time goes by bytes and items differ in size; it may be
    called again for an item. `threads` is how many may work, the caller included (None: what the machine gives this
    process). `progress(done, total, "items")` is called at most every 10 ms and at the end, on the calling thread; True
    logs it; what it raises ends the map. With an `executor` of concurrent.futures every item is done there; for
    processes the function, the items and the results must be picklable.

    The exception of the first failing item in the order of the input is raised, with a note ("item 17"); items behind
    it that were not begun are not done, though in threads some may have been. An exception of the iterable comes after
    those of the items before it. Ctrl-C begins no more items and returns when those under way have ended. A map inside
    of a function that a map runs in threads is serial. In threads the items are taken from the iterable ahead; in
    serial they are taken one by one, as in the comprehension.

    Raises ValueError for threads below 1, a negative size, and a bad FASTCORE_THREADS where threads are thought of;
    TypeError for what is no callable or iterable. Safe to call from several threads; O(items) beside the calls, about
    1 us for a call that stays serial; keeps the GIL where `fn` does.

    >>> adaptive_map(str.upper, ["a", "b"])
    ['A', 'B']
    """
    site = call_site(_getframe(1), fn)
    if size is None and threads is None and executor is None and progress is None and type(items) in INDEXED:
        return _map_plain(site, fn, items)
    return map_at(site, fn, items, size, threads, executor, check_progress(progress, "map"))


def _map_plain(site: CallSite, fn: Callable[[Any], Any], items: Any) -> list[Any]:
    """adaptive_map without options, of a list or the like: at the least cost if it does not use threads."""
    began = site.costs.begin_serial(items)
    if began == 0:
        return map_at(site, fn, items, None, None, None, None)
    left: Any = iter(items)
    try:
        results = [fn(item) for item in left]
    except BaseException as error:
        error.add_note(f"item {len(items) - left.__length_hint__() - 1}")
        raise
    site.costs.end_serial(results, began)
    return results


def map_at(
    site: CallSite,
    fn: Callable[[Any], Any],
    items: Iterable[Any],
    size: Size | None,
    threads: int | None,
    executor: Executor | None,
    report: Report | None,
) -> list[Any]:
    """adaptive_map of a known site, with every option."""
    _check(fn, size)
    threads = _base.check_threads(threads)
    if executor is not None:
        from fastcore import _remote

        return _remote.map_all(executor, fn, items, report)
    results = _Map(site, fn, size, 1 if _workers.is_inside() else threads, report).run(items)
    if report is not None:
        report(len(results), len(results), "items")
    return results


def _check(fn: object, size: object) -> None:
    if not callable(fn):
        raise TypeError(f"fn: wanted a callable, not {type(fn).__name__}")
    if size is not None and not callable(size):
        raise TypeError(f"size: wanted None or a callable, not {type(size).__name__}")


def bytes_of(size: Size | None, items: Iterable[Any], start: int = 0) -> int:
    """Add up what `size` says of items, of which the first is item `start`; 0: unknown."""
    total = 0
    if size is None:
        return 0
    for place, item in enumerate(items, start):
        count = size(item)
        if count is None:
            return 0
        if isinstance(count, bool) or not isinstance(count, int):
            raise TypeError(f"size(item {place}): wanted an int or None, not {type(count).__name__}")
        if count < 0:
            raise ValueError(f"size(item {place}) is {count}: wanted 0 or more")
        total += count
    return total


class _Map:
    """One call of adaptive_map."""

    def __init__(
        self, site: CallSite, fn: Callable[[Any], Any], size: Size | None, threads: int, report: Report | None
    ) -> None:
        self.site, self.fn, self.size, self.threads = site, fn, size, threads
        self.results: list[Any] = []
        self.progress = None if report is None else _Paced(report)
        self.failure: Exception | None = None  # of the iterable: raised after those of the items before it

    def run(self, items: Any) -> list[Any]:
        """Return the results, or raise what the comprehension would."""
        if type(items) in INDEXED:  # what is derived from them may iterate in its own way
            self._all(items)
        else:
            self._stream(iter(items))
        if self.failure is not None:
            raise self.failure
        return self.results

    def _all(self, items: Sequence[Any]) -> None:
        """Do items whose number is known."""
        nbytes = bytes_of(self.size, items)
        chosen = self.site.choose(len(items), nbytes, self.threads)
        if chosen > 1:
            self._parallel(list(items), nbytes, chosen)
        elif self.site.is_known or self.threads == 1 or len(items) < 3:
            self._serial(iter(items), len(items), nbytes=nbytes)
        else:
            left = iter(items)
            if self._serial(left, len(items), LOOK_NS):
                self._rest(list(left))

    def _stream(self, left: Iterator[Any]) -> None:
        """Do items that come from an iterator: taken ahead only if there is a prospect of a gain."""
        if not self.site.is_known and not self._serial(left, 0, LOOK_NS):
            return
        if self.site.costs.would_choose(UNKNOWN_LENGTH, 0, self.threads) == 1:
            self._serial(left, 0)
            return
        taken: list[Any] = []
        try:
            taken.extend(left)
        except Exception as error:
            self.failure = error
        self._rest(taken)

    def _rest(self, items: list[Any]) -> None:
        nbytes = bytes_of(self.size, items, len(self.results))
        chosen = self.site.choose(len(items), nbytes, self.threads)
        if chosen > 1:
            self._parallel(items, nbytes, chosen)
        else:
            self._serial(iter(items), len(self.results) + len(items), nbytes=nbytes)

    def _serial(self, left: Iterator[Any], total: int, stop_ns: int | None = None, nbytes: int | None = None) -> bool:
        """Do items one by one, to the end or for so long; True if some may be left. `nbytes` None: to be added up."""
        results, fn, progress = self.results, self.fn, self.progress
        size = self.size if nbytes is None else None
        first, seen, stopped = len(results), nbytes or 0, False
        began = perf_counter_ns()
        for item in left:
            try:
                results.append(fn(item))
            except BaseException as error:
                error.add_note(f"item {len(results)}")
                raise
            if progress is not None:
                progress.tell(len(results), total)
            if size is not None:
                seen += bytes_of(size, (item,), len(results) - 1)
            if stop_ns is not None and perf_counter_ns() - began >= stop_ns:
                stopped = True
                break
        self.site.learn(len(results) - first, seen, 1, perf_counter_ns() - began)
        return stopped

    def _parallel(self, items: list[Any], nbytes: int, threads: int) -> None:
        began = perf_counter_ns()
        first = len(self.results)
        expected = self.site.costs.expected_ns(len(items), nbytes)
        count = chunk_length(expected / len(items), -(-len(items) // (CHUNKS * threads)))
        chunks = [_workers.Chunk(first + at, items[at : at + count]) for at in range(0, len(items), count)]
        job = _workers.Job(self.fn, threads)
        try:
            job.add(chunks[1:])
            job.do(chunks[0])
            self._help(job, chunks, first + len(items))
        except BaseException:
            _workers.insist(job.still_ends)
            raise
        job.end()
        for chunk in chunks:
            self.results.extend(chunk.results)
            if chunk.error is not None:
                chunk.error.add_note(f"item {len(self.results)}")
                raise chunk.error
        self.site.learn(len(items), nbytes, threads, perf_counter_ns() - began)

    def _help(self, job: _workers.Job, chunks: list[_workers.Chunk], total: int) -> None:
        """Do chunks beside the workers until all are finished."""
        progress = self.progress
        for chunk in chunks:
            while not chunk.finished:
                if progress is not None and progress.is_due():
                    progress.tell(len(self.results) + sum(len(other.results) for other in chunks), total)
                job.step(chunks, _workers.WAIT_S if progress is None else PACE_NS / 1e9)


class _Paced:
    """Calls a progress function at most every 10 ms."""

    def __init__(self, report: Report) -> None:
        self.report, self.due = report, perf_counter_ns() + PACE_NS

    def is_due(self) -> bool:
        return perf_counter_ns() >= self.due

    def tell(self, done: int, total: int) -> None:
        """Report if it is due; a total that is not known yet is what is done."""
        now = perf_counter_ns()
        if now >= self.due:
            self.due = now + PACE_NS
            self.report(done, max(done, total), "items")


def chunk_length(item_ns: float, most: int) -> int:
    """Return how many items of so long make a chunk."""
    return max(1, min(most, int(CHUNK_NS / item_ns) if item_ns > 0 else most))


def adaptive_imap(
    fn: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    ordered: bool = True,
    buffer: int | None = None,
    size: Size | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    progress: bool | Report | None = None,
) -> Generator[Result, None, None]:
    """Yield `fn(item)` for each item of any iterable, also an endless one, in threads where that is expected to be
    faster.

    At most `buffer` items (None: 64 a thread) are taken from the iterable before their results were asked for: by
    the thread that asks, and only while it asks. A serial plan takes and does one item a result, as a generator
    expression. `ordered=False` yields results as they come. Everything else is as in adaptive_map.

    `close()`, Ctrl-C and the end of the generator begin no more items and return when those under way have ended. An
    item's exception comes after the results before it, of those items that were done.

    Raises ValueError for a buffer below 1, and what adaptive_map raises, when it is called. The generator belongs to
    one thread at a time; O(buffer) memory.

    >>> list(adaptive_imap(str.upper, iter("ab")))
    ['A', 'B']
    """
    site = call_site(_getframe(1), fn)
    report = check_progress(progress, "map")
    _check(fn, size)
    count = _base.check_threads(threads)
    if buffer is not None and (isinstance(buffer, bool) or not isinstance(buffer, int)):
        raise TypeError(f"buffer: wanted None or an int, not {type(buffer).__name__}")
    if buffer is not None and buffer < 1:
        raise ValueError(f"buffer={buffer}: wanted 1 or more, or None")
    left = iter(items)
    if executor is not None:
        from fastcore import _remote

        return _remote.imap(executor, fn, left, buffer, report)
    total = len(items) if isinstance(items, (list, tuple, range)) else 0
    return _Imap(site, fn, left, total, ordered, buffer or AHEAD * count, size, count, report).run()


class _Imap:
    """One call of adaptive_imap. It changes between serial and parallel as it learns."""

    def __init__(
        self,
        site: CallSite,
        fn: Callable[[Any], Any],
        left: Iterator[Any],
        total: int,
        ordered: bool,
        buffer: int,
        size: Size | None,
        threads: int,
        report: Report | None,
    ) -> None:
        self.site, self.fn, self.left, self.total, self.ordered = site, fn, left, total, ordered
        self.buffer, self.size, self.threads, self.report = buffer, size, threads, report
        self.progress = None if report is None else _Paced(report)
        self.taken = 0  # items of the iterable
        self.done = 0  # results that were yielded
        self.failure: Exception | None = None  # of the iterable
        self.at_end = False  # nothing more is to be taken of it
        self.ahead: deque[_workers.Chunk] = deque()  # whose results were not asked for yet

    def run(self) -> Generator[Any, None, None]:
        """The generator itself."""
        threads = 1
        if self.site.costs.would_choose(self.buffer, 0, self.threads) > 1 and not _workers.is_inside():
            threads = self.site.choose(self.buffer, 0, self.threads)
        while not self.at_end:
            if threads > 1:
                yield from self._parallel(threads)
            threads = yield from self._serial()
        if self.failure is not None:
            raise self.failure
        if self.report is not None:
            self.report(self.done, self.done, "items")

    def _serial(self) -> Generator[Any, None, int]:
        """Do items one by one, to the end or until threads are expected to be faster: how many is returned."""
        fn, site, size, progress = self.fn, self.site, self.size, self.progress
        count = nbytes = spent = 0
        for item in self.left:
            began = perf_counter_ns()
            try:
                result = fn(item)
            except BaseException as error:
                error.add_note(f"item {self.done}")
                raise
            spent += perf_counter_ns() - began
            count += 1
            nbytes += bytes_of(size, (item,), self.done)
            self.taken = self.done = self.done + 1
            if progress is not None:
                progress.tell(self.done, self.total)
            yield result
            if spent >= LOOK_NS and self.threads > 1:
                site.learn(count, nbytes, 1, spent)
                chosen = site.choose(self.buffer, nbytes * self.buffer // count, self.threads)
                if chosen > 1 and not _workers.is_inside():
                    return chosen
                count = nbytes = spent = 0
        site.learn(count, nbytes, 1, spent)
        self.at_end = True
        return 1

    def _parallel(self, threads: int) -> Generator[Any, None, None]:
        """Do items in threads, to the end or until serial is expected to be faster."""
        site, ahead = self.site, self.ahead
        job = _workers.Job(self.fn, threads)
        expected = site.costs.expected_ns(self.buffer, 0)
        length = self._length(expected, self.buffer, threads) if expected > 0 else 1
        spent = judged = 0
        begun = self.done
        on = True
        try:
            while True:
                began = perf_counter_ns()
                if on:
                    self._fill(job, length, threads)
                if not ahead:
                    break
                chunk = self._next(job)
                spent += perf_counter_ns() - began
                for result in chunk.results:
                    self.done += 1
                    if self.progress is not None:
                        self.progress.tell(self.done, max(self.total, self.taken))
                    yield result
                if chunk.error is not None:
                    self._fail(job, chunk)
                if on and spent >= JUDGE_NS and self.done - begun - judged >= JUDGE_ITEMS * threads:
                    ended = self.done - begun + sum(len(other.results) for other in ahead)
                    site.learn(ended - judged, 0, threads, spent)
                    on = site.choose(self.buffer, 0, self.threads) > 1
                    length = self._length(spent * threads, ended - judged, threads)
                    judged, spent = ended, 0
        except BaseException:
            _workers.insist(job.still_ends)
            ahead.clear()
            raise
        job.end()

    def _length(self, took_ns: float, items: int, threads: int) -> int:
        """Return how many items make a chunk if so many take so long."""
        known = min(self.buffer, self.total - self.taken) if self.total else self.buffer
        return chunk_length(took_ns / items, known // (CHUNKS * threads))

    def _fill(self, job: _workers.Job, length: int, threads: int) -> None:
        """Take items ahead: a chunk for each thread at first, then two chunks a step until the buffer is full."""
        for _ in range(threads if not self.ahead else 2):
            room = self.buffer - (self.taken - self.done)
            if self.at_end or room < min(length, self.buffer):
                return
            batch: list[Any] = []
            try:
                batch.extend(islice(self.left, length))
            except Exception as error:
                self.failure = error
            self.at_end = self.failure is not None or len(batch) < length
            if batch:
                bytes_of(self.size, batch, self.taken)
                chunk = _workers.Chunk(self.taken, batch)
                self.taken += len(batch)
                self.ahead.append(chunk)
                job.add([chunk])

    def _next(self, job: _workers.Job) -> _workers.Chunk:
        """Return the chunk whose results are next, finished."""
        ahead = self.ahead
        while True:
            for chunk in (ahead[0],) if self.ordered else ahead:
                if chunk.finished:
                    ahead.remove(chunk)
                    return chunk
            job.step(ahead)

    def _fail(self, job: _workers.Job, chunk: _workers.Chunk) -> None:
        """Raise the exception of the first failing item: of this chunk, or of one before it that runs yet."""
        for other in sorted(self.ahead, key=lambda other: other.start):
            while other.start < chunk.start and not other.finished:
                job.step(self.ahead)
            if other.start < chunk.start and other.error is not None:
                chunk = other
                break
        if chunk.error is not None:
            chunk.error.add_note(f"item {chunk.start + len(chunk.results)}")
            raise chunk.error
