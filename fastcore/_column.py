"""Columns out of arrays and Python's values: which type they have, and what does not fit in."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcore._arrow import DTYPES, KNOWN, Column, Lists, Numbers, Texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    Array = np.ndarray[Any, Any]


def column(values: Any, mask: Any = None, type: str | None = None) -> Column:
    """Make a column of an array (copied) or of any iterable of Python's values.

    An array's type is its dtype (float16 becomes float32, times any unit, naive ones are UTC), a MaskedArray brings its
    mask. Python's values are bool, int, float, str, bytes, aware datetime, lists of these, and None; without `type` the
    first that is not None names it, int and float together are float64, and it ends with `?` if there is a None or
    a mask.
    Surrogates in text, which UTF-8 has no place for, are written as backslash escapes. TypeError for values of other
    types and where there is nothing to tell the type from, ValueError for those that do not fit in.
    """
    if isinstance(values, Column):
        return values
    if isinstance(values, np.ma.MaskedArray):
        given = np.ma.getmaskarray(values)
        mask = given if mask is None else given | np.asarray(mask, np.bool_)
        values = values.data
    if isinstance(values, np.ndarray) and values.dtype.kind in "biufM":
        return _of_array(values, mask, type)
    rows = list(values)
    if mask is not None:
        rows = [None if null else row for row, null in zip(rows, np.asarray(mask).tolist(), strict=True)]
    if type is None:
        type = _infer(rows) + ("?" if mask is not None or any(row is None for row in rows) else "")
    return _of_rows(rows, type)


def _of_array(array: Array, mask: Any, type: str | None) -> Column:
    if type is not None:
        word = type.removesuffix("?")
        if word not in DTYPES:
            raise TypeError(f"type {type!r}: an array of {array.dtype} cannot be that")
        if mask is None and type.endswith("?"):
            mask = np.zeros(len(array), np.bool_)
        wanted = np.dtype(DTYPES[word])
        if wanted.kind in "iu" and array.dtype.kind in "iu":
            if array.size:
                _check_bounds(word, int(array.min()), int(array.max()))
        elif not np.can_cast(array.dtype, wanted, "same_kind"):
            raise TypeError(f"type {type!r}: an array of {array.dtype} cannot be that")
        array = array.astype(wanted)
    elif array.dtype.kind == "M":
        array = array.astype("M8[us]")
    else:
        array = array.astype(np.float32 if array.dtype == np.float16 else array.dtype)
    if array.dtype.kind == "M" and np.isnat(array).any():
        mask = np.isnat(array) if mask is None else np.isnat(array) | np.asarray(mask, np.bool_)
    return Numbers(array, None if mask is None else np.array(mask, np.bool_))


def _infer(rows: Iterable[Any]) -> str:
    """The type of the first row that is not None."""
    present = [row for row in rows if row is not None]
    if not present:
        raise TypeError(f"no value to tell the type from; name it: {KNOWN}")
    first = present[0]
    if isinstance(first, (list, tuple)):
        items = [item for row in present for item in row]
        return f"list[{_infer(items)}{'?' if any(item is None for item in items) else ''}]"
    for kinds, word in (
        ((bool, np.bool_), "bool"),
        ((str,), "text"),
        ((bytes, bytearray, memoryview), "bytes"),
        ((dt.datetime,), "time"),
    ):
        if isinstance(first, kinds):
            return word
    if all(isinstance(row, (int, np.integer)) for row in present):
        return "int64"
    if all(isinstance(row, (int, float, np.integer, np.floating)) for row in present):
        return "float64"
    raise TypeError(f"no column of {first.__class__.__name__}; known types are {KNOWN}")


def _of_rows(rows: list[Any], type: str) -> Column:
    word, nullable = type.removesuffix("?"), type.endswith("?")
    mask = np.fromiter((row is None for row in rows), np.bool_, len(rows))
    if not nullable and mask.any():
        raise ValueError(f"type {type!r}: row {int(mask.argmax())} is None, which {type + '?'!r} allows")
    if word.startswith("list[") and word.endswith("]"):
        present = [() if row is None else row for row in rows]
        lengths = np.fromiter(map(len, present), np.int64, len(rows))
        items = _of_rows([item for row in present for item in row], word[5:-1])
        return Lists(items, np.concatenate(([0], np.cumsum(lengths))), mask if nullable else None)
    if word == "text":
        texts = [b"" if row is None else _text(row) for row in rows]
        return Texts.of(texts, mask if nullable else None, word)
    if word == "bytes":
        return Texts.of([b"" if row is None else _bytes(row) for row in rows], mask if nullable else None, word)
    if word not in DTYPES:
        raise TypeError(f"type {type!r}: known types are {KNOWN}")
    convert = _CONVERT.get(word, _int)
    try:
        numbers: list[Any] = [0 if row is None else convert(row) for row in rows]
    except OverflowError as error:
        raise ValueError(f"type {type!r}: {error}") from error
    if convert is _int and numbers:
        _check_bounds(word, min(numbers), max(numbers))
    array = np.array(numbers, np.int64 if word == "time" else DTYPES[word])
    return Numbers(array.view("M8[us]") if word == "time" else array, mask if nullable else None)


def _check_bounds(word: str, least: int, most: int) -> None:
    bounds = np.iinfo(word)
    if least < bounds.min or most > bounds.max:
        raise ValueError(f"numbers from {least} to {most} do not fit in {word}")


def _wanted(what: str, row: object) -> TypeError:
    return TypeError(f"wanted {what}, not {row.__class__.__name__}")


def _text(row: object) -> bytes:
    if not isinstance(row, str):
        raise _wanted("str", row)
    return row.encode("utf-8", "backslashreplace")


def _bytes(row: object) -> bytes:
    if not isinstance(row, (bytes, bytearray, memoryview)):
        raise _wanted("bytes", row)
    return bytes(row)


def _bool(row: object) -> bool:
    if not isinstance(row, (bool, np.bool_)):
        raise _wanted("bool", row)
    return bool(row)


def _int(row: object) -> int:
    if isinstance(row, (bool, np.bool_)) or not isinstance(row, (int, np.integer)):
        raise _wanted("int", row)
    return int(row)


def _float(row: object) -> float:
    if isinstance(row, (bool, np.bool_)) or not isinstance(row, (int, float, np.integer, np.floating)):
        raise _wanted("float", row)
    return float(row)


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _time(row: object) -> int:
    if not isinstance(row, dt.datetime) or row.tzinfo is None:
        raise TypeError(f"wanted an aware datetime, not {row!r}")
    return (row - _EPOCH) // dt.timedelta(microseconds=1)


_CONVERT = {"bool": _bool, "time": _time, "float32": _float, "float64": _float}
