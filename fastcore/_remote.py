"""Maps on the workers of an executor: items travel in chunks, so that sending them is a small part of the time."""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import islice
from time import perf_counter

from fastcore import _executor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Executor
    from typing import Any

    from fastcore._progress import Report

    Task = tuple[int, list[Any]]

TASK_S = 0.02  # of work in a task: many times what sending one costs
AHEAD = 64  # items a worker
PACE_S = 0.01
NOTE = "item "


def map_all(executor: Executor, fn: Callable[[Any], Any], items: Iterable[Any], report: Report | None) -> list[Any]:
    """Return the results of all items; how many are sent ahead is not bounded."""
    taken = items if isinstance(items, (list, tuple, range)) else None
    buffer = None if taken is None else max(len(taken), 1)
    return list(imap(executor, fn, iter(items), buffer, report))


def imap(
    executor: Executor, fn: Callable[[Any], Any], items: Iterator[Any], buffer: int | None, report: Report | None
) -> Generator[Any, None, None]:
    """Yield the results in order, of at most `buffer` items (None: 64 a worker) ahead."""
    _executor.check_executor(executor)
    workers = _executor.worker_count(executor)
    return _run(executor, fn, _Tasks(items, workers, buffer or AHEAD * workers), report)


def _run(
    executor: Executor, fn: Callable[[Any], Any], tasks: _Tasks, report: Report | None
) -> Generator[Any, None, None]:
    due = perf_counter() + PACE_S
    results = _executor.run_ordered(executor, partial(do_task, fn), tasks, window=tasks.window)
    try:
        for chunk in results:
            tasks.finish()
            for result in chunk:
                tasks.done += 1
                yield result
            if report is not None and perf_counter() >= due:
                due = perf_counter() + PACE_S
                report(tasks.done, tasks.taken, "items")
    except Exception as error:
        if tasks.sent and not any(note.startswith(NOTE) for note in getattr(error, "__notes__", ())):
            _explain(error, fn, tasks.sent[0])
        raise
    finally:
        results.close()
    if report is not None:
        report(tasks.done, tasks.done, "items")


def do_task(fn: Callable[[Any], Any], task: Task) -> list[Any]:
    """Call the function for the items of a task, on a worker."""
    start, items = task
    results: list[Any] = []
    for item in items:
        try:
            results.append(fn(item))
        except BaseException as error:
            error.add_note(f"{NOTE}{start + len(results)}")
            raise
    return results


class _Tasks:
    """Cuts items into tasks: of one item until it is known how long they take."""

    def __init__(self, items: Iterator[Any], workers: int, buffer: int) -> None:
        self.items, self.workers = items, workers
        self.window = min(_executor.PER_WORKER * workers, buffer)
        self.most = max(1, buffer // self.window)
        self.taken = 0
        self.done = 0  # results that were handed on
        self.finished = 0  # items whose results came
        self.sent: deque[Task] = deque()  # whose results did not come yet
        self.failure: Exception | None = None  # of the iterable
        self.began = perf_counter()

    def __iter__(self) -> Iterator[Task]:
        return self

    def __next__(self) -> Task:
        batch: list[Any] = []
        if self.failure is not None:
            raise self.failure
        length = 1
        if self.finished >= self.workers:
            item_s = (perf_counter() - self.began) * self.workers / self.finished
            length = max(1, min(self.most, int(TASK_S / item_s)))
        try:
            batch.extend(islice(self.items, length))
        except Exception as error:  # its turn is after the items before it
            self.failure = error
        if not batch:
            raise self.failure or StopIteration
        task = (self.taken, batch)
        self.taken += len(batch)
        self.sent.append(task)
        return task

    def finish(self) -> None:
        """Note that the results of the first task that was sent came."""
        self.finished += len(self.sent.popleft()[1])


def _explain(error: Exception, fn: Callable[[Any], Any], task: Task) -> None:
    """Note which item a failure concerns that happened outside of the function, as one to send it."""
    from multiprocessing.reduction import ForkingPickler

    start, items = task
    for what, value in (("fn", fn), *((f"{NOTE}{place}", item) for place, item in enumerate(items, start))):
        try:
            ForkingPickler.dumps(value)
        except Exception as reason:
            error.add_note(f"{what} cannot be sent to another process: {reason}")
            return
    last = start + len(items) - 1
    error.add_note(f"items {start} to {last}" if items[1:] else f"{NOTE}{start}")
