"""Run tasks on any `concurrent.futures.Executor`: threads, processes, or `dask.distributed.Client.get_executor()`."""

from __future__ import annotations

import sys
from collections import deque
from functools import partial
from itertools import islice

from fastcore.errors import ExecutorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Executor, Future
    from typing import NoReturn, TypeVar

    Task = TypeVar("Task")
    Result = TypeVar("Result")

PER_WORKER = 4  # tasks outstanding for each worker: none of them waits for the caller to hand it its next
UNKNOWN_WORKERS = 16
LOST = ("KilledWorker", "NoWorkerError")  # how dask says that it gave up


def check_executor(executor: object) -> None:
    """Raise TypeError, with what to pass instead, unless this looks like an executor."""
    wanted = f"executor: wanted a concurrent.futures.Executor, not {type(executor).__name__}"
    if callable(getattr(executor, "get_executor", None)):
        raise TypeError(f"{wanted}; pass its get_executor()")
    if isinstance(executor, type) or not callable(getattr(executor, "submit", None)):
        raise TypeError(wanted)


def worker_count(executor: Executor) -> int:
    """Return how many tasks the executor runs at a time; a guess where it does not say."""
    count = getattr(executor, "_max_workers", None)
    client = getattr(executor, "_client", None)
    if client is not None and hasattr(client, "nthreads"):
        count = sum(client.nthreads().values())
    return count if isinstance(count, int) and count > 0 else UNKNOWN_WORKERS


def run_ordered(
    executor: Executor,
    fn: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    window: int | None = None,
    deadline: float | None = None,
) -> Generator[Result, None, None]:
    """Yield `fn(task)` for each task, in order, from the executor's workers.

    Tasks may be endless: they are submitted in order, from the thread that asks for results, at most `window` of them
    ahead of the result asked for (None: four a worker). The first task in order that fails raises its own exception,
    and an exception of the iterable comes after the results of the tasks before it. When the generator fails, is
    closed or is interrupted, what is queued is cancelled, and it returns once what runs has ended; dask tells nothing
    of what still runs, so there its results are dropped instead.

    `deadline`, by time.monotonic(), cancels what is queued then, waits for what runs, and leaves out the tasks that
    have no result. A worker that dies costs a retry where the executor does that (dask), else ExecutorError.

    Raises TypeError for what is no executor, ValueError for a window below 1. With an executor whose workers ask for
    results on that same executor, all of them may wait for ever. Not thread-safe.
    """
    check_executor(executor)
    if window is None:
        window = PER_WORKER * worker_count(executor)
    if window < 1:
        raise ValueError(f"window={window}: wanted 1 or more")
    return _run(_submitter(executor, fn), iter(tasks), window, deadline)


def _submitter(executor: Executor, fn: Callable[[Task], Result]) -> Callable[[Task], Future[Result]]:
    dask = sys.modules.get("distributed.cfexecutor")
    if dask is None or not isinstance(executor, dask.ClientExecutor):
        return lambda task: executor.submit(fn, task)
    # Two equal calls must not share a result, and dask must not look for its own futures inside of a task.
    return lambda task: executor.submit(partial(fn, task), pure=False)


def _run(
    submit: Callable[[Task], Future[Result]], tasks: Iterator[Task], window: int, deadline: float | None
) -> Generator[Result, None, None]:
    from concurrent.futures import wait

    ahead: deque[Future[Result]] = deque()
    failure: Exception | None = None
    try:
        while True:
            if failure is None:
                try:
                    ahead.extend(map(submit, islice(tasks, window - len(ahead))))
                except Exception as error:  # its turn comes after the results of what is ahead
                    failure = error
            if not ahead:
                break
            if deadline is not None and not _ends_before(ahead[0], deadline):
                ahead = deque(future for future in ahead if not future.cancel())
                tasks, deadline = iter(()), None
                continue
            result = _result(ahead[0])
            ahead.popleft()
            yield result
        if failure is not None:
            _raise(failure)
    finally:
        wait([future for future in ahead if not future.cancel()])


def _ends_before(future: Future[Result], deadline: float) -> bool:
    from concurrent.futures import wait
    from time import monotonic

    return bool(wait([future], max(0.0, deadline - monotonic())).done)


def _result(future: Future[Result]) -> Result:
    try:
        return future.result()
    except Exception as error:
        if future.cancelled():
            what = "executor: it cancelled a task, as it was shut down or lost its scheduler; try again with a new one"
            raise ExecutorError(what) from error
        _raise(error)


def _raise(error: Exception) -> NoReturn:
    """Raise what a task or its submission failed with; where a worker died, an error that says what to do."""
    from concurrent.futures import BrokenExecutor

    kind = type(error)
    if isinstance(error, BrokenExecutor):
        what = "executor: a worker died (killed, or out of memory?) and its executor with it; try again with a new one"
        raise ExecutorError(f"{what}, of fewer workers if memory ran out") from error
    if kind.__module__.partition(".")[0] == "distributed" and kind.__name__ in LOST:
        what = "executor: dask lost the workers of a task; see their logs, then try again"
        raise ExecutorError(f"{what}: {error}") from error
    raise error
