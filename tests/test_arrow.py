"""What Arrow's consumers read is what went in, without a copy, and what they hold lives as long as they hold it."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import threading
from typing import Any

import arro3.core as arro3
import nanoarrow
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scale import scaled
from strategies_table import same, tables

import fastcore
from fastcore._arrow import Lists, Numbers, Texts
from fastcore._native.arrow import Export

pytestmark = pytest.mark.native

BOTH = [lambda source: by_nanoarrow(source), lambda source: by_arro3(source)]


class Source:
    """A stream with batches of a size of our choice."""

    def __init__(self, table: fastcore.Table, batch_rows: int) -> None:
        self.table, self.batch_rows = table, batch_rows

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table._exported().stream(requested_schema, self.batch_rows)


def by_nanoarrow(source: Any) -> dict[str, list[Any]]:
    """Read by nanoarrow, which checks every offset that it reads."""
    stream = nanoarrow.c_array_stream(source)
    schema = stream.get_schema()
    names = [schema.child(i).name for i in range(schema.n_children)]
    found: list[list[Any]] = [[] for _ in names]
    for batch in stream:
        view = nanoarrow.c_array(batch)
        assert view.offset == 0
        for i, rows in enumerate(found):
            rows.extend(nanoarrow.Array(batch.child(i)).to_pylist())
    return dict(zip(names, found, strict=True))


def by_arro3(source: Any) -> dict[str, list[Any]]:
    """Read by arro3, which validates all that it imports."""
    table = arro3.Table.from_arrow(source)
    return {name: [value.as_py() for value in table.column(i)] for i, name in enumerate(table.column_names)}


def holders(table: fastcore.Table) -> int:
    """How many hold the table's buffers; an `assert` would count what it looks at."""
    return sys.getrefcount(table._exported())


@pytest.mark.parametrize("read", BOTH, ids=["nanoarrow", "arro3"])
@given(made=tables())
def test_a_round_trip(read: Any, made: tuple[dict[str, str], dict[str, list[Any]]]) -> None:
    types, columns = made
    table = fastcore.Table(columns, types=types)
    found = read(table)
    assert list(found) == list(columns)
    for name, rows in columns.items():
        assert same(found[name], rows), (name, types[name])


@pytest.mark.parametrize("read", BOTH, ids=["nanoarrow", "arro3"])
@given(
    made=tables(),
    batch=st.sampled_from([8, 16, 64]),
    bounds=st.tuples(*[st.none() | st.integers(-50, 50)] * 2),
    step=st.sampled_from([None, 1, 2, -1, -3]),
)
def test_slices_in_batches(
    read: Any,
    made: tuple[dict[str, str], dict[str, list[Any]]],
    batch: int,
    bounds: tuple[int | None, int | None],
    step: int | None,
) -> None:
    types, columns = made
    part = slice(*bounds, step)
    found = read(Source(fastcore.Table(columns, types=types)[part], batch))
    for name, rows in columns.items():
        assert same(found[name], rows[part]), (name, types[name])


@given(made=tables())
def test_schema(made: tuple[dict[str, str], dict[str, list[Any]]]) -> None:
    """The types and nullability, as arro3 spells them."""
    types, columns = made
    schema = arro3.Schema.from_arrow(fastcore.Table(columns, types=types))
    assert schema.names == list(types)
    for field, word in zip(schema, types.values(), strict=True):
        assert field.nullable == word.endswith("?")
        assert spelled(field.type) == word.removesuffix("?")


def spelled(kind: Any) -> str:
    """One of our words for a type of arro3."""
    if arro3.DataType.is_large_list(kind):
        item = kind.value_field
        return f"list[{spelled(item.type)}{'?' if item.nullable else ''}]"
    known = {
        arro3.DataType.bool(): "bool",
        **{getattr(arro3.DataType, f"{s}int{n}")(): f"{s}int{n}" for s in ("", "u") for n in (8, 16, 32, 64)},
        arro3.DataType.float32(): "float32",
        arro3.DataType.float64(): "float64",
        arro3.DataType.timestamp("us", tz="UTC"): "time",
        arro3.DataType.large_utf8(): "text",
        arro3.DataType.large_binary(): "bytes",
    }
    return next(word for one, word in known.items() if one == kind)


def test_nothing_is_copied() -> None:
    table = fastcore.Table({"n": np.arange(100), "t": ["x"] * 100, "f": np.ones(100, np.float32)})
    for part, start in ((table, 0), (table[24:80], 24)):
        batch = nanoarrow.c_array_stream(part).get_next()
        assert batch.child(0).buffers[1] == table["n"].ctypes.data + 8 * start
        assert batch.child(2).buffers[1] == table["f"].ctypes.data + 4 * start
        texts = table._columns["t"]
        assert isinstance(texts, Texts)
        assert batch.child(1).buffers[1] == texts.offsets.ctypes.data + 8 * start


def test_many_calls_give_streams_of_their_own() -> None:
    table = fastcore.Table({"a": [1, None, 3]})
    streams = [nanoarrow.c_array_stream(table) for _ in range(5)]
    schemas = [nanoarrow.c_schema(table) for _ in range(5)]
    assert [schema.child(0).format for schema in schemas] == ["l"] * 5
    for stream in streams[1:]:
        assert nanoarrow.Array(stream.get_next().child(0)).to_pylist() == [1, None, 3]
        with pytest.raises(StopIteration):
            stream.get_next()
    assert nanoarrow.Array(streams[0].get_next().child(0)).to_pylist() == [1, None, 3]


def test_what_is_held_lives_on() -> None:
    """A consumer drops the stream after one batch, keeps one column, and the table goes."""
    table = fastcore.Table({"n": np.arange(100_000), "t": [str(n) for n in range(100_000)]})
    held = holders(table)
    stream = nanoarrow.c_array_stream(table)
    batch = stream.get_next()
    assert batch.length == 65536
    column = batch.child(1)
    assert holders(table) == held + 1  # the owner, however many count on it
    del stream, batch
    gc.collect()
    assert holders(table) == held + 1
    exported = table._exported()
    del table
    assert nanoarrow.Array(column).to_pylist()[-1] == "65535"
    before = sys.getrefcount(exported)
    del column
    gc.collect()
    after = sys.getrefcount(exported)
    fresh = object()
    alone = sys.getrefcount(fresh)  # of what one variable holds: 2, from Python 3.14 on 1
    assert (before, after) == (alone + 1, alone)


def test_a_capsule_that_nobody_takes() -> None:
    table = fastcore.Table({"a": [1]})
    held = holders(table)
    capsules = [table.__arrow_c_stream__(), table.__arrow_c_schema__()]
    assert holders(table) == held + 1
    del capsules
    assert holders(table) == held


def test_threads_read_and_release() -> None:
    table = fastcore.Table({"n": np.arange(5_000), "t": ["text"] * 5_000, "l": [[1, 2]] * 5_000})
    held = holders(table)
    wrong: list[object] = []

    def work() -> None:
        for _ in range(scaled(20)):
            stream = nanoarrow.c_array_stream(Source(table, 512))
            batches = [stream.get_next().child(i % 3) for i in range(4)]
            del stream
            found = nanoarrow.Array(batches[0]).to_pylist()
            if found != list(range(512)):
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    gc.collect()
    assert holders(table) == held


def test_arrays_that_outlive_the_interpreter() -> None:
    """What is still held when the process ends is neither read nor given back late."""
    code = """
import nanoarrow, fastcore, threading, time
table = fastcore.Table({"a": list(range(1000)), "t": ["x"] * 1000})
held = [nanoarrow.c_array_stream(table).get_next().child(i) for i in range(2)]
nanoarrow.kept = held, nanoarrow.c_array_stream(table), table.__arrow_c_stream__()
def work():
    while True:
        nanoarrow.c_array_stream(table).get_next()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
print("done")"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (0, "done\n"), result.stderr


def release_schema(capsule: object) -> None:
    """What a consumer does that has read a schema and leaves the empty struct in the capsule."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    schema = get(capsule, b"arrow_schema")
    release = ctypes.c_void_p.from_address(schema + 7 * ctypes.sizeof(ctypes.c_void_p)).value
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(release)(schema)


def test_requested_schema() -> None:
    table = fastcore.Table({"a": [1, 2], "t": ["x", "y"]})
    wish = arro3.Schema([arro3.Field("a", arro3.DataType.int8()), arro3.Field("t", arro3.DataType.utf8())])
    batch = nanoarrow.c_array_stream(table, wish).get_next()
    assert [batch.schema.child(i).format for i in range(2)] == ["l", "U"]  # a wish
    capsule = wish.__arrow_c_schema__()
    assert table.__arrow_c_stream__(capsule) is not None
    assert table.__arrow_c_stream__(capsule) is not None  # it was not consumed
    release_schema(capsule)
    for wrong, error, words in (
        (capsule, ValueError, "released"),
        (3, TypeError, "arrow_schema"),
        (table.__arrow_c_stream__(), TypeError, "arrow_schema"),
        (arro3.Schema([]).__arrow_c_schema__(), ValueError, "2 columns"),
        (arro3.DataType.int8().__arrow_c_schema__(), ValueError, "2 columns"),
    ):
        with pytest.raises(error, match=words):
            table.__arrow_c_stream__(wrong)


GOOD = ("a", "int64", True, 3, bytes(1), np.zeros(3, np.int64), None, None)
TEXT = ("a", "text", False, 2, None, b"abc", np.array([0, 1, 3]), None)
LIST = ("a", "list", False, 2, None, None, np.array([0, 1, 3]), ("item", *GOOD[1:]))


def test_bad_parts_are_refused() -> None:
    assert by_nanoarrow(Held(Export([GOOD], 3))) == {"a": [None] * 3}
    assert by_nanoarrow(Held(Export([TEXT], 2))) == {"a": ["a", "bc"]}
    assert by_nanoarrow(Held(Export([LIST], 2))) == {"a": [[None], [None] * 2]}
    for good, place, value, error in (
        (GOOD, 0, "a\0b", ValueError),
        (GOOD, 1, "int128", ValueError),
        (GOOD, 3, -1, ValueError),
        (GOOD, 3, 4, ValueError),
        (GOOD, 3, 2**62, ValueError),
        (GOOD, 3, 2**64, OverflowError),
        (GOOD, 4, b"", ValueError),
        (GOOD, 5, np.zeros(2, np.int64), ValueError),
        (GOOD, 5, np.zeros(32, np.uint8)[1:25], ValueError),
        (GOOD, 5, np.zeros((3, 2), np.int64)[:, 0], ValueError),
        (GOOD, 5, None, TypeError),
        (TEXT, 5, b"ab", ValueError),
        (TEXT, 6, np.array([0, 1]), ValueError),
        (TEXT, 6, np.array([-1, 1, 3]), ValueError),
        (TEXT, 6, np.array([2, 1, 1]), ValueError),
        (LIST, 6, np.array([0, 1, 4]), ValueError),
        (LIST, 7, None, TypeError),
    ):
        bad = (*good[:place], value, *good[place + 1 :])
        with pytest.raises((error, BufferError) if error is ValueError else error):
            Export([bad], good[3])
    with pytest.raises(ValueError, match="3 rows, not 4"):
        Export([GOOD], 4)
    with pytest.raises(ValueError, match="bad value"):
        Export([GOOD], 3).stream(None, 12)


class Held:
    def __init__(self, export: Export) -> None:
        self.export = export

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.export.stream(requested_schema)


def test_columns_that_kernels_hand_over() -> None:
    """A buffer of UTF-8 with offsets, arrays with masks, without Python's values in between."""
    mask = np.array([False, True, False])
    table = fastcore.Table(
        {
            "bpm": Numbers(np.array([120.0, 7.0, 90.5]), mask),
            "name": Texts.packed(bytearray("aéb".encode()), np.array([0, 1, 3, 4]), mask),
            "programs": Lists(Numbers(np.array([1, 2, 3], np.uint8)), np.array([0, 2, 2, 3])),
        }
    )
    assert by_arro3(table) == {
        "bpm": [120.0, None, 90.5],
        "name": ["a", None, "b"],
        "programs": [[1, 2], [], [3]],
    }
    for data, offsets, words in (
        (b"a\xff", [0, 2], "utf-8"),
        ("é".encode(), [0, 1, 2], "cuts a character"),
        (b"abc", [0, 4], "ascending"),
        (b"abc", [0, 2, 1], "ascending"),
        (b"abc", [-1, 2], "ascending"),
        (b"abc", [], "1-D"),
    ):
        with pytest.raises(ValueError, match=words):
            Texts.packed(data, np.array(offsets, np.int64))
    with pytest.raises(ValueError, match="mask of shape"):
        Numbers(np.zeros(3), np.zeros(2, bool))
