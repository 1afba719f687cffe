"""fastcore.aio.adaptive_map: the comprehension's results, an event loop that goes on, and cancelling."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import mapped

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Work:
    """Fails for some items, as a plain or as a coroutine function."""

    def __init__(self, failing: set[int]) -> None:
        self.errors = {item: ValueError(item) for item in failing}

    def plain(self, item: int) -> int:
        if item in self.errors:
            raise self.errors[item]
        return item

    async def awaited(self, item: int) -> int:
        for _ in range(item * 7 % 4):
            await asyncio.sleep(0)
        return self.plain(item)


def outcome(call: Callable[[], Any]) -> tuple[Any, ...]:
    try:
        return ("returns", call())
    except ValueError as error:
        notes = error.__dict__.pop("__notes__")
        return ("raises", error, notes)


@given(
    st.lists(st.integers(0, 40), max_size=60),
    st.sets(st.integers(0, 40), max_size=3),
    st.sampled_from([None, 1, 3]),
    st.sampled_from(["0", "", "1000000000"]),
)
def test_the_same_as_the_comprehension(items: list[int], failing: set[int], threads: int | None, plan: str) -> None:
    work = Work(failing)
    expected = outcome(lambda: mapped(work.plain, items))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", plan)
        for fn in (work.plain, work.awaited):
            assert outcome(lambda fn=fn: asyncio.run(fastcore.aio.adaptive_map(fn, items, threads=threads))) == expected  # type: ignore[misc]


def test_the_loop_goes_on_meanwhile() -> None:
    let_go = threading.Event()

    async def main() -> list[bool]:
        asyncio.get_running_loop().call_later(0.01, let_go.set)  # never, were the loop held up
        return await fastcore.aio.adaptive_map(lambda _: let_go.wait(30), [1, 2])

    assert asyncio.run(main()) == [True, True]


@pytest.mark.parametrize("plan", ["0", "", "1000000000"])
def test_cancelling_begins_no_more_and_waits(plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", plan)
    begun: list[int] = []
    ended: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        time.sleep(0.01)
        ended.append(item)

    async def main() -> None:
        task = asyncio.create_task(fastcore.aio.adaptive_map(work, range(10000), threads=3))
        while not begun:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        count = len(begun)
        assert sorted(begun) == sorted(ended)
        await asyncio.sleep(0.05)
        assert len(begun) == count < 10000

    asyncio.run(main())


def test_cancelling_cancels_coroutines_and_failing_those_behind() -> None:
    cancelled: list[int] = []
    ended: list[int] = []

    async def work(item: int) -> None:
        try:
            await asyncio.sleep(0.001 if item < 3 else 30)
            if item == 2:
                raise ValueError("two")
            ended.append(item)
        except asyncio.CancelledError:
            cancelled.append(item)
            raise

    async def main() -> None:
        with pytest.raises(ValueError, match="two"):
            await fastcore.aio.adaptive_map(work, itertools.count(), threads=6)
        assert sorted(ended) == [0, 1] and set(cancelled) >= {3, 4, 5} and len(asyncio.all_tasks()) == 1
        cancelled.clear()
        task = asyncio.create_task(fastcore.aio.adaptive_map(work, range(10, 20), threads=4))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sorted(cancelled) == [10, 11, 12, 13] and len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_coroutines_are_bounded_and_the_iterable_may_fail() -> None:
    running = most = 0

    async def work(item: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return item

    def broken() -> Iterator[int]:
        yield from range(20)
        raise OSError("gone")

    told: list[tuple[int, int, str]] = []
    call = fastcore.aio.adaptive_map(work, range(50), threads=7, progress=lambda *now: told.append(now))
    assert asyncio.run(call) == list(range(50))
    assert most == 7 and told[-1] == (50, 50, "items")
    with pytest.raises(OSError, match="gone"):
        asyncio.run(fastcore.aio.adaptive_map(work, broken()))
    with pytest.raises(ValueError, match="threads"):
        asyncio.run(fastcore.aio.adaptive_map(work, [1], threads=0))
    with pytest.raises(TypeError, match="threads"):
        asyncio.run(fastcore.aio.adaptive_map(work, [1], threads="2"))  # type: ignore[arg-type]


def test_stop_iteration_ends_no_future_in_silence() -> None:
    def stop(_: int) -> None:
        raise StopIteration

    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(fastcore.aio.adaptive_map(stop, [1]))


def test_an_executor_is_used_and_cancelled() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        time.sleep(0.005)
        return item

    async def main() -> None:
        with ThreadPoolExecutor(2, thread_name_prefix="mine") as executor:
            names = await fastcore.aio.adaptive_map(
                lambda _: threading.current_thread().name, range(20), executor=executor
            )
            assert all(name.startswith("mine") for name in names)
            task = asyncio.create_task(fastcore.aio.adaptive_map(work, itertools.count(), executor=executor))
            while not begun:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
