"""adaptive_map and adaptive_imap on executors: threads and processes."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from endless import Endless
from hypothesis import given
from hypothesis import strategies as st
from oracles import mapped

import fastcore

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2) as executor:
        yield executor


def process_of(item: int) -> int:
    time.sleep(0.001)
    return os.getpid()


def reciprocal(item: int) -> float:
    return 1 / (item - 17)


def pair(item: int) -> tuple[int, str]:
    return item, str(item)


def test_processes_do_the_work(processes: ProcessPoolExecutor) -> None:
    assert fastcore.adaptive_map(pair, range(500), executor=processes) == mapped(pair, range(500))
    assert list(fastcore.adaptive_imap(pair, iter(range(500)), executor=processes)) == mapped(pair, range(500))
    assert os.getpid() not in fastcore.adaptive_map(process_of, range(50), executor=processes)
    with pytest.raises(ZeroDivisionError) as caught:
        fastcore.adaptive_map(reciprocal, range(100), executor=processes)
    assert caught.value.__notes__ == ["item 17"]


def test_what_cannot_be_sent_is_named(processes: ProcessPoolExecutor) -> None:
    with pytest.raises(Exception) as caught:
        fastcore.adaptive_map(lambda item: item, range(3), executor=processes)
    assert caught.value.__notes__[0].startswith("fn cannot be sent")
    with pytest.raises(Exception) as caught:
        fastcore.adaptive_map(pair, [1, 2, threading.Lock(), 4], executor=processes)
    assert caught.value.__notes__[0].startswith("item 2 cannot be sent")
    assert fastcore.adaptive_map(pair, [1], executor=processes) == [(1, "1")]


@given(
    st.lists(st.integers(0, 30), max_size=60), st.sets(st.integers(0, 30), max_size=2), st.sampled_from([None, 1, 5])
)
def test_threads_of_an_executor_give_the_same(items: list[int], failing: set[int], buffer: int | None) -> None:
    def fail(item: int) -> int:
        if item in failing:
            raise ValueError(item)
        return item

    try:
        expected, note = mapped(fail, items), None
    except ValueError as error:
        expected, note = [], error.__notes__
    with ThreadPoolExecutor(3) as executor:
        if note is None:
            assert fastcore.adaptive_map(fail, items, executor=executor) == expected
            assert list(fastcore.adaptive_imap(fail, items, executor=executor, buffer=buffer)) == expected
            return
        for call in (
            lambda: fastcore.adaptive_map(fail, items, executor=executor),
            lambda: list(fastcore.adaptive_imap(fail, items, executor=executor, buffer=buffer)),
        ):
            with pytest.raises(ValueError) as caught:
                call()
            assert caught.value.__notes__ == note


@pytest.mark.parametrize("count", [0, 1, 7, 200])
def test_an_iterable_that_fails_ends_after_its_items(count: int) -> None:
    def broken() -> Iterator[int]:
        yield from range(count)
        raise OSError("gone")

    seen = []
    with ThreadPoolExecutor(2) as executor, pytest.raises(OSError, match="gone") as caught:
        for result in fastcore.adaptive_imap(lambda item: item, broken(), executor=executor):
            seen.append(result)
    assert seen == list(range(count)) and not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize("buffer", [1, 3, 50])
def test_the_look_ahead_is_bounded_and_close_ends_it(buffer: int) -> None:
    items = Endless()
    with ThreadPoolExecutor(2) as executor:
        generator = fastcore.adaptive_imap(lambda item: item, items, executor=executor, buffer=buffer)
        for given_ in range(1, 300):
            assert next(generator) == given_
            assert items.taken - given_ < buffer
        generator.close()
        told: list[tuple[int, int, str]] = []
        fastcore.adaptive_map(str, range(40), executor=executor, progress=lambda *now: told.append(now))
        assert told[-1] == (40, 40, "items")
