"""Tasks on executors: order, failures, the look-ahead, and what is left running."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastcore
from fastcore._executor import PER_WORKER, UNKNOWN_WORKERS, run_ordered, worker_count

PATIENCE = 60  # seconds until a test gives up what should take milliseconds


class ByHand(Executor):
    """Queues what is submitted; each task runs when the test says so."""

    def __init__(self) -> None:
        self.queue: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.queue.append((future, lambda: fn(*args, **kwargs)))
        return future

    def run(self, at: int) -> None:
        future, call = self.queue[at]
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(call())
            except Exception as error:
                future.set_exception(error)


class Eager(ByHand):
    """Runs each task while it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        self.run(-1)
        return future


def square(n: int) -> int:
    return n * n


def pid_of(_: int) -> int:
    return os.getpid()


def die(n: int) -> int:
    """Task 3 kills its own worker."""
    if n == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def fail_at(wrong: set[int]) -> Callable[[int], int]:
    def call(n: int) -> int:
        if n in wrong:
            raise KeyError(n)
        return n * n

    return call


def outcome(results: Iterator[int]) -> tuple[list[int], str]:
    """The results, and what ended them."""
    found = []
    try:
        for result in results:
            found.append(result)
    except (KeyError, ValueError) as error:
        return found, repr(error)
    return found, ""


def broken_tasks(count: int) -> Iterator[int]:
    yield from range(count)
    raise ValueError("no more")


@given(
    st.integers(0, 12),
    st.sets(st.integers(0, 12)),
    st.one_of(st.none(), st.integers(1, 20)),
    st.booleans(),
    st.sampled_from([Eager(), ThreadPoolExecutor(1), ThreadPoolExecutor(3)]),
)
def test_as_in_a_loop(count: int, wrong: set[int], window: int | None, ends_badly: bool, executor: Executor) -> None:
    call = fail_at(wrong)

    def tasks() -> Iterator[int]:
        return broken_tasks(count) if ends_badly else iter(range(count))

    assert outcome(run_ordered(executor, call, tasks(), window=window)) == outcome(call(n) for n in tasks())


@given(st.permutations(range(6)), st.integers(1, 8))
def test_order_whatever_ends_first(order: list[int], window: int) -> None:
    executor = ByHand()
    results = run_ordered(executor, square, range(6), window=window)
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.extend(results))
    thread.start()
    left = list(order)
    give_up = time.monotonic() + PATIENCE
    while left and time.monotonic() < give_up:
        for at in [at for at in left if at < len(executor.queue)]:
            executor.run(at)
            left.remove(at)
    thread.join(PATIENCE)
    assert found == [0, 1, 4, 9, 16, 25]


@given(st.integers(1, 6))
def test_the_look_ahead_is_bounded_and_tasks_may_be_endless(window: int) -> None:
    executor = Eager()
    results = run_ordered(executor, square, itertools.count(), window=window)
    assert not executor.queue
    for n, result in enumerate(itertools.islice(results, 10)):
        assert result == n * n
        assert len(executor.queue) == n + window
    results.close()
    assert len(executor.queue) == 9 + window


def test_the_default_window() -> None:
    executor = ThreadPoolExecutor(3)
    assert worker_count(executor) == 3
    with ProcessPoolExecutor(2) as processes:
        assert worker_count(processes) == 2
    by_hand = Eager()
    assert worker_count(by_hand) == UNKNOWN_WORKERS
    next(run_ordered(by_hand, square, itertools.count()))
    assert len(by_hand.queue) == PER_WORKER * UNKNOWN_WORKERS


@pytest.mark.parametrize("end", ["close", "failure", "interrupt"])
def test_what_is_queued_is_cancelled_and_what_runs_is_waited_for(end: str) -> None:
    running, go_on, ran = threading.Event(), threading.Event(), []

    def call(n: int) -> int:
        if n == 1:
            running.set()
            assert go_on.wait(PATIENCE)
        ran.append(n)
        if n == 0 and end == "failure":
            assert running.wait(PATIENCE)
            raise KeyError(n)
        return n

    def tasks() -> Iterator[int]:
        yield from range(20)

    with ThreadPoolExecutor(2) as executor:
        results = run_ordered(executor, call, tasks(), window=10)
        if end == "failure":
            threading.Timer(0.05, go_on.set).start()
            with pytest.raises(KeyError):
                next(results)
        else:
            assert next(results) == 0
            assert running.wait(PATIENCE)
            while len(ran) < 9:  # the other worker takes all but what is held up
                time.sleep(0.001)
            threading.Timer(0.05, go_on.set).start()
            if end == "close":
                results.close()
            else:
                with pytest.raises(KeyboardInterrupt):
                    results.throw(KeyboardInterrupt())
        assert go_on.is_set()
        assert 1 in ran  # it had ended before the generator had
        left = len(ran)
        executor.submit(square, 1).result(PATIENCE)
        assert len(ran) == left
    assert set(ran) <= set(range(10))


def test_queued_tasks_never_run_after_a_failure() -> None:
    executor = ByHand()
    results = run_ordered(executor, fail_at({0}), range(5))
    threading.Timer(0.05, executor.run, [0]).start()
    with pytest.raises(KeyError):
        next(results)
    assert [future.cancelled() for future, _ in executor.queue] == [False, True, True, True, True]


def test_a_deadline_leaves_out_what_has_no_result() -> None:
    executor = ByHand()
    results = run_ordered(executor, square, itertools.count(), window=5, deadline=time.monotonic() + 0.2)
    threading.Timer(0.05, lambda: (executor.run(0), executor.run(2))).start()
    assert list(results) == [0, 4]
    assert [future.cancelled() for future, _ in executor.queue] == [False, True, False, True, True, True]
    assert list(run_ordered(Eager(), square, range(4), deadline=time.monotonic() + PATIENCE)) == [0, 1, 4, 9]


def test_a_deadline_waits_for_what_runs() -> None:
    go_on = threading.Event()

    def call(n: int) -> int:
        assert go_on.wait(PATIENCE)
        return n

    with ThreadPoolExecutor(2) as executor:
        threading.Timer(0.3, go_on.set).start()
        assert list(run_ordered(executor, call, range(9), deadline=time.monotonic())) == [0, 1]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(method: str) -> None:
    with ProcessPoolExecutor(2, get_context(method)) as executor:
        assert list(run_ordered(executor, square, range(50))) == [n * n for n in range(50)]
        assert os.getpid() not in set(run_ordered(executor, pid_of, range(9)))
        with pytest.raises(TypeError):
            list(run_ordered(executor, int, [1, None]))  # type: ignore[list-item]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_killed_worker_is_a_clear_error(method: str) -> None:
    with ProcessPoolExecutor(2, get_context(method)) as executor:
        found = []
        with pytest.raises(fastcore.ExecutorError, match=r"worker died.*try again with a new one") as caught:
            for result in run_ordered(executor, die, range(100)):
                found.append(result)
        assert found == list(range(len(found)))
        assert len(found) <= 3
        assert isinstance(caught.value.__cause__, BrokenProcessPool)
        with pytest.raises(fastcore.ExecutorError, match="new one"):
            list(run_ordered(executor, square, range(3)))


def test_an_executor_that_is_shut_down() -> None:
    executor = ThreadPoolExecutor(1)
    held = threading.Event()
    blocker = executor.submit(held.wait, PATIENCE)
    results = run_ordered(executor, square, range(4))
    threading.Timer(0.05, lambda: executor.shutdown(wait=False, cancel_futures=True)).start()
    threading.Timer(0.1, held.set).start()
    with pytest.raises(fastcore.ExecutorError, match="cancelled a task"):
        list(results)
    assert blocker.result(PATIENCE)
    with pytest.raises(RuntimeError, match="shutdown"):
        list(run_ordered(executor, square, range(4)))


class Client:
    """As dask's own, which has `submit` too."""

    def submit(self) -> None: ...
    def get_executor(self) -> None: ...


@pytest.mark.parametrize("odd", [None, 4, "threads", ThreadPoolExecutor, Client()], ids=repr)
def test_what_is_no_executor(odd: Any) -> None:
    with pytest.raises(TypeError, match=r"executor: wanted a concurrent\.futures\.Executor, not"):
        run_ordered(odd, square, range(3))
    if isinstance(odd, Client):
        with pytest.raises(TypeError, match=r"get_executor\(\)"):
            run_ordered(odd, square, range(3))


def test_odd_arguments() -> None:
    with pytest.raises(ValueError, match="window=0"):
        run_ordered(Eager(), square, range(3), window=0)
    with pytest.raises(TypeError):
        run_ordered(Eager(), square, 3)  # type: ignore[arg-type]


def test_importing_costs_no_executor() -> None:
    probe = "import sys, fastcore._executor; print('concurrent.futures' in sys.modules, 'threading' in sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, sys.argv[1]); {probe}"]
    folder = os.path.dirname(os.path.dirname(fastcore.__file__))
    run = subprocess.run([*command, folder], capture_output=True, text=True, check=True)
    assert run.stdout == "False False\n"
