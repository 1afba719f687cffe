"""The manners of `Table`: columns as NumPy arrays, rows as dicts, slices, copies, repr."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_table import same, tables

import fastcore
from fastcore import _table

Made = tuple[dict[str, str], dict[str, list[Any]]]
NOW = dt.datetime(2024, 5, 1, 10, 0, 0, 7, tzinfo=dt.UTC)


def small() -> fastcore.Table:
    return fastcore.Table(
        {
            "path": ["a.mid", "b.mid", "c<i>.mid"],
            "bpm": [120.5, None, float("nan")],
            "bars": [8, None, 16],
            "drums": [True, None, False],
            "when": [NOW, None, NOW],
            "programs": [[0, 5], [], None],
            "hash": [b"\0\1", None, b""],
        }
    )


@given(made=tables())
def test_rows_are_what_went_in(made: Made) -> None:
    types, columns = made
    table = fastcore.Table(columns, types=types)
    length = len(next(iter(columns.values()), []))
    rows = [{name: values[i] for name, values in columns.items()} for i in range(length)]
    assert (len(table), table.columns, table.types) == (length, tuple(columns), types)
    for found in (table.to_dicts(), list(table), [table[i] for i in range(length)], list(reversed(table))[::-1]):
        assert same([list(row.items()) for row in found], [list(row.items()) for row in rows]) or same(
            [[row[name] for name in columns] for row in found], [[row[name] for name in columns] for row in rows]
        )


@given(made=tables())
def test_columns_are_arrays(made: Made) -> None:
    types, columns = made
    table = fastcore.Table(columns, types=types)
    for name, values in columns.items():
        word, nullable = types[name].removesuffix("?"), types[name].endswith("?")
        array, mask = table[name], table.mask(name)
        assert mask.tolist() == [value is None for value in values]
        assert array.shape == (len(values),)
        if word in ("text", "bytes") or word.startswith("list"):
            assert array.dtype == object and same(array.tolist(), values)
        elif word == "time":
            assert array.dtype == "M8[us]"
            naive = [None if value is None else value.replace(tzinfo=None) for value in values]
            assert array.tolist() == naive
        elif word.startswith("float"):
            assert array.dtype == word and type(array) is np.ndarray
            assert same(array.tolist(), [float("nan") if value is None else value for value in values])
        else:
            assert array.dtype == word and isinstance(array, np.ma.MaskedArray) == nullable
            assert array.tolist() == values  # None where masked


@given(
    made=tables(), bounds=st.tuples(*[st.none() | st.integers(-50, 50)] * 2), step=st.sampled_from([None, 2, -1, -3])
)
def test_slices(made: Made, bounds: tuple[int | None, int | None], step: int | None) -> None:
    types, columns = made
    part = slice(*bounds, step)
    found = fastcore.Table(columns, types=types)[part]
    wanted = fastcore.Table({name: values[part] for name, values in columns.items()}, types=types)
    assert found == wanted
    assert found.types == types
    again = pickle.loads(pickle.dumps(found))
    assert again == wanted and again.types == types


@given(made=tables(longest=8), data=st.data())
def test_equality(made: Made, data: st.DataObject) -> None:
    types, columns = made
    table = fastcore.Table(columns, types=types)
    assert table == fastcore.Table(columns, types=types)
    other_types, other = data.draw(tables(longest=8))
    expected = list(columns) == list(other) and all(
        types[name].replace("?", "") == other_types[name].replace("?", "") and same(columns[name], other[name])
        for name in columns
    )
    assert (table == fastcore.Table(other, types=other_types)) == expected


def test_differences() -> None:
    table = small()
    assert table == small() and table != 3
    for name, value in (("bpm", 1.0), ("bars", 9), ("path", "x"), ("programs", [0]), ("hash", b""), ("when", None)):
        rows = {column: [row[column] for row in table] for column in table.columns}
        rows[name][0] = value
        assert fastcore.Table(rows, types=table.types) != table, name
    assert table[["path", "bars"]] != table[["bars", "path"]]
    assert fastcore.Table({"a": [1]}) == fastcore.Table({"a": [1]}, types={"a": "int64?"})
    assert fastcore.Table({"a": [1]}) != fastcore.Table({"a": [1]}, types={"a": "int8"})
    with pytest.raises(TypeError, match="unhashable"):
        hash(table)


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_are_equal(clone: Any) -> None:
    table = small()
    for part in (table, table[1:], table[:0], table[["bpm"]]):
        assert clone(part) == part
        assert clone(part).types == part.types


def test_a_pickled_slice_holds_no_more_than_its_rows() -> None:
    table = fastcore.Table({"t": ["x" * 1000] * 1000, "l": [[1] * 100] * 1000, "n": np.arange(1000)})
    assert len(pickle.dumps(table[500:501])) < 4000


def test_a_sequence_of_rows() -> None:
    table = small()
    assert table[-1]["path"] == "c<i>.mid"
    assert table[0] == {
        "path": "a.mid",
        "bpm": 120.5,
        "bars": 8,
        "drums": True,
        "when": NOW,
        "programs": [0, 5],
        "hash": b"\0\1",
    }
    assert (table.index(table[1]), table.count(table[0])) == (1, 1)
    assert "bpm" in table and "nothing" not in table
    assert table[0] in table and {"path": "a.mid"} not in table
    with pytest.raises(ValueError, match="not there"):
        table.index({})
    for wrong in (3, -4):
        with pytest.raises(IndexError):
            table[wrong]
    with pytest.raises(TypeError):
        table[1.5]  # type: ignore[call-overload]
    assert [table[i % 3]["bars"] for i in np.arange(3)] == [8, None, 16]  # NumPy's ints index too


def test_columns_by_name() -> None:
    table = small()
    assert table[["bars", "path"]].columns == ("bars", "path")
    assert len(table[[]]) == 3
    for call in (lambda: table["bmp"], lambda: table.mask("bmp"), lambda: table[["bmp"]]):
        with pytest.raises(KeyError, match=r"no column 'bmp'; there are path, bpm"):
            call()


def test_values_are_immutable() -> None:
    source = np.arange(3)
    table = fastcore.Table({"a": source, "b": [1, None, 3], "f": np.array([1.0, 2.0, 3.0])}, masks={"f": [1, 0, 0]})
    source[0] = 99
    assert table["a"].tolist() == [0, 1, 2]
    for name in ("a", "f"):
        with pytest.raises(ValueError, match="read-only"):
            table[name][0] = 1
    with pytest.raises(ValueError, match="read-only"):
        table["b"][0] = 1
    with pytest.raises(ValueError, match="read-only"):
        table.mask("b")[0] = True
    with pytest.raises(ValueError, match="read-only"):
        table[:1]["a"][0] = 1
    with pytest.raises(ValueError, match="read-only"):
        table[::2]["a"][0] = 1
    table.types["a"] = "text"
    assert table.types["a"] == "int64"
    for change in (lambda: setattr(table, "columns", ()), lambda: delattr(table, "_columns")):
        with pytest.raises(AttributeError):
            change()
    assert table["f"].tolist()[1:] == [2.0, 3.0] and table[0]["f"] is None


def test_types_of_arrays() -> None:
    table = fastcore.Table(
        {
            "half": np.array([1.5], np.float16),
            "swapped": np.array([1], ">i4"),
            "strided": np.arange(10)[::10],
            "days": np.array(["2024-05-01"], "M8[D]"),
            "nat": np.array(["NaT"], "M8[ns]"),
            "masked": np.ma.MaskedArray([1], [True]),
            "letters": np.array(["é"]),
            "objects": np.array([None], object),
            "narrow": np.array([200]),
            "tuple": [(1, 2)],
        },
        types={"objects": "text?", "narrow": "uint8"},
    )
    assert table.types == {
        "half": "float32",
        "swapped": "int32",
        "strided": "int64",
        "days": "time",
        "nat": "time?",
        "masked": "int64?",
        "letters": "text",
        "objects": "text?",
        "narrow": "uint8",
        "tuple": "list[int64]",
    }
    assert table[0] == {
        "half": 1.5,
        "swapped": 1,
        "strided": 0,
        "days": dt.datetime(2024, 5, 1, tzinfo=dt.UTC),
        "nat": None,
        "masked": None,
        "letters": "é",
        "objects": None,
        "narrow": 200,
        "tuple": [1, 2],
    }


def test_types_of_values() -> None:
    for values, word in (
        ([True, False], "bool"),
        ([1, np.int8(2)], "int64"),
        ([1, 2.5], "float64"),
        ([None, 2.5, 1], "float64?"),
        (["a", None], "text?"),
        ([bytearray(b"x")], "bytes"),
        ([NOW], "time"),
        ([None, [None, "a"], []], "list[text?]?"),
        ([[[1]], []], "list[list[int64]]"),
    ):
        assert fastcore.Table({"a": values}).types == {"a": word}
    assert fastcore.Table({"a": (n for n in [1, 2])}, masks={"a": [False, True]})[1] == {"a": None}
    assert fastcore.Table({"a": ["x\udcff"]})["a"].tolist() == ["x\\udcff"]


@pytest.mark.parametrize(
    ("columns", "options", "error", "words"),
    [
        ({"a": []}, {}, TypeError, "'a': no value to tell the type from; name it"),
        ({"a": [None]}, {}, TypeError, "name it"),
        ({"a": [[]]}, {}, TypeError, "name it"),
        ({"a": [1, "x"]}, {}, TypeError, "'a': no column of int"),
        ({"a": ["x", 1]}, {}, TypeError, "wanted str, not int"),
        ({"a": [True, 1]}, {}, TypeError, "wanted bool, not int"),
        ({"a": [b"x", "x"]}, {}, TypeError, "wanted bytes, not str"),
        ({"a": [{}]}, {}, TypeError, "no column of dict"),
        ({"a": [dt.datetime(2024, 1, 1)]}, {}, TypeError, "aware"),
        ({"a": np.zeros((2, 2))}, {}, TypeError, "2-D"),
        ({"a": np.zeros(2, complex)}, {}, TypeError, "no column of complex"),
        ({"a": np.zeros(2, np.longdouble)}, {}, TypeError, "no column of 1-D"),
        ({"a": [1], "b": [1, 2]}, {}, ValueError, "'b': has 2 rows, the first column 1"),
        ({"a": [1]}, {"types": {"b": "text"}}, ValueError, "'b': a mask or a type"),
        ({"a": [1]}, {"types": {"a": "int"}}, TypeError, "known types are bool, int8"),
        ({"a": [300]}, {"types": {"a": "int8"}}, ValueError, "300"),
        ({"a": [-1]}, {"types": {"a": "uint64"}}, ValueError, "-1"),
        ({"a": [2**64]}, {}, ValueError, "fit"),
        ({"a": [10**400]}, {"types": {"a": "float64"}}, ValueError, "too large"),
        ({"a": [1.5]}, {"types": {"a": "int8"}}, TypeError, "wanted int, not float"),
        ({"a": [1, None]}, {"types": {"a": "int8"}}, ValueError, "row 1 is None, which 'int8\\?' allows"),
        ({"a": np.array([300])}, {"types": {"a": "int8"}}, ValueError, "300 do not fit in int8"),
        ({"a": np.array([1.0])}, {"types": {"a": "int8"}}, TypeError, "cannot be that"),
        ({"a": np.array([1])}, {"types": {"a": "text"}}, TypeError, "cannot be that"),
        ({"a": np.array([1])}, {"masks": {"a": [True, False]}}, ValueError, "mask of shape"),
        ({"a": [1]}, {"masks": {"a": [True, False]}}, ValueError, "shorter|longer"),
        ({"a\0": [1]}, {}, TypeError, "without NUL"),
        ({1: [1]}, {}, TypeError, "wanted a str"),
    ],
)
def test_what_is_refused(columns: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fastcore.Table(columns, **options)


def test_a_time_beyond_the_calendar() -> None:
    far = np.array([2**62, -(2**62), 0]).view("M8[us]")
    table = fastcore.Table({"t": far})
    assert [row["t"] for row in table] == [None, None, dt.datetime(1970, 1, 1, tzinfo=dt.UTC)]
    assert table["t"].tolist()[0] == 2**62 and not table.mask("t").any()


def test_repr_is_short_and_html_is_escaped() -> None:
    table = fastcore.Table(
        {"name": [f"<b>\x1b[31m{n}" for n in range(1000)], "text": ["line\n" * 100] * 1000, "<n>": range(1000)}
    )
    lines = repr(table).splitlines()
    assert len(lines) <= 20 and max(map(len, lines)) <= 120
    assert lines[0] == "<Table: 1,000 rows, 3 columns>"
    assert lines[1].split() == ["name", "text", "<n>"] and lines[2].split() == ["text", "text", "int64"]
    assert lines[-1] == "... 985 more"
    html = table._repr_html_()
    assert "&lt;b&gt;\\x1b[31m0" in html and "<b>" not in html and "\x1b" not in html
    assert "&lt;n&gt;" in html and "1,000 rows, 3 columns" in html
    wide = repr(fastcore.Table({f"column {n}": [n] for n in range(100)}))
    assert "not shown" in wide and max(map(len, wide.splitlines())) <= 120
    assert repr(fastcore.Table({})) == "<Table: 0 rows, 0 columns>"
    assert repr(fastcore.Table({"a": [None]}, types={"a": "bool?"})).splitlines()[1:] == ["a", "bool?", "null"]


def test_only_the_rows_that_are_shown_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    table, made = fastcore.Table({"n": range(1000)}), []
    cell = _table._cell
    monkeypatch.setattr(_table, "_cell", lambda value: (made.append(value), cell(value))[1])
    for show in (repr, fastcore.Table._repr_html_):
        made.clear()
        show(table)
        assert made == list(range(15))


def test_the_empty_tables() -> None:
    for table in (fastcore.Table({}), small()[:0], small()[[]]):
        assert list(table) == table.to_dicts() == [{}] * len(table)
        assert pickle.loads(pickle.dumps(table)) == table


def test_an_array_of_a_type_with_nulls_has_a_mask_without_any() -> None:
    table = fastcore.Table({"a": np.array([1.5, np.nan])}, types={"a": "float64?"})
    assert table.types == {"a": "float64?"} and table.mask("a").tolist() == [False, False]


@pytest.mark.parametrize("row", ["1", True, b"1"])
def test_what_is_no_float(row: object) -> None:
    with pytest.raises(TypeError, match=r"'a'.*float"):
        fastcore.Table({"a": [1.5, row]}, types={"a": "float64"})
