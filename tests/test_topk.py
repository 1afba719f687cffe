"""`top_k` and `RunningTopK` against the oracle: order, ties, dtypes, shapes, masks, and what is refused."""

from __future__ import annotations

import array
import copy
import doctest
import itertools
import pickle
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scale import scaled

import fastcore
from fastcore import RunningTopK, TopK, top_k
from fastcore._native import topk as _native

pytestmark = pytest.mark.native

FLOATS = ("f2", "f4", "f8")
INTEGERS = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")
MODES = ("largest", "smallest")


def corners(dtype: str) -> list[Any]:
    """Values that are easily put in the wrong order."""
    if dtype in FLOATS:
        info = np.finfo(dtype)
        some = [0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, info.max, info.min, info.smallest_subnormal, info.tiny]
        return [*some, -info.smallest_subnormal, 1.0, -1.0, 1 + info.eps, 1 - info.epsneg]
    limits = np.iinfo(dtype)
    return [limits.min, limits.max, limits.min + 1, limits.max - 1, 0, 1, (limits.max + limits.min + 1) // 2]


def ranked(scores: np.ndarray, k: int, mode: str, where: np.ndarray | None = None) -> list[int]:
    return oracles.top_k(scores.tolist(), k, mode == "smallest", None if where is None else where.tolist())


def assert_same(found: TopK, a: np.ndarray, indices: list[int]) -> None:
    """Indices and the very bits of the values."""
    assert found.indices.dtype == np.int64 and found.values.dtype == a.dtype
    assert found.indices.tolist() == indices
    assert found.values.tobytes() == a[np.array(indices, int)].tobytes()


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """Few or many elements, random bits or a few values that come again and again, in some order."""
    dtype = draw(st.sampled_from(FLOATS + INTEGERS))
    n = draw(st.one_of(st.integers(0, 70), st.integers(500, 9000)))
    rnd = np.random.default_rng(draw(st.integers(0, 2**32)))
    if draw(st.booleans()):
        a = np.frombuffer(rnd.bytes(n * np.dtype(dtype).itemsize), dtype)
    else:
        values = draw(st.lists(st.sampled_from(corners(dtype)), min_size=1, max_size=5))
        a = rnd.choice(np.array(values, dtype), n)
    order = draw(st.sampled_from(("as it is", "ascending", "descending", "organ pipe")))
    if order != "as it is":
        a = np.sort(a)
    if order == "descending":
        a = a[::-1].copy()
    if order == "organ pipe":
        a = np.concatenate([a[::2], a[1::2][::-1]])
    return a


@given(arrays(), st.data(), st.sampled_from(MODES), st.booleans())
def test_every_selection_is_the_oracle_s(a: np.ndarray, data: st.DataObject, mode: str, ordered: bool) -> None:
    k = data.draw(st.one_of(st.sampled_from(sorted({0, min(1, len(a)), len(a)})), st.integers(0, len(a))))
    rnd = np.random.default_rng(data.draw(st.integers(0, 99)))
    where = rnd.random(len(a)) < data.draw(st.sampled_from((0.0, 0.01, 0.5, 1.0))) if data.draw(st.booleans()) else None
    bias, scores = None, a
    if a.dtype.kind == "f" and data.draw(st.booleans()):
        bias = rnd.choice(np.array(corners(a.dtype.str[1:]), a.dtype), len(a))
        with np.errstate(all="ignore"):
            scores = a + bias
    indices = ranked(scores, k, mode, where)
    found = top_k(a, k, mode=mode, sorted=ordered, where=where, bias=bias)
    assert_same(found, a, indices if ordered else sorted(indices))


@given(st.data(), st.sampled_from(MODES), st.booleans())
def test_rows_along_any_axis(data: st.DataObject, mode: str, ordered: bool) -> None:
    shape = data.draw(st.lists(st.integers(0, 6), min_size=2, max_size=4))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    rnd = np.random.default_rng(data.draw(st.integers(0, 99)))
    a = rnd.integers(0, 5, shape).astype(data.draw(st.sampled_from(("f4", "i2", "u8", "f2"))))
    if data.draw(st.booleans()):
        a = a.T.copy().T
    k = data.draw(st.integers(0, a.shape[axis]))
    where = rnd.random(shape) < 0.6 if data.draw(st.booleans()) else None
    values, indices = top_k(a, k, axis=axis, mode=mode, sorted=ordered, where=where)
    wanted_shape = list(shape)
    wanted_shape[axis] = k
    assert list(values.shape) == list(indices.shape) == wanted_shape
    rows, masks = np.moveaxis(a, axis, -1), None if where is None else np.moveaxis(where, axis, -1)
    for at in np.ndindex(rows.shape[:-1]):
        best = ranked(rows[at], k, mode, None if masks is None else masks[at])
        best = best if ordered else sorted(best)
        assert np.moveaxis(indices, axis, -1)[at].tolist() == best + [-1] * (k - len(best))
        row = np.moveaxis(values, axis, -1)[at]
        assert row[: len(best)].tolist() == rows[at][best].tolist()
        rest = row[len(best) :]
        assert np.isnan(rest).all() if a.dtype.kind == "f" else not rest.any()


PATTERNS = ("random", "ascending", "descending", "saw-tooth", "organ pipe", "constant", "few distinct", "all NaN")


def pattern(name: str, n: int, dtype: str) -> np.ndarray:
    rnd = np.random.default_rng(7)
    ramp = np.arange(n)
    if name == "random" or (name == "all NaN" and dtype not in FLOATS):
        return np.frombuffer(rnd.bytes(n * np.dtype(dtype).itemsize), dtype)
    with np.errstate(over="ignore"):
        made = {
            "ascending": ramp,
            "descending": n - ramp,
            "saw-tooth": ramp % 1000,
            "organ pipe": np.minimum(ramp, n - ramp),
            "constant": np.ones(n),
            "few distinct": rnd.integers(0, 5, n),
            "all NaN": np.full(n, np.nan),
        }[name]
        return made.astype(dtype)


def by_numpy(a: np.ndarray, k: int, mode: str) -> np.ndarray:
    """NumPy's stable sort of keys that rank as the oracle does."""
    if a.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            keys = a + 0.0 if mode == "smallest" else -a + 0.0  # NaN is sorted last
    else:
        keys = a if mode == "smallest" else ~a
    return np.argsort(keys, kind="stable")[:k]


@pytest.mark.parametrize("threads", ["1", "2", "5"])
@pytest.mark.parametrize("name", PATTERNS)
def test_large_arrays_on_any_number_of_threads(name: str, threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_THREADS", threads)
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", "0")
    for dtype in ("f4", "f8", "u1", "i4", "f2", "u8"):
        a = pattern(name, 6_000_000 // np.dtype(dtype).itemsize, dtype)
        for mode in MODES:
            order = by_numpy(a, 3000, mode)
            for k in (1, 10, 3000):
                assert_same(top_k(a, k, mode=mode), a, order[:k].tolist())
        assert_same(top_k(a, 100, sorted=False), a, sorted(by_numpy(a, 100, "largest").tolist()))


@pytest.mark.parametrize("threads", ["1", "3"])
def test_many_rows_and_few_long_ones(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTCORE_THREADS", threads)
    monkeypatch.setenv("FASTCORE_PARALLEL_THRESHOLD_US", "0")
    rnd = np.random.default_rng(3)
    for shape in ((90_000, 16), (2, 1_500_000), (40, 50_000), (1, 2_000_000)):
        a = rnd.random(shape, np.float32).round(4)
        values, indices = top_k(a, 5)
        for row in rnd.choice(shape[0], min(shape[0], 50), replace=False):
            assert_same(TopK(values[row], indices[row]), a[row], by_numpy(a[row], 5, "largest").tolist())


def test_it_is_the_compiled_function_and_a_site_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fastcore.top_k is _native.top_k
    monkeypatch.setenv("FASTCORE_THREADS", "2")
    monkeypatch.delenv("FASTCORE_OFF", raising=False)
    top_k(np.zeros(3_000_000, np.float32), 3)
    site = next(site for site in fastcore.parallel.stats().sites if site.name == "top_k, 4 bytes")
    assert site.serial + site.parallel > 0


@pytest.mark.parametrize("dtype", ["f4", "i8", "u1", "f2"])
def test_k_near_n(dtype: str) -> None:
    for name in PATTERNS:
        a = pattern(name, 30_000, dtype)
        for mode in MODES:
            order = by_numpy(a, len(a), mode)
            for k in (4000, 29_999, 30_000):
                assert_same(top_k(a, k, mode=mode), a, order[:k].tolist())


def test_nan_is_last_whatever_its_sign_and_zeros_are_equal() -> None:
    a = np.array([np.nan, -0.0, 0.0, -np.nan, -1.0])
    for mode, order in (("largest", [1, 2, 4, 0, 3]), ("smallest", [4, 1, 2, 0, 3])):
        for k in range(6):
            assert_same(top_k(a, k, mode=mode), a, order[:k])


def test_bias_ranks_and_is_not_returned() -> None:
    a, bias = np.array([1.0, 2.0, 3.0], np.float32), np.array([5.0, 0.0, 1.0])
    found = top_k(a, 2, bias=bias)
    assert found.values.tolist() == [1.0, 3.0] and found.indices.tolist() == [0, 2]
    # In the array's own dtype: 2048 + 1 is 2048 in half precision.
    halves = np.array([2048, 2048], np.float16)
    assert top_k(halves, 1, bias=np.array([0, 1])).indices.tolist() == [0]
    assert top_k(halves, 1, bias=np.array([0, 2])).indices.tolist() == [1]


class OnlyDlpack:
    def __init__(self, a: np.ndarray) -> None:
        self.a = a

    def __dlpack__(self, **options: Any) -> object:
        return self.a.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.a.__dlpack_device__()


class OnlyArray:
    def __init__(self, a: np.ndarray) -> None:
        self.a = a

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.a


def test_what_an_array_may_be() -> None:
    a = np.array([4, 9, 1, 9], np.int32)
    frozen = a.copy()
    frozen.setflags(write=False)
    odd = np.frombuffer(b"\0" + a.tobytes(), np.uint8)[1:].view(np.int32)
    assert not odd.flags.aligned
    spread = np.zeros((4, 3), np.int32)
    spread[:, 1] = a
    kinds = [a, frozen, odd, spread[:, 1], a[::-1][::-1], array.array("i", a.tolist()), memoryview(a), a.tolist()]
    for one in (*kinds, OnlyDlpack(a), OnlyArray(a), a.astype(">i4")):
        found = top_k(one, 3)
        assert found.indices.tolist() == [1, 3, 0]
        assert found.values.tolist() == [9, 9, 4]
    assert top_k(a.astype(">i4"), 1).values.dtype == np.dtype(">i4")
    assert top_k([0.5, 1.5], 1).values.dtype == np.float64
    before = a.copy()
    top_k(a, 2, mode="smallest", where=a > 1)
    assert (a == before).all()


def test_the_result_is_a_named_tuple() -> None:
    found = top_k(np.arange(3.0), 2)
    values, indices = found
    assert found.values is values and found.indices is indices and type(found) is TopK
    again = pickle.loads(pickle.dumps(found))
    assert type(again) is TopK and again.indices.tolist() == [2, 1]
    assert TopK.__module__ == "fastcore" and copy.copy(found).values is values


REFUSED: list[tuple[type[Exception], str, Any, Any, dict[str, Any]]] = [
    (ValueError, "k=-1", np.arange(3.0), -1, {}),
    (ValueError, "only 3", np.arange(3.0), 4, {}),
    (ValueError, "only 3", np.arange(3.0), 10**30, {}),
    (TypeError, "float", np.arange(3.0), 1.5, {}),
    (TypeError, "object", np.array([1, None]), 1, {}),
    (TypeError, "complex128", np.array([1j]), 1, {}),
    (TypeError, "bool", np.array([True]), 1, {}),
    (TypeError, "datetime64", np.array(["2020"], "M8[D]"), 1, {}),
    (TypeError, "longdouble|float128", np.array([1], np.longdouble), 1, {}),
    (TypeError, "object|str|<U", "text", 1, {}),
    (TypeError, "masked", np.ma.masked_array([1.0, 2.0], [True, False]), 1, {}),
    (ValueError, "0-d", np.float64(3), 0, {}),
    (ValueError, "axis=1", np.arange(3.0), 1, {"axis": 1}),
    (ValueError, "axis=-2", np.arange(3.0), 1, {"axis": -2}),
    (ValueError, "axis=1180591620717411303424", np.arange(3.0), 1, {"axis": 2**70}),
    (TypeError, "ravel", np.arange(3.0), 1, {"axis": None}),
    (ValueError, "mode='most'", np.arange(3.0), 1, {"mode": "most"}),
    (ValueError, "mode=None", np.arange(3.0), 1, {"mode": None}),
    (ValueError, "where: its shape", np.arange(3.0), 1, {"where": np.ones(2, bool)}),
    (TypeError, "where: wanted bool", np.arange(3.0), 1, {"where": np.ones(3, np.uint8)}),
    (ValueError, "bias: its shape", np.arange(3.0), 1, {"bias": np.ones((3, 1))}),
    (TypeError, "bias: only float", np.arange(3), 1, {"bias": np.ones(3)}),
    (TypeError, "bias: wanted real", np.arange(3.0), 1, {"bias": np.ones(3, complex)}),
]


@pytest.mark.parametrize(("error", "reason", "a", "k", "options"), REFUSED, ids=[case[1] for case in REFUSED])
def test_what_is_refused(error: type[Exception], reason: str, a: Any, k: Any, options: dict[str, Any]) -> None:
    with pytest.raises(error, match=reason):
        top_k(a, k, **options)


@given(st.data(), st.sampled_from(MODES), st.sampled_from(("f2", "f4", "i1", "u8")))
def test_a_stream_in_any_order_is_the_whole(data: st.DataObject, mode: str, dtype: str) -> None:
    n, k = data.draw(st.integers(0, 200)), data.draw(st.integers(0, 30))
    rnd = np.random.default_rng(data.draw(st.integers(0, 99)))
    scores = rnd.choice(np.array(corners(dtype), dtype), n)
    cuts = sorted({0, n, *data.draw(st.lists(st.integers(0, n), max_size=5))})
    pieces = list(itertools.pairwise(cuts))
    best, other = RunningTopK(k, mode), RunningTopK(k, mode)
    for begin, end in data.draw(st.permutations(pieces)):
        (best if data.draw(st.booleans()) else other).push(scores[begin:end], base=begin)
    best.merge(pickle.loads(pickle.dumps(other)))
    found = best.result()
    wanted = ranked(scores, min(k, n), mode)
    assert found.indices.tolist() == wanted and len(best) == len(wanted)
    assert found.values.tobytes() == scores[np.array(wanted, int)].tobytes()


def test_running_refuses() -> None:
    best = RunningTopK(3)
    best.push(np.arange(3.0))
    for other in (RunningTopK(2), RunningTopK(3, "smallest")):
        with pytest.raises(ValueError, match="other: has"):
            best.merge(other)
    with pytest.raises(ValueError, match="float32"):
        best.push(np.arange(3, dtype=np.float32))
    integers = RunningTopK(3)
    integers.push([1, 2])
    with pytest.raises(ValueError, match="int64"):
        best.merge(integers)
    with pytest.raises(ValueError, match="itself"):
        best.merge(best)
    with pytest.raises(ValueError, match="1-D"):
        best.push(np.ones((2, 2)))
    for base in (-1, 2**63 - 2):
        with pytest.raises(ValueError, match="base"):
            best.push(np.arange(3.0), base=base)
    with pytest.raises(TypeError):
        best.push(np.array([None]))
    for k in (-1, 2**60):
        with pytest.raises(ValueError, match="k="):
            RunningTopK(k)
    with pytest.raises(ValueError, match="mode"):
        RunningTopK(1, "best")
    assert best.result().indices.tolist() == [2, 1, 0]
    assert repr(best) == "RunningTopK(k=3, mode='largest', float64: 3 kept)"
    assert RunningTopK(0).result().values.shape == (0,)


def test_code_that_runs_within_a_call_cannot_change_what_is_read() -> None:
    class Sly:
        def __init__(self, act: Callable[[], None], value: int) -> None:
            self.act, self.value = act, value

        def __index__(self) -> int:
            self.act()
            return self.value

    a = np.arange(8, dtype=np.float64)

    def narrow() -> None:
        a.dtype = np.dtype(np.int8)

    assert top_k(a, Sly(narrow, 3)).values.dtype == np.int8
    b = np.arange(8, dtype=np.float64)

    def reshape() -> None:
        b.shape = (2, 4)

    assert top_k(b, 2, axis=Sly(reshape, 0)).indices.tolist() == [[1, 1, 1, 1], [0, 0, 0, 0]]


def test_first_pushes_of_two_types_at_once() -> None:
    wide, narrow = np.zeros(2_000_000), np.zeros(2_000_000, np.int8)
    refused = 0
    for _ in range(scaled(20)):
        best = RunningTopK(1000)
        errors: list[Exception] = []

        def push(scores: np.ndarray, best: RunningTopK = best, errors: list[Exception] = errors) -> None:
            try:
                best.push(scores)
            except ValueError as error:
                errors.append(error)

        threads = [threading.Thread(target=push, args=(scores,)) for scores in (wide, narrow)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(best) == 1000
        refused += len(errors)
    assert refused == scaled(20)


def test_running_from_many_threads() -> None:
    scores = np.random.default_rng(5).integers(0, 9, scaled(3000) * 40).astype(np.int16)
    best = RunningTopK(50)
    parts = range(0, len(scores), 1000)

    def work(first: int) -> None:
        for begin in parts[first::8]:
            best.push(scores[begin : begin + 1000], base=begin)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert best.result().indices.tolist() == by_numpy(scores, 50, "largest").tolist()


@pytest.mark.parametrize("name", ["top_k", "RunningTopK"])
def test_examples_in_docstrings(name: str) -> None:
    thing = getattr(fastcore, name)
    test = doctest.DocTestParser().get_doctest(thing.__doc__, {name: thing}, name, None, 0)
    assert len(test.examples) >= 3
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


STOPPED = """
    import signal, sys, threading, time
    import numpy as np
    import fastcore
    a = np.random.default_rng(1).random(1 << 25)
    fastcore.top_k(a[:100], 5)

    def ring(number, frame):
        raise ZeroDivisionError

    signal.signal(signal.SIGALRM, ring)
    for k in (10, len(a) // 2):
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        calls = 0
        try:
            for calls in range(10000):
                fastcore.top_k(a, k)
        except ZeroDivisionError:
            print("stopped", calls)
"""


def test_a_signal_stops_a_long_selection() -> None:
    command = [sys.executable, "-c", textwrap.dedent(STOPPED)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    short, long = shown.splitlines()
    assert short.startswith("stopped")
    assert long == "stopped 0"  # in its first call, which takes a second


def test_a_pickle_that_does_not_fit_together_is_refused() -> None:
    best = fastcore.RunningTopK(2)
    best.push([1.0, 2.0, 3.0])
    restore, (k, mode, values, indices) = best.__reduce__()
    assert restore(k, mode, values, indices).result().indices.tolist() == [2, 1]
    for forged in ((values, indices[:1]), (np.zeros(3), np.zeros(3, np.int64)), (values[None], indices[None])):
        with pytest.raises(ValueError, match="do not fit together"):
            restore(k, mode, *forged)
