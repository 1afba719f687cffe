"""adaptive_map and adaptive_imap: what the comprehension gives, under every plan."""

from __future__ import annotations

import functools
import gc
import itertools
import logging
import os
import sys
import threading
import time
import weakref
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from endless import Endless
from hypothesis import given
from hypothesis import strategies as st
from oracles import mapped
from scale import scaled

import fastcore
from fastcore import _call_sites, _parallel, _workers
from fastcore._native import base as native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERIAL, PARALLEL = str(10**12), "0"
PLANS = ("model", SERIAL, PARALLEL)

pytestmark = pytest.mark.native


@pytest.fixture(params=PLANS, ids=["model", "serial", "parallel"])
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    use(monkeypatch, request.param)
    return str(request.param)


@pytest.fixture
def parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, PARALLEL)


def use(monkeypatch: pytest.MonkeyPatch, plan: str) -> None:
    monkeypatch.delenv("FASTCORE_OFF", raising=False)
    if plan == "model":
        monkeypatch.delenv("FASTCORE_PARALLEL_THRESHOLD_US", raising=False)
    else:
        monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", plan)


class Odd(BaseException):
    """No Exception, as SystemExit is none."""


KINDS = (ValueError, KeyError, StopIteration, SystemExit, Odd)


def outcome(call: Callable[[], Any]) -> tuple[Any, ...]:
    """What a call returns, or the very exception and its notes."""
    try:
        return ("returns", call())
    except BaseException as error:
        return ("raises", error, getattr(error, "__notes__", []))


class Work:
    """A function that fails for some items, each time with the same exception, and takes a while for some."""

    def __init__(self, failing: dict[int, type[BaseException]], slow: set[int]) -> None:
        self.errors = {item: kind(f"of {item}") for item, kind in failing.items()}
        self.slow = slow

    def __call__(self, item: int) -> str:
        if item in self.slow:
            time.sleep(0.0005)
        if item in self.errors:
            raise self.errors[item].with_traceback(None)
        return f"<{item}>"

    def clear(self) -> None:
        for error in self.errors.values():
            error.__dict__.pop("__notes__", None)


def broken_off(items: list[int], at: int | None, error: Exception) -> Iterator[int]:
    yield from items[:at]
    if at is not None:
        raise error


cases = st.tuples(
    st.lists(st.integers(0, 60), max_size=80),
    st.dictionaries(st.integers(0, 60), st.sampled_from(KINDS), max_size=3),
    st.sets(st.integers(0, 60), max_size=3),
    st.sampled_from(["list", "tuple", "range", "iterator", "set", "broken"]),
    st.integers(0, 80),
)


@given(
    cases,
    st.sampled_from([*PLANS, "escalate"]),
    st.sampled_from([1, 2, 5]),
    st.booleans(),
    st.sampled_from([None, 1, 3, 100]),
)
def test_the_same_as_the_comprehension(
    case: tuple[Any, ...], plan: str, threads: int, with_size: bool, buffer: int | None
) -> None:
    numbers, failing, slow, kind, at = case
    work = Work(failing, slow)
    end = ValueError("the iterable's own")
    made: dict[str, Callable[[], Any]] = {
        "list": lambda: numbers,
        "tuple": lambda: tuple(numbers),
        "range": lambda: range(len(numbers)),
        "iterator": lambda: iter(numbers),
        "set": lambda: set(numbers),
        "broken": lambda: broken_off(numbers, at, end),
    }
    items = made[kind]
    size = (lambda item: item * 100 if item % 7 else None) if with_size else None
    expected = outcome(lambda: mapped(work, items()))
    work.clear()
    with pytest.MonkeyPatch.context() as patch:
        use(patch, "model" if plan == "escalate" else plan)
        if plan == "escalate":
            patch.setattr(_parallel, "LOOK_NS", 1)
            patch.setattr(_call_sites, "ASSUMED_NS", 1)
            patch.setattr(_workers._pool, "handover_ns", 1)
            native.forget_sites()
            _call_sites._sites.clear()
        assert outcome(lambda: fastcore.adaptive_map(work, items(), size=size, threads=threads)) == expected
        work.clear()
        if expected[0] == "raises" and isinstance(expected[1], StopIteration):
            expected = ("raises", RuntimeError)  # a generator may not raise it, nor can fn's end one
        for ordered in (True, False):
            found = outcome(
                lambda ordered=ordered: list(  # type: ignore[misc]
                    fastcore.adaptive_imap(work, items(), ordered=ordered, buffer=buffer, size=size, threads=threads)
                )
            )
            work.clear()
            if expected[0] == "raises":
                assert found[0] == "raises" and (found[1] is expected[1] or type(found[1]) is expected[1])
            elif ordered:
                assert found == expected
            else:
                assert sorted(found[1]) == sorted(expected[1])


def test_the_note_says_which_item_failed(plan: str) -> None:
    def fail(item: int) -> int:
        if item >= 17:
            raise ValueError(item)
        return item

    for call in (
        lambda: fastcore.adaptive_map(fail, range(100)),
        lambda: fastcore.adaptive_map(fail, list(range(100))),
        lambda: fastcore.adaptive_map(fail, iter(range(100))),
        lambda: list(fastcore.adaptive_imap(fail, range(100))),
        lambda: list(fastcore.adaptive_imap(fail, range(100), ordered=False)),
    ):
        for _ in range(3):
            with pytest.raises(ValueError, match="17") as caught:
                call()
            assert caught.value.__notes__ == ["item 17"]


def test_items_behind_a_failing_one_are_not_all_done(parallel: None) -> None:
    done: list[int] = []

    def fail(item: int) -> None:
        done.append(item)
        if item == 3:
            raise ValueError
        time.sleep(0.001)

    with pytest.raises(ValueError):
        fastcore.adaptive_map(fail, range(1000), threads=4)
    count = len(done)
    assert count < 900
    time.sleep(0.02)
    assert len(done) == count


def test_a_serial_plan_is_lazy(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, SERIAL)
    log: list[tuple[str, int]] = []

    def items() -> Iterator[int]:
        for item in range(50):
            log.append(("take", item))
            yield item

    def note(item: int) -> int:
        log.append(("do", item))
        return item

    in_turn = [(what, item) for item in range(50) for what in ("take", "do")]
    fastcore.adaptive_map(note, items())
    assert log == in_turn
    log.clear()
    one_by_one = fastcore.adaptive_imap(note, items())
    assert log == []
    for item, result in enumerate(one_by_one):
        assert result == item and log == in_turn[: 2 * item + 2]


def test_threads_are_used(parallel: None) -> None:
    """Two items that wait for each other end only if two threads do them."""
    for call in (
        fastcore.adaptive_map,
        lambda fn, items, threads: list(fastcore.adaptive_imap(fn, items, threads=threads)),
    ):
        meeting = threading.Barrier(2, timeout=30)
        assert sorted(call(lambda _, m=meeting: m.wait(), [0, 1], threads=2)) == [0, 1]


def test_one_long_item_holds_nobody_back(parallel: None) -> None:
    rest = threading.Semaphore(0)

    def wait_for_the_others(item: int) -> int:
        if item == 0:
            for _ in range(99):
                assert rest.acquire(timeout=30)
        else:
            rest.release()
        return item

    site = _parallel.call_site(sys._getframe(), wait_for_the_others)
    site.learn(10, 0, 1, 10_000_000)  # such items are done one by one
    assert _parallel.map_at(site, wait_for_the_others, range(100), None, 2, None, None) == list(range(100))


def test_an_unknown_site_escalates_within_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "model")
    who: set[int] = set()

    def slow(item: int) -> int:
        who.add(threading.get_ident())
        time.sleep(0.003)
        return item

    assert fastcore.adaptive_map(slow, range(40), threads=3) == list(range(40))
    assert len(who) > 1


def test_python_code_goes_back_to_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told of runs that gain nothing from threads, the site stays serial, but for rare tries."""
    use(monkeypatch, "model")
    site = _call_sites.CallSite("gains nothing", ())
    chosen = []
    for _ in range(200):
        threads = site.choose(10, 0, 2)
        chosen.append(threads)
        site.learn(10, 0, threads, 50_000_000)
    assert chosen[0] == 1 and chosen[1] == 2
    assert sum(count == 2 for count in chosen[10:]) <= 5


def test_a_site_sent_back_to_serial_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "model")
    who: set[int] = set()

    def work(item: int) -> None:
        who.add(threading.get_ident())
        time.sleep(0.001)

    call = functools.partial(fastcore.adaptive_map, work, list(range(20)))
    _call_sites._sites.clear()
    monkeypatch.setenv("FASTCORE_THREADS", "2")
    call()
    (site,) = _call_sites._sites.values()
    for _ in range(3):
        site.learn(20, 0, 2, 60_000_000)  # threads made it slower
    assert fastcore.parallel.plan(work, 20) == "serial"
    who.clear()
    for _ in range(20):
        call()
    assert len(who) > 1


def test_a_map_in_a_map_is_serial(parallel: None) -> None:
    def inner(_: int) -> set[int]:
        return set(fastcore.adaptive_map(lambda _: threading.get_ident(), range(8), threads=4)) | set(
            fastcore.adaptive_imap(lambda _: threading.get_ident(), range(8), threads=4)
        )

    assert all(len(idents) == 1 for idents in fastcore.adaptive_map(inner, range(20), threads=3))


def test_off_pool_is_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, PARALLEL)
    monkeypatch.setenv("FASTCORE_OFF", "pool")
    assert set(fastcore.adaptive_map(lambda _: threading.get_ident(), range(50), threads=4)) == {threading.get_ident()}


@pytest.mark.parametrize("text", ["-1", "x", "1.5", " 1", "9" * 20])
def test_a_bad_threshold_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", text)
    for call in (
        lambda: fastcore.adaptive_map(abs, [1]),
        lambda: fastcore.scan(b"{}", "x"),
        lambda: fastcore.parallel.plan("scan", 1),
    ):
        with pytest.raises(ValueError, match="FASTCORE_PARALLEL_THRESHOLD_US"):
            call()


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"fn": 3}, TypeError),
        ({"items": 3}, TypeError),
        ({"threads": 0}, ValueError),
        ({"threads": "2"}, TypeError),
        ({"size": 3}, TypeError),
        ({"size": lambda _: -1}, ValueError),
        ({"size": lambda _: "1"}, TypeError),
        ({"progress": 3}, TypeError),
        ({"executor": 3}, TypeError),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], kind: type[Exception], plan: str) -> None:
    given_ = {"fn": abs, "items": [1, 2], **arguments}
    with pytest.raises(kind):
        fastcore.adaptive_map(given_.pop("fn"), given_.pop("items"), **given_)
    given_ = {"fn": abs, "items": [1, 2], **arguments}
    with pytest.raises(kind):
        list(fastcore.adaptive_imap(given_.pop("fn"), given_.pop("items"), **given_))


def test_wrong_arguments_of_imap_raise_at_the_call() -> None:
    for buffer, kind in ((0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(kind, match="buffer"):
            fastcore.adaptive_imap(abs, [], buffer=buffer)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="iterable"):
        fastcore.adaptive_imap(abs, 3)  # type: ignore[arg-type]


# Look-ahead, ends and interrupts of the generator.


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("buffer", [1, 2, 7, 64])
def test_the_look_ahead_is_bounded(parallel: None, buffer: int, ordered: bool) -> None:
    items = Endless()
    generator = fastcore.adaptive_imap(lambda item: item, items, buffer=buffer, ordered=ordered, threads=3)
    for given_ in range(1, 500):
        next(generator)
        assert items.taken - given_ < buffer
    generator.close()


def test_close_waits_for_what_runs_and_begins_no_more(parallel: None) -> None:
    running = begun = 0
    lock = threading.Lock()

    def work(item: int) -> int:
        nonlocal running, begun
        with lock:
            running += 1
            begun += 1
        time.sleep(0.005)
        with lock:
            running -= 1
        return item

    for end in ("close", "drop", "throw"):
        generator = fastcore.adaptive_imap(work, itertools.count(), threads=4)
        assert next(generator) == 0
        if end == "close":
            generator.close()
        elif end == "throw":
            with pytest.raises(KeyError):
                generator.throw(KeyError("mine"))
        else:
            del generator
            gc.collect()
        count = begun
        assert running == 0
        time.sleep(0.02)
        assert (running, begun) == (0, count)


def test_ordered_results_before_a_failure_come_first(plan: str) -> None:
    def fail(item: int) -> int:
        if item == 30:
            raise ValueError
        return item

    seen = []
    with pytest.raises(ValueError):
        for result in fastcore.adaptive_imap(fail, itertools.count(), threads=3):
            seen.append(result)
    assert seen == list(range(30))


def test_an_iterable_that_fails_ends_after_its_items(plan: str) -> None:
    error = OSError("gone")
    seen = []
    with pytest.raises(OSError) as caught:
        for result in fastcore.adaptive_imap(lambda item: item, broken_off(list(range(200)), 150, error), threads=3):
            seen.append(result)
    assert seen == list(range(150)) and caught.value is error and not hasattr(error, "__notes__")


# Progress.


def test_progress_ends_with_all_done(plan: str) -> None:
    for items, count in ((range(30), 30), (iter(range(30)), 30), ([], 0)):
        for call in (
            fastcore.adaptive_map,
            lambda *given_, **options: list(fastcore.adaptive_imap(*given_, **options)),
        ):
            told: list[tuple[int, int, str]] = []
            what = items if count == 0 or isinstance(items, range) else iter(range(30))
            call(lambda _: time.sleep(0.001), what, progress=lambda *now, told=told: told.append(now), threads=2)
            assert told[-1] == (count, count, "items")
            assert all(done <= total and unit == "items" for done, total, unit in told)
            assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
            assert count == 0 or len(told) > 1


def test_what_progress_raises_ends_the_map(plan: str) -> None:
    def stop(*_: object) -> None:
        raise KeyError("enough")

    begun = []
    with pytest.raises(KeyError, match="enough"):
        fastcore.adaptive_map(lambda item: (begun.append(item), time.sleep(0.002)), range(1000), progress=stop)
    assert len(begun) < 1000
    with pytest.raises(KeyError, match="enough"):
        for _ in fastcore.adaptive_imap(lambda item: time.sleep(0.002), itertools.count(), progress=stop):
            continue


def test_progress_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="fastcore"):
        fastcore.adaptive_map(lambda _: None, range(3), progress=True)
    assert caplog.messages == ["map: 3 of 3 items"]


# What stays behind.


def test_threads_are_made_once_and_results_let_go(parallel: None) -> None:
    class Big:
        """Weakly referable."""

    for _ in range(scaled(200)):
        fastcore.adaptive_map(lambda item: item, range(20), threads=4)
        list(fastcore.adaptive_imap(lambda item: item, range(20), threads=4))
    assert _workers.thread_count() <= 255
    before = _workers.thread_count()
    kept = [weakref.ref(big) for big in fastcore.adaptive_map(lambda _: Big(), range(100), threads=4)]
    for _ in range(100):
        gc.collect()
        if all(ref() is None for ref in kept):
            break
        time.sleep(0.01)  # a worker may be on its way out of the job
    assert all(ref() is None for ref in kept)
    assert _workers.thread_count() == before


def test_many_threads_map_at_once(plan: str) -> None:
    failures: list[BaseException] = []

    def use_it(number: int) -> None:
        try:
            for turn in range(scaled(20) if number == 0 else 20):
                items = list(range(number % 7, 30 + turn))
                assert fastcore.adaptive_map(str, items, threads=3) == list(map(str, items))
                assert list(fastcore.adaptive_imap(str, items, threads=3, buffer=5)) == list(map(str, items))
                with pytest.raises(ZeroDivisionError) as caught:
                    fastcore.adaptive_map(lambda item: 1 // (item - 9), items, threads=3)
                assert caught.value.__notes__ == [f"item {9 - number % 7}"]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=use_it, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# Sites and what is known of them.


def test_stats_and_plan_know_the_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "model")
    native.forget_sites()
    _call_sites._sites.clear()

    def one_of_a_kind(item: int) -> int:
        return item

    assert fastcore.parallel.plan(one_of_a_kind, 10**9) == "serial"
    for _ in range(3):
        fastcore.adaptive_map(one_of_a_kind, list(range(100)), threads=1)
    fastcore.scan(b'{"type":"user"}\n' * 3, "x")
    scan, mine = fastcore.parallel.stats().sites
    assert (scan.name, scan.serial, scan.parallel, scan.measured) == ("scan", 1, 0, 1)
    assert mine.name.startswith(__file__) and mine.name.endswith(": " + one_of_a_kind.__qualname__)
    assert (mine.serial, mine.parallel) == (3, 0)
    assert mine.item_seconds > 0 and mine.byte_seconds is None and mine.measured == 2
    assert mine.predicted_seconds > 0 and mine.measured_seconds > 0 and mine.error >= 0
    monkeypatch.setenv("FASTCORE_THREADS", "2")
    for op in (one_of_a_kind, mine.name):
        assert fastcore.parallel.plan(op, 1) == "serial"
        assert fastcore.parallel.plan(op, 10**9) == "parallel"
    assert fastcore.parallel.plan("scan", 1, 0) == "serial"
    assert fastcore.parallel.plan("scan", 1000, 10**9) == "parallel"
    assert fastcore.parallel.plan("scan, every line", 1000, 10**9) == "parallel"
    assert fastcore.parallel.plan("top_k, 4 bytes", 1, 10**9) == "parallel"
    assert fastcore.parallel.plan("top_k, 1 byte, prepared", 1, 10**4) == "serial"
    for kernel in ("midi", "midi, some columns", "bpm of onsets", "bpm of envelopes"):
        assert fastcore.parallel.plan(kernel, 10**5, 10**9) == "parallel"
        assert fastcore.parallel.plan(kernel, 1, 1) == "serial"
    for nobody in ("midi, no columns", "bpm", "top_k, 3 bytes", "scan, backwards"):
        assert fastcore.parallel.plan(nobody, 1000, 10**9) == "serial"
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", SERIAL)
    assert fastcore.parallel.plan("scan", 1000, 10**9) == "serial"
    assert len(fastcore.parallel.stats().sites) == 2  # asking makes no site


def test_plan_checks_its_arguments() -> None:
    for arguments, kind in (((3, 1), TypeError), (("scan", -1), ValueError), (("scan", 1, 1.5), TypeError)):
        with pytest.raises(kind):
            fastcore.parallel.plan(*arguments)  # type: ignore[arg-type]


def test_sites_are_bounded_and_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "model")
    native.forget_sites()
    for number in range(1500):
        native.Site(b"site %d" % number).learn(1, 0, 1, 1000)
    assert len(fastcore.parallel.stats().sites) == 1024
    for fn in (functools.partial(int, base=10), int, "x".join, Work({}, set()), lambda item: item):
        fastcore.adaptive_map(fn, ["1", "2"])
    names = [site.name.rpartition(": ")[2] for site in fastcore.parallel.stats().sites[:4]]
    assert names[::-1][:3] == ["int", "str.join", "Work"] and names[0].endswith("<lambda>")


@pytest.mark.parametrize("threshold", [SERIAL, PARALLEL])
def test_a_scan_gives_the_same_whatever_is_chosen(threshold: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [b'{"type":"user","message":{"content":"needle %d"}}\n' % number * 50 for number in range(40)]
    use(monkeypatch, "model")
    usual = fastcore.scan(logs, "needle", limit=None, threads=4)
    use(monkeypatch, threshold)
    forced = fastcore.scan(logs, "needle", limit=None, threads=4)
    assert [hit.to_dict() for hit in forced] == [hit.to_dict() for hit in usual]
    assert forced.stats.matches == usual.stats.matches == 2000
    assert forced.stats.threads == 1 or threshold == PARALLEL


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="counts processors")
def test_the_handover_is_measured_when_it_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "model")
    monkeypatch.setattr(_workers._pool, "handover_ns", 0)
    site = _call_sites.CallSite("small", ())
    site.learn(10, 0, 1, 1000)
    site.choose(10, 0, 2)
    assert _workers.known_handover_ns() == 0
    site.learn(10, 0, 1, 800_000)
    site.learn(10, 0, 1, 800_000)
    site.choose(10, 0, 2)
    assert _workers.known_handover_ns() > 0


def test_the_note_of_a_call_site_that_is_known() -> None:
    failing = False

    def work(item: int) -> int:
        if failing and item == 7:
            raise ValueError(item)
        return item

    for failing in [False] * 20 + [True]:
        with pytest.raises(ValueError) if failing else nullcontext() as caught:
            assert fastcore.adaptive_map(work, range(10)) == list(range(10))
    assert caught.value.__notes__ == ["item 7"]
